#include "build/verify_private.h"
#include "base/error.h"
#include <stdio.h>
#include <string.h>

#define MARK "\x1exorch "
#define LINES_SHOWN 12

verify_check *verify_add(verify_run *r, const char *kind, const char *subject,
	verify_state state, char *detail)
{
	verify_check *c = g_new0(verify_check, 1);

	c->kind = g_strdup(kind);
	c->subject = g_strdup(subject);
	c->state = state;
	c->detail = detail;
	g_ptr_array_add(r->checks, c);
	return c;
}

/* The last lines of both streams, without our own marks. New string or NULL. */
static char *last_lines(const process_result *p)
{
	g_autofree char *all =
		g_strconcat(p->out ? p->out : "", p->err ? p->err : "", NULL);
	g_auto(GStrv) lines = g_strsplit(g_strchomp(all), "\n", -1);
	GString *text = g_string_new(NULL);
	guint n = g_strv_length(lines), kept = 0, from = 0;

	for (guint i = n; i-- > 0 && kept < LINES_SHOWN;)
		if (!g_str_has_prefix(lines[i], MARK) && lines[i][0]) {
			kept++;
			from = i;
		}
	for (guint i = from; kept && i < n; i++) {
		g_autofree char *safe = text_escape(lines[i], -1);
		if (!g_str_has_prefix(lines[i], MARK) && lines[i][0])
			g_string_append_printf(text, "%s%s", text->len ? "\n" : "", safe);
	}
	return g_string_free(text, text->len == 0);
}

/* How it ended, when that is more than a status. */
static char *ending(const process_result *p, double limit)
{
	process_spec s = {.timeout_s = limit};

	return process_describe(&s, p);
}

static const char *find_mark(const char *out, const char *word, const char *name)
{
	g_autofree char *mark = g_strdup_printf(MARK "%s %s", word, name);
	gsize n = strlen(mark);

	for (const char *at = out; (at = strstr(at, mark)); at += n)
		if (at[n] == '\n' || at[n] == ' ' || !at[n])
			return at + n;
	return NULL;
}

gboolean verify_imports(
	const verify_place *p, const GPtrArray *modules, verify_run *r, GError **err)
{
	g_autofree char *python = g_strconcat("/usr/bin/python", r->python, NULL);
	g_autoptr(GPtrArray) argv = g_ptr_array_new();
	g_auto(sandbox_result) result = {0};

	g_ptr_array_add(argv, python);
	g_ptr_array_add(argv, (gpointer)RUN_TOOL "/xorch_verify.py");
	for (guint i = 0; i < modules->len; i++)
		g_ptr_array_add(argv, g_ptr_array_index(modules, i));
	g_ptr_array_add(argv, NULL);
	run_command c = {.argv = (const char *const *)argv->pdata,
		.site = p->site,
		.tool = p->tool,
		.python_path = RUN_SITE,
		.timeout_s = p->timeout_s};
	if (!run_root_run(&p->root, &c, &result, err))
		return FALSE;
	const process_result *end = &result.process;
	const char *out = end->out ? end->out : "";
	for (guint i = 0; i < modules->len; i++) {
		const char *name = g_ptr_array_index(modules, i), *why;
		verify_check *check;
		if (find_mark(out, "passed", name)) {
			check = verify_add(r, "import", name, VERIFY_PASSED, NULL);
		} else if ((why = find_mark(out, "failed", name))) {
			g_autofree char *line = g_strndup(why, strcspn(why, "\n"));
			check = verify_add(r, "import", name, VERIFY_FAILED,
				text_escape(g_strstrip(line), -1));
			check->output = last_lines(end);
		} else if (find_mark(out, "begin", name)) {
			check = verify_add(r, "import", name, VERIFY_FAILED,
				ending(end, p->timeout_s));
			check->output = last_lines(end);
		} else if (i == 0) {
			check = verify_add(r, "import", name, VERIFY_FAILED,
				g_strdup("the target's Python did not start"));
			check->output = last_lines(end);
		} else {
			check = verify_add(r, "import", name, VERIFY_NOT_RUN,
				g_strdup("an import before it ended the interpreter"));
		}
		check->seconds = i ? 0 : end->seconds;
	}
	return TRUE;
}

