#include "base/error.h"
#include "base/event.h"
#include "base/fs.h"
#include "build/patchelf.h"
#include "build/store.h"
#include "cli/common.h"
#include "cli/output.h"
#include "cli/repair_libraries.h"
#include "cli/verbs.h"
#include "cli/wheel_files.h"
#include "plan/plat_wish.h"
#include "plan/recipe_fields.h"
#include "ship/rewheel.h"
#include <string.h>

#define OUT_DEFAULT "dist"
#define WHEEL_MAX ((gsize)4 << 30)

typedef struct running {
	const options *o;
	const build_context *c;
	const platform *target; /* --target; NULL: by the file name */
	repair_libraries *libraries;
} running;

/* ---- which machine ---- */

static gboolean not_for_us(const char *file, const char *why, GError **err)
{
	error_set(err, EXIT_INPUT, "X0748", "%s cannot be repaired: %s", file, why);
	error_note(err, "libraries are grafted into wheels of Linux with glibc, for "
			"aarch64, armv7l and x86_64");
	return FALSE;
}

static gboolean contradicts(
	const char *file, const char *tag, const platform *target, GError **err)
{
	error_set(err, EXIT_INPUT, "X0749", "%s is for another machine than --target",
		file);
	error_line(err, "its tag is %s, --target says %s", tag, target->name);
	error_help(err, "leave --target out: the file name decides");
	return FALSE;
}

/* *out stays NULL for a wheel of any platform without --target. */
static gboolean machine_of(const running *run, const char *file, const wheel_name *name,
	const platform **out, GError **err)
{
	*out = run->target;
	for (char **tag = name->platforms; *tag; tag++) {
		const char *arch = policy_tag_arch(*tag);
		const platform *p = arch ? platform_by_wheel_arch(arch) : NULL;
		if (g_str_equal(*tag, "any"))
			continue;
		if (g_str_has_prefix(*tag, "musllinux_"))
			return not_for_us(file, "it is for musl", err);
		/* as distutils called it; the code decides */
		if (!p && run->target && g_strcmp0(arch, "arm") == 0)
			continue;
		if (!p || !p->builds_wheels) {
			g_autofree char *why = g_strdup_printf("its tag is %s", *tag);
			return not_for_us(file, why, err);
		}
		if (run->target && p != run->target)
			return contradicts(file, *tag, run->target, err);
		if (*out && p != *out)
			return not_for_us(file, "its tags name several machines", err);
		*out = p;
	}
	return TRUE;
}

/* ---- one wheel ---- */

/* SOURCE_DATE_EPOCH, else that of its newest member. */
static gint64 date_of(GBytes *bytes, const char *file)
{
	const char *given = g_getenv("SOURCE_DATE_EPOCH");
	gint64 date = given ? g_ascii_strtoll(given, NULL, 10) : 0;
	g_autoptr(zip_file) zip = date > 0 ? NULL : zip_open_bytes(bytes, file, NULL);

	return zip ? zip_newest(zip) : MAX(date, 0);
}

/* --floor, else what PLAT or AUDITWHEEL_PLAT ask for this very machine, as auditwheel
 * takes the latter; NULL: as low as it goes. Borrowed from `wish`. */
static const char *floor_for(
	const options *o, const platform *target, plat_wish *wish, GError **err)
{
	plat_args args = plat_args_from_environment();

	if (o->floor || !target)
		return o->floor;
	if (!plat_wish_read(&args, wish, err) || !wish->floor[0] ||
		(wish->target && wish->target != target))
		return NULL;
	return wish->floor;
}

static gboolean repair_with(const running *run, GBytes *bytes, const char *file,
	const platform *target, const char *work, wheel_result *result, GError **err)
{
	const options *o = run->o;
	g_auto(plat_wish) wish = {0};
	GError *error = NULL;
	const char *floor = floor_for(o, target, &wish, &error);
	g_autoptr(GPtrArray) owners =
		g_ptr_array_new_with_free_func((GDestroyNotify)repair_owner_free);
	repair_options repair = {.work = work,
		.platform = target,
		.floor = floor,
		.owners = owners,
		.exclude = o->exclude_libs,
		.foreign = TRUE,
		.sbom = TRUE,
		.mtime = date_of(bytes, file)};
	rewheel how = {.repair = &repair,
		.strict = o->strict,
		.replace = o->replace,
		.jobs = run->c->jobs};

	gboolean edits = FALSE;
	g_autofree char *patchelf = NULL;

	if (error) {
		g_propagate_error(err, error);
		return FALSE;
	}
	if (target && !repair_libraries_find(
			      run->libraries, bytes, file, &how, owners, &edits, err))
		return FALSE;
	if (edits && !(patchelf = patchelf_prepare(run->c, NULL, err)))
		return FALSE;
	repair.patchelf = patchelf;
	return rewheel_finish(
		bytes, file, &how, o->out ? o->out : OUT_DEFAULT, result, err);
}

static gboolean repair_one(
	const running *run, const char *path, wheel_result *result, GError **err)
{
	g_autofree char *file = g_path_get_basename(path);
	g_autoptr(wheel_name) name = wheel_name_parse(file, err);
	const platform *target = NULL;

	if (!name || !machine_of(run, file, name, &target, err))
		return FALSE;
	g_autoptr(GBytes) bytes = fs_read(path, WHEEL_MAX, err);
	if (!bytes) {
		if (err && *err)
			(*err)->code = EXIT_INPUT;
		return FALSE;
	}
	g_autofree char *work = store_temp_dir(run->c->store, err);
	if (!work)
		return FALSE;
	gint64 begun = event_step_begin(file, "repair");
	gboolean ok = repair_with(run, bytes, file, target, work, result, err);
	event_step_end(file, "repair", begun, ok);
	fs_remove_tree(work, NULL);
	return ok;
}

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
static int repair_all(const running *run, const GPtrArray *paths)
{
	json_t *files = json_array();
	int code = EXIT_DONE;

	for (guint n = 0; n < paths->len; n++) {
		const char *path = g_ptr_array_index(paths, n);
		wheel_result r = {0};
		g_autoptr(GError) error = NULL;
		if (!repair_one(run, path, &r, &error)) {
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

static gboolean read_options(const options *o, running *run, GError **err)
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
					: g_build_filename(o->out ? o->out : OUT_DEFAULT,
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
	running run = {.o = o};
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
