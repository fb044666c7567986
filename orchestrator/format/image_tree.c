#include "format/image_tree.h"
#include "base/error.h"
#include "format/member_name.h"
#include <string.h>

#define WHITEOUT ".wh."
#define WHITEOUT_OWN ".wh..wh."
#define WHITEOUT_OPAQUE ".wh..wh..opq"
#define DEPTH_MAX 1024 /* of folders; the tree is walked by recursion */
#define HOPS_MAX 40    /* links followed for one name, as the kernel does */

struct image_tree {
	image_node *root;
	char *label; /* of the layer, escaped */
	guint layer, members;
};

static void node_free(gpointer data)
{
	image_node *n = data;

	if (n->children)
		g_hash_table_unref(n->children);
	g_free(n->name);
	g_free(n->target);
	g_free(n);
}

static image_node *node_new(image_kind kind, const char *name, guint layer)
{
	image_node *n = g_new0(image_node, 1);

	n->kind = kind;
	n->name = g_strdup(name);
	n->brought = layer;
	if (kind == IMAGE_FOLDER)
		n->children =
			g_hash_table_new_full(g_str_hash, g_str_equal, NULL, node_free);
	return n;
}

image_tree *image_tree_new(void)
{
	image_tree *t = g_new0(image_tree, 1);

	t->root = node_new(IMAGE_FOLDER, "", 0);
	t->root->parent = t->root;
	t->layer = G_MAXUINT;
	return t;
}

void image_tree_free(image_tree *t)
{
	if (!t)
		return;
	node_free(t->root);
	g_free(t->label);
	g_free(t);
}

void image_tree_next_layer(image_tree *t, const char *label)
{
	t->layer++;
	g_free(t->label);
	t->label = text_escape(label, -1);
}

static gboolean refuse(
	const image_tree *t, const char *name, const char *why, GError **err)
{
	g_autofree char *shown = text_escape(name, (gssize)MIN(strlen(name), 200));

	error_set(err, EXIT_INTEGRITY, "X0620", "%s is refused: member \"%s\" %s",
		t->label, shown, why);
	error_note(err, "nothing of the image was kept");
	return FALSE;
}

/* Takes `n` over, in place of what has its name in the folder. */
static void place(image_node *folder, image_node *n)
{
	n->parent = folder;
	n->depth = folder->depth + 1;
	g_hash_table_replace(folder->children, n->name, n);
}

/* A name on its way through the tree. */
typedef struct walk {
	image_tree *t;
	gboolean make; /* folders that are not there */
	int hops;
	const char *why; /* when it fails for good; NULL: only not there */
} walk;

static image_node *enter(walk *w, image_node *at, const char *path);

/* Where the link `n` in `folder` leads, as a folder. */
static image_node *follow(walk *w, image_node *folder, const image_node *n)
{
	if (++w->hops > HOPS_MAX) {
		w->why = "goes through too many links";
		return NULL;
	}
	return enter(w, n->target[0] == '/' ? w->t->root : folder, n->target);
}

static image_node *make_folder(walk *w, image_node *at, const char *name)
{
	if (at->depth >= DEPTH_MAX) {
		w->why = "lies too deep";
		return NULL;
	}
	image_node *folder = node_new(IMAGE_FOLDER, name, w->t->layer);
	place(at, folder);
	return folder;
}

static image_node *enter_one(walk *w, image_node *at, const char *name)
{
	image_node *n;

	if (!strcmp(name, ".") || !*name)
		return at;
	if (!strcmp(name, "..")) {
		if (at == w->t->root)
			w->why = "goes through a link that leads out of the image";
		return at == w->t->root ? NULL : at->parent;
	}
	n = g_hash_table_lookup(at->children, name);
	if (!n)
		return w->make ? make_folder(w, at, name) : NULL;
	if (n->kind == IMAGE_FOLDER)
		return n;
	if (n->kind == IMAGE_LINK)
		return follow(w, at, n);
	if (w->make && n->brought < w->t->layer)
		return make_folder(w, at, name);
	if (w->make)
		w->why = "lies below what is no folder";
	return NULL;
}

