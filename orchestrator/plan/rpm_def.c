#include "plan/rpm_def.h"
#include "plan/lock_text.h"
#include <string.h>

#define ARCH "{arch}"

static const char *check_fingerprint(const char *text)
{
	gsize n = strspn(text, "0123456789ABCDEF");

	return n == 40 && !text[n] ? NULL
				   : "wants a fingerprint: 40 upper-case hex digits";
}

/* Part of a path in the lock. */
static const char *check_repository(const char *text)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
	gsize n = strspn(text, allowed);

	return n && !text[n] && g_ascii_isalnum(*text)
		       ? NULL
		       : "wants letters, digits, dots, dashes and underscores";
}

static const char *check_url(const char *text)
{
	const char *rest = g_str_has_prefix(text, "https://")  ? text + 8
			   : g_str_has_prefix(text, "http://") ? text + 7
							       : NULL;

	if (!rest || !*rest || *rest == '/' || strpbrk(rest, "?# \\") ||
		strchr(rest, '@'))
		return "wants the http or https address of a repository";
	for (const char *brace = strchr(rest, '{'); brace; brace = strchr(brace + 1, '{'))
		if (!g_str_has_prefix(brace, ARCH))
			return "knows {arch} alone";
	return NULL;
}

/* Beside the definition, nowhere else. */
static const char *check_keyring(const char *text)
{
	return check_repository(text) ? "wants the name of a file beside this one" : NULL;
}

/* Part of a package URL. */
static const char *check_distribution(const char *text)
{
	gsize n = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789.-_");

	return n && !text[n] && g_ascii_isalpha(*text)
		       ? NULL
		       : "wants the ID and version of an os-release, such as "
			 "almalinux-8";
}

static const bind_field source_fields[] = {
	{"repositories", BIND_STRMAP, offsetof(rpm_source, repositories), BIND_REQUIRED,
		.check = check_url, .name_check = check_repository,
		.doc = "addresses, by a name of one's own"},
	{"signed_by", BIND_STRLIST, offsetof(rpm_source, signed_by), BIND_UNIQUE,
		.check = check_fingerprint,
		.doc = "fingerprints of the keys that may sign repomd.xml"},
	{"keyring", BIND_STRING, offsetof(rpm_source, keyring), 0, .check = check_keyring,
		.doc = "file of those keys, beside the definition"},
	{"sha256", BIND_STRMAP, offsetof(rpm_source, pinned), 0,
		.check = lock_check_sha256, .name_check = check_repository,
		.doc = "of repomd.xml, by repository"},
	{"distribution", BIND_STRING, offsetof(rpm_source, distribution), 0,
		.check = check_distribution,
		.doc = "whose packages they are, for package URLs (almalinux-8)"},
	{0}};
const bind_struct rpm_source_binding = {
	"RPM repositories", sizeof(rpm_source), source_fields, NULL};

static const char *find(const GPtrArray *pairs, const char *name)
{
	for (guint i = 0; pairs && i < pairs->len; i++) {
		const bind_pair *p = g_ptr_array_index(pairs, i);
		if (g_str_equal(p->name, name))
			return p->value;
	}
	return NULL;
}

const char *rpm_def_pinned(const rpm_source *source, const char *repository)
{
	return find(source->pinned, repository);
}

const char *rpm_def_fault(const rpm_source *source)
{
	if (!source->signed_by != !source->keyring)
		return "`signed_by` and `keyring` belong together";
	for (guint i = 0; source->pinned && i < source->pinned->len; i++) {
		const bind_pair *p = g_ptr_array_index(source->pinned, i);
		if (!find(source->repositories, p->name))
			return "`sha256` names a repository that is not there";
	}
	for (guint i = 0; !source->keyring && i < source->repositories->len; i++) {
		const bind_pair *p = g_ptr_array_index(source->repositories, i);
		if (!rpm_def_pinned(source, p->name))
			return "every repository wants `sha256`, or all of them "
			       "`signed_by` and `keyring`";
	}
	return source->repositories->len ? NULL : "there is no repository";
}

char *rpm_def_url(
	const rpm_source *source, const char *repository, const char *architecture)
{
	const char *url = find(source->repositories, repository);

	if (!url)
		return NULL;
	g_auto(GStrv) parts = g_strsplit(url, ARCH, -1);
	char *out = g_strjoinv(architecture, parts);
	gsize n = strlen(out);
	while (n && out[n - 1] == '/')
		out[--n] = '\0';
	return out;
}
