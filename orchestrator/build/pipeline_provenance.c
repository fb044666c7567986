#include "build/pipeline_provenance.h"
#include "base/error.h"
#include "base/fs.h"
#include "build/pipeline_private.h"
#include "build/provenance_inputs.h"
#include "build/provenance_list.h"
#include "build/sandbox.h"
#include "format/digest.h"
#include "format/git.h"
#include <string.h>

/* ---- the recipe and its repository ---- */

/* A path as others find it: from the top of the repository; outside of one from the
 * working directory, or the name alone. New string. */
static char *shown_path(const repo_tree *t, const char *path)
{
	g_autofree char *here = g_get_current_dir();
	g_autofree char *full = g_canonicalize_filename(path, here);
	char *rel = t ? repo_tree_relative(t, path) : NULL;
	gsize n = strlen(here);

	if (rel)
		return rel;
	return strncmp(full, here, n) == 0 && full[n] == '/' ? g_strdup(full + n + 1)
							     : g_path_get_basename(full);
}

/* A file of the repository as a row, and among what is compared with the commit. */
static gboolean add_own_file(provenance_list *l, const repo_tree *t, const char *purpose,
	const char *path, GPtrArray *compared, GError **err)
{
	g_autofree char *shown = shown_path(t, path);
	g_autofree char *hex = digest_file(path, NULL, err);
	char *rel = t ? repo_tree_relative(t, path) : NULL;

	if (rel)
		g_ptr_array_add(compared, rel);
	if (hex)
		provenance_add(l, purpose, shown, NULL, hex);
	return hex != NULL;
}

/* Recipe, lock, patches, scripts and folders; of a library the same. */
static gboolean add_recipe(provenance_list *l, const repo_tree *t, const item *i,
	GPtrArray *compared, GError **err)
{
	const recipe *r = i->recipe;
	const char *lock = i->source->lock->path;

	if (!add_own_file(l, t, "recipe", i->source->recipe->path, compared, err) ||
		(g_file_test(lock, G_FILE_TEST_EXISTS) &&
			!add_own_file(l, t, "lock", lock, compared, err)))
		return FALSE;
	if (r->build.script_file) {
		g_autofree char *path =
			fs_resolve_beneath(r->dir, r->build.script_file, err);
		if (!path || !add_own_file(l, t, "script", path, compared, err))
			return FALSE;
	}
	for (guint n = 0; n < r->sources->len; n++) {
		const recipe_source *s = g_ptr_array_index(r->sources, n);
		for (guint k = 0; s->patches && k < s->patches->len; k++) {
			g_autofree char *path = fs_resolve_beneath(
				r->dir, g_ptr_array_index(s->patches, k), err);
			if (!path || !add_own_file(l, t, "patch", path, compared, err))
				return FALSE;
		}
		if (s->kind != SOURCE_PATH || !t)
			continue;
		g_autofree char *joined = g_build_filename(r->dir, s->path, NULL);
		char *rel = repo_tree_relative(t, joined);
		if (rel)
			g_ptr_array_add(compared, rel);
	}
	return TRUE;
}

/* The commit, or with `path` what lies there in it, as SPDX 2.3 (7.7) writes it. New
 * string; NULL: nobody else can reach the repository. */
static char *commit_uri(const repo_tree *t, const char *commit, const char *path)
{
	g_autofree char *origin = repo_tree_origin(t);
	g_autofree char *escaped =
		path ? g_uri_escape_string(
			       path, G_URI_RESERVED_CHARS_ALLOWED_IN_PATH, FALSE)
		     : NULL;

	return origin ? g_strdup_printf("%s%s@%s%s%s",
				g_str_has_prefix(origin, "git") ? "" : "git+", origin,
				commit, escaped ? "#" : "", escaped ? escaped : "")
		      : NULL;
}

/* The row of the repository, before what lies in it. A commit that nobody else can reach
 * has its Software Heritage identifier (SWHID 1.2), which is made of its hash alone. */
static void add_repository(provenance_list *l, const repo_tree *t)
{
	g_autofree char *commit = t ? repo_tree_commit(t) : NULL;
	g_autofree char *uri = commit ? commit_uri(t, commit, NULL) : NULL;

	if (!commit)
		return;
	if (!uri)
		uri = g_strconcat("swh:1:rev:", commit, NULL);
	json_t *row = provenance_add(l, "repository", "repository", uri, NULL);
	json_object_set_new(row, "digest", json_pack("{s:s}", "gitCommit", commit));
}

