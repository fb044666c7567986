#pragma once
#include "format/wheel.h"
#include "plan/platform.h"

/* Grafting: shared libraries that a wheel's code needs, that no system of its policy
 * has and that the build was linked with, become part of the wheel, as auditwheel
 * does it: copied with what they need themselves into NAME.libs/, renamed by their
 * hash (libpq-1a2b3c4d.so.5.13) so that no two of a process are taken for one
 * another, and found by RPATH from $ORIGIN. What of the members' own RPATH stays in the
 * wheel stays; what leads to where the build found libraries of the target goes, needed
 * or not, as Meson lets it stand in each module that was linked with such a folder. Their
 * licences come along, and a list of parts (ship/sbom.h).
 *
 * What is needed and found nowhere stays as it is: the audit says so. */
typedef struct repair_owner {
	char *package; /* "libpq5" */
	char *folder;  /* host folder of its shared libraries */
	char *licence; /* host path of its licence text, or NULL */
	/* For the list of parts, each may be NULL; see library_place. */
	char *version, *purl, *sha256, *expression;
	gboolean bare; /* a folder of somebody's: whose its libraries are is not known */
} repair_owner;

repair_owner *repair_owner_new(
	const char *package, const char *folder, const char *licence);
void repair_owner_free(repair_owner *o);

typedef struct repair_options {
	const char *patchelf; /* program; NULL: nothing is grafted */
	const char *work;     /* host folder for the edits, empty */
	const platform *platform;
	const char *floor;	  /* "2_17": what the system has by that policy */
	const GPtrArray *owners;  /* repair_owner *: where libraries are, in order */
	const GPtrArray *exclude; /* sonames or patterns (fnmatch) not to graft; NULL */
	const char *licences;	  /* folder of further licences (NAME/FILE), of what is
				   * linked statically; NULL none */
	/* Of another's wheel: libpython is taken out of what modules need, and RPATH
	 * entries that leave the wheel go, as auditwheel does. */
	gboolean foreign;
	/* repair_owner * without a folder: what else the list of parts names, because it
	 * is linked statically; NULL: none. */
	const GPtrArray *parts;
	gboolean sbom; /* a list of parts is written when there is any */
	gint64 mtime;
	const char *const *searched; /* folders within the build where libraries of the
				      * target are; NULL: none */
} repair_options;

/* What was done, for people and records. */
typedef struct repair_graft {
	char *soname, *file, *package; /* libpq.so.5, libpq-1a2b3c4d.so.5.13, libpq5,
					      or NULL */
	char *version;		       /* of the package, or NULL */
	char *sha256;		       /* of the library as it was found */
	/* Of the package, as its owner has them; each may be NULL. */
	char *purl, *package_sha256;
	gboolean plain_stack; /* it asked for an executable stack, the copy does not */
} repair_graft;
void repair_graft_free(repair_graft *g);

/* The repaired wheel's bytes, or a reference to `bytes` when there is nothing to do.
 * `grafts` gets repair_graft *. EXIT_AUDIT X0739 (with what patchelf said) when an
 * object could not be edited or is not sound afterwards (W13); X0744 when two owners
 * have different libraries of a name that is needed; X0745 when the object that needs
 * one is installed where no path to it is known. */
GBytes *wheel_repair(GBytes *bytes, const char *file, const repair_options *o,
	GPtrArray *grafts, GError **err);

/* What would have to be grafted and no owner has. */
typedef struct repair_missing {
	char *soname, *needed_by; /* libpq.so.5, pkg/_x.so or libfoo.so.1 */
} repair_missing;
void repair_missing_free(repair_missing *m);

/* Looks only. `missing` gets repair_missing *, each soname once, in the order found;
 * *edits tells whether wheel_repair would edit anything (o->patchelf is needed then). */
gboolean wheel_repair_missing(GBytes *bytes, const char *file, const repair_options *o,
	GPtrArray *missing, gboolean *edits, GError **err);
