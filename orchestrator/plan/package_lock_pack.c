#include "plan/package_lock_pack.h"
#include <string.h>

#define NONE "\001" /* a text that is NULL */

enum { SECTION_FIELDS = 7, PACKAGE_FIELDS = 7 };

static void put(GString *out, const char *text)
{
	const char *t = text ? text : NONE;

	g_string_append_len(out, t, (gssize)strlen(t) + 1);
}

static void put_list(GString *out, const char *tag, const GPtrArray *texts)
{
	for (guint i = 0; i < texts->len; i++) {
		put(out, tag);
		put(out, g_ptr_array_index(texts, i));
	}
}

static void put_package(GString *out, const locked_package *p)
{
	char size[32];

	g_snprintf(size, sizeof size, "%" G_GINT64_FORMAT, p->size);
	put(out, "P");
	put(out, p->name);
	put(out, p->version);
	put(out, p->path);
	put(out, p->sha256);
	put(out, size);
	put(out, p->runtime ? "1" : "0");
	put(out, p->program);
}

GBytes *package_lock_pack(const package_lock *lock)
{
	GString *out = g_string_new(NULL);

	for (guint i = 0; i < lock->sections->len; i++) {
		const package_section *s = g_ptr_array_index(lock->sections, i);
		const char *const fields[SECTION_FIELDS] = {s->target, s->suite,
			s->architecture, s->date, s->image, s->index, s->manifest};
		put(out, "S");
		for (guint n = 0; n < SECTION_FIELDS; n++)
			put(out, fields[n]);
		put_list(out, "D", s->diff_ids);
		put_list(out, "R", s->roots);
		put_list(out, "W", s->without);
		for (guint n = 0; n < s->packages->len; n++)
			put_package(out, g_ptr_array_index(s->packages, n));
	}
	put(out, "."); /* so that a part is not taken for the whole */
	return g_string_free_to_bytes(out);
}

typedef struct cursor {
	const char *at, *end;
	gboolean bad;
} cursor;

static const char *take(cursor *c)
{
	const char *text = c->at;
	const char *nul = c->bad ? NULL : memchr(text, 0, (gsize)(c->end - text));

	if (!nul) {
		c->bad = TRUE;
		return "";
	}
	c->at = nul + 1;
	return strcmp(text, NONE) == 0 ? NULL : text;
}

static package_section *take_section(cursor *c)
{
	const char *f[SECTION_FIELDS];

	for (guint n = 0; n < SECTION_FIELDS; n++)
		f[n] = take(c);
	package_section *s = package_section_new(f[0], f[1], f[2], f[3]);
	package_section_set_image(s, f[4], f[5], f[6]);
	return s;
}

static locked_package *take_package(cursor *c)
{
	const char *f[PACKAGE_FIELDS];

	for (guint n = 0; n < PACKAGE_FIELDS; n++)
		f[n] = take(c);
	locked_package *p = locked_package_new(f[0], f[1], f[2], f[3],
		f[4] ? g_ascii_strtoll(f[4], NULL, 10) : 0, f[5] && *f[5] == '1');
	p->program = g_strdup(f[6]);
	return p;
}

package_lock *package_lock_unpack(GBytes *bytes, const char *path, const char *name)
{
	gsize size;
	const char *data = g_bytes_get_data(bytes, &size);
	cursor c = {data, data + size, size == 0};
	g_autoptr(package_lock) lock = package_lock_new(path, name);
	package_section *s = NULL;

	while (!c.bad) {
		const char *tag = take(&c);
		char kind = tag && strlen(tag) == 1 ? *tag : '\0';
		if (kind == '.')
			return c.at == c.end ? g_steal_pointer(&lock) : NULL;
		if (kind == 'S') {
			s = take_section(&c);
			if (!s->target) {
				package_section_free(s);
				return NULL;
			}
			package_lock_set(lock, s);
		} else if (kind == 'P' && s) {
			g_ptr_array_add(s->packages, take_package(&c));
		} else if ((kind == 'D' || kind == 'R' || kind == 'W') && s) {
			GPtrArray *list = kind == 'D'	? s->diff_ids
					  : kind == 'R' ? s->roots
							: s->without;
			g_ptr_array_add(list, g_strdup(take(&c)));
		} else {
			return NULL;
		}
	}
	return NULL;
}
