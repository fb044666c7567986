#include "plan/platform.h"
#include "plan/platform_choice.h"
#include "base/error.h"
#include <string.h>

/* Where xorch means something else than containerd's parser, each with its
 * reason; NULL: refused. */
static const struct {
	const char *input, *docker;
} deviations[] = {
	{"linux/i686", "linux/386"}, /* containerd keeps a word nobody knows */
	{"linux/armv7l", "linux/arm/v7"},
	{"linux/armv7", "linux/arm/v7"},
	{"linux/armv6l", "linux/arm/v6"},
	{"linux/arm32v7", "linux/arm/v7"},
	{"linux/ppc64el", "linux/ppc64le"},
	{"linux/loongarch64", "linux/loong64"},
	{"armv7l", "linux/arm/v7"},	  /* refused there: not in its list */
	{"linux/arm/v8", "linux/arm/v7"}, /* built as armv7, with a note */
	{"linux/arm/8", "linux/arm/v7"},
	{"linux/arm/v9", NULL}, /* never checked there */
	{"linux/arm64/v10", NULL},
	{"linux/foo", NULL},
	{"foo/arm64", NULL},
	{"linux", NULL},       /* there: this machine's architecture */
	{"macos/arm64", NULL}, /* not Linux */
	{"windows(10.0.17763)/amd64", NULL},
};

static const char *deviation(const char *input, gboolean *is_one)
{
	for (guint i = 0; i < G_N_ELEMENTS(deviations); i++)
		if (strcmp(deviations[i].input, input) == 0) {
			*is_one = TRUE;
			return deviations[i].docker;
		}
	*is_one = FALSE;
	return NULL;
}

static void golden(void)
{
	g_autofree char *text = NULL;
	guint rows = 0, deviating = 0;

	g_assert_true(
		g_file_get_contents(FIXTURES "/platforms_golden.txt", &text, NULL, NULL));
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	for (guint i = 0; lines[i]; i++) {
		if (!*lines[i])
			continue;
		char *end = strchr(lines[i] + 1, '"');
		g_assert_true(lines[i][0] == '"' && end);
		g_autofree char *input = g_strndup(lines[i] + 1, end - lines[i] - 1);
		const char *n = strstr(end, "fmtN=");
		g_assert_true((n != NULL) != (strstr(end, " ERR ") != NULL));
		gboolean deviates;
		const char *want = deviation(input, &deviates);
		if (!deviates)
			want = n ? n + 5 : NULL;
		else
			/* A listed deviation that is none any more must leave the list.
			 */
			g_assert_cmpstr(want, !=, n ? n + 5 : NULL);
		g_autoptr(GError) err = NULL;
		g_autofree char *note = NULL;
		const platform *p = platform_parse(input, &note, &err);
		g_assert_cmpstr(p ? p->docker : NULL, ==, want);
		if (!p)
			g_assert_error(err, XORCH_ERROR, EXIT_INPUT);
		rows++;
		deviating += deviates;
	}
	g_assert_cmpuint(rows, ==, 64);
	g_assert_cmpuint(deviating, ==, G_N_ELEMENTS(deviations));
}

