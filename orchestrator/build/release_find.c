#include "build/release_find.h"
#include "base/error.h"
#include "build/debian_source.h"
#include "build/source_debsrc.h"
#include "build/source_git.h"
#include "format/debian.h"
#include "format/pep440.h"
#include <string.h>

enum { FROM_SOURCE, FROM_PYPI, FROM_GIT, FROM_GOMOD, FROM_NONE };

void release_find_clear(release_find *f)
{
	g_clear_pointer(&f->list, release_list_free);
	g_free(f->unknown);
	g_free(f->module);
	g_clear_pointer(&f->project, pypi_project_free);
	memset(f, 0, sizeof *f);
}

int release_compare_pep440(const char *a, const char *b)
{
	g_autoptr(pep440_version) x = pep440_version_parse(a);
	g_autoptr(pep440_version) y = pep440_version_parse(b);

	if (x && y)
		return pep440_version_compare(x, y);
	return !x && !y ? debian_version_compare(a, b) : (x != NULL) - (y != NULL);
}

/* The first source whose version is the package's. */
static const recipe_source *main_source(const recipe *r)
{
	for (guint i = 0; i < r->sources->len; i++) {
		const recipe_source *s = g_ptr_array_index(r->sources, i);
		if (!s->version)
			return s;
	}
	return NULL;
}

static gboolean of_pypi(release_find *f, const char *project, GError **err)
{
	f->project = pypi_project_get(f->ctx, project, err);
	if (!f->project)
		return FALSE;
	f->list = release_list_pypi(f->project);
	f->list->ask_rust = release_ask_rust;
	f->list->data = f;
	return TRUE;
}

static gboolean ask_git(release *r, void *data, GError **err)
{
	const release_find *f = data;
	gint64 date = source_git_date(f->ctx, f->source, r->tag, r->commit, err);

	r->published = date > 0 ? date : RELEASE_UNDATED;
	return date >= 0;
}

void release_find_tags(
	release_find *f, const json_t *tags, const char *prefix, const char *suffix)
{
	f->list = release_list_git(tags, prefix, suffix);
	f->list->ask_date = ask_git;
	f->list->data = f;
}

static gboolean of_git(release_find *f, const recipe *r, GError **err)
{
	const recipe_source *s = f->source;
	g_autofree char *prefix = g_strdup(r->update.tag_prefix);
	g_autofree char *suffix = NULL;

	if (!prefix && s->tag)
		release_tag_parts(s->tag, r->package.version, &prefix, &suffix);
	g_autoptr(json_t) tags = source_git_tags(f->ctx, s->git, err);
	if (!tags)
		return FALSE;
	release_find_tags(f, tags, prefix, suffix);
	if (!f->list->releases->len) {
		g_clear_pointer(&f->list, release_list_free);
		f->unknown = prefix ? g_strdup_printf("the repository has no tag that is "
						      "`%s` and a version",
					      prefix)
				    : g_strdup("no tag of the repository is a version");
	}
	return TRUE;
}

static gboolean ask_gomod(release *r, void *data, GError **err)
{
	const release_find *f = data;

	return release_gomod_date(f->ctx, f->module, r, err);
}

gboolean release_find_gomod(release_find *f, const char *module, GError **err)
{
	f->list = release_list_gomod(f->ctx, module, err);
	if (!f->list)
		return FALSE;
	f->module = g_strdup(module);
	f->list->ask_date = ask_gomod;
	f->list->data = f;
	return TRUE;
}

static gboolean of_debsrc(release_find *f, const recipe *r, GError **err)
{
	g_auto(debsrc_place) place = {0};

	if (f->ctx->offline)
		return error_set(err, EXIT_NETWORK, "X0501",
			"%s cannot be asked for: --offline", f->source->debsrc);
	g_autoptr(GPtrArray) versions = NULL;
	if (source_debsrc_place(r, f->source, &place, err))
		versions = debian_source_versions(
			f->ctx, &place.where, f->source->debsrc, err);
	if (!versions)
		return FALSE;
	f->list = release_list_new(debian_version_compare);
	f->list->dateless = TRUE;
	for (guint i = 0; i < versions->len; i++)
		g_ptr_array_add(
			f->list->releases, release_new(g_ptr_array_index(versions, i)));
	release_list_sort(f->list);
	if (!versions->len) {
		g_clear_pointer(&f->list, release_list_free);
		f->unknown = g_strdup_printf("%s has no source package %s",
			place.where.suite, f->source->debsrc);
	}
	return TRUE;
}

gboolean release_find_newest(const release_find *f, release_choice *out, GError **err)
{
	release_wish w = {.current = "",
		.now = g_get_real_time() / G_USEC_PER_SEC,
		.cut = f->ctx->cut};

	return release_choose(f->list, &w, out, err);
}

gboolean release_find_all(
	const build_context *ctx, const recipe *r, release_find *out, GError **err)
{
	const recipe_source *s = main_source(r);

	*out = (release_find){.ctx = ctx, .source = s};
	switch (r->update.from) {
	case FROM_NONE:
		out->unknown = g_strdup("update.from is none");
		return TRUE;
	case FROM_PYPI:
		return of_pypi(out, s && s->pypi ? s->pypi : r->package.name, err);
	case FROM_GIT:
		if (s && s->kind == SOURCE_GIT)
			return of_git(out, r, err);
		out->unknown = g_strdup("update.from is git-tags, and no source that has "
					"the package's version is a repository");
		return TRUE;
	case FROM_GOMOD:
		if (s && s->kind == SOURCE_GOMOD)
			return release_find_gomod(out, s->gomod, err);
		out->unknown = g_strdup("update.from is gomod, and no source that has "
					"the package's version is a module");
		return TRUE;
	}
	if (!s) {
		out->unknown = g_strdup("every source has a version of its own");
		return TRUE;
	}
	switch (s->kind) {
	case SOURCE_PYPI:
		return of_pypi(out, s->pypi, err);
	case SOURCE_GIT:
		return of_git(out, r, err);
	case SOURCE_GOMOD:
		return release_find_gomod(out, s->gomod, err);
	case SOURCE_DEBSRC:
		return of_debsrc(out, r, err);
	case SOURCE_URL:
		out->unknown = g_strdup("a URL does not tell what else there is; "
					"update.from can");
		return TRUE;
	case SOURCE_PATH:
		out->unknown = g_strdup("the source is a folder of this repository");
		return TRUE;
	}
	return TRUE;
}
