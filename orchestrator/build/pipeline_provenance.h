#pragma once
#include "build/pipeline.h"
#include "build/python_target.h"
#include "format/json.h"

/* The predicate of an item's provenance statement (format/intoto.h), as SLSA v1 has it:
 *
 * buildType: PROVENANCE_BUILD_TYPE.
 *
 * externalParameters: what was asked for: package, recipe and lock (path from the top of
 * their repository, sha256), target, python, floor, toolchain, sysroot, SOURCE_DATE_EPOCH
 * if it was set, the label of --snapshot, network if the recipe or --allow-network opens
 * it.
 *
 * internalParameters: the item's id and key with the inputs of that, the level of the
 * sandbox and what it cut off, the build machine's Python and the sha256 of the target's
 * headers made from it.
 *
 * resolvedDependencies: the recipe's repository (commit; "changed" lists what of the
 * inputs was not as committed), recipe, lock, patches, sources, every locked file, those
 * of libraries included.
 *
 * builder: PROVENANCE_BUILDER, with xorch's version.
 *
 * The sha256 of a source that is a folder is that of its names and contents. There is
 * no time in it, no number of processors, no path of this machine, no value of
 * build.env_pass, and of what is fetched the registry's name only: two builds of the
 * same inputs have the same predicate. (`xorch log` knows when.) */
#define PROVENANCE_BUILD_TYPE "urn:xorch:build:1"
#define PROVENANCE_BUILDER "urn:xorch:builder:1"

/* For an item that was just built: key, sandbox and what it needed are known. `target`
 * NULL: no Python. json_decref it; NULL with an error of a file or lock that cannot be
 * read. */
json_t *pipeline_provenance(
	pipeline *p, item *i, const python_target *target, GError **err);
