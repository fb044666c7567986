#include "base/error.h"
#include "base/fs.h"
#include "plan/catalog.h"
#include "plan/package_lock_pack.h"
#include <string.h>

static void patterns(void)
{
	static const struct {
		const char *pattern, *path;
		gboolean match;
	} rows[] = {
		{"usr/share/doc", "usr/share/doc", TRUE},
		{"usr/share/doc", "usr/share/doc/a/b", TRUE},
		{"usr/share/doc", "usr/share/docs", FALSE},
		{"usr/share/doc", "usr/share", FALSE},
		{"usr/lib/*/libc.a", "usr/lib/arm-linux-gnueabihf/libc.a", TRUE},
		{"usr/lib/*/libc.a", "usr/lib/a/b/libc.a", FALSE},
		{"usr/**/libc.a", "usr/lib/a/b/libc.a", TRUE},
		{"usr/lib/*/lib{c,m}.a", "usr/lib/a/libm.a", TRUE},
		{"usr/lib/*/lib{c,m}.a", "usr/lib/a/libcm.a", FALSE},
		{"usr/lib/*/lib{c,m}.a", "usr/lib/a/libc_nonshared.a", FALSE},
		{"usr/{bin,sbin}", "usr/sbin/x", TRUE},
		{"lib{asan,tsan}*", "libtsan_preinit.o", TRUE},
		{"lib?.a", "libm.a", TRUE},
		{"lib?.a", "libmm.a", FALSE},
		{"a*", "", FALSE},
		{"*", "a/b", TRUE},
		{"{a,b", "a", FALSE},
	};
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
		if (path_matches(rows[i].pattern, rows[i].path) != rows[i].match)
			g_error("%s on %s", rows[i].pattern, rows[i].path);
}

/* The definitions in the repository are sound and say what the design says. */
static void own_sysroot(void)
{
	g_autoptr(GError) err = NULL;
	g_autoptr(sysroot_def) def = sysroot_def_find("debian-11", &err);

	g_assert_no_error(err);
	g_assert_cmpstr(def->glibc, ==, "2.31");
	g_assert_cmpstr(def->packages.debian.suite, ==, "bullseye");
	for (const char *const *t =
			(const char *const[]){"aarch64", "armv7", "x86_64", NULL};
		*t; t++) {
		g_assert_true(sysroot_def_has(def, platform_by_name(*t), &err));
		g_assert_cmpuint(package_def_roots(&def->packages, *t)->len, ==, 4);
	}
	g_assert_true(package_def_is_exact(&def->packages, "libc6"));
	g_assert_false(package_def_is_common(&def->packages));
	g_assert_false(sysroot_def_has(def, platform_by_name("i686"), &err));
	g_assert_error(err, XORCH_ERROR, EXIT_INPUT);
	g_assert_nonnull(strstr(err->message, "it exists for: aarch64, armv7, x86_64"));
}

/* Every root to run in, by the age of its C library; none is linked against. */
static void own_roots(void)
{
	static const char *const pythons[] = {"3.9", "3.11", "3.13"};
	g_autoptr(GError) err = NULL;
	g_autoptr(GPtrArray) roots = sysroot_defs_to_run(&err);

	g_assert_no_error(err);
	g_assert_cmpuint(roots->len, ==, G_N_ELEMENTS(pythons));
	for (guint i = 0; i < roots->len; i++) {
		const sysroot_def *def = roots->pdata[i];
		g_assert_cmpstr(def->python, ==, pythons[i]);
		g_assert_true(sysroot_def_has(def, platform_by_name("armv7"), &err));
	}
	g_autoptr(sysroot_def) linked = sysroot_def_find("debian-11", &err);
	g_assert_null(linked->python);
}

static void own_toolchains(void)
{
	g_autoptr(GError) err = NULL;
	g_autoptr(toolchain_def) clang = toolchain_def_find("clang", &err);
	g_autoptr(toolchain_def) gcc = toolchain_def_find("gcc", &err);

	g_assert_no_error(err);
	g_assert_true(package_def_is_common(&clang->packages));
	g_assert_true(package_def_is_exact(&clang->packages, "libclang-cpp19"));
	g_assert_false(package_def_is_exact(&clang->packages, "zlib1g"));
	g_assert_false(package_def_is_common(&gcc->packages));
	g_assert_null(package_def_roots(&gcc->packages, "armv6"));
	g_assert_cmpstr(package_def_roots(&gcc->packages, "armv7")->pdata[0], ==,
		"gcc-12-arm-linux-gnueabihf");
}

