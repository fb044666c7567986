#include "build/manifest.h"
#include "base/error.h"
#include "base/fs.h"
#include "format/digest.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* File: "xorch-tree 1\n", sha256 of the rest and "\n", then a record an entry:
 *	TYPE MODE SIZE MTIME_NS INODE SHA256|- PATH NUL
 * and for links the target and another NUL. Numbers are decimal, the mode octal,
 * the path relative ("." for the top). */
#define MAGIC "xorch-tree 1\n"
#define HEAD (sizeof MAGIC - 1 + DIGEST_HEX + 1)
#define MAX_MANIFEST (1u << 28)

typedef struct entry {
	char type; /* d, f, l */
	unsigned mode;
	guint64 size;
	gint64 mtime;
	guint64 inode;
	const char *sha256, *path, *target;
} entry;

static gint64 mtime_of(const struct stat *st)
{
	return (gint64)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}

static char type_of(const struct stat *st)
{
	return S_ISREG(st->st_mode)   ? 'f'
	       : S_ISDIR(st->st_mode) ? 'd'
	       : S_ISLNK(st->st_mode) ? 'l'
				      : '?';
}

/* ---- walking ---- */

typedef gboolean (*visit_fn)(int dirfd, const char *name, const char *path,
	const struct stat *st, void *data, GError **err);

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static gboolean walk_dir(
	int fd, const char *prefix, visit_fn visit, void *data, GError **err)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	DIR *d = fdopendir(fd);
	struct dirent *e;
	gboolean ok = TRUE;

	if (!d) {
		close(fd);
		return fs_fail(err, errno, "list", prefix, 0);
	}
	while ((errno = 0, e = readdir(d)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			g_ptr_array_add(names, g_strdup(e->d_name));
	if (errno)
		ok = fs_fail(err, errno, "list", prefix, 0);
	g_ptr_array_sort(names, by_name);
	for (guint i = 0; ok && i < names->len; i++) {
		const char *name = names->pdata[i];
		g_autofree char *path =
			prefix[0] ? g_strconcat(prefix, "/", name, NULL) : g_strdup(name);
		struct stat st;
		if (fstatat(dirfd(d), name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
			ok = fs_fail(err, errno, "read", path, 0);
			break;
		}
		ok = visit(dirfd(d), name, path, &st, data, err);
		if (ok && S_ISDIR(st.st_mode)) {
			int below = openat(dirfd(d), name,
				O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
			ok = below < 0 ? fs_fail(err, errno, "open folder", path, 0)
				       : walk_dir(below, path, visit, data, err);
		}
	}
	closedir(d);
	return ok;
}

static int open_tree(const char *tree, GError **err)
{
	int fd = open(tree, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		fs_fail(err, errno, "open folder", tree, 0);
	return fd;
}

static char *link_target(int dirfd, const char *name)
{
	char target[4096];
	ssize_t n = readlinkat(dirfd, name, target, sizeof target - 1);

	return n < 0 ? NULL : g_strndup(target, (gsize)n);
}

static char *hash_at(int dirfd, const char *name, const char *path, GError **err)
{
	int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0) {
		fs_fail(err, errno, "read", path, 0);
		return NULL;
	}
	char *hex = digest_fd(fd, path, NULL, err);
	close(fd);
	return hex;
}

/* ---- writing ---- */

static void put_record(GByteArray *out, const struct stat *st, const char *sha256,
	const char *path, const char *target)
{
	char head[160];
	int n = g_snprintf(head, sizeof head,
		"%c %o %" G_GUINT64_FORMAT " %" G_GINT64_FORMAT " %" G_GUINT64_FORMAT
		" %s ",
		type_of(st), st->st_mode & 07777, S_ISDIR(st->st_mode) ? 0 : st->st_size,
		mtime_of(st), (guint64)st->st_ino, sha256 ? sha256 : "-");

	g_byte_array_append(out, (const guint8 *)head, (guint)n);
	g_byte_array_append(out, (const guint8 *)path, (guint)strlen(path) + 1);
	if (target)
		g_byte_array_append(
			out, (const guint8 *)target, (guint)strlen(target) + 1);
}

static gboolean record_entry(int dirfd, const char *name, const char *path,
	const struct stat *st, void *data, GError **err)
{
	g_autofree char *sha256 = NULL, *target = NULL;

	if (S_ISREG(st->st_mode)) {
		sha256 = hash_at(dirfd, name, path, err);
		if (!sha256)
			return FALSE;
	} else if (S_ISLNK(st->st_mode)) {
		target = link_target(dirfd, name);
		if (!target)
			return fs_fail(err, errno, "read link", path, 0);
	} else if (!S_ISDIR(st->st_mode)) {
		g_autofree char *shown = text_escape(path, -1);
		return error_set(err, EXIT_HOST, "X0820",
			"%s is neither file, folder nor link; it cannot be kept in the "
			"cache",
			shown);
	}
	put_record(data, st, sha256, path, target);
	return TRUE;
}

gboolean manifest_write(
	const char *tree, const char *manifest_path, const char *temp, GError **err)
{
	g_autoptr(GByteArray) out = g_byte_array_new();
	struct stat st;
	int fd = open_tree(tree, err);

	if (fd < 0)
		return FALSE;
	g_byte_array_set_size(out, HEAD);
	if (fstat(fd, &st) < 0) {
		int why = errno;
		close(fd);
		return fs_fail(err, why, "read", tree, 0);
	}
	put_record(out, &st, NULL, ".", NULL);
	if (!walk_dir(fd, "", record_entry, out, err))
		return FALSE;
	g_autofree char *hex = digest_bytes(out->data + HEAD, out->len - HEAD);
	memcpy(out->data, MAGIC, sizeof MAGIC - 1);
	memcpy(out->data + sizeof MAGIC - 1, hex, DIGEST_HEX);
	out->data[HEAD - 1] = '\n';
	return fs_write_atomic_by(temp, manifest_path, out->data, out->len, 0644, err);
}

/* ---- reading ---- */

static GBytes *read_manifest(const char *path)
{
	g_autoptr(GBytes) all = fs_read(path, MAX_MANIFEST, NULL);
	gsize size = 0;
	const char *p = all ? g_bytes_get_data(all, &size) : NULL;

	if (size <= HEAD || memcmp(p, MAGIC, sizeof MAGIC - 1) != 0 ||
		p[HEAD - 1] != '\n' || p[size - 1] != '\0')
		return NULL;
	g_autofree char *hex = digest_bytes(p + HEAD, size - HEAD);
	if (memcmp(hex, p + sizeof MAGIC - 1, DIGEST_HEX) != 0)
		return NULL;
	return g_steal_pointer(&all);
}

/* The record at *p, which moves on; FALSE at the end or when it is malformed
 * (our own digest was right, so that would be another version's file). */
static gboolean next_entry(const char **p, const char *end, entry *e)
{
	char *q;

	if (*p >= end)
		return FALSE;
	e->type = (*p)[0];
	e->mode = (unsigned)strtoul(*p + 1, &q, 8);
	e->size = strtoull(q, &q, 10);
	e->mtime = strtoll(q, &q, 10);
	e->inode = strtoull(q, &q, 10);
	if (*q != ' ')
		return FALSE;
	e->sha256 = q + 1;
	q = strchr(q + 1, ' ');
	if (!q)
		return FALSE;
	e->path = q + 1;
	q += 1 + strlen(q + 1) + 1;
	e->target = NULL;
	if (e->type == 'l') {
		if (q >= end)
			return FALSE;
		e->target = q;
		q += strlen(q) + 1;
	}
	*p = q;
	return TRUE;
}

static manifest_state differs(
	manifest_state state, char **why, const char *path, const char *how)
{
	if (why) {
		g_autofree char *shown = text_escape(path, -1);
		g_free(*why);
		*why = g_strdup_printf("%s: %s", shown, how);
	}
	return state;
}

manifest_state manifest_check(const char *tree, const char *manifest_path, char **why)
{
	g_autoptr(GBytes) all = read_manifest(manifest_path);
	gsize size = 0;
	manifest_state state = MANIFEST_GOOD;
	entry e;

	if (!all)
		return differs(MANIFEST_NONE, why, manifest_path, "missing or damaged");
	const char *p = g_bytes_get_data(all, &size);
	const char *end = p + size;
	int fd = open_tree(tree, NULL);
	if (fd < 0)
		return differs(MANIFEST_BAD, why, tree, "missing");
	p += HEAD;
	while (state != MANIFEST_BAD && next_entry(&p, end, &e)) {
		struct stat st;
		if (fstatat(fd, e.path, &st, AT_SYMLINK_NOFOLLOW) < 0)
			state = differs(MANIFEST_BAD, why, e.path, "missing");
		else if (type_of(&st) != e.type)
			state = differs(MANIFEST_BAD, why, e.path, "of another type");
		else if (e.type != 'd' && (guint64)st.st_size != e.size)
			state = differs(MANIFEST_BAD, why, e.path, "of another size");
		else if (state == MANIFEST_GOOD && e.type != 'l' &&
			 (st.st_mode & 07777) != e.mode)
			state = differs(MANIFEST_MOVED, why, e.path, "of another mode");
		else if (state == MANIFEST_GOOD &&
			 (mtime_of(&st) != e.mtime || (guint64)st.st_ino != e.inode))
			state = differs(MANIFEST_MOVED, why, e.path, "changed");
	}
	close(fd);
	return state;
}

typedef struct verifying {
	GHashTable *left; /* path -> index of the entry */
	GArray *entries;
	char *path;
	const char *how;
} verifying;

static gboolean verify_entry(int dirfd, const char *name, const char *path,
	const struct stat *st, void *data, GError **err)
{
	verifying *v = data;
	gpointer index;
	const char *how = NULL;
	g_autofree char *text = NULL;

	if (!g_hash_table_lookup_extended(v->left, path, NULL, &index)) {
		how = "was added";
	} else {
		entry *e = &g_array_index(v->entries, entry, GPOINTER_TO_UINT(index));
		g_hash_table_remove(v->left, path);
		if (type_of(st) != e->type)
			how = "of another type";
		else if (e->type != 'l' && (st->st_mode & 07777) != e->mode)
			how = "of another mode";
		else if (e->type == 'l') {
			text = link_target(dirfd, name);
			if (g_strcmp0(text, e->target) != 0)
				how = "points elsewhere";
		} else if (e->type == 'f') {
			text = hash_at(dirfd, name, path, err);
			if (!text)
				return FALSE;
			if (strncmp(text, e->sha256, DIGEST_HEX) != 0)
				how = "has other contents";
		}
	}
	if (!how)
		return TRUE;
	v->how = how;
	v->path = g_strdup(path);
	return error_set(err, EXIT_INTEGRITY, NULL, "differs");
}

manifest_state manifest_verify(const char *tree, const char *manifest_path, char **why)
{
	g_autoptr(GBytes) all = read_manifest(manifest_path);
	g_autoptr(GHashTable) left = g_hash_table_new(g_str_hash, g_str_equal);
	g_autoptr(GArray) entries = g_array_new(FALSE, FALSE, sizeof(entry));
	g_autoptr(GError) err = NULL;
	verifying v = {.left = left, .entries = entries};
	manifest_state state = MANIFEST_GOOD;
	gsize size = 0;
	entry e;

	if (!all)
		return differs(MANIFEST_NONE, why, manifest_path, "missing or damaged");
	const char *p = g_bytes_get_data(all, &size);
	const char *end = p + size;
	p += HEAD;
	while (next_entry(&p, end, &e)) {
		if (strcmp(e.path, ".") != 0)
			g_hash_table_insert(
				left, (char *)e.path, GUINT_TO_POINTER(entries->len));
		g_array_append_val(entries, e);
	}
	int fd = open_tree(tree, &err);
	if (fd < 0)
		return differs(MANIFEST_BAD, why, tree, "missing");
	if (!walk_dir(fd, "", verify_entry, &v, &err)) {
		state = v.path ? differs(MANIFEST_BAD, why, v.path, v.how)
			       : differs(MANIFEST_BAD, why, tree, err->message);
		g_free(v.path);
	} else if (g_hash_table_size(left)) {
		GHashTableIter i;
		gpointer path;
		g_hash_table_iter_init(&i, left);
		g_hash_table_iter_next(&i, &path, NULL);
		state = differs(MANIFEST_BAD, why, path, "missing");
	}
	return state;
}

guint64 manifest_bytes(const char *manifest_path)
{
	g_autoptr(GBytes) all = read_manifest(manifest_path);
	gsize size = 0;
	guint64 sum = 0;
	entry e;

	if (!all)
		return 0;
	const char *p = g_bytes_get_data(all, &size);
	const char *end = p + size;
	p += HEAD;
	while (next_entry(&p, end, &e))
		if (e.type == 'f')
			sum += e.size;
	return sum;
}
