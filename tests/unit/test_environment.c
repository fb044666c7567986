#include "plan/environment.h"
#include "base/error.h"
#include "base/process.h"
#include <jansson.h>
#include <string.h>

static GPtrArray *made(const char *target)
{
	return environment_make(&(environment_spec){
		.platform = platform_by_name(target),
		.floor = "2_17",
		.cross_bin = "/x/cross/bin",
		.sysroot = "/x/sysroot",
	});
}

static void values(void)
{
	static const struct {
		const char *target, *name, *value;
	} rows[] = {
		{"aarch64", "CC", "/x/cross/bin/cc"},
		{"aarch64", "LDSHARED", "/x/cross/bin/cc -shared"},
		{"aarch64", "CC_FOR_BUILD", "/x/cross/bin/build-cc"},
		{"aarch64", "CROSS_COMPILE", "/x/cross/bin/aarch64-linux-gnu-"},
		{"aarch64", "PLAT", "manylinux_2_17_aarch64"},
		{"aarch64", "AUDITWHEEL_PLAT", "manylinux_2_17_aarch64"},
		{"aarch64", "_PYTHON_HOST_PLATFORM", "linux-aarch64"},
		{"aarch64", "CARGO_BUILD_TARGET", "aarch64-unknown-linux-gnu"},
		{"aarch64", "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER",
			"/x/cross/bin/cc"},
		{"aarch64", "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER",
			"/x/cross/bin/build-cc"},
		{"aarch64", "CC_x86_64_unknown_linux_gnu", "/x/cross/bin/build-cc"},
		{"aarch64", "CXX_x86_64_unknown_linux_gnu", "/x/cross/bin/build-c++"},
		{"aarch64", "AR_x86_64_unknown_linux_gnu", "/x/cross/bin/build-ar"},
		{"aarch64", "CC_aarch64_unknown_linux_gnu", "/x/cross/bin/cc"},
		{"aarch64", "CFLAGS_aarch64_unknown_linux_gnu", "-O2 -DNDEBUG -fPIC -g0"},
		/* There and empty: the cc crate would take CFLAGS, the target's. */
		{"aarch64", "CFLAGS_x86_64_unknown_linux_gnu", ""},
		{"aarch64", "CXXFLAGS_x86_64_unknown_linux_gnu", ""},
		{"aarch64", "GOARCH", "arm64"},
		{"aarch64", "GOARM64", "v8.0"},
		{"aarch64", "GOARM", NULL},
		{"aarch64", "TARGETVARIANT", ""},
		{"aarch64", "PKG_CONFIG_PATH", ""},
		{"aarch64", "PKG_CONFIG_LIBDIR",
			"/x/sysroot/usr/lib/aarch64-linux-gnu/pkgconfig:"
			"/x/sysroot/usr/lib/pkgconfig:/x/sysroot/usr/share/pkgconfig"},
		{"aarch64", "CGO_ENABLED", "1"},
		{"aarch64", "RUSTFLAGS", NULL},
		{"aarch64", "LC_ALL", NULL},
		{"armv7", "PLAT", "manylinux_2_17_armv7l"},
		{"armv7", "_PYTHON_HOST_PLATFORM", "linux-armv7l"},
		{"armv7", "GOARCH", "arm"},
		{"armv7", "GOARM", "7"},
		{"armv7", "CHOST", "arm-linux-gnueabihf"},
		{"armv7", "CC_armv7_unknown_linux_gnueabihf", "/x/cross/bin/cc"},
		{"armv7", "CFLAGS_x86_64_unknown_linux_gnu", ""},
		{"armv7", "BINDGEN_EXTRA_CLANG_ARGS_armv7_unknown_linux_gnueabihf",
			"--target=armv7-linux-gnueabihf --sysroot=/x/sysroot"},
		{"armv7", "CMAKE_SYSTEM_PROCESSOR", "armv7l"},
		{"armv7", "TARGETVARIANT", "v7"},
		{"x86_64", "PLAT", "manylinux_2_17_x86_64"},
		{"x86_64", "GOAMD64", "v1"},
		/* Host and target are one name: the target's values count. */
		{"x86_64", "CC_x86_64_unknown_linux_gnu", "/x/cross/bin/cc"},
		{"x86_64", "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER",
			"/x/cross/bin/cc"},
		{"x86_64", "CFLAGS_x86_64_unknown_linux_gnu", "-O2 -DNDEBUG -fPIC -g0"},
		{"x86_64-v3", "GOAMD64", "v3"},
		{"aarch64-v9", "GOARM64", "v9.0"},
		{"armv6", "GOARM", "6"},
		{"armv6", "PLAT", NULL}, /* no such tag exists */
		{"i686", "GO386", "sse2"},
		{"ppc64le", "GOPPC64", "power8"},
		{"riscv64", "GORISCV64", "rva20u64"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GPtrArray) env = made(rows[i].target);
		g_assert_cmpstr(environment_get(env, rows[i].name), ==, rows[i].value);
	}
}

