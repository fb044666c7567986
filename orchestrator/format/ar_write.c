#include "format/ar_write.h"
#include "base/error.h"
#include <string.h>

#define HEADER 60

typedef struct member {
	char *name;
	GBytes *content;
	char **symbols;
} member;

struct ar_writer {
	GPtrArray *members;
};

static void member_free(void *data)
{
	member *m = data;

	g_free(m->name);
	g_bytes_unref(m->content);
	g_strfreev(m->symbols);
	g_free(m);
}

ar_writer *ar_writer_new(void)
{
	ar_writer *w = g_new0(ar_writer, 1);

	w->members = g_ptr_array_new_with_free_func(member_free);
	return w;
}

void ar_writer_free(ar_writer *writer)
{
	if (!writer)
		return;
	g_ptr_array_unref(writer->members);
	g_free(writer);
}

void ar_writer_add(
	ar_writer *writer, const char *name, GBytes *content, const char *const *symbols)
{
	member *m = g_new(member, 1);

	m->name = g_strdup(name);
	m->content = g_bytes_ref(content);
	m->symbols = g_strdupv((char **)symbols);
	g_ptr_array_add(writer->members, m);
}

static void header(GByteArray *out, const char *name, gsize size)
{
	char text[HEADER + 1];

	g_snprintf(text, sizeof text, "%-16s%-12d%-6d%-6d%-8s%-10" G_GSIZE_FORMAT "`\n",
		name, 0, 0, 0, "100644", size);
	g_byte_array_append(out, (const guint8 *)text, HEADER);
}

static void pad(GByteArray *out)
{
	if (out->len & 1)
		g_byte_array_append(out, (const guint8 *)"\n", 1);
}

static void put32(GByteArray *out, guint32 value)
{
	guint32 big = GUINT32_TO_BE(value);

	g_byte_array_append(out, (const guint8 *)&big, sizeof big);
}

static guint64 even(guint64 n)
{
	return n + (n & 1);
}

/* Names of 16 bytes and more live in the table "//" and are given by place. */
static GString *long_names(const GPtrArray *members)
{
	GString *table = g_string_new(NULL);

	for (guint i = 0; i < members->len; i++) {
		const member *m = g_ptr_array_index(members, i);
		if (strlen(m->name) > 15)
			g_string_append_printf(table, "%s/\n", m->name);
	}
	return table;
}

static GByteArray *symbol_table(const GPtrArray *members, guint64 first)
{
	GByteArray *out = g_byte_array_new();
	guint32 count = 0;
	guint64 place = first;

	for (guint i = 0; i < members->len; i++)
		count += g_strv_length(((member *)members->pdata[i])->symbols);
	put32(out, count);
	for (guint i = 0; i < members->len; i++) {
		const member *m = g_ptr_array_index(members, i);
		for (char **s = m->symbols; *s; s++)
			put32(out, (guint32)place);
		place += HEADER + even(g_bytes_get_size(m->content));
	}
	for (guint i = 0; i < members->len; i++) {
		const member *m = g_ptr_array_index(members, i);
		for (char **s = m->symbols; *s; s++)
			g_byte_array_append(out, (const guint8 *)*s, strlen(*s) + 1);
	}
	return out;
}

GBytes *ar_writer_finish(ar_writer *writer, GError **err)
{
	const GPtrArray *members = writer->members;
	GString *names = long_names(members);
	/* The table's size does not depend on the offsets in it: once to measure. */
	GByteArray *table = symbol_table(members, 0);
	guint64 first = 8 + HEADER + even(table->len) +
			(names->len ? HEADER + even(names->len) : 0);
	guint64 total = first, name_at = 0;
	GByteArray *out;

	for (guint i = 0; i < members->len; i++)
		total += HEADER +
			 even(g_bytes_get_size(((member *)members->pdata[i])->content));
	g_byte_array_unref(table);
	if (total > G_MAXUINT32) {
		g_string_free(names, TRUE);
		error_set(err, EXIT_INTEGRITY, "X0650", "static library too large");
		return NULL;
	}
	table = symbol_table(members, first);
	out = g_byte_array_sized_new((guint)total);
	g_byte_array_append(out, (const guint8 *)"!<arch>\n", 8);
	header(out, "/", even(table->len));
	g_byte_array_append(out, table->data, table->len);
	if (out->len & 1)
		g_byte_array_append(out, (const guint8 *)"", 1);
	if (names->len) {
		header(out, "//", names->len);
		g_byte_array_append(out, (const guint8 *)names->str, names->len);
		pad(out);
	}
	for (guint i = 0; i < members->len; i++) {
		const member *m = g_ptr_array_index(members, i);
		char name[24];
		gsize size;
		const guint8 *data = g_bytes_get_data(m->content, &size);
		if (strlen(m->name) > 15) {
			g_snprintf(name, sizeof name, "/%" G_GUINT64_FORMAT, name_at);
			name_at += strlen(m->name) + 2;
		} else {
			g_snprintf(name, sizeof name, "%s/", m->name);
		}
		header(out, name, size);
		g_byte_array_append(out, data, (guint)size);
		pad(out);
	}
	g_string_free(names, TRUE);
	g_byte_array_unref(table);
	return g_byte_array_free_to_bytes(out);
}
