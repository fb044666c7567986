#include "build/sysroot_rpmdb.h"
#include "base/error.h"
#include "base/fs.h"
#include "base/process.h"
#include "build/store.h"
#include <string.h>

#define MEMORY (4ull << 30)
#define SECONDS 120
#define ANSWER_MAX (64 << 20)

/* What the databases are kept in. The indexes beside Berkeley DB's Packages are left out
 * but one: that by which libsolv goes through it. */
static gboolean is_of_database(const char *name)
{
	return g_str_equal(name, "Packages") || g_str_equal(name, "Name") ||
	       g_str_equal(name, "rpmdb.sqlite") || g_str_equal(name, "rpmdb.sqlite-wal");
}

/* Where it lies, Red Hat's 10 and Fedora last; NULL: nowhere. */
static const char *place_of(const char *sysroot)
{
	static const char *const folders[] = {
		"var/lib/rpm", "usr/lib/sysimage/rpm", NULL};
	static const char *const names[] = {"Packages", "rpmdb.sqlite", NULL};

	for (gsize n = 0; folders[n]; n++)
		for (gsize k = 0; names[k]; k++) {
			g_autofree char *path =
				g_build_filename(sysroot, folders[n], names[k], NULL);
			if (g_file_test(path, G_FILE_TEST_IS_REGULAR))
				return folders[n];
		}
	return NULL;
}

gboolean sysroot_rpmdb_exists(const char *sysroot)
{
	return place_of(sysroot) != NULL;
}

/* librpm writes beside what it reads, and the tree of the store may not change. */
static gboolean copy_database(const char *sysroot, const char *root, GError **err)
{
	g_autofree char *from = g_build_filename(sysroot, place_of(sysroot), NULL);
	g_autofree char *to = g_build_filename(root, "var/lib/rpm", NULL);
	g_autoptr(GDir) d = g_dir_open(from, 0, NULL);
	const char *name;

	if (!fs_mkdir_p(to, 0700, err))
		return FALSE;
	while (d && (name = g_dir_read_name(d))) {
		g_autofree char *source = g_build_filename(from, name, NULL);
		g_autofree char *dest = g_build_filename(to, name, NULL);
		if (is_of_database(name) && g_file_test(source, G_FILE_TEST_IS_REGULAR) &&
			!g_file_test(source, G_FILE_TEST_IS_SYMLINK) &&
			!fs_copy_tree(source, dest, FS_COPY, err))
			return FALSE;
	}
	return TRUE;
}

static gboolean damaged(const char *place, const process_result *r, GError **err)
{
	error_set(err, EXIT_INTEGRITY, "X0632",
		"RPM's database in the image (%s) cannot be read", place);
	if (r->signal)
		error_note(err, "what read it was ended by signal %d", r->signal);
	else if (r->timed_out)
		error_note(err, "what read it was ended after %d s", SECONDS);
	error_help(err,
		"leave %s out of the definition's `keep`: then libraries of the image "
		"are named by the image alone",
		place);
	return FALSE;
}

static json_t *ask(const char *root, const char *place, GError **err)
{
	g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
	const char *argv[] = {self, "__rpmdb", root, NULL};
	const char *asan = g_getenv("ASAN_OPTIONS");
	g_autofree char *options = g_strconcat("ASAN_OPTIONS=", asan ? asan : "", NULL);
	const char *env[] = {
		"PATH=/usr/bin:/bin", "HOME=/proc/none", "LC_ALL=C.UTF-8", options, NULL};
	g_auto(process_result) r = {0};
	process_spec spec = {.argv = argv,
		.env = env,
		.cwd = "/",
		.name = "rpm database",
		.capture = TRUE,
		.capture_limit = ANSWER_MAX,
		.timeout_s = SECONDS};

#ifndef __SANITIZE_ADDRESS__ /* its shadow memory is larger than any limit */
	spec.memory_limit = MEMORY;
#endif
	if (!process_run(&spec, &r, err))
		return NULL;
	json_t *out = r.exit_code == 0 && !r.signal
			      ? json_parse(r.out, r.out_size, "the rpm child", NULL)
			      : NULL;
	if (!json_is_array(out)) {
		json_decref(out);
		damaged(place, &r, err);
		return NULL;
	}
	return out;
}

json_t *sysroot_rpmdb_read(const build_context *ctx, const char *sysroot, GError **err)
{
	g_autofree char *root = store_temp_dir(ctx->store, err);
	json_t *out = NULL;

	if (!root)
		return NULL;
	if (copy_database(sysroot, root, err))
		out = ask(root, place_of(sysroot), err);
	fs_remove_tree(root, NULL);
	return out;
}
