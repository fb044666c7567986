#include "base/error.h"
#include "base/event.h"
#include "base/fs.h"
#include "base/process.h"
#include "build/source_git.h"
#include "build/source_kind.h"
#include "format/json.h"
#include <string.h>
#include <unistd.h>

/* A commit of a git repository (format/git_source.h), exported once into a tree of the
 * store. All of git runs in a child: this program again with the verb __git, which is
 * ended when nothing comes any more (XORCH_HTTP_STALL seconds) or after
 * XORCH_GIT_TIMEOUT. The bare repositories it fetches into are kept in the store, below
 * git/. */

#define KIND "git"
#define MEMORY (4ull << 30)
#define FILE_LIMIT (4ull << 30)

/* "team/thing" of https://host/team/thing.git: locks hold no address. */
static char *git_lock_name(const recipe_source *s)
{
	const char *host = strstr(s->git, "://");
	const char *path = host ? strchr(host + 3, '/') : NULL;
	g_autofree char *name = g_strdup(path ? path + 1 : s->git);

	for (gsize n = strlen(name); n && name[n - 1] == '/'; n--)
		name[n - 1] = '\0';
	if (g_str_has_suffix(name, ".git"))
		name[strlen(name) - strlen(".git")] = '\0';
	return s->submodules ? g_strconcat(name, " with submodules", NULL)
			     : g_steal_pointer(&name);
}

static double setting(const char *name, double usual)
{
	const char *text = g_getenv(name);
	double value = text ? g_ascii_strtod(text, NULL) : 0;

	return value > 0 ? value : usual;
}

/* ---- the child ---- */

typedef struct answer {
	char *commit, *tree;
	gint64 date; /* of the commit, seconds since 1970 */
} answer;

