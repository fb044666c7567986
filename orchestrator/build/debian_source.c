#include "build/debian_source.h"
#include "base/error.h"
#include "build/debian_repo.h"
#include "format/debian.h"
#include "format/decompress.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* main of sid is 60 MB. */
#define SOURCES_MAX (512ll << 20)

void debian_tarball_clear(debian_tarball *t)
{
	g_free(t->file);
	g_free(t->path);
	g_free(t->sha256);
	g_free(t->version);
	memset(t, 0, sizeof *t);
}

char *debian_source_folder(const char *name)
{
	int n = g_str_has_prefix(name, "lib") && name[3] ? 4 : 1;

	return g_strdup_printf("pool/main/%.*s/%s", n, name, name);
}

gboolean debian_upstream_is(const char *version, const char *upstream)
{
	const char *colon = strchr(version, ':');
	const char *start = colon ? colon + 1 : version;
	const char *dash = strrchr(start, '-');
	/* 2.12.7+really2.9.14: a step back under a higher number */
	const char *really = strstr(start, "+really");
	if (really && (!dash || really < dash))
		start = really + strlen("+really");
	gsize n = dash ? (gsize)(dash - start) : strlen(start);
	gsize want = strlen(upstream);

	if (n < want || strncmp(start, upstream, want) != 0)
		return FALSE;
	if (n == want)
		return TRUE;
	/* what Debian adds when it repacks a tarball */
	return g_str_has_prefix(start + want, "+d") ||
	       g_str_has_prefix(start + want, "~d") ||
	       g_str_has_prefix(start + want, ".dfsg");
}

static gboolean has_tar_suffix(const char *file)
{
	static const char *const suffixes[] = {
		".tar.xz", ".tar.gz", ".tar.bz2", ".tar.zst", NULL};

	for (const char *const *s = suffixes; *s; s++)
		if (g_str_has_suffix(file, *s))
			return TRUE;
	return FALSE;
}

/* 0 no, 1 a native package's tarball, 2 upstream's. */
static int tarball_rank(const char *file, const char *name)
{
	gsize n = strlen(name);

	if (strncmp(file, name, n) != 0 || file[n] != '_' || strchr(file, '/') ||
		!has_tar_suffix(file) || strstr(file, ".debian.tar."))
		return 0;
	if (strstr(file, ".orig.tar."))
		return 2;
	return strstr(file, ".orig-") ? 0 : 1; /* a component beside upstream's */
}

static gboolean damaged(
	const char *suite, const char *name, const char *why, GError **err)
{
	return error_set(err, EXIT_INTEGRITY, "X0632",
		"the entry of %s in the Sources of %s %s", name, suite, why);
}

/* Lines of Checksums-Sha256: "SHA256 SIZE FILE". */
static gboolean take_tarball(const deb822 *p, const char *suite, const char *name,
	debian_tarball *out, GError **err)
{
	const char *sums = deb822_get(p, "Checksums-Sha256");
	const char *folder = deb822_get(p, "Directory");
	g_autofree char *usual = debian_source_folder(name);
	g_auto(GStrv) lines = g_strsplit(sums ? sums : "", "\n", -1);
	int best = 0;

	if (g_strcmp0(folder, usual) != 0)
		return damaged(suite, name, "lies in an unusual folder", err);
	for (char **l = lines; *l; l++) {
		char sha[65], file[256];
		gint64 size;
		if (sscanf(*l, " %64[0-9a-f] %" G_GINT64_FORMAT " %255s", sha, &size,
			    file) != 3 ||
			strlen(sha) != 64 || size <= 0)
			continue;
		int rank = tarball_rank(file, name);
		if (rank <= best)
			continue;
		best = rank;
		debian_tarball_clear(out);
		out->file = g_strdup(file);
		out->path = g_build_filename(usual, file, NULL);
		out->sha256 = g_strdup(sha);
		out->size = size;
		out->version = g_strdup(deb822_get(p, "Version"));
	}
	return best ? TRUE : damaged(suite, name, "names no tarball by its SHA256", err);
}

