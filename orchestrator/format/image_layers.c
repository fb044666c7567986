#include "format/image_layers.h"
#include "base/error.h"
#include "base/process.h"
#include "format/archive_reader.h"
#include "format/member_name.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MIN_BYTES_LIMIT (512ull << 20)
#define BYTES_FACTOR 20
#define CANCEL_EVERY 4096 /* members */

/* Contents that go to several places, the first one written, the others linked. */
typedef struct content {
	guint layer, member;
	GPtrArray *places; /* char * */
} content;

typedef struct link_wish {
	char *place, *to; /* both below the destination */
	gboolean made;
} link_wish;

typedef struct work {
	const image_layer *layers;
	guint n;
	const char *label; /* of the image */
	image_tree *tree;
	image_place place;
	void *data;
	unpack *out;
	guint64 packed, bytes, max_bytes;
	GHashTable *contents; /* content, by layer and member */
	GPtrArray *order;     /* content *, as found */
	guint *last;	      /* of each layer: one more than its last wanted member */
	GPtrArray *links;     /* link_wish * */
	GHashTable *present;  /* char *: what will be there */
	char *refused;	      /* a wanted member that cannot be had */
	GHashTable *linked;   /* linked_file, by name */
	image_stats stats;
} work;

static guint content_hash(gconstpointer p)
{
	const content *c = p;

	return c->member * 31 + c->layer;
}

static gboolean content_equal(gconstpointer a, gconstpointer b)
{
	const content *x = a, *y = b;

	return x->layer == y->layer && x->member == y->member;
}

static void content_free(gpointer data)
{
	content *c = data;

	g_ptr_array_unref(c->places);
	g_free(c);
}

static void link_free(gpointer data)
{
	link_wish *l = data;

	g_free(l->place);
	g_free(l->to);
	g_free(l);
}

/* ---- reading ---- */

/* Called for each member of a layer; the reader stands at its contents. */
typedef gboolean (*on_member)(work *w, guint layer, guint member, archive_reader *r,
	struct archive_entry *e, GError **err);

/* At the layer's end, all of it being read: is it what the configuration says? */
static gboolean check_diff_id(
	const image_layer *layer, archive_reader *r, const char *image, GError **err)
{
	g_autofree char *got = archive_reader_digest(r, err);

	if (!got)
		return FALSE;
	if (strcmp(got, layer->diff_id) == 0)
		return TRUE;
	error_set(err, EXIT_INTEGRITY, "X0601",
		"%s of %s holds other data than the image's configuration says",
		layer->label, image);
	error_line(err, "expected: sha256 %s (diff_id)", layer->diff_id);
	error_line(err, "got:      sha256 %s, uncompressed", got);
	error_help(err, "the image was put together wrongly or changed; take another one "
			"of that name, by its digest");
	return FALSE;
}

static gboolean read_members(work *w, guint layer, guint stop, int fd, guint64 size,
	on_member take, GError **err)
{
	archive_slice slice = {.fd = fd, .size = size};
	gboolean check = stop == G_MAXUINT && w->layers[layer].diff_id;
	g_autoptr(archive_reader) r = archive_reader_open(&slice, w->layers[layer].label,
		check ? READER_TAR_LAYER_DIGEST : READER_TAR_LAYER, err);

	if (!r)
		return FALSE;
	for (guint member = 0; member < stop; member++) {
		struct archive_entry *e;
		int rc = archive_read_next_header(archive_reader_handle(r), &e);
		if (rc == ARCHIVE_EOF)
			return !check ||
			       check_diff_id(&w->layers[layer], r, w->label, err);
		if (rc != ARCHIVE_OK)
			return archive_reader_error(r, err);
		if (member % CANCEL_EVERY == CANCEL_EVERY - 1 && process_cancelled()) {
			process_cancelled_error(err);
			return FALSE;
		}
		if (!take(w, layer, member, r, e, err))
			return FALSE;
	}
	return TRUE;
}

