#pragma once
#include "format/image_tree.h"
#include "format/unpack.h"

/* The layers of an image (tars, plain or in gzip or zstd, told by their first bytes; or
 * RPM packages, format/rpm.h, each as a layer)
 * unpacked as one: read once for what they come to (format/image_tree.h), then again for
 * the contents that are wanted, so nothing is written that a later layer takes away. */

typedef struct image_layer {
	const char *path;  /* a file whose digest was checked */
	const char *label; /* for messages */
} image_layer;

/* Where a path of the image (clean, every folder a real one) goes below the
 * destination: a new string, clean; NULL to leave it out. */
typedef char *(*image_place)(const char *path, void *data);

typedef struct image_stats {
	guint layers, members, files, links;
	guint links_dropped; /* that led to what was left out */
	guint64 bytes;
} image_stats;

/* Into the folder `dest`, which exists. A link is written relative, and only if what it
 * leads to is there; `label` names the image. Devices and the like are refused where they
 * are wanted. The errors of format/image_tree.h and format/unpack.h; stats may be NULL.
 */
gboolean image_layers_unpack(const image_layer *layers, guint n, const char *label,
	const char *dest, image_place place, void *data, image_stats *stats,
	GError **err);