/* The folder `path`, seen from `at`; NULL if it is not there, or with w->why. */
static image_node *enter(walk *w, image_node *at, const char *path)
{
	g_auto(GStrv) parts = g_strsplit(path, "/", -1);

	for (char **p = parts; at && *p; p++)
		at = enter_one(w, at, *p);
	return at;
}

/* The folder that holds `path` (clean); *leaf points to its last name. */
static image_node *enter_parent(walk *w, const char *path, const char **leaf)
{
	const char *slash = strrchr(path, '/');
	g_autofree char *folder = g_strndup(path, slash ? (gsize)(slash - path) : 0);

	*leaf = slash ? slash + 1 : path;
	return enter(w, w->t->root, folder);
}

/* Removes what the layers below brought; FALSE when nothing is left of the node. */
static gboolean keep_own(image_node *n, guint layer)
{
	GHashTableIter iter;
	gpointer child;

	if (n->kind != IMAGE_FOLDER)
		return n->brought == layer;
	g_hash_table_iter_init(&iter, n->children);
	while (g_hash_table_iter_next(&iter, NULL, &child))
		if (!keep_own(child, layer))
			g_hash_table_iter_remove(&iter);
	return n->brought == layer || g_hash_table_size(n->children);
}

static gboolean whiteout(image_tree *t, const char *path, const char *leaf, GError **err)
{
	walk w = {.t = t};
	const char *gone = leaf + strlen(WHITEOUT);

	if (!strcmp(leaf, WHITEOUT_OPAQUE))
		gone = NULL;
	else if (g_str_has_prefix(leaf, WHITEOUT_OWN))
		return TRUE;
	else if (!*gone || !strcmp(gone, ".") || !strcmp(gone, ".."))
		return refuse(t, path, "is a whiteout of nothing in its folder", err);
	image_node *folder = enter_parent(&w, path, &leaf);
	if (w.why)
		return refuse(t, path, w.why, err);
	if (!folder)
		return TRUE;
	if (!gone) {
		guint brought = folder->brought;
		folder->brought = t->layer; /* itself stays */
		keep_own(folder, t->layer);
		folder->brought = brought;
		return TRUE;
	}
	image_node *n = g_hash_table_lookup(folder->children, gone);
	if (n && !keep_own(n, t->layer))
		g_hash_table_remove(folder->children, gone);
	return TRUE;
}

/* The file or link that a hard link names. */
static const image_node *linked(
	image_tree *t, const char *name, const char *target, GError **err)
{
	walk w = {.t = t};
	const char *why = NULL, *leaf;
	g_autofree char *clean = member_name_clean(target ? target : "", 0, &why);

	if (!clean || !*clean) {
		refuse(t, name, "is a hard link to what is no name", err);
		return NULL;
	}
	image_node *folder = enter_parent(&w, clean, &leaf);
	const image_node *n = folder ? g_hash_table_lookup(folder->children, leaf) : NULL;
	if (n && (n->kind == IMAGE_FILE || n->kind == IMAGE_LINK))
		return n;
	refuse(t, name, w.why ? w.why : "is a hard link to a file that is not there",
		err);
	return NULL;
}

static gboolean has_whiteout_folder(const char *path)
{
	for (const char *slash; (slash = strchr(path, '/')); path = slash + 1)
		if (g_str_has_prefix(path, WHITEOUT))
			return TRUE;
	return FALSE;
}

static gboolean add_clean(image_tree *t, image_kind kind, const char *path,
	const char *target, guint member, GError **err)
{
	walk w = {.t = t, .make = TRUE};
	const image_node *same = NULL;
	const char *leaf;

	if (kind == IMAGE_HARDLINK) {
		same = linked(t, path, target, err);
		if (!same)
			return FALSE;
	}
	image_node *folder = enter_parent(&w, path, &leaf);
	if (!folder)
		return refuse(t, path, w.why ? w.why : "has no place", err);
	image_node *old = g_hash_table_lookup(folder->children, leaf);
	if (old && old->kind == IMAGE_FOLDER && kind == IMAGE_FOLDER) {
		old->brought = t->layer;
		return TRUE;
	}
	if (old && old == same)
		return TRUE;
	if (old && (old->brought == t->layer ||
			   (old->kind == IMAGE_FOLDER && keep_own(old, t->layer))))
		return refuse(t, path, "comes twice", err);
	image_node *n = node_new(same ? same->kind : kind, leaf, t->layer);
	n->layer = same ? same->layer : t->layer;
	n->member = same ? same->member : member;
	n->target = g_strdup(same ? same->target : target);
	if (folder->depth >= DEPTH_MAX) {
		node_free(n);
		return refuse(t, path, "lies too deep", err);
	}
	place(folder, n);
	return TRUE;
}