static gboolean read_layer(work *w, guint layer, guint stop, on_member take, GError **err)
{
	const char *path = w->layers[layer].path;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st)) {
		error_set_errno(err, EXIT_HOST, "X0820", errno, "cannot open %s", path);
		if (fd >= 0)
			close(fd);
		return FALSE;
	}
	gboolean ok = read_members(w, layer, stop, fd, (guint64)st.st_size, take, err);
	close(fd);
	return ok;
}

static image_kind kind_of(struct archive_entry *e)
{
	if (archive_entry_hardlink(e))
		return IMAGE_HARDLINK;
	switch (archive_entry_filetype(e)) {
	case AE_IFDIR:
		return IMAGE_FOLDER;
	case AE_IFREG:
		return IMAGE_FILE;
	case AE_IFLNK:
		return IMAGE_LINK;
	default:
		return IMAGE_OTHER;
	}
}

static const char *name_of(struct archive_entry *e)
{
	const char *name = archive_entry_pathname(e);

	return name ? name : archive_entry_pathname_utf8(e);
}

/* Hard links in an RPM: all names but the last come without contents, and libarchive
 * calls each but the first a link to the first. So the first waits for the one with the
 * contents, which becomes the file; the others become links to it. */
typedef struct linked_file {
	char *name;
	guint member;
	GPtrArray *more; /* char *: further names without contents */
} linked_file;

static void linked_free(gpointer data)
{
	linked_file *l = data;

	g_free(l->name);
	g_ptr_array_unref(l->more);
	g_free(l);
}

static void wait_for_contents(work *w, const char *name, guint member)
{
	linked_file *l = g_new0(linked_file, 1);

	l->name = g_strdup(name);
	l->member = member;
	l->more = g_ptr_array_new_with_free_func(g_free);
	g_hash_table_replace(w->linked, l->name, l);
}

/* `file` is in the tree; the others are not yet. */
static gboolean link_to(work *w, const linked_file *l, const char *file, GError **err)
{
	if (strcmp(l->name, file) &&
		!image_tree_add(w->tree, IMAGE_HARDLINK, l->name, file, 0, err))
		return FALSE;
	for (guint i = 0; i < l->more->len; i++)
		if (!image_tree_add(
			    w->tree, IMAGE_HARDLINK, l->more->pdata[i], file, 0, err))
			return FALSE;
	return TRUE;
}

static gboolean scan_linked(work *w, const char *name, const char *first, guint member,
	gboolean contents, GError **err)
{
	linked_file *l = g_hash_table_lookup(w->linked, first);

	if (!l)
		return image_tree_add(w->tree, IMAGE_HARDLINK, name, first, member, err);
	if (!contents) {
		g_ptr_array_add(l->more, g_strdup(name));
		return TRUE;
	}
	gboolean ok = image_tree_add(w->tree, IMAGE_FILE, name, NULL, member, err) &&
		      link_to(w, l, name, err);
	g_hash_table_remove(w->linked, first);
	return ok;
}

/* At a layer's end: those that are empty indeed. */
static gboolean scan_empty(work *w, GError **err)
{
	GHashTableIter iter;
	void *value;

	g_hash_table_iter_init(&iter, w->linked);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		const linked_file *l = value;
		if (!image_tree_add(w->tree, IMAGE_FILE, l->name, NULL, l->member, err) ||
			!link_to(w, l, l->name, err))
			return FALSE;
	}
	g_hash_table_remove_all(w->linked);
	return TRUE;
}

static gboolean scan_member(work *w, guint layer, guint member, archive_reader *r,
	struct archive_entry *e, GError **err)
{
	image_kind kind = kind_of(e);
	const char *target = kind == IMAGE_HARDLINK ? archive_entry_hardlink(e)
			     : kind == IMAGE_LINK   ? archive_entry_symlink(e)
						    : NULL;
	la_int64_t size = archive_entry_size(e);

