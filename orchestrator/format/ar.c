#include "format/ar.h"
#include "base/error.h"
#include <string.h>

#define MAGIC "!<arch>\n"
#define HEADER 60

gboolean ar_magic(const void *data, gsize size)
{
	return size >= strlen(MAGIC) && memcmp(data, MAGIC, strlen(MAGIC)) == 0;
}

static void member_free(gpointer p)
{
	ar_member *m = p;

	g_free(m->name);
	g_free(m);
}

/* A number in a field of blanks; FALSE when it holds anything else. */
static gboolean field_number(const char *field, gsize width, guint64 *value)
{
	gsize i = 0;

	for (*value = 0; i < width && g_ascii_isdigit(field[i]); i++)
		*value = *value * 10 + (guint64)(field[i] - '0');
	gsize digits = i;
	while (i < width && field[i] == ' ')
		i++;
	return digits && i == width;
}

/* GNU ends names by '/', long ones by "/\n" in the name table. */
static char *member_name(const char *header, const char *names, guint64 names_size)
{
	guint64 at;

	if (header[0] == '/' && field_number(header + 1, 15, &at)) {
		if (!names || at >= names_size)
			return NULL;
		const char *s = names + at;
		const char *end = memchr(s, '\n', names_size - at);
		gsize len = end ? (gsize)(end - s) : names_size - at;
		if (len && s[len - 1] == '/')
			len--;
		return g_strndup(s, len);
	}
	gsize len = 16;
	while (len && header[len - 1] == ' ')
		len--;
	if (len && header[len - 1] == '/')
		len--;
	return g_strndup(header, len);
}

static gboolean is_table(const char *header)
{
	return strncmp(header, "/ ", 2) == 0 || strncmp(header, "/SYM64/ ", 8) == 0 ||
	       strncmp(header, "__.SYMDEF", 9) == 0;
}

static gboolean refuse(const char *name, const char *why, GError **err)
{
	g_autofree char *shown = text_escape(name, -1);

	return error_set(err, EXIT_INTEGRITY, "X0650", "%s: not a sound ar archive: %s",
		shown, why);
}

static gboolean read_members(
	const char *data, gsize size, const char *name, GPtrArray *list, GError **err)
{
	const char *names = NULL;
	guint64 names_size = 0, length, at = strlen(MAGIC);

	while (at < size) {
		const char *header = data + at;
		if (size - at < HEADER || memcmp(header + 58, "`\n", 2) != 0 ||
			!field_number(header + 48, 10, &length))
			return refuse(name, "broken member header", err);
		at += HEADER;
		if (length > size - at)
			return refuse(name, "a member lies outside the file", err);
		if (strncmp(header, "// ", 3) == 0) {
			names = data + at;
			names_size = length;
		} else if (!is_table(header)) {
			ar_member *m = g_new0(ar_member, 1);
			*m = (ar_member){.name = member_name(header, names, names_size),
				.offset = at,
				.size = length};
			g_ptr_array_add(list, m);
			if (!m->name)
				return refuse(name, "a member without a name", err);
		}
		at += length + (length & 1);
	}
	return TRUE;
}

GPtrArray *ar_list(const void *data, gsize size, const char *name, GError **err)
{
	g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(member_free);

	if (!ar_magic(data, size)) {
		refuse(name, "it does not begin like one", err);
		return NULL;
	}
	if (!read_members(data, size, name, list, err))
		return NULL;
	return g_steal_pointer(&list);
}
