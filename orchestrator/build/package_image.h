#pragma once
#include "build/package_set.h"
#include "format/image_layers.h"

/* A package_set whose definition names an image (plan/image_def.h): what package_set.c
 * does with Debian's packages, with layers. Nothing of the image is run. */

/* Asks the registry for the target's image and pins it: index, manifest, layers.
 * X0561 there is no such image, X0562 the registry lets nobody in (both exit 5), X0563
 * not for this target (exit 2), X0560 what came is no image, X0601 other bytes than
 * those asked for (exit 6). */
package_section *package_image_resolve(
	const build_context *ctx, const package_set *set, GError **err);

/* The package URL of the target's image, with its architecture alone, as the type oci
 * has it ("arm64", not "linux/arm64"). New string; NULL: the section has none. */
char *package_image_purl(const package_section *section);

/* The section's layers into the store. X0431 (exit 4) when the registry has the pinned
 * image no more. */
gboolean package_image_fetch(const build_context *ctx, const package_set *set,
	const package_section *section, GError **err);

/* Unpacks them below `dir`, an empty folder; and in the same way the RPMs of a section
 * (build/package_rpm.h), each as a layer. */
gboolean package_image_unpack(const build_context *ctx, const package_set *set,
	const package_section *section, const char *dir, GError **err);

/* The same of what `place` chooses, where it says, and with no link for a merged /usr.
 * Its `layer` is the package's or layer's place in the section. */
gboolean package_image_unpack_as(const build_context *ctx, const package_set *set,
	const package_section *section, const char *dir, image_place place, void *data,
	GError **err);
