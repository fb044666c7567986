#pragma once
#include "build/pipeline_private.h"

/* What becomes part of a wheel's machine code by being linked statically, for its list of
 * parts (wheel.sbom): libraries of recipes, static archives of Debian's
 * (wheel.link_static), and the crates that were compiled for the target, not those of
 * build scripts and macros. Grafted libraries are told where they are grafted. */

/* library_place * without a folder. `built` are the folders of the build
 * (NULL-terminated), where cargo left word of what it compiled. Empty when wheel.sbom is
 * off. */
GPtrArray *pipeline_parts(pipeline *p, item *i, const char *const *built, GError **err);

/* Adds what the list depends on and nothing else in the key says. */
void pipeline_parts_add_to_key(const item *i, key *k);

/* A library that a recipe made, by the recipe: name, version, licence, and the sha256 of
 * its source. `folder` may be NULL. */
library_place *pipeline_parts_library(const item *library, const char *folder);
