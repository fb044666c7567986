#include "cli/plan_format.h"
#include "base/diag.h"
#include "base/error.h"
#include "cli/output.h"
#include <stdlib.h>
#include <string.h>

#define GITHUB_JOBS_MAX 256

static const char *const names[] = {
	"text", "json", "github-matrix", "gitlab", "dot", NULL};

gboolean plan_format_wanted(const options *o, plan_format *out, GError **err)
{
	*out = o->json ? PLAN_JSON : PLAN_TEXT;
	if (!o->format)
		return TRUE;
	for (int n = 0; names[n]; n++) {
		if (!g_str_equal(names[n], o->format))
			continue;
		*out = (plan_format)n;
		return !o->json || *out == PLAN_JSON ||
		       error_set(err, EXIT_INPUT, "X0121",
			       "--json and --format %s contradict each other", o->format);
	}
	g_autofree char *shown = text_escape(o->format, -1);
	error_set(err, EXIT_INPUT, "X0121",
		"--format of a plan wants one of text, json, github-matrix, gitlab, dot, "
		"not `%s`",
		shown);
	const char *near = text_nearest(o->format, names);
	if (near)
		error_help(err, "did you mean `%s`?", near);
	return FALSE;
}

static gboolean is_job(const item *i)
{
	return !i->implicit && i->state != ITEM_SKIPPED;
}

static void set_text(json_t *o, const char *name, const char *value)
{
	json_object_set_new(o, name, json_text(value ? value : ""));
}

static json_t *job(const item *i)
{
	json_t *o = json_object();

	set_text(o, "id", i->id);
	set_text(o, "name", i->source->recipe->package.name);
	set_text(o, "version", i->source->recipe->package.version);
	set_text(o, "target", i->platform->name);
	set_text(o, "python", i->python_tag);
	set_text(o, "recipe", i->source->recipe->path);
	return o;
}

static gboolean github(const selection *s, GError **err)
{
	json_t *list = json_array();

	for (guint n = 0; n < s->items->len; n++) {
		const item *i = g_ptr_array_index(s->items, n);
		if (is_job(i))
			json_array_append_new(list, job(i));
	}
	guint count = (guint)json_array_size(list);
	json_t *matrix = json_pack("{s:o}", "include", list);
	char *text = json_dumps(matrix, JSON_COMPACT | JSON_ENSURE_ASCII);
	json_decref(matrix);
	gboolean ok = count <= GITHUB_JOBS_MAX;
	if (ok) {
		output_line("matrix=%s", text);
		output_line("count=%u", count);
	} else {
		error_set(err, EXIT_INPUT, "X0324",
			"%u items are too many for a matrix of GitHub", count);
		error_note(err, "it takes %d jobs", GITHUB_JOBS_MAX);
		error_help(err, "let each job build a part instead: `--shard ${{ "
				"matrix.shard }}/8` with `matrix: {shard: [1, 2, 3, 4, "
				"5, 6, 7, 8]}`");
	}
	free(text);
	return ok;
}

/* A string for YAML and for dot, which both take JSON's escapes of ASCII. */
static char *quoted(const char *text)
{
	json_t *string = json_text(text ? text : "");
	char *out = json_dumps(string, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
	char *copy = g_strdup(out);

	json_decref(string);
	free(out);
	return copy;
}

static void gitlab(const selection *s)
{
	g_autoptr(GString) out = g_string_new(
		"# Written by `xorch plan --format gitlab`: a child pipeline. The job "
		".xorch, which\n# says how a job builds $XORCH_ONLY, is included beside "
		"it.\n");
	guint count = 0;

	for (guint n = 0; n < s->items->len; n++) {
		const item *i = g_ptr_array_index(s->items, n);
		if (!is_job(i))
			continue;
		g_autofree char *id = quoted(i->id);
		g_autofree char *target = quoted(i->platform->name);
		g_string_append_printf(out,
			"%s:\n  extends: .xorch\n  variables:\n    XORCH_ONLY: %s\n"
			"    XORCH_TARGET: %s\n",
			id, id, target);
		count++;
	}
	/* a pipeline without a job is an error there */
	if (!count)
		g_string_append(out, "nothing-to-build:\n  script: [\"true\"]\n");
	g_string_truncate(out, out->len - 1); /* output_line ends it */
	output_line("%s", out->str);
}

static const char *colour(const item *i)
{
	switch (i->state) {
	case ITEM_SKIPPED:
		return "gray";
	case ITEM_CACHED:
		return "green";
	case ITEM_FAILED:
		return "red";
	default:
		return "black";
	}
}

static void dot(const selection *s)
{
	g_autoptr(GString) out =
		g_string_new("digraph plan {\n\trankdir=LR;\n\tnode [shape=box];\n");

	for (guint n = 0; n < s->items->len; n++) {
		const item *i = g_ptr_array_index(s->items, n);
		g_autofree char *id = quoted(i->id);
		g_string_append_printf(out, "\t%s [color=%s%s];\n", id, colour(i),
			i->implicit ? ", style=dashed" : "");
		for (guint k = 0; k < i->needs->len; k++) {
			const item *other = g_ptr_array_index(i->needs, k);
			g_autofree char *to = quoted(other->id);
			g_string_append_printf(out, "\t%s -> %s;\n", to, id);
		}
	}
	g_string_append_c(out, '}');
	output_line("%s", out->str);
}

gboolean plan_format_print(const selection *s, plan_format f, GError **err)
{
	if (f == PLAN_GITHUB_MATRIX)
		return github(s, err);
	if (f == PLAN_GITLAB)
		gitlab(s);
	else
		dot(s);
	return TRUE;
}
