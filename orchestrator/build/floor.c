#include "build/floor.h"
#include "base/error.h"
#include "base/event.h"
#include "base/fault.h"
#include "base/fs.h"
#include "build/floor_attributes.h"
#include "build/floor_caps.h"
#include "build/floor_extras.h"
#include "build/floor_facets.h"
#include "build/floor_headers.h"
#include "build/floor_link.h"
#include "build/floor_nonshared.h"
#include "build/store.h"
#include "plan/key.h"
#include <elf.h>
#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define LIBRARY_MAX (256u << 20)

/* Raise when the same inputs give another tree. */
#define FLOOR_VERSION 6

/* A floor in the making. */
typedef struct floor_work {
	const floor_spec *spec;
	floor_caps caps;
	const char *dir;     /* the tree */
	char *temp;	     /* for what is left behind */
	int sysroot_minor;   /* the sysroot's glibc 2.N */
	GHashTable *lacking; /* names newer than the floor's C library */
	GString *names;	     /* FLOOR_NAMES */
} floor_work;

static void floor_work_clear(floor_work *w)
{
	g_free(w->temp);
	g_hash_table_unref(w->lacking);
	g_string_free(w->names, TRUE);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(floor_work, floor_work_clear)

/* glibc's minor number as the sysroot's headers say it; 0 when they do not. */
static int sysroot_glibc(const char *tree)
{
	g_autofree char *path = g_build_filename(tree, "usr/include/features.h", NULL);
	g_autofree char *text = NULL;
	const char *at;

	if (!g_file_get_contents(path, &text, NULL, NULL))
		return 0;
	at = strstr(text, "define\t__GLIBC_MINOR__");
	return at ? atoi(at + strlen("define\t__GLIBC_MINOR__")) : 0;
}

static gboolean floor_fits(const floor_work *w, GError **err)
{
	int floor = w->caps.minor, have = w->sysroot_minor;

	if (!have)
		return error_set(err, EXIT_INTEGRITY, "X0930",
			"the sysroot's features.h does not say which glibc it is of");
	if (floor > have) {
		error_set(err, EXIT_INPUT, "X0331",
			"the floor 2_%d is above the sysroot's glibc 2.%d", floor, have);
		error_note(err,
			"names newer than 2.%d are neither in its headers nor in its "
			"libraries",
			have);
		error_help(err,
			"take a newer sysroot (toolchain.sysroot, --sysroot) or "
			"`toolchain.manylinux: \"2_%d\"`",
			have);
		return FALSE;
	}
	if (floor < FLOOR_MERGED && have >= FLOOR_MERGED) {
		error_set(err, EXIT_INPUT, "X0332",
			"a sysroot with glibc 2.%d cannot be lowered to 2_%d", have,
			floor);
		error_note(err,
			"glibc 2.34 moved libpthread, libdl, librt and libutil into "
			"libc; what is left of them here is no guide to the old ones");
		error_help(err,
			"take a sysroot with glibc 2.33 or older, such as debian-11");
		return FALSE;
	}
	return TRUE;
}

/* Libraries whose interface a floor has to say, by DT_SONAME; the loader, whose
 * name differs by platform, comes on top. */
static const char *const glibc_libraries[] = {"libc.so.6", "libm.so.6", "libpthread.so.0",
	"libdl.so.2", "librt.so.1", "libutil.so.1", "libresolv.so.2", "libanl.so.1",
	"libnsl.so.1", "libmvec.so.1", NULL};
static const char *const other_libraries[] = {
	"libgcc_s.so.1", "libatomic.so.1", "libz.so.1", NULL};

/* The file behind a soname: links resolved, relative to the tree, or NULL. */
static char *library_file(const floor_work *w, const char *soname)
{
	const char *triple = w->spec->platform->triple;
	const char *const folders[] = {triple, "", NULL};

	for (int i = 0; folders[i]; i++)
		for (int k = 0; k < 2; k++) {
			g_autofree char *rel = g_build_filename(
				k ? "usr/lib64" : "usr/lib", folders[i], soname, NULL);
			char *path = fs_resolve_beneath(w->dir, rel, NULL);
			if (path)
				return path;
		}
	return NULL;
}

static void names_add(floor_work *w, const floor_library *library)
{
	g_string_append_printf(w->names, "library %s\n", library->soname);
	for (guint i = 0; i < library->symbols->len; i++) {
		const floor_symbol *s = g_ptr_array_index(library->symbols, i);
		g_string_append_printf(
			w->names, "%s %s\n", s->name, s->version ? s->version : "-");
	}
}

/* Reads a library and chooses the floor's symbols; NULL without error when the
 * sysroot has no such library. *file gets its path. */
static floor_library *library_select(
	floor_work *w, const char *soname, char **file, GError **err)
{
	*file = library_file(w, soname);
	if (!*file)
		return NULL;
	g_autoptr(elf_file) elf = elf_file_open_path(*file, 0, err);
	if (!elf)
		return NULL;
	if (elf->machine != w->spec->platform->elf_machine) {
		error_set(err, EXIT_INTEGRITY, "X0930", "%s is for %s, the target is %s",
			*file, elf_machine_name(elf->machine), w->spec->platform->name);
		return NULL;
	}
	return floor_library_select(elf, floor_caps_allow, &w->caps, err);
}

static gboolean stub_place(
	floor_work *w, const floor_library *library, const char *file, GError **err)
{
	g_autofree char *made = g_strdup_printf("%s/%s", w->temp, library->soname);

	if (!floor_link(w->spec, library, w->temp, made, err))
		return FALSE;
	/* In the place of the real file, so every link that leads there leads to
	 * the stub. The name goes first: the file may be shared with the base. */
	if (g_chmod(made, 0644) != 0 || g_rename(made, file) != 0)
		return error_set(err, EXIT_HOST, "X0820", "cannot write %s", file);
	return TRUE;
}

static gboolean library_lower(
	floor_work *w, const char *soname, gboolean is_libc, GError **err)
{
	GError *error = NULL;
	g_autofree char *file = NULL;
	g_autoptr(floor_library) library = library_select(w, soname, &file, &error);
	GHashTableIter iter;
	void *name;

	if (error) {
		g_propagate_error(err, error);
		return FALSE;
	}
	if (!library)
		return TRUE;
	names_add(w, library);
	g_hash_table_iter_init(&iter, library->lacking);
	while (is_libc && g_hash_table_iter_next(&iter, &name, NULL))
		g_hash_table_add(w->lacking, g_strdup(name));
	return !library->lowered || stub_place(w, library, file, err);
}

static gboolean file_replace(const char *path, const void *data, gsize size, GError **err)
{
	return fs_write_atomic(path, data, size, 0644, err);
}

char *floor_gcc_version(const char *tree, const platform *p)
{
	g_autofree char *top = g_build_filename(tree, "usr/lib/gcc", p->triple, NULL);
	g_autoptr(GDir) d = g_dir_open(top, 0, NULL);
	const char *name;

	while (d && (name = g_dir_read_name(d))) {
		g_autofree char *archive =
			g_build_filename(top, name, "libstdc++.a", NULL);
		if (g_file_test(archive, G_FILE_TEST_EXISTS))
			return g_strdup(name);
	}
	return NULL;
}

/* The folder of GCC's own libraries, or NULL. */
static char *gcc_folder(const floor_work *w)
{
	const platform *p = w->spec->platform;
	g_autofree char *version = floor_gcc_version(w->dir, p);

	return version ? g_build_filename(w->dir, "usr/lib/gcc", p->triple, version, NULL)
		       : NULL;
}

/* The objects of build/floor_facets.h, GBytes; none when the floor lacks none. */
static GPtrArray *facets_compile(
	const floor_work *w, const floor_library *library, GError **err)
{
	gboolean is64 = w->spec->platform->elf_class == ELFCLASS64;
	g_autoptr(GPtrArray) out =
		g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
	g_autoptr(GPtrArray) ids = floor_facet_ids(library);

	for (guint i = 0; ids->len && i <= ids->len; i++) {
		g_autofree char *source =
			i < ids->len ? floor_facet_source(library, ids->pdata[i], is64)
				     : g_strdup(floor_facet_common());
		GBytes *object = floor_compile(w->spec, source, "facet", w->temp, err);
		if (!object)
			return NULL;
		g_ptr_array_add(out, object);
	}
	return g_steal_pointer(&out);
}

/* libstdc++: stub, the archive with what it lacks, and the script that joins
 * them under the name the compiler links. */
static gboolean cxx_lower(floor_work *w, GError **err)
{
	static const char script[] =
		"/* What the floor's libstdc++ lacks is linked in, and hidden; libdl if "
		"facets\n"
		"   newer than the floor have to be found. */\n"
		"INPUT ( libstdc++.so.6 -lstdc++_nonshared AS_NEEDED ( -ldl ) )\n";
	GError *error = NULL;
	g_autofree char *file = NULL;
	g_autoptr(floor_library) library =
		library_select(w, "libstdc++.so.6", &file, &error);
	g_autofree char *folder = gcc_folder(w);

	if (error) {
		g_propagate_error(err, error);
		return FALSE;
	}
	if (!library)
		return TRUE;
	names_add(w, library);
	if (!library->lowered)
		return TRUE;
	if (!folder)
		return error_set(err, EXIT_INTEGRITY, "X0930",
			"the sysroot has libstdc++.so.6 but no libstdc++.a to lower it "
			"with");
	g_autofree char *archive = g_build_filename(folder, "libstdc++.a", NULL);
	g_autofree char *nonshared =
		g_build_filename(folder, "libstdc++_nonshared.a", NULL);
	g_autofree char *link = g_build_filename(folder, "libstdc++.so", NULL);
	g_autoptr(GBytes) bytes = fs_read(archive, LIBRARY_MAX, err);
	if (!bytes)
		return FALSE;
	g_autoptr(GPtrArray) facets = facets_compile(w, library, err);
	if (!facets)
		return FALSE;
	g_autoptr(floor_nonshared) made =
		floor_nonshared_make(bytes, "libstdc++.a", library, facets, err);
	if (!made)
		return FALSE;
	event_log(EVENT_DEBUG, NULL,
		"libstdc++_nonshared.a: %u members, %u definitions hidden, %u taken out",
		made->members, made->hidden, made->undefined);
	return stub_place(w, library, file, err) &&
	       file_replace(nonshared, g_bytes_get_data(made->archive, NULL),
		       g_bytes_get_size(made->archive), err) &&
	       file_replace(link, script, strlen(script), err);
}

/* GCC's libraries also under the folder of the C library: a gcc of another
 * version looks into its own folder instead of this one's, and must find the
 * sysroot's libstdc++ and libgcc_s all the same. libgcc.a is not among them:
 * it belongs to the compiler that made the code. */
static gboolean gcc_links(const floor_work *w, GError **err)
{
	static const char *const files[] = {"libstdc++.so", "libstdc++.a",
		"libstdc++_nonshared.a", "libstdc++fs.a", "libsupc++.a", "libgcc_s.so",
		"libgcc_eh.a", "libatomic.so", "libatomic.a", "libgomp.so", "libgomp.a",
		NULL};
	const char *triple = w->spec->platform->triple;
	g_autofree char *folder = gcc_folder(w);

	if (!folder)
		return TRUE;
	g_autofree char *version = g_path_get_basename(folder);
	for (const char *const *f = files; *f; f++) {
		g_autofree char *path = g_build_filename(folder, *f, NULL);
		g_autofree char *link =
			g_build_filename(w->dir, "usr/lib", triple, *f, NULL);
		g_autofree char *target =
			g_build_filename("..", "gcc", triple, version, *f, NULL);
		if (!g_file_test(path, G_FILE_TEST_EXISTS) ||
			g_file_test(link, G_FILE_TEST_EXISTS))
			continue;
		if (symlink(target, link) != 0)
			return error_set_errno(err, EXIT_HOST, "X0820", errno,
				"cannot make the link %s", link);
	}
	return TRUE;
}

/* build/floor_extras.h, for each archive of GCC's. */
static gboolean extras_add(const floor_work *w, GError **err)
{
	static const char *const files[] = {"libstdc++.a", "libstdc++_nonshared.a",
		"libsupc++.a", "libgcc_eh.a", "libgcc.a", "libgomp.a", NULL};
	g_autofree char *folder = gcc_folder(w);

	for (const char *const *f = files; folder && *f; f++) {
		g_autofree char *path = g_build_filename(folder, *f, NULL);
		if (!floor_extras_add(w->spec, path, w->lacking, w->temp, err))
			return FALSE;
	}
	return TRUE;
}

static gboolean headers_lower(floor_work *w, GError **err)
{
	floor_headers h = {.tree = w->dir,
		.multiarch = w->spec->platform->triple,
		.sysroot_minor = w->sysroot_minor,
		.floor_minor = w->caps.minor,
		.lacking = w->lacking};

	if (!floor_headers_apply(&h, err))
		return FALSE;
	event_log(EVENT_DEBUG, NULL,
		"floor headers: %u edits, %u declarations hidden, %u files removed",
		h.edited, h.hidden, h.removed);
	return TRUE;
}

static gboolean floor_fill(floor_work *w, GError **err)
{
	if (!fs_copy_tree(w->spec->base, w->dir, FS_HARDLINK, err))
		return FALSE;
	if (!fs_mkdir_p(w->temp, 0755, err))
		return FALSE;
	fault_point("floor");
	for (const char *const *l = glibc_libraries; *l; l++)
		if (!library_lower(w, *l, TRUE, err))
			return FALSE;
	if (!library_lower(w, w->spec->platform->loader, TRUE, err))
		return FALSE;
	for (const char *const *l = other_libraries; *l; l++)
		if (!library_lower(w, *l, FALSE, err))
			return FALSE;
	if (!floor_attributes_set(w->spec, w->dir, w->temp, err))
		return FALSE;
	if (!cxx_lower(w, err) || !extras_add(w, err) || !gcc_links(w, err) ||
		!headers_lower(w, err))
		return FALSE;
	g_autofree char *names = g_build_filename(w->dir, FLOOR_NAMES, NULL);
	return file_replace(names, w->names->str, w->names->len, err) &&
	       fs_remove_tree(w->temp, err);
}

gboolean floor_make(const floor_spec *spec, const char *dir, GError **err)
{
	g_auto(floor_work) w = {.spec = spec, .dir = dir};
	int minor = 0;

	w.lacking = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	w.names = g_string_new("xorch-floor-names 1\n");
	w.temp = g_build_filename(dir, ".floor-work", NULL);
	if (!floor_parse(spec->floor, &minor, err))
		return FALSE;
	floor_caps_init(&w.caps, spec->platform, minor);
	w.sysroot_minor = sysroot_glibc(spec->base);
	return floor_fits(&w, err) && floor_fill(&w, err);
}

char *floor_key(const platform *target, const char *floor, const char *base_key,
	const char *assembler_key)
{
	g_autoptr(key) k = key_new("floor", FLOOR_VERSION);

	key_add(k, "sysroot", base_key);
	key_add(k, "platform", target->name);
	key_add(k, "floor", floor);
	key_add(k, "assembler", assembler_key);
	/* __aeabi_d2h came later than the rest; the other platforms' trees are as before
	 */
	if (target->elf_machine == EM_ARM)
		key_add(k, "half precision", "1");
	/* the edits of headers and archives for glibc 2.38 and newer, which lower floors
	 * never met */
	if (strcmp(floor, "2_37") >= 0)
		key_add(k, "C23", "1");
	return g_strdup(key_digest(k));
}

char *floor_prepare(const build_context *ctx, const floor_spec *spec,
	const char *base_key, char **key_out, GError **err)
{
	g_autofree char *own =
		floor_key(spec->platform, spec->floor, base_key, spec->assembler->key);
	char *ready = NULL;

	if (key_out)
		*key_out = g_strdup(own);
	store_tree *tree = store_tree_begin(ctx->store, "floor", own, &ready, err);
	if (!tree)
		return ready;
	gint64 begun = event_step_begin(spec->platform->name, "floor");
	gboolean ok = floor_make(spec, store_tree_dir(tree), err);
	event_step_end(spec->platform->name, "floor", begun, ok);
	return store_tree_finish(tree, ok, err);
}