/* The next paragraph, or NULL at the end. New string. */
static char *next_paragraph(FILE *in)
{
	GString *out = g_string_new(NULL);
	char *line = NULL;
	size_t room = 0;
	ssize_t n;

	while ((n = getline(&line, &room, in)) > 0) {
		if (*line == '\n' || (*line == '\r' && line[1] == '\n')) {
			if (out->len)
				break;
			continue;
		}
		g_string_append_len(out, line, n);
	}
	free(line);
	return g_string_free(out, !out->len);
}

typedef gboolean (*entry_run)(
	const deb822 *p, const char *version, void *data, GError **err);

/* Calls `run` for each of the package's entries in the index. */
static gboolean each_entry(const char *index, const char *suite, const char *name,
	entry_run run, void *data, GError **err)
{
	FILE *in = decompress_open(index, SOURCES_MAX, err);
	g_autofree char *first = g_strdup_printf("Package: %s\n", name);
	gboolean ok = TRUE;
	char *text;

	if (!in)
		return FALSE;
	while (ok && (text = next_paragraph(in))) {
		g_autofree char *own = text;
		if (!g_str_has_prefix(text, first))
			continue;
		g_autoptr(GPtrArray) list = deb822_parse(suite, text, strlen(text), err);
		const deb822 *p = list ? g_ptr_array_index(list, 0) : NULL;
		ok = p && run(p, deb822_get(p, "Version"), data, err);
	}
	if (ok && ferror(in))
		ok = damaged(suite, name, "cannot be read: the index is damaged", err);
	fclose(in);
	return ok;
}

typedef struct reading {
	const char *suite, *name, *version;
	debian_tarball *out;
	GString *others;
} reading;

static gboolean read_entry(const deb822 *p, const char *found, void *data, GError **err)
{
	reading *r = data;

	if (!found || !debian_upstream_is(found, r->version)) {
		g_string_append_printf(r->others, "%s%s", r->others->len ? ", " : "",
			found ? found : "?");
		return TRUE;
	}
	if (r->out->version && debian_version_compare(found, r->out->version) <= 0)
		return TRUE;
	return take_tarball(p, r->suite, r->name, r->out, err);
}

gboolean debian_source_read(const char *index, const char *suite, const char *name,
	const char *version, debian_tarball *out, GError **err)
{
	g_autoptr(GString) others = g_string_new(NULL);
	reading r = {suite, name, version, out, others};

	memset(out, 0, sizeof *out);
	if (!each_entry(index, suite, name, read_entry, &r, err))
		return FALSE;
	if (out->file)
		return TRUE;
	error_set(err, EXIT_INPUT, "X0336", "%s has no source package %s of version %s",
		suite, name, version);
	if (others->len)
		error_note(err, "there is: %s", others->str);
	error_help(err, "name the version there is, or another suite (source.suite)");
	return FALSE;
}

char *debian_upstream_version(const char *version)
{
	const char *colon = strchr(version, ':');
	const char *start = colon ? colon + 1 : version;
	const char *dash = strrchr(start, '-');
	const char *end = dash ? dash : start + strlen(start);
	const char *really = strstr(start, "+really");

	if (really && really < end)
		start = really + strlen("+really");
	static const char *const repacked[] = {"+d", "~d", ".dfsg", NULL};
	for (const char *const *r = repacked; *r; r++) {
		const char *at = strstr(start, *r);
		if (at && at < end)
			end = at;
	}
	return g_strndup(start, (gsize)(end - start));
}

static gboolean list_entry(const deb822 *p, const char *found, void *data, GError **err)
{
	(void)p;
	(void)err;
	if (found)
		g_ptr_array_add(data, debian_upstream_version(found));
	return TRUE;
}

GPtrArray *debian_source_versions(const build_context *ctx, const package_source *source,
	const char *name, GError **err)
{
	g_autofree char *index = debian_repo_sources(ctx, source, err);
	GPtrArray *found = g_ptr_array_new_with_free_func(g_free);

	if (index && each_entry(index, source->suite, name, list_entry, found, err))
		return found;
	g_ptr_array_unref(found);
	return NULL;
}

gboolean debian_source_find(const build_context *ctx, const package_source *source,
	const char *name, const char *version, debian_tarball *out, GError **err)
{
	g_autofree char *index = debian_repo_sources(ctx, source, err);

	return index && debian_source_read(index, source->suite, name, version, out, err);
}
