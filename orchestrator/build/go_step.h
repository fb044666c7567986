#pragma once
#include "build/context.h"
#include "build/cross.h"
#include "build/go.h"
#include "build/sandbox.h"

/* `go build` of one program, in the sandbox, without network. Pointers are borrowed. */
typedef struct go_step {
	const go_tool *go;
	const platform *platform;
	const char *floor;
	const cross *cross;	  /* compilers and sysroots; NULL: without cgo */
	const char *source;	  /* host folder: a private copy, written to */
	const char *subdirectory; /* of the module in it; NULL: its top */
	const char *modules;	  /* host folder: go_modules_write */
	const char *cache;	  /* host folder: GOCACHE, private to this build */
	const char *out;	  /* host folder; the program is dist/NAME in it */
	const char *name;
	const char *package;	  /* NULL: "." */
	const GPtrArray *tags;	  /* NULL none */
	const GPtrArray *ldflags; /* NULL none */
	gboolean complete;	  /* go.mod may be completed (a source without go.sum) */

	const GPtrArray *variables; /* bind_pair: recipe's env, after ours; NULL */
	const char *const *tools;   /* further host programs; NULL */
	gint64 source_date_epoch;
	int jobs;
	gboolean network;
	sandbox_level level; /* not AUTO */
	double timeout_s, silent_timeout_s;
	guint64 memory_limit;

	const char *log_path, *item, *where, *reproduce, *scratch;
} go_step;

/* Host path of the program; NULL with the errors of build/build_log.h, or EXIT_BUILD
 * X0944 when go said it built and there is none. */
char *go_step_run(const go_step *s, GError **err);
