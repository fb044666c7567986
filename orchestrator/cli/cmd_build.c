#include "base/error.h"
#include "base/event.h"
#include "base/fs.h"
#include "build/floor.h"
#include "build/item_run.h"
#include "build/python_symbols.h"
#include "build/sandbox.h"
#include "cli/build_items.h"
#include "cli/common.h"
#include "cli/library_owner.h"
#include "cli/new.h"
#include "cli/output.h"
#include "cli/plan_format.h"
#include "cli/report.h"
#include "cli/report_file.h"
#include "cli/selection_overlay.h"
#include "cli/step_summary.h"
#include "cli/verbs.h"
#include "format/intoto.h"
#include "plan/arm_feature.h"
#include "ship/binary.h"
#include "ship/provided.h"
#include "ship/wheel_compare.h"
#include "ship/wheel_label.h"
#include "ship/wheelhouse.h"
#include <string.h>

#define OUT_DEFAULT "dist"

/* How far a verb goes. */
typedef enum verb_depth { DEPTH_PLAN, DEPTH_LOCK, DEPTH_FETCH, DEPTH_BUILD } verb_depth;

/* The recipe's path in the wheel, as the module's name: a/b -> a.b. */
static char *module_name(const char *path)
{
	return g_strdelimit(g_strdup(path), "/", '.');
}

static char *statement(const char *name, const char *sha256, const void *predicate)
{
	return intoto_line(name, sha256, predicate);
}

static gboolean finish_program(item *i, const pipeline_product *product, const options *o,
	const char *out, const place_beside *beside, wheel_result *result, GError **err)
{
	const recipe *r = i->recipe;
	g_autoptr(provided) names = NULL;
	g_autofree char *name = recipe_program_name(r, NULL);
	const char *label = i->source->label;
	g_autofree char *version = label ? wheel_label_version(r->package.version, label)
					 : g_strdup(r->package.version);

	if (product->floor_names && !(names = provided_load(product->floor_names, err)))
		return FALSE;
	binary_expect expect = {.name = name,
		.version = version,
		.platform = i->platform,
		.cgo = r->go.cgo,
		.floor = i->floor,
		.build_number = (guint)r->build.number,
		.strict = o->strict,
		.replace = o->replace,
		.build_paths = product->build_paths,
		.provides = names ? provided_answer : NULL,
		.provides_data = names,
		.beside = beside};
	return binary_finish(product->folder, &expect, out, result, err);
}

static gboolean finish_wheel(item *i, const pipeline_product *product, const options *o,
	const char *out, const place_beside *beside, wheel_result *result, GError **err)
{
	const recipe *r = i->recipe;
	g_autoptr(GPtrArray) extensions = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(provided) names = provided_load(product->floor_names, err);
	g_autoptr(GHashTable) exports = i->python ? host_python_symbols(i->python) : NULL;

	if (!names)
		return FALSE;
	for (guint n = 0; r->wheel.extensions && n < r->wheel.extensions->len; n++)
		g_ptr_array_add(extensions,
			module_name(g_ptr_array_index(r->wheel.extensions, n)));
	g_ptr_array_add(extensions, NULL);
	g_autoptr(GPtrArray) owners =
		g_ptr_array_new_with_free_func((GDestroyNotify)repair_owner_free);
	g_autoptr(GPtrArray) parts =
		g_ptr_array_new_with_free_func((GDestroyNotify)repair_owner_free);
	library_owners(product->libraries, owners);
	library_owners(product->parts, parts);
	static const char *const searched[] = {SANDBOX_SYSROOT, NULL};
	repair_options repair = {.patchelf = product->patchelf,
		.work = product->work,
		.platform = i->platform,
		.floor = i->floor,
		.owners = owners,
		.exclude = r->wheel.exclude_libs,
		.licences = product->licences,
		.parts = parts,
		.sbom = r->wheel.sbom,
		.mtime = product->source_date_epoch,
		.searched = searched};
	wheel_expect expect = {.name = r->package.name,
		.version = r->package.version,
		.python = i->python_tag,
		.platform = i->platform,
		.floor = i->floor,
		.build_number = r->build.number,
		.label = i->source->label,
		.allow_pure = r->wheel.pure_allowed,
		.cpu = arm_features_of(r->wheel.cpu),
		.foreign = r->wheel.foreign,
		.strict = o->strict,
		.replace = o->replace,
		.extensions = (const char *const *)extensions->pdata,
		.build_paths = product->build_paths,
		.provides = provided_answer,
		.provides_data = names,
		.python_symbols = exports,
		.mtime = product->source_date_epoch,
		.repair = product->patchelf || parts->len ? &repair : NULL,
		.beside = beside,
		.jobs = 1};

	return fs_mkdir_p(out, 0777, err) &&
	       wheel_finish(product->folder, &expect, out, result, err);
}

