#include "cli/upkeep.h"
#include "base/error.h"
#include "base/instant.h"
#include "cli/output.h"
#include <string.h>

static const char *const state_names[] = {
	"update", "current", "held", "unknown", "off", "failed", "updated"};

/* The release that the recipe has now; NULL when the list does not know it. */
static const release *current_of(const upkeep *u)
{
	return u->find.list ? release_list_get(u->find.list, u->recipe->package.version)
			    : NULL;
}

static void add(GString *out, const char *fmt, ...) G_GNUC_PRINTF(2, 3);
static void add(GString *out, const char *fmt, ...)
{
	va_list args;

	if (out->len)
		g_string_append(out, "; ");
	va_start(args, fmt);
	g_autofree char *text = g_strdup_vprintf(fmt, args);
	va_end(args);
	/* Words of an index among it. */
	g_autofree char *safe = text_escape(text, -1);
	g_string_append(out, safe);
}

static void add_yanked(GString *out, const release *r, const char *which)
{
	if (r && r->yanked)
		add(out, "%s was taken back by its publisher%s%s", which,
			r->yanked_why ? ": " : "", r->yanked_why ? r->yanked_why : "");
}

/* What there is to say beside the versions. New string, "" for nothing. */
static char *note_of(const upkeep *u)
{
	GString *out = g_string_new(NULL);
	const char *reason = u->recipe->update.reason;

	if (u->state == UPKEEP_OFF)
		add(out, "update.enabled is false%s%s", reason ? ": " : "",
			reason ? reason : "");
	if (u->find.unknown)
		add(out, "%s", u->find.unknown);
	if (u->error) {
		g_autofree char *text = error_in_short(u->error);
		add(out, "%s", text);
	}
	if (u->choice.held)
		add(out, "%s is held back: %s", u->choice.held->version, u->choice.why);
	if (u->warning)
		add(out, "%s", u->warning);
	if (u->choice.dropped)
		add(out, "%s is not for Python %s", u->to, u->choice.dropped);
	if (u->state != UPKEEP_UPDATED)
		add_yanked(out, current_of(u), u->recipe->package.version);
	if (u->asked)
		add_yanked(out, u->taken, u->asked);
	return g_string_free(out, FALSE);
}

/* "" when it is not known. */
static const char *newest_of(const upkeep *u)
{
	if (u->to)
		return u->to;
	return u->state == UPKEEP_CURRENT || u->state == UPKEEP_HELD
		       ? u->recipe->package.version
		       : "";
}

static json_t *row_json(const upkeep *u)
{
	const release *held = u->choice.held;
	g_autofree char *note = note_of(u);
	json_t *o = json_pack("{s:o s:o s:o s:s}", "recipe", json_text(u->recipe->path),
		"name", json_text(u->recipe->package.name), "current",
		json_text(u->recipe->package.version), "state", state_names[u->state]);

	if (*newest_of(u))
		json_object_set_new(o, "newest", json_text(newest_of(u)));
	if (u->taken && u->taken->published >= 0) {
		g_autofree char *when = instant_text(u->taken->published);
		json_object_set_new(o, "published", json_string(when));
	}
	if (held) {
		json_object_set_new(o, "held", json_text(held->version));
		json_object_set_new(o, "why", json_text(u->choice.why));
	}
	if (*note)
		json_object_set_new(o, "note", json_text(note));
	if (u->error)
		json_object_set_new(o, "code", json_integer(output_exit_code(u->error)));
	return o;
}

static void report_json(const GPtrArray *rows)
{
	json_t *list = json_array();

	for (guint n = 0; n < rows->len; n++)
		json_array_append_new(list, row_json(g_ptr_array_index(rows, n)));
	output_json(json_pack("{s:i s:o}", "v", 1, "recipes", list));
}

void upkeep_report(const options *o, const GPtrArray *rows)
{
	static const char *const heads[] = {"recipe", "current", "newest"};
	int widths[] = {6, 7, 6};
	g_autoptr(GString) text = g_string_new(NULL);

	if (o->json) {
		report_json(rows);
		return;
	}
	for (guint n = 0; n < rows->len; n++) {
		const upkeep *u = g_ptr_array_index(rows, n);
		const char *cells[] = {
			u->recipe->path, u->recipe->package.version, newest_of(u)};
		for (guint i = 0; i < G_N_ELEMENTS(cells); i++)
			widths[i] = MAX(widths[i], (int)strlen(cells[i]));
	}
	g_string_append_printf(text, "%-*s  %-*s  %s\n", widths[0], heads[0], widths[1],
		heads[1], heads[2]);
	for (guint n = 0; n < rows->len; n++) {
		const upkeep *u = g_ptr_array_index(rows, n);
		g_autofree char *note = note_of(u);
		const char *newest = newest_of(u);
		g_string_append_printf(text, "%-*s  %-*s  %-*s  %s", widths[0],
			u->recipe->path, widths[1], u->recipe->package.version, widths[2],
			*newest ? newest : "-", note);
		while (g_str_has_suffix(text->str, " "))
			g_string_truncate(text, text->len - 1);
		g_string_append_c(text, '\n');
	}
	output_text(text->str);
}

int upkeep_failures(const GPtrArray *rows)
{
	int code = EXIT_DONE;

	for (guint n = 0; n < rows->len; n++) {
		const upkeep *u = g_ptr_array_index(rows, n);
		if (!u->error)
			continue;
		g_autoptr(GError) shown = g_error_copy(u->error);
		if (!strstr(shown->message, u->recipe->path))
			error_line(&shown, "--> %s", u->recipe->path);
		output_failure(shown);
		code = output_exit_join(code, output_exit_code(u->error));
	}
	return code;
}

gboolean upkeep_any_update(const GPtrArray *rows)
{
	for (guint n = 0; n < rows->len; n++)
		if (((upkeep *)g_ptr_array_index(rows, n))->state == UPKEEP_UPDATE)
			return TRUE;
	return FALSE;
}
