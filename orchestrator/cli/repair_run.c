#include "cli/repair_run.h"
#include "base/error.h"
#include "base/event.h"
#include "base/fs.h"
#include "build/patchelf.h"
#include "build/store.h"
#include "cli/repair_provenance.h"
#include "format/intoto.h"
#include "plan/plat_wish.h"
#include <string.h>

#define WHEEL_MAX ((gsize)4 << 30)

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
static gboolean machine_of(const repair_run *run, const char *file,
	const wheel_name *name, const platform **out, GError **err)
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

/* The statement is asked for when the wheel gets its name; what it says of the result is
 * in `result` by then. */
static gboolean finish(const repair_run *run, GBytes *bytes, repair_provenance *statement,
	rewheel *how, wheel_result *result, GError **err)
{
	const options *o = run->o;
	const char *out = o->out ? o->out : REPAIR_OUT;
	place_beside beside = {INTOTO_SUFFIX, repair_provenance_text, statement};

	if (!o->no_provenance) {
		if (!repair_provenance_prepare(statement, run->libraries, err))
			return FALSE;
		how->beside = &beside;
	}
	return rewheel_finish(bytes, statement->name, how, out, result, err);
}

static gboolean repair_with(const repair_run *run, GBytes *bytes, const char *path,
	const wheel_name *name, const platform *target, const char *work,
	wheel_result *result, GError **err)
{
	const options *o = run->o;
	g_autofree char *file = g_path_get_basename(path);
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
	g_auto(repair_provenance) statement = {.path = path,
		.name = file,
		.bytes = bytes,
		.platforms = name->platforms,
		.how = &repair,
		.keep = !o->rebuild,
		.result = result};
	return finish(run, bytes, &statement, &how, result, err);
}

gboolean repair_run_wheel(
	const repair_run *run, const char *path, wheel_result *result, GError **err)
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
	gboolean ok = repair_with(run, bytes, path, name, target, work, result, err);
	event_step_end(file, "repair", begun, ok);
	fs_remove_tree(work, NULL);
	return ok;
}