/* The last steps of a build, which build/ leaves to ship/: judges the product and
 * places it in the folder `out`. */
static gboolean finish_in(item *i, const pipeline_product *product, const options *o,
	const char *out, wheel_result *result, GError **err)
{
	place_beside with = {INTOTO_SUFFIX, statement, product->predicate};
	const place_beside *beside =
		product->predicate && !o->no_provenance ? &with : NULL;

	return (i->recipe->kind == RECIPE_GO_BINARY ? finish_program : finish_wheel)(
		i, product, o, out, beside, result, err);
}

/* What the audit let pass but would not under --strict. */
static void tell_warnings(const item *i, const audit_report *report)
{
	for (guint n = 0; report && n < report->findings->len; n++) {
		const audit_finding *f = g_ptr_array_index(report->findings, n);
		g_autofree char *file = text_escape(f->file ? f->file : "", -1);
		g_autofree char *title = text_escape(f->title, -1);
		if (f->severity == AUDIT_WARNING)
			event_log(EVENT_WARNING, i->id, "[%s] %s%s%s", f->code, title,
				f->file ? ": " : "", file);
	}
}

static void tell_grafts(const item *i, const GPtrArray *grafts)
{
	for (guint n = 0; grafts && n < grafts->len; n++) {
		const repair_graft *g = g_ptr_array_index(grafts, n);
		if (g->plain_stack)
			event_log(EVENT_NOTE, i->id,
				"%s asks for an executable stack, which newer glibc "
				"refuses to load; the copy in the wheel does not",
				g->soname);
	}
}

static gboolean finish(item *i, const pipeline_product *product, void *data, GError **err)
{
	const options *o = data;
	wheel_result result = {0};
	const char *out = o->out ? o->out : OUT_DEFAULT;
	gboolean ok = finish_in(i, product, o, out, &result, err);

	if (ok) {
		tell_warnings(i, result.report);
		tell_grafts(i, result.grafts);
		i->file = g_steal_pointer(&result.path);
		i->sha256 = g_steal_pointer(&result.sha256);
		i->size = result.size;
		i->tags = g_strjoinv(".", result.tags);
		if (product->predicate)
			i->statement =
				intoto_line(result.file, i->sha256, product->predicate);
	}
	wheel_result_clear(&result);
	return ok;
}

/* --check-reproducible: the same from the second build, beside its product. */
static gboolean compare(
	item *i, const pipeline_product *product, void *data, GError **err)
{
	wheel_result result = {0};
	g_autofree char *out = g_build_filename(product->folder, "again", NULL);
	gboolean ok = finish_in(i, product, data, out, &result, err) &&
		      (i->recipe->kind == RECIPE_GO_BINARY
				      ? binary_same_bytes(i->file, result.path, err)
				      : wheel_same_bytes(i->file, result.path, err));

	wheel_result_clear(&result);
	return ok;
}

/* A plan asks nobody: what is not locked yet has no key to look up. */
static gboolean is_unlocked(const GError *error)
{
	return g_error_matches(error, XORCH_ERROR, EXIT_LOCK) &&
	       g_str_has_prefix(error->message, "[X0407]");
}

static void fail(item *i, GError *error)
{
	i->state = ITEM_FAILED;
	i->error = error;
	report_failure(i);
}

/* What it needs cannot be built, and is told already. */
static gboolean is_lost(item *i)
{
	for (guint n = 0; n < i->needs->len; n++) {
		const item *other = g_ptr_array_index(i->needs, n);
		if (other->state != ITEM_FAILED)
			continue;
		g_free(i->reason);
		i->reason = g_strdup_printf("needs %s, which failed", other->id);
		i->lost = TRUE;
		return TRUE;
	}
	return FALSE;
}

