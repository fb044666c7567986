#include "format/rpm.h"
#include "base/error.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

#define LEAD 96
#define INTRO 16	       /* of a header: magic, reserved, counts */
#define ENTRY 16	       /* of its index */
#define ENTRIES_MAX (1u << 16) /* RPM's own limit */
#define DATA_MAX (256u << 20)  /* likewise */
#define TAG_FORMAT 1124
#define TAG_COMPRESSOR 1125
#define TAG_LONG_SIZES 5008
#define TYPE_STRING 6

/* Of one header. */
typedef struct header {
	guint64 at; /* of its index within the slice */
	guint32 entries, data;
} header;

gboolean rpm_magic(const void *head, gsize size)
{
	return size >= 4 && !memcmp(head, "\xed\xab\xee\xdb", 4);
}

static gboolean malformed(const char *label, const char *why, GError **err)
{
	g_autofree char *shown = text_escape(label, -1);
	g_autofree char *text = text_escape(why, -1);

	return error_set(
		err, EXIT_INTEGRITY, "X0625", "%s is not a proper RPM: %s", shown, text);
}

/* FALSE when the slice ends before. */
static gboolean read_at(const archive_slice *s, guint64 at, void *out, gsize size)
{
	gssize n;

	if (at > s->size || size > s->size - at)
		return FALSE;
	if (s->fd < 0) {
		memcpy(out, (const guint8 *)s->data + s->offset + at, size);
		return TRUE;
	}
	do
		n = pread(s->fd, out, size, (off_t)(s->offset + at));
	while (n < 0 && errno == EINTR);
	return n == (gssize)size;
}

static guint32 number(const guint8 *p)
{
	return (guint32)p[0] << 24 | (guint32)p[1] << 16 | (guint32)p[2] << 8 | p[3];
}

/* Reads the header's intro at *at and moves it behind the header. */
static gboolean header_skip(
	const archive_slice *s, const char *label, guint64 *at, header *out, GError **err)
{
	guint8 intro[INTRO];

	if (!read_at(s, *at, intro, sizeof intro))
		return malformed(label, "it ends before its header", err);
	if (memcmp(intro, "\x8e\xad\xe8\x01", 4))
		return malformed(label, "a header without its magic number", err);
	out->entries = number(intro + 8);
	out->data = number(intro + 12);
	out->at = *at + INTRO;
	if (out->entries > ENTRIES_MAX || out->data > DATA_MAX)
		return malformed(label, "a header of impossible size", err);
	*at = out->at + (guint64)out->entries * ENTRY + out->data;
	return *at <= s->size || malformed(label, "it ends within its header", err);
}

/* A string of the header, at most 31 bytes; FALSE when it has none. */
static gboolean header_string(
	const archive_slice *s, const header *h, guint32 tag, char out[32])
{
	guint64 data = h->at + (guint64)h->entries * ENTRY;

	out[0] = '\0';
	for (guint32 i = 0; i < h->entries; i++) {
		guint8 entry[ENTRY];
		if (!read_at(s, h->at + (guint64)i * ENTRY, entry, sizeof entry))
			return FALSE;
		guint32 offset = number(entry + 8);
		if (number(entry) != tag)
			continue;
		if (number(entry + 4) != TYPE_STRING || offset >= h->data)
			return tag == TAG_LONG_SIZES;
		gsize n = MIN(h->data - offset, 31);
		out[n] = '\0';
		return read_at(s, data + offset, out, n);
	}
	return FALSE;
}

static gboolean known_compression(const char *name)
{
	static const char *const known[] = {"", "gzip", "bzip2", "xz", "zstd", NULL};

	return g_strv_contains(known, name);
}

gboolean rpm_payload(const archive_slice *slice, const char *label,
	archive_slice *payload, GError **err)
{
	guint8 lead[LEAD];
	guint64 at = LEAD;
	header signature, main;
	char text[32];

	if (!read_at(slice, 0, lead, sizeof lead) || !rpm_magic(lead, sizeof lead))
		return malformed(label, "it has no lead", err);
	if (lead[6] || lead[7])
		return malformed(label, "it is a source package", err);
	if (!header_skip(slice, label, &at, &signature, err))
		return FALSE;
	at = (at + 7) & ~(guint64)7;
	if (!header_skip(slice, label, &at, &main, err))
		return FALSE;
	if (header_string(slice, &main, TAG_FORMAT, text) && strcmp(text, "cpio"))
		return malformed(label, "its payload is no cpio archive", err);
	if (header_string(slice, &main, TAG_LONG_SIZES, text))
		return malformed(label, "it has files of 4 GiB and more", err);
	header_string(slice, &main, TAG_COMPRESSOR, text);
	if (!known_compression(text)) {
		g_autofree char *why = g_strdup_printf(
			"its payload is in a compression that is not known, %s", text);
		return malformed(label, why, err);
	}
	if (at >= slice->size)
		return malformed(label, "it has no payload", err);
	*payload = *slice;
	payload->offset = slice->offset + at;
	payload->size = slice->size - at;
	return TRUE;
}
