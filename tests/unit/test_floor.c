#include "build/floor.h"
#include "build/floor_caps.h"
#include "build/floor_headers.h"
#include "build/floor_stub.h"
#include "base/error.h"
#include <string.h>

/* A library as its dynamic symbols only: what the choice looks at. */
static elf_file library(elf_symbol *symbols, guint n)
{
	return (elf_file){.name = (char *)"libx.so.1",
		.soname = "libx.so.1",
		.symbols = symbols,
		.n_symbols = n};
}

static elf_symbol symbol(const char *name, const char *version, gboolean hidden)
{
	return (elf_symbol){.name = name,
		.version = version,
		.defined = TRUE,
		.section = 5,
		.type = STT_FUNC,
		.bind = STB_GLOBAL,
		.size = 100,
		.hidden = hidden};
}

static gboolean up_to_2_17(
	const char *soname, const char *name, const char *version, const void *data)
{
	g_assert_cmpstr(soname, ==, "libx.so.1");
	g_assert_nonnull(name);
	(void)data;
	return floor_version_compare(version, "GLIBC_2.17") <= 0;
}

static const char *chosen(const floor_library *l, const char *name)
{
	const floor_symbol *s = floor_library_find(l, name);

	return s ? s->version ? s->version : "-" : NULL;
}

