#pragma once
#include <glib.h>

/* A wheel's list of parts (PEP 770): .dist-info/sboms/xorch.cdx.json in CycloneDX 1.5's
 * JSON. It names what became part of the machine code from outside the project: grafted
 * libraries, those that are linked statically, crates. What is only used at run time or
 * only while building is not in it.
 *
 * The text depends on the parts alone: no time, no version of this program; the serial
 * number is made of the contents. */
typedef struct sbom_file {
	char *path;   /* in the wheel */
	char *sha256; /* of the file as it lies there */
} sbom_file;

typedef struct sbom_part {
	char *name, *version; /* "libpq5"; version NULL: not known */
	char *purl;	      /* NULL: pkg:generic/NAME@VERSION */
	char *sha256;	      /* of the package or source it is from; NULL */
	char *licence;	      /* NULL: not known */
	gboolean spdx;	      /* it is an SPDX expression, else just a name */
	GPtrArray *files;     /* sbom_file *: grafted ones; may be empty */
} sbom_part;

sbom_part *sbom_part_new(const char *name, const char *version);
void sbom_part_free(sbom_part *p);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(sbom_part, sbom_part_free)
void sbom_part_add_file(sbom_part *p, const char *path, const char *sha256);

/* `parts` (sbom_part *) of the project, in any order; parts of one purl become one. */
char *sbom_text(const char *project, const char *version, const GPtrArray *parts);