static void unknown(void)
{
	static const char *const names[] = {"debian-4", "../x", "", ".hidden", "a/b"};

	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autoptr(GError) err = NULL;
		g_assert_null(catalog_find(CATALOG_SYSROOT, names[i], &err));
		g_assert_error(err, XORCH_ERROR, EXIT_INPUT);
		g_assert_nonnull(strstr(err->message, "X0301"));
		g_assert_nonnull(strstr(err->message, "there are:"));
		g_assert_nonnull(strstr(err->message, "debian-11"));
	}
}

#define HEAD                                                                             \
	"schema_version: 1\nname: t\nglibc: \"2.31\"\ngcc: \"10\"\ntargets: [aarch64]\n"
#define DEBIAN                                                                           \
	"debian:\n  suite: bullseye\n  signed_by: "                                      \
	"[1F89983E0081FDE018F3CC9673A4F27B8DD47936]\n"

static void bad_definitions(void)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
		{HEAD DEBIAN "packages: [a]\n", NULL},
		{HEAD DEBIAN "packages: {aarch64: [a]}\n", NULL},
		{HEAD DEBIAN "packages: {armv7: [a]}\n", "X0303"},
		{HEAD DEBIAN "packages: {pdp11: [a]}\n", "unknown target"},
		{HEAD DEBIAN "packages: [../a]\n", "not a package name"},
		{HEAD DEBIAN "packages: a\n", "wants a list"},
		{HEAD "debian:\n  suite: ../x\n  signed_by: []\npackages: [a]\n",
			"X0213"},
		{HEAD "debian:\n  suite: x\n  signed_by: [\"12\"]\npackages: [a]\n",
			"fingerprint"},
		{HEAD "debian:\n  suite: x\npackages: [a]\n", "signed_by"},
		{HEAD DEBIAN "packages: [a]\npackges: [b]\n", "packges"},
		{HEAD "packages: [a]\n", "debian"},
		{"schema_version: 2\n", "X02"},
	};
	g_autofree char *folder = g_dir_make_tmp("xorch-catalog-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(folder, "t.yaml", NULL);

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) err = NULL;
		g_assert_true(g_file_set_contents(path, rows[i].text, -1, NULL));
		g_autoptr(sysroot_def) def = sysroot_def_load(path, &err);
		if (!rows[i].says) {
			g_assert_no_error(err);
			continue;
		}
		g_assert_null(def);
		g_assert_error(err, XORCH_ERROR, EXIT_INPUT);
		if (!strstr(err->message, rows[i].says))
			g_error("want '%s' in %s", rows[i].says, err->message);
	}
	fs_remove_tree(folder, NULL);
}

#define SHA "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static package_lock *sample(const char *path)
{
	package_lock *lock = package_lock_new(path, "t");
	for (const char *const *t = (const char *const[]){"armv7", "aarch64", NULL}; *t;
		t++) {
		package_section *s = package_section_new(
			*t, "bullseye", "arm64", "Sat, 09 Aug 2025 09:16:30 UTC");
		g_ptr_array_add(s->roots, g_strdup("b"));
		g_ptr_array_add(s->packages, locked_package_new("b", "1:2.31-13+deb11u11",
						     "pool/b.deb", SHA, 5, FALSE));
		g_ptr_array_add(s->packages,
			locked_package_new("a", "1.0~rc", "pool/a.deb", SHA, 7, TRUE));
		/* one release for two systems: their order stays */
		locked_package *first =
			locked_package_new("tool", "1.0", "tool-musl.whl", SHA, 9, FALSE);
		first->program = g_strdup(SHA);
		g_ptr_array_add(s->packages, first);
		g_ptr_array_add(s->packages, locked_package_new("tool", "1.0",
						     "tool-glibc.whl", SHA, 9, FALSE));
		package_lock_set(lock, s);
	}
	return lock;
}

