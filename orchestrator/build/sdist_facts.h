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
