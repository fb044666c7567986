#include "build/release_find.h"
#include "format/pep440.h"
#include <string.h>

/* Releases of a repository: its tags that are versions. */

/* "v1.2.3", "release-1.2", "1.2": the version in a tag. */
static char *version_in(const char *tag, const char *prefix, const char *suffix)
{
	if (!prefix) {
		const char *at = strpbrk(tag, "0123456789");
		return g_strdup(at);
	}
	gsize n = strlen(tag), before = strlen(prefix),
	      after = suffix ? strlen(suffix) : 0;
	if (n <= before + after || strncmp(tag, prefix, before) != 0 ||
		(after && strcmp(tag + n - after, suffix) != 0) ||
		!g_ascii_isdigit(tag[before]))
		return NULL;
	return g_strndup(tag + before, n - before - after);
}

gboolean release_tag_parts(
	const char *tag, const char *version, char **prefix, char **suffix)
{
	const char *at = strstr(tag, version);

	if (!at)
		return FALSE;
	*prefix = g_strndup(tag, (gsize)(at - tag));
	*suffix = g_strdup(at + strlen(version));
	return TRUE;
}

release_list *release_list_git(const json_t *tags, const char *prefix, const char *suffix)
{
	release_list *l = release_list_new(release_compare_pep440);

	for (gsize i = 0; i < json_array_size(tags); i++) {
		const json_t *row = json_array_get(tags, i);
		const char *tag = json_string_value(json_array_get(row, 0));
		const char *commit = json_string_value(json_array_get(row, 1));
		g_autofree char *version =
			tag && commit ? version_in(tag, prefix, suffix) : NULL;
		g_autoptr(pep440_version) v =
			version ? pep440_version_parse(version) : NULL;
		if (!v)
			continue;
		release *r = release_new(version);
		r->prerelease = pep440_version_is_prerelease(v);
		r->published = RELEASE_NOT_ASKED;
		r->tag = g_strdup(tag);
		r->commit = g_strdup(commit);
		g_ptr_array_add(l->releases, r);
	}
	release_list_sort(l);
	return l;
}