static void choice(void)
{
	elf_symbol all[] = {
		symbol("exp", "GLIBC_2.29", FALSE),
		symbol("exp", "GLIBC_2.4", TRUE),
		symbol("exp", "GLIBC_2.9", TRUE),
		symbol("gettid", "GLIBC_2.30", FALSE),
		symbol("old_only", "GLIBC_2.4", TRUE),
		symbol("private", "GLIBC_PRIVATE", FALSE),
		symbol("private", "GLIBC_2.4", TRUE),
		symbol("plain", NULL, FALSE),
		symbol("memcpy", "GLIBC_2.14", FALSE),
		symbol("GLIBC_2.14", "GLIBC_2.14", FALSE),
		symbol("_end", NULL, FALSE),
		symbol("ifunc", "GLIBC_2.4", FALSE),
		symbol("wanted", "GLIBC_2.4", FALSE),
		symbol("own", "GLIBC_2.4", FALSE),
	};
	elf_file file = library(all, G_N_ELEMENTS(all));
	g_autoptr(GError) error = NULL;

	all[9].section = SHN_ABS;
	all[9].type = STT_OBJECT;
	all[11].type = STT_GNU_IFUNC;
	all[12].defined = FALSE;
	all[13].local = TRUE;
	g_autoptr(floor_library) l =
		floor_library_select(&file, up_to_2_17, NULL, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(l->symbols->len, ==, 4);
	g_assert_cmpstr(chosen(l, "exp"), ==, "GLIBC_2.9");
	g_assert_cmpstr(chosen(l, "plain"), ==, "-");
	g_assert_cmpstr(chosen(l, "memcpy"), ==, "GLIBC_2.14");
	g_assert_cmpint(floor_library_find(l, "ifunc")->type, ==, STT_FUNC);
	g_assert_null(chosen(l, "old_only"));
	g_assert_null(chosen(l, "private"));
	g_assert_null(chosen(l, "gettid"));
	g_assert_true(l->lowered);
	g_assert_cmpuint(g_hash_table_size(l->lacking), ==, 1);
	g_assert_cmpstr(g_hash_table_lookup(l->lacking, "gettid"), ==, "GLIBC_2.30");
	g_assert_cmpuint(l->versions->len, ==, 3);
	g_assert_cmpstr(l->versions->pdata[0], ==, "GLIBC_2.4");
	g_assert_cmpstr(l->versions->pdata[2], ==, "GLIBC_2.14");
}

static void nothing_lacking(void)
{
	elf_symbol all[] = {symbol("a", "GLIBC_2.4", FALSE),
		symbol("b", "GLIBC_2.17", FALSE), symbol("b", "GLIBC_2.4", TRUE)};
	elf_file file = library(all, G_N_ELEMENTS(all));
	g_autoptr(floor_library) l = floor_library_select(&file, up_to_2_17, NULL, NULL);

	g_assert_false(l->lowered);
	g_assert_cmpstr(chosen(l, "b"), ==, "GLIBC_2.17");
}

static void odd_names(void)
{
	elf_symbol all[] = {symbol("a\"b", "GLIBC_2.4", FALSE)};
	elf_file file = library(all, 1);
	g_autoptr(GError) error = NULL;

	g_assert_null(floor_library_select(&file, up_to_2_17, NULL, &error));
	g_assert_error(error, XORCH_ERROR, EXIT_INTEGRITY);
}

static void versions(void)
{
	static const struct {
		const char *low, *high;
	} rows[] = {
		{"GLIBC_2.4", "GLIBC_2.17"},
		{"GLIBC_2.2.5", "GLIBC_2.3"},
		{"GLIBC_2.2", "GLIBC_2.2.5"},
		{"GLIBCXX_3.4", "GLIBCXX_3.4.1"},
		{"GLIBCXX_3.4.9", "GLIBCXX_3.4.10"},
		{"CXXABI_1.3", "GLIBCXX_3.4"},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_assert_cmpint(floor_version_compare(rows[i].low, rows[i].high), <, 0);
		g_assert_cmpint(floor_version_compare(rows[i].high, rows[i].low), >, 0);
		g_assert_cmpint(floor_version_compare(rows[i].low, rows[i].low), ==, 0);
	}
}

static void caps(void)
{
	static const struct {
		const char *platform;
		int minor;
		const char *library, *name, *version;
		gboolean allowed;
	} rows[] = {
		{"aarch64", 17, "libc.so.6", "x", "GLIBC_2.17", TRUE},
		{"aarch64", 17, "libc.so.6", "x", "GLIBC_2.18", FALSE},
		{"armv7", 17, "libc.so.6", "x", "GLIBC_2.4", TRUE},
		{"armv7", 17, "libc.so.6", "__cxa_thread_atexit_impl", "GLIBC_2.18",
			FALSE},
		{"aarch64", 24, "libc.so.6", "__cxa_thread_atexit_impl", "GLIBC_2.18",
			TRUE},
		{"aarch64", 17, "libstdc++.so.6", "x", "GLIBCXX_3.4.19", TRUE},
		{"aarch64", 17, "libstdc++.so.6", "x", "GLIBCXX_3.4.20", FALSE},
		{"aarch64", 28, "libstdc++.so.6", "x", "GLIBCXX_3.4.24", TRUE},
		{"aarch64", 28, "libstdc++.so.6", "x", "GLIBCXX_3.4.25", FALSE},
		{"aarch64", 17, "libstdc++.so.6", "x", "CXXABI_1.3.7", TRUE},
		{"aarch64", 17, "libstdc++.so.6", "x", "CXXABI_1.3.8", FALSE},
		{"aarch64", 17, "libstdc++.so.6", "x", "CXXABI_TM_1", TRUE},
		{"armv7", 17, "libstdc++.so.6", "x", "CXXABI_ARM_1.3.3", TRUE},
		{"aarch64", 17, "libgcc_s.so.1", "x", "GCC_4.7.0", TRUE},
		{"aarch64", 17, "libgcc_s.so.1", "x", "GCC_4.8.0", FALSE},
		{"x86_64", 17, "libgcc_s.so.1", "x", "GCC_4.8.0", TRUE},
		{"aarch64", 17, "libatomic.so.1", "x", "LIBATOMIC_1.0", TRUE},
		{"aarch64", 17, "libatomic.so.1", "x", "LIBATOMIC_1.1", FALSE},
		{"aarch64", 17, "libz.so.1", "x", "ZLIB_1.2.5.2", TRUE},
		{"aarch64", 17, "libz.so.1", "x", "ZLIB_1.2.9", FALSE},
		{"aarch64", 17, "libc.so.6", "__issignaling", "GLIBC_2.17", FALSE},
		{"aarch64", 28, "libc.so.6", "__issignaling", "GLIBC_2.18", TRUE},
		{"aarch64", 30, "libc.so.6", "x", "GLIBC_2.30", TRUE},
		{"aarch64", 30, "libstdc++.so.6", "x", "GLIBCXX_3.4.25", FALSE},
		{"x86_64", 17, "libmvec.so.1", "x", "GLIBC_2.17", FALSE},
		{"x86_64", 24, "libmvec.so.1", "x", "GLIBC_2.22", TRUE},
		{"x86_64", 17, "libcrypt.so.1", "x", "GLIBC_2.2.5", FALSE},
		{"armv7", 17, "ld-linux-armhf.so.3", "x", "GLIBC_2.4", TRUE},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		floor_caps c;
		floor_caps_init(&c, platform_by_name(rows[i].platform), rows[i].minor);
		if (floor_caps_allow(rows[i].library, rows[i].name, rows[i].version,
			    &c) != rows[i].allowed)
			g_error("row %" G_GSIZE_FORMAT ": %s", i, rows[i].version);
	}
}

static void stub_text(void)
{
	elf_symbol all[] = {symbol("environ", "GLIBC_2.4", FALSE),
		symbol("__environ", "GLIBC_2.4", FALSE), symbol("f", "GLIBC_2.4", FALSE),
		symbol("counter", NULL, FALSE)};
	elf_file file = library(all, G_N_ELEMENTS(all));

	for (int i = 0; i < 2; i++) {
		all[i].type = STT_OBJECT;
		all[i].value = 0x1008;
		all[i].size = 8;
	}
	all[0].bind = STB_WEAK;
	all[3].type = STT_TLS;
	all[3].value = 0x10;
	all[3].size = 4;
	g_autoptr(floor_library) l = floor_library_select(&file, up_to_2_17, NULL, NULL);
	g_autofree char *text = floor_stub_assembly(l);
	g_autofree char *script = floor_stub_version_script(l);

	g_assert_cmpstr(script, ==, "GLIBC_2.4 { };\n");
	g_assert_cmpstr(text, ==,
		"\t.text\n"
		"\t.text\n\t.balign 4\n"
		"\t.globl \"xorch_stub_0\"\n\t.type \"xorch_stub_0\",%function\n"
		"\t.size \"xorch_stub_0\",4\n"
		"\t.symver \"xorch_stub_0\",\"f@@@GLIBC_2.4\"\n\"xorch_stub_0\":\n"
		"\t.space 4\n"
		"\t.section .tdata,\"awT\",%progbits\n\t.balign 16\n"
		"\t.globl \"counter\"\n\t.type \"counter\",%tls_object\n"
		"\t.size \"counter\",4\n\"counter\":\n\t.space 4\n"
		"\t.data\n\t.balign 8\n"
		"\t.globl \"xorch_stub_2\"\n\t.type \"xorch_stub_2\",%object\n"
		"\t.size \"xorch_stub_2\",8\n"
		"\t.symver "
		"\"xorch_stub_2\",\"__environ@@@GLIBC_2.4\"\n\"xorch_stub_2\":\n"
		"\t.weak \"xorch_stub_3\"\n\t.type \"xorch_stub_3\",%object\n"
		"\t.size \"xorch_stub_3\",8\n"
		"\t.symver \"xorch_stub_3\",\"environ@@@GLIBC_2.4\"\n\"xorch_stub_3\":\n"
		"\t.space 8\n"
		"\t.section .note.GNU-stack,\"\",%progbits\n");
}

static void headers_hide(void)
{
	static const struct {
		const char *text, *want; /* want NULL: unchanged */
		guint hidden;
		const char *leak;
	} rows[] = {
		{"extern int gettid (void) __THROW;\n",
			"/* gettid: not in this floor */\n", 1, NULL},
		{"extern int\n  gettid (void);\nint x;\n",
			"/* gettid: not in this floor */\n\nint x;\n", 1, NULL},
		{"__pid_t gettid (void)\n  __THROW;\nint x;\n",
			"/* gettid: not in this floor */\n\nint x;\n", 1, NULL},
		{"__BEGIN_DECLS\n\nextern int gettid (void);\n",
			"__BEGIN_DECLS\n\n/* gettid: not in this floor */\n", 1, NULL},
		{"#define F(x) gettid (x)\ntypedef int (gettid) (void);\n", NULL, 0,
			NULL},
		{"struct s {\nint (*gettid) (void);\n};\n", NULL, 0, NULL},
		{"extern int getpid (void); /* not gettid */\n", NULL, 0, NULL},
		{"/*\nextern int gettid (void);\n*/\n", NULL, 0, NULL},
		{"extern \"C\" {\nextern int gettid (void);\n}\n",
			"extern \"C\" {\n/* gettid: not in this floor */\n}\n", 1, NULL},
		{"__fortify_function int\n__NTH (gettid (void))\n{\n  return 1;\n}\nint "
		 "y;\n",
			"/* gettid: not in this floor */\n\n\n\n\nint y;\n", 1, NULL},
		{"extern int __REDIRECT (gettid, (int __x), gettid64) __wur;\n",
			"/* gettid: not in this floor */\n", 1, NULL},
		{"extern int __REDIRECT (fcntl, (int __x), fcntl64);\n", NULL, 0,
			"fcntl to fcntl64"},
		{"FTS *__REDIRECT (fts_read, (FTS *), fts64_read);\n",
			"/* fts64_read: not in this floor */\n", 1, NULL},
		{"extern long __REDIRECT_NTH (strtol, (const char *__n),\n"
		 "  __isoc23_strtol)\n;\n",
			"/* __isoc23_strtol: not in this floor */\n\n\n", 1, NULL},
		{"extern int __REDIRECT_NTH (__gettid_alias, (void), gettid);\n", NULL, 0,
			NULL},
		{"extern int __REDIRECT_NTH (__own_alias, (void), gettid);\n", NULL, 0,
			"__own_alias to gettid"},
		{"__MATHCALL (cospi,, (_Mdouble_ __x));\n",
			"/* cospi: not in this floor */\n", 1, NULL},
		{"__MATHCALL (cosp,, (_Mdouble_ __x));\n", NULL, 0, NULL},
		{"__MATHDECL_1 (long int,cospi,, (_Mdouble_ __x));\n",
			"/* cospi: not in this floor */\n", 1, NULL},
		{"__MATHCALL (cospi,_r, (_Mdouble_ __x));\n", NULL, 0, NULL},
		{"__fortify_function int f (void)\n{ return gettid (); }\n", NULL, 0,
			"f to gettid"},
		{"__extern_inline int f (void)\n{ __asm__ (\"gettid\"); }\n", NULL, 0,
			NULL},
		{"extern int gettid (void)\n#if X\n  ;\n#else\n ;\n#endif\n", NULL, 0,
			NULL},
	};
	g_autoptr(GHashTable) lacking = g_hash_table_new(g_str_hash, g_str_equal);

	g_hash_table_add(lacking, (void *)"gettid");
	g_hash_table_add(lacking, (void *)"fcntl64");
	g_hash_table_add(lacking, (void *)"cospi");
	g_hash_table_add(lacking, (void *)"__isoc23_strtol");
	g_hash_table_add(lacking, (void *)"fts64_read");
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *leak = NULL;
		guint hidden = 0;
		g_autofree char *got =
			floor_headers_hide(rows[i].text, lacking, TRUE, &hidden, &leak);
		g_assert_cmpstr(got, ==, rows[i].want);
		g_assert_cmpuint(hidden, ==, rows[i].hidden);
		g_assert_cmpstr(leak, ==, rows[i].leak);
	}
}

static void parse(void)
{
	static const char *const bad[] = {"2.17", "17", "2_", "2_4", "2_16", "2_17x",
		"2_100", "manylinux2014", "", "3_1", "2_-5", NULL};
	int minor = 0;

	g_assert_true(floor_parse("2_17", &minor, NULL));
	g_assert_cmpint(minor, ==, 17);
	for (const char *const *b = bad; *b; b++) {
		g_autoptr(GError) error = NULL;
		g_assert_false(floor_parse(*b, &minor, &error));
		g_assert_error(error, XORCH_ERROR, EXIT_INPUT);
		g_assert_nonnull(strstr(error->message, "X0330"));
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/floor/choice", choice);
	g_test_add_func("/floor/nothing-lacking", nothing_lacking);
	g_test_add_func("/floor/odd-names", odd_names);
	g_test_add_func("/floor/versions", versions);
	g_test_add_func("/floor/caps", caps);
	g_test_add_func("/floor/stub-text", stub_text);
	g_test_add_func("/floor/headers-hide", headers_hide);
	g_test_add_func("/floor/parse", parse);
	return g_test_run();
}
