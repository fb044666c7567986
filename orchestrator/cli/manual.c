#include "cli/manual.h"
#include "base/words.h"
#include "format/roff.h"
#include "plan/project_fields.h"
#include "plan/recipe_fields.h"
#include <string.h>

#define MANUAL "xorch manual"

static GString *page_new(const char *name, const char *section, const char *summary)
{
	GString *out = g_string_new(".\\\" Made from xorch's own tables.\n");
	g_autofree char *title = g_ascii_strup(name, -1);

	g_string_append(out, ".TH \"");
	roff_text(out, title);
	/* a date with its dashes escaped is none */
	g_string_append_printf(out, "\" %s %s \"xorch %s\" \"%s\"\n", section, XORCH_DATE,
		XORCH_VERSION, MANUAL);
	roff_macro(out, "SH", "NAME", NULL);
	roff_text(out, name);
	g_string_append(out, " \\-\n");
	roff_paragraphs(out, summary, FALSE);
	return out;
}

static void tag(GString *out, const char *name)
{
	g_string_append(out, ".TP\n\\fB");
	roff_text(out, name);
	g_string_append(out, "\\fR\n");
}

static void facts(GString *out, const char *heading, const manual_fact *rows)
{
	roff_macro(out, "SH", heading, NULL);
	for (; rows->name; rows++) {
		tag(out, rows->name);
		roff_paragraphs(out, rows->text, TRUE);
	}
}

static void option_tag(GString *out, const option *o)
{
	g_string_append(out, ".TP\n");
	if (o->letter)
		g_string_append_printf(out, "\\fB\\-%c\\fR, ", o->letter);
	g_string_append(out, "\\fB\\-\\-");
	roff_text(out, o->name);
	g_string_append(out, "\\fR");
	if (o->argument) {
		g_string_append(out, " \\fI");
		roff_text(out, o->argument);
		g_string_append(out, "\\fR");
	}
	g_string_append_c(out, '\n');
}

static void option_rows_of(GString *out, const char *heading, const char *names)
{
	gboolean any = FALSE;

	for (const option *o = option_rows; o->name; o++) {
		if (!words_have(names, o->name))
			continue;
		if (!any)
			roff_macro(out, "SH", heading, NULL);
		any = TRUE;
		option_tag(out, o);
		roff_paragraphs(out, o->help, TRUE);
		if (o->env)
			g_string_append_printf(
				out, ".br\nEnvironment: \\fB%s\\fR\n", o->env);
	}
}

static void see_also(GString *out, const char *own)
{
	static const char *const pages[] = {
		"xorch(1)", "xorch-recipe(5)", "xorch-project(5)", NULL};
	gboolean first = TRUE;

	roff_macro(out, "SH", "SEE ALSO", NULL);
	for (const char *const *p = pages; *p; p++) {
		const char *section = strchr(*p, '(');
		g_autofree char *name = g_strndup(*p, (gsize)(section - *p));
		if (g_str_equal(name, own))
			continue;
		g_string_append_printf(out, "%s\\fB", first ? "" : ",\n");
		roff_text(out, name);
		g_string_append_printf(out, "\\fR%s", section);
		first = FALSE;
	}
	g_string_append_c(out, '\n');
}

static void exits(GString *out)
{
	facts(out, "EXIT STATUS", manual_exits);
}

static char *page_of_verb(const verb *v)
{
	g_autofree char *name = g_strdup_printf("xorch-%s", v->name);
	GString *out = page_new(name, "1", v->summary);

	roff_macro(out, "SH", "SYNOPSIS", NULL);
	g_string_append_printf(
		out, "\\fBxorch %s\\fR [\\fIoption\\fR\\[u2026]]", v->name);
	if (*v->arguments) {
		g_string_append_c(out, ' ');
		roff_text(out, v->arguments);
	}
	g_string_append_c(out, '\n');
	if (v->details) {
		roff_macro(out, "SH", "DESCRIPTION", NULL);
		roff_paragraphs(out, v->details, FALSE);
	}
	option_rows_of(out, "OPTIONS", v->options);
	option_rows_of(out, "OPTIONS OF EVERY VERB", OPTIONS_GLOBAL);
	exits(out);
	roff_macro(out, "SH", "ENVIRONMENT", NULL);
	g_string_append(
		out, "Beside the variables named above, those of \\fBxorch\\fR(1).\n");
	facts(out, "FILES", manual_files);
	see_also(out, name);
	return g_string_free(out, FALSE);
}

