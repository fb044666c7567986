#include "base/error.h"
#include "base/fs.h"
#include "build/store.h"
#include "cli/common.h"
#include "cli/provenance_compare.h"
#include "cli/rebuild.h"
#include "cli/repair_provenance.h"
#include "cli/repair_run.h"
#include "format/digest.h"
#include "format/wheel_name.h"
#include "plan/package_lock.h"
#include <string.h>

static const rebuild_words words = {"repair", "was repaired",
	"take the xorch and the catalogue that `xorch explain` names; without --strict "
	"it "
	"is repaired and compared all the same",
	"take the xorch and the catalogue that `xorch explain` names and try again",
	"the wheel was not made by this repair, or the repair is not reproducible"};

/* ---- the wheel that was repaired ---- */

static gboolean not_here(const provenance_file *f, const char *name, const char *sha256,
	const GPtrArray *folders, const GPtrArray *others, GError **err)
{
	g_autofree char *file = text_escape(f->artefact, -1);
	g_autoptr(GString) looked = g_string_new(NULL);

	error_set(err, EXIT_INPUT, "X0698", "the wheel that was repaired is not here: %s",
		name);
	error_line(err, "sha256 %s", sha256);
	for (guint n = 0; n < folders->len; n++) {
		g_autofree char *shown = text_escape(folders->pdata[n], -1);
		g_string_append_printf(looked, "%s%s", n ? ", " : "", shown);
	}
	error_note(err, "looked for it in %s", looked->str);
	for (guint n = 0; n < others->len; n++) {
		g_autofree char *shown = text_escape(others->pdata[n], -1);
		error_note(err, "%s is another file", shown);
	}
	error_help(err,
		"name the folder that has it: `xorch rebuild %s --find-links DIR`", file);
	return FALSE;
}

static void add_folder(GPtrArray *folders, const char *dir)
{
	if (!g_ptr_array_find_with_equal_func(folders, dir, g_str_equal, NULL))
		g_ptr_array_add(folders, g_strdup(dir));
}

static GPtrArray *folders_of(const options *o, const provenance_file *f)
{
	GPtrArray *out = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *beside = g_path_get_dirname(f->artefact);

	for (guint n = 0; o->find_links && n < o->find_links->len; n++)
		add_folder(out, o->find_links->pdata[n]);
	add_folder(out, beside);
	add_folder(out, ".");
	if (!o->find_links)
		add_folder(out, REPAIR_OUT);
	return out;
}

/* The file with the stated name and sha256. New string. */
static char *find_wheel(const options *o, const provenance_file *f, GError **err)
{
	const json_t *stated = json_get_object(provenance_external(f), "wheel");
	const char *name = json_get_string(stated, "name");
	const char *hex = json_get_string(json_get_object(stated, "digest"), "sha256");
	g_autoptr(wheel_name) sound = name ? wheel_name_parse(name, NULL) : NULL;
	g_autoptr(GPtrArray) folders = folders_of(o, f);
	g_autoptr(GPtrArray) others = g_ptr_array_new_with_free_func(g_free);

	if (!sound || !hex) {
		error_set(err, EXIT_INTEGRITY, "X0690",
			"the statement names no wheel that was repaired");
		return NULL;
	}
	for (guint n = 0; n < folders->len; n++) {
		g_autofree char *path = g_build_filename(folders->pdata[n], name, NULL);
		g_autofree char *is = g_file_test(path, G_FILE_TEST_IS_REGULAR)
					      ? digest_file(path, NULL, NULL)
					      : NULL;
		if (is && g_str_equal(is, hex))
			return g_steal_pointer(&path);
		if (is)
			g_ptr_array_add(others, g_steal_pointer(&path));
	}
	g_autofree char *shown = text_escape(hex, -1);
	not_here(f, name, shown, folders, others, err);
	return NULL;
}

/* ---- libraries ---- */

/* Those of folders are known by their contents alone. */
static gboolean check_folders(const options *o, const provenance_file *f, GError **err)
{
	const json_t *rows = provenance_rows(f);
	gboolean wanted = FALSE;
	gsize n;
	const json_t *row;

	if (o->lib_dirs)
		return TRUE;
	json_array_foreach((json_t *)rows, n, row)
	{
		const char *name = json_get_string(row, "name");
		const char *hex =
			json_get_string(json_get_object(row, "digest"), "sha256");
		if (!g_str_equal(provenance_purpose(row), REPAIR_FOR_FOLDER))
			continue;
		if (!wanted)
			error_set(err, EXIT_INPUT, "X0699",
				"libraries of folders were put in, and no folder is "
				"named");
		wanted = TRUE;
		g_autofree char *shown = text_escape(name ? name : "?", -1);
		g_autofree char *sha256 = text_escape(hex ? hex : "unknown", -1);
		error_line(err, "%s  sha256 %s", shown, sha256);
	}
	if (!wanted)
		return TRUE;
	g_autofree char *file = text_escape(f->artefact, -1);
	error_help(err, "name the folder that has them: `xorch rebuild %s --lib-dir DIR`",
		file);
	return FALSE;
}

/* As Debian's policy has names, 5.6.1: they become names of folders. */
static gboolean is_package(const char *name)
{
	return g_ascii_isalnum(*name) &&
	       !name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789+-.")];
}

