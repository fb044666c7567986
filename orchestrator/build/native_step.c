#include "build/native_step.h"
#include "base/error.h"
#include "base/fs.h"
#include "build/build_log.h"
#include "build/step_extras.h"
#include "build/wrapper_log.h"
#include "format/yaml_bind.h"
#include "plan/environment.h"
#include <string.h>
#include <unistd.h>

#define WRAPPER_LOG "wrapper.log" /* in the out folder */
#define SCRIPT "build.sh"	  /* likewise */

static void bind(GArray *binds, const char *host, const char *inside, gboolean writable)
{
	sandbox_bind b = {host, inside, writable};

	if (host)
		g_array_append_val(binds, b);
}

static GArray *binds_of(const native_step *s)
{
	GArray *b = g_array_new(FALSE, TRUE, sizeof(sandbox_bind));

	bind(b, s->source, SANDBOX_SRC, TRUE);
	bind(b, s->out, SANDBOX_OUT, TRUE);
	bind(b, s->cross->dir, SANDBOX_CROSS, FALSE);
	bind(b, s->cross->toolchain_tree, SANDBOX_TOOLCHAIN, FALSE);
	bind(b, s->cross->build_toolchain_tree, SANDBOX_BUILD_TOOLCHAIN, FALSE);
	bind(b, s->cross->sysroot_tree, SANDBOX_SYSROOT, FALSE);
	bind(b, s->cross->build_sysroot_tree, SANDBOX_BUILD_SYSROOT, FALSE);
	if (s->binds)
		g_array_append_vals(b, s->binds->data, s->binds->len);
	return b;
}

/* Below bwrap real paths would get into object files, and CMake has to be told which
 * folders are the build's. */
static GPtrArray *prefix_maps(const sandbox_spec *spec, GString *roots)
{
	GPtrArray *maps = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; spec->level != SANDBOX_BWRAP && i < spec->n_binds; i++) {
		const sandbox_bind *b = &spec->binds[i];
		if (!b->inside)
			continue;
		g_ptr_array_add(maps, g_strdup_printf("%s=%s", b->host, b->inside));
		g_string_append_printf(roots, "%s%s", roots->len ? ":" : "", b->host);
	}
	g_ptr_array_add(maps, NULL);
	return maps;
}

static void set_pairs(
	GPtrArray *env, const GPtrArray *pairs, const sandbox_spec *spec, gboolean expand)
{
	for (guint i = 0; pairs && i < pairs->len; i++) {
		const bind_pair *p = g_ptr_array_index(pairs, i);
		g_autofree char *value =
			expand ? step_extras_expand(p->value, spec, spec->level)
			       : g_strdup(p->value);
		environment_set(env, p->name, value);
	}
}

static GStrv environment_of(const native_step *s, const sandbox_spec *spec)
{
	sandbox_level level = spec->level;
	g_autofree char *bin = sandbox_path(spec, level, SANDBOX_CROSS "/bin");
	g_autofree char *sysroot = sandbox_path(spec, level, SANDBOX_SYSROOT);
	g_autofree char *cmake =
		sandbox_path(spec, level, SANDBOX_CROSS "/cmake/toolchain.cmake");
	g_autofree char *log = sandbox_path(spec, level, SANDBOX_OUT "/" WRAPPER_LOG);
	g_autoptr(GString) roots = g_string_new(NULL);
	g_autoptr(GPtrArray) maps = prefix_maps(spec, roots);
	environment_spec e = {.platform = s->platform,
		.floor = s->floor,
		.cross_bin = bin,
		.sysroot = sysroot,
		.cmake_toolchain = cmake,
		.strip = s->strip,
		.prefix_maps = (const char *const *)maps->pdata,
		.step = TRUE,
		.jobs = s->jobs,
		.source_date_epoch = s->source_date_epoch};
	g_autoptr(GPtrArray) env = environment_make(&e);

	environment_set(env, "XORCH_WRAPPER_LOG", log);
	if (roots->len)
		environment_set(env, "XORCH_CMAKE_ROOTS", roots->str);
	set_pairs(env, s->defaults, spec, TRUE);
	set_pairs(env, s->variables, spec, FALSE);
	return environment_strv(env);
}

gboolean native_step_run(
	const native_step *s, const char *name, const char *const *argv, GError **err)
{
	g_autoptr(GArray) binds = binds_of(s);
	g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *wrappers = g_build_filename(s->out, WRAPPER_LOG, NULL);
	g_auto(sandbox_result) r = {0};
	sandbox_spec spec = {.level = s->level,
		.binds = (const sandbox_bind *)binds->data,
		.n_binds = binds->len,
		.tools = s->tools,
		.scratch = s->scratch,
		.network = s->network,
		.cwd = s->cwd,
		.name = name,
		.log_path = s->log_path,
		.timeout_s = s->timeout_s,
		.silent_timeout_s = s->silent_timeout_s,
		.memory_limit = s->memory_limit};
	g_auto(GStrv) env = environment_of(s, &spec);

	for (; *argv; argv++)
		g_ptr_array_add(words, step_extras_expand(*argv, &spec, spec.level));
	g_ptr_array_add(words, NULL);
	spec.argv = (const char *const *)words->pdata;
	spec.env = (const char *const *)env;
	unlink(wrappers);
	gboolean ran = sandbox_run(&spec, &r, err);
	wrapper_log_tell(wrappers, s->item);
	if (!ran)
		return FALSE;
	if (r.process.exit_code == 0)
		return TRUE;
	build_log_context context = {.item = s->item,
		.step = name,
		.where = s->where,
		.log_path = s->log_path,
		.reproduce = s->reproduce,
		.spec = &spec};
	return build_log_fail(&r, &context, err);
}

gboolean native_step_script(const native_step *s, const recipe *r, GError **err)
{
	g_autoptr(GString) text = g_string_new("set -eu\n");
	g_autofree char *path = g_build_filename(s->out, SCRIPT, NULL);
	const char *const argv[] = {"sh", "{" SANDBOX_OUT "/" SCRIPT "}", NULL};

	if (r->build.script_file) {
		g_autofree char *file =
			fs_resolve_beneath(r->dir, r->build.script_file, err);
		g_autoptr(GBytes) bytes = file ? fs_read(file, 1 << 20, err) : NULL;
		if (!bytes)
			return FALSE;
		g_string_append_len(text, g_bytes_get_data(bytes, NULL),
			(gssize)g_bytes_get_size(bytes));
	}
	for (guint n = 0; r->build.script && n < r->build.script->len; n++)
		g_string_append_printf(
			text, "%s\n", (char *)g_ptr_array_index(r->build.script, n));
	return fs_write_atomic(path, text->str, text->len, 0644, err) &&
	       native_step_run(s, "build.script", argv, err);
}