	w->stats.members++;
	w->bytes += size > 0 ? (guint64)size : 0;
	if (w->bytes > w->max_bytes)
		return error_set(err, EXIT_INTEGRITY, "X0621",
			"%s is refused: with it the image has more than "
			"%" G_GUINT64_FORMAT " MiB",
			w->layers[layer].label, w->max_bytes >> 20);
	if (archive_reader_is_rpm(r) && name_of(e)) {
		if (kind == IMAGE_HARDLINK)
			return scan_linked(w, name_of(e), target, member, size > 0, err);
		if (kind == IMAGE_FILE && size <= 0 && archive_entry_nlink(e) > 1) {
			wait_for_contents(w, name_of(e), member);
			return TRUE;
		}
	}
	return image_tree_add(w->tree, kind, name_of(e), target, member, err);
}

static gboolean scan(work *w, GError **err)
{
	for (guint i = 0; i < w->n; i++) {
		struct stat st;
		if (stat(w->layers[i].path, &st) == 0)
			w->packed += (guint64)st.st_size;
	}
	w->max_bytes = MAX(MIN_BYTES_LIMIT, w->packed * BYTES_FACTOR);
	for (guint i = 0; i < w->n; i++) {
		image_tree_next_layer(w->tree, w->layers[i].label);
		if (!read_layer(w, i, G_MAXUINT, scan_member, err) || !scan_empty(w, err))
			return FALSE;
	}
	return TRUE;
}

/* ---- choosing ---- */

/* The folders of a place are there with it. */
static void note_present(work *w, const char *place)
{
	char *path = g_strdup(place);

	while (path && g_hash_table_add(w->present, path)) {
		const char *slash = strrchr(path, '/');
		path = slash ? g_strndup(path, (gsize)(slash - path)) : NULL;
	}
}

/* Takes `place` over. */
static void want_file(work *w, const image_node *n, char *place)
{
	content key = {.layer = n->layer, .member = n->member};
	content *c = g_hash_table_lookup(w->contents, &key);

	if (!c) {
		c = g_new0(content, 1);
		*c = key;
		c->places = g_ptr_array_new_with_free_func(g_free);
		g_hash_table_add(w->contents, c);
		g_ptr_array_add(w->order, c);
		w->last[n->layer] = MAX(w->last[n->layer], n->member + 1);
	}
	note_present(w, place);
	g_ptr_array_add(c->places, place);
}

static void want_link(work *w, const image_node *n, char *place)
{
	g_autofree char *target = NULL;
	const image_node *found = image_tree_target(w->tree, n, &target);
	g_autofree char *to = found ? w->place(target, found->brought, w->data) : NULL;

	if (g_strcmp0(to, place) == 0) { /* lib -> usr/lib, which are one here */
		g_free(place);
		return;
	}
	link_wish *l = g_new0(link_wish, 1);
	l->place = place;
	l->to = g_steal_pointer(&to);
	g_ptr_array_add(w->links, l);
}

static void choose(const char *path, const image_node *n, void *data)
{
	work *w = data;
	char *place =
		n->kind == IMAGE_FOLDER ? NULL : w->place(path, n->brought, w->data);

	if (!place)
		return;
	if (n->kind == IMAGE_FILE) {
		want_file(w, n, place);
	} else if (n->kind == IMAGE_LINK) {
		want_link(w, n, place);
	} else {
		if (!w->refused)
			w->refused = g_strdup(path);
		g_free(place);
	}
}

/* A link may lead to a link: until no more find their end. */
static void settle_links(work *w)
{
	gboolean more = TRUE;

	while (more) {
		more = FALSE;
		for (guint i = 0; i < w->links->len; i++) {
			link_wish *l = w->links->pdata[i];
			if (l->made || !l->to ||
				!(g_hash_table_contains(w->present, l->to) || !*l->to))
				continue;
			l->made = more = TRUE;
			note_present(w, l->place);
		}
	}
}

