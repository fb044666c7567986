#pragma once
#include "build/sandbox.h"

/* The machine's own ccache or sccache, found in PATH and started once by a build step's
 * means: what has another libc, lacks a library or is no program at all is known before
 * a build depends on it. */
typedef struct compiler_cache {
	const char *name; /* "ccache", "sccache" */
	char *host;	  /* absolute path on this machine, links resolved */
	char *inside;	  /* how a step names it, for step_extras_env */
	char *version;	  /* as it says itself: "4.7.5" */
	gboolean bound; /* steps do not see it: to be bound at COMPILER_CACHE_BIN/NAME */
	char *problem;	/* it is there and does not work: why; else NULL */
} compiler_cache;

#define COMPILER_CACHE_BIN "/xorch/compiler-cache"

/* Neither NULL nor with a problem: it works at `level` (never AUTO). NULL: there is none.
 * Tried at the first call of the process for name and level, then free; the result
 * stays. May be called from any thread. */
const compiler_cache *compiler_cache_find(const char *name, sandbox_level level);

/* What a build got of it, out of what ccache writes into CCACHE_STATSLOG (4.4 or newer)
 * or sccache's server at SCCACHE_LOG=sccache::compiler::compiler=debug: compilations
 * whose result was there, and others that were made and kept. Added to the numbers. */
void compiler_cache_count(const char *log, guint *hits, guint *misses);