gboolean image_tree_add(image_tree *t, image_kind kind, const char *name,
	const char *target, guint member, GError **err)
{
	const char *why = NULL;
	g_autofree char *path = member_name_clean(name, 0, &why);

	if (++t->members > IMAGE_MEMBERS_MAX)
		return error_set(err, EXIT_INTEGRITY, "X0621",
			"%s is refused: with it the image has more than %d members",
			t->label, IMAGE_MEMBERS_MAX);
	if (!path)
		return refuse(t, name ? name : "", why, err);
	if (!*path)
		return kind == IMAGE_FOLDER ||
		       refuse(t, name, "takes the place of the root", err);
	if (kind == IMAGE_LINK && (!target || !*target))
		return refuse(t, name, "is a link to nothing", err);
	const char *slash = strrchr(path, '/'), *leaf = slash ? slash + 1 : path;
	if (g_str_has_prefix(leaf, WHITEOUT_OWN) && kind == IMAGE_FOLDER)
		return TRUE;
	if (has_whiteout_folder(path))
		return strstr(path, WHITEOUT_OWN) ||
		       refuse(t, name, "lies below a whiteout", err);
	if (g_str_has_prefix(leaf, WHITEOUT))
		return whiteout(t, path, leaf, err);
	return add_clean(t, kind, path, target, member, err);
}

static int by_name(gconstpointer a, gconstpointer b)
{
	return strcmp((*(image_node *const *)a)->name, (*(image_node *const *)b)->name);
}

static void walk_folder(
	const image_node *folder, GString *path, image_tree_visit visit, void *data)
{
	g_autoptr(GPtrArray) all = g_ptr_array_new();
	GHashTableIter iter;
	gpointer child;
	gsize n = path->len;

	g_hash_table_iter_init(&iter, folder->children);
	while (g_hash_table_iter_next(&iter, NULL, &child))
		g_ptr_array_add(all, child);
	g_ptr_array_sort(all, by_name);
	for (guint i = 0; i < all->len; i++) {
		const image_node *one = all->pdata[i];
		g_string_append_printf(path, "%s%s", n ? "/" : "", one->name);
		visit(path->str, one, data);
		if (one->kind == IMAGE_FOLDER)
			walk_folder(one, path, visit, data);
		g_string_truncate(path, n);
	}
}

void image_tree_walk(const image_tree *t, image_tree_visit visit, void *data)
{
	g_autoptr(GString) path = g_string_new(NULL);

	walk_folder(t->root, path, visit, data);
}

static char *path_of(const image_tree *t, const image_node *n)
{
	GString *path = g_string_new(NULL);

	for (; n != t->root; n = n->parent) {
		if (path->len)
			g_string_prepend_c(path, '/');
		g_string_prepend(path, n->name);
	}
	return g_string_free(path, FALSE);
}

const image_node *image_tree_target(
	const image_tree *t, const image_node *link, char **path)
{
	walk w = {.t = (image_tree *)t};
	g_autofree char *text = g_strdup(link->target);
	gsize n = strlen(text);

	while (n > 1 && text[n - 1] == '/')
		text[--n] = '\0';
	char *slash = strrchr(text, '/');
	const char *leaf = slash ? slash + 1 : text;
	g_autofree char *folder = g_strndup(text, slash ? (gsize)(slash - text) : 0);
	image_node *at = enter(&w, text[0] == '/' ? t->root : link->parent, folder);
	const image_node *found = at;
	if (at && (!strcmp(leaf, ".") || !strcmp(leaf, "..") || !*leaf))
		found = enter(&w, at, leaf);
	else if (at)
		found = g_hash_table_lookup(at->children, leaf);
	if (found && path)
		*path = path_of(t, found);
	return found;
}
