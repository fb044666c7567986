#include "build/go_std.h"
#include "base/error.h"
#include "base/event.h"
#include "base/fs.h"
#include "build/store.h"
#include "plan/key.h"
#include <string.h>

#define KIND "go-std"
#define CACHE "cache" /* in the tree; and in go's folder, by go_tool_run */

/* The variables that choose the code; NULL values are not set. */
static GPtrArray *target_variables(const platform *p)
{
	const char *const rows[][2] = {{"GOARCH", p->goarch}, {"GOARM", p->goarm},
		{"GOARM64", p->goarm64}, {"GOAMD64", p->goamd64}, {"GO386", p->go386},
		{"GORISCV64", p->goriscv64}, {"GOPPC64", p->goppc64}};
	GPtrArray *out = g_ptr_array_new_with_free_func(g_free);

	g_ptr_array_add(out, g_strdup("GOOS=linux"));
	g_ptr_array_add(out, g_strdup("CGO_ENABLED=0"));
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
		if (rows[i][1])
			g_ptr_array_add(
				out, g_strdup_printf("%s=%s", rows[i][0], rows[i][1]));
	g_ptr_array_add(out, NULL);
	return out;
}

static char *std_key(const go_tool *go, const platform *p)
{
	g_autoptr(GPtrArray) variables = target_variables(p);
	g_autoptr(key) k = key_new("go-std", 2);

	key_add(k, "Go", go->version);
	key_add_list(k, "target", (const char *const *)variables->pdata);
	return g_strdup(key_digest(k));
}

static gboolean compile(const build_context *ctx, const go_tool *go, const platform *p,
	const char *dir, GError **err)
{
	static const char *const args[] = {
		"build", "-trimpath", "-buildvcs=false", "std", NULL};
	g_autoptr(GPtrArray) env = target_variables(p);
	g_auto(process_result) result = {0};
	g_autofree char *work = store_temp_dir(ctx->store, err);
	g_autofree char *cache = work ? g_build_filename(work, CACHE, NULL) : NULL;

	if (!work)
		return FALSE;
	go_run run = {.args = args,
		.cwd = work,
		.work = work,
		.env = (const char *const *)env->pdata,
		.timeout_s = 1800};
	gboolean ok = go_tool_run(go, &run, &result, err);
	if (ok && result.exit_code != 0) {
		ok = error_set(err, EXIT_BUILD, "X0945",
			"Go %s cannot compile its standard library for %s", go->version,
			p->name);
		error_line(err, "%.600s", result.err ? result.err : "");
	}
	ok = ok && fs_copy_tree(cache, dir, FS_COPY, err);
	fs_remove_tree(work, NULL);
	return ok;
}

char *go_std_cache(const char *tree)
{
	return g_build_filename(tree, CACHE, NULL);
}

char *go_std_prepare(
	const build_context *ctx, const go_tool *go, const platform *target, GError **err)
{
	g_autofree char *id = std_key(go, target);
	char *tree = NULL;
	store_tree *staged = store_tree_begin(ctx->store, KIND, id, &tree, err);

	if (!staged)
		return tree;
	event_log(EVENT_INFO, NULL, "compiling Go's standard library for %s, once",
		target->name);
	g_autofree char *dir = go_std_cache(store_tree_dir(staged));
	return store_tree_finish(staged, compile(ctx, go, target, dir, err), err);
}
