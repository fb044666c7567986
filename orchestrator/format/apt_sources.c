#include "format/apt_sources.h"
#include <string.h>

void apt_source_free(apt_source *s)
{
	if (!s)
		return;
	g_free(s->uri);
	g_strfreev(s->suites);
	g_free(s->signed_by);
	g_free(s);
}

static GStrv words(const char *text)
{
	g_auto(GStrv) parts = g_strsplit_set(text, " \t\n", -1);
	g_autoptr(GStrvBuilder) b = g_strv_builder_new();

	for (char **p = parts; *p; p++)
		if ((*p)[0])
			g_strv_builder_add(b, *p);
	return g_strv_builder_end(b);
}

static void add(GPtrArray *out, const char *uri, GStrv suites, const char *signed_by)
{
	apt_source *s = g_new0(apt_source, 1);

	s->uri = g_strdup(uri);
	s->suites = g_strdupv(suites);
	s->signed_by = g_strdup(signed_by);
	g_ptr_array_add(out, s);
}

static gboolean is_type(const char *word)
{
	return strcmp(word, "deb") == 0 || strcmp(word, "deb-src") == 0;
}

/* "signed-by=…" among the words of [ … ]. */
static char *signed_by_option(const char *options)
{
	g_auto(GStrv) all = words(options);

	for (char **o = all; *o; o++)
		if (g_str_has_prefix(*o, "signed-by="))
			return g_strdup(*o + strlen("signed-by="));
	return NULL;
}

void apt_sources_parse_lines(const char *text, GPtrArray *out)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (char **l = lines; *l; l++) {
		g_autofree char *signed_by = NULL;
		char *line = *l;
		line[strcspn(line, "#")] = '\0';
		line = g_strstrip(line);
		gsize n = strcspn(line, " \t");
		g_autofree char *type = g_strndup(line, n);
		if (!is_type(type))
			continue;
		line += n;
		line += strspn(line, " \t");
		if (line[0] == '[') {
			char *close = strchr(line, ']');
			if (!close)
				continue;
			*close = '\0';
			signed_by = signed_by_option(line + 1);
			line = close + 1;
		}
		g_auto(GStrv) w = words(line);
		if (!w[0] || !w[1])
			continue;
		g_auto(GStrv) suites = g_new0(char *, 2);
		suites[0] = g_strdup(w[1]);
		add(out, w[0], suites, signed_by);
	}
}

static void add_stanza(GHashTable *fields, GPtrArray *out)
{
	const char *types = g_hash_table_lookup(fields, "types");
	const char *uris = g_hash_table_lookup(fields, "uris");
	const char *suites = g_hash_table_lookup(fields, "suites");
	const char *enabled = g_hash_table_lookup(fields, "enabled");

	if (!types || !uris || !suites ||
		(enabled && (g_ascii_strcasecmp(enabled, "no") == 0 ||
				    g_ascii_strcasecmp(enabled, "false") == 0 ||
				    strcmp(enabled, "0") == 0)))
		return;
	g_auto(GStrv) t = words(types), u = words(uris), s = words(suites);
	gboolean any = FALSE;
	for (char **p = t; *p; p++)
		any |= is_type(*p);
	for (char **p = u; any && *p; p++)
		add(out, *p, s, g_hash_table_lookup(fields, "signed-by"));
}

void apt_sources_parse_stanzas(const char *text, GPtrArray *out)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	g_autoptr(GHashTable) fields =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	g_autofree char *last = NULL;

	for (char **l = lines;; l++) {
		gboolean blank = !*l || (*l)[strspn(*l, " \t\r")] == '\0';
		if (blank) {
			add_stanza(fields, out);
			g_hash_table_remove_all(fields);
			g_clear_pointer(&last, g_free);
			if (!*l)
				return;
			continue;
		}
		if ((*l)[0] == '#') /* also within a field */
			continue;
		if (g_ascii_isspace((*l)[0])) {
			const char *old = last ? g_hash_table_lookup(fields, last) : NULL;
			if (old)
				g_hash_table_replace(fields, g_strdup(last),
					g_strdup_printf("%s\n%s", old, g_strstrip(*l)));
			continue;
		}
		char *colon = strchr(*l, ':');
		if (!colon)
			continue;
		g_free(last);
		last = g_ascii_strdown(*l, colon - *l);
		g_hash_table_replace(
			fields, g_strdup(last), g_strstrip(g_strdup(colon + 1)));
	}
}

typedef struct mirror {
	char *uri;
	gint64 priority;
	guint index;
} mirror;

static int by_priority(const void *a, const void *b)
{
	const mirror *x = a, *y = b;

	if (x->priority != y->priority)
		return x->priority < y->priority ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

GPtrArray *apt_mirror_list_parse(const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(mirror));
	GPtrArray *uris = g_ptr_array_new_with_free_func(g_free);

	for (char **l = lines; *l; l++) {
		(*l)[strcspn(*l, "#")] = '\0';
		g_auto(GStrv) w = words(*l);
		if (!w[0])
			continue;
		mirror m = {g_strdup(w[0]), G_MAXINT64, found->len};
		for (char **o = w + 1; *o; o++)
			if (g_str_has_prefix(*o, "priority:"))
				m.priority = g_ascii_strtoll(*o + 9, NULL, 10);
		g_array_append_val(found, m);
	}
	g_array_sort(found, by_priority);
	for (guint i = 0; i < found->len; i++)
		g_ptr_array_add(uris, g_array_index(found, mirror, i).uri);
	return uris;
}
