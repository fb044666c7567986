#include "base/error.h"
#include "base/fs.h"
#include "build/sysroot_check.h"
#include "build/sysroot_scripts.h"
#include "build/tree_walk.h"
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

static void scripts(void)
{
	static const struct {
		const char *text, *bare;
	} rows[] = {
		{"/* GNU ld script\n   Use /lib/x. */\nGROUP ( /lib/a/libc.so.6 "
		 "/usr/lib/a/libc_nonshared.a  AS_NEEDED ( /lib/ld-linux.so.1 ) )\n",
			"/* GNU ld script\n   Use /lib/x. */\nGROUP ( libc.so.6 "
			"libc_nonshared.a  AS_NEEDED ( ld-linux.so.1 ) )\n"},
		{"GROUP(/lib/a.so,/lib/b.so)", "GROUP(a.so,b.so)"},
		{"GROUP ( libgcc_s.so.1 -lgcc )", "GROUP ( libgcc_s.so.1 -lgcc )"},
		{"INPUT(=/usr/lib/x.so)", "INPUT(x.so)"},
		{"INPUT(-ltinfo)", "INPUT(-ltinfo)"},
		{"OUTPUT_FORMAT(elf64-littleaarch64)",
			"OUTPUT_FORMAT(elf64-littleaarch64)"},
		{"INPUT(a/b.so)", "INPUT(a/b.so)"},
		{"/* open", "/* open"},
		{"", ""},
	};
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *bare = linker_script_bare(rows[i].text);
		g_assert_cmpstr(bare, ==, rows[i].bare);
	}
}

static char *tree_new(void)
{
	char *dir = g_dir_make_tmp("xorch-sysroot-XXXXXX", NULL);
	g_autofree char *lib = g_build_filename(dir, "usr/lib", NULL);

	g_assert_true(fs_mkdir_p(lib, 0755, NULL));
	return dir;
}

static void add_text(const char *dir, const char *path, const char *text)
{
	g_autofree char *full = g_build_filename(dir, path, NULL);

	g_assert_true(g_file_set_contents(full, text, -1, NULL));
}

static void add_link(const char *dir, const char *path, const char *target)
{
	g_autofree char *full = g_build_filename(dir, path, NULL);

	g_assert_cmpint(symlink(target, full), ==, 0);
}

static void scripts_in_tree(void)
{
	g_autofree char *dir = tree_new();
	g_autofree char *so = g_build_filename(dir, "usr/lib/libc.so", NULL);
	g_autofree char *header = g_build_filename(dir, "usr/lib/x.h", NULL);
	g_autofree char *code = g_build_filename(dir, "usr/lib/liba.so", NULL);
	g_autofree char *text = NULL, *other = NULL, *bytes = NULL;
	static const char raw[] = "\x7f"
				  "ELF\0 /usr/lib/x";
	gsize size;

	add_text(dir, "usr/lib/libc.so", "GROUP ( /lib/libc.so.6 )\n");
	add_text(dir, "usr/lib/x.h", "( /lib/libc.so.6 )\n");
	g_assert_true(g_file_set_contents(code, raw, sizeof(raw), NULL));
	g_assert_true(sysroot_scripts_rewrite(dir, NULL));
	g_assert_true(g_file_get_contents(so, &text, NULL, NULL));
	g_assert_cmpstr(text, ==, "GROUP ( libc.so.6 )\n");
	g_assert_true(g_file_get_contents(header, &other, NULL, NULL));
	g_assert_cmpstr(other, ==, "( /lib/libc.so.6 )\n");
	g_assert_true(g_file_get_contents(code, &bytes, &size, NULL));
	g_assert_cmpmem(bytes, size, raw, sizeof(raw));
	fs_remove_tree(dir, NULL);
}

static void check_says(const char *dir, const char *target, const char *says)
{
	g_autoptr(GError) err = NULL;
	gboolean ok = sysroot_check(dir, platform_by_name(target), &err);

	if (!says) {
		g_assert_no_error(err);
		g_assert_true(ok);
		return;
	}
	g_assert_false(ok);
	g_assert_error(err, XORCH_ERROR, EXIT_INTEGRITY);
	if (!strstr(err->message, "[X0640]") || !strstr(err->message, says))
		g_error("want '%s' in %s", says, err->message);
}

