#pragma once
#include "build/context.h"
#include "build/sandbox.h"
#include "plan/catalog.h"

/* A target's system to run programs in: a sysroot definition with a Python
 * (sysroots/run-*.yaml), unpacked from its signed packages, no maintainer script run,
 * and qemu-user for machines other than this one. Only `verify` runs anything in it;
 * no build ever sees one. */
typedef struct run_root {
	const sysroot_def *def;	  /* borrowed */
	const platform *platform; /* the root's; static */
	const char *cpu;	  /* what qemu is told to be; static */
	char *tree;		  /* in the store, read-only */
	GPtrArray *more; /* char *: packages in it beside the definition's; may be NULL */
	char *qemu;	 /* the static qemu of this machine; NULL: not needed */
} run_root;

/* Inside. */
#define RUN_QEMU "/xorch/qemu"
#define RUN_SITE "/xorch/site" /* what was unpacked to be run */
#define RUN_TOOL "/xorch/tool" /* xorch's own helper */

/* The platform whose root programs of `p` run in: `p` itself, of ARMv6 and ARMv5, which
 * have none, ARMv7. Only static programs of those do: the root's libraries are ARMv7. */
const platform *run_root_platform(const platform *p);

/* Why nothing can be run for that platform here, a sentence that says what to
 * install; NULL when it can. New string. */
char *run_root_problem(const platform *p);

/* Fetches and unpacks if need be. `p` is what is run is built for: where qemu runs it,
 * it is on a processor that has no more than that of ARMv6 and ARMv5. */
gboolean run_root_prepare(const build_context *ctx, const sysroot_def *def,
	const platform *p, run_root *out, GError **err);
void run_root_clear(run_root *r);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(run_root, run_root_clear)

/* One command in it: no network, an ordinary user, everything but /tmp and HOME
 * read-only. argv[0] is a path inside. */
typedef struct run_command {
	const char *const *argv;
	const char *site;	 /* host folder seen as RUN_SITE */
	const char *tool;	 /* host folder seen as RUN_TOOL; NULL none */
	const char *python_path; /* PYTHONPATH; NULL none */
	double timeout_s;
} run_command;

/* FALSE only when it could not be started; output is captured. */
gboolean run_root_run(
	const run_root *r, const run_command *c, sandbox_result *result, GError **err);
