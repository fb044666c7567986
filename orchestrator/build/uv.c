#include "build/uv.h"
#include "base/error.h"
#include "build/pypi_tool.h"
#include "plan/key.h"
#include <string.h>

/* The static build. */
#define WHEELS "musllinux_"

void uv_clear(uv *u)
{
	g_free(u->program);
	g_free(u->version);
	g_free(u->key);
	memset(u, 0, sizeof *u);
}

/* What stands there and is the same stays where it is: other threads may read it. */
static void describe(const locked_package *p, uv *out)
{
	g_autoptr(key) k = key_new("uv", 1);

	key_add(k, "wheel", p->sha256);
	if (g_strcmp0(out->key, key_digest(k)) == 0)
		return;
	uv_clear(out);
	out->key = g_strdup(key_digest(k));
	out->version = g_strdup(p->version);
}

gboolean uv_describe(const build_context *ctx, uv *out, GError **err)
{
	g_autoptr(toolchain_def) def = NULL;
	g_autoptr(locked_package) p =
		pypi_tool_locked(ctx, "uv", WHEELS, FALSE, &def, err);

	if (p)
		describe(p, out);
	return p != NULL;
}

gboolean uv_prepare(const build_context *ctx, uv *out, GError **err)
{
	g_autoptr(toolchain_def) def = NULL;
	g_autoptr(locked_package) p =
		pypi_tool_locked(ctx, "uv", WHEELS, FALSE, &def, err);

	if (!p)
		return FALSE;
	describe(p, out);
	out->program = pypi_tool_program(ctx, def, p, out->key, err);
	return out->program != NULL;
}

gboolean uv_lock(const build_context *ctx, GError **err)
{
	g_autoptr(toolchain_def) def = NULL;
	g_autoptr(locked_package) p =
		pypi_tool_locked(ctx, "uv", WHEELS, TRUE, &def, err);

	return p && pypi_tool_lock_programs(ctx, def, err);
}

/* Of this machine's environment only what the network needs. */
static const char *const kept[] = {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY",
	"http_proxy", "https_proxy", "all_proxy", "no_proxy", "SSL_CERT_FILE",
	"SSL_CERT_DIR", NULL};

static GPtrArray *environment(const char *work, const char *const *extra)
{
	GPtrArray *env = g_ptr_array_new_with_free_func(g_free);

	g_ptr_array_add(env, g_strdup("PATH=/usr/bin:/bin"));
	g_ptr_array_add(env, g_strdup("LC_ALL=C.UTF-8"));
	g_ptr_array_add(env, g_strdup("UV_NO_CONFIG=1"));
	g_ptr_array_add(env, g_strdup("UV_NO_PROGRESS=1"));
	g_ptr_array_add(env, g_strdup("UV_PYTHON_DOWNLOADS=never"));
	g_ptr_array_add(env, g_strdup("UV_SYSTEM_CERTS=1"));
	g_ptr_array_add(env, g_strdup("PYTHONDONTWRITEBYTECODE=1"));
	g_ptr_array_add(env, g_strdup_printf("HOME=%s", work));
	g_ptr_array_add(env, g_strdup_printf("TMPDIR=%s", work));
	g_ptr_array_add(env, g_strdup_printf("UV_CACHE_DIR=%s/cache", work));
	for (const char *const *name = kept; *name; name++)
		if (g_getenv(*name))
			g_ptr_array_add(
				env, g_strdup_printf("%s=%s", *name, g_getenv(*name)));
	for (; extra && *extra; extra++)
		g_ptr_array_add(env, g_strdup(*extra));
	g_ptr_array_add(env, NULL);
	return env;
}

gboolean uv_run(const uv *u, const char *const *args, const char *work,
	const char *const *extra, GBytes *input, process_result *result, GError **err)
{
	g_autoptr(GPtrArray) env = environment(work, extra);
	g_autoptr(GPtrArray) argv = g_ptr_array_new();

	g_ptr_array_add(argv, u->program);
	for (; *args; args++)
		g_ptr_array_add(argv, (gpointer)*args);
	g_ptr_array_add(argv, NULL);
	process_spec spec = {.argv = (const char *const *)argv->pdata,
		.env = (const char *const *)env->pdata,
		.cwd = work,
		.name = "uv",
		.input = input,
		.capture = TRUE,
		.timeout_s = 600};
	return process_run(&spec, result, err);
}