/* NULL: the row is of no package of a suite; with err: it is of something else. */
static locked_package *package_of(const json_t *row, GError **err)
{
	const json_t *a = json_get_object(row, "annotations");
	const char *path = json_get_string(a, "path");
	const char *name = json_get_string(a, "package");
	const char *version = json_get_string(a, "version");
	const char *hex = json_get_string(json_get_object(row, "digest"), "sha256");

	if (!path)
		return NULL;
	if (name && is_package(name) && version && hex)
		return locked_package_new(
			name, version, path, hex, json_get_int(a, "size", 0), FALSE);
	g_autofree char *shown = text_escape(path, -1);
	error_set(err, EXIT_INTEGRITY, "X0690",
		"the statement names %s, which is no package", shown);
	return NULL;
}

/* The packages as a lock in the file `path`, which is then read as any other, so that
 * nothing of a stranger's statement counts that no lock could say. */
static gboolean write_lock(
	const provenance_file *f, const platform *target, const char *path, GError **err)
{
	g_autoptr(package_lock) lock = package_lock_new(path, "repair");
	package_section *s = NULL;
	gsize n;
	const json_t *row;

	json_array_foreach((json_t *)provenance_rows(f), n, row)
	{
		const char *suite =
			json_get_string(json_get_object(row, "annotations"), "suite");
		GError *error = NULL;
		locked_package *p = package_of(row, &error);
		if (error) {
			g_propagate_error(err, error);
			return FALSE;
		}
		if (!p)
			continue;
		if (!s) {
			s = package_section_new(
				target->name, suite, target->debian_arch, NULL);
			package_lock_set(lock, s);
		}
		g_ptr_array_add(s->packages, p);
	}
	if (!s)
		return TRUE;
	package_section_sort(s);
	g_autofree char *text = package_lock_text(lock);
	return fs_write_atomic(path, text, strlen(text), 0644, err);
}

/* ---- the repair ---- */

static GPtrArray *patterns_of(const provenance_file *f)
{
	const json_t *list = json_get_array(provenance_external(f), "excludeLibraries");
	GPtrArray *out = g_ptr_array_new();
	gsize n;
	const json_t *pattern;

	json_array_foreach((json_t *)list, n, pattern)
	{
		if (json_is_string(pattern))
			g_ptr_array_add(out, (char *)json_string_value(pattern));
	}
	return out;
}

/* What asks otherwise than the statement says is not asked: neither by the command line
 * nor by the environment (PLAT is a floor). */
static options options_of(const options *o, const provenance_file *f, const char *out,
	const char *lock, GPtrArray *targets, GPtrArray *exclude)
{
	options own = *o;

	rebuild_date(f);
	g_unsetenv("PLAT");
	g_unsetenv("AUDITWHEEL_PLAT");
	own.targets = targets->len ? targets : NULL;
	own.sysroot = (char *)provenance_asked(f, "sysroot");
	own.floor = (char *)provenance_asked(f, "floor");
	own.exclude_libs = exclude;
	own.out = (char *)out;
	own.lock = (char *)lock;
	own.rebuild = own.locked = TRUE;
	own.no_provenance = own.replace = own.upgrade = FALSE;
	own.strict = FALSE; /* of the audit: not part of what was asked */
	return own;
}

static gboolean compare(
	const options *o, const provenance_file *f, const char *path, GError **err)
{
	g_auto(provenance_file) now = {0};

	if (!provenance_file_open(path, &now, err))
		return FALSE;
	g_autoptr(GPtrArray) list = provenance_differences(f->content, now.content);
	return rebuild_tell(o, f, list, &words, err) &&
	       rebuild_compare(o, f, path, list, &words, err);
}

static gboolean repair(const options *o, const options *own, const build_context *c,
	const provenance_file *f, const char *path, GError **err)
{
	repair_run run = {.o = own, .c = c};
	wheel_result result = {0};
	gboolean ok = FALSE;

	if (own->targets) {
		run.target = common_target(own, err);
		if (!run.target || !platform_check_wheels(run.target, err) ||
			!write_lock(f, run.target, own->lock, err))
			return FALSE;
	}
	repair_lock *lock = repair_lock_open(own->lock, FALSE, err);
	run.libraries = lock ? repair_libraries_open(own, c, lock, err) : NULL;
	if (run.libraries)
		ok = repair_run_wheel(&run, path, &result, err) &&
		     compare(o, f, result.path, err);
	wheel_result_clear(&result);
	repair_libraries_free(run.libraries);
	repair_lock_free(lock);
	return ok;
}

int rebuild_repair(const options *o, const provenance_file *f, GError **err)
{
	g_autofree char *path = find_wheel(o, f, err);
	const char *target = provenance_asked(f, "target");
	build_context c;
	gboolean ok = FALSE;

	if (!path || !check_folders(o, f, err) || !common_open(o, &c, err))
		return EXIT_INPUT;
	c.locked = TRUE;
	g_autofree char *work = store_temp_dir(c.store, err);
	if (work) {
		g_autoptr(GPtrArray) targets = g_ptr_array_new();
		g_autoptr(GPtrArray) exclude = patterns_of(f);
		g_autofree char *out = g_build_filename(work, REPAIR_OUT, NULL);
		g_autofree char *lock = g_build_filename(work, REPAIR_LOCK, NULL);
		if (target)
			g_ptr_array_add(targets, (char *)target);
		options own = options_of(o, f, out, lock, targets, exclude);
		ok = repair(o, &own, &c, f, path, err);
	}
	common_close(&c);
	return ok ? EXIT_DONE : EXIT_INPUT;
}
