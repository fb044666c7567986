#pragma once
#include "cli/repair_libraries.h"
#include "format/json.h"
#include "ship/wheelhouse.h"

/* The statement (format/intoto.h) beside a wheel that was repaired, as SLSA v1 has it:
 *
 *	buildType		PROVENANCE_REPAIR_TYPE
 *	externalParameters	the wheel that was repaired (file name, sha256), target,
 *				sysroot; floor, excludeLibraries and sourceDateEpoch if
 *				they were asked for
 *	internalParameters	before, after: platform tags, and the tag that the audit
 *				gives (null: none)
 *	resolvedDependencies	the wheel; each package that libraries were taken from,
 *				with the package URL of the list of parts, its place in
 *				the archive and "libraries": soname, file in the wheel,
 *				sha256 of the library as it was found; libraries of
 *				--lib-dir; patchelf; the definition of the sysroot
 *	builder			as in build/pipeline_provenance.h
 *
 * There is no time in it, no folder of the machine and nothing of other wheels: the same
 * repair has the same statement. */
#define PROVENANCE_REPAIR_TYPE "urn:xorch:repair:1"

/* What such rows are for ("annotations": {"for": …}). */
#define REPAIR_FOR_WHEEL "wheel"
#define REPAIR_FOR_FOLDER "lib-dir"

/* Up to `result` filled in before, and borrowed. */
typedef struct repair_provenance {
	const char *path, *name;   /* of the wheel as it came, its base name */
	GBytes *bytes;		   /* it */
	char **platforms;	   /* its platform tags */
	const repair_options *how; /* platform NULL: nothing is looked for */
	/* A wheel that the repair leaves as it is has the statement that it came with, if
	 * any: who made it is what counts. */
	gboolean keep;
	const wheel_result *result; /* filled in while the wheel is made */

	char *sha256;		     /* of the wheel as it came */
	const sysroot_def *def;	     /* of the sysroot that would be asked */
	package_section *sysroot;    /* its packages; NULL: it was not asked */
	const GPtrArray *suite;	     /* locked_package * beside those; or NULL */
	json_t *definitions, *tools; /* rows */
} repair_provenance;

void repair_provenance_clear(repair_provenance *p);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(repair_provenance, repair_provenance_clear)

/* When all libraries are found: reads what may fail. Errors of the locks and files. */
gboolean repair_provenance_prepare(
	repair_provenance *p, const repair_libraries *l, GError **err);

/* For place_beside; data is a repair_provenance. */
char *repair_provenance_text(const char *name, const char *sha256, const void *data);
