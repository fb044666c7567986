#include "cli/report_file.h"
#include "base/error.h"
#include "base/fs.h"
#include "build/failure.h"
#include "cli/codes.h"
#include "cli/common.h"
#include "cli/output.h"
#include "format/json.h"
#include <stdlib.h>
#include <string.h>

/* One thing that was looked at, or one thing found in it. */
typedef struct entry {
	char *name, *group; /* of a test case */
	char *path;	    /* from the project's top; or NULL */
	char *code;	    /* "X0201", or NULL */
	char *text;	    /* one line; NULL: nothing is wrong */
	char *detail;	    /* all there is to say */
	int line, col, end_col;
	gboolean warning, skipped;
	double seconds;
} entry;

static void entry_free(gpointer data)
{
	entry *e = data;

	g_free(e->name);
	g_free(e->group);
	g_free(e->path);
	g_free(e->code);
	g_free(e->text);
	g_free(e->detail);
	g_free(e);
}

static const char *const kinds[] = {"junit", "sarif", "gitlab", NULL};

/* "junit=FILE" -> the file, *kind its index; NULL after a report. */
static const char *split(const char *text, int *kind, GError **err)
{
	const char *file = strchr(text, '=');
	g_autofree char *name =
		g_strndup(text, file ? (gsize)(file - text) : strlen(text));

	for (*kind = 0; kinds[*kind]; ++*kind)
		if (g_str_equal(kinds[*kind], name) && file && file[1])
			return file + 1;
	g_autofree char *shown = text_escape(text, -1);
	error_set(err, EXIT_INPUT, "X0121",
		"--report wants junit=FILE, sarif=FILE or gitlab=FILE, not `%s`", shown);
	const char *near = text_nearest(name, kinds);
	if (near)
		error_help(err, "did you mean `%s=FILE`?", near);
	return NULL;
}

static gboolean is_stdout(const char *file)
{
	return g_strcmp0(file, "-") == 0;
}

static gboolean both_want_stdout(const char *report, const char *other, GError **err)
{
	error_set(err, EXIT_INPUT, "X0121",
		"--report %s and %s both want standard output", report, other);
	error_help(err, "give one of them a file");
	return FALSE;
}

/* A document cannot stand beside others, nor in a log that is no lines of JSON. */
static gboolean take_stdout(const options *o, const char *report, GError **err)
{
	const char *other = o->json			     ? "--json"
			    : is_stdout(o->metadata_file)    ? "--metadata-file -"
			    : is_stdout(o->markdown_summary) ? "--markdown-summary -"
			    : is_stdout(o->log_file) && !output_is_lines()
				    ? "--log-file -"
				    : NULL;

	if (other)
		return both_want_stdout(report, other, err);
	output_take();
	return TRUE;
}

gboolean report_files_check(const options *o, GError **err)
{
	g_autofree char *report = NULL; /* for standard output */
	int kind;

	for (guint n = 0; o->reports && n < o->reports->len; n++) {
		const char *file = split(g_ptr_array_index(o->reports, n), &kind, err);
		if (!file)
			return FALSE;
		if (!is_stdout(file))
			continue;
		if (report) {
			g_autofree char *other =
				g_strdup_printf("--report %s=-", kinds[kind]);
			return both_want_stdout(report, other, err);
		}
		report = g_strdup_printf("%s=-", kinds[kind]);
	}
	return !report || take_stdout(o, report, err);
}

/* ---- JUnit ---- */

/* Characters that XML 1.0 has no way to write become U+FFFD. */
static void xml(GString *out, const char *text)
{
	g_autofree char *valid = g_utf8_make_valid(text ? text : "", -1);

	for (const char *p = valid; *p; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);
		if (c == '&')
			g_string_append(out, "&amp;");
		else if (c == '<')
			g_string_append(out, "&lt;");
		else if (c == '>')
			g_string_append(out, "&gt;");
		else if (c == '"')
			g_string_append(out, "&quot;");
		else if (c == '\n' || c == '\t')
			g_string_append_printf(out, "&#%u;", c);
		else if (c < 0x20 || c == 0x7f || (c & 0xfffe) == 0xfffe)
			g_string_append(out, "\357\277\275");
		else
			g_string_append_unichar(out, c);
	}
}

