#include "format/archive.h"
#include "base/error.h"
#include "base/fault.h"
#include "base/fs.h"
#include "format/archive_reader.h"
#include "format/member_name.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The name as bytes: pax names were turned from UTF-8 into the thread's charset,
 * which is UTF-8 too; others are as they stand in the archive. */
static const char *entry_name(struct archive_entry *e)
{
	const char *name = archive_entry_pathname(e);
	return name ? name : archive_entry_pathname_utf8(e);
}

static gboolean feed_entry(
	unpack *u, archive_reader *r, struct archive_entry *e, GError **err)
{
	const char *name = entry_name(e);
	const char *hardlink = archive_entry_hardlink(e);
	mode_t mode = archive_entry_mode(e);

	if (!name)
		return unpack_refuse(u, "?", "has a name that is not text", err);
	if (archive_entry_is_encrypted(e))
		return unpack_refuse(u, name, "is encrypted", err);
	if (archive_entry_sparse_count(e))
		return unpack_refuse(u, name, "is a sparse file", err);
	if (hardlink) {
		/* pax allows a link with contents; two truths about one file */
		if (archive_entry_size(e) > 0)
			return unpack_refuse(
				u, name, "is a hard link with contents of its own", err);
		return unpack_member(u, UNPACK_HARDLINK, name, hardlink, 0, err);
	}
	switch (archive_entry_filetype(e)) {
	case AE_IFDIR:
		return unpack_member(u, UNPACK_DIRECTORY, name, NULL, 0, err);
	case AE_IFLNK:
		return unpack_member(
			u, UNPACK_SYMLINK, name, archive_entry_symlink(e), 0, err);
	case AE_IFREG:
		if (!unpack_member(u, UNPACK_FILE, name, NULL, mode, err))
			return FALSE;
		return archive_reader_feed(r, u, archive_entry_size(e), err) &&
		       unpack_file_end(u, archive_entry_mtime(e), err);
	case AE_IFIFO:
		return unpack_refuse(u, name, "is a FIFO", err);
	case AE_IFCHR:
	case AE_IFBLK:
		return unpack_refuse(u, name, "is a device", err);
	case AE_IFSOCK:
		return unpack_refuse(u, name, "is a socket", err);
	default:
		return unpack_refuse(u, name, "is of an unknown type", err);
	}
}

gboolean archive_feed(unpack *u, const archive_slice *slice, const char *label,
	archive_formats formats, GError **err)
{
	g_autoptr(archive_reader) r = archive_reader_open(slice, label,
		formats == ARCHIVE_FORMATS_TAR ? READER_TAR : READER_TAR_ZIP, err);

	if (!r)
		return FALSE;
	for (;;) {
		struct archive_entry *e;
		int rc = archive_read_next_header(archive_reader_handle(r), &e);
		if (rc == ARCHIVE_EOF)
			return TRUE;
		/* a warning means that the entry is not what it seems */
		if (rc != ARCHIVE_OK)
			return archive_reader_error(r, err);
		if (!feed_entry(u, r, e, err))
			return FALSE;
	}
}

gboolean archive_unpack_slice(const archive_slice *slice, const char *label,
	const char *dest, const archive_policy *policy, archive_stats *stats,
	GError **err)
{
	if (mkdir(dest, 0755))
		return error_set_errno(err, EXIT_HOST, NULL, errno,
			"cannot make the folder %s to unpack into", dest);
	g_autoptr(unpack) u = unpack_new(dest, policy, label, slice->size, err);
	if (u && archive_feed(u, slice, label, ARCHIVE_FORMATS_ALL, err)) {
		fault_point("extract");
		if (unpack_finish(u, stats, err))
			return TRUE;
	}
	fs_remove_tree(dest, NULL);
	return FALSE;
}

gboolean archive_unpack(const char *path, const char *dest, const archive_policy *policy,
	archive_stats *stats, GError **err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		int saved = fd < 0 ? errno : EINVAL;
		if (fd >= 0)
			close(fd);
		return error_set_errno(
			err, EXIT_HOST, NULL, saved, "cannot open %s", path);
	}
	g_autofree char *label = g_path_get_basename(path);
	archive_slice slice = {.fd = fd, .size = st.st_size};
	gboolean ok = archive_unpack_slice(&slice, label, dest, policy, stats, err);
	close(fd);
	return ok;
}

static GBytes *read_member(archive_reader *r, gsize max, GError **err)
{
	g_autoptr(GByteArray) bytes = g_byte_array_new();

	for (;;) {
		char block[8192];
		la_ssize_t n =
			archive_read_data(archive_reader_handle(r), block, sizeof(block));
		if (n == 0)
			return g_byte_array_free_to_bytes(g_steal_pointer(&bytes));
		if (n < 0) {
			archive_reader_error(r, err);
			return NULL;
		}
		if (bytes->len + (gsize)n > max) {
			archive_set_error(archive_reader_handle(r), EFBIG,
				"a member is larger than %zu bytes", max);
			archive_reader_error(r, err);
			return NULL;
		}
		g_byte_array_append(bytes, (guint8 *)block, n);
	}
}

GBytes *archive_member(const archive_slice *slice, const char *label, const char *name,
	gsize max, gboolean *found, GError **err)
{
	g_autoptr(archive_reader) r = archive_reader_open(slice, label, READER_TAR, err);
	struct archive_entry *e;
	int rc;

	*found = FALSE;
	if (!r)
		return NULL;
	for (guint left = 4096; left; left--) {
		rc = archive_read_next_header(archive_reader_handle(r), &e);
		if (rc == ARCHIVE_EOF)
			return NULL;
		if (rc != ARCHIVE_OK) {
			archive_reader_error(r, err);
			return NULL;
		}
		const char *why = NULL;
		g_autofree char *clean = member_name_clean(entry_name(e), 0, &why);
		if (clean && !strcmp(clean, name) &&
			archive_entry_filetype(e) == AE_IFREG) {
			*found = TRUE;
			return read_member(r, max, err);
		}
	}
	archive_set_error(archive_reader_handle(r), EFBIG, "too many members");
	archive_reader_error(r, err);
	return NULL;
}
