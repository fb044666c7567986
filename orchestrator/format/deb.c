#include "format/deb.h"
#include "base/error.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define AR_MAGIC "!<arch>\n"
#define AR_HEADER 60
#define CONTROL_MAX (1 << 20)

/* Where the two tars lie in the file. */
typedef struct deb_layout {
	archive_slice control, data;
	char data_name[17], control_name[17];
} deb_layout;

static gboolean malformed(const char *label, GError **err, const char *fmt, ...)
	G_GNUC_PRINTF(3, 4);
static gboolean malformed(const char *label, GError **err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	g_autofree char *why = g_strdup_vprintf(fmt, ap);
	va_end(ap);
	g_autofree char *shown = text_escape(label, -1);
	g_autofree char *text = text_escape(why, -1);
	return error_set(
		err, EXIT_INTEGRITY, "X0624", "%s is not a proper .deb: %s", shown, text);
}

static gboolean slice_read(
	const archive_slice *s, guint64 at, void *out, gsize size, gboolean *whole)
{
	*whole = at <= s->size && size <= s->size - at;
	if (!*whole || !size)
		return TRUE;
	if (s->fd < 0) {
		memcpy(out, (const guint8 *)s->data + s->offset + at, size);
		return TRUE;
	}
	gssize n = pread(s->fd, out, size, s->offset + at);
	*whole = n == (gssize)size;
	return n >= 0;
}

/* ar's decimal field: digits, then blanks to its end. */
static gboolean ar_size(const char *field, guint64 *size)
{
	int i = 0;

	*size = 0;
	for (; i < 10 && g_ascii_isdigit(field[i]); i++)
		*size = *size * 10 + (field[i] - '0');
	gboolean some = i > 0;
	for (; i < 10; i++)
		if (field[i] != ' ')
			return FALSE;
	return some;
}

static gboolean is_tar(const char *name, const char *stem)
{
	static const char *const known[] = {".tar", ".tar.gz", ".tar.xz", ".tar.zst"};

	if (!g_str_has_prefix(name, stem))
		return FALSE;
	for (gsize i = 0; i < G_N_ELEMENTS(known); i++)
		if (!strcmp(name + strlen(stem), known[i]))
			return TRUE;
	return FALSE;
}

/* Takes the member at *at: its name without blanks and a closing slash, its bytes. */
static gboolean next_member(const archive_slice *s, const char *label, guint64 *at,
	char name[17], archive_slice *member, GError **err)
{
	char header[AR_HEADER];
	gboolean whole;
	guint64 size;

	if (!slice_read(s, *at, header, sizeof(header), &whole))
		return error_set_errno(
			err, EXIT_HOST, NULL, errno, "cannot read %s", label);
	if (!whole)
		return malformed(label, err, "it ends within the header of a member");
	if (header[58] != '`' || header[59] != '\n')
		return malformed(
			label, err, "no ar header at byte %" G_GUINT64_FORMAT, *at);
	memcpy(name, header, 16);
	name[16] = '\0';
	g_strchomp(name);
	if (*name && name[strlen(name) - 1] == '/')
		name[strlen(name) - 1] = '\0';
	if (!ar_size(header + 48, &size))
		return malformed(
			label, err, "member %s has a size that is no number", name);
	*at += AR_HEADER;
	if (size > s->size - *at)
		return malformed(label, err,
			"member %s says %" G_GUINT64_FORMAT
			" bytes, the file has only %" G_GUINT64_FORMAT " left",
			name, size, s->size - *at);
	*member = *s;
	member->offset = s->offset + *at;
	member->size = size;
	*at += size + (size & 1);
	return TRUE;
}