static void spellings(void)
{
	static const struct {
		const char *text, *name;
	} rows[] = {
		{"aarch64", "aarch64"},
		{"arm64", "aarch64"},
		{"ARM64", "aarch64"},
		{"arm64v8", "aarch64"},
		{"arm64/v8", "aarch64"},
		{"arm64/v8.0", "aarch64"},
		{"linux/arm64/v9", "aarch64-v9"},
		{"arm64/8.2", "aarch64-v8.2"},
		{"aarch64-linux-gnu", "aarch64"},
		{"aarch64-unknown-linux-gnu", "aarch64"},
		{"aarch64-redhat-linux", "aarch64"},
		{"linux-aarch64", "aarch64"},
		{"armv7", "armv7"},
		{"armv7l", "armv7"},
		{"arm/v7", "armv7"},
		{"arm/7", "armv7"},
		{"armhf", "armv7"},
		{"arm32v7", "armv7"},
		{"arm32v7/v7", "armv7"},
		{"arm-linux-gnueabihf", "armv7"},
		{"armv7-unknown-linux-gnueabihf", "armv7"},
		{"linux-armv7l", "armv7"},
		{"arm/v8", "armv7"},
		{"armv8l", "armv7"},
		/* Rust's name for ARMv6 with hard float, one word off Debian's ARMv7. */
		{"arm-unknown-linux-gnueabihf", "armv6"},
		{"arm/v6", "armv6"},
		{"armel", "armv6"},
		{"arm-linux-gnueabi", "armv5"},
		{"arm/v5", "armv5"},
		{"x86_64", "x86_64"},
		{"amd64", "x86_64"},
		{"x86-64", "x86_64"},
		{"linux/amd64/v1", "x86_64"},
		{"amd64/v3", "x86_64-v3"},
		{"x86_64-pc-linux-gnu", "x86_64"},
		{"x86_64-v3", "x86_64-v3"},
		{"i686-linux-gnu", "i686"},
		{"ppc64el", "ppc64le"},
		{"riscv64/rva20u64", "riscv64"},
		{"ppc64le/power10", "ppc64le-power10"},
		{"amd64/v5", NULL},
		{"arm/v4", NULL},
		{"arm32v7/v6", NULL},
		{"arm64/v7", NULL},
		{"aarch64-unknown-linux-musl", NULL},
		{"aarch64-linux-android", NULL},
		{"armv7-unknown-linux-gnueabi", NULL},
		{"aarch64-apple-darwin", NULL},
		{"thumbv7neon-unknown-linux-gnueabihf", NULL},
		{"darwin", NULL},
		{"", NULL},
		{" aarch64", NULL},
		{"arm64/", NULL},
		{"a/b/c/d", NULL},
		{"all", NULL},
		{"arm/vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv", NULL},
		{"\033[31m", NULL},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) err = NULL;
		g_autofree char *note = NULL;
		const platform *p = platform_parse(rows[i].text, &note, &err);
		g_assert_cmpstr(p ? p->name : NULL, ==, rows[i].name);
		if (p)
			continue;
		g_assert_error(err, XORCH_ERROR, EXIT_INPUT);
		g_assert_null(strchr(err->message, '\033'));
		g_assert_null(note);
	}
	g_autofree char *armv8 = NULL, *armhf = NULL, *plain = NULL;
	platform_parse("linux/arm/v8", &armv8, NULL);
	platform_parse("armhf", &armhf, NULL);
	platform_parse("linux/arm/v7", &plain, NULL);
	g_assert_nonnull(strstr(armv8, "built as armv7"));
	g_assert_nonnull(strstr(armhf, "linux/arm/v6"));
	g_assert_null(plain);
}

