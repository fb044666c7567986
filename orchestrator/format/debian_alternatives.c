#include "format/debian_alternatives.h"
#include "format/member_name.h"
#include <string.h>

void debian_alternative_free(debian_alternative *a)
{
	if (!a)
		return;
	g_free(a->link);
	g_free(a->path);
	g_free(a);
}

/* "/usr/lib/x" as "usr/lib/x"; NULL: not one of these. */
static char *below_usr(const char *text)
{
	const char *why;

	if (!g_str_has_prefix(text, "/usr/") || strpbrk(text, "$`\"'*?[{;&|<>()"))
		return NULL;
	return member_name_clean(text + 1, 0, &why);
}

static void add(GPtrArray *out, const char *link, const char *path, gint64 rank)
{
	g_autofree char *from = below_usr(link);
	g_autofree char *to = below_usr(path);

	if (!from || !to || g_str_equal(from, to))
		return;
	debian_alternative *a = g_new0(debian_alternative, 1);
	a->link = g_steal_pointer(&from);
	a->path = g_steal_pointer(&to);
	a->rank = rank;
	g_ptr_array_add(out, a);
}

/* update-alternatives … --install LINK NAME PATH RANK [--slave LINK NAME PATH]… */
static void read_command(GStrv words, GPtrArray *out)
{
	guint n = 0, count = g_strv_length(words);
	gint64 rank;

	while (n < count && !g_str_equal(words[n], "--install"))
		n++;
	if (n + 4 >= count || !g_ascii_string_to_signed(
				      words[n + 4], 10, -1000000, 1000000, &rank, NULL))
		return;
	add(out, words[n + 1], words[n + 3], rank);
	for (n += 5; n + 3 < count && g_str_equal(words[n], "--slave"); n += 4)
		add(out, words[n + 1], words[n + 3], rank);
}

GPtrArray *debian_alternatives_parse(const char *script)
{
	static const char program[] = "update-alternatives";
	GPtrArray *out =
		g_ptr_array_new_with_free_func((GDestroyNotify)debian_alternative_free);
	g_autoptr(GString) text = g_string_new(script);

	g_string_replace(text, "\\\n", " ", 0);
	g_auto(GStrv) lines = g_strsplit(text->str, "\n", -1);
	for (char **l = lines; *l; l++) {
		g_auto(GStrv) all = g_strsplit_set(g_strstrip(*l), " \t", -1);
		g_autoptr(GPtrArray) words = g_ptr_array_new();
		for (char **w = all; *w; w++)
			if (**w)
				g_ptr_array_add(words, *w);
		g_ptr_array_add(words, NULL);
		if (words->pdata[0] && g_str_equal(words->pdata[0], program))
			read_command((GStrv)words->pdata, out);
	}
	return out;
}
