#include "build/verify_requires.h"
#include "base/error.h"
#include "build/fetch.h"
#include "build/pypi.h"
#include "build/python_project.h"
#include "base/process.h"
#include "format/pep440.h"
#include "format/pep508.h"
#include "format/project_name.h"
#include <stdio.h>
#include <string.h>

typedef struct search {
	const build_context *ctx;
	const run_root *root;
	const GPtrArray *folders;
	wheel_host host;
	host_python python; /* the root's, as far as markers ask */
	python_markers markers;
	GHashTable *have; /* normalised name -> itself: found or being looked at */
	GPtrArray *paths; /* the result */
	GQueue todo;	  /* wanted * */
} search;

typedef struct wanted {
	pep508_requirement *requirement;
	char *who; /* the wheel that asks */
} wanted;

static void wanted_free(gpointer data)
{
	wanted *w = data;

	pep508_requirement_free(w->requirement);
	g_free(w->who);
	g_free(w);
}

static guint number_after(const char *text, const char *prefix)
{
	return g_str_has_prefix(text, prefix)
		       ? (guint)g_ascii_strtoull(text + strlen(prefix), NULL, 10)
		       : 0;
}

wheel_host run_root_host(const run_root *root)
{
	return (wheel_host){.minor = number_after(root->def->python, "3."),
		.arch = root->platform->wheel_arch,
		.glibc_minor = number_after(root->def->glibc, "2.")};
}

static gboolean applies(const search *s, const pep508_requirement *r, const GStrv extras)
{
	pep508_environment e = s->markers.environment;

	if (pep508_applies(r, &e))
		return TRUE;
	for (char **extra = extras; extra && *extra; extra++) {
		e.extra = *extra;
		if (pep508_applies(r, &e))
			return TRUE;
	}
	return FALSE;
}

/* Puts it on the list, when its markers hold. */
static gboolean add_requirement(
	search *s, const char *text, const GStrv extras, const char *who, GError **err)
{
	g_autoptr(pep508_requirement) r = pep508_parse(text, err);

	if (!r)
		return FALSE;
	if (!applies(s, r, extras))
		return TRUE;
	wanted *next = g_new0(wanted, 1);
	next->requirement = g_steal_pointer(&r);
	next->who = g_strdup(who);
	g_queue_push_tail(&s->todo, next);
	return TRUE;
}

/* Puts the wheel's own requirements on the list. */
static gboolean add_requirements(
	search *s, const wheel *w, const GStrv extras, GError **err)
{
	g_autofree char *who = g_path_get_basename(w->zip->path);

	for (guint i = 0; i < w->metadata->len; i++) {
		const wheel_field *f = g_ptr_array_index(w->metadata, i);
		if (g_ascii_strcasecmp(f->key, "Requires-Dist") != 0)
			continue;
		if (!add_requirement(s, f->value, extras, who, err)) {
			error_note(err, "Requires-Dist of %s", who);
			return FALSE;
		}
	}
	return TRUE;
}

/* Better: a newer version, then a better tag. Prereleases only when asked for. */
typedef struct candidate {
	char *version;
	guint64 rank;
} candidate;

static gboolean better(candidate *best, const search *s, const pep440_specifiers *set,
	const char *specifiers, const char *version, const wheel_name *name)
{
	guint64 rank = wheel_tags_rank(name, &s->host);
	g_autoptr(pep440_version) v = version ? pep440_version_parse(version) : NULL;

	if (!rank || !v || !pep440_specifiers_match(set, version))
		return FALSE;
	if (pep440_version_is_prerelease(v) && !strpbrk(specifiers, "abcdr"))
		return FALSE;
	if (best->version) {
		g_autoptr(pep440_version) old = pep440_version_parse(best->version);
		int order = pep440_version_compare(v, old);
		if (order < 0 || (order == 0 && rank <= best->rank))
			return FALSE;
	}
	g_free(best->version);
	*best = (candidate){g_strdup(version), rank};
	return TRUE;
}

static char *find_own(
	const search *s, const pep508_requirement *r, const pep440_specifiers *set)
{
	candidate best = {0};
	char *found = NULL;

	for (guint i = 0; i < s->folders->len; i++) {
		const char *folder = g_ptr_array_index(s->folders, i);
		g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
		const char *file;
		while (dir && (file = g_dir_read_name(dir))) {
			g_autoptr(wheel_name) name =
				g_str_has_suffix(file, ".whl")
					? wheel_name_parse(file, NULL)
					: NULL;
			g_autofree char *normal =
				name ? project_name_normalize(name->name) : NULL;
			if (!normal || !g_str_equal(normal, r->normalised) ||
				!better(&best, s, set, r->specifiers, name->version,
					name))
				continue;
			g_free(found);
			found = g_build_filename(folder, file, NULL);
		}
	}
	g_free(best.version);
	return found;
}

static const index_file *find_indexed(const search *s, const pypi_project *p,
	const pep508_requirement *r, const pep440_specifiers *set)
{
	candidate best = {0};
	const index_file *found = NULL;

	for (guint i = 0; i < p->page->files->len; i++) {
		const index_file *f = g_ptr_array_index(p->page->files, i);
		if (!f->is_wheel || !f->version || !f->sha256 || f->yanked ||
			!pep440_python_matches(f->requires_python, s->python.version))
			continue;
		g_autoptr(wheel_name) name = wheel_name_parse(f->filename, NULL);
		if (name && better(&best, s, set, r->specifiers, f->version, name))
			found = f;
	}
	g_free(best.version);
	return found;
}