/* Every row of every platform: unique names that a shell takes, a reader, no
 * template left over, no second architecture. */
static void every_platform(void)
{
	for (const platform *p = platforms; p->name; p++) {
		g_autoptr(GPtrArray) env = made(p->name);
		g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
		for (guint i = 0; i < env->len; i++) {
			const environment_variable *e = g_ptr_array_index(env, i);
			g_assert_true(g_hash_table_add(seen, e->name));
			for (const char *c = e->name; *c; c++)
				g_assert_true(g_ascii_isalnum(*c) || *c == '_');
			g_assert_true(e->reader && *e->reader);
			g_assert_null(strchr(e->value, '$'));
			g_assert_null(strstr(e->value, "(null)"));
		}
		g_assert_cmpuint(env->len, >, 60);
	}
}

static void parts(void)
{
	const char *const maps[] = {"/a=.", "/b=c", NULL};
	environment_python py = {.lib_dir = "/p/lib",
		.version = "3.13t",
		.ext_suffix = ".cpython-313t-aarch64-linux-gnu.so",
		.sysconfigdata = "_sysconfigdata_t_linux_aarch64-linux-gnu"};
	environment_spec s = {.platform = platform_by_name("aarch64"),
		.floor = "2_28",
		.cross_bin = "/b",
		.sysroot = "/s",
		.python = &py,
		.strip = TRUE,
		.prefix_maps = maps,
		.step = TRUE,
		.jobs = 3,
		.source_date_epoch = 1700000000};
	g_autoptr(GPtrArray) env = environment_make(&s);
	static const struct {
		const char *name, *value;
	} rows[] = {
		{"CFLAGS", "-O2 -DNDEBUG -fPIC -g0 -ffile-prefix-map=/a=. "
			   "-ffile-prefix-map=/b=c"},
		{"LDFLAGS", "-Wl,--as-needed -Wl,-z,relro -Wl,-s"},
		{"CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUSTFLAGS",
			"--remap-path-prefix=/a=. --remap-path-prefix=/b=c"},
		{"PYO3_CROSS_PYTHON_VERSION", "3.13t"},
		{"PYO3_CROSS", "1"},
		{"PYO3_CONFIG_FILE", NULL},
		{"SOURCE_DATE_EPOCH", "1700000000"},
		{"LC_ALL", "C.UTF-8"},
		{"TZ", "UTC"},
		{"MAKEFLAGS", "-j3"},
		{"GIT_ALLOW_PROTOCOL", "file"},
	};
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
		g_assert_cmpstr(environment_get(env, rows[i].name), ==, rows[i].value);

	/* The table alone: nothing that would need a toolchain. */
	g_autoptr(GPtrArray) bare = environment_make(&(environment_spec){
		.platform = platform_by_name("armv7"), .floor = "2_17"});
	static const char *const absent[] = {
		"CC", "LD", "SYSROOT", "PKG_CONFIG_LIBDIR", "HOST_CC", "TARGET_CC", NULL};
	for (guint i = 0; absent[i]; i++)
		g_assert_null(environment_get(bare, absent[i]));
	g_assert_cmpstr(environment_get(bare, "CGO_ENABLED"), ==, "0");
	g_assert_cmpstr(environment_get(bare, "GOARM"), ==, "7");

	environment_set(env, "CC", "/other");
	environment_set(env, "NEW", "x=y");
	g_assert_cmpstr(environment_get(env, "CC"), ==, "/other");
	g_auto(GStrv) strv = environment_strv(env);
	g_assert_cmpstr(strv[0], ==, "CC=/other");
	g_assert_cmpstr(strv[env->len - 1], ==, "NEW=x=y");
	g_assert_null(strv[env->len]);
}

static const char *const awkward[] = {"plain", "", "two words", "it's", "\"q\"", "$HOME",
	"a\\b", "`id`", "line1\nline2", " ends ", "#no comment", "a#b", "*", "~", "ü",
	"'\"$", "XORCH_END\nXORCH_END", "a=b"};