static void lock_round_trip(void)
{
	g_autofree char *folder = g_dir_make_tmp("xorch-catalog-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(folder, "t.lock", NULL);
	g_autoptr(package_lock) lock = sample(path);
	g_autofree char *text = package_lock_text(lock);
	g_autoptr(GError) err = NULL;

	g_assert_true(g_file_set_contents(path, text, -1, NULL));
	g_autoptr(package_lock) back = package_lock_load(path, "t", &err);
	g_assert_no_error(err);
	g_autofree char *again = package_lock_text(back);
	g_assert_cmpstr(text, ==, again);
	package_section *s = package_lock_section(back, "armv7");
	g_assert_cmpuint(back->sections->len, ==, 2);
	g_assert_cmpstr(((locked_package *)s->packages->pdata[0])->name, ==, "a");
	g_assert_true(package_section_find(s, "a")->runtime);
	g_assert_false(package_section_find(s, "b")->runtime);
	g_assert_cmpstr(package_section_find(s, "b")->version, ==, "1:2.31-13+deb11u11");
	g_assert_cmpstr(package_section_find(s, "tool")->path, ==, "tool-musl.whl");
	g_assert_cmpstr(package_section_find(s, "tool")->program, ==, SHA);
	g_assert_null(package_section_find(s, "b")->program);
	g_autoptr(package_lock) none = package_lock_load("/nonexistent", "t", &err);
	g_assert_no_error(err);
	g_assert_cmpuint(none->sections->len, ==, 0);
	fs_remove_tree(folder, NULL);
}

static void lock_faults(void)
{
	g_autofree char *folder = g_dir_make_tmp("xorch-catalog-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(folder, "t.lock", NULL);
	g_autoptr(package_lock) lock = sample(path);
	g_autofree char *text = package_lock_text(lock);
	static const struct {
		const char *from, *to, *says;
	} rows[] = {
		{"sections:", "<<<<<<< ours\nsections:", "merge conflict"},
		{"lock_version: 1", "lock_version: 9", "X0404"},
		{"pool/a.deb", "../../a.deb", "X0213"},
		{"pool/a.deb", "/a.deb", "X0213"},
		{"pool/a.deb", "pool/a?x", "X0213"},
		{SHA, "BA78", "64 hex digits"},
		{"size: 7", "size: -7", "X02"},
		{"size: 7", "size: x", "X02"},
		{"kind: runtime", "kind: maybe", "X02"},
		{"name: t", "nmae: t", "X0201"},
		{"files:", "files: [", "X02"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) err = NULL;
		char *at = strstr(text, rows[i].from);
		g_assert_nonnull(at);
		g_autofree char *bad = g_strdup_printf("%.*s%s%s", (int)(at - text), text,
			rows[i].to, at + strlen(rows[i].from));
		g_assert_true(g_file_set_contents(path, bad, -1, NULL));
		g_assert_null(package_lock_load(path, "t", &err));
		g_assert_error(err, XORCH_ERROR, EXIT_INPUT);
		g_assert_nonnull(strstr(err->message, "xorch lock"));
		if (!strstr(err->message, rows[i].says))
			g_error("want '%s' in %s", rows[i].says, err->message);
	}
	/* cut at any place: read or refused, never half */
	for (gsize n = 0; n < strlen(text); n += 7) {
		g_autoptr(GError) err = NULL;
		g_assert_true(g_file_set_contents(path, text, n, NULL));
		g_autoptr(package_lock) cut = package_lock_load(path, "t", &err);
		g_assert_true((cut != NULL) == (err == NULL));
	}
	fs_remove_tree(folder, NULL);
}

/* The packed form gives the same text; no part of it and no other bytes are a lock. */
static void lock_packed(void)
{
	g_autoptr(package_lock) lock = sample("/x/t.lock");
	g_autofree char *text = package_lock_text(lock);
	g_autoptr(GBytes) packed = package_lock_pack(lock);
	gsize size;
	const char *data = g_bytes_get_data(packed, &size);

	g_autoptr(package_lock) back = package_lock_unpack(packed, "/x/t.lock", "t");
	g_assert_nonnull(back);
	g_autofree char *again = package_lock_text(back);
	g_assert_cmpstr(again, ==, text);
	for (gsize n = 0; n < size; n++) {
		g_autoptr(GBytes) part = g_bytes_new(data, n);
		g_assert_null(package_lock_unpack(part, "/x/t.lock", "t"));
		g_autofree char *other = g_memdup2(data, size);
		other[n] ^= 0x55;
		g_autoptr(GBytes) bytes = g_bytes_new(other, size);
		/* the store's checksum is what tells; here it must only not crash */
		package_lock_free(package_lock_unpack(bytes, "/x/t.lock", "t"));
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/catalog/patterns", patterns);
	g_test_add_func("/catalog/own-sysroot", own_sysroot);
	g_test_add_func("/catalog/own-roots", own_roots);
	g_test_add_func("/catalog/own-toolchains", own_toolchains);
	g_test_add_func("/catalog/unknown", unknown);
	g_test_add_func("/catalog/bad-definitions", bad_definitions);
	g_test_add_func("/catalog/lock-round-trip", lock_round_trip);
	g_test_add_func("/catalog/lock-packed", lock_packed);
	g_test_add_func("/catalog/H07-H08-lock-faults", lock_faults);
	return g_test_run();
}
