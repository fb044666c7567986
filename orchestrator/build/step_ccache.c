#include "build/step_ccache.h"
#include "base/event.h"
#include "base/error.h"
#include "base/fs.h"
#include "base/process.h"
#include "build/pipeline_private.h"
#include "build/store.h"
#include <errno.h>
#include <unistd.h>

#define LINKS "/xorch/ccache/bin"
#define CACHE "/xorch/ccache/cache"

static gboolean make_links(const char *folder, const char *program, GError **err)
{
	static const char *const names[] = {"cc", "c++", NULL};

	if (!fs_mkdir_p(folder, 0755, err))
		return FALSE;
	for (guint n = 0; names[n]; n++) {
		g_autofree char *path = g_build_filename(folder, names[n], NULL);
		if (symlink(program, path) != 0 && errno != EEXIST)
			return fs_fail(err, errno, "make the link", path, 0);
	}
	return TRUE;
}

static gboolean ccache_prepare(pipeline *p, step_site *site, step_extras *x, GError **err)
{
	g_autofree char *program =
		p->options.ccache ? process_find_program("ccache", NULL) : NULL;
	const char *name = site->item->source->recipe->package.name;

	if (!p->options.ccache)
		return TRUE;
	/* The sandbox shows /usr, not what lies elsewhere. */
	if (!program || !g_str_has_prefix(program, "/usr/") ||
		g_str_has_prefix(program, "/usr/local/"))
		return error_set(err, EXIT_HOST, "X0842",
			"--ccache: there is no ccache in /usr/bin here");
	g_autofree char *links = g_build_filename(site->scratch, "ccache", NULL);
	g_autofree char *cache =
		g_build_filename(store_root(p->ctx->store), "ccache", name, NULL);
	g_autofree char *check = g_strconcat("string:", site->cross->key, NULL);
	if (!make_links(links, program, err) || !fs_mkdir_p(cache, 0700, err))
		return FALSE;
	step_extras_bind(x, links, LINKS, FALSE);
	step_extras_bind(x, cache, CACHE, TRUE);
	step_extras_env(x, "CC", "{" LINKS "}/cc");
	step_extras_env(x, "CXX", "{" LINKS "}/c++");
	step_extras_env(x, "CMAKE_C_COMPILER_LAUNCHER", program);
	step_extras_env(x, "CMAKE_CXX_COMPILER_LAUNCHER", program);
	step_extras_env(x, "CCACHE_DIR", "{" CACHE "}");
	step_extras_env(x, "CCACHE_COMPILERCHECK", check);
	step_extras_env(x, "CCACHE_CONFIGPATH", "/dev/null");
	return TRUE;
}

const step_part step_ccache = {.name = "ccache", .prepare = ccache_prepare};
