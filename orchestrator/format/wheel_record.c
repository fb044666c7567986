#include "format/wheel.h"
#include "base/error.h"
#include <string.h>

static void record_free(gpointer p)
{
	wheel_record *r = p;

	g_free(r->path);
	g_free(r->algorithm);
	g_free(r->digest);
	g_free(r);
}

char *wheel_digest_text(const guint8 *digest, gsize size)
{
	char *text = g_base64_encode(digest, size);

	g_strdelimit(text, "+", '-');
	g_strdelimit(text, "/", '_');
	for (gsize n = strlen(text); n && text[n - 1] == '='; n--)
		text[n - 1] = 0;
	return text;
}

void wheel_record_append(
	GString *out, const char *path, const guint8 *sha256, gint64 size)
{
	if (strpbrk(path, ",\"\r\n")) {
		g_string_append_c(out, '"');
		for (const char *p = path; *p; p++) {
			if (*p == '"')
				g_string_append_c(out, '"');
			g_string_append_c(out, *p);
		}
		g_string_append_c(out, '"');
	} else {
		g_string_append(out, path);
	}
	if (sha256) {
		g_autofree char *digest = wheel_digest_text(sha256, 32);
		g_string_append_printf(
			out, ",sha256=%s,%" G_GINT64_FORMAT "\n", digest, size);
	} else {
		g_string_append(out, ",,\n");
	}
}

/* One CSV field from *p, which moves behind it (and its comma, *more TRUE). */
static gboolean take_field(const char **p, const char *end, GString *out, gboolean *more)
{
	const char *s = *p;

	g_string_truncate(out, 0);
	if (s < end && *s == '"') {
		for (s++;; s++) {
			if (s >= end)
				return FALSE;
			if (*s == '"') {
				if (s + 1 >= end || s[1] != '"')
					break;
				s++;
			}
			g_string_append_c(out, *s);
		}
		s++;
	}
	while (s < end && *s != ',' && *s != '\n' && *s != '\r')
		g_string_append_c(out, *s++);
	*more = s < end && *s == ',';
	*p = *more ? s + 1 : s;
	return TRUE;
}

static const char *set_column(wheel_record *r, guint column, const char *text)
{
	if (column == 0) {
		r->path = g_strdup(text);
		return *text ? NULL : "an empty path";
	}
	if (column == 1 && *text) {
		const char *equals = strchr(text, '=');
		if (!equals || equals == text || !equals[1])
			return "a hash that is not ALGORITHM=DIGEST";
		r->algorithm = g_strndup(text, (gsize)(equals - text));
		r->digest = g_strdup(equals + 1);
		while (g_str_has_suffix(r->digest, "="))
			r->digest[strlen(r->digest) - 1] = 0;
	}
	if (column == 2 && *text) {
		guint64 size;
		if (!g_ascii_string_to_unsigned(text, 10, 0, G_MAXINT64, &size, NULL))
			return "a size that is no number";
		r->size = (gint64)size;
	}
	return NULL;
}

GPtrArray *wheel_record_parse(const char *text, gsize size, GError **err)
{
	g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(record_free);
	g_autoptr(GString) field = g_string_new(NULL);
	const char *p = text, *end = text + size;

	for (guint line = 1; p < end; line++) {
		const char *why = NULL;
		gboolean more = TRUE;
		guint column = 0;
		if (*p == '\n' || (*p == '\r' && p + 1 < end && p[1] == '\n')) {
			p += *p == '\r' ? 2 : 1;
			continue;
		}
		wheel_record *r = g_new0(wheel_record, 1);
		r->size = -1;
		g_ptr_array_add(list, r);
		for (; more && !why; column++) {
			if (!take_field(&p, end, field, &more))
				why = "a quote that does not end";
			else if (memchr(field->str, 0, field->len) || column > 2)
				why = "a NUL byte or more than three columns";
			else
				why = set_column(r, column, field->str);
		}
		if (why) {
			error_set(err, EXIT_AUDIT, "X0718", "RECORD, line %u: %s", line,
				why);
			return NULL;
		}
		if (p < end && *p == '\r')
			p++;
		if (p < end && *p == '\n')
			p++;
	}
	return g_steal_pointer(&list);
}

gboolean wheel_is_record(const wheel *w, const char *name)
{
	static const char *const names[] = {"RECORD", "RECORD.jws", "RECORD.p7s", NULL};

	return g_str_has_prefix(name, w->dist_info) &&
	       g_strv_contains(names, name + strlen(w->dist_info));
}
