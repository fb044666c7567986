#include "format/archive_reader.h"
#include "base/error.h"
#include "format/digest.h"
#include "format/rpm.h"
#include "format/tar_scan.h"
#include <errno.h>
#include <locale.h>
#include <string.h>
#include <unistd.h>

#define BUFFER_SIZE (256 << 10)

/* A tar is read in two steps: one libarchive takes the compression off, the bytes
 * pass format/tar_scan, another one reads the tar. */
struct archive_reader {
	archive_slice slice;
	guint64 at;
	struct archive *filters; /* the first step, or NULL */
	tar_scan scan;
	gboolean end_missing_ok, rpm;
	digest *digest; /* of what comes out of filters, or NULL */
	char *label;
	struct archive *handle;
	locale_t utf8, outer;
	guint8 *buffer;
};

static la_ssize_t on_read(struct archive *a, void *data, const void **out)
{
	archive_reader *r = data;
	guint64 left = r->slice.size - r->at;

	if (r->slice.fd < 0) {
		*out = (const guint8 *)r->slice.data + r->slice.offset + r->at;
		r->at += left;
		return left;
	}
	if (!r->buffer)
		r->buffer = g_malloc(BUFFER_SIZE);
	gssize n;
	do
		n = pread(r->slice.fd, r->buffer, MIN(left, BUFFER_SIZE),
			r->slice.offset + r->at);
	while (n < 0 && errno == EINTR);
	if (n < 0) {
		archive_set_error(a, errno, "cannot read the file");
		return -1;
	}
	r->at += n;
	*out = r->buffer;
	return n;
}

static la_ssize_t on_read_tar(struct archive *a, void *data, const void **out)
{
	archive_reader *r = data;
	static const guint8 zeros[3 * 512];
	const char *fault = NULL;
	size_t size = 0;
	la_int64_t offset;
	int rc;

	do
		rc = archive_read_data_block(r->filters, out, &size, &offset);
	while (rc == ARCHIVE_OK && !size);
	if (rc == ARCHIVE_OK && r->digest)
		digest_update(r->digest, *out, size);
	if (rc == ARCHIVE_EOF && r->end_missing_ok &&
		(size = tar_scan_missing(&r->scan))) {
		*out = zeros;
		rc = ARCHIVE_OK;
	}
	if (rc == ARCHIVE_EOF)
		fault = tar_scan_end(&r->scan);
	else if (rc != ARCHIVE_OK)
		fault = archive_error_string(r->filters);
	else
		fault = tar_scan_feed(&r->scan, *out, size);
	if (fault) {
		archive_set_error(a, EINVAL, "%s", fault);
		return -1;
	}
	return rc == ARCHIVE_EOF ? 0 : (la_ssize_t)size;
}

/* What is in an RPM's payload; cpio has its own end mark, which libarchive minds. */
static la_ssize_t on_read_cpio(struct archive *a, void *data, const void **out)
{
	archive_reader *r = data;
	size_t size = 0;
	la_int64_t offset;
	int rc;

	do
		rc = archive_read_data_block(r->filters, out, &size, &offset);
	while (rc == ARCHIVE_OK && !size);
	if (rc == ARCHIVE_EOF)
		return 0;
	if (rc == ARCHIVE_OK && r->digest)
		digest_update(r->digest, *out, size);
	if (rc == ARCHIVE_OK)
		return (la_ssize_t)size;
	archive_set_error(a, EINVAL, "%s", archive_error_string(r->filters));
	return -1;
}

char *archive_reader_digest(archive_reader *r, GError **err)
{
	const void *block;
	size_t size;
	la_int64_t offset;
	int rc;

	while ((rc = archive_read_data_block(r->filters, &block, &size, &offset)) ==
		ARCHIVE_OK)
		digest_update(r->digest, block, size);
	if (rc == ARCHIVE_EOF)
		return digest_finish(r->digest);
	archive_set_error(r->handle, EINVAL, "%s", archive_error_string(r->filters));
	archive_reader_error(r, err);
	return NULL;
}

static la_int64_t on_skip(G_GNUC_UNUSED struct archive *a, void *data, la_int64_t request)
{
	archive_reader *r = data;
	guint64 n = MIN((guint64)MAX(request, 0), r->slice.size - r->at);

	r->at += n;
	return n;
}

