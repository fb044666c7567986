#include "ship/audit.h"
#include "base/error.h"
#include "format/json.h"

static const char *severity_name(audit_severity s)
{
	return s == AUDIT_ERROR ? "error" : s == AUDIT_WARNING ? "warning" : "note";
}

/* Lines of one finding without its head. At most `limit` details. */
static void put_body(
	GString *out, const audit_report *r, const audit_finding *f, guint limit)
{
	g_autofree char *base = g_path_get_basename(r->path);
	g_autofree char *name = text_escape(base, -1);

	g_string_append_printf(out, "\n  %s %s", r->wheel ? "wheel:" : "file: ", name);
	if (f->file && r->wheel) {
		g_autofree char *file = text_escape(f->file, -1);
		g_string_append_printf(out, "\n  file:  %s", file);
	}
	for (guint i = 0; i < f->lines->len && i < limit; i++) {
		g_autofree char *line = text_escape(g_ptr_array_index(f->lines, i), -1);
		g_string_append_printf(out, "\n         %s", line);
	}
	if (f->lines->len > limit)
		g_string_append_printf(out,
			"\n         … and %u more (all of them: --json)",
			f->lines->len - limit);
	if (f->tag)
		g_string_append_printf(
			out, "\n  = note: the lowest tag that fits is %s", f->tag);
	if (f->hint)
		g_string_append_printf(out, "\n  = help: %s", f->hint);
}

void audit_report_text(const audit_report *r, GString *out)
{
	for (guint i = 0; i < r->findings->len; i++) {
		const audit_finding *f = g_ptr_array_index(r->findings, i);
		g_autofree char *title = text_escape(f->title, -1);
		g_string_append_printf(
			out, "%s[%s]: %s", severity_name(f->severity), f->code, title);
		put_body(out, r, f, 12);
		g_string_append_c(out, '\n');
	}
}

char *audit_report_line(const audit_report *r)
{
	GString *out = g_string_new(NULL);
	g_autofree char *path = text_escape(r->path, -1);

	g_string_append_printf(out, "%s: ", path);
	if (r->errors)
		g_string_append_printf(
			out, "%u %s", r->errors, r->errors == 1 ? "error" : "errors");
	else
		g_string_append(out, "ok");
	if (r->tag)
		g_string_append_printf(out, ", %s", r->tag);
	else if (r->pure && r->wheel)
		g_string_append(out, ", no machine code");
	if (r->summary)
		g_string_append_printf(out, " (%s)", r->summary);
	return g_string_free(out, FALSE);
}

static json_t *finding_json(const audit_finding *f)
{
	json_t *o = json_object();

	json_object_set_new(o, "code", json_string(f->code));
	json_object_set_new(o, "severity", json_string(severity_name(f->severity)));
	json_object_set_new(o, "message", json_text(f->title));
	json_object_set_new(o, "member", json_text(f->file));
	json_object_set_new(o, "details", json_texts(f->lines));
	json_object_set_new(o, "minimum_tag", json_text(f->tag));
	json_object_set_new(o, "hint", json_text(f->hint));
	return o;
}

json_t *audit_report_json(const audit_report *r)
{
	json_t *o = json_object(), *findings = json_array();

	for (guint i = 0; i < r->findings->len; i++)
		json_array_append_new(
			findings, finding_json(g_ptr_array_index(r->findings, i)));
	json_object_set_new(o, "file", json_text(r->path));
	json_object_set_new(o, "tag", json_text(r->tag));
	json_object_set_new(o, "findings", findings);
	return o;
}

gboolean audit_report_error(const audit_report *r, GError **err)
{
	const audit_finding *first = NULL;

	for (guint i = 0; i < r->findings->len && !first; i++) {
		const audit_finding *f = g_ptr_array_index(r->findings, i);
		if (f->severity == AUDIT_ERROR)
			first = f;
	}
	g_return_val_if_fail(first, FALSE);
	g_autoptr(GString) text = g_string_new(NULL);
	g_autofree char *title = text_escape(first->title, -1);
	g_string_append(text, title);
	put_body(text, r, first, 12);
	error_set(err, r->exit_code, first->code, "%s", text->str);
	for (guint i = 0; i < r->findings->len; i++) {
		const audit_finding *f = g_ptr_array_index(r->findings, i);
		if (f->severity != AUDIT_ERROR || f == first)
			continue;
		g_autofree char *other = text_escape(f->title, -1);
		error_note(err, "also [%s] %s%s%s", f->code, f->file ? f->file : "",
			f->file ? ": " : "", other);
	}
	return FALSE;
}