/* ---- writing ---- */

static gboolean write_member(work *w, guint layer, guint member, archive_reader *r,
	struct archive_entry *e, GError **err)
{
	content key = {.layer = layer, .member = member};
	const content *c = g_hash_table_lookup(w->contents, &key);

	if (!c)
		return TRUE;
	guint64 size = (guint64)archive_entry_size(e);
	w->stats.files++;
	w->stats.bytes += size;
	return unpack_member(w->out, UNPACK_FILE, c->places->pdata[0], NULL,
		       archive_entry_mode(e), err) &&
	       archive_reader_feed(r, w->out, size, err) &&
	       unpack_file_end(w->out, archive_entry_mtime(e), err);
}

static gboolean write_links(work *w, GError **err)
{
	for (guint i = 0; i < w->order->len; i++) {
		const content *c = w->order->pdata[i];
		for (guint k = 1; k < c->places->len; k++, w->stats.links++)
			if (!unpack_member(w->out, UNPACK_HARDLINK, c->places->pdata[k],
				    c->places->pdata[0], 0, err))
				return FALSE;
	}
	for (guint i = 0; i < w->links->len; i++) {
		const link_wish *l = w->links->pdata[i];
		if (!l->made) {
			w->stats.links_dropped++;
			continue;
		}
		g_autofree char *rooted = g_strconcat("/", l->to, NULL);
		w->stats.links++;
		if (!unpack_member(w->out, UNPACK_SYMLINK, l->place, rooted, 0, err))
			return FALSE;
	}
	return TRUE;
}

static gboolean write_all(work *w, const char *dest, GError **err)
{
	archive_policy policy = {.rooted_links = TRUE};

	if (w->refused) {
		g_autofree char *shown = text_escape(w->refused, -1);
		return error_set(err, EXIT_INTEGRITY, "X0620",
			"%s is refused: \"%s\" is a device, FIFO or socket", w->label,
			shown);
	}
	if (!w->order->len) {
		error_set(err, EXIT_INTEGRITY, "X0622",
			"%s: the image has nothing of what its definition keeps",
			w->label);
		error_help(err, "is it the right image, and are `keep` and `place` of "
				"the definition right?");
		return FALSE;
	}
	policy.max_bytes = w->max_bytes;
	w->out = unpack_new(dest, &policy, w->label, w->packed, err);
	if (!w->out)
		return FALSE;
	for (guint i = 0; i < w->n; i++)
		if (w->last[i] && !read_layer(w, i, w->last[i], write_member, err))
			return FALSE;
	return write_links(w, err) && unpack_finish(w->out, NULL, err);
}

gboolean image_layers_unpack(const image_layer *layers, guint n, const char *label,
	const char *dest, image_place place, void *data, image_stats *stats, GError **err)
{
	work w = {.layers = layers, .n = n, .label = label, .place = place, .data = data};

	w.tree = image_tree_new();
	w.contents =
		g_hash_table_new_full(content_hash, content_equal, content_free, NULL);
	w.order = g_ptr_array_new();
	w.last = g_new0(guint, n + 1);
	w.links = g_ptr_array_new_with_free_func(link_free);
	w.present = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	w.linked = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, linked_free);
	w.stats.layers = n;
	gboolean ok = scan(&w, err);
	if (ok) {
		image_tree_walk(w.tree, choose, &w);
		settle_links(&w);
		ok = write_all(&w, dest, err);
	}
	if (ok && stats)
		*stats = w.stats;
	unpack_free(w.out);
	image_tree_free(w.tree);
	g_hash_table_unref(w.contents);
	g_ptr_array_unref(w.order);
	g_ptr_array_unref(w.links);
	g_hash_table_unref(w.present);
	g_hash_table_unref(w.linked);
	g_free(w.last);
	g_free(w.refused);
	return ok;
}