static char *page_of_program(void)
{
	GString *out = page_new("xorch", "1",
		"cross-builds Python wheels and Go binaries for arm without emulation");

	roff_macro(out, "SH", "SYNOPSIS", NULL);
	g_string_append(out, "\\fBxorch\\fR \\fIverb\\fR [\\fIoption\\fR\\[u2026]] "
			     "[\\fIargument\\fR\\[u2026]]\n");
	roff_macro(out, "SH", "DESCRIPTION", NULL);
	roff_paragraphs(out,
		"Reads recipes, fetches a sysroot and a cross toolchain, gives the "
		"build the right compilers, Python headers and identity, and checks the "
		"machine code that comes out, on an x86_64 machine, for aarch64, armv7 "
		"and x86_64.\n\n"
		"Results go to standard output, everything for people to standard error. "
		"Options and arguments may be mixed; `--` ends the options; options are "
		"never abbreviated. Each but -C, -h and -V has a variable of the "
		"environment, named with it, that counts when it is not given; an empty "
		"one counts as unset. The order is: flags, XORCH_ variables, Docker's "
		"variables, the recipe, xorch.yaml, the user's configuration, the "
		"machine's.",
		FALSE);
	roff_macro(out, "SH", "VERBS", NULL);
	for (const verb *v = verbs; v->name; v++) {
		if (v->flags & VERB_HIDDEN)
			continue;
		g_autofree char *page = g_strdup_printf("xorch-%s", v->name);
		tag(out, page);
		g_string_truncate(out, out->len - 1);
		g_string_append(out, "(1)\n");
		roff_paragraphs(out, v->summary, TRUE);
	}
	option_rows_of(out, "OPTIONS OF EVERY VERB", OPTIONS_GLOBAL);
	exits(out);
	facts(out, "ENVIRONMENT", manual_variables);
	facts(out, "FILES", manual_files);
	roff_macro(out, "SH", "EXAMPLES", NULL);
	roff_paragraphs(out,
		"A recipe, its lock, then wheels for two targets:\n\n"
		"  xorch new cwcwidth\n"
		"  xorch build recipes/cwcwidth.yaml --target aarch64 --target armv7\n\n"
		"In CI, what changed since a branch, one part of five:\n\n"
		"  xorch build recipes/ --locked --changed-since origin/main --shard 2/5",
		FALSE);
	see_also(out, "xorch");
	return g_string_free(out, FALSE);
}

static const char *type_of(const bind_field *f)
{
	static const char *const names[] = {[BIND_STRING] = "string",
		[BIND_BOOL] = "true or false",
		[BIND_INT] = "number",
		[BIND_SIZE] = "size: 512MiB",
		[BIND_DURATION] = "duration: 90s, 45m, 1h",
		[BIND_STRLIST] = "list of strings",
		[BIND_STRMAP] = "map of strings",
		[BIND_STRUCT] = "map",
		[BIND_STRUCTS] = "list of maps",
		[BIND_NAMED] = "map of maps"};

	return f->type < G_N_ELEMENTS(names) ? names[f->type] : NULL;
}

/* ", one of clang, gcc" and what else the table knows. New string. */
static char *form_of(const bind_field *f)
{
	GString *out = g_string_new(NULL);

	if (f->type == BIND_CHOICE) {
		g_autofree char *all = g_strjoinv(", ", (char **)f->arg);
		g_string_append_printf(out, "one of %s", all);
	} else if (f->type == BIND_CUSTOM) {
		g_string_append(out, ((const bind_custom *)f->arg)->wants);
	} else if (type_of(f)) {
		g_string_append(out, type_of(f));
	}
	if (f->flags & BIND_ONE_OK)
		g_string_append(out, ", or a single one");
	if (f->type == BIND_INT && (f->min || f->max))
		g_string_append_printf(out,
			" from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT, f->min,
			f->max);
	if (f->flags & BIND_REQUIRED)
		g_string_append(out, "; required");
	return g_string_free(out, FALSE);
}