static void attribute(GString *out, const char *name, const char *value)
{
	g_string_append_printf(out, " %s=\"", name);
	xml(out, value);
	g_string_append_c(out, '"');
}

static void test_case(GString *out, const entry *e)
{
	g_string_append(out, "    <testcase");
	attribute(out, "name", e->name);
	attribute(out, "classname", e->group);
	g_string_append_printf(out, " time=\"%.3f\"", e->seconds);
	if (!e->text) {
		g_string_append(out, "/>\n");
		return;
	}
	g_string_append(out, e->skipped ? ">\n      <skipped" : ">\n      <failure");
	attribute(out, "message", e->text);
	if (e->skipped) {
		g_string_append(out, "/>\n    </testcase>\n");
		return;
	}
	attribute(out, "type", e->code ? e->code : "failure");
	g_string_append_c(out, '>');
	xml(out, e->detail);
	g_string_append(out, "</failure>\n    </testcase>\n");
}

static char *junit(const GPtrArray *cases, const char *suite)
{
	GString *out = g_string_new("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
	guint failures = 0, skipped = 0;
	double seconds = 0;

	for (guint n = 0; n < cases->len; n++) {
		const entry *e = g_ptr_array_index(cases, n);
		failures += e->text && !e->skipped;
		skipped += e->skipped;
		seconds += e->seconds;
	}
	g_string_append_printf(out,
		"<testsuites name=\"xorch\" tests=\"%u\" failures=\"%u\" errors=\"0\" "
		"time=\"%.3f\">\n  <testsuite name=\"%s\" tests=\"%u\" failures=\"%u\" "
		"errors=\"0\" skipped=\"%u\" time=\"%.3f\">\n",
		cases->len, failures, seconds, suite, cases->len, failures, skipped,
		seconds);
	for (guint n = 0; n < cases->len; n++)
		test_case(out, g_ptr_array_index(cases, n));
	g_string_append(out, "  </testsuite>\n</testsuites>\n");
	return g_string_free(out, FALSE);
}

/* ---- JSON ---- */

#define SARIF_SCHEMA                                                                     \
	"https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/"            \
	"sarif-schema-2.1.0.json"

static json_t *string(const char *text)
{
	return json_text(text ? text : "");
}

static char *dump(json_t *root)
{
	char *text = json_dumps(root, JSON_INDENT(1) | JSON_ENSURE_ASCII);
	char *out = g_strconcat(text, "\n", NULL);

	free(text);
	json_decref(root);
	return out;
}

static json_t *sarif_rules(const GPtrArray *found)
{
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
	json_t *rules = json_array();

	for (guint n = 0; n < found->len; n++) {
		const entry *e = g_ptr_array_index(found, n);
		if (!e->code || !g_hash_table_add(seen, e->code))
			continue;
		for (const code_entry *c = codes; c->id; c++)
			if (g_str_equal(c->id, e->code))
				json_array_append_new(rules,
					json_pack("{s:o, s:{s:o}, s:{s:o}, s:{s:o}}",
						"id", string(c->id), "shortDescription",
						"text", string(c->title),
						"fullDescription", "text",
						string(c->text), "help", "text",
						string(c->text)));
	}
	return rules;
}

static json_t *sarif_location(const entry *e)
{
	g_autofree char *uri = g_uri_escape_string(e->path, "/", FALSE);
	json_t *place = json_pack("{s:{s:o}}", "artifactLocation", "uri", string(uri));

	if (e->line) {
		json_t *region = json_pack("{s:i}", "startLine", e->line);
		if (e->col) {
			json_object_set_new(region, "startColumn", json_integer(e->col));
			json_object_set_new(
				region, "endColumn", json_integer(e->end_col));
		}
		json_object_set_new(place, "region", region);
	}
	return json_pack("[{s:o}]", "physicalLocation", place);
}

static char *sarif(const GPtrArray *found)
{
	json_t *results = json_array();

	for (guint n = 0; n < found->len; n++) {
		const entry *e = g_ptr_array_index(found, n);
		json_t *one = json_pack("{s:s, s:{s:o}}", "level",
			e->warning ? "warning" : "error", "message", "text",
			string(e->detail));
		if (e->code)
			json_object_set_new(one, "ruleId", string(e->code));
		if (e->path)
			json_object_set_new(one, "locations", sarif_location(e));
		json_array_append_new(results, one);
	}
	return dump(json_pack("{s:s, s:s, s:[{s:{s:{s:s, s:s, s:o}}, s:s, s:o}]}",
		"$schema", SARIF_SCHEMA, "version", "2.1.0", "runs", "tool", "driver",
		"name", "xorch", "version", XORCH_VERSION, "rules", sarif_rules(found),
		"columnKind", "unicodeCodePoints", "results", results));
}

/* By what it says and where, but not by the line: that moves with every change above. */
static char *fingerprint(const entry *e, GHashTable *seen)
{
	g_autofree char *what = g_strjoin("\n", e->path ? e->path : "",
		e->code ? e->code : "", e->name, e->text, NULL);
	guint again = GPOINTER_TO_UINT(g_hash_table_lookup(seen, what));
	g_autofree char *numbered = g_strdup_printf("%s\n%u", what, again);

	g_hash_table_insert(seen, g_strdup(what), GUINT_TO_POINTER(again + 1));
	return g_compute_checksum_for_string(G_CHECKSUM_SHA256, numbered, -1);
}

static char *gitlab(const GPtrArray *found)
{
	json_t *list = json_array();
	g_autoptr(GHashTable) seen =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (guint n = 0; n < found->len; n++) {
		const entry *e = g_ptr_array_index(found, n);
		g_autofree char *print = fingerprint(e, seen);
		json_array_append_new(
			list, json_pack("{s:o, s:o, s:s, s:s, s:{s:o, s:{s:i}}}",
				      "description", string(e->text), "check_name",
				      string(e->code ? e->code : "xorch"), "fingerprint",
				      print, "severity", e->warning ? "minor" : "major",
				      "location", "path", string(e->path ? e->path : "."),
				      "lines", "begin", MAX(e->line, 1)));
	}
	return dump(list);
}

/* ---- what came out ---- */

static gboolean write_all(const GPtrArray *cases, const GPtrArray *found,
	const char *suite, const options *o, GError **err)
{
	for (guint n = 0; o->reports && n < o->reports->len; n++) {
		int kind;
		const char *file = split(g_ptr_array_index(o->reports, n), &kind, err);
		g_autofree char *text = !file	    ? NULL
					: kind == 0 ? junit(cases, suite)
					: kind == 1 ? sarif(found)
						    : gitlab(found);
		if (!text)
			return FALSE;
		if (is_stdout(file))
			output_document(text);
		else if (!fs_write_atomic(file, text, strlen(text), 0644, err))
			return FALSE;
	}
	return TRUE;
}

static char *first_line(const char *text)
{
	return g_strndup(text, strcspn(text, "\n"));
}

static entry *entry_of_item(const item *i)
{
	entry *e = g_new0(entry, 1);

	e->name = g_strdup(i->id);
	e->group = g_strdup_printf(
		"%s.%s", i->source->recipe->normalized, i->platform->name);
	e->path = common_from_top(i->source->recipe->path);
	e->line = 1;
	e->seconds = i->seconds;
	e->skipped = i->state == ITEM_SKIPPED;
	if (e->skipped)
		e->text = g_strdup(i->reason ? i->reason : "skipped");
	if (i->state != ITEM_FAILED)
		return e;
	const char *message = i->error ? i->error->message : "failed";
	const char *end = strstr(message, "] ");
	if (*message == '[' && end) {
		e->code = g_strndup(message + 1, (gsize)(end - message) - 1);
		message = end + 2;
	}
	const char *cause = i->error ? error_fact(i->error, "first-error") : NULL;
	g_autofree char *line = first_line(message);
	e->text = cause ? g_strdup_printf("%s: %s: %s", i->id, line, cause)
			: g_strdup_printf("%s: %s", i->id, line);
	e->detail = g_strdup_printf("%s: %s", i->id, message);
	return e;
}

gboolean report_files_of_items(const selection *s, const options *o, GError **err)
{
	g_autoptr(GPtrArray) cases = g_ptr_array_new_with_free_func(entry_free);
	g_autoptr(GPtrArray) found = g_ptr_array_new();

	if (!o->reports)
		return TRUE;
	for (guint n = 0; s->items && n < s->items->len; n++) {
		entry *e = entry_of_item(g_ptr_array_index(s->items, n));
		g_ptr_array_add(cases, e);
		if (e->text && !e->skipped)
			g_ptr_array_add(found, e);
	}
	return write_all(cases, found, "build", o, err);
}

static entry *entry_of_diag(const diag *d)
{
	entry *e = g_new0(entry, 1);
	const char *file = d->source ? diag_source_file(d->source) : NULL;

	e->name = g_strdup(file ? file : "xorch");
	e->group = g_strdup("check");
	e->path = file ? common_from_top(file) : NULL;
	e->code = g_strdup(d->code);
	e->line = d->at.line;
	e->col = d->at.col;
	e->end_col = d->at.col + d->at.span;
	e->warning = d->severity == DIAG_WARNING;
	e->text = d->at.label ? g_strdup_printf("%s: %s", d->text, d->at.label)
			      : g_strdup(d->text);
	e->detail = diag_text(d);
	return e;
}

/* A file's case fails with its first error, and tells all of them. */
static entry *entry_of_file(const char *file, const GPtrArray *found)
{
	entry *e = g_new0(entry, 1);
	g_autoptr(GString) detail = g_string_new(NULL);

	e->name = g_strdup(file);
	e->group = g_strdup("check");
	for (guint n = 0; n < found->len; n++) {
		const entry *other = g_ptr_array_index(found, n);
		if (other->warning || !g_str_equal(other->name, file))
			continue;
		if (!e->text) {
			e->text = g_strdup(other->text);
			e->code = g_strdup(other->code);
		}
		g_string_append(detail, other->detail);
	}
	e->detail = g_strdup(detail->str);
	return e;
}

gboolean report_files_of_diags(
	diag_list *l, const GPtrArray *files, const options *o, GError **err)
{
	g_autoptr(GPtrArray) cases = g_ptr_array_new_with_free_func(entry_free);
	g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(entry_free);

	if (!o->reports)
		return TRUE;
	const GPtrArray *all = diag_list_sorted(l);
	g_autoptr(GHashTable) known = g_hash_table_new(g_str_hash, g_str_equal);
	for (guint n = 0; n < all->len; n++)
		g_ptr_array_add(found, entry_of_diag(g_ptr_array_index(all, n)));
	for (guint n = 0; files && n < files->len; n++) {
		char *file = g_ptr_array_index(files, n);
		g_hash_table_add(known, file);
		g_ptr_array_add(cases, entry_of_file(file, found));
	}
	/* Of a lock, or of no file: that there is none, say. */
	for (guint n = 0; n < found->len; n++) {
		const entry *e = g_ptr_array_index(found, n);
		if (!e->warning && g_hash_table_add(known, e->name))
			g_ptr_array_add(cases, entry_of_file(e->name, found));
	}
	return write_all(cases, found, "check", o, err);
}
