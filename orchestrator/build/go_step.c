#include "build/go_step.h"
#include "base/error.h"
#include "base/fs.h"
#include "build/go_modcache.h"
#include "build/go_std.h"
#include "format/yaml_bind.h"
#include <string.h>

#define GO_ROOT "/xorch/go"
#define GO_MODULES "/xorch/gomod"
#define GO_CACHE "/xorch/gocache"
#define INDEX_OFF "goindex=0" /* cmd/go/internal/modindex */

typedef struct view {
	const go_step *step;
	GArray *binds;	  /* sandbox_bind */
	GPtrArray *texts; /* what they and the command point to */
	GPtrArray *argv;
	char **env;
	char *cwd, *std;
	sandbox_spec spec;
} view;

static void view_clear(view *v)
{
	g_clear_pointer(&v->binds, g_array_unref);
	g_clear_pointer(&v->argv, g_ptr_array_unref);
	g_clear_pointer(&v->texts, g_ptr_array_unref);
	g_strfreev(v->env);
	g_free(v->cwd);
	g_free(v->std);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(view, view_clear)

static char *keep(view *v, char *text)
{
	g_ptr_array_add(v->texts, text);
	return text;
}

/* Distributions spread a GOROOT over /usr/lib and /usr/share with links, so each of
 * its entries is bound by where it really is. */
static void bind_root(view *v)
{
	const char *root = v->step->go->root;
	g_autoptr(GDir) dir = g_dir_open(root, 0, NULL);
	const char *name;

	if (v->step->base.level != SANDBOX_BWRAP) {
		build_step_bind(v->binds, root, GO_ROOT, FALSE);
		return;
	}
	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(root, name, NULL);
		char *real = realpath(path, NULL);
		if (!real)
			continue;
		build_step_bind(v->binds, keep(v, g_strdup(real)),
			keep(v, g_build_filename(GO_ROOT, name, NULL)), FALSE);
		free(real);
	}
}

/* Where nothing can be written to it, the standard library's cache is the build's: go
 * takes a cache that is read-only, but for its index of modules (INDEX_OFF), and each
 * package is compiled once in any case. A copy would be 156 MB in 2,500 files for
 * Go 1.26, made and removed for every program; at the other levels it must be one,
 * because go sets the times of what it reads. Tried with Go 1.22 to 1.26, with and
 * without cgo. */
static gboolean reads_std(const go_step *s)
{
	return s->base.level == SANDBOX_BWRAP &&
	       !bind_pair_has(s->base.variables, "GODEBUG");
}

static char *seen(view *v, const char *inside)
{
	return keep(v, sandbox_path(&v->spec, v->step->base.level, inside));
}

static void view_environment(view *v)
{
	g_autoptr(GPtrArray) env = build_step_environment(&v->step->base, &v->spec, NULL);
	g_autofree char *download = go_modcache_proxy(seen(v, GO_MODULES));
	g_autofree char *proxy = g_strconcat("file://", download, NULL);

	environment_set(env, "GOROOT", seen(v, GO_ROOT));
	environment_set(env, "GOPROXY", proxy);
	environment_set(env, "GOCACHE", seen(v, GO_CACHE));
	if (reads_std(v->step))
		environment_set(env, "GODEBUG", INDEX_OFF);
	environment_set(env, "GOPATH", seen(v, SANDBOX_HOME "/go"));
	environment_set(env, "GOMODCACHE", seen(v, GO_MODULES));
	build_step_set(env, v->step->base.variables, &v->spec, FALSE);
	v->env = environment_strv(env);
	v->spec.env = (const char *const *)v->env;
}

static void view_command(view *v)
{
	const go_step *s = v->step;
	GString *ldflags = g_string_new("-ldflags=-buildid=");
	g_autoptr(GString) tags = g_string_new("-tags=");
	g_autofree char *out = g_build_filename(SANDBOX_OUT, "dist", s->name, NULL);

	for (guint i = 0; s->ldflags && i < s->ldflags->len; i++)
		g_string_append_printf(
			ldflags, " %s", (const char *)g_ptr_array_index(s->ldflags, i));
	for (guint i = 0; s->tags && i < s->tags->len; i++)
		g_string_append_printf(tags, "%s%s", i ? "," : "",
			(const char *)g_ptr_array_index(s->tags, i));
	v->argv = g_ptr_array_new();
	const char *const words[] = {seen(v, GO_ROOT "/bin/go"), "build", "-trimpath",
		"-buildvcs=false", s->complete ? "-mod=mod" : "-mod=readonly",
		keep(v, g_string_free(ldflags, FALSE)), keep(v, g_strdup(tags->str)),
		"-o", seen(v, out), s->package ? s->package : "."};
	for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
		g_ptr_array_add(v->argv, (gpointer)words[i]);
	g_ptr_array_add(v->argv, NULL);
	v->spec.argv = (const char *const *)v->argv->pdata;
	v->cwd = g_build_filename(SANDBOX_SRC, s->subdirectory, NULL);
	v->spec.cwd = v->cwd;
}

static void view_init(view *v, const go_step *s)
{
	v->step = s;
	v->texts = g_ptr_array_new_with_free_func(g_free);
	v->binds = build_step_binds(&s->base);
	build_step_bind(v->binds, s->modules, GO_MODULES, FALSE);
	v->std = go_std_cache(s->std);
	if (reads_std(s))
		build_step_bind(v->binds, v->std, GO_CACHE, FALSE);
	else
		build_step_bind(v->binds, s->cache, GO_CACHE, TRUE);
	bind_root(v);
	v->spec = build_step_sandbox(&s->base, "go build", v->binds);
	view_environment(v);
	view_command(v);
}

char *go_step_run(const go_step *s, GError **err)
{
	const build_step *base = &s->base;
	g_auto(view) v = {0};
	g_auto(sandbox_result) r = {0};
	g_autofree char *dist = g_build_filename(base->out, "dist", NULL);
	g_autofree char *path = g_build_filename(dist, s->name, NULL);

	view_init(&v, s);
	if (!fs_mkdir_p(dist, 0755, err) ||
		(!reads_std(s) && !fs_copy_tree(v.std, s->cache, FS_COPY, err)) ||
		!build_step_run(base, &v.spec, &r, err))
		return NULL;
	if (r.process.exit_code != 0) {
		build_step_fail(base, &v.spec, &r, err);
		return NULL;
	}
	if (g_file_test(path, G_FILE_TEST_IS_REGULAR) &&
		!g_file_test(path, G_FILE_TEST_IS_SYMLINK))
		return g_steal_pointer(&path);
	error_set(err, EXIT_BUILD, "X0944", "%s: go build made no program", base->item);
	error_line(err, "package: %s", s->package ? s->package : ".");
	error_line(err, "log: %s", base->log_path);
	error_help(err, "go.package must be a command (package main)");
	return NULL;
}
