#include "ship/wheelhouse.h"
#include "ship/wheel_label.h"
#include "ship/wheel_rewrite.h"
#include "ship/place.h"
#include "base/error.h"
#include "base/fault.h"
#include "format/project_name.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_WHEEL (G_GUINT64_CONSTANT(4) << 30)

void wheel_result_clear(wheel_result *r)
{
	g_clear_pointer(&r->path, g_free);
	g_clear_pointer(&r->file, g_free);
	g_clear_pointer(&r->sha256, g_free);
	g_clear_pointer(&r->tags, g_strfreev);
	g_clear_pointer(&r->report, audit_report_free);
	g_clear_pointer(&r->grafts, g_ptr_array_unref);
	g_clear_pointer(&r->tag_before, g_free);
}

static int by_name(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

char *wheel_find(const char *folder, GError **err)
{
	GError *e = NULL;
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GDir) dir = g_dir_open(folder, 0, &e);
	const char *name, *found = NULL;
	guint wheels = 0;

	if (!dir) {
		error_wrap(err, EXIT_AUDIT, "X0720", e, "the build's output folder");
		return NULL;
	}
	while ((name = g_dir_read_name(dir)))
		g_ptr_array_add(names, g_strdup(name));
	g_ptr_array_sort(names, by_name);
	for (guint i = 0; i < names->len; i++)
		if (g_str_has_suffix(g_ptr_array_index(names, i), ".whl")) {
			found = g_ptr_array_index(names, i);
			wheels++;
		}
	if (wheels == 1)
		return g_build_filename(folder, found, NULL);
	error_set(err, EXIT_AUDIT, "X0720", "the build ended well but left %s",
		wheels ? "several wheels" : "no wheel");
	for (guint i = 0; i < names->len && i < 20; i++) {
		g_autofree char *shown = text_escape(g_ptr_array_index(names, i), -1);
		error_line(err, "%s", shown);
	}
	if (!names->len)
		error_line(err, "(the output folder is empty)");
	error_help(err,
		"build one package a recipe; see the build log for what the backend did");
	return NULL;
}

/* A private copy: whatever process still holds the builder's file cannot change
 * what was judged. */
static GBytes *copy_file(const char *path, GError **err)
{
	struct stat st;
	g_autofree char *base = g_path_get_basename(path);
	g_autofree char *shown = text_escape(base, -1);
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0) {
		error_set_errno(err, EXIT_AUDIT, "X0720", errno,
			"the build's output %s cannot be opened", shown);
		if (errno == ELOOP)
			error_note(err, "it is a symbolic link");
		return NULL;
	}
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
		(guint64)st.st_size > MAX_WHEEL) {
		close(fd);
		error_set(err, EXIT_AUDIT, "X0720",
			"the build's output %s is not a regular file of sane size",
			shown);
		return NULL;
	}
	gsize size = (gsize)st.st_size, have = 0;
	g_autofree char *data = g_malloc(size ? size : 1);
	while (have < size) {
		gssize n = read(fd, data + have, size - have);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		have += (gsize)n;
	}
	close(fd);
	if (have != size) {
		error_set(err, EXIT_AUDIT, "X0720",
			"the build's output %s changed while it was read", shown);
		return NULL;
	}
	return g_bytes_new_take(g_steal_pointer(&data), size);
}

static gboolean other(const wheel *w, const char *what, const char *want,
	const char *have, GError **err)
{
	g_autofree char *shown = text_escape(have, -1);
	g_autofree char *base = g_path_get_basename(w->zip->path);

	error_set(err, EXIT_AUDIT, "X0719", "the build made a wheel of another %s", what);
	error_line(err, "recipe: %s", want);
	error_line(err, "wheel:  %s  (%s)", shown, base);
	return FALSE;
}

static gboolean check_identity(const wheel *w, const wheel_expect *x, GError **err)
{
	g_autofree char *want = project_name_normalize(x->name);
	g_autofree char *have = project_name_normalize(w->name->name);

	if (!g_str_equal(want, have))
		return other(w, "project", x->name, w->name->name, err);
	if (!wheel_version_equal(x->version, w->name->version))
		return other(w, "version", x->version, w->name->version, err);
	return TRUE;
}

/* cp311-cp311, cp39-abi3, py3-none and the like: what a CPython of `python` would
 * install. */
static gboolean check_python(const wheel *w, const wheel_expect *x, GError **err)
{
	const char *const *abis = (const char *const *)w->name->abis;
	const char *const *pythons = (const char *const *)w->name->pythons;
	guint64 minor = g_ascii_strtoull(x->python + 3, NULL, 10);

	if (g_strv_contains(abis, x->python) || g_strv_contains(abis, "none"))
		return TRUE;
	for (; g_strv_contains(abis, "abi3") && *pythons; pythons++)
		if (g_str_has_prefix(*pythons, "cp3") &&
			g_ascii_strtoull(*pythons + 3, NULL, 10) <= minor &&
			!g_str_has_suffix(x->python, "t"))
			return TRUE;
	g_autofree char *have = g_strjoinv(".", w->name->abis);
	return other(w, "Python", x->python, have, err);
}