static gboolean deb_read_layout(
	const archive_slice *s, const char *label, deb_layout *layout, GError **err)
{
	char magic[8], name[17], version[8] = "";
	guint64 at = sizeof(magic);
	archive_slice member;
	gboolean whole;

	if (!slice_read(s, 0, magic, sizeof(magic), &whole))
		return error_set_errno(
			err, EXIT_HOST, NULL, errno, "cannot read %s", label);
	if (!whole || memcmp(magic, AR_MAGIC, sizeof(magic))) {
		char head[512];
		gsize n = MIN(sizeof(head), s->size);
		slice_read(s, 0, head, n, &whole);
		return malformed(
			label, err, "it looks like %s", archive_looks_like(head, n));
	}
	if (!next_member(s, label, &at, name, &member, err))
		return FALSE;
	if (strcmp(name, "debian-binary"))
		return malformed(
			label, err, "its first member is %s, not debian-binary", name);
	archive_slice all = *s;
	if (member.size > sizeof(version) - 1 ||
		!slice_read(
			&all, member.offset - s->offset, version, member.size, &whole))
		return malformed(label, err, "debian-binary is not a version");
	if (strncmp(version, "2.", 2))
		return malformed(label, err, "format version %.4s is not known", version);
	for (int i = 0; i < 2; i++) {
		const char *stem = i ? "data" : "control";
		do {
			if (at >= s->size)
				return malformed(label, err, "it has no %s.tar", stem);
			if (!next_member(s, label, &at, name, &member, err))
				return FALSE;
		} while (name[0] == '_'); /* deb(5): to be ignored */
		if (!g_str_has_prefix(name, stem))
			return malformed(label, err,
				"member %s stands where %s.tar should", name, stem);
		if (!is_tar(name, stem))
			return malformed(
				label, err, "member %s has an unknown compression", name);
		*(i ? &layout->data : &layout->control) = member;
		strcpy(i ? layout->data_name : layout->control_name, name);
	}
	return TRUE;
}

gboolean deb_unpack_slice(const archive_slice *slice, const char *label, const char *dest,
	const archive_policy *policy, archive_stats *stats, GError **err)
{
	deb_layout layout;

	if (!deb_read_layout(slice, label, &layout, err))
		return FALSE;
	g_autoptr(unpack) u = unpack_new(dest, policy, label, layout.data.size, err);
	if (!u)
		return FALSE;
	if (archive_feed(u, &layout.data, label, ARCHIVE_FORMATS_TAR, err) &&
		unpack_finish(u, stats, err))
		return TRUE;
	error_line(err, "in its member %s", layout.data_name);
	return FALSE;
}

static gboolean open_slice(const char *path, archive_slice *out, GError **err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st)) {
		error_set_errno(err, EXIT_HOST, NULL, errno, "cannot open %s", path);
		if (fd >= 0)
			close(fd);
		return FALSE;
	}
	*out = (archive_slice){.fd = fd, .size = st.st_size};
	return TRUE;
}

gboolean deb_unpack(const char *path, const char *label, const char *dest,
	const archive_policy *policy, archive_stats *stats, GError **err)
{
	archive_slice slice;

	if (!open_slice(path, &slice, err))
		return FALSE;
	gboolean ok = deb_unpack_slice(&slice, label, dest, policy, stats, err);
	close(slice.fd);
	return ok;
}

/* A file of control.tar; NULL without an error if it has none of that name. */
static GBytes *control_member(const char *label, const deb_layout *layout,
	const char *name, gsize max, GError **err)
{
	GError *error = NULL;
	gboolean found;
	GBytes *text = archive_member(&layout->control, label, name, max, &found, &error);

	if (error) {
		error_line(&error, "in its member %s", layout->control_name);
		g_propagate_error(err, error);
	}
	return text;
}

GBytes *deb_control(const archive_slice *slice, const char *label, GError **err)
{
	deb_layout layout;
	GError *error = NULL;

	if (!deb_read_layout(slice, label, &layout, err))
		return NULL;
	GBytes *text = control_member(label, &layout, "control", CONTROL_MAX, &error);
	if (error)
		g_propagate_error(err, error);
	else if (!text)
		malformed(label, err, "its %s has no file control", layout.control_name);
	return text;
}

GBytes *deb_script(
	const char *path, const char *label, const char *name, gsize max, GError **err)
{
	archive_slice slice;
	deb_layout layout;
	GBytes *text = NULL;

	if (!open_slice(path, &slice, err))
		return NULL;
	if (deb_read_layout(&slice, label, &layout, err))
		text = control_member(label, &layout, name, max, err);
	close(slice.fd);
	return text;
}
