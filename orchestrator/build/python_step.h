#pragma once
#include "build/context.h"
#include "build/cross.h"
#include "build/python_project.h"
#include "build/python_target.h"
#include "build/sandbox.h"
#include "format/json.h"

/* One hook of a build backend, run in the sandbox under the target's identity. The
 * pointers are borrowed. */
typedef struct python_step {
	const build_context *ctx;
	const host_python *python;
	const platform *platform;
	const char *floor;	     /* "2_17" */
	const cross *cross;	     /* compilers and sysroots */
	const python_target *target; /* prepared */
	const char *env;	     /* tree of python_env_prepare */
	const char *source;	     /* host folder: a private copy, written to */
	const char *subdirectory;    /* of the project in it; NULL: its top */
	const char *out; /* host folder, empty: request, answer, dist/ with the result */
	const python_project *project;

	const struct step_extras *extras; /* of backends and libraries; NULL */
	const GPtrArray *config_settings; /* bind_pair; a name may come again; NULL */
	const GPtrArray *variables;	  /* bind_pair: recipe's env, after ours; NULL */
	const char *const *tools;	  /* further host programs; NULL */
	gint64 source_date_epoch;	  /* seconds */
	int jobs;
	gboolean strip, network;
	sandbox_level level;
	double timeout_s, silent_timeout_s;
	guint64 memory_limit;

	const char *log_path;  /* appended to */
	const char *item;      /* "cwcwidth-0.1.12-cp312-aarch64" */
	const char *where;     /* of the recipe's build key, or NULL */
	const char *reproduce; /* command line for the message, or NULL */
	const char *scratch;   /* host folder for home and tmp, kept; NULL: thrown away */
} python_step;

/* Calls `hook` and returns its result (json_decref it). NULL: the errors of
 * build/build_log.h when it failed, EXIT_BUILD X0915 when the backend cannot be
 * loaded or lacks the hook. */
json_t *python_step_call(const python_step *step, const char *hook, GError **err);

/* The backend's own get_requires_for_build_wheel: requirements with markers, to be
 * put through python_requirements. */
GStrv python_step_requires(const python_step *step, GError **err);
