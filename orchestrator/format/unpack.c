#include "format/unpack.h"
#include "base/error.h"
#include "base/event.h"
#include "format/member_name.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MIN_BYTES_LIMIT (512ull << 20)
#define BYTES_FACTOR 20
#define ENTRIES_LIMIT 200000
#define NAMES_SHOWN 5

const archive_policy ARCHIVE_SDIST = {
	.strip_top = TRUE, .portable_names = TRUE, .warn_case = TRUE};
const archive_policy ARCHIVE_DEB_DATA = {.rooted_links = TRUE, .usr_merge = TRUE};

struct unpack {
	archive_policy policy;
	char *label;
	int root;	   /* the destination */
	int parent;	   /* folder of the last member, or -1 */
	char *parent_path; /* its clean name */
	int file;	   /* open between unpack_member and unpack_file_end, or -1 */
	char *file_name;
	gboolean writing;    /* FALSE: the file in hand is left out */
	GHashTable *members; /* clean name -> kind + 1, what this archive has made */
	GPtrArray *loose;    /* links to be looked at when all is there */
	GPtrArray *shown;    /* first names, for messages */
	guint entries;
	guint64 bytes;
	char *top;
};

unpack *unpack_new(const char *dest, const archive_policy *policy, const char *label,
	guint64 packed_size, GError **err)
{
	int root = open(dest, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (root < 0) {
		error_set_errno(err, EXIT_HOST, NULL, errno, "cannot open %s", dest);
		return NULL;
	}
	unpack *u = g_new0(unpack, 1);
	u->policy = *policy;
	u->label = text_escape(label, -1);
	u->root = root;
	u->parent = u->file = -1;
	u->members = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	u->loose = g_ptr_array_new_with_free_func(g_free);
	u->shown = g_ptr_array_new_with_free_func(g_free);
	if (!u->policy.max_bytes)
		u->policy.max_bytes = MAX(MIN_BYTES_LIMIT, packed_size * BYTES_FACTOR);
	if (!u->policy.max_entries)
		u->policy.max_entries = ENTRIES_LIMIT;
	return u;
}

void unpack_free(unpack *u)
{
	if (!u)
		return;
	if (u->file >= 0)
		close(u->file);
	if (u->parent >= 0)
		close(u->parent);
	close(u->root);
	g_hash_table_unref(u->members);
	g_ptr_array_unref(u->loose);
	g_ptr_array_unref(u->shown);
	g_free(u->parent_path);
	g_free(u->file_name);
	g_free(u->label);
	g_free(u->top);
	g_free(u);
}

gboolean unpack_refuse(unpack *u, const char *name, const char *why, GError **err)
{
	g_autofree char *shown = text_escape(name, MIN(strlen(name), 200));

	error_set(err, EXIT_INTEGRITY, "X0620", "%s is refused: member \"%s\" %s",
		u->label, shown, why);
	error_note(err, "nothing of it was kept");
	return FALSE;
}

static gboolean host_error(unpack *u, const char *path, GError **err)
{
	int saved = errno;
	g_autofree char *shown = text_escape(path, -1);

	error_set_errno(err, EXIT_HOST, NULL, saved, "cannot write \"%s\" of %s", shown,
		u->label);
	if (saved == ENOSPC || saved == EDQUOT)
		error_help(err, "free some space, for instance with `xorch cache prune`");
	return FALSE;
}

/* Opens the folder `path` below the root, making what is missing; every component
 * must be a real folder. The last one stays open for the members that follow. */
static gboolean enter(unpack *u, const char *path, GError **err)
{
	const char *rest = path;
	int at = u->root;

	if (u->parent_path && !strcmp(u->parent_path, path))
		return TRUE;
	if (u->parent_path && *u->parent_path && g_str_has_prefix(path, u->parent_path) &&
		path[strlen(u->parent_path)] == '/') {
		at = u->parent;
		rest = path + strlen(u->parent_path) + 1;
	}
	while (*rest) {
		gsize n = strcspn(rest, "/");
		char component[256];
		g_assert(n < sizeof(component));
		memcpy(component, rest, n);
		component[n] = '\0';
		const int flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
		int fd = openat(at, component, flags);
		if (fd < 0 && errno == ENOENT) {
			/* another thread may make it at the same time */
			if (mkdirat(at, component, 0755) && errno != EEXIST)
				return host_error(u, path, err);
			fd = openat(at, component, flags);
		}
		if (fd < 0) {
			int saved = errno;
			g_autofree char *so_far = g_strndup(path, rest + n - path);
			if (at != u->root && at != u->parent)
				close(at);
			errno = saved;
			if (saved == ENOTDIR || saved == ELOOP)
				return unpack_refuse(u, so_far,
					"is a link or a file, yet others go through it",
					err);
			return host_error(u, so_far, err);
		}
		if (at != u->root && at != u->parent)
			close(at);
		at = fd;
		rest += n;
		rest += *rest == '/';
	}
	if (at == u->root)
		at = fcntl(u->root, F_DUPFD_CLOEXEC, 0);
	if (u->parent >= 0)
		close(u->parent);
	u->parent = at;
	g_free(u->parent_path);
	u->parent_path = g_strdup(path);
	return TRUE;
}

/* Enters the folder of `path`; the last component is left, which points into path. */
static const char *enter_parent(unpack *u, const char *path, GError **err)
{
	const char *slash = strrchr(path, '/');
	g_autofree char *folder = g_strndup(path, slash ? slash - path : 0);

	if (!enter(u, folder, err))
		return NULL;
	return slash ? slash + 1 : path;
}

static gboolean wrong_top(unpack *u, GError **err)
{
	GString *names = g_string_new(NULL);

	for (guint i = 0; i < u->shown->len; i++) {
		g_autofree char *shown = text_escape(g_ptr_array_index(u->shown, i), -1);
		g_string_append_printf(names, "%s%s", i ? ", " : "", shown);
	}
	error_set(err, EXIT_INTEGRITY, "X0623",
		"%s is refused: its files are not all in one folder NAME-VERSION/",
		u->label);
	error_line(err, "it begins with: %s", names->str);
	g_string_free(names, TRUE);
	return FALSE;
}

/* The clean name below the destination: top folder off, /usr merged. "" is the
 * destination itself. */
static gboolean place_of(
	unpack *u, const char *name, gboolean is_folder, char **path, GError **err)
{
	const char *why = NULL;
	g_autofree char *clean = member_name_clean(
		name, u->policy.portable_names ? MEMBER_NAME_PORTABLE : 0, &why);

	if (!clean)
		return unpack_refuse(u, name ? name : "", why, err);
	if (u->shown->len < NAMES_SHOWN)
		g_ptr_array_add(u->shown, g_strdup(clean));
	if (u->policy.strip_top && *clean) {
		gsize n = strcspn(clean, "/");
		if (!u->top)
			u->top = g_strndup(clean, n);
		if (strlen(u->top) != n || memcmp(u->top, clean, n) ||
			(!clean[n] && !is_folder))
			return wrong_top(u, err);
		char *rest = g_strdup(clean[n] ? clean + n + 1 : "");
		g_free(clean);
		clean = rest;
	}
	*path = u->policy.usr_merge ? member_name_usr_merge(clean)
				    : g_steal_pointer(&clean);
	return TRUE;
}

static gboolean make_folder(unpack *u, const char *path, GError **err)
{
	const char *leaf = enter_parent(u, path, err);

	if (!leaf)
		return FALSE;
	if (mkdirat(u->parent, leaf, 0755) == 0)
		return TRUE;
	if (errno != EEXIST)
		return host_error(u, path, err);
	struct stat st;
	if (fstatat(u->parent, leaf, &st, AT_SYMLINK_NOFOLLOW))
		return host_error(u, path, err);
	if (!S_ISDIR(st.st_mode))
		return unpack_refuse(
			u, path, "is a folder, but exists as something else", err);
	return TRUE;
}

static gboolean exists_error(unpack *u, const char *path, GError **err)
{
	if (errno == EEXIST)
		return unpack_refuse(u, path,
			g_hash_table_contains(u->members, path)
				? "comes twice"
				: "exists already: something else brought it",
			err);
	return host_error(u, path, err);
}

/* The link's text, checked; for rooted links it is rewritten from the place the
 * package meant to the place where things lie now. */
static gboolean make_symlink(
	unpack *u, const char *name, const char *path, const char *target, GError **err)
{
	const char *why = NULL;
	gboolean plain = FALSE;
	g_autofree char *clean = u->policy.rooted_links ? member_name_clean(name, 0, &why)
							: g_strdup(path);
	g_autofree char *to =
		member_link_resolve(clean, target, u->policy.rooted_links, &plain, &why);
	g_autofree char *rewritten = NULL;

	if (!to)
		return unpack_refuse(u, name, why, err);
	if (u->policy.rooted_links) {
		g_autofree char *moved =
			u->policy.usr_merge ? member_name_usr_merge(to) : g_strdup(to);
		rewritten = member_link_relative(path, moved);
		target = rewritten;
	} else if (!plain) {
		g_ptr_array_add(u->loose, g_strdup(path));
	}
	const char *leaf = enter_parent(u, path, err);
	if (!leaf)
		return FALSE;
	if (symlinkat(target, u->parent, leaf))
		return exists_error(u, path, err);
	return TRUE;
}

static gboolean make_hardlink(
	unpack *u, const char *path, const char *target, GError **err)
{
	g_autofree char *to = NULL;

	if (!place_of(u, target, FALSE, &to, err))
		return FALSE;
	gpointer kind = g_hash_table_lookup(u->members, to);
	if (GPOINTER_TO_INT(kind) != UNPACK_FILE + 1)
		return unpack_refuse(u, path,
			"is a hard link to what is not an earlier file of this archive",
			err);
	const char *leaf = enter_parent(u, to, err);
	if (!leaf)
		return FALSE;
	int from = fcntl(u->parent, F_DUPFD_CLOEXEC, 0);
	g_autofree char *from_leaf = g_strdup(leaf);
	gboolean ok = FALSE;
	leaf = enter_parent(u, path, err);
	if (leaf) {
		ok = linkat(from, from_leaf, u->parent, leaf, 0) == 0;
		if (!ok)
			exists_error(u, path, err);
	}
	close(from);
	return ok;
}

/* lib -> usr/lib, as Debian's base-files has it from trixie on: true already. `path`
 * is the merged name. */
static gboolean is_merged_link(const char *path, const char *target)
{
	for (int i = 0; usr_merged_folders[i]; i++) {
		const char *name = usr_merged_folders[i];
		const char *why;
		if (!g_str_has_prefix(path, "usr/") || strcmp(path + 4, name))
			continue;
		g_autofree char *to = member_link_resolve(name, target, TRUE, NULL, &why);
		return to && !strcmp(to, path);
	}
	return FALSE;
}

static gboolean make_file(unpack *u, const char *path, mode_t mode, GError **err)
{
	const char *leaf = enter_parent(u, path, err);

	if (!leaf)
		return FALSE;
	u->file = openat(u->parent, leaf,
		O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		mode & S_IXUSR ? 0755 : 0644);
	if (u->file < 0)
		return exists_error(u, path, err);
	return TRUE;
}

gboolean unpack_member(unpack *u, unpack_kind kind, const char *name, const char *target,
	mode_t mode, GError **err)
{
	g_autofree char *path = NULL;

	g_assert(u->file < 0);
	if (++u->entries > u->policy.max_entries) {
		error_set(err, EXIT_INTEGRITY, "X0621",
			"%s is refused: more than %u members", u->label,
			u->policy.max_entries);
		error_note(err, "nothing of it was kept");
		return FALSE;
	}
	if (!place_of(u, name, kind == UNPACK_DIRECTORY, &path, err))
		return FALSE;
	u->writing = FALSE;
	if (!*path) {
		if (kind != UNPACK_DIRECTORY)
			return unpack_refuse(u, name, "takes the place of the root", err);
		return TRUE;
	}
	if (kind == UNPACK_SYMLINK && u->policy.usr_merge && is_merged_link(path, target))
		return TRUE;
	int known = GPOINTER_TO_INT(g_hash_table_lookup(u->members, path));
	if (known && (known != UNPACK_DIRECTORY + 1 || kind != UNPACK_DIRECTORY))
		return unpack_refuse(u, name, "comes twice", err);
	gboolean keep = !u->policy.keep || u->policy.keep(path, u->policy.keep_data);
	gboolean ok = TRUE;
	if (kind == UNPACK_FILE) {
		u->file_name = g_strdup(path);
		u->writing = keep;
	}
	if (keep && kind == UNPACK_DIRECTORY)
		ok = make_folder(u, path, err);
	else if (keep && kind == UNPACK_SYMLINK)
		ok = make_symlink(u, name, path, target, err);
	else if (keep && kind == UNPACK_HARDLINK)
		ok = make_hardlink(u, path, target, err);
	else if (keep)
		ok = make_file(u, path, mode, err);
	/* a hard link is as good as the file for further links */
	if (kind == UNPACK_HARDLINK)
		kind = UNPACK_FILE;
	if (keep)
		g_hash_table_insert(
			u->members, g_steal_pointer(&path), GINT_TO_POINTER(kind + 1));
	return ok;
}

gboolean unpack_write(unpack *u, const void *data, gsize size, GError **err)
{
	const char *p = data;

	u->bytes += size;
	if (u->bytes > u->policy.max_bytes) {
		error_set(err, EXIT_INTEGRITY, "X0621",
			"%s is refused: it unpacks to more than %" G_GUINT64_FORMAT
			" MiB",
			u->label, u->policy.max_bytes >> 20);
		error_note(err, "nothing of it was kept");
		return FALSE;
	}
	while (u->writing && size) {
		gssize n = write(u->file, p, size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return host_error(u, u->file_name, err);
		p += n;
		size -= n;
	}
	return TRUE;
}

gboolean unpack_file_end(unpack *u, gint64 mtime, GError **err)
{
	gboolean ok = TRUE;

	if (u->writing) {
		/* 1980 and 2107 are what a zip can say */
		gint64 at = CLAMP(mtime, G_GINT64_CONSTANT(315532800),
			G_GINT64_CONSTANT(4354819199));
		struct timespec t[2] = {{at, 0}, {at, 0}};
		ok = futimens(u->file, t) == 0;
	}
	if (u->file >= 0 && close(u->file) && ok)
		ok = FALSE;
	if (!ok)
		host_error(u, u->file_name, err);
	u->file = -1;
	g_clear_pointer(&u->file_name, g_free);
	u->writing = FALSE;
	return ok;
}

/* A target like a/../b can mean something else than its text when a is a link, so
 * the kernel is asked: opening it must stay beneath the root. */
static gboolean loose_links_inside(unpack *u, GError **err)
{
	for (guint i = 0; i < u->loose->len; i++) {
		const char *path = g_ptr_array_index(u->loose, i);
		const char *why = NULL;
		g_autofree char *real = NULL;
		const char *leaf = enter_parent(u, path, err);
		if (!leaf)
			return FALSE;
		int fd = openat(u->parent, leaf, O_PATH | O_CLOEXEC);
		if (fd < 0) {
			why = "is a link with \"..\" after a name that leads nowhere";
		} else {
			g_autofree char *proc = g_strdup_printf("/proc/self/fd/%d", fd);
			g_autofree char *proc_root =
				g_strdup_printf("/proc/self/fd/%d", u->root);
			real = g_file_read_link(proc, NULL);
			g_autofree char *root = g_file_read_link(proc_root, NULL);
			gsize n = root ? strlen(root) : 0;
			if (!real || !root || strncmp(real, root, n) ||
				(real[n] && real[n] != '/'))
				why = "points out of the archive";
			close(fd);
		}
		if (why)
			return unpack_refuse(u, path, why, err);
	}
	return TRUE;
}

static void warn_same_but_case(unpack *u)
{
	g_autoptr(GHashTable) folded =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	GHashTableIter iter;
	gpointer name, kind;

	g_hash_table_iter_init(&iter, u->members);
	while (g_hash_table_iter_next(&iter, &name, &kind)) {
		g_autofree char *fold = g_utf8_casefold(name, -1);
		char *same = g_utf8_normalize(fold, -1, G_NORMALIZE_ALL);
		const char *other = g_hash_table_lookup(folded, same);
		if (!other) {
			g_hash_table_insert(folded, same, name);
			continue;
		}
		g_autofree char *a = text_escape(other, -1);
		g_autofree char *b = text_escape(name, -1);
		event_log(EVENT_WARNING, u->label,
			"\"%s\" and \"%s\" differ only in case or accents", a, b);
		g_free(same);
	}
}

gboolean unpack_finish(unpack *u, archive_stats *stats, GError **err)
{
	if (!u->entries)
		return error_set(err, EXIT_INTEGRITY, "X0622",
			"%s is refused: it has no members", u->label);
	if (u->policy.strip_top && !g_hash_table_size(u->members))
		return wrong_top(u, err);
	if (!loose_links_inside(u, err))
		return FALSE;
	if (u->policy.warn_case)
		warn_same_but_case(u);
	if (stats) {
		stats->entries = u->entries;
		stats->bytes = u->bytes;
		stats->top = g_steal_pointer(&u->top);
	}
	return TRUE;
}
