#include "base/error.h"
#include "base/event.h"
#include "cli/common.h"
#include "cli/output.h"
#include "cli/repair_run.h"
#include "cli/verbs.h"
#include "cli/wheel_files.h"
#include "plan/recipe_fields.h"

/* ---- what came out ---- */

static json_t *graft_json(const repair_graft *g)
{
	json_t *j = json_object();

	json_object_set_new(j, "soname", json_text(g->soname));
	json_object_set_new(j, "file", json_text(g->file));
	json_object_set_new(j, "package", json_text(g->package));
	json_object_set_new(j, "version", json_text(g->version));
	return j;
}

static json_t *result_json(const char *path, const wheel_result *r, const GError *error)
{
	json_t *j = json_object(), *grafts = json_array(), *tags = json_array();

	for (guint n = 0; r->grafts && n < r->grafts->len; n++)
		json_array_append_new(grafts, graft_json(r->grafts->pdata[n]));
	for (char **t = r->tags; !error && t && *t; t++)
		json_array_append_new(tags, json_text(*t));
	json_object_set_new(j, "file", json_text(path));
	json_object_set_new(j, "repaired", json_text(r->path));
	json_object_set_new(j, "tags", tags);
	json_object_set_new(j, "grafted", grafts);
	json_object_set_new(j, "sha256", json_text(r->sha256));
	json_object_set_new(j, "code", json_integer(error ? output_exit_code(error) : 0));
	json_object_set_new(j, "error", json_text(error ? error->message : NULL));
	if (r->report) {
		json_t *audit = audit_report_json(r->report);
		json_object_set(j, "findings", json_object_get(audit, "findings"));
		json_decref(audit);
	}
	return j;
}

static void tell(const char *path, const wheel_result *r)
{
	g_autofree char *base = g_path_get_basename(path);
	g_autofree char *shown = text_escape(base, -1);

	for (guint n = 0; n < r->grafts->len; n++) {
		const repair_graft *g = g_ptr_array_index(r->grafts, n);
		output_note("%s: %s grafted as %s%s%s%s%s", shown, g->soname, g->file,
			g->package ? ", of " : "", g->package ? g->package : "",
			g->version ? " " : "", g->version ? g->version : "");
	}
	if (r->report->pure)
		output_note("%s: no machine code in it, nothing to repair", shown);
	else if (!r->grafts->len)
		output_note("%s: nothing to graft", shown);
	for (guint n = 0; n < r->report->findings->len; n++) {
		const audit_finding *f = g_ptr_array_index(r->report->findings, n);
		g_autofree char *title = text_escape(f->title, -1);
		if (f->severity == AUDIT_WARNING)
			event_log(EVENT_WARNING, shown, "[%s] %s", f->code, title);
	}
	output_line("%s", r->path);
}

/* Failures of one kind give that status, mixed ones 1. */
static int repair_all(const repair_run *run, const GPtrArray *paths)
{
	json_t *files = json_array();
	int code = EXIT_DONE;

	for (guint n = 0; n < paths->len; n++) {
		const char *path = g_ptr_array_index(paths, n);
		wheel_result r = {0};
		g_autoptr(GError) error = NULL;
		if (!repair_run_wheel(run, path, &r, &error)) {
			int own = output_exit_code(error);
			code = code == EXIT_DONE || code == own ? own : EXIT_BUILD;
			output_failure(error);
		} else if (!run->o->json) {
			tell(path, &r);
		}
		json_array_append_new(files, result_json(path, &r, error));
		wheel_result_clear(&r);
	}
	if (run->o->json)
		output_json(json_pack(
			"{s:i, s:i, s:o}", "v", 1, "exit", code, "files", files));
	else
		json_decref(files);
	return code;
}

static gboolean read_options(const options *o, repair_run *run, GError **err)
{
	const char *why = o->floor ? check_floor(o->floor) : NULL;

	if (why) {
		g_autofree char *shown = text_escape(o->floor, -1);
		return error_set(err, EXIT_INPUT, "X0121", "--floor %s: %s", shown, why);
	}
	if (!o->targets)
		return TRUE;
	run->target = common_target(o, err);
	return run->target && platform_check_wheels(run->target, err);
}

/* ---- the lock ---- */

static repair_lock *lock_open(const options *o, GError **err)
{
	g_autofree char *path = o->lock ? g_strdup(o->lock)
					: g_build_filename(o->out ? o->out : REPAIR_OUT,
						  REPAIR_LOCK, NULL);

	return repair_lock_open(path, o->upgrade, err);
}

/* Also of what was found for wheels that could not be repaired then. */
static gboolean lock_write(repair_lock *lock, GError **err)
{
	gboolean written;

	if (!repair_lock_write(lock, &written, err))
		return FALSE;
	if (written)
		output_note("the packages that libraries were taken from are recorded in "
			    "%s, for the next time",
			repair_lock_path(lock));
	return TRUE;
}

int cmd_repair(const options *o, char **args, GError **err)
{
	g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
	repair_run run = {.o = o};
	build_context c;
	int code = EXIT_INPUT;

	if (!wheel_files(
		    paths, args, "repair", "name wheels, or folders of wheels", err) ||
		!read_options(o, &run, err) || !common_open(o, &c, err))
		return code;
	run.c = &c;
	repair_lock *lock = lock_open(o, err);
	run.libraries = lock ? repair_libraries_open(o, &c, lock, err) : NULL;
	if (run.libraries)
		code = repair_all(&run, paths);
	if (run.libraries && !c.locked && !lock_write(lock, err))
		code = output_exit_code(*err);
	repair_libraries_free(run.libraries);
	repair_lock_free(lock);
	common_close(&c);
	return code;
}