static void keys(GString *out, const bind_struct *s, const char *before)
{
	for (const bind_field *f = s->fields; f->key; f++) {
		if (!*f->key)
			continue;
		g_autofree char *name = g_strconcat(before, f->key, NULL);
		g_autofree char *form = form_of(f);
		tag(out, name);
		const char *doc = f->doc ? f->doc : "";
		g_autofree char *text =
			*form ? g_strdup_printf("(%s) %s", form, doc) : g_strdup(doc);
		roff_paragraphs(out, text, TRUE);
		if (f->type == BIND_STRUCT || f->type == BIND_STRUCTS) {
			g_autofree char *inner = g_strdup_printf(
				"%s%s.", name, f->type == BIND_STRUCTS ? "[]" : "");
			keys(out, f->arg, inner);
		}
	}
}

static char *page_of_recipe(void)
{
	GString *out =
		page_new("xorch-recipe", "5", "what xorch builds, and how: a YAML file");

	roff_macro(out, "SH", "DESCRIPTION", NULL);
	roff_paragraphs(out,
		"One file a package version kept, recipes/NAME.yaml, its lock beside it. "
		"`xorch new` writes a first one, `xorch check` reads it with all errors, "
		"`xorch schema` prints a JSON schema for editors. Unknown keys, keys "
		"that "
		"come twice and values of another type are errors; a version is a "
		"string.\n\n"
		"  schema_version: 1\n"
		"  package: {name: cwcwidth, version: \"0.1.12\"}\n"
		"  kind: wheel\n"
		"  source: {pypi: cwcwidth}\n\n"
		"Strings may hold ${{ name }}: name, version, target, triple, python, "
		"host.sysroot, host.pkg_config_wrapper and the names under `context`. A "
		"list item {if: CONDITION, then: \342\200\246, else: \342\200\246} "
		"stands for one of the two; conditions compare these names, as in target "
		"== \"armv7\" and python < \"3.11\", with or, not and parentheses.",
		FALSE);
	roff_macro(out, "SH", "KEYS", NULL);
	g_string_append(out, "[] stands for each item of a list.\n");
	keys(out, &recipe_binding, "");
	roff_macro(out, "SH", "SOURCES", NULL);
	g_string_append(out, "Which keys a source takes, by its first:\n");
	for (guint n = 0; n < G_N_ELEMENTS(source_keys); n++) {
		g_autofree char *kind =
			g_strndup(source_keys[n], strcspn(source_keys[n], " "));
		const char *more = strchr(source_keys[n], ' ');
		tag(out, kind);
		roff_paragraphs(out, more ? more + 1 : "nothing else", TRUE);
	}
	see_also(out, "xorch-recipe");
	return g_string_free(out, FALSE);
}

static char *page_of_project(void)
{
	GString *out = page_new("xorch-project", "5",
		"xorch.yaml and config.yaml: what counts for all recipes");

	roff_macro(out, "SH", "DESCRIPTION", NULL);
	roff_paragraphs(out,
		"xorch.yaml at the top of a repository holds what counts for recipes "
		"that "
		"say nothing else. The order is: flags, XORCH_ variables, Docker's "
		"variables, the recipe, xorch.yaml, $XDG_CONFIG_HOME/xorch/config.yaml, "
		"/etc/xorch/config.yaml. What decides whom a machine trusts is refused "
		"in xorch.yaml, because it comes with a change that somebody "
		"proposes.\n\n"
		"  schema_version: 1\n"
		"  targets: [aarch64, armv7]\n"
		"  python: {versions: [\"3.11\", \"3.13\"]}\n"
		"  toolchain: {manylinux: \"2_28\"}",
		FALSE);
	roff_macro(out, "SH", "KEYS", NULL);
	keys(out, &project_binding, "");
	roff_macro(out, "SH", "KEYS OF CONFIG.YAML", NULL);
	keys(out, &config_binding, "");
	see_also(out, "xorch-project");
	return g_string_free(out, FALSE);
}

GHashTable *manual_pages(void)
{
	GHashTable *pages =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);

	for (const verb *v = verbs; v->name; v++)
		if (!(v->flags & VERB_HIDDEN))
			g_hash_table_insert(pages, g_strdup_printf("xorch-%s.1", v->name),
				page_of_verb(v));
	g_hash_table_insert(pages, g_strdup("xorch.1"), page_of_program());
	g_hash_table_insert(pages, g_strdup("xorch-recipe.5"), page_of_recipe());
	g_hash_table_insert(pages, g_strdup("xorch-project.5"), page_of_project());
	return pages;
}