static la_int64_t on_seek(struct archive *a, void *data, la_int64_t offset, int whence)
{
	archive_reader *r = data;
	la_int64_t base = whence == SEEK_SET   ? 0
			  : whence == SEEK_CUR ? (la_int64_t)r->at
					       : (la_int64_t)r->slice.size;

	if (base + offset < 0 || base + offset > (la_int64_t)r->slice.size) {
		archive_set_error(a, EINVAL, "offset outside of the file");
		return ARCHIVE_FATAL;
	}
	r->at = base + offset;
	return r->at;
}

const char *archive_looks_like(const void *head, gsize size)
{
	static const struct {
		const char *magic;
		gsize size;
		const char *what;
	} known[] = {
		{"Rar!", 4, "a RAR archive"},
		{"7z\xbc\xaf\x27\x1c", 6, "a 7-Zip archive"},
		{"MSCF", 4, "a CAB archive"},
		{"!<arch>\n", 8, "an ar archive"},
		{"xar!", 4, "a XAR archive"},
		{"070701", 6, "a cpio archive"},
		{"\xed\xab\xee\xdb", 4, "an RPM package"},
		{"\x7f"
		 "ELF",
			4, "an ELF file"},
		{"\x1f\x8b", 2, "gzip data, but not a tar inside"},
		{"BZh", 3, "bzip2 data, but not a tar inside"},
		{"\xfd"
		 "7zXZ",
			5, "xz data, but not a tar inside"},
		{"\x28\xb5\x2f\xfd", 4, "zstd data, but not a tar inside"},
		{"PK", 2, "a damaged zip archive"},
		{"{", 1, "a JSON text"},
	};
	const char *text = head;

	if (!size)
		return "an empty file";
	for (gsize i = 0; i < G_N_ELEMENTS(known); i++)
		if (size >= known[i].size && !memcmp(head, known[i].magic, known[i].size))
			return known[i].what;
	gsize start = 0;
	while (start < size && g_ascii_isspace(text[start]))
		start++;
	if (size - start > 5 && (!g_ascii_strncasecmp(text + start, "<!doc", 5) ||
					!g_ascii_strncasecmp(text + start, "<html", 5)))
		return "an HTML page";
	for (gsize i = 0; i < size; i++)
		if ((guchar)text[i] < 0x20 && !g_ascii_isspace(text[i]))
			return "unknown data";
	return "plain text";
}

static gsize slice_head(const archive_slice *s, void *head, gsize size)
{
	gsize n = MIN(size, s->size);

	if (!n)
		return 0;
	if (s->fd < 0) {
		memcpy(head, (const guint8 *)s->data + s->offset, n);
		return n;
	}
	gssize got = pread(s->fd, head, n, s->offset);
	return got < 0 ? 0 : got;
}

static gboolean not_an_archive(archive_reader *r, GError **err)
{
	char head[512];
	gsize n = slice_head(&r->slice, head, sizeof(head));

	error_set(err, EXIT_INTEGRITY, "X0622", "%s is not an archive xorch reads",
		r->label);
	error_line(err, "it looks like %s", archive_looks_like(head, n));
	error_note(err, "known are tar and zip, plain or in gzip, bzip2, xz or zstd");
	return FALSE;
}

gboolean archive_reader_error(archive_reader *r, GError **err)
{
	const char *text = archive_error_string(r->handle);
	g_autofree char *shown = text_escape(text ? text : "unknown fault", -1);

	error_set(err, EXIT_INTEGRITY, "X0622", "%s is damaged: %s", r->label, shown);
	return FALSE;
}

/* The slice with its compression taken off, as one stream; NULL if it has none or
 * several, or nothing in it. */
static struct archive *open_filters(archive_reader *r)
{
	struct archive *a = archive_read_new();
	struct archive_entry *entry;

	archive_read_support_filter_gzip(a);
	archive_read_support_filter_bzip2(a);
	archive_read_support_filter_xz(a);
	archive_read_support_filter_zstd(a);
	archive_read_support_format_raw(a);
	archive_read_set_read_callback(a, on_read);
	archive_read_set_skip_callback(a, on_skip);
	archive_read_set_callback_data(a, r);
	/* filter 0 is the innermost; one on top of the file itself is what archives have
	 */
	if (archive_read_open1(a) != ARCHIVE_OK ||
		archive_read_next_header(a, &entry) != ARCHIVE_OK ||
		archive_filter_count(a) > 2) {
		archive_read_free(a);
		return NULL;
	}
	return a;
}

