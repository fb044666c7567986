#include "build/go_step.h"
#include "base/error.h"
#include "base/fs.h"
#include "build/build_log.h"
#include "build/wrapper_log.h"
#include "format/yaml_bind.h"
#include "plan/environment.h"
#include <string.h>

#define GO_ROOT "/xorch/go"
#define GO_MODULES "/xorch/gomod"
#define GO_CACHE "/xorch/gocache"
#define WRAPPER_LOG "wrapper.log"

typedef struct view {
	const go_step *step;
	GArray *binds;	  /* sandbox_bind */
	GPtrArray *texts; /* what they and the command point to */
	GPtrArray *argv;
	char **env;
	char *cwd;
	sandbox_spec spec;
} view;

static void view_clear(view *v)
{
	g_clear_pointer(&v->binds, g_array_unref);
	g_clear_pointer(&v->argv, g_ptr_array_unref);
	g_clear_pointer(&v->texts, g_ptr_array_unref);
	g_strfreev(v->env);
	g_free(v->cwd);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(view, view_clear)

static void bind(view *v, const char *host, const char *inside, gboolean writable)
{
	sandbox_bind b = {host, inside, writable};

	if (host)
		g_array_append_val(v->binds, b);
}

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

	if (v->step->level != SANDBOX_BWRAP) {
		bind(v, root, GO_ROOT, FALSE);
		return;
	}
	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(root, name, NULL);
		char *real = realpath(path, NULL);
		if (!real)
			continue;
		bind(v, keep(v, g_strdup(real)),
			keep(v, g_build_filename(GO_ROOT, name, NULL)), FALSE);
		free(real);
	}
}

static void view_binds(view *v)
{
	const go_step *s = v->step;
	const cross *c = s->cross;

	bind(v, s->source, SANDBOX_SRC, TRUE);
	bind(v, s->out, SANDBOX_OUT, TRUE);
	bind(v, s->modules, GO_MODULES, FALSE);
	bind(v, s->cache, GO_CACHE, TRUE);
	bind_root(v);
	if (c) {
		bind(v, c->dir, SANDBOX_CROSS, FALSE);
		bind(v, c->toolchain_tree, SANDBOX_TOOLCHAIN, FALSE);
		bind(v, c->build_toolchain_tree, SANDBOX_BUILD_TOOLCHAIN, FALSE);
		bind(v, c->sysroot_tree, SANDBOX_SYSROOT, FALSE);
		bind(v, c->build_sysroot_tree, SANDBOX_BUILD_SYSROOT, FALSE);
	}
	v->spec.binds = (const sandbox_bind *)v->binds->data;
	v->spec.n_binds = v->binds->len;
	v->spec.scratch = s->scratch;
}

static char *seen(view *v, const char *inside)
{
	return keep(v, sandbox_path(&v->spec, v->step->level, inside));
}

/* What C compilers would write into their objects; -trimpath does it for Go. */
static GPtrArray *prefix_maps(const view *v)
{
	GPtrArray *maps = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; v->step->level != SANDBOX_BWRAP && i < v->binds->len; i++) {
		const sandbox_bind *b = &g_array_index(v->binds, sandbox_bind, i);
		if (b->inside)
			g_ptr_array_add(
				maps, g_strdup_printf("%s=%s", b->host, b->inside));
	}
	g_ptr_array_add(maps, NULL);
	return maps;
}

static void view_environment(view *v)
{
	const go_step *s = v->step;
	g_autoptr(GPtrArray) maps = prefix_maps(v);
	environment_spec spec = {.platform = s->platform,
		.floor = s->floor,
		.cross_bin = s->cross ? seen(v, SANDBOX_CROSS "/bin") : NULL,
		.sysroot = s->cross ? seen(v, SANDBOX_SYSROOT) : NULL,
		.prefix_maps = (const char *const *)maps->pdata,
		.step = TRUE,
		.jobs = s->jobs,
		.source_date_epoch = s->source_date_epoch};
	g_autoptr(GPtrArray) env = environment_make(&spec);
	g_autofree char *proxy = g_strconcat("file://", seen(v, GO_MODULES), NULL);

	environment_set(env, "GOROOT", seen(v, GO_ROOT));
	environment_set(env, "GOPROXY", proxy);
	environment_set(env, "GOCACHE", seen(v, GO_CACHE));
	environment_set(env, "GOPATH", seen(v, SANDBOX_HOME "/go"));
	environment_set(env, "GOMODCACHE", seen(v, SANDBOX_HOME "/go/pkg/mod"));
	environment_set(env, "XORCH_WRAPPER_LOG", seen(v, SANDBOX_OUT "/" WRAPPER_LOG));
	for (guint i = 0; s->variables && i < s->variables->len; i++) {
		const bind_pair *p = g_ptr_array_index(s->variables, i);
		environment_set(env, p->name, p->value);
	}
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
	v->binds = g_array_new(FALSE, TRUE, sizeof(sandbox_bind));
	v->texts = g_ptr_array_new_with_free_func(g_free);
	view_binds(v);
	v->spec.level = s->level;
	v->spec.tools = s->tools;
	v->spec.network = s->network;
	v->spec.name = "go build";
	v->spec.log_path = s->log_path;
	v->spec.timeout_s = s->timeout_s;
	v->spec.silent_timeout_s = s->silent_timeout_s;
	v->spec.memory_limit = s->memory_limit;
	view_environment(v);
	view_command(v);
}

char *go_step_run(const go_step *s, GError **err)
{
	g_auto(view) v = {0};
	g_auto(sandbox_result) r = {0};
	g_autofree char *dist = g_build_filename(s->out, "dist", NULL);
	g_autofree char *path = g_build_filename(dist, s->name, NULL);
	g_autofree char *wrappers = g_build_filename(s->out, WRAPPER_LOG, NULL);

	view_init(&v, s);
	if (!fs_mkdir_p(dist, 0755, err))
		return NULL;
	gboolean ran = sandbox_run(&v.spec, &r, err);
	wrapper_log_tell(wrappers, s->item);
	if (!ran)
		return NULL;
	if (r.process.exit_code != 0) {
		build_log_context context = {.item = s->item,
			.step = "go build",
			.where = s->where,
			.log_path = s->log_path,
			.reproduce = s->reproduce,
			.spec = &v.spec};
		build_log_fail(&r, &context, err);
		return NULL;
	}
	if (g_file_test(path, G_FILE_TEST_IS_REGULAR) &&
		!g_file_test(path, G_FILE_TEST_IS_SYMLINK))
		return g_steal_pointer(&path);
	error_set(err, EXIT_BUILD, "X0944", "%s: go build made no program", s->item);
	error_line(err, "package: %s", s->package ? s->package : ".");
	error_line(err, "log: %s", s->log_path);
	error_help(err, "go.package must be a command (package main)");
	return NULL;
}
