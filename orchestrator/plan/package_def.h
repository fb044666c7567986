#pragma once
#include "format/yaml_bind.h"

/* What Debian packages a tree is made of, as a catalogue file says it:
 *
 *	debian:
 *	  suite: bullseye
 *	  component: main		default
 *	  architecture: amd64		default: the target's
 *	  signed_by: [FINGERPRINT …]	keys that may sign the suite's Release
 *	packages: [libc6-dev …]		or a map: target -> list; NAME:ARCHITECTURE is one
 *					of another architecture, taken alone, without
 *					what it depends on
 *	without: [NAME …]		left out, with what only they depend on
 *	exact: [PATTERN …]		packages whose very files count (default: all);
 *					others may move on within the signed suite
 *	prune: [PATTERN …]		paths not unpacked; `*` and `?` stop at slashes,
 *					`**` does not, {a,b} is either, and a pattern
 *					that names a folder takes all below it
 */
typedef struct package_roots {
	char *target; /* platform name; NULL: every target */
	GPtrArray *names;
} package_roots;

typedef struct package_source {
	char *suite, *architecture, *component; /* the last two may be NULL */
	GPtrArray *signed_by;			/* char *: 40 hex digits, upper case */
	GPtrArray *updates; /* char *: suites whose newer packages count too; or NULL */
} package_source;

/* RPM repositories instead (plan/rpm_def.h). */
typedef struct rpm_source {
	GPtrArray *repositories; /* bind_pair *: name, URL; NULL: not of RPMs */
	GPtrArray *pinned;	 /* bind_pair *: name, sha256 of repomd.xml; or NULL */
	GPtrArray *signed_by;	 /* as above; NULL with pinned ones */
	char *keyring;		 /* file beside the definition, or NULL */
	char *distribution;	 /* for package URLs: "almalinux-8"; or NULL */
} rpm_source;

typedef struct package_def {
	package_source debian;
	rpm_source rpm;
	GPtrArray *roots;		    /* package_roots * */
	GPtrArray *without, *exact, *prune; /* char *; NULL: none */
	/* Of an image instead (plan/image_def.h): */
	GPtrArray *images; /* image_root *; NULL: of packages */
	/* Of an image or of RPMs: */
	GPtrArray *keep;  /* char *; NULL: all */
	GPtrArray *place; /* bind_pair *; NULL: none */
} package_def;

/* Rows for the binding of a definition that has this struct as a member; see
 * plan/catalog.c. */
extern const bind_struct package_source_binding;
extern const bind_custom package_roots_binding;

/* Of Debian packages, of RPMs? Else of an image. */
gboolean package_def_is_debian(const package_def *def);
gboolean package_def_is_rpm(const package_def *def);
/* "bullseye", "rpm", or NULL: what the lock's sections call its origin. */
const char *package_def_suite(const package_def *def);

/* The root packages for a target, or NULL if the definition does not serve it. */
const GPtrArray *package_def_roots(const package_def *def, const char *target);
/* Is there one tree for all targets? */
gboolean package_def_is_common(const package_def *def);
/* Does it serve the target, by packages or by an image? */
gboolean package_def_serves(const package_def *def, const char *target);
gboolean package_def_is_exact(const package_def *def, const char *package);

/* Does the pattern of `prune` take this path (clean, from the root)? */
gboolean path_matches(const char *pattern, const char *path);
/* Any of the patterns; NULL is none. */
gboolean path_matches_any(const GPtrArray *patterns, const char *path);
