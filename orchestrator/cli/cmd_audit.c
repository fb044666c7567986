#include "base/error.h"
#include "cli/common.h"
#include "cli/output.h"
#include "cli/verbs.h"
#include "cli/wheel_files.h"
#include "ship/audit.h"
#include <string.h>

/* A refused container outweighs a failed audit, which outweighs an unreadable file. */
static int worse(int a, int b)
{
	static const int order[] = {EXIT_INTEGRITY, EXIT_AUDIT, EXIT_INPUT};

	for (gsize i = 0; i < G_N_ELEMENTS(order); i++)
		if (a == order[i] || b == order[i])
			return order[i];
	return MAX(a, b);
}

static json_t *unreadable_json(const char *path, const GError *e)
{
	g_autofree char *valid = g_utf8_make_valid(path, -1);
	g_autofree char *message = g_utf8_make_valid(e->message, -1);

	return json_pack("{s:s, s:n, s:[{s:s, s:s, s:s, s:n, s:[], s:n, s:n}]}", "file",
		valid, "tag", "findings", "code", "X0730", "severity", "error", "message",
		message, "member", "details", "minimum_tag", "hint");
}

static int show(
	const options *o, GPtrArray *paths, audit_report **reports, GError **errors)
{
	json_t *files = json_array();
	int code = EXIT_DONE;

	for (guint i = 0; i < paths->len; i++) {
		const audit_report *r = reports[i];
		if (!r) {
			code = worse(code, output_exit_code(errors[i]));
			if (o->json)
				json_array_append_new(files,
					unreadable_json(
						g_ptr_array_index(paths, i), errors[i]));
			else
				output_error(errors[i]);
			continue;
		}
		code = worse(code, r->exit_code);
		if (o->json) {
			json_array_append_new(files, audit_report_json(r));
			continue;
		}
		g_autoptr(GString) text = g_string_new(NULL);
		g_autofree char *line = audit_report_line(r);
		audit_report_text(r, text);
		if (text->len)
			output_people(text->str);
		output_line("%s", line);
	}
	if (o->json)
		output_json(json_pack("{s:i, s:o}", "v", 1, "files", files));
	else
		json_decref(files);
	return code;
}

int cmd_audit(const options *o, char **args, GError **err)
{
	g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
	audit_options a = {.strict = o->strict, .jobs = common_jobs(o)};

	if (!wheel_files(paths, args, "audit",
		    "name wheels, shared objects, programs, or folders of wheels", err))
		return output_exit_code(*err);
	g_autofree audit_report **reports = g_new0(audit_report *, paths->len);
	g_autofree GError **errors = g_new0(GError *, paths->len);
	audit_files((const char *const *)paths->pdata, paths->len, &a, reports, errors);
	int code = show(o, paths, reports, errors);
	for (guint i = 0; i < paths->len; i++) {
		audit_report_free(reports[i]);
		g_clear_error(&errors[i]);
	}
	return code;
}
