#include "build/build_step.h"
#include "base/fs.h"
#include "build/build_log.h"
#include "build/kept.h"
#include "build/step_extras.h"
#include "build/wrapper_log.h"
#include "format/yaml_bind.h"
#include <unistd.h>

/* In the out folder. */
#define WRAPPER_LOG "wrapper.log"
#define LINK_MAPS "links"

void build_step_bind(
	GArray *binds, const char *host, const char *inside, gboolean writable)
{
	sandbox_bind b = {host, inside, writable};

	if (host)
		g_array_append_val(binds, b);
}

GArray *build_step_binds(const build_step *s)
{
	GArray *b = g_array_new(FALSE, TRUE, sizeof(sandbox_bind));
	const cross *c = s->cross;

	build_step_bind(b, s->source, SANDBOX_SRC, TRUE);
	build_step_bind(b, s->out, SANDBOX_OUT, TRUE);
	if (!c)
		return b;
	build_step_bind(b, c->dir, SANDBOX_CROSS, FALSE);
	build_step_bind(b, c->toolchain_tree, SANDBOX_TOOLCHAIN, FALSE);
	build_step_bind(b, c->build_toolchain_tree, SANDBOX_BUILD_TOOLCHAIN, FALSE);
	build_step_bind(b, c->sysroot_tree, SANDBOX_SYSROOT, FALSE);
	build_step_bind(b, c->build_sysroot_tree, SANDBOX_BUILD_SYSROOT, FALSE);
	return b;
}

sandbox_spec build_step_sandbox(
	const build_step *s, const char *name, const GArray *binds)
{
	return (sandbox_spec){.level = s->level,
		.binds = (const sandbox_bind *)binds->data,
		.n_binds = binds->len,
		.tools = s->tools,
		.scratch = s->scratch,
		.network = s->network,
		.name = name,
		.log_path = s->log_path,
		.timeout_s = s->timeout_s,
		.silent_timeout_s = s->silent_timeout_s,
		.memory_limit = s->memory_limit};
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

GPtrArray *build_step_environment(
	const build_step *s, const sandbox_spec *spec, const environment_python *python)
{
	sandbox_level level = spec->level;
	g_autofree char *bin = sandbox_path(spec, level, SANDBOX_CROSS "/bin");
	g_autofree char *sysroot = sandbox_path(spec, level, SANDBOX_SYSROOT);
	g_autofree char *cmake =
		sandbox_path(spec, level, SANDBOX_CROSS "/cmake/toolchain.cmake");
	g_autofree char *log = sandbox_path(spec, level, SANDBOX_OUT "/" WRAPPER_LOG);
	g_autofree char *links = sandbox_path(spec, level, SANDBOX_OUT "/" LINK_MAPS);
	g_autoptr(GString) roots = g_string_new(NULL);
	g_autoptr(GPtrArray) maps = prefix_maps(spec, roots);
	environment_spec e = {.platform = s->platform,
		.floor = s->floor,
		.cross_bin = s->cross ? bin : NULL,
		.fortran = s->cross && cross_has_fortran(s->cross),
		.sysroot = s->cross ? sysroot : NULL,
		.cmake_toolchain = s->cross ? cmake : NULL,
		.python = python,
		.strip = s->strip,
		.prefix_maps = (const char *const *)maps->pdata,
		.cflags = s->cflags,
		.ldflags = s->ldflags,
		.step = TRUE,
		.jobs = s->jobs,
		.source_date_epoch = s->source_date_epoch};
	GPtrArray *env = environment_make(&e);

	environment_set(env, "XORCH_WRAPPER_LOG", log);
	if (s->cross)
		environment_set(env, "XORCH_LINK_MAPS", links);
	if (roots->len)
		environment_set(env, "XORCH_CMAKE_ROOTS", roots->str);
	return env;
}

char *build_step_value(const char *value, const sandbox_spec *spec)
{
	static const char *const rows[][2] = {
		{"${{ host.sysroot }}", SANDBOX_SYSROOT},
		{"${{ host.pkg_config_wrapper }}", SANDBOX_CROSS "/bin/pkg-config"},
	};
	GString *text = g_string_new(value);

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *path = sandbox_path(spec, spec->level, rows[i][1]);
		g_string_replace(text, rows[i][0], path, 0);
	}
	return g_string_free(text, FALSE);
}

void build_step_set(
	GPtrArray *env, const GPtrArray *pairs, const sandbox_spec *spec, gboolean expand)
{
	for (guint i = 0; pairs && i < pairs->len; i++) {
		const bind_pair *p = g_ptr_array_index(pairs, i);
		g_autofree char *value =
			expand ? step_extras_expand(p->value, spec, spec->level)
			       : build_step_value(p->value, spec);
		environment_set(env, p->name, value);
	}
}

char *build_step_link_maps(const char *out)
{
	return g_build_filename(out, LINK_MAPS, NULL);
}

gboolean build_step_run(
	const build_step *s, const sandbox_spec *spec, sandbox_result *r, GError **err)
{
	g_autofree char *wrappers = g_build_filename(s->out, WRAPPER_LOG, NULL);
	g_autofree char *links = build_step_link_maps(s->out);

	unlink(wrappers);
	if (s->cross && !fs_mkdir_p(links, 0755, err))
		return FALSE;
	if (s->keep && !kept_note(s->keep, spec, err))
		return FALSE;
	gboolean ran = sandbox_run(spec, r, err);
	wrapper_log_tell(wrappers, s->item);
	return ran;
}

gboolean build_step_fail(const build_step *s, const sandbox_spec *spec,
	const sandbox_result *r, GError **err)
{
	build_log_context context = {.item = s->item,
		.step = spec->name,
		.where = s->where,
		.log_path = s->log_path,
		.reproduce = s->reproduce,
		.spec = spec,
		.sysroot = s->sysroot,
		.platform = s->platform,
		.host = s->host};

	return build_log_fail(r, &context, err);
}
