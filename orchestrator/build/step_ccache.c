#include "build/step_ccache.h"
#include "base/event.h"
#include "base/error.h"
#include "base/fs.h"
#include "base/process.h"
#include "build/pipeline_private.h"
#include "build/store.h"

#define CACHE "/xorch/ccache"

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
	g_autofree char *cache =
		g_build_filename(store_root(p->ctx->store), "ccache", name, NULL);
	g_autofree char *check = g_strconcat("string:", site->cross->key, NULL);
	if (!fs_mkdir_p(cache, 0700, err))
		return FALSE;
	step_extras_bind(x, cache, CACHE, TRUE);
	step_extras_env(x, "XORCH_CCACHE", program);
	step_extras_env(x, "CCACHE_DIR", "{" CACHE "}");
	step_extras_env(x, "CCACHE_COMPILERCHECK", check);
	step_extras_env(x, "CCACHE_CONFIGPATH", "/dev/null");
	return TRUE;
}

const step_part step_ccache = {.name = "ccache", .prepare = ccache_prepare};
