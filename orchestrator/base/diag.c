#include "base/diag.h"
#include "base/error.h"
#include <string.h>

/* A broken file of 1 MiB can hold 200 000 mistakes; nobody reads past a few. */
#define KEPT_MAX 1000

struct diag_list {
	GPtrArray *items;
	GPtrArray *sources; /* in order of appearance */
	diag *spare;	    /* takes what comes after KEPT_MAX */
	unsigned errors, warnings;
};

static void place_clear(diag_place *p)
{
	g_free(p->label);
	*p = (diag_place){0};
}

static void diag_free(diag *d)
{
	if (!d)
		return;
	diag_source_unref(d->source);
	place_clear(&d->at);
	place_clear(&d->second);
	g_free(d->text);
	g_free(d->fix_from);
	g_free(d->fix_to);
	g_ptr_array_unref(d->remarks);
	g_free(d);
}

static void source_free(gpointer s)
{
	diag_source_unref(s);
}

diag_list *diag_list_new(void)
{
	diag_list *l = g_new0(diag_list, 1);

	l->items = g_ptr_array_new_with_free_func((GDestroyNotify)diag_free);
	l->sources = g_ptr_array_new_with_free_func(source_free);
	return l;
}

void diag_list_free(diag_list *l)
{
	if (!l)
		return;
	g_ptr_array_unref(l->items);
	g_ptr_array_unref(l->sources);
	diag_free(l->spare);
	g_free(l);
}

static void source_seen(diag_list *l, diag_source *s)
{
	if (s && !g_ptr_array_find(l->sources, s, NULL))
		g_ptr_array_add(l->sources, diag_source_ref(s));
}

static void keep(diag_list *l, diag *d)
{
	if (l->items->len < KEPT_MAX) {
		source_seen(l, d->source);
		g_ptr_array_add(l->items, d);
		return;
	}
	diag_free(l->spare);
	l->spare = d;
}

diag *diag_add(diag_list *l, diag_severity severity, const char *code,
	diag_source *source, int line, int col, int span, const char *fmt, ...)
{
	va_list ap;
	diag *d = g_new0(diag, 1);

	va_start(ap, fmt);
	g_autofree char *text = g_strdup_vprintf(fmt, ap);
	va_end(ap);
	d->text = text_mask(text, strlen(text));
	d->severity = severity;
	d->code = code;
	d->source = source ? diag_source_ref(source) : NULL;
	d->at = (diag_place){line, col, MAX(span, 1), NULL};
	d->offset = -1;
	d->remarks = g_ptr_array_new_with_free_func(g_free);
	if (severity == DIAG_ERROR)
		l->errors++;
	else
		l->warnings++;
	keep(l, d);
	return d;
}

void diag_label(diag *d, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	g_free(d->at.label);
	d->at.label = g_strdup_vprintf(fmt, ap);
	va_end(ap);
}

void diag_second(diag *d, int line, int col, int span, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	place_clear(&d->second);
	d->second = (diag_place){line, col, MAX(span, 1), g_strdup_vprintf(fmt, ap)};
	va_end(ap);
}

static void remark(diag *d, const char *lead, const char *fmt, va_list ap)
{
	g_autofree char *text = g_strdup_vprintf(fmt, ap);
	g_ptr_array_add(d->remarks, g_strconcat(lead, text, NULL));
}

void diag_note(diag *d, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	remark(d, "note: ", fmt, ap);
	va_end(ap);
}

void diag_line(diag *d, const char *text)
{
	g_ptr_array_add(d->remarks, g_strconcat("  ", text, NULL));
}

void diag_fix(diag *d, const char *from, const char *to)
{
	g_free(d->fix_from);
	g_free(d->fix_to);
	d->fix_from = g_strdup(from);
	d->fix_to = g_strdup(to);
}

void diag_help(diag *d, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	remark(d, "help: ", fmt, ap);
	va_end(ap);
}

diag *diag_list_last(const diag_list *l)
{
	if (l->spare)
		return l->spare;
	return l->items->len ? g_ptr_array_index(l->items, l->items->len - 1) : NULL;
}

unsigned diag_list_errors(const diag_list *l)
{
	return l->errors;
}

unsigned diag_list_warnings(const diag_list *l)
{
	return l->warnings;
}

static int source_rank(const diag_list *l, const diag_source *s)
{
	guint index;

	return s && g_ptr_array_find(l->sources, s, &index) ? (int)index : -1;
}

static int compare(gconstpointer a, gconstpointer b, gpointer list)
{
	const diag *x = *(diag *const *)a, *y = *(diag *const *)b;
	int rx = source_rank(list, x->source), ry = source_rank(list, y->source);

	if (rx != ry)
		return rx < ry ? -1 : 1;
	if (x->at.line != y->at.line)
		return x->at.line < y->at.line ? -1 : 1;
	return (x->at.col > y->at.col) - (x->at.col < y->at.col);
}

const GPtrArray *diag_list_sorted(diag_list *l)
{
	g_ptr_array_sort_with_data(l->items, compare, l);
	return l->items;
}

void diag_list_take(diag_list *l, diag_list *from)
{
	l->errors += from->errors;
	l->warnings += from->warnings;
	while (from->items->len)
		keep(l, g_ptr_array_steal_index(from->items, 0));
	from->errors = from->warnings = 0;
}

static int exit_code(const diag *d)
{
	switch (d->code && strlen(d->code) == 5 ? d->code[2] : 0) {
	case '4':
		return EXIT_LOCK;
	case '6':
		return EXIT_INTEGRITY;
	case '8':
		return EXIT_HOST;
	default:
		return EXIT_INPUT;
	}
}

/* Appends up to DIAG_SHOWN a file; least: only errors when not warnings. */
static const diag *list_render(diag_list *l, gboolean warnings, GString *out)
{
	const GPtrArray *items = diag_list_sorted(l);
	const diag *first = NULL;
	unsigned in_file = 0, shown = 0;

	for (guint i = 0; i < items->len; i++) {
		const diag *d = g_ptr_array_index(items, i);
		const diag *before = i ? g_ptr_array_index(items, i - 1) : NULL;
		if (!before || before->source != d->source)
			in_file = 0;
		if (d->severity == DIAG_WARNING && !warnings)
			continue;
		if (in_file++ >= DIAG_SHOWN)
			continue;
		if (!first)
			first = d;
		g_autofree char *text = diag_text(d);
		g_string_append_printf(out, "%s%s", out->len ? "\n" : "", text);
		shown++;
	}
	unsigned all = l->errors + (warnings ? l->warnings : 0);
	if (all > shown)
		g_string_append_printf(out, "\n… and %u more like these\n", all - shown);
	return first;
}

char *diag_list_text(diag_list *l)
{
	GString *out = g_string_new(NULL);

	list_render(l, TRUE, out);
	return g_string_free(out, FALSE);
}

gboolean diag_list_to_error(diag_list *l, GError **err)
{
	if (!l->errors)
		return TRUE;
	g_autoptr(GString) out = g_string_new(NULL);
	const diag *first = list_render(l, FALSE, out);
	if (out->str[out->len - 1] == '\n')
		g_string_truncate(out, out->len - 1);
	/* base/error.h puts the code in brackets before the text. */
	const char *text = out->str + strlen("error");
	if (*text == '[')
		text = strstr(text, "]: ") + strlen("]: ");
	else
		text += strlen(": ");
	return error_set(err, first ? exit_code(first) : EXIT_INPUT,
		first ? first->code : NULL, "%s", text);
}
