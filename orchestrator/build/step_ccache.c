#include "build/step_ccache.h"
#include <fcntl.h>
#include <sys/stat.h>
#include "base/event.h"
#include "base/error.h"
#include "base/fs.h"
#include "base/process.h"
#include "build/pipeline_private.h"
#include "build/rust.h"
#include "build/step_files.h"
#include "build/step_rust.h"
#include "build/store.h"

#define CACHE "/xorch/ccache"
#define RUST_MAX "5G"

/* The sandbox shows /usr, not what lies elsewhere. New string or NULL. */
static char *of_the_machine(const char *name)
{
	g_autofree char *path = process_find_program(name, NULL);

	return path && g_str_has_prefix(path, "/usr/") &&
			       !g_str_has_prefix(path, "/usr/local/")
		       ? g_steal_pointer(&path)
		       : NULL;
}

/* Its server lives as long as the sandbox, which only bwrap's ends for sure. It knows
 * compilers by their files, and those of a build are wrappers (the cc crate takes it for
 * C too): so there is a cache for each pair of toolchains. */
static gboolean add_sccache(
	pipeline *p, const step_site *site, step_extras *x, GError **err)
{
	const item *i = site->item;
	g_autofree char *program = of_the_machine("sccache");
	g_auto(rust_toolchain) rust = {0};

	if (!program || site->level != SANDBOX_BWRAP || !step_rust_used(i))
		return TRUE;
	if (!rust_describe(p->ctx, i->recipe->toolchain.rust, i->platform, &rust, err))
		return FALSE;
	g_autofree char *dir =
		g_strdup_printf(CACHE "/rust/%.16s-%.16s", rust.key, site->cross->key);
	step_extras_env(x, "RUSTC_WRAPPER", program);
	step_extras_env(x, "SCCACHE_DIR", dir);
	step_extras_env(x, "SCCACHE_CACHE_SIZE", RUST_MAX);
	step_extras_env(x, "SCCACHE_CONF", STEP_FILES "/sccache.toml");
	/* A busy machine takes longer to start it than the 10 s that sccache waits. */
	return step_file_add(site, x, "sccache.toml",
		"server_startup_timeout_ms = 120000\n", FALSE, err);
}

static gboolean ccache_prepare(pipeline *p, step_site *site, step_extras *x, GError **err)
{
	g_autofree char *program = p->options.ccache ? of_the_machine("ccache") : NULL;
	const char *name = site->item->source->recipe->package.name;

	if (!p->options.ccache)
		return TRUE;
	if (!program)
		return error_set(err, EXIT_HOST, "X0842",
			"--ccache: there is no ccache in /usr/bin here");
	g_autofree char *cache =
		g_build_filename(store_dir(p->ctx->store), "ccache", name, NULL);
	g_autofree char *check = g_strconcat("string:", site->cross->key, NULL);
	if (!fs_mkdir_p(cache, 0700, err))
		return FALSE;
	utimensat(AT_FDCWD, cache, NULL, 0); /* `cache prune` goes by it */
	step_extras_bind(x, cache, CACHE, TRUE);
	step_extras_env(x, "XORCH_CCACHE", program);
	step_extras_env(x, "CCACHE_DIR", "{" CACHE "}");
	step_extras_env(x, "CCACHE_COMPILERCHECK", check);
	step_extras_env(x, "CCACHE_CONFIGPATH", "/dev/null");
	return !site->env || add_sccache(p, site, x, err);
}

const step_part step_ccache = {.name = "ccache", .prepare = ccache_prepare};