/* The platform tags the finished wheel carries. */
static char **tags_for(const wheel *w, const audit_report *r)
{
	if (r->pure)
		return g_strdupv(w->name->platforms);
	return policy_tags(r->family, r->policy, r->arch);
}

static gboolean judge(GBytes *bytes, const char *path, const wheel_expect *x,
	wheel_result *result, GError **err)
{
	audit_options o = {.strict = x->strict,
		.own = TRUE,
		.need_code = !x->allow_pure,
		.cpu = x->cpu,
		.foreign = x->foreign,
		.platform = x->platform,
		.floor = x->floor,
		.extensions = x->extensions,
		.build_paths = x->build_paths,
		.provides = x->provides,
		.provides_data = x->provides_data,
		.python_symbols = x->python_symbols,
		.jobs = x->jobs};

	result->report = audit_bytes(bytes, path, &o);
	if (result->report->errors)
		return audit_report_error(result->report, err);
	if (!result->report->pure && !result->report->tag)
		return error_set(err, EXIT_AUDIT, "X0703",
			"the wheel holds no machine code for %s", x->platform->name);
	return TRUE;
}

gboolean wheelhouse_place(const wheel *w, const wheel_rewrite *how, const char *out_dir,
	gboolean replace, const char *hint, const place_beside *beside,
	wheel_result *result, GError **err)
{
	placed done = {0};

	g_autoptr(place) p = place_begin(out_dir, err);
	if (!p)
		return FALSE;
	fault_point("write-wheel");
	result->file = wheel_rewrite_name(w, how);
	place_with(p, beside);
	if (!wheel_rewrite_to(w, how, place_fd(p), err) ||
		!place_commit(g_steal_pointer(&p), result->file, 0644, replace, hint,
			&done, err))
		return FALSE;
	result->path = done.path;
	result->sha256 = done.sha256;
	result->size = done.size;
	result->existed = done.existed;
	return TRUE;
}

static gboolean write_and_place(const wheel *w, const wheel_expect *x,
	const char *out_dir, wheel_result *result, GError **err)
{
	g_autofree char *build =
		x->build_number ? g_strdup_printf("%u", x->build_number) : NULL;
	wheel_rewrite how = {.platforms = result->tags,
		.build = build,
		.pure = result->report->pure,
		.mtime = x->mtime};

	return wheelhouse_place(w, &how, out_dir, x->replace,
		"raise build.number in the recipe: the new wheel then has a name of its "
		"own",
		x->beside, result, err);
}

gboolean wheel_finish(const char *path, const wheel_expect *x, const char *out_dir,
	wheel_result *result, GError **err)
{
	g_autofree char *found = NULL;

	*result = (wheel_result){0};
	if (g_file_test(path, G_FILE_TEST_IS_DIR) &&
		!g_file_test(path, G_FILE_TEST_IS_SYMLINK)) {
		found = wheel_find(path, err);
		if (!found)
			return FALSE;
		path = found;
	}
	g_autoptr(GBytes) bytes = copy_file(path, err);
	if (!bytes)
		return FALSE;
	g_autofree char *file = g_path_get_basename(path);
	g_autofree char *labelled = NULL;
	wheel_expect mine = *x;
	g_autofree char *version =
		x->label ? wheel_label_version(x->version, x->label) : NULL;
	if (x->label) {
		GBytes *whole =
			wheel_label(bytes, file, x->label, x->mtime, &labelled, err);
		if (!whole)
			return FALSE;
		g_bytes_unref(bytes);
		bytes = whole;
		g_free(file);
		file = g_strdup(labelled);
		path = labelled;
		mine.version = version;
		x = &mine;
	}
	if (x->repair) {
		result->grafts =
			g_ptr_array_new_with_free_func((GDestroyNotify)repair_graft_free);
		GBytes *whole = wheel_repair(bytes, file, x->repair, result->grafts, err);
		if (!whole)
			return FALSE;
		g_bytes_unref(bytes);
		bytes = whole;
	}
	zip_file *zip = zip_open_bytes(bytes, file, err);
	g_autoptr(wheel) w = zip ? wheel_open_zip(zip, file, TRUE, err) : NULL;
	if (!w || !check_identity(w, x, err) || !judge(bytes, path, x, result, err) ||
		!check_python(w, x, err))
		return FALSE;
	result->tags = tags_for(w, result->report);
	return write_and_place(w, x, out_dir, result, err);
}
