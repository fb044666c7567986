#include "cli/annotations.h"
#include "base/error.h"
#include "base/fs.h"
#include "build/failure.h"
#include "cli/common.h"
#include "cli/output.h"
#include <stdlib.h>
#include <string.h>

#define SHOWN_OF_A_KIND 10

/* line 0: not known. GitHub looks for the file from the top of the repository. */
static void begin(GString *out, gboolean error, const char *file, int line, int col,
	int end, const char *title)
{
	g_string_append_printf(out, "::%s ", error ? "error" : "warning");
	if (file) {
		g_autofree char *shown = common_from_top(file);
		g_string_append(out, "file=");
		output_command_text(out, shown, ":,");
		g_string_append_c(out, ',');
	}
	if (line)
		g_string_append_printf(out, "line=%d,", line);
	if (line && col)
		g_string_append_printf(out, "col=%d,endColumn=%d,", col, MAX(end, col));
	g_string_append(out, "title=");
	output_command_text(out, title, ":,");
	g_string_append(out, "::");
}

static void append(GString *out, const diag *d)
{
	begin(out, d->severity == DIAG_ERROR,
		d->source ? diag_source_file(d->source) : NULL, d->at.line, d->at.col,
		d->at.col + d->at.span, d->code ? d->code : "xorch");
	output_command_text(out, d->text, "");
	if (d->at.label) {
		g_string_append(out, ": ");
		output_command_text(out, d->at.label, "");
	}
	for (guint i = 0; i < d->remarks->len; i++) {
		g_string_append(out, "%0A");
		output_command_text(out, g_ptr_array_index(d->remarks, i), "");
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

/* ---- failed items ---- */

/* The file of a compiler's "src/a.c:2:25: error: …", where the source is a folder of
 * the repository that has it; NULL otherwise. New string. */
static char *blamed_file(const item *i, const char *text, int *line, int *col)
{
	static GRegex *place;
	g_autoptr(GMatchInfo) m = NULL;
	const recipe *r = i->source->recipe;

	if (g_once_init_enter(&place)) {
		GRegex *new = g_regex_new(
			"^((?!/)[^:\\s]+):(\\d{1,7})(?::(\\d{1,5}))?: ", 0, 0, NULL);
		g_once_init_leave(&place, new);
	}
	if (!r->sources->len || !g_regex_match(place, text, 0, &m))
		return NULL;
	const recipe_source *first = g_ptr_array_index(r->sources, 0);
	if (!first->path)
		return NULL;
	g_autofree char *folder = g_build_filename(r->dir, first->path,
		first->subdirectory ? first->subdirectory : ".", NULL);
	g_autofree char *name = g_match_info_fetch(m, 1);
	g_autofree char *file = fs_resolve_beneath(folder, name, NULL);
	if (!file || !g_file_test(file, G_FILE_TEST_IS_REGULAR))
		return NULL;
	g_autofree char *number = g_match_info_fetch(m, 2);
	g_autofree char *column = g_match_info_fetch(m, 3);
	*line = atoi(number);
	*col = column ? atoi(column) : 0;
	return g_steal_pointer(&file);
}

static void append_item(GString *out, const item *i)
{
	const char *first = error_fact(i->error, "first-error");
	const char *hint = error_fact(i->error, "hint");
	const failure_class *kind = failure_class_of_error(i->error);
	const char *message = i->error->message;
	int line = 0, col = 0;
	g_autofree char *blamed = first ? blamed_file(i, first, &line, &col) : NULL;
	g_autofree char *title = g_strdup_printf("%s: %s", i->id, kind->name);
	/* without "[X0901] ID: ", which the title says */
	const char *own = strstr(message, i->id);
	if (own)
		message = own + strlen(i->id) + strspn(own + strlen(i->id), ": ");
	g_autofree char *said = g_strndup(message, strcspn(message, "\n"));

	begin(out, TRUE, blamed ? blamed : i->source->recipe->path, line, col, col,
		title);
	output_command_text(out, first ? first : said, "");
	if (first && *kind->cause) {
		g_string_append(out, "%0A");
		output_command_text(out, kind->cause, "");
	}
	if (hint) {
		g_string_append(out, "%0Ahelp: ");
		output_command_text(out, hint, "");
	}
	g_string_append_c(out, '\n');
}

char *annotations_of_items(const GPtrArray *items)
{
	GString *out = g_string_new(NULL);
	unsigned shown = 0;

	for (guint n = 0; n < items->len && shown < SHOWN_OF_A_KIND; n++) {
		const item *i = g_ptr_array_index(items, n);
		if (i->state != ITEM_FAILED || !i->error)
			continue;
		append_item(out, i);
		shown++;
	}
	return g_string_free(out, FALSE);
}
