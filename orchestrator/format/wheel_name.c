#include "format/wheel_name.h"
#include "base/error.h"
#include <string.h>

static wheel_name *refuse(const char *file, const char *why, GError **err)
{
	g_autofree char *shown = text_escape(file, -1);

	error_set(
		err, EXIT_AUDIT, "X0719", "%s: not a wheel's file name: %s", shown, why);
	return NULL;
}

static gboolean only(const char *text, const char *more)
{
	if (!*text)
		return FALSE;
	for (const char *p = text; *p; p++)
		if (!g_ascii_isalnum(*p) && !strchr(more, *p))
			return FALSE;
	return TRUE;
}

static gboolean tags_sound(char **tags)
{
	for (char **t = tags; *t; t++)
		if (!only(*t, "_"))
			return FALSE;
	return tags[0] != NULL;
}

void wheel_name_free(wheel_name *n)
{
	if (!n)
		return;
	g_free(n->name);
	g_free(n->version);
	g_free(n->build);
	g_strfreev(n->pythons);
	g_strfreev(n->abis);
	g_strfreev(n->platforms);
	g_free(n);
}

wheel_name *wheel_name_parse(const char *file, GError **err)
{
	if (strlen(file) > 255)
		return refuse(file, "longer than 255 bytes", err);
	if (!g_str_has_suffix(file, ".whl"))
		return refuse(file, "it does not end in .whl", err);
	g_autofree char *stem = g_strndup(file, strlen(file) - 4);
	if (strchr(stem, '/'))
		return refuse(file, "it holds a path separator", err);
	if (!only(stem, "-_.+!"))
		return refuse(file, "it holds a character no wheel may have", err);
	g_auto(GStrv) part = g_strsplit(stem, "-", -1);
	guint n = g_strv_length(part);
	if (n != 5 && n != 6)
		return refuse(
			file, "NAME-VERSION(-BUILD)-PYTHON-ABI-PLATFORM is needed", err);
	if (!only(part[0], "._") || strstr(part[0], "..") || part[0][0] == '.')
		return refuse(file, "odd characters in its name", err);
	if (!only(part[1], "._+!") || strstr(part[1], "..") || part[1][0] == '.')
		return refuse(file, "odd characters in its version", err);
	if (n == 6 && (!only(part[2], "._") || !g_ascii_isdigit(part[2][0])))
		return refuse(file, "its build number does not begin with a digit", err);
	g_autoptr(wheel_name) w = g_new0(wheel_name, 1);
	w->name = g_strdup(part[0]);
	w->version = g_strdup(part[1]);
	w->build = n == 6 ? g_strdup(part[2]) : NULL;
	w->pythons = g_strsplit(part[n - 3], ".", -1);
	w->abis = g_strsplit(part[n - 2], ".", -1);
	w->platforms = g_strsplit(part[n - 1], ".", -1);
	if (!tags_sound(w->pythons) || !tags_sound(w->abis) || !tags_sound(w->platforms))
		return refuse(file, "an empty or odd tag", err);
	return g_steal_pointer(&w);
}

static int compare(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorted, each once, joined by dots. */
static char *join_set(char **tags)
{
	g_autoptr(GPtrArray) list = g_ptr_array_new();
	GString *out = g_string_new(NULL);
	const char *last = NULL;

	for (char **t = tags; *t; t++)
		g_ptr_array_add(list, *t);
	g_ptr_array_sort(list, compare);
	for (guint i = 0; i < list->len; i++) {
		const char *tag = g_ptr_array_index(list, i);
		if (last && g_str_equal(tag, last))
			continue;
		g_string_append_printf(out, "%s%s", last ? "." : "", tag);
		last = tag;
	}
	return g_string_free(out, FALSE);
}

char *wheel_name_format(const wheel_name *n)
{
	g_autofree char *pythons = join_set(n->pythons);
	g_autofree char *abis = join_set(n->abis);
	g_autofree char *platforms = join_set(n->platforms);

	return g_strdup_printf("%s-%s%s%s-%s-%s-%s.whl", n->name, n->version,
		n->build ? "-" : "", n->build ? n->build : "", pythons, abis, platforms);
}

GPtrArray *wheel_name_tags(const wheel_name *n)
{
	GPtrArray *tags = g_ptr_array_new_with_free_func(g_free);

	for (char **p = n->pythons; *p; p++)
		for (char **a = n->abis; *a; a++)
			for (char **f = n->platforms; *f; f++) {
				char *tag = g_strdup_printf("%s-%s-%s", *p, *a, *f);
				if (g_ptr_array_find_with_equal_func(
					    tags, tag, g_str_equal, NULL))
					g_free(tag);
				else
					g_ptr_array_add(tags, tag);
			}
	g_ptr_array_sort(tags, compare);
	return tags;
}
