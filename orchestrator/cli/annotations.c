#include "cli/annotations.h"
#include <string.h>

#define SHOWN_OF_A_KIND 10

/* % and line breaks end a command's text; : and , separate its properties. */
static void append_escaped(GString *out, const char *text, const char *also)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);

	for (const char *p = valid; *p; p++) {
		if ((unsigned char)*p < 0x20 || *p == '%' || *p == 0x7f ||
			strchr(also, *p))
			g_string_append_printf(out, "%%%02X", (unsigned char)*p);
		else
			g_string_append_c(out, *p);
	}
}

static void append(GString *out, const diag *d)
{
	g_string_append_printf(
		out, "::%s ", d->severity == DIAG_ERROR ? "error" : "warning");
	if (d->source) {
		g_string_append(out, "file=");
		append_escaped(out, diag_source_file(d->source), ":,");
		g_string_append_c(out, ',');
	}
	if (d->at.line)
		g_string_append_printf(out, "line=%d,col=%d,endColumn=%d,", d->at.line,
			d->at.col, d->at.col + d->at.span);
	g_string_append_printf(out, "title=%s::", d->code ? d->code : "xorch");
	append_escaped(out, d->text, "");
	if (d->at.label) {
		g_string_append(out, ": ");
		append_escaped(out, d->at.label, "");
	}
	for (guint i = 0; i < d->remarks->len; i++) {
		g_string_append(out, "%0A");
		append_escaped(out, g_ptr_array_index(d->remarks, i), "");
	}
	g_string_append_c(out, '\n');
}

char *annotations_text(diag_list *l)
{
	const GPtrArray *all = diag_list_sorted(l);
	GString *out = g_string_new(NULL);
	unsigned shown[2] = {0};

	for (guint i = 0; i < all->len; i++) {
		const diag *d = g_ptr_array_index(all, i);
		if (shown[d->severity]++ < SHOWN_OF_A_KIND)
			append(out, d);
	}
	return g_string_free(out, FALSE);
}
