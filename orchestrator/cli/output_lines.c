/* What happens as lines of JSON, for programs and for containers whose logs are
 * collected: one object a line, whatever builds print. */
#include "base/error.h"
#include "cli/output_private.h"
#include <string.h>

json_t *line_new(const char *kind, const char *level, const char *message)
{
	gint64 now = g_get_real_time();
	g_autoptr(GDateTime) t = g_date_time_new_from_unix_utc(now / G_USEC_PER_SEC);
	g_autofree char *second = g_date_time_format(t, "%Y-%m-%dT%H:%M:%S");
	g_autofree char *time =
		g_strdup_printf("%s.%03dZ", second, (int)(now / 1000 % 1000));

	return json_pack("{s:i, s:s, s:f, s:s, s:s, s:o}", "v", 1, "time", time, "t",
		(double)(now / 1000) / 1e3, "level", level, "event", kind, "message",
		json_text(message));
}

void line_write(json_t *o)
{
	char *text =
		json_dumps(o, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(13));

	json_decref(o);
	if (!text)
		return;
	g_autofree char *line = g_strconcat(text, "\n", NULL);
	free(text);
	output_write(line, strlen(line));
}

gboolean output_is_lines(void)
{
	return output.lines;
}

void output_fields(
	const char *kind, const char *level, const char *message, json_t *fields)
{
	g_mutex_lock(&output.lock);
	json_t *o = line_new(kind, level, message);
	json_object_update_missing(o, fields);
	json_decref(fields);
	line_write(o);
	g_mutex_unlock(&output.lock);
}

/* What people read as one text of several lines: its first says it. */
static json_t *told(const char *kind, const char *level, const char *text)
{
	g_autofree char *first = g_strndup(text, strcspn(text, "\n"));
	json_t *o = line_new(kind, level, first);

	if (strchr(text, '\n'))
		json_set_text(o, "detail", text);
	return o;
}

void line_people(const char *text)
{
	static const char *const leads[] = {"error", "warning", "note"};
	const char *level = "info";
	g_autofree char *trimmed = g_strchomp(g_strdup(text));

	if (!*trimmed)
		return;
	for (guint n = 0; n < G_N_ELEMENTS(leads); n++)
		if (g_str_has_prefix(trimmed, leads[n]) &&
			strchr("[:", trimmed[strlen(leads[n])]))
			level = leads[n];
	const char *begin = trimmed;
	if (g_str_has_prefix(trimmed, "note: "))
		begin += strlen("note: ");
	line_write(told("text", level, begin));
}

void line_error(const GError *err, const char *code, const char *text)
{
	static const char *const facts[] = {
		"class", "subject", "first-error", "hint", "log"};
	json_t *o = told("error", "error", text);

	json_set_text(o, "code", code);
	json_object_set_new(o, "exit", json_integer(output_exit_code(err)));
	for (guint n = 0; n < G_N_ELEMENTS(facts); n++) {
		g_autofree char *name = g_strdelimit(g_strdup(facts[n]), "-", '_');
		json_set_text(o, name, error_fact(err, facts[n]));
	}
	line_write(o);
}

json_t *output_diag_json(const diag *d)
{
	json_t *o = json_object();

	json_object_set_new(o, "severity",
		json_string(d->severity == DIAG_ERROR ? "error" : "warning"));
	json_set_text(o, "code", d->code);
	if (d->source)
		json_set_text(o, "file", diag_source_file(d->source));
	if (d->at.line) {
		json_object_set_new(o, "line", json_integer(d->at.line));
		json_object_set_new(o, "column", json_integer(d->at.col));
		json_object_set_new(
			o, "end_column", json_integer(d->at.col + d->at.span));
	}
	json_set_text(o, "text", d->text);
	json_set_text(o, "label", d->at.label);
	json_object_set_new(o, "remarks", json_texts(d->remarks));
	return o;
}

void line_diags(diag_list *l)
{
	const GPtrArray *all = diag_list_sorted(l);

	for (guint n = 0; n < all->len; n++) {
		const diag *d = g_ptr_array_index(all, n);
		gboolean error = d->severity == DIAG_ERROR;
		if (!error && output.quiet)
			continue;
		json_t *o = line_new("diagnostic", error ? "error" : "warning", d->text);
		json_t *fields = output_diag_json(d);
		json_object_del(fields, "text");
		json_object_del(fields, "severity");
		json_object_update(o, fields);
		json_decref(fields);
		line_write(o);
	}
}

/* Progress within a download is for who asked for progress; a log would drown in it. */
static gboolean is_wanted(const event *e)
{
	gboolean warning = e->kind == EVENT_LOG && e->level == EVENT_WARNING;

	if (output.progress == PROGRESS_JSON || warning)
		return TRUE;
	if (output.quiet || e->kind == EVENT_TOTAL || e->kind == EVENT_JOB ||
		e->kind == EVENT_FILES || e->phase == EVENT_PROGRESS)
		return FALSE;
	if (e->kind == EVENT_DOWNLOAD)
		return e->phase == EVENT_FAIL || output.verbose ||
		       (e->phase == EVENT_END && event_is_worth_a_line(e));
	if (e->kind == EVENT_LOG)
		return e->level > EVENT_DEBUG || output.verbose;
	return output.progress != PROGRESS_NONE || e->kind == EVENT_ARTIFACT;
}

void line_event(const event *e)
{
	static const char *const kinds[] = {
		"log", "download", "files", "step", "artifact", "job", "total"};
	static const char *const phases[] = {"begin", "progress", "end", "fail"};
	static const char *const levels[] = {"debug", "info", "note", "warning"};

	if (!is_wanted(e))
		return;
	g_autofree char *line = output_event_line(e, 9, TRUE);
	gboolean fail = e->kind != EVENT_LOG && e->phase == EVENT_FAIL;
	json_t *o = line_new(kinds[e->kind],
		e->kind == EVENT_LOG ? levels[e->level]
		: fail		     ? "error"
				     : "info",
		e->kind == EVENT_LOG ? (e->text ? e->text : "")
		: line		     ? g_strchomp(line)
				     : "");
	if (e->kind != EVENT_LOG && e->kind != EVENT_ARTIFACT)
		json_object_set_new(o, "phase", json_string(phases[e->phase]));
	json_set_text(o, "subject", e->subject);
	json_set_text(o, e->kind == EVENT_ARTIFACT ? "file" : "text", e->text);
	if (e->kind == EVENT_DOWNLOAD || e->kind == EVENT_FILES ||
		e->kind == EVENT_TOTAL) {
		json_object_set_new(o, "done", json_integer(e->done));
		if (e->total >= 0)
			json_object_set_new(o, "total", json_integer(e->total));
	}
	if (e->expected > 0)
		json_object_set_new(o, "expected_seconds", json_real(e->expected));
	if (e->kind != EVENT_LOG && (e->phase == EVENT_END || e->phase == EVENT_FAIL))
		json_object_set_new(o, "seconds", json_real(e->seconds));
	line_write(o);
}

void line_output(const char *subject, const char *level, const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (char **l = lines; *l; l++) {
		if (!**l)
			continue;
		json_t *o = line_new("output", level, *l);
		json_set_text(o, "subject", subject);
		line_write(o);
	}
}