/* X01: Docker's arguments, alone and against each other. */
static void x01_docker_arguments(void)
{
	static const struct {
		const char *whole, *os, *arch, *variant, *name, *says;
	} rows[] = {
		{NULL, NULL, "arm64", NULL, "aarch64", NULL},
		{NULL, "linux", "arm64", "", "aarch64", NULL},
		{NULL, NULL, "arm64", "v8", "aarch64", NULL},
		{NULL, NULL, "ARM64", NULL, "aarch64", NULL},
		{NULL, NULL, "arm", "v7", "armv7", NULL},
		{NULL, NULL, "arm", "7", "armv7", NULL},
		{NULL, NULL, "arm", "v8", "armv7", NULL},
		{NULL, NULL, "arm", "v6", "armv6", NULL},
		{NULL, NULL, "armhf", "", "armv7", NULL},
		{NULL, NULL, "amd64", "", "x86_64", NULL},
		{"linux/arm", NULL, NULL, NULL, "armv7", NULL},
		{"linux/arm/v7", "linux", "arm", "v7", "armv7", NULL},
		{"linux/arm/v7", "", "arm", "", "armv7", NULL},
		{"linux/arm64", "linux", "arm64", "", "aarch64", NULL},
		{"linux/arm64/v8", NULL, "arm64", NULL, "aarch64", NULL},
		{"linux/arm64", NULL, "aarch64", "v8", "aarch64", NULL},
		{NULL, NULL, "arm", NULL, NULL, "TARGETARCH=arm needs a variant"},
		{NULL, NULL, "arm", "v9", NULL, "no variant `v9`"},
		{NULL, NULL, NULL, "v7", NULL, "TARGETVARIANT=v7 is set but TARGETARCH"},
		{NULL, "windows", "amd64", NULL, NULL, "is not Linux"},
		{NULL, "windows", NULL, NULL, NULL, "is not Linux"},
		{NULL, NULL, "arm/v7", NULL, NULL, "no such architecture"},
		{NULL, NULL, "sparc", NULL, NULL, "no such architecture"},
		{"linux/arm64", NULL, "amd64", NULL, NULL,
			"TARGETPLATFORM=linux/arm64 and TARGETARCH=amd64 contradict"},
		{"linux/arm/v7", NULL, "arm", "v6", NULL,
			"TARGETPLATFORM=linux/arm/v7 and TARGETVARIANT=v6 contradict"},
		{"linux/arm64", NULL, NULL, "v9", NULL, "TARGETVARIANT=v9 contradict"},
		{"linux/arm64", "darwin", NULL, NULL, NULL, "TARGETOS=darwin contradict"},
		{"linux/arm/v7", NULL, "armel", NULL, NULL,
			"TARGETARCH=armel contradict"},
		{"darwin/arm64", NULL, NULL, NULL, NULL, "is not Linux"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) err = NULL;
		g_autofree char *note = NULL;
		gboolean found = FALSE;
		const platform *p = platform_from_docker(rows[i].whole, rows[i].os,
			rows[i].arch, rows[i].variant, &found, &note, &err);
		g_assert_true(found);
		g_assert_cmpstr(p ? p->name : NULL, ==, rows[i].name);
		if (p)
			continue;
		g_assert_error(err, XORCH_ERROR, EXIT_INPUT);
		if (!strstr(err->message, rows[i].says))
			g_error("row %u: %s", i, err->message);
	}
	gboolean found = TRUE;
	g_assert_null(platform_from_docker("", "linux", "", NULL, &found, NULL, NULL));
	g_assert_false(found);
}

/* X01: known to env and Go, but no wheels. */
static void x01_not_for_wheels(void)
{
	static const struct {
		const char *text;
		gboolean wheels;
	} rows[] = {
		{"armv7", TRUE},
		{"aarch64", TRUE},
		{"x86_64", TRUE},
		{"arm/v6", FALSE},
		{"arm/v5", FALSE},
		{"arm64/v9", FALSE},
		{"amd64/v3", FALSE},
		{"riscv64", FALSE},
		{"386", FALSE},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) err = NULL;
		const platform *p = platform_parse(rows[i].text, NULL, NULL);
		g_assert_nonnull(p);
		g_assert_cmpint(platform_check_wheels(p, &err), ==, rows[i].wheels);
		if (!rows[i].wheels) {
			g_assert_error(err, XORCH_ERROR, EXIT_INPUT);
			g_assert_nonnull(
				strstr(err->message, "not supported for wheels"));
		}
		g_assert_true(platform_check_go(p, NULL));
	}
}

static char *chosen(const char *const *flags, const docker_args *d,
	const char *const *fallback, char **note, GError **err)
{
	g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) list = platforms_choose(flags, d, fallback, notes, err);
	GString *out = g_string_new(NULL);

	for (guint i = 0; list && i < list->len; i++)
		g_string_append_printf(out, "%s%s", i ? " " : "",
			((const platform *)g_ptr_array_index(list, i))->name);
	g_ptr_array_add(notes, NULL);
	*note = g_strjoinv("|", (char **)notes->pdata);
	return g_string_free(out, FALSE);
}

