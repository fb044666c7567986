#include "base/cpus.h"
#include "base/error.h"
#include "base/fs.h"
#include "base/option.h"
#include "cli/verbs.h"
#include <glib/gstdio.h>
#include <string.h>

typedef struct results {
	gboolean locked, json;
	int verbose, jobs, progress;
	char *out;
	GPtrArray *targets;
	gint64 timeout;
} results;

static const char *const modes[] = {"auto", "plain", NULL};
static const option rows[] = {
	{"locked", 0, NULL, OPTION_FLAG, offsetof(results, locked), "XT_LOCKED", "lock"},
	{"json", 0, NULL, OPTION_FLAG, offsetof(results, json), NULL, "as JSON"},
	{"verbose", 'v', NULL, OPTION_COUNT, offsetof(results, verbose), "XT_VERBOSE",
		"more"},
	{"jobs", 'j', "N", OPTION_INT, offsetof(results, jobs), "XT_JOBS", "jobs", NULL,
		1, 64},
	{"progress", 0, "M", OPTION_CHOICE, offsetof(results, progress), NULL, "m",
		modes},
	{"out", 'o', "DIR", OPTION_STRING, offsetof(results, out), "XT_OUT", "folder"},
	{"target", 0, "T", OPTION_LIST, offsetof(results, targets), "XT_TARGET",
		"target"},
	{"timeout", 0, "D", OPTION_SECONDS, offsetof(results, timeout), NULL, "time"},
	{0}};

/* Parses a line split at blanks; the arguments that are no options, joined, or
 * the error's message. */
static char *parse(const char *line, results *r, option_source *sources)
{
	g_auto(GStrv) argv = g_strsplit(line, " ", -1);
	option_parser p = {rows, r, sources, argv, (int)g_strv_length(argv), 0, FALSE};
	g_autoptr(GString) out = g_string_new(NULL);
	g_autoptr(GError) err = NULL;
	const char *arg;

	while ((arg = option_next(&p, &err)))
		g_string_append_printf(out, "%s|", arg);
	if (err) {
		g_assert_cmpint(err->code, ==, EXIT_INPUT);
		return g_strdup(err->message);
	}
	return g_strdup(out->str);
}

static void reads(void)
{
	results r = {0};
	option_source sources[8] = {0};
	g_autofree char *rest =
		parse("a -vvj4 --out=x --target b,c - --target d --locked "
		      "--timeout 2m --progress plain -- -v --x",
			&r, sources);

	g_assert_cmpstr(rest, ==, "a|-|-v|--x|");
	g_assert_cmpint(r.verbose, ==, 2);
	g_assert_cmpint(r.jobs, ==, 4);
	g_assert_cmpstr(r.out, ==, "x");
	g_assert_cmpuint(r.targets->len, ==, 3);
	g_assert_true(r.locked);
	g_assert_false(r.json);
	g_assert_cmpint(r.timeout, ==, 120);
	g_assert_cmpint(r.progress, ==, 1);
	option_clear(rows, &r);
	g_assert_null(r.out);
}

static const char *const bads[][2] = {{"--lock", "did you mean `--locked`?"},
	{"--tagret x", "did you mean `--target`?"}, {"--locked=yes", "takes no value"},
	{"--locked=", "takes no value"}, {"-j", "-j needs a value: -j N"},
	{"--out --json", "write --out=--json"}, {"-j0", "from 1 to 64"},
	{"-jx", "from 1 to 64"}, {"--jobs=65", "from 1 to 64"},
	{"-x", "unknown option `-x`"}, {"-vx", "unknown option"},
	{"--progress plian", "did you mean `plain`?"}, {"--target a,,b", "wants a value"},
	{"--out=", "wants a value"}, {"--timeout 5w", "a duration"},
	{"--zzz", "unknown option `--zzz`"},
	{"--\x1b[31m", "unknown option `--\\x1b[31m`"}};

static void refuses(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(bads); i++) {
		results r = {0};
		option_source sources[8] = {0};
		g_autofree char *message = parse(bads[i][0], &r, sources);
		g_test_message("%s: %s", bads[i][0], message);
		g_assert_nonnull(strstr(message, bads[i][1]));
		option_clear(rows, &r);
	}
}

