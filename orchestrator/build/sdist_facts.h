#pragma once
#include "build/pypi.h"
#include "build/python_host.h"
#include "format/json.h"

/* What the sdist of a release says of how it is built (build/source_facts.h): fetched
 * through the verified door, unpacked, read as text, thrown away. The object, to be given
 * back by json_decref; NULL with the errors of pypi_find_sdist, fetch_blobs,
 * archive_unpack and source_facts_read. */
json_t *sdist_facts_read(const build_context *ctx, const pypi_project *p,
	const char *version, const host_python *python, GError **err);

/* Adds what the crates of a project in Rust ask for (`programs`, `crate_links`,
 * `arm_code`, `arm_asks`) where its sdist has no Cargo.lock that counts: cargo chooses
 * them now, as `xorch lock` will (rust_cargo_resolve), and nothing else is kept of that.
 */
gboolean sdist_facts_add_crates(const build_context *ctx, const pypi_project *p,
	const char *version, const host_python *python, json_t *facts, GError **err);