/* X02: the flag wins over Docker's arguments, with one note. */
static void x02_flag_wins(void)
{
	const char *const one[] = {"aarch64", NULL},
			  *const two[] = {"armv7", "arm64", "armv7l", NULL},
			  *const all[] = {"all", NULL}, *const bad[] = {"m68k", NULL};
	docker_args none = {0}, arm = {.target_arch = "arm", .target_variant = "v7"},
		    broken = {.target_arch = "arm"};
	const struct {
		const char *const *flags;
		const docker_args *docker;
		const char *const *fallback;
		const char *want, *note;
	} rows[] = {
		{one, &none, NULL, "aarch64", ""},
		{one, &arm, NULL, "aarch64",
			"--target decides; TARGETARCH=arm TARGETVARIANT=v7 in the "
			"environment "
			"is not used"},
		{one, &broken, NULL, "aarch64",
			"--target decides; TARGETARCH=arm in the environment is not "
			"used"},
		{two, &arm, NULL, "armv7 aarch64", ""},
		{all, &none, NULL, "aarch64 armv7 x86_64", ""},
		{NULL, &arm, one, "armv7", ""},
		{NULL, &none, one, "aarch64", ""},
		{NULL, &none, NULL, "", ""},
		{NULL, &broken, one, "", ""},
		{bad, &arm, NULL, "", ""},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) err = NULL;
		g_autofree char *note = NULL;
		g_autofree char *got = chosen(
			rows[i].flags, rows[i].docker, rows[i].fallback, &note, &err);
		g_assert_cmpstr(got, ==, rows[i].want);
		g_assert_cmpstr(note, ==, rows[i].note);
		if (!*rows[i].want)
			g_assert_error(err, XORCH_ERROR, EXIT_INPUT);
		else
			g_assert_no_error(err);
	}
}

/* What every row must have, and that it finds itself by each of its names. */
static void table(void)
{
	GHashTable *names = g_hash_table_new(g_str_hash, g_str_equal);

	for (const platform *p = platforms; p->name; p++) {
		g_assert_true(g_hash_table_add(names, (gpointer)p->name));
		g_assert_true(g_hash_table_add(names, (gpointer)p->docker));
		g_autofree char *docker = g_strconcat("linux/", p->docker_arch,
			*p->docker_variant ? "/" : "", p->docker_variant, NULL);
		g_assert_cmpstr(docker, ==, p->docker);
		g_assert_true(platform_parse(p->docker, NULL, NULL) == p);
		g_assert_true(platform_parse(p->name, NULL, NULL) == p);
		const char *const need[] = {p->triple, p->clang_target, p->machine,
			p->python_platform, p->multiarch, p->rust_triple, p->goarch,
			p->cmake_processor, p->meson_cpu_family, p->meson_cpu, p->loader,
			p->clang_flags[0], p->gcc_flags[0], p->rpm_arch};
		for (guint i = 0; i < G_N_ELEMENTS(need); i++)
			g_assert_true(need[i] && *need[i]);
		g_assert_true(p->elf_class == 1 || p->elf_class == 2);
		g_assert_true((p->elf_machine == 40) == (p->float_abi != FLOAT_NONE));
		if (p->builds_wheels)
			g_assert_nonnull(p->wheel_arch);
		if (p->wheel_arch) {
			g_autofree char *py = g_strconcat("linux-", p->wheel_arch, NULL);
			g_assert_cmpstr(py, ==, p->python_platform);
			g_assert_true(platform_by_wheel_arch(p->wheel_arch) == p);
		}
		if (strcmp(p->docker_variant, "") == 0 || p->builds_wheels) {
			g_assert_true(platform_parse(p->triple, NULL, NULL) == p);
			g_assert_true(platform_parse(p->rust_triple, NULL, NULL) == p);
		}
		/* Go takes what it does not know for something else, in silence. */
		g_assert_true((strcmp(p->goarch, "arm") == 0) == (p->goarm != NULL));
		g_assert_true((strcmp(p->goarch, "arm64") == 0) == (p->goarm64 != NULL));
		g_assert_true((strcmp(p->goarch, "amd64") == 0) == (p->goamd64 != NULL));
	}
	g_hash_table_unref(names);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/platform/golden", golden);
	g_test_add_func("/platform/spellings", spellings);
	g_test_add_func("/platform/X01-docker-arguments", x01_docker_arguments);
	g_test_add_func("/platform/X01-not-for-wheels", x01_not_for_wheels);
	g_test_add_func("/platform/X02-flag-wins", x02_flag_wins);
	g_test_add_func("/platform/table", table);
	return g_test_run();
}
