#pragma once
#include "build/pipeline_private.h"

/* What becomes part of a wheel's machine code by being linked statically, for its list of
 * parts (wheel.sbom): libraries of recipes, static archives of Debian's
 * (wheel.link_static), whatever else the linker took of archives that are not the
 * project's (build/pipeline_archives.h), subprojects of Meson that were fetched and
 * taken, Rust's standard library, and the crates that were compiled for the target, not
 * those of build scripts and macros. Grafted libraries are told where they are grafted;
 * what is linked statically into those of a recipe is not known. */

/* What a build left. */
typedef struct pipeline_built {
	const char *const *folders; /* the source, and where cargo left word of what it
				     * compiled; NULL-terminated */
	const char *wheel;	    /* as the backend made it */
	const char *out;	    /* the step's out folder */
	const cross *cross;
} pipeline_built;

/* library_place * without a folder; empty when wheel.sbom is off. */
GPtrArray *pipeline_parts(pipeline *p, item *i, const pipeline_built *b, GError **err);

/* What it will read of packages into the store. */
gboolean pipeline_parts_fetch(pipeline *p, item *i, GError **err);

/* Adds what the list depends on and nothing else in the key says. */
void pipeline_parts_add_to_key(const item *i, key *k);

/* A library that a recipe made, by the recipe: name, version, licence, and the sha256 of
 * its source. `folder` may be NULL. */
library_place *pipeline_parts_library(const item *library, const char *folder);
