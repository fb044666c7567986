#include "format/simple_index_html.h"
#include <stdlib.h>
#include <string.h>

typedef struct reader {
	const char *p, *end;
} reader;

static void link_free(void *data)
{
	index_link *l = data;

	g_free(l->href);
	g_free(l->requires_python);
	g_free(l->yanked);
	g_free(l->metadata);
	g_free(l->provenance);
	g_free(l);
}

static gboolean at(const reader *r, const char *text)
{
	gsize n = strlen(text);

	return (gsize)(r->end - r->p) >= n && g_ascii_strncasecmp(r->p, text, n) == 0;
}

/* Moves behind the next `text`, or to the end. */
static void skip_past(reader *r, const char *text)
{
	while (r->p < r->end && !at(r, text))
		r->p++;
	r->p = MIN(r->end, r->p + strlen(text));
}

static void skip_blanks(reader *r)
{
	while (r->p < r->end && (g_ascii_isspace(*r->p) || *r->p == '/'))
		r->p++;
}

/* &amp; &lt; &gt; &quot; &apos; &#62; &#x3e; */
static char *unescape(const char *text, gsize len)
{
	static const struct {
		const char *name, *value;
	} names[] = {{"amp;", "&"}, {"lt;", "<"}, {"gt;", ">"}, {"quot;", "\""},
		{"apos;", "'"}};
	GString *out = g_string_sized_new(len);
	const char *end = text + len;

	while (text < end) {
		if (*text != '&') {
			g_string_append_c(out, *text++);
			continue;
		}
		text++;
		gsize left = (gsize)(end - text), i;
		if (left > 2 && *text == '#') {
			gboolean hex = text[1] == 'x' || text[1] == 'X';
			g_autofree char *digits = g_strndup(
				text + (hex ? 2 : 1), MIN(left - (hex ? 2 : 1), 8));
			char *stop;
			gulong c = strtoul(digits, &stop, hex ? 16 : 10);
			if (stop != digits && *stop == ';' && c && c < 0x110000 &&
				!(c >= 0xd800 && c < 0xe000)) {
				g_string_append_unichar(out, (gunichar)c);
				text += (hex ? 2 : 1) + (stop - digits) + 1;
				continue;
			}
		}
		for (i = 0; i < G_N_ELEMENTS(names); i++) {
			gsize n = strlen(names[i].name);
			if (left >= n && strncmp(text, names[i].name, n) == 0) {
				g_string_append(out, names[i].value);
				text += n;
				break;
			}
		}
		if (i == G_N_ELEMENTS(names))
			g_string_append_c(out, '&');
	}
	return g_string_free(out, FALSE);
}

/* One attribute; FALSE at the end of the tag. *value is NULL for a bare name. */
static gboolean next_attribute(reader *r, char **name, char **value)
{
	const char *start;

	*name = *value = NULL;
	skip_blanks(r);
	if (r->p >= r->end || *r->p == '>')
		return FALSE;
	start = r->p;
	while (r->p < r->end && !g_ascii_isspace(*r->p) && *r->p != '=' && *r->p != '>')
		r->p++;
	if (r->p == start) /* a stray '=' */
		r->p++;
	*name = g_ascii_strdown(start, r->p - start);
	while (r->p < r->end && g_ascii_isspace(*r->p))
		r->p++;
	if (r->p >= r->end || *r->p != '=')
		return TRUE;
	r->p++;
	while (r->p < r->end && g_ascii_isspace(*r->p))
		r->p++;
	if (r->p >= r->end)
		return TRUE;
	char quote = *r->p == '"' || *r->p == '\'' ? *r->p : '\0';
	start = quote ? ++r->p : r->p;
	while (r->p < r->end &&
		(quote ? *r->p != quote : !g_ascii_isspace(*r->p) && *r->p != '>'))
		r->p++;
	*value = unescape(start, (gsize)(r->p - start));
	if (quote && r->p < r->end)
		r->p++;
	return TRUE;
}

static void keep(char **place, char *value)
{
	g_free(*place);
	*place = value ? value : g_strdup("");
}

static index_link *read_link(reader *r, gboolean is_base)
{
	index_link *l = g_new0(index_link, 1);
	char *name, *value;

	l->is_base = is_base;
	while (next_attribute(r, &name, &value)) {
		if (strcmp(name, "href") == 0)
			keep(&l->href, value);
		else if (strcmp(name, "data-requires-python") == 0)
			keep(&l->requires_python, value);
		else if (strcmp(name, "data-yanked") == 0)
			keep(&l->yanked, value);
		else if (strcmp(name, "data-core-metadata") == 0 ||
			 (strcmp(name, "data-dist-info-metadata") == 0 && !l->metadata))
			keep(&l->metadata, value);
		else if (strcmp(name, "data-provenance") == 0)
			keep(&l->provenance, value);
		else
			g_free(value);
		g_free(name);
	}
	if (!l->href)
		g_clear_pointer(&l, link_free);
	return l;
}

GPtrArray *index_html_links(const char *data, gsize size)
{
	GPtrArray *links = g_ptr_array_new_with_free_func(link_free);
	reader r = {data, data + size};

	while (r.p < r.end) {
		const char *open = memchr(r.p, '<', (gsize)(r.end - r.p));
		index_link *l = NULL;
		if (!open)
			break;
		r.p = open;
		if (at(&r, "<!--")) {
			skip_past(&r, "-->");
			continue;
		}
		if (at(&r, "<script")) {
			skip_past(&r, "</script");
			continue;
		}
		gboolean base = at(&r, "<base");
		gsize n = base ? 5 : 2;
		if ((base || at(&r, "<a")) && (gsize)(r.end - r.p) > n &&
			g_ascii_isspace(r.p[n])) {
			r.p += n;
			l = read_link(&r, base);
		} else {
			r.p++;
		}
		if (l)
			g_ptr_array_add(links, l);
	}
	return links;
}
