#pragma once
#include "build/builder.h"
#include "build/cross.h"
#include "build/python_project.h"
#include "build/python_target.h"
#include "build/sandbox.h"

/* What backends and kinds of input (Rust, CMake, meson, libraries, the overlay) add to
 * a wheel's build step. Each is a step_part in a file of its own, listed in
 * build/pipeline_wheel.c; one that has nothing to do with an item does nothing. */
typedef struct step_extras {
	GArray *binds;	 /* sandbox_bind with owned strings */
	GPtrArray *env;	 /* bind_pair: after xorch's own, before the recipe's */
	GPtrArray *path; /* char *: folders inside, put before the step's PATH */
	GPtrArray *config_settings; /* bind_pair, before the recipe's */
} step_extras;

void step_extras_init(step_extras *x);
void step_extras_clear(step_extras *x);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(step_extras, step_extras_clear)

/* Copies what is given. Paths inside are constant (/xorch/…); values may hold
 * `{PATH}` for such a path, which becomes what the command sees at the step's level
 * (sandbox_path): "{/xorch/rust}/bin/cargo". */
void step_extras_bind(
	step_extras *x, const char *host, const char *inside, gboolean writable);
void step_extras_env(step_extras *x, const char *name, const char *value);
void step_extras_path(step_extras *x, const char *inside);
void step_extras_setting(step_extras *x, const char *name, const char *value);

/* Where a build stands when the parts are asked. Pointers are borrowed; a part may
 * write below `source` and `scratch` (host folders, private to this build). */
typedef struct step_site {
	item *item;
	const cross *cross;
	const python_target *target;
	const python_project *project;
	const char *env; /* tree of the build environment; a part may put another in its
			  * place that lives as long as the step (the overlay) */
	const char *source, *scratch;
	sandbox_level level;
	gboolean compared; /* its result is held against that of another build: nothing
			    * comes out of a cache that builds fill */
} step_site;

typedef struct step_part {
	const char *name;
	/* All may be NULL; all are asked for every wheel. */
	gboolean (*lock)(pipeline *p, item *i, GError **err);
	gboolean (*add_to_key)(pipeline *p, item *i, key *k, GError **err);
	gboolean (*fetch)(pipeline *p, item *i, GError **err);
	gboolean (*prepare)(pipeline *p, step_site *site, step_extras *x, GError **err);
} step_part;

/* Over a NULL-terminated list, in order, until one fails. */
gboolean step_parts_lock(
	const step_part *const *parts, pipeline *p, item *i, GError **err);
gboolean step_parts_add_to_key(
	const step_part *const *parts, pipeline *p, item *i, key *k, GError **err);
gboolean step_parts_fetch(
	const step_part *const *parts, pipeline *p, item *i, GError **err);
gboolean step_parts_prepare(const step_part *const *parts, pipeline *p, step_site *site,
	step_extras *x, GError **err);

/* A value with its {PATH}s replaced for a step. New string. */
char *step_extras_expand(
	const char *value, const sandbox_spec *spec, sandbox_level level);