static void links(void)
{
	g_autofree char *dir = tree_new();

	add_text(dir, "usr/lib/libm.so.6", "x");
	add_link(dir, "usr/lib/libm.so", "libm.so.6");
	add_link(dir, "lib", "usr/lib");
	check_says(dir, "aarch64", NULL);
	add_link(dir, "usr/lib/libz.so", "libz.so.1");
	check_says(dir, "aarch64", "usr/lib/libz.so -> libz.so.1 leads nowhere");
	g_autofree char *bad = g_build_filename(dir, "usr/lib/libz.so", NULL);
	g_unlink(bad);
	add_link(dir, "usr/lib/abs", "/etc/passwd");
	check_says(
		dir, "aarch64", "usr/lib/abs -> /etc/passwd points to an absolute path");
	g_autofree char *abs = g_build_filename(dir, "usr/lib/abs", NULL);
	g_unlink(abs);
	/* where nothing of a sysroot stands, but not below one of its folders */
	g_autofree char *share = g_build_filename(dir, "usr/share/X11", NULL);
	g_mkdir_with_parents(share, 0755);
	add_link(dir, "usr/share/X11/rgb.txt", "../../../etc/X11/rgb.txt");
	add_link(dir, "usr/share/X11/run", "../../bin/run");
	check_says(dir, "aarch64", NULL);
	add_link(dir, "usr/share/X11/lib", "../../lib/gone/libz.so");
	check_says(dir, "aarch64", "usr/share/X11/lib -> ../../lib/gone/libz.so leads");
	g_autofree char *gone = g_build_filename(dir, "usr/share/X11/lib", NULL);
	g_unlink(gone);
	add_link(dir, "usr/share/X11/lib", "../../../lib64/libz.so");
	check_says(dir, "aarch64", "usr/share/X11/lib -> ../../../lib64/libz.so leads");
	g_unlink(gone);
	/* bindings to interpreters that a sysroot goes without */
	g_autofree char *tcl = g_build_filename(dir, "usr/lib/tcl8.6/gv", NULL);
	g_mkdir_with_parents(tcl, 0755);
	add_link(dir, "usr/lib/tcl8.6/gv/libgv.so", "libgv.so.0");
	check_says(dir, "aarch64", NULL);
	add_link(dir, "usr/lib/lua.so", "lua.so.5");
	check_says(dir, "aarch64", "usr/lib/lua.so -> lua.so.5 leads nowhere");
	g_autofree char *lua = g_build_filename(dir, "usr/lib/lua.so", NULL);
	g_unlink(lua);
	add_link(dir, "usr/lib/out", "../../..");
	check_says(dir, "aarch64", "usr/lib/out -> ../../.. points out of");
	fs_remove_tree(dir, NULL);
}

/* This very program stands for a library of the build machine. */
static void machines(void)
{
	g_autofree char *dir = tree_new();
	g_autofree char *lib = g_build_filename(dir, "usr/lib/libx.so", NULL);
	g_autoptr(GError) err = NULL;

	g_autofree char *exe = g_file_read_link("/proc/self/exe", NULL);
	g_assert_true(fs_copy_tree(exe, lib, FS_COPY, &err));
	g_assert_no_error(err);
	check_says(dir, "aarch64", "usr/lib/libx.so is for x86-64, not AArch64");
	check_says(dir, "x86_64", "usr/lib/libx.so needs libglib-2.0.so.0, which is not");
	fs_remove_tree(dir, NULL);
}

static gboolean note_path(const tree_entry *e, void *data, G_GNUC_UNUSED GError **err)
{
	g_string_append_printf(data, "%s%c ", e->path, "f/l?"[e->type]);
	return TRUE;
}

static void walk(void)
{
	g_autofree char *dir = tree_new();
	g_autoptr(GString) seen = g_string_new(NULL);

	add_text(dir, "usr/b", "x");
	add_text(dir, "usr/lib/a", "x");
	add_link(dir, "usr/a", "lib");
	g_assert_true(tree_walk(dir, note_path, seen, NULL));
	g_assert_cmpstr(seen->str, ==, "usr/ usr/al usr/bf usr/lib/ usr/lib/af ");
	fs_remove_tree(dir, NULL);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/sysroot/scripts", scripts);
	g_test_add_func("/sysroot/scripts-in-tree", scripts_in_tree);
	g_test_add_func("/sysroot/links", links);
	g_test_add_func("/sysroot/machines", machines);
	g_test_add_func("/sysroot/walk", walk);
	return g_test_run();
}
