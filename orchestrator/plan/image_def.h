#pragma once
#include "plan/package_def.h"
#include "plan/platform.h"

/* A sysroot out of the layers of an image in a registry, as a catalogue file says it:
 *
 *	oci: quay.io/pypa/manylinux2014_aarch64		or a map: target -> name; with a
 *							tag or a digest if one is meant
 *	keep: [PATTERN …]	paths of the image that are taken; default: all
 *	prune: [PATTERN …]	but not these
 *	place:			folders of the image that go elsewhere: the first that
 *	  FROM: TO		matches; `*` and `?` in FROM stay within a name; in TO
 *				{triple} is the target's GNU triple, {1} … {9} the names
 *				that matched a part of FROM with a `*`, in their order
 *
 * keep, prune and FROM are of paths as they are in the image with /usr merged
 * (lib64/x is usr/lib64/x there); patterns as in plan/package_def.h. */
typedef struct image_root {
	char *target;	 /* platform name; NULL: every target */
	char *reference; /* with host and tag or digest (format/oci_reference.h) */
} image_root;

extern const bind_custom image_roots_binding;
/* For the names and values of `place`. */
const char *image_def_check_from(const char *text);
const char *image_def_check_to(const char *text);

/* The image for a target, or NULL. */
const char *image_def_reference(const package_def *def, const char *target);

/* Where a clean path of the image goes in the target's sysroot: a new string, or NULL
 * when it is left out. */
char *image_def_place(const package_def *def, const platform *target, const char *path);
