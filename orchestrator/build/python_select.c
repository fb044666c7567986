#include "build/python_select.h"
#include "base/error.h"
#include <stdlib.h>
#include <string.h>

char *python_tag_parse(const char *text, GError **err)
{
	const char *p = text;
	guint64 minor = 0;
	gboolean dotted;

	if (g_ascii_strncasecmp(p, "cp", 2) == 0)
		p += 2;
	dotted = g_str_has_prefix(p, "3.");
	if (*p == '3' && g_ascii_isdigit(p[dotted ? 2 : 1])) {
		char *end;
		minor = g_ascii_strtoull(p + (dotted ? 2 : 1), &end, 10);
		p = end;
		if (dotted && *p == '.') /* 3.11.7 */
			p += 1 + strspn(p + 1, "0123456789");
		gboolean free_threaded = *p == 't';
		if (!p[free_threaded] && minor >= 9 && minor <= 14 &&
			(!free_threaded || minor >= 13))
			return g_strdup_printf(
				"cp3%u%s", (guint)minor, free_threaded ? "t" : "");
	}
	g_autofree char *quoted = text_escape(text, -1);
	error_set(err, EXIT_INPUT, "X0115", "not a Python that xorch builds for: `%s`",
		quoted);
	error_help(err, "write cp39 to cp314 or 3.9 to 3.14, cp313t or 3.13t for the "
			"free-threaded ones, or all");
	return NULL;
}

/* `tag` NULL: there is none at all. */
static void missing(const char *tag, const GPtrArray *found, GError **err)
{
	g_autoptr(GString) have = g_string_new(NULL);
	g_autofree char *name = tag ? g_strdup_printf("3.%s", tag + 3) : NULL;

	for (guint i = 0; i < found->len; i++) {
		const host_python *p = g_ptr_array_index(found, i);
		g_string_append_printf(
			have, "%s%s %s", i ? ", " : "", p->tag, p->executable);
	}
	error_set(err, EXIT_HOST, "X0830", "no CPython %s on this machine",
		name ? name : "3.9 to 3.14");
	error_note(err, "found: %s", have->len ? have->str : "none");
	name = name ? name : g_strdup("3.12");
	if (g_str_has_suffix(name, "t"))
		error_help(err,
			"install it where PATH, pyenv or uv has it: `pyenv install %s` "
			"or "
			"`uv python install %s`",
			name, name);
	else
		error_help(err,
			"install it where PATH, pyenv or uv has it: `apt-get install "
			"python%s-dev` (where the distribution has that version), `pyenv "
			"install %s` or `uv python install %s`",
			name, name, name);
}

static host_python *find(const GPtrArray *found, const char *tag)
{
	for (guint i = 0; i < found->len; i++) {
		host_python *p = g_ptr_array_index(found, i);
		if (g_str_equal(p->tag, tag))
			return p;
	}
	return NULL;
}

static gboolean choose(
	const GPtrArray *found, GHashTable *chosen, const char *text, GError **err)
{
	if (g_str_equal(text, "all")) {
		for (guint i = 0; i < found->len; i++)
			g_hash_table_add(chosen, g_ptr_array_index(found, i));
		if (found->len)
			return TRUE;
		missing(NULL, found, err);
		return FALSE;
	}
	g_autofree char *tag = python_tag_parse(text, err);
	host_python *p = tag ? find(found, tag) : NULL;
	if (!p) {
		if (tag)
			missing(tag, found, err);
		return FALSE;
	}
	g_hash_table_add(chosen, p);
	return TRUE;
}

GPtrArray *python_select(
	store *s, const GPtrArray *found, const char *const *wanted, GError **err)
{
	g_autoptr(GHashTable) chosen = g_hash_table_new(NULL, NULL);

	for (const char *const *w = wanted; w && *w; w++) {
		g_auto(GStrv) items = g_strsplit(*w, ",", -1);
		for (char **item = items; *item; item++)
			if (!choose(found, chosen, g_strstrip(*item), err))
				return NULL;
	}
	if (!g_hash_table_size(chosen)) {
		g_autofree char *usual = host_python_default(s, found);
		host_python *p = usual	      ? find(found, usual)
				 : found->len ? g_ptr_array_index(found, found->len - 1)
					      : NULL;
		if (!p) {
			missing(NULL, found, err);
			return NULL;
		}
		g_hash_table_add(chosen, p);
	}
	GPtrArray *out = g_ptr_array_new();
	for (guint i = 0; i < found->len; i++)
		if (g_hash_table_contains(chosen, g_ptr_array_index(found, i)))
			g_ptr_array_add(out, g_ptr_array_index(found, i));
	return out;
}