static void environment(void)
{
	results r = {0};
	option_source sources[8] = {0};
	option_parser p = {rows, &r, sources, NULL, 0, 0, FALSE};
	g_autoptr(GError) err = NULL;

	g_setenv("XT_LOCKED", "yes", TRUE);
	g_setenv("XT_JOBS", "3", TRUE);
	g_setenv("XT_OUT", "", TRUE);
	g_setenv("XT_TARGET", "a,b", TRUE);
	sources[3] = OPTION_FROM_ARGUMENT; /* --jobs was given: it wins */
	r.jobs = 9;
	g_assert_true(option_environment(&p, "locked jobs out", &err));
	g_assert_no_error(err);
	g_assert_true(r.locked);
	g_assert_cmpint(r.jobs, ==, 9);
	g_assert_null(r.out);
	g_assert_null(r.targets); /* not an option of this command */
	g_setenv("XT_LOCKED", "maybe", TRUE);
	sources[0] = OPTION_UNSET;
	g_assert_false(option_environment(&p, "locked", &err));
	g_assert_nonnull(strstr(err->message, "XT_LOCKED wants 1 or 0, not `maybe`"));
}

static void applicable(void)
{
	results r = {0};
	option_source sources[8] = {0};
	option_parser p = {rows, &r, sources, NULL, 0, 0, FALSE};
	g_autoptr(GError) err = NULL;

	sources[5] = OPTION_FROM_ARGUMENT;
	g_assert_true(option_applicable(&p, "locked out", "xorch build", &err));
	g_assert_false(option_applicable(&p, "locked output", "xorch audit", &err));
	g_assert_nonnull(strstr(err->message, "--out has no meaning for `xorch audit`"));
	sources[5] = OPTION_FROM_ENV;
	g_assert_true(option_applicable(&p, "locked", "xorch audit", NULL));
}

/* Names in the verb table are rows, verbs are sorted, no letter twice. */
static void verb_table(void)
{
	gboolean letters[128] = {0};

	for (const verb *v = verbs; v->name; v++) {
		g_auto(GStrv) names = g_strsplit(v->options, " ", -1);
		for (char **n = names; *n; n++) {
			gboolean found = !**n;
			for (const option *o = option_rows; o->name; o++)
				found = found || g_str_equal(o->name, *n);
			if (!found)
				g_error("verb %s: no option %s", v->name, *n);
		}
		if (v[1].name)
			g_assert_cmpstr(v->name, <, v[1].name);
	}
	for (const option *o = option_rows; o->name; o++) {
		if (!o->env && !strstr(" directory help version ", o->name))
			g_error("--%s has no variable of the environment", o->name);
		if (!o->letter)
			continue;
		g_assert_false(letters[(int)o->letter]);
		letters[(int)o->letter] = TRUE;
	}
}

static void put(const char *root, const char *path, const char *text)
{
	g_autofree char *whole = g_build_filename(root, path, NULL);
	g_autofree char *dir = g_path_get_dirname(whole);

	g_assert_cmpint(g_mkdir_with_parents(dir, 0700), ==, 0);
	g_assert_true(g_file_set_contents(whole, text, -1, NULL));
}

static void quota(void)
{
	g_autofree char *root = g_dir_make_tmp("xorch-cpus-XXXXXX", NULL);

	g_assert_cmpint(cpus_quota(root), ==, 0);
	put(root, "proc/self/cgroup", "0::/a/b\n");
	put(root, "sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
	g_assert_cmpint(cpus_quota(root), ==, 0);
	put(root, "sys/fs/cgroup/a/cpu.max", "150000 100000\n");
	g_assert_cmpint(cpus_quota(root), ==, 2);
	put(root, "sys/fs/cgroup/a/b/cpu.max", "50000 100000\n");
	g_assert_cmpint(cpus_quota(root), ==, 1);
	put(root, "proc/self/cgroup", "4:cpu,cpuacct:/x\n1:name=systemd:/\n");
	put(root, "sys/fs/cgroup/cpu/x/cpu.cfs_quota_us", "-1\n");
	put(root, "sys/fs/cgroup/cpu/x/cpu.cfs_period_us", "100000\n");
	g_assert_cmpint(cpus_quota(root), ==, 0);
	put(root, "sys/fs/cgroup/cpu/x/cpu.cfs_quota_us", "300000\n");
	g_assert_cmpint(cpus_quota(root), ==, 3);
	g_assert_cmpint(cpus_usable(), >=, 1);
	g_assert_true(fs_remove_tree(root, NULL));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/option/reads", reads);
	g_test_add_func("/option/refuses", refuses);
	g_test_add_func("/option/environment", environment);
	g_test_add_func("/option/applicable", applicable);
	g_test_add_func("/option/verb-table", verb_table);
	g_test_add_func("/option/cpus-quota", quota);
	return g_test_run();
}
