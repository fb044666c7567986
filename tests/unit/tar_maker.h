#pragma once
/* ustar archives made byte by byte, so that a test can say what no tar program
 * would write. */
#include <glib.h>
#include <string.h>

static inline void tar_header(GByteArray *tar, const char *name, char type,
	const char *link, gsize size, unsigned mode)
{
	char h[512] = {0};
	unsigned sum = 0;

	memcpy(h, name, MIN(strlen(name), 100));
	g_snprintf(h + 100, 8, "%07o", mode);
	g_snprintf(h + 108, 8, "%07o", 0);
	g_snprintf(h + 116, 8, "%07o", 0);
	g_snprintf(h + 124, 12, "%011lo", (unsigned long)size);
	g_snprintf(h + 136, 12, "%011lo", 1700000000ul);
	h[156] = type;
	if (link)
		memcpy(h + 157, link, MIN(strlen(link), 100));
	memcpy(h + 257, "ustar\00000", 8);
	memset(h + 148, ' ', 8);
	for (int i = 0; i < 512; i++)
		sum += (guchar)h[i];
	g_snprintf(h + 148, 8, "%06o", sum);
	g_byte_array_append(tar, (guint8 *)h, 512);
}

static inline void tar_data(GByteArray *tar, const void *data, gsize size)
{
	static const guint8 zero[512];

	g_byte_array_append(tar, data, size);
	if (size % 512)
		g_byte_array_append(tar, zero, 512 - size % 512);
}

static inline void tar_add(GByteArray *tar, const char *name, char type, const char *link,
	const char *data, unsigned mode)
{
	gsize size = data ? strlen(data) : 0;

	tar_header(tar, name, type, link, size, mode);
	tar_data(tar, data ? data : "", size);
}

/* A pax header for the member that follows: "key=value" records, each made right. */
static inline void tar_pax(GByteArray *tar, const char *key, const char *value)
{
	gsize size = strlen(key) + strlen(value) + 3, digits = 1;

	for (gsize all = size + 1; all >= 10; all /= 10)
		digits++;
	if (g_ascii_isdigit('0') && size + digits >= 100 && digits < 3)
		digits = 3;
	g_autofree char *record =
		g_strdup_printf("%zu %s=%s\n", size + digits, key, value);
	tar_header(tar, "PaxHeaders/x", 'x', NULL, strlen(record), 0644);
	tar_data(tar, record, strlen(record));
}

static inline void tar_end(GByteArray *tar)
{
	static const guint8 zero[1024];

	g_byte_array_append(tar, zero, sizeof(zero));
}

static inline void ar_add(GByteArray *ar, const char *name, const void *data, gsize size)
{
	char h[61];

	if (!ar->len)
		g_byte_array_append(ar, (guint8 *)"!<arch>\n", 8);
	g_snprintf(h, sizeof(h), "%-16s%-12d%-6d%-6d%-8s%-10zu`\n", name, 0, 0, 0,
		"100644", size);
	g_byte_array_append(ar, (guint8 *)h, 60);
	g_byte_array_append(ar, data, size);
	if (size & 1)
		g_byte_array_append(ar, (guint8 *)"\n", 1);
}