static void answer_clear(answer *a)
{
	g_free(a->commit);
	g_free(a->tree);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(answer, answer_clear)

static GPtrArray *child_environment(void)
{
	static const char *const kept[] = {"HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY",
		"https_proxy", "http_proxy", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR",
		"ASAN_OPTIONS", NULL};
	GPtrArray *env = g_ptr_array_new_with_free_func(g_free);

	g_ptr_array_add(env, g_strdup("PATH=/usr/bin:/bin"));
	g_ptr_array_add(env, g_strdup("HOME=/proc/none"));
	g_ptr_array_add(env, g_strdup("LC_ALL=C.UTF-8"));
	for (int i = 0; kept[i]; i++)
		if (g_getenv(kept[i]))
			g_ptr_array_add(env,
				g_strdup_printf("%s=%s", kept[i], g_getenv(kept[i])));
	g_ptr_array_add(env, NULL);
	return env;
}

static GBytes *request(const build_context *ctx, const recipe_source *s,
	const char *commit, const char *dest)
{
	g_autofree char *repositories =
		g_build_filename(store_dir(ctx->store), KIND, NULL);
	const char *expected = commit ? commit : s->expected_commit;
	json_t *j = json_pack("{s:s s:s* s:s* s:s* s:b s:s s:s s:s*}", "url", s->git,
		"rev", s->rev, "tag", s->tag, "expected", expected, "submodules",
		s->submodules, "repositories", repositories, "dest", dest, "home",
		ctx->git_config ? g_get_home_dir() : NULL);
	char *text = json_dumps(j, JSON_COMPACT);
	gsize size = strlen(text);

	json_decref(j);
	return g_bytes_new_with_free_func(text, size, free, text);
}

/* {"commit","tree"}, or {"error","code"} as the child's own GError says. */
static gboolean read_answer(
	const process_result *r, const char *url, answer *out, GError **err)
{
	g_autoptr(json_t) said = json_parse(r->out, r->out_size, "the git child", NULL);
	const char *message = json_get_string(said, "error");

	if (message) {
		int code = (int)json_get_int(said, "code", EXIT_NETWORK);
		g_set_error_literal(err, XORCH_ERROR, code, message);
		return FALSE;
	}
	out->commit = g_strdup(json_get_string(said, "commit"));
	out->tree = g_strdup(json_get_string(said, "tree"));
	out->date = json_get_int(said, "date", 0);
	if (r->exit_code == 0 && out->commit && out->tree)
		return TRUE;
	error_set(err, EXIT_INTEGRITY, "X0554", "the repository could not be read");
	error_line(err, "from: %s", url);
	if (r->signal)
		error_note(
			err, "the child that reads it was ended by signal %d", r->signal);
	error_help(
		err, "try again; if it stays, take a release archive (`url:`) instead");
	return FALSE;
}

/* The child with this request; *result is for the caller to read. */
static gboolean start_child(
	GBytes *input, const char *url, process_result *result, GError **err)
{
	g_autoptr(GPtrArray) env = child_environment();
	g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
	const char *argv[] = {self, "__git", NULL};
	process_spec spec = {.argv = argv,
		.env = (const char *const *)env->pdata,
		.cwd = "/",
		.name = "git source",
		.input = input,
		.capture = TRUE,
		.timeout_s = setting("XORCH_GIT_TIMEOUT", 1800),
		.silent_timeout_s = setting("XORCH_HTTP_STALL", 30),
		.file_limit = FILE_LIMIT};

#ifndef __SANITIZE_ADDRESS__ /* its shadow memory is larger than any limit */
	spec.memory_limit = MEMORY;
#endif
	if (!process_run(&spec, result, err))
		return FALSE;
	if (!result->timed_out && !result->silent_out)
		return TRUE;
	error_set(err, EXIT_TIME, "X0558", "the git server stopped sending");
	error_line(err, "from: %s", url);
	error_line(err, "ended after %.1f s%s", result->seconds,
		result->silent_out ? ", the last of them in silence" : "");
	error_note(err,
		"XORCH_HTTP_STALL (%.0f) and XORCH_GIT_TIMEOUT (%.0f) are the "
		"limits, in seconds",
		spec.silent_timeout_s, spec.timeout_s);
	return FALSE;
}

static gboolean run_child(const build_context *ctx, const recipe_source *s,
	const char *commit, const char *dest, answer *out, GError **err)
{
	g_autoptr(GBytes) input = request(ctx, s, commit, dest);
	g_auto(process_result) result = {0};

	return start_child(input, s->git, &result, err) &&
	       read_answer(&result, s->git, out, err);
}

json_t *source_git_tags(const build_context *ctx, const char *url, GError **err)
{
	g_auto(process_result) result = {0};
	g_autoptr(json_t) j = json_pack("{s:s}", "tags", url);
	char *text = j ? json_dumps(j, JSON_COMPACT) : NULL;

	if (!text || ctx->offline) {
		free(text);
		error_set(err, EXIT_NETWORK, "X0501", "%s cannot be asked for its tags%s",
			url, ctx->offline ? ": --offline" : "");
		return NULL;
	}
	gsize size = strlen(text);
	g_autoptr(GBytes) input = g_bytes_new_with_free_func(text, size, free, text);
	if (!start_child(input, url, &result, err))
		return NULL;
	g_autoptr(json_t) said =
		json_parse(result.out, result.out_size, "the git child", err);
	json_t *list = said ? json_get_array(said, "tags") : NULL;
	if (list)
		return json_incref(list);
	const char *message = json_get_string(said, "error");
	if (message)
		g_set_error_literal(err, XORCH_ERROR,
			(int)json_get_int(said, "code", EXIT_NETWORK), message);
	return NULL;
}

static gboolean was_damage(const GError *e)
{
	return e && strstr(e->message, "[X0554]") != NULL;
}

/* Exports into a folder of its own and from there into the store. G09: a repository
 * that turned out damaged was removed by the child; once more, from nothing. */
static gboolean export_to_store(const build_context *ctx, const recipe_source *s,
	const char *commit, answer *out, GError **err)
{
	g_autoptr(lockfile) lock = store_lock(ctx->store, KIND, "all", s->git, err);
	GError *first = NULL;

	for (int attempt = 0; lock; attempt++) {
		g_autofree char *dir = store_temp_dir(ctx->store, err);
		g_autofree char *dest = dir ? g_build_filename(dir, "src", NULL) : NULL;
		g_autofree char *ready = NULL;
		if (!dir || !fs_mkdir_p(dest, 0755, err))
			return FALSE;
		if (!run_child(ctx, s, commit, dest, out, &first)) {
			fs_remove_tree(dir, NULL);
			if (was_damage(first) && attempt == 0) {
				event_log(EVENT_WARNING, s->git,
					"the repository is damaged; fetching it anew");
				g_clear_error(&first);
				continue;
			}
			g_propagate_error(err, first);
			return FALSE;
		}
		store_tree *t =
			store_tree_begin(ctx->store, KIND, out->tree, &ready, err);
		if (t) {
			gboolean ok =
				fs_copy_tree(dest, store_tree_dir(t), FS_HARDLINK, err);
			ready = store_tree_finish(t, ok, err);
		}
		fs_remove_tree(dir, NULL);
		return ready != NULL;
	}
	return FALSE;
}

char *source_git_tree(const build_context *ctx, const recipe_source *source,
	const char *commit, GError **err)
{
	g_auto(answer) found = {0};

	return export_to_store(ctx, source, commit, &found, err)
		       ? store_tree_find(ctx->store, KIND, found.tree)
		       : NULL;
}

gboolean source_git_export(const build_context *ctx, const recipe_source *source,
	const char *commit, char **found, char **tree, GError **err)
{
	g_auto(answer) a = {0};

	if (!export_to_store(ctx, source, commit, &a, err))
		return FALSE;
	*found = g_steal_pointer(&a.commit);
	*tree = g_steal_pointer(&a.tree);
	return TRUE;
}

char *source_git_find(const build_context *ctx, const char *tree)
{
	return store_tree_find(ctx->store, KIND, tree);
}

gint64 source_git_date(const build_context *ctx, const recipe_source *source,
	const char *tag, const char *commit, GError **err)
{
	recipe_source s = {.kind = SOURCE_GIT, .git = source->git, .tag = (char *)tag};
	g_auto(answer) found = {0};

	return export_to_store(ctx, &s, commit, &found, err) ? found.date : -1;
}

/* ---- the kind ---- */

static gboolean is_offline(const build_context *ctx, const recipe_source *s, GError **err)
{
	g_autofree char *name = git_lock_name(s);

	if (ctx->offline)
		error_set(err, EXIT_NETWORK, "X0501",
			"%s is not in the cache, and --offline forbids to fetch it",
			name);
	return ctx->offline;
}

static gboolean git_lock(const build_context *ctx, item_source *s,
	const recipe_source *source, lock_source *out, GError **err)
{
	g_auto(answer) found = {0};
	g_autofree char *name = git_lock_name(source);

	if (is_offline(ctx, source, err) ||
		!export_to_store(ctx, source, NULL, &found, err) ||
		!source_age_allowed(ctx, name, found.date, err))
		return FALSE;
	out->file = locked_file_new(
		name, recipe_source_version(s->recipe, source), NULL, NULL, -1);
	out->commit = g_steal_pointer(&found.commit);
	out->tree = g_steal_pointer(&found.tree);
	return TRUE;
}

static gboolean git_fits(const item_source *s, const recipe_source *source,
	const lock_source *l, GError **err)
{
	const char *want = source->rev ? source->rev : source->expected_commit;

	if (!want || g_strcmp0(want, l->commit) == 0)
		return TRUE;
	error_set(err, EXIT_LOCK, "X0406", "the recipe's commit of %s is not the lock's",
		l->file->name);
	error_line(err, "recipe: %s", want);
	error_line(err, "%s: %s", s->lock->path, l->commit ? l->commit : "none");
	error_help(err, "if the recipe is right, run `xorch lock %s`", s->recipe->path);
	return FALSE;
}

static gboolean git_obtain(const build_context *ctx, const item *i,
	const recipe_source *source, const lock_source *l, GError **err)
{
	g_autofree char *tree = store_tree_find(ctx->store, KIND, l->tree);
	g_auto(answer) found = {0};

	(void)i;
	if (tree)
		return TRUE;
	if (is_offline(ctx, source, err) ||
		!export_to_store(ctx, source, l->commit, &found, err))
		return FALSE;
	if (g_str_equal(found.tree, l->tree) && g_str_equal(found.commit, l->commit))
		return TRUE;
	error_set(err, EXIT_INTEGRITY, "X0552", "%s is not the source that was locked",
		l->file->name);
	error_line(err, "expected: commit %s, files %s", l->commit, l->tree);
	error_line(err, "     got: commit %s, files %s", found.commit, found.tree);
	error_note(err, "nothing was used");
	return FALSE;
}

static gboolean git_add_to_key(
	const item *i, const recipe_source *source, key *k, GError **err)
{
	const lock_source *l = source_locked(i->source->lock, source);
	g_autofree char *name = g_strdup_printf("source %s", l->file->name);

	(void)err;
	key_add(k, name, l->tree);
	return TRUE;
}

static gboolean git_unpack(const build_context *ctx, const item *i,
	const recipe_source *source, const char *dest, GError **err)
{
	const lock_source *l = source_locked(i->source->lock, source);
	g_autofree char *tree = store_tree_find(ctx->store, KIND, l->tree);

	if (!tree)
		return error_set(err, EXIT_NETWORK, "X0509", "%s is not in the cache",
			l->file->name);
	return fs_copy_tree(tree, dest, FS_COPY, err);
}

const source_kind_ops source_git_ops = {.name = "git",
	.lock_name = git_lock_name,
	.lock = git_lock,
	.fits = git_fits,
	.obtain = git_obtain,
	.add_to_key = git_add_to_key,
	.unpack = git_unpack};