static void note_changes(
	const provenance_list *l, const repo_tree *t, const GPtrArray *compared)
{
	json_t *row = json_array_get(l->rows, 0);
	g_autoptr(GPtrArray) changes = repo_tree_changes(t, compared);
	json_t *list = json_array();

	for (guint n = 0; changes && n < changes->len; n++)
		json_array_append_new(list, json_string(g_ptr_array_index(changes, n)));
	provenance_annotate(row, "changed", list);
}

/* A source that is a folder of the repository, just as it is in the commit (so without
 * what git ignores), is there for everybody who can reach that; its row says where. Else
 * it keeps the name by its hash. */
static void name_folders(const provenance_list *l, const repo_tree *t, const item *i)
{
	const recipe *r = i->recipe;
	g_autofree char *commit = repo_tree_commit(t);

	for (guint n = 0; n < r->sources->len; n++) {
		const recipe_source *s = g_ptr_array_index(r->sources, n);
		g_autofree char *folder =
			s->kind == SOURCE_PATH && s->use_gitignore
				? g_build_filename(r->dir, s->path, NULL)
				: NULL;
		g_autofree char *rel = folder ? repo_tree_relative(t, folder) : NULL;
		g_autofree char *uri = rel ? commit_uri(t, commit, rel) : NULL;
		if (!uri)
			continue;
		g_autoptr(GPtrArray) paths = g_ptr_array_new();
		g_ptr_array_add(paths, rel);
		g_autoptr(GPtrArray) changes = repo_tree_changes(t, paths);
		gsize k;
		json_t *row;
		json_array_foreach(l->rows, k, row)
		{
			const json_t *facts = json_get_object(row, "annotations");
			if (changes && !changes->len &&
				!g_strcmp0(json_get_string(row, "name"), s->path) &&
				!g_strcmp0(json_get_string(facts, "for"), "source"))
				json_object_set_new(row, "uri", json_string(uri));
		}
	}
}

static json_t *dependencies(pipeline *p, item *i, const repo_tree *t, GError **err)
{
	g_auto(provenance_list) l = {0};
	g_autoptr(GPtrArray) compared = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) items = g_ptr_array_new();
	g_autoptr(GPtrArray) definitions = g_ptr_array_new_with_free_func(g_free);

	provenance_list_init(&l);
	add_repository(&l, t);
	gboolean in_repository = json_array_size(l.rows) > 0;
	provenance_items(i, items);
	for (guint n = 0; n < items->len; n++) {
		item *one = g_ptr_array_index(items, n);
		if (!add_recipe(&l, t, one, compared, err) ||
			!provenance_inputs(p, one, &l, definitions, err))
			return NULL;
	}
	for (guint n = 0; n < definitions->len; n++) {
		const char *path = g_ptr_array_index(definitions, n);
		g_autofree char *name = provenance_definition_name(path);
		g_autofree char *hex = digest_file(path, NULL, err);
		char *rel = t ? repo_tree_relative(t, path) : NULL;
		if (rel)
			g_ptr_array_add(compared, rel);
		if (!hex)
			return NULL;
		provenance_add(&l, "definition", name, NULL, hex);
	}
	for (guint n = 0; in_repository && n < items->len; n++)
		name_folders(&l, t, g_ptr_array_index(items, n));
	if (in_repository)
		note_changes(&l, t, compared);
	return json_incref(l.rows);
}

/* ---- parameters ---- */

static json_t *file_parameter(const repo_tree *t, const char *path, GError **err)
{
	g_autofree char *shown = shown_path(t, path);
	g_autofree char *hex = digest_file(path, NULL, err);

	return hex ? json_pack("{s:s, s:{s:s}}", "path", shown, "digest", "sha256", hex)
		   : NULL;
}

static gboolean uses_compilers(const recipe *r)
{
	return r->kind != RECIPE_GO_BINARY || r->go.cgo;
}

