#pragma once
#include <glib.h>

/* The file system that the layers of an image come to, as a tree in memory (OCI image
 * specification 1.1, "Image Layer Filesystem Changeset"): no file is touched, so no
 * name or link of a layer can lead anywhere but into this tree.
 *
 *  - a folder over a folder adds to it, anything else replaces what is there;
 *  - `.wh.NAME` removes NAME, `.wh..wh..opq` all that is in its folder, as the layers
 *    below left it and never what this layer brings, in whatever order they come;
 *    other names with `.wh..wh.` are a driver's own and passed over;
 *  - a hard link is another name of a file as it is at that moment, also of a file of a
 *    layer below;
 *  - a name that goes through a link of the image means the place the link leads to,
 *    absolute links from the image's root. */

#define IMAGE_MEMBERS_MAX 1000000 /* of all layers */

typedef enum image_kind {
	IMAGE_FOLDER,
	IMAGE_FILE,
	IMAGE_LINK,
	IMAGE_HARDLINK, /* only as what is added */
	IMAGE_OTHER	/* device, FIFO, socket */
} image_kind;

typedef struct image_node {
	image_kind kind;
	guint layer, member; /* of a file: where its contents are */
	char *target;	     /* of a link, as it stands in the layer */

	/* The tree's own. */
	char *name;
	struct image_node *parent;
	GHashTable *children; /* name -> image_node */
	guint brought;	      /* layer that brought it, or touched the folder last */
	guint depth;
} image_node;

typedef struct image_tree image_tree;

image_tree *image_tree_new(void);
void image_tree_free(image_tree *t);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(image_tree, image_tree_free)

/* What is added from now on belongs to the next layer (the first is 0). */
void image_tree_next_layer(image_tree *t, const char *label);

/* `member` is a number of the caller's for the member. X0620 (exit 6) for a name that
 * is none, a whiteout of nothing or of what lies outside, a hard link to nothing, a
 * name twice in one layer, a link through which it would leave the image; X0621 above
 * IMAGE_MEMBERS_MAX. */
gboolean image_tree_add(image_tree *t, image_kind kind, const char *name,
	const char *target, guint member, GError **err);

/* All nodes, folders before what is in them, sorted by name; `path` is clean. The
 * callback must not change the tree. */
typedef void (*image_tree_visit)(const char *path, const image_node *node, void *data);
void image_tree_walk(const image_tree *t, image_tree_visit visit, void *data);

/* Where a link leads, its last name not followed; NULL if nowhere or out of the image.
 * *path (may be NULL) gets the clean path. */
const image_node *image_tree_target(
	const image_tree *t, const image_node *link, char **path);
