#include "base/error.h"
#include "base/fs.h"
#include "build/go_proxy.h"
#include "build/release_find.h"
#include "build/source_kind.h"
#include "format/digest.h"
#include "format/go_hash.h"
#include "format/json.h"
#include "format/unpack.h"
#include <string.h>

/* A Go module: its zip from a module proxy. Its hash is asked of the go command once,
 * which checks it against the checksum database where that is on; from then on the
 * lock vouches for it. */

static char *gomod_name(const recipe_source *s)
{
	return g_strdup(s->gomod);
}

/* "0.65.2" -> "v0.65.2". */
static char *module_version(const recipe *r, const recipe_source *s)
{
	const char *version = recipe_source_version(r, s);

	return version[0] == 'v' ? g_strdup(version) : g_strconcat("v", version, NULL);
}

/* The zip as it lies in the go command's cache: into the store, hashed by us. */
static gboolean take_zip(const build_context *ctx, const char *file, const char *path,
	const char *version, const char *recipe_version, lock_source *out, GError **err)
{
	g_autoptr(zip_file) zip = zip_open(file, err);

	if (!zip)
		return FALSE;
	out->h1 = go_hash_zip(zip, path, version, err);
	g_autofree char *sha =
		out->h1 ? store_blob_add_file(ctx->store, file, err) : NULL;
	if (!sha)
		return FALSE;
	g_autofree char *label = go_proxy_label(path, version, "zip");
	out->file = locked_file_new(path, recipe_version, label, sha, (gint64)zip->size);
	return TRUE;
}

/* The file of the go command's cache that its answer names, if it is below it. */
static char *answer_zip(const json_t *said, const char *work)
{
	const char *zip = json_get_string(said, "Zip");
	g_autofree char *modules = go_run_modules(work);
	gsize len = strlen(modules);

	return zip && strncmp(zip, modules, len) == 0 && zip[len] == '/' ? g_strdup(zip)
									 : NULL;
}

static gboolean download(const build_context *ctx, const char *minimum, const char *work,
	const char *path, const char *version, char **zip, char **sum, GError **err)
{
	g_auto(go_tool) go = {0};
	g_auto(process_result) result = {0};
	g_autofree char *what = g_strdup_printf("%s@%s", path, version);
	const char *args[] = {"mod", "download", "-json", what, NULL};
	const registry_go *r = go_proxy_settings(ctx, err);

	if (!r || !go_prepare(ctx, minimum, &go, err))
		return FALSE;
	g_auto(GStrv) env = go_proxy_environment(r);
	go_run run = {
		.args = args, .cwd = work, .work = work, .env = (const char *const *)env};
	if (!go_tool_run(&go, &run, &result, err))
		return FALSE;
	g_autoptr(json_t) said =
		json_parse(result.out, result.out_size, "go mod download", NULL);
	const char *wrong = json_get_string(said, "Error");
	*zip = answer_zip(said, work);
	*sum = g_strdup(json_get_string(said, "Sum"));
	if (*zip && *sum && !wrong && result.exit_code == 0)
		return TRUE;
	return go_proxy_failed(
		wrong ? wrong : result.err, what, EXIT_NETWORK, "X0531", err);
}

static gboolean hash_differs(const char *what, const char *who, const char *want,
	const char *got, GError **err)
{
	error_set(
		err, EXIT_INTEGRITY, "X0662", "%s is not the module it should be", what);
	error_line(err, "expected: %s   (%s)", want, who);
	error_line(err, "     got: %s", got);
	error_note(err, "nothing of it was used");
	return FALSE;
}