/* The file a command's first word stands for, inside; NULL: there is none.
 * *interpreted: it is run by the Python. */
static char *find_word(const verify_place *p, const verify_run *r, const char *word,
	gboolean *interpreted)
{
	char head[8] = "";

	*interpreted = FALSE;
	if (r->python && (g_str_equal(word, "python") || g_str_equal(word, "python3")))
		return g_strconcat("/usr/bin/python", r->python, NULL);
	if (!*word || strchr(word, '/') || word[0] == '.')
		return NULL;
	g_autofree char *host = g_build_filename(p->site, "bin", word, NULL);
	FILE *f = fopen(host, "re");
	if (!f)
		return NULL;
	size_t n = fread(head, 1, sizeof head, f);
	fclose(f);
	*interpreted = n >= 2 && head[0] == '#' && head[1] == '!';
	return g_strconcat(RUN_SITE "/bin/", word, NULL);
}

gboolean verify_command(
	const verify_place *p, const char *command, verify_run *r, GError **err)
{
	g_auto(GStrv) words = NULL;
	g_autoptr(GError) problem = NULL;
	g_autofree char *python = g_strconcat("/usr/bin/python", r->python, NULL);
	g_autoptr(GPtrArray) argv = g_ptr_array_new();
	g_auto(sandbox_result) result = {0};
	gboolean interpreted;

	if (!g_shell_parse_argv(command, NULL, &words, &problem)) {
		verify_add(r, "command", command, VERIFY_FAILED,
			g_strdup("its quotes do not match; words are split as a shell "
				 "does, but no shell is run"));
		return TRUE;
	}
	g_autofree char *file = find_word(p, r, words[0], &interpreted);
	if (!file) {
		g_autofree char *shown = text_escape(words[0], -1);
		verify_add(r, "command", command, VERIFY_FAILED,
			g_strdup_printf("there is no program %s; %s", shown,
				p->program ? "only the program itself can be called"
					   : "python and the wheel's own scripts can "
					     "be called"));
		return TRUE;
	}
	if (interpreted && !r->python) {
		verify_add(r, "command", command, VERIFY_FAILED,
			g_strdup("it is a script, not a program of the target"));
		return TRUE;
	}
	if (interpreted)
		g_ptr_array_add(argv, python);
	g_ptr_array_add(argv, file);
	for (char **w = words + 1; *w; w++)
		g_ptr_array_add(argv, *w);
	g_ptr_array_add(argv, NULL);
	run_command c = {.argv = (const char *const *)argv->pdata,
		.site = p->site,
		.tool = p->tool,
		.python_path = r->python ? RUN_SITE : NULL,
		.timeout_s = p->timeout_s};
	if (!run_root_run(&p->root, &c, &result, err))
		return FALSE;
	const process_result *end = &result.process;
	gboolean ok = end->exit_code == 0 && !end->timed_out;
	verify_check *check =
		verify_add(r, "command", command, ok ? VERIFY_PASSED : VERIFY_FAILED,
			ok ? NULL : ending(end, p->timeout_s));
	check->seconds = end->seconds;
	if (!ok)
		check->output = last_lines(end);
	return TRUE;
}

static gboolean any_matches(const wheel *w, const char *pattern)
{
	for (guint i = 0; i < w->zip->n_entries; i++)
		if (path_matches(pattern, w->zip->entries[i].name))
			return TRUE;
	return FALSE;
}

void verify_contents(const wheel *w, const recipe_test *t, verify_run *r)
{
	for (guint i = 0; t->has && i < t->has->len; i++) {
		const char *pattern = g_ptr_array_index(t->has, i);
		gboolean ok = any_matches(w, pattern);
		verify_add(r, "contents", pattern, ok ? VERIFY_PASSED : VERIFY_FAILED,
			ok ? NULL : g_strdup("no file of the wheel matches"));
	}
	for (guint i = 0; t->has_not && i < t->has_not->len; i++) {
		const char *pattern = g_ptr_array_index(t->has_not, i);
		gboolean ok = !any_matches(w, pattern);
		g_autofree char *shown = g_strconcat("not ", pattern, NULL);
		verify_add(r, "contents", shown, ok ? VERIFY_PASSED : VERIFY_FAILED,
			ok ? NULL : g_strdup("a file of the wheel matches"));
	}
}
