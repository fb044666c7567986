#include "ship/repair_elf.h"
#include "base/error.h"
#include "base/fs.h"
#include "base/process.h"
#include "format/elf.h"
#include <string.h>
#include <unistd.h>

#define OBJECT_MAX (1 << 30)

void repair_edit_init(repair_edit *edit)
{
	edit->renames = g_ptr_array_new_with_free_func(g_free);
}

void repair_edit_clear(repair_edit *edit)
{
	g_clear_pointer(&edit->renames, g_ptr_array_unref);
}

void repair_edit_rename(repair_edit *edit, const char *from, const char *to)
{
	g_ptr_array_add(edit->renames, g_strdup(from));
	g_ptr_array_add(edit->renames, g_strdup(to));
}

static gboolean unsound(const char *name, GError **err, const char *fmt, ...)
	G_GNUC_PRINTF(3, 4);
static gboolean unsound(const char *name, GError **err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	g_autofree char *why = g_strdup_vprintf(fmt, ap);
	va_end(ap);
	error_set(err, EXIT_AUDIT, "X0739", "%s is broken after the edit: %s", name, why);
	error_help(err,
		"link the library statically (wheel.link_static) or leave it out "
		"(wheel.exclude_libs); another patchelf: toolchains/patchelf.yaml");
	return FALSE;
}

static gboolean has_needed(const elf_file *f, const char *soname)
{
	for (guint n = 0; n < f->needed->len; n++)
		if (g_str_equal(g_ptr_array_index(f->needed, n), soname))
			return TRUE;
	return FALSE;
}

gboolean repair_edit_check(
	const repair_edit *edit, const char *name, GBytes *bytes, GError **err)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(elf_file) f = elf_file_open(bytes, name, 0, &error);

	if (!f)
		return unsound(name, err, "%s", error->message);
	for (guint n = 0; n < f->n_loads; n++) {
		const elf_load *l = &f->loads[n];
		if (l->offset > f->size || l->size > f->size - l->offset)
			return unsound(name, err, "a segment lies outside the file");
		if ((l->offset ^ l->address) & 0xfff)
			return unsound(name, err,
				"a segment's place in the file and in memory do not fit");
	}
	if (edit->soname && g_strcmp0(f->soname, edit->soname) != 0)
		return unsound(
			name, err, "its soname is %s", f->soname ? f->soname : "none");
	if (g_strcmp0(f->rpath, edit->rpath) != 0 || f->runpath)
		return unsound(name, err, "its RPATH is not the one that was set");
	for (guint n = 0; edit->renames && n < edit->renames->len; n += 2) {
		const char *from = g_ptr_array_index(edit->renames, n);
		const char *to = g_ptr_array_index(edit->renames, n + 1);
		if (has_needed(f, from) || !has_needed(f, to))
			return unsound(name, err, "it still needs %s", from);
	}
	if (edit->plain_stack && f->exec_stack)
		return unsound(name, err, "it still asks for an executable stack");
	for (guint n = 0; edit->removed && n < edit->removed->len; n++)
		if (has_needed(f, g_ptr_array_index(edit->removed, n)))
			return unsound(name, err, "it still needs %s",
				(char *)g_ptr_array_index(edit->removed, n));
	return TRUE;
}

static gboolean run(const repair_edit *edit, const char *patchelf, const char *path,
	const char *name, GError **err)
{
	g_autoptr(GPtrArray) argv = g_ptr_array_new();
	g_auto(process_result) result = {0};
	static const char *const env[] = {"LC_ALL=C.UTF-8", NULL};

	g_ptr_array_add(argv, (gpointer)patchelf);
	if (edit->soname) {
		g_ptr_array_add(argv, (gpointer) "--set-soname");
		g_ptr_array_add(argv, (gpointer)edit->soname);
	}
	for (guint n = 0; n < edit->renames->len; n += 2) {
		g_ptr_array_add(argv, (gpointer) "--replace-needed");
		g_ptr_array_add(argv, g_ptr_array_index(edit->renames, n));
		g_ptr_array_add(argv, g_ptr_array_index(edit->renames, n + 1));
	}
	for (guint n = 0; edit->removed && n < edit->removed->len; n++) {
		g_ptr_array_add(argv, (gpointer) "--remove-needed");
		g_ptr_array_add(argv, g_ptr_array_index(edit->removed, n));
	}
	if (edit->rpath) {
		/* DT_RPATH is inherited by what is loaded in turn, DT_RUNPATH is not. */
		g_ptr_array_add(argv, (gpointer) "--force-rpath");
		g_ptr_array_add(argv, (gpointer) "--set-rpath");
		g_ptr_array_add(argv, (gpointer)edit->rpath);
	} else {
		g_ptr_array_add(argv, (gpointer) "--remove-rpath");
	}
	if (edit->plain_stack)
		g_ptr_array_add(argv, (gpointer) "--clear-execstack");
	g_ptr_array_add(argv, (gpointer)path);
	g_ptr_array_add(argv, NULL);
	process_spec spec = {.argv = (const char *const *)argv->pdata,
		.env = env,
		.name = "patchelf",
		.capture = TRUE,
		.timeout_s = 300};
	if (!process_run(&spec, &result, err))
		return FALSE;
	if (result.exit_code == 0)
		return TRUE;
	g_autofree char *said = text_escape(result.err ? result.err : "", -1);
	error_set(err, EXIT_AUDIT, "X0739", "patchelf cannot edit %s", name);
	error_line(err, "it said: %s", said);
	return FALSE;
}

GBytes *repair_edit_run(const repair_edit *edit, const char *patchelf, const char *work,
	const char *name, GBytes *bytes, GError **err)
{
	g_autofree char *path = g_build_filename(work, name, NULL);
	gsize size;
	const void *data = g_bytes_get_data(bytes, &size);

	if (!fs_mkdir_p(work, 0755, err) ||
		!fs_write_atomic(path, data, size, 0755, err) ||
		!run(edit, patchelf, path, name, err))
		return NULL;
	g_autoptr(GBytes) out = fs_read(path, OBJECT_MAX, err);
	unlink(path);
	return out && repair_edit_check(edit, name, out, err) ? g_steal_pointer(&out)
							      : NULL;
}