/* `xorch plan`: what the locks there are tell. */
static void look_all(pipeline *p, const selection *s)
{
	for (guint n = 0; n < s->items->len; n++) {
		item *i = g_ptr_array_index(s->items, n);
		if (i->state == ITEM_PLANNED)
			item_check_python(i);
	}
	for (guint n = 0; n < s->items->len; n++) {
		item *i = g_ptr_array_index(s->items, n);
		GError *error = NULL;
		if (i->state != ITEM_PLANNED || is_lost(i) || pipeline_look(p, i, &error))
			continue;
		if (is_unlocked(error)) {
			i->reason = g_strdup("not locked yet");
			g_error_free(error);
		} else {
			fail(i, error);
		}
	}
}

static void explain(const item *i)
{
	if (i->state == ITEM_CACHED)
		output_note("%s: nothing changed, up to date", i->id);
	else if (i->state == ITEM_PLANNED)
		output_note("%s: builds: %s", i->id,
			i->reason ? i->reason : "never built here");
}

/* ---- while items run ---- */

typedef struct running {
	selection *s;
	const options *o;
} running;

static gboolean connect(item_source *of, void *data, GError **err)
{
	const running *r = data;
	g_autoptr(diag_list) l = diag_list_new();

	if (selection_add_overlays(r->s, r->o, of, l, err))
		return TRUE;
	output_diags(l);
	return err && *err ? FALSE
			   : error_set(err, EXIT_INPUT, "X0315",
				     "%s: a recipe that it needs cannot be read",
				     of->recipe->path);
}

static void looked(const item *i, void *data)
{
	if (((const running *)data)->o->explain)
		explain(i);
}

static void built(const item *i, gboolean ok, void *data)
{
	g_autofree char *time = text_seconds(i->seconds);
	g_autofree char *title = g_strdup_printf(
		"%s: log, %s %s", i->id, ok ? "built in" : "failed after", time);

	(void)data;
	if (i->log && i->state != ITEM_CACHED)
		output_group(i->id, title, i->seconds, i->log, ok);
}

static void failed(const item *i, void *data)
{
	/* `new` tells it itself, if no recipe mends it. */
	if (((const running *)data)->o->lacks_untold && new_mends(i))
		return;
	/* What a signal ended says nothing of its own. */
	if (!i->error || i->error->code < EXIT_SIGNAL)
		report_failure(i);
}

static gboolean run_items(pipeline *p, const build_context *c, const options *o,
	selection *s, item_run_depth depth, GError **err)
{
	running r = {s, o};
	item_run_options run = {.pipeline = p,
		.sources = s->sources,
		.items = s->items,
		.depth = depth,
		.jobs = c->jobs,
		.fail_fast = o->fail_fast,
		.connect = connect,
		.looked = looked,
		.failed = failed,
		.built = built,
		.data = &r};

	return item_run(&run, err);
}

/* A build that only another is compared with has nothing from a cache; nor has a library
 * that is built because a lock needs it, which no option is there for. --verify-cache
 * says that the cache came from elsewhere, and of object files nobody knows the hash. */
static ccache_use ccache_of(const options *o, verb_depth depth)
{
	if (o->rebuild || o->no_ccache || depth != DEPTH_BUILD)
		return CCACHE_OFF;
	if (o->ccache)
		return CCACHE_ASKED;
	return o->verify_cache || (o->project && o->project->ccache == PROJECT_CCACHE_OFF)
		       ? CCACHE_OFF
		       : CCACHE_AUTO;
}

static pipeline_options pipeline_options_of(const options *o, verb_depth depth)
{
	static const sandbox_level levels[] = {
		SANDBOX_AUTO, SANDBOX_BWRAP, SANDBOX_LANDLOCK, SANDBOX_ENV};

	return (pipeline_options){.level = levels[o->sandbox],
		.out_dir = o->out ? o->out : OUT_DEFAULT,
		.log_dir = o->log_dir,
		.timeout = o->timeout,
		.force = o->force,
		.keep = o->keep,
		.rebuild = o->rebuild,
		.ccache = ccache_of(o, depth),
		.replace = o->replace,
		.no_provenance = o->no_provenance,
		.upgrade = o->upgrade,
		.renew = depth == DEPTH_LOCK,
		.finish = finish,
		.again = o->check_reproducible ? compare : NULL,
		.finish_data = (void *)o};
}