static GPtrArray *awkward_env(void)
{
	GPtrArray *env = environment_make(
		&(environment_spec){.platform = platform_by_name("armv7")});

	g_ptr_array_set_size(env, 0);
	for (guint i = 0; i < G_N_ELEMENTS(awkward); i++) {
		g_autofree char *name = g_strdup_printf("V%u", i);
		environment_set(env, name, awkward[i]);
	}
	return env;
}

static void text_sh(void)
{
	g_autoptr(GPtrArray) env = awkward_env();
	g_autofree char *text = environment_text(env, ENVIRONMENT_SH);

	for (guint i = 0; i < G_N_ELEMENTS(awkward); i++) {
		g_autofree char *script =
			g_strdup_printf("%s printf %%s \"$V%u\"", text, i);
		g_auto(process_result) r = {0};
		process_spec p = {.argv = (const char *const[]){"sh", "-c", script, NULL},
			.capture = TRUE};
		g_assert_true(process_run(&p, &r, NULL));
		g_assert_cmpstr(r.out, ==, awkward[i]);
	}
}

static void text_json(void)
{
	g_autoptr(GPtrArray) env = awkward_env();
	g_autofree char *text = environment_text(env, ENVIRONMENT_JSON);
	json_t *o = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

	g_assert_true(json_is_object(o));
	g_assert_cmpuint(json_object_size(o), ==, G_N_ELEMENTS(awkward));
	for (guint i = 0; i < G_N_ELEMENTS(awkward); i++) {
		g_autofree char *name = g_strdup_printf("V%u", i);
		g_assert_cmpstr(
			json_string_value(json_object_get(o, name)), ==, awkward[i]);
	}
	json_decref(o);
}

static void text_lines(void)
{
	static const struct {
		const char *value, *github, *dotenv, *docker;
	} rows[] = {
		{"plain", "A=plain\n", "A=plain\n", "ENV A=\"plain\"\n"},
		{"", "A=\n", "A=\n", "ENV A=\"\"\n"},
		{"two words", "A=two words\n", "A=two words\n", "ENV A=\"two words\"\n"},
		{"it's", "A=it's\n", "A=\"it's\"\n", "ENV A=\"it's\"\n"},
		{"$HOME", "A=$HOME\n", "A='$HOME'\n", "ENV A=\"\\$HOME\"\n"},
		{"a\"b\\", "A=a\"b\\\n", "A='a\"b\\'\n", "ENV A=\"a\\\"b\\\\\"\n"},
		{"#c", "A=#c\n", "A='#c'\n", "ENV A=\"#c\"\n"},
		{" x", "A= x\n", "A=' x'\n", "ENV A=\" x\"\n"},
		{"1\n2", "A<<XORCH_END\n1\n2\nXORCH_END\n", "A=\"1\\n2\"\n",
			"ENV A=\"1\\n2\"\n"},
		{"XORCH_END\n", "A<<XORCH_END_\nXORCH_END\n\nXORCH_END_\n",
			"A=\"XORCH_END\\n\"\n", "ENV A=\"XORCH_END\\n\"\n"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GPtrArray) env = awkward_env();
		g_ptr_array_set_size(env, 0);
		environment_set(env, "A", rows[i].value);
		g_autofree char *github = environment_text(env, ENVIRONMENT_GITHUB);
		g_autofree char *dotenv = environment_text(env, ENVIRONMENT_DOTENV);
		g_autofree char *docker = environment_text(env, ENVIRONMENT_DOCKER);
		g_assert_cmpstr(github, ==, rows[i].github);
		g_assert_cmpstr(dotenv, ==, rows[i].dotenv);
		g_assert_cmpstr(docker, ==, rows[i].docker);
	}
	environment_format f;
	g_autoptr(GError) err = NULL;
	g_assert_true(environment_format_parse("dotenv", &f, NULL));
	g_assert_cmpint(f, ==, ENVIRONMENT_DOTENV);
	g_assert_false(environment_format_parse("xml", &f, &err));
	g_assert_error(err, XORCH_ERROR, EXIT_INPUT);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/environment/values", values);
	g_test_add_func("/environment/every-platform", every_platform);
	g_test_add_func("/environment/parts", parts);
	g_test_add_func("/environment/text-sh", text_sh);
	g_test_add_func("/environment/text-json", text_json);
	g_test_add_func("/environment/text-lines", text_lines);
	return g_test_run();
}