/* The path in the store, which has no wheel's name: a link to it in the run's own
 * temporary folder has. */
static char *fetch(
	const search *s, const pypi_project *p, const index_file *f, GError **err)
{
	g_autoptr(GPtrArray) items =
		g_ptr_array_new_with_free_func((GDestroyNotify)fetch_item_free);
	fetch_options options = {.offline = s->ctx->offline};
	fetch_item *item = pypi_fetch_item(p, f, err);

	if (!item)
		return NULL;
	g_ptr_array_add(items, item);
	if (!fetch_blobs(s->ctx->store, items, &options, err))
		return NULL;
	return g_strdup(item->path);
}

static char *first_line(const GError *e)
{
	const char *text = e->message, *end = strstr(text, "] ");

	if (*text == '[' && end)
		text = end + 2;
	return g_strndup(text, strcspn(text, "\n"));
}

/* One requirement: its wheel, opened. NULL and *missing, or *err. */
static wheel *obtain(search *s, const wanted *w, char **missing, GError **err)
{
	const pep508_requirement *r = w->requirement;
	g_autofree char *text = pep508_text(r);
	g_autoptr(GError) problem = NULL;
	g_autoptr(pep440_specifiers) set = pep440_specifiers_parse(r->specifiers, err);

	if (!set)
		return NULL;
	g_autofree char *own = find_own(s, r, set);
	if (own) {
		g_ptr_array_add(s->paths, g_strdup(own));
		return wheel_open(own, TRUE, err);
	}
	if (r->url) {
		*missing =
			g_strdup_printf("needs %s by URL, which is not followed", text);
		return NULL;
	}
	g_autoptr(pypi_project) p = pypi_project_get(s->ctx, r->normalised, &problem);
	const index_file *f = p ? find_indexed(s, p, r, set) : NULL;
	g_autofree char *path = f ? fetch(s, p, f, &problem) : NULL;
	if (path) {
		g_ptr_array_add(s->paths, g_strdup(path));
		return wheel_open(path, FALSE, err);
	}
	if (process_cancelled()) {
		process_cancelled_error(err);
		return NULL;
	}
	g_autofree char *why =
		problem ? first_line(problem)
			: g_strdup_printf("the index has no wheel of it for "
					  "Python %s on %s",
				  s->root->def->python, s->root->platform->name);
	*missing = g_strdup_printf("needs %s (for %s), and %s", text, w->who, why);
	return NULL;
}

/* Puts one more sentence to those that are there; takes it. */
static void tell(char **missing, char *one)
{
	char *all = *missing ? g_strdup_printf("%s; %s", *missing, one) : g_strdup(one);

	g_free(one);
	g_free(*missing);
	*missing = all;
}

/* All that cannot be had is told, not just the first. */
static gboolean run(search *s, char **missing, GError **err)
{
	wanted *next;

	while ((next = g_queue_pop_head(&s->todo))) {
		g_autofree char *key = g_strdup(next->requirement->normalised);
		/* Extras of what is there already would need it again. */
		if (*next->requirement->extras) {
			g_autofree char *extras =
				g_strjoinv(",", next->requirement->extras);
			char *more = g_strdup_printf("%s[%s]", key, extras);
			g_free(key);
			key = more;
		}
		gboolean again =
			g_hash_table_contains(s->have, next->requirement->normalised);
		if (!g_hash_table_add(s->have, g_strdup(key))) {
			wanted_free(next);
			continue;
		}
		g_hash_table_add(s->have, g_strdup(next->requirement->normalised));
		guint before = s->paths->len;
		char *lacking = NULL;
		g_autoptr(wheel) w = obtain(s, next, &lacking, err);
		gboolean ok = w ? add_requirements(s, w, next->requirement->extras, err)
				: lacking != NULL;
		if (lacking)
			tell(missing, lacking);
		if (ok && again)
			g_ptr_array_set_size(s->paths, before);
		wanted_free(next);
		if (!ok)
			return FALSE;
	}
	return *missing == NULL;
}

GPtrArray *verify_requires(const build_context *ctx, const wheel *w, const run_root *root,
	const GPtrArray *folders, const GPtrArray *more, char **missing, GError **err)
{
	g_autofree char *version = g_strconcat(root->def->python, ".0", NULL);
	g_autofree char *own =
		w->name ? project_name_normalize(w->name->name) : g_strdup("");
	search s = {.ctx = ctx,
		.root = root,
		.folders = folders,
		.host = run_root_host(root),
		.have = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
		.paths = g_ptr_array_new_with_free_func(g_free)};

	*missing = NULL;
	s.python.version = version;
	s.python.minor = s.host.minor;
	python_markers_init(&s.markers, &s.python, root->platform);
	g_hash_table_add(s.have, g_strdup(own));
	gboolean ok = add_requirements(&s, w, NULL, err);
	for (guint i = 0; ok && more && i < more->len; i++)
		ok = add_requirement(
			&s, g_ptr_array_index(more, i), NULL, "the test", err);
	ok = ok && run(&s, missing, err);
	g_queue_clear_full(&s.todo, wanted_free);
	python_markers_clear(&s.markers);
	g_hash_table_unref(s.have);
	if (ok)
		return s.paths;
	g_ptr_array_unref(s.paths);
	return NULL;
}