static gboolean gomod_lock(const build_context *ctx, item_source *s,
	const recipe_source *source, lock_source *out, GError **err)
{
	g_autofree char *version = module_version(s->recipe, source);
	g_autofree char *what = g_strdup_printf("%s %s", source->gomod, version);
	g_autofree char *zip = NULL;
	g_autofree char *sum = NULL;

	if (!go_version_valid(version)) {
		error_set(err, EXIT_INPUT, "X0536", "`%s` is not the version of a module",
			version);
		error_help(err, "module versions have three numbers: v1.2.3; where the "
				"package's version has fewer, give source.version");
		return FALSE;
	}
	if (ctx->cut && !ctx->offline) {
		g_autoptr(release) r = release_new(version + 1);
		if (!release_gomod_date(ctx, source->gomod, r, err) ||
			!source_age_allowed(ctx, what, r->published, err))
			return FALSE;
	}
	if (ctx->offline)
		return error_set(err, EXIT_NETWORK, "X0501",
			"%s is not locked, and --offline forbids to ask for it", what);
	g_autofree char *work = store_temp_dir(ctx->store, err);
	if (!work)
		return FALSE;
	gboolean ok = download(ctx, s->recipe->toolchain.go, work, source->gomod, version,
			      &zip, &sum, err) &&
		      take_zip(ctx, zip, source->gomod, version,
			      recipe_source_version(s->recipe, source), out, err);
	fs_remove_tree(work, NULL);
	if (ok && !g_str_equal(out->h1, sum))
		return hash_differs(what, "the go command", sum, out->h1, err);
	if (ok && source->h1 && !g_str_equal(out->h1, source->h1))
		return hash_differs(
			what, "source.h1 of the recipe", source->h1, out->h1, err);
	return ok;
}

static gboolean gomod_fits(const item_source *s, const recipe_source *source,
	const lock_source *l, GError **err)
{
	if (!source->h1 || g_strcmp0(source->h1, l->h1) == 0)
		return TRUE;
	error_set(err, EXIT_LOCK, "X0406", "the recipe's h1 of %s is not the lock's",
		l->file->name);
	error_line(err, "recipe: %s", source->h1);
	error_line(err, "%s: %s", s->lock->path, l->h1 ? l->h1 : "none");
	error_help(err, "if the recipe is right, run `xorch lock %s`", s->recipe->path);
	return FALSE;
}

static gboolean gomod_fetch(const build_context *ctx, const item *i,
	const recipe_source *source, const lock_source *l, GPtrArray *items, GError **err)
{
	g_autofree char *version = module_version(i->recipe, source);
	fetch_item *f = go_proxy_item(ctx, i->source, source->gomod, version, "zip",
		l->file->sha256, l->file->size, err);

	if (!f)
		return FALSE;
	f->where = recipe_source_place(i->recipe, source);
	g_ptr_array_add(items, f);
	return TRUE;
}

/* Files get one date, as a module's zip has none: SOURCE_DATE_EPOCH follows it. */
#define NO_DATE 315532800

static gboolean write_members(const zip_file *zip, gsize prefix, unpack *u, GError **err)
{
	for (guint n = 0; n < zip->n_entries; n++) {
		const zip_entry *e = &zip->entries[n];
		g_autoptr(GBytes) bytes = zip_read(zip, e, err);
		if (!bytes ||
			!unpack_member(
				u, UNPACK_FILE, e->name + prefix, NULL, 0644, err) ||
			!unpack_write(u, g_bytes_get_data(bytes, NULL),
				g_bytes_get_size(bytes), err) ||
			!unpack_file_end(u, NO_DATE, err))
			return FALSE;
	}
	return unpack_finish(u, NULL, err);
}

static gboolean gomod_unpack(const build_context *ctx, const item *i,
	const recipe_source *source, const char *dest, GError **err)
{
	static const archive_policy policy = {.max_bytes = 1ull << 30};
	const lock_source *l = source_locked(i->source->lock, source);
	g_autofree char *version = module_version(i->recipe, source);
	g_autofree char *blob = source_blob(ctx, l, err);

	if (!blob)
		return FALSE;
	g_autoptr(zip_file) zip = zip_open(blob, err);
	g_autofree char *h1 = zip ? go_hash_zip(zip, source->gomod, version, err) : NULL;
	if (!h1)
		return FALSE;
	if (l->h1 && !g_str_equal(h1, l->h1))
		return hash_differs(l->file->file, i->source->lock->path, l->h1, h1, err);
	if (!fs_mkdir_p(dest, 0755, err))
		return FALSE;
	g_autoptr(unpack) u =
		unpack_new(dest, &policy, l->file->file, (guint64)zip->size, err);
	return u &&
	       write_members(zip, strlen(source->gomod) + strlen(version) + 2, u, err);
}

const source_kind_ops source_gomod_ops = {.name = "gomod",
	.lock_name = gomod_name,
	.lock = gomod_lock,
	.fits = gomod_fits,
	.fetch = gomod_fetch,
	.add_to_key = source_locked_add_to_key,
	.unpack = gomod_unpack};