static json_t *external(const item *i, const repo_tree *t, GError **err)
{
	static const char *const kinds[] = {"wheel", "go-binary", "library"};
	const recipe *r = i->recipe;
	const char *epoch = g_getenv("SOURCE_DATE_EPOCH");
	json_t *own = file_parameter(t, i->source->recipe->path, err);

	if (!own)
		return NULL;
	json_t *out = json_pack("{s:{s:s, s:s}, s:s, s:o, s:s, s:s*}", "package", "name",
		r->package.name, "version", r->package.version, "kind", kinds[r->kind],
		"recipe", own, "target", i->platform->name, "python", i->python_tag);
	if (uses_compilers(r)) {
		json_object_set_new(out, "floor", json_string(i->floor));
		json_object_set_new(out, "toolchain", json_string(i->toolchain));
		json_object_set_new(out, "sysroot", json_string(i->sysroot));
	}
	if (epoch)
		json_object_set_new(out, "sourceDateEpoch", json_string(epoch));
	if (i->source->label)
		json_object_set_new(out, "snapshot", json_string(i->source->label));
	if (r->build.network || i->allow_network)
		json_object_set_new(out, "network", json_true());
	if (!g_file_test(i->source->lock->path, G_FILE_TEST_EXISTS))
		return out;
	json_t *lock = file_parameter(t, i->source->lock->path, err);
	if (!lock) {
		json_decref(out);
		return NULL;
	}
	json_object_set_new(out, "lock", lock);
	return out;
}

static json_t *sandbox_parameter(const item *i)
{
	sandbox_level level = SANDBOX_ENV;
	const sandbox_info *info = NULL;

	if (i->sandbox && sandbox_level_parse(i->sandbox, &level, NULL))
		info = sandbox_describe(level);
	return json_pack("{s:s*, s:s, s:b}", "level", i->sandbox, "network",
		info && info->network_cut && !i->recipe->build.network &&
				!i->allow_network
			? "none"
			: "open",
		"targetCodeCannotRun", info && info->binfmt_cut);
}

/* What of the build machine's Python the target's is derived from. */
static json_t *python_parameter(const item *i, const python_target *target, GError **err)
{
	g_autofree char *config =
		g_build_filename(target->tree, target->include, "pyconfig.h", NULL);
	g_autofree char *module = g_strconcat(target->sysconfigdata, ".py", NULL);
	g_autofree char *data = g_build_filename(target->tree, "lib", module, NULL);
	g_autofree char *config_hex = digest_file(config, NULL, err);
	g_autofree char *data_hex = config_hex ? digest_file(data, NULL, err) : NULL;

	if (!data_hex)
		return NULL;
	return json_pack("{s:s, s:s, s:{s:{s:s}, s:{s:s}}}", "version",
		i->python->version, "soabi", target->soabi, "headers", "pyconfig.h",
		"sha256", config_hex, module, "sha256", data_hex);
}

/* The inputs of the key, in their order. That of the build environment is left out: it
 * holds where this machine's Python lies, and all else of it is said elsewhere. */
static json_t *key_parameter(const item *i)
{
	const GPtrArray *inputs = key_inputs(i->key);
	json_t *list = json_array();

	for (guint n = 0; n < inputs->len; n++) {
		const key_input *in = g_ptr_array_index(inputs, n);
		if (!g_str_equal(in->name, "build environment"))
			json_array_append_new(
				list, json_pack("[s, s]", in->name, in->value));
	}
	return list;
}

static json_t *internal(const item *i, const python_target *target, GError **err)
{
	json_t *python = NULL;

	if (target && i->python && !(python = python_parameter(i, target, err)))
		return NULL;
	return json_pack("{s:s, s:s, s:o, s:o, s:o*}", "id", i->id, "key",
		key_digest(i->key), "inputs", key_parameter(i), "sandbox",
		sandbox_parameter(i), "python", python);
}

/* ---- all of it ---- */

static json_t *definition(pipeline *p, item *i, const python_target *target, GError **err)
{
	g_autoptr(repo_tree) t = repo_tree_open(i->source->recipe->dir);
	g_autoptr(json_t) ext = external(i, t, err);
	g_autoptr(json_t) in = ext ? internal(i, target, err) : NULL;
	g_autoptr(json_t) deps = in ? dependencies(p, i, t, err) : NULL;

	if (!deps)
		return NULL;
	return json_pack("{s:s, s:O, s:O, s:O}", "buildType", PROVENANCE_BUILD_TYPE,
		"externalParameters", ext, "internalParameters", in,
		"resolvedDependencies", deps);
}

json_t *pipeline_provenance(
	pipeline *p, item *i, const python_target *target, GError **err)
{
	json_t *def = definition(p, i, target, err);

	if (!def)
		return NULL;
	return json_pack("{s:o, s:{s:{s:s, s:{s:s}}}}", "buildDefinition", def,
		"runDetails", "builder", "id", PROVENANCE_BUILDER, "version", "xorch",
		XORCH_VERSION);
}
