#pragma once
#include "build/pypi.h"

/* Holds who published a file against those that a recipe names (char *,
 * plan/publisher.h), by what the index attests of it (format/attestations.h): asked of
 * the index's own host, at most 2 MiB. Every statement of the publisher's must speak of
 * this very file, by its sha256. Which one it was, to be kept; new string. EXIT_INTEGRITY
 * X0607 when it is none of them or nothing is attested, X0603 and X0604 of the answer
 * itself. */
char *pypi_publisher(const build_context *c, const pypi_project *p, const index_file *f,
	const GPtrArray *wanted, GError **err);
