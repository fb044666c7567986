#pragma once
#include "build/context.h"
#include "build/cross.h"
#include "build/sandbox.h"
#include "plan/recipe.h"

/* Commands that build something for the target in the sandbox, without a Python: the
 * steps of a library, a build.script. The pointers are borrowed. */
typedef struct native_step {
	const build_context *ctx;
	const platform *platform;
	const char *floor;	    /* "2_17" */
	const cross *cross;	    /* compilers and sysroots */
	const char *source;	    /* host folder: a private copy, written to */
	const char *cwd;	    /* inside: SANDBOX_SRC or below */
	const char *out;	    /* host folder, at SANDBOX_OUT */
	const GArray *binds;	    /* sandbox_bind, further ones; NULL */
	const GPtrArray *defaults;  /* bind_pair: after ours, before the recipe's; NULL */
	const GPtrArray *variables; /* bind_pair: the recipe's env; NULL */
	const char *const *tools;   /* further host programs; NULL */
	gint64 source_date_epoch;   /* seconds */
	int jobs;
	gboolean strip, network;
	sandbox_level level; /* never AUTO */
	double timeout_s, silent_timeout_s;
	guint64 memory_limit;

	const char *log_path;  /* appended to */
	const char *item;      /* "openssl-3.5.1-linux-aarch64" */
	const char *where;     /* of the recipe's build key, or NULL */
	const char *reproduce; /* command line for the message, or NULL */
	const char *scratch;   /* host folder for home and tmp, kept */
} native_step;

/* Runs one command (looked up in the step's PATH); `name` is for messages:
 * "configure". An end other than 0 is one of the errors of build/build_log.h. Values
 * of defaults and of argv may hold {PATH} as in build/step_extras.h. */
gboolean native_step_run(
	const native_step *s, const char *name, const char *const *argv, GError **err);

/* build.script of a recipe: its lines (`set -eu` before them) or its file, run by sh.
 * The only place where text of a recipe meets a shell. */
gboolean native_step_script(const native_step *s, const recipe *r, GError **err);
