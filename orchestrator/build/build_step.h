#pragma once
#include "build/context.h"
#include "build/cross.h"
#include "build/sandbox.h"
#include "plan/environment.h"

/* What a step in the sandbox has whatever it builds: a hook of a backend
 * (build/python_step.h), a library's commands (build/native_step.h), a Go program
 * (build/go_step.h) hold one as their first member. The pointers are borrowed. */
typedef struct build_step {
	const build_context *ctx;
	const platform *platform;
	const char *floor;  /* "2_17" */
	const cross *cross; /* compilers and sysroots; NULL: none (Go without cgo) */
	const char *source; /* host folder: a private copy, written to */
	const char *out;    /* host folder, at SANDBOX_OUT, written to */
	const GPtrArray *variables; /* bind_pair: the recipe's env, after ours; NULL */
	const GPtrArray *cflags, *ldflags; /* char *: the recipe's toolchain's; NULL */
	const char *const *tools;	   /* further host programs; NULL */
	gint64 source_date_epoch;	   /* seconds */
	int jobs;
	gboolean strip, network;
	sandbox_level level; /* never AUTO */
	double timeout_s, silent_timeout_s;
	guint64 memory_limit;

	const char *log_path;  /* appended to */
	const char *item;      /* "cwcwidth-0.1.12-cp312-aarch64" */
	const char *where;     /* of the recipe's build key, or NULL */
	const char *reproduce; /* command line for the message, or NULL */
	const char *keep;      /* host folder in which kept_note is to tell of it; NULL */
	const char *scratch;   /* host folder for home and tmp, kept; NULL: thrown away */
	/* For what a failure says of libraries; NULL: nothing. */
	const char *sysroot;   /* name of the definition */
	const GPtrArray *host; /* char *: requirements.host */
} build_step;

/* Adds a row; nothing when host is NULL. */
void build_step_bind(
	GArray *binds, const char *host, const char *inside, gboolean writable);
/* sandbox_bind rows, of source, out, compilers and sysroots. New array. */
GArray *build_step_binds(const build_step *s);
/* Level, binds (borrowed), tools, limits and log of the step; `name` is for messages:
 * "configure". */
sandbox_spec build_step_sandbox(
	const build_step *s, const char *name, const GArray *binds);

/* The environment of plan/environment.h for the step, without the recipe's variables:
 * entries for environment_set, then environment_strv. `python` may be NULL. */
GPtrArray *build_step_environment(
	const build_step *s, const sandbox_spec *spec, const environment_python *python);
/* A recipe's value as the step sees it: names of plan/recipe.h that stayed open in it,
 * host.sysroot and host.pkg_config_wrapper, become paths. New string. */
char *build_step_value(const char *value, const sandbox_spec *spec);
/* bind_pair rows (NULL: none) into it; {PATH} in a value is expanded as in
 * build/step_extras.h when `expand`, else as build_step_value says. */
void build_step_set(GPtrArray *env, const GPtrArray *pairs, const sandbox_spec *spec,
	gboolean expand);

/* Where links for the target leave their maps (format/link_map.h), below the out folder;
 * those of an item's earlier steps stay. New string. */
char *build_step_link_maps(const char *out);

/* Runs it, and logs what the compiler wrappers changed. TRUE: it ran, however it
 * ended. */
gboolean build_step_run(
	const build_step *s, const sandbox_spec *spec, sandbox_result *r, GError **err);
/* An end other than 0 as one of the errors of build/build_log.h; returns FALSE. */
gboolean build_step_fail(const build_step *s, const sandbox_spec *spec,
	const sandbox_result *r, GError **err);
