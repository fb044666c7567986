#pragma once
#include "build/build_step.h"
#include "build/go.h"

/* `go build` of one program, in the sandbox, without network. Pointers are borrowed. */
typedef struct go_step {
	build_step base; /* its cross is NULL without cgo */
	const go_tool *go;
	const char *subdirectory; /* of the module in the source; NULL: its top */
	const char *modules;	  /* host folder: go_modcache_prepare */
	const char *std;	  /* host folder: go_std_prepare */
	const char *cache;     /* host folder for a copy of it, private to this build */
	const char *name;      /* the program is dist/NAME in the out folder */
	const char *package;   /* NULL: "." */
	const GPtrArray *tags; /* NULL none */
	const GPtrArray *ldflags; /* NULL none */
	gboolean complete;	  /* go.mod may be completed (a source without go.sum) */
} go_step;

/* Host path of the program; NULL with the errors of build/build_log.h, or EXIT_BUILD
 * X0944 when go said it built and there is none. */
char *go_step_run(const go_step *s, GError **err);