static gboolean open_zip(archive_reader *r)
{
	struct archive *a = r->handle = archive_read_new();

	archive_read_support_format_zip_seekable(a);
	archive_read_set_read_callback(a, on_read);
	archive_read_set_skip_callback(a, on_skip);
	archive_read_set_seek_callback(a, on_seek);
	archive_read_set_callback_data(a, r);
	return archive_read_open1(a) == ARCHIVE_OK;
}

static gboolean open_tar(archive_reader *r)
{
	struct archive *a = r->handle = archive_read_new();

	r->filters = open_filters(r);
	if (!r->filters)
		return FALSE;
	archive_read_support_format_tar(a);
	archive_read_set_read_callback(a, on_read_tar);
	archive_read_set_callback_data(a, r);
	return archive_read_open1(a) == ARCHIVE_OK;
}

static gboolean open_cpio(archive_reader *r)
{
	struct archive *a = r->handle = archive_read_new();

	r->filters = open_filters(r);
	if (!r->filters)
		return FALSE;
	archive_read_support_format_cpio(a);
	archive_read_set_read_callback(a, on_read_cpio);
	archive_read_set_callback_data(a, r);
	return archive_read_open1(a) == ARCHIVE_OK;
}

archive_reader *archive_reader_open(const archive_slice *slice, const char *label,
	archive_reader_mode mode, GError **err)
{
	g_autoptr(archive_reader) r = g_new0(archive_reader, 1);
	char head[4] = "";
	gboolean ok;

	r->slice = *slice;
	r->label = text_escape(label, -1);
	/* libarchive turns names into the locale's charset: let that be UTF-8 */
	r->utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	if (r->utf8)
		r->outer = uselocale(r->utf8);
	slice_head(slice, head, sizeof(head));
	r->end_missing_ok = mode == READER_TAR_LAYER || mode == READER_TAR_LAYER_DIGEST;
	r->rpm = r->end_missing_ok && rpm_magic(head, sizeof(head));
	if (mode == READER_TAR_LAYER_DIGEST)
		r->digest = digest_new();
	if (r->rpm && !rpm_payload(slice, label, &r->slice, err))
		return NULL;
	if (r->rpm)
		ok = open_cpio(r);
	else if (mode == READER_RAW)
		ok = (r->handle = open_filters(r)) != NULL;
	else if (mode == READER_TAR_ZIP && !memcmp(head, "PK", 2))
		ok = open_zip(r);
	else
		ok = open_tar(r);
	if (ok)
		return g_steal_pointer(&r);
	/* a fault found on the way to the first member is told as such */
	const char *text = r->handle ? archive_error_string(r->handle) : NULL;
	if (text && !strstr(text, "Unrecognized"))
		archive_reader_error(r, err);
	else
		not_an_archive(r, err);
	return NULL;
}

void archive_reader_free(archive_reader *r)
{
	if (!r)
		return;
	archive_read_free(r->handle);
	archive_read_free(r->filters);
	tar_scan_clear(&r->scan);
	digest_free(r->digest);
	if (r->utf8) {
		uselocale(r->outer);
		freelocale(r->utf8);
	}
	g_free(r->buffer);
	g_free(r->label);
	g_free(r);
}

gboolean archive_reader_is_rpm(const archive_reader *r)
{
	return r->rpm;
}

struct archive *archive_reader_handle(archive_reader *r)
{
	return r->handle;
}

gboolean archive_reader_feed(archive_reader *r, unpack *u, guint64 size, GError **err)
{
	struct archive *a = archive_reader_handle(r);
	guint64 at = 0;

	for (;;) {
		const void *block;
		size_t n;
		la_int64_t offset;
		int rc = archive_read_data_block(a, &block, &n, &offset);
		if (rc == ARCHIVE_EOF)
			break;
		if (rc != ARCHIVE_OK)
			return archive_reader_error(r, err);
		if ((guint64)offset != at) {
			archive_set_error(a, EINVAL, "a file with holes");
			return archive_reader_error(r, err);
		}
		if (!unpack_write(u, block, n, err))
			return FALSE;
		at += n;
	}
	if (at != size) {
		archive_set_error(a, EINVAL, "a member is shorter than it says");
		return archive_reader_error(r, err);
	}
	return TRUE;
}
