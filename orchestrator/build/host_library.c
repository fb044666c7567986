#include "build/host_library.h"
#include "base/error.h"
#include "base/event.h"
#include "base/fs.h"
#include "build/host_scripts.h"
#include "build/library_tree.h"
#include "build/store.h"
#include "build/tree_walk.h"
#include "plan/key.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Raise when the same inputs give another tree. */
#define HOST_VERSION 2
#define PC_MAX (1 << 20)

host_library *host_library_new(const char *name, const char *item_key)
{
	host_library *l = g_new0(host_library, 1);

	l->name = g_strdup(name);
	l->key = g_strdup(item_key);
	return l;
}

void host_library_free(host_library *l)
{
	if (!l)
		return;
	g_free(l->name);
	g_free(l->key);
	g_free(l);
}

gboolean host_overlay_is_empty(const host_overlay *o)
{
	return (!o->libraries || !o->libraries->len) &&
	       (!o->link_static || !o->link_static->len);
}

char *host_overlay_key(const host_overlay *o, const char *base_key)
{
	g_autoptr(key) k = key_new("host", HOST_VERSION);

	key_add(k, "sysroot", base_key);
	for (guint n = 0; o->libraries && n < o->libraries->len; n++) {
		const host_library *l = g_ptr_array_index(o->libraries, n);
		key_add(k, l->name, l->key);
	}
	for (guint n = 0; o->link_static && n < o->link_static->len; n++)
		key_add(k, "static", g_ptr_array_index(o->link_static, n));
	return g_strdup(key_digest(k));
}

typedef struct laying {
	const char *from, *dir;
	const char *name;  /* of the library */
	GHashTable *owner; /* path -> who brought it */
	GPtrArray *archives;
} laying;

static gboolean lay(const tree_entry *e, void *data, GError **err)
{
	laying *l = data;
	g_autofree char *to = g_build_filename(l->dir, e->path, NULL);

	if (e->type == TREE_FOLDER)
		return fs_mkdir_p(to, 0755, err);
	if (g_file_test(to, G_FILE_TEST_EXISTS) ||
		g_file_test(to, G_FILE_TEST_IS_SYMLINK)) {
		const char *other = g_hash_table_lookup(l->owner, e->path);
		error_set(err, EXIT_INPUT, "X0975", "the library %s and %s both bring %s",
			l->name, other ? other : "a Debian package", e->path);
		error_help(err, "name only one of them in requirements.host");
		return FALSE;
	}
	g_hash_table_insert(l->owner, g_strdup(e->path), g_strdup(l->name));
	if (g_str_has_suffix(e->path, ".a"))
		g_ptr_array_add(l->archives, g_path_get_basename(e->path));
	return fs_copy_tree(e->full, to, FS_HARDLINK, err);
}

static gboolean lay_library(
	const build_context *ctx, laying *l, const host_library *h, GError **err)
{
	g_autofree char *tree = store_tree_find(ctx->store, "library", h->key);

	if (!tree) {
		error_set(err, EXIT_HOST, "X0974", "the library %s is not in the store",
			h->name);
		error_help(err, "build it: `xorch build` with its recipe");
		return FALSE;
	}
	l->from = tree;
	l->name = h->name;
	return tree_walk(tree, lay, l, err);
}

/* A .pc that names -lNAME tells all it needs from now on. */
static gboolean make_public(const char *path, const char *flag, GError **err)
{
	g_autoptr(GBytes) bytes = fs_read(path, PC_MAX, err);

	if (!bytes)
		return FALSE;
	g_autofree char *text =
		g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
	const char *libs = strstr(text, "\nLibs:");
	const char *at = libs ? strstr(libs, flag) : NULL;
	const char *end = libs ? strchr(libs + 1, '\n') : NULL;
	if (!at || (end && at > end) ||
		(at[strlen(flag)] && !g_ascii_isspace(at[strlen(flag)])))
		return TRUE;
	g_autofree char *made = library_pc_public(text);
	return fs_write_atomic(path, made, strlen(made), 0644, err);
}

static gboolean each_pc(const char *folder, const char *flag, GError **err)
{
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(folder, name, NULL);
		if (g_str_has_suffix(name, ".pc") &&
			!g_file_test(path, G_FILE_TEST_IS_SYMLINK) &&
			!make_public(path, flag, err))
			return FALSE;
	}
	return TRUE;
}

/* Takes the development link away, so that -lNAME means libNAME.a. */
static gboolean make_static(const char *dir, const platform *target, const char *name,
	GPtrArray *archives, GError **err)
{
	g_autofree char *libs = g_build_filename(dir, "usr/lib", target->triple, NULL);
	g_autofree char *archive = g_strdup_printf("lib%s.a", name);
	g_autofree char *a = g_build_filename(libs, archive, NULL);
	g_autofree char *so = g_strdup_printf("%s/lib%s.so", libs, name);
	g_autofree char *flag = g_strdup_printf("-l%s", name);

	if (!g_file_test(a, G_FILE_TEST_EXISTS)) {
		error_set(err, EXIT_INPUT, "X0976",
			"wheel.link_static: no package of requirements.host has %s",
			archive);
		error_help(err, "name it as for the linker: xml2 for -lxml2");
		return FALSE;
	}
	if (unlink(so) && errno != ENOENT)
		return fs_fail(err, errno, "remove", so, 0);
	g_ptr_array_add(archives, g_strdup(archive));
	g_autofree char *own = g_build_filename(libs, "pkgconfig", NULL);
	g_autofree char *common = g_build_filename(dir, "usr/lib/pkgconfig", NULL);
	return each_pc(own, flag, err) && each_pc(common, flag, err);
}

static gboolean fill(const build_context *ctx, const host_overlay *o,
	const platform *target, const char *base, const char *dir, GError **err)
{
	laying l = {.dir = dir,
		.owner = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free),
		.archives = g_ptr_array_new_with_free_func(g_free)};
	gboolean ok = fs_copy_tree(base, dir, FS_HARDLINK, err);

	for (guint n = 0; ok && o->libraries && n < o->libraries->len; n++)
		ok = lay_library(ctx, &l, g_ptr_array_index(o->libraries, n), err);
	for (guint n = 0; ok && o->link_static && n < o->link_static->len; n++)
		ok = make_static(dir, target, g_ptr_array_index(o->link_static, n),
			l.archives, err);
	ok = ok && host_scripts_write(dir, target, err);
	g_ptr_array_add(l.archives, NULL);
	g_autofree char *text = g_strjoinv("\n", (char **)l.archives->pdata);
	g_autofree char *path = g_build_filename(dir, HOST_ARCHIVES, NULL);
	ok = ok && fs_write_atomic(path, text, strlen(text), 0644, err);
	g_hash_table_unref(l.owner);
	g_ptr_array_unref(l.archives);
	return ok;
}

char *host_overlay_prepare(const build_context *ctx, const host_overlay *o,
	const platform *target, const char *base, const char *base_key, char **key_out,
	GError **err)
{
	g_autofree char *own = host_overlay_key(o, base_key);
	char *ready = NULL;

	if (key_out)
		*key_out = g_strdup(own);
	store_tree *tree = store_tree_begin(ctx->store, "host", own, &ready, err);
	if (!tree)
		return ready;
	gint64 begun = event_step_begin(target->name, "libraries");
	gboolean ok = fill(ctx, o, target, base, store_tree_dir(tree), err);
	event_step_end(target->name, "libraries", begun, ok);
	return store_tree_finish(tree, ok, err);
}
