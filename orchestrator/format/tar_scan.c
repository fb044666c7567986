#include "format/tar_scan.h"
#include <string.h>

#define PAX_MAX (1 << 20)

void tar_scan_clear(tar_scan *s)
{
	if (s->pax)
		g_byte_array_unref(s->pax);
	s->pax = NULL;
}

/* Octal with blanks and NULs about it, or GNU's base 256 (top bit set). */
static gboolean header_size(const guint8 *field, guint64 *size)
{
	int i = 0;

	*size = 0;
	if (field[0] & 0x80) {
		for (i = 0; i < 12; i++) {
			guint8 byte = i ? field[i] : field[0] & 0x7f;
			if (*size >> 55)
				return FALSE;
			*size = *size << 8 | byte;
		}
		return TRUE;
	}
	while (i < 12 && field[i] == ' ')
		i++;
	for (; i < 12 && field[i] >= '0' && field[i] <= '7'; i++)
		*size = *size << 3 | (field[i] - '0');
	for (; i < 12; i++)
		if (field[i] && field[i] != ' ')
			return FALSE;
	return TRUE;
}

/* "LENGTH KEY=VALUE\n", LENGTH counting all of it, one after the other. */
static const char *read_pax(tar_scan *s)
{
	const char *malformed = "a malformed pax header";

	if (!s->pax->len) /* of no records */
		return NULL;
	const char *p = (const char *)s->pax->data, *end = p + s->pax->len;
	while (p < end) {
		gsize length = 0, digits = 0;
		while (p + digits < end && g_ascii_isdigit(p[digits]) && digits < 8)
			length = length * 10 + (p[digits++] - '0');
		if (!digits || length < digits + 4 || length > (gsize)(end - p) ||
			p[digits] != ' ' || p[length - 1] != '\n')
			return malformed;
		const char *key = p + digits + 1, *stop = p + length - 1;
		const char *equals = memchr(key, '=', stop - key);
		if (!equals || equals == key)
			return malformed;
		if (!strncmp(key, "GNU.sparse.", 11))
			return "a sparse file";
		if (memchr(key, '\0', stop - key) &&
			(!strncmp(key, "path=", 5) || !strncmp(key, "linkpath=", 9)))
			return "a pax name with a NUL in it";
		if (!strncmp(key, "size=", 5)) {
			g_autofree char *text = g_strndup(equals + 1, stop - equals - 1);
			if (s->global || !g_ascii_string_to_unsigned(text, 10, 0,
						 G_MAXINT64, &s->pax_size, NULL))
				return malformed;
			s->has_size = TRUE;
		}
		p += length;
	}
	return NULL;
}

static const char *read_header(tar_scan *s)
{
	static const guint8 zero[512];
	guint64 size;
	char type = s->header[156];

	if (!memcmp(s->header, zero, 512)) {
		s->ended = TRUE;
		return NULL;
	}
	if (!header_size(s->header + 124, &size))
		return "a member whose size is no number";
	if (size > G_MAXINT64 - 512)
		return "a member whose size cannot be";
	switch (type) {
	case 'x':
	case 'g':
	case 'X':
		if (size > PAX_MAX)
			return "an oversized pax header";
		if (s->has_size)
			return "a pax header for a pax header";
		s->global = type == 'g';
		s->wanted = size;
		s->pax = g_byte_array_sized_new(size);
		break;
	case 'L':
	case 'K':
		break;
	case 'S':
		return "a sparse file";
	default:
		if (s->has_size && s->pax_size != size)
			return "a member with one size in its pax header and another in "
			       "its own";
		s->has_size = FALSE;
		if (size && type >= '1' && type <= '6' && type != '5')
			return "a link or device with contents";
		if (size && type == '5')
			return "a folder with contents";
		break;
	}
	s->skip = (size + 511) / 512 * 512 - s->wanted;
	s->padding = (size + 511) / 512 * 512 - size;
	return NULL;
}

const char *tar_scan_feed(tar_scan *s, const void *data, gsize size)
{
	const guint8 *p = data;

	s->at += size;
	while (size && !s->ended) {
		const char *fault = NULL;
		gsize n;
		if (s->pax && s->wanted) {
			n = MIN(size, s->wanted);
			g_byte_array_append(s->pax, p, n);
			s->wanted -= n;
		} else if (s->skip) {
			n = MIN(size, s->skip);
			s->skip -= n;
		} else {
			n = MIN(size, sizeof(s->header) - s->filled);
			memcpy(s->header + s->filled, p, n);
			s->filled += n;
			if (s->filled == sizeof(s->header)) {
				s->filled = 0;
				fault = read_header(s);
			}
		}
		if (!fault && s->pax && !s->wanted) {
			fault = read_pax(s);
			tar_scan_clear(s);
		}
		if (fault)
			return fault;
		p += n;
		size -= n;
	}
	return NULL;
}

const char *tar_scan_end(const tar_scan *s)
{
	return s->ended ? NULL : "it is cut short";
}

gsize tar_scan_missing(const tar_scan *s)
{
	if (s->ended || s->filled || s->wanted || s->has_size || s->skip > s->padding)
		return 0;
	return (gsize)s->skip + 2 * sizeof(s->header);
}
