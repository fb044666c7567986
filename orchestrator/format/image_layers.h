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
	/* sha256 of what is in its compression, as the image's configuration says it
	 * (diff_ids); NULL: not known, not checked. */
	const char *diff_id;
} image_layer;

/* Where a path of the image (clean, every folder a real one) goes below the
 * destination: a new string, clean; NULL to leave it out. `layer` is the one that brought
 * it under this name. */
typedef char *(*image_place)(const char *path, guint layer, void *data);

typedef struct image_stats {
	guint layers, members, files, links;
	guint links_dropped; /* that led to what was left out */
	guint64 bytes;
} image_stats;

/* Into the folder `dest`, which exists. A link is written relative, and only if what it
 * leads to is there; `label` names the image. Devices and the like are refused where they
 * are wanted. The errors of format/image_tree.h and format/unpack.h; X0601 (exit 6) when
 * a layer is not what its diff_id says; stats may be NULL. */
gboolean image_layers_unpack(const image_layer *layers, guint n, const char *label,
	const char *dest, image_place place, void *data, image_stats *stats,
	GError **err);
