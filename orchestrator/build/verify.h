#pragma once
#include "build/run_root.h"
#include "format/wheel.h"
#include "plan/recipe.h"

/* The tests of an artefact, run where it is meant to run: in a root of the target's
 * Debian, by qemu-user, without network and within time limits. The build knows nothing
 * of it and no key depends on it.
 *
 * From a recipe (`tests:`):
 *	imports		each module is imported, all of a test by one interpreter
 *	commands	words as a shell splits them, but by no shell: the first is
 *			python, a script of the wheel, or the program itself
 *	contents	patterns over the names in the wheel
 *	run		emulated (default): everywhere. native: only where this machine
 *			is of the target's kind. skip: never
 * Without a recipe every top-level module and every extension module is imported. */
typedef enum verify_state {
	VERIFY_PASSED,
	VERIFY_FAILED,
	VERIFY_NOT_RUN, /* could not be: `detail` says what would have to be there */
	VERIFY_SKIPPED, /* the recipe wants it so */
} verify_state;
const char *verify_state_name(verify_state s); /* "passed", "failed", "not run", … */

typedef struct verify_check {
	char *kind;    /* "import", "command", "contents", "install" */
	char *subject; /* the module, command, pattern */
	verify_state state;
	char *detail; /* why not, one line; NULL when passed */
	char *output; /* of what failed: its last lines; or NULL */
	double seconds;
} verify_check;

/* One artefact in one root. */
typedef struct verify_run {
	char *file; /* as given */
	char *root; /* "run-3.11", NULL when there is none for it */
	const platform *platform;
	char *python;	    /* "3.11", NULL for a program */
	char *recipe;	    /* path; NULL: without one */
	gboolean emulated;  /* by qemu */
	GPtrArray *checks;  /* verify_check * */
	GPtrArray *with;    /* char *: file names of the wheels it needed */
	verify_state state; /* failed when any check failed; not run when none was */
	char *reason;	    /* why nothing was run, or NULL */
	double seconds;
} verify_run;

void verify_run_free(verify_run *r);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(verify_run, verify_run_free)

typedef struct verify_spec {
	const char *file;
	const recipe *recipe;	  /* as loaded; NULL none */
	const char *command;	  /* a further command, or NULL */
	const GPtrArray *folders; /* char *: own wheels; see verify_requires.h */
	const GPtrArray *pythons; /* char *: "3.11"; NULL: what the wheel is for */
	double timeout_s;	  /* of one command; 0: 300 */
} verify_spec;

/* Appends to `runs` (verify_run *) one run for each root the artefact fits, or one that
 * says why there is none. FALSE with EXIT_INPUT for a file that is neither wheel nor
 * program, EXIT_INTEGRITY or EXIT_AUDIT for a wheel that cannot be read; the roots'
 * own errors (network, locks) come through. */
gboolean verify_file(
	const build_context *ctx, const verify_spec *spec, GPtrArray *runs, GError **err);