static gboolean run(const build_context *c, const options *o, selection *s,
	verb_depth depth, GError **err)
{
	static const item_run_depth depths[] = {[DEPTH_LOCK] = ITEM_RUN_LOCK,
		[DEPTH_FETCH] = ITEM_RUN_FETCH,
		[DEPTH_BUILD] = ITEM_RUN_BUILD};
	pipeline_options po = pipeline_options_of(o, depth);
	g_autoptr(pipeline) p = pipeline_new(c, &po);

	if (!selection_check(s, o, err))
		return FALSE;
	for (guint n = 0; n < s->items->len; n++)
		if (((item *)g_ptr_array_index(s->items, n))->state == ITEM_FAILED)
			report_failure(g_ptr_array_index(s->items, n));
	if (depth > DEPTH_PLAN) {
		/* Requires-Python is known only after the locks. */
		return run_items(p, c, o, s, depths[depth], err) &&
		       (depth == DEPTH_LOCK || selection_check(s, o, err));
	}
	look_all(p, s);
	for (guint n = 0; o->explain && n < s->items->len; n++)
		explain(g_ptr_array_index(s->items, n));
	return TRUE;
}

gboolean build_items_look(
	const build_context *c, const options *o, selection *s, GError **err)
{
	return run(c, o, s, DEPTH_PLAN, err);
}

gboolean build_items(const build_context *c, const options *o, selection *s, GError **err)
{
	return run(c, o, s, DEPTH_BUILD, err);
}

/* Files that were asked for beside what is printed. */
static gboolean write_reports(
	const selection *s, const options *o, verb_depth depth, int code, GError **err)
{
	return report_files_of_items(s, o, err) && report_metadata(s, o, code, err) &&
	       step_summary_file(s, o, depth == DEPTH_PLAN, err);
}

/* The frame of the verbs over items. */
static int with_items(const options *o, char **args, verb_depth depth, GError **err)
{
	build_context c;
	g_auto(selection) s = {0};
	int code = EXIT_INPUT;
	plan_format format;

	if (!plan_format_wanted(o, &format, err) || !report_files_check(o, err))
		return EXIT_INPUT;
	if (!common_open(o, &c, err))
		return EXIT_HOST;
	if (selection_make(o, &c, args, &s, &code, err) && run(&c, o, &s, depth, err)) {
		code = report_code(&s);
		if (depth == DEPTH_PLAN && format > PLAN_JSON)
			plan_format_print(&s, format, err);
		else if (depth == DEPTH_PLAN)
			report_plan(&s, format == PLAN_JSON);
		else if (depth == DEPTH_BUILD)
			report_build(&s, o, code);
		else if (o->json)
			report_plan(&s, TRUE);
	} else if (err && *err && s.items && depth == DEPTH_BUILD) {
		/* What is finished stays finished: say so. */
		code = output_exit_code(*err);
		gboolean any = FALSE;
		for (guint n = 0; n < s.items->len; n++) {
			const item *i = g_ptr_array_index(s.items, n);
			any |= i->file || report_stopped(i);
		}
		if (any)
			report_build(&s, o, code);
	}
	if (s.items && !write_reports(&s, o, depth, code, err && *err ? NULL : err))
		code = code ? code : EXIT_HOST;
	selection_clear(&s);
	common_close(&c);
	return code;
}

int cmd_build(const options *o, char **args, GError **err)
{
	return with_items(o, args, o->dry_run ? DEPTH_PLAN : DEPTH_BUILD, err);
}

int cmd_plan(const options *o, char **args, GError **err)
{
	options offline = *o;

	offline.offline = offline.locked = TRUE; /* a plan asks nobody */
	offline.locked_unasked = !o->locked;
	return with_items(&offline, args, DEPTH_PLAN, err);
}

gboolean build_items_lock(
	const build_context *c, const options *o, selection *s, GError **err)
{
	return run(c, o, s, DEPTH_LOCK, err);
}

int items_lock(const options *o, char **args, GError **err)
{
	options renew = *o;

	renew.renew = TRUE;
	return with_items(&renew, args, DEPTH_LOCK, err);
}

int items_fetch(const options *o, char **args, GError **err)
{
	return with_items(o, args, DEPTH_FETCH, err);
}
