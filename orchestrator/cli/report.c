#include "cli/report.h"
#include "base/error.h"
#include "base/fs.h"
#include "build/failure.h"
#include "cli/annotations.h"
#include "cli/output.h"
#include "cli/step_summary.h"
#include <stdlib.h>
#include <string.h>

static const item *at(const selection *s, guint n)
{
	return g_ptr_array_index(s->items, n);
}

static int item_code(const item *i)
{
	if (i->state != ITEM_FAILED)
		return EXIT_DONE;
	return i->error ? output_exit_code(i->error) : EXIT_BUILD;
}

gboolean report_stopped(const item *i)
{
	return item_code(i) >= EXIT_SIGNAL;
}

int report_code(const selection *s)
{
	int code = EXIT_DONE;

	for (guint n = 0; n < s->items->len; n++) {
		int own = item_code(at(s, n));
		if (own >= EXIT_SIGNAL)
			return own;
		code = output_exit_join(code, own);
	}
	return code;
}

void report_failure(const item *i)
{
	if (!i->error)
		return;
	g_autoptr(GError) shown = g_error_copy(i->error);
	/* What failed inside the step says so itself, after its code "[X0901] ". */
	const char *text = strchr(shown->message, ' ');
	if (!text || !g_str_has_prefix(text + 1, i->id))
		error_prefix(&shown, "%s", i->id);
	output_failure(shown);
}

static json_t *tags_json(const char *tags)
{
	json_t *list = json_array();
	g_auto(GStrv) parts = g_strsplit(tags ? tags : "", ".", -1);

	for (char **p = parts; *p && **p; p++)
		json_array_append_new(list, json_string(*p));
	return list;
}

/* What kind of failure, the line to blame, what to do. */
static void set_failure(json_t *o, const item *i)
{
	if (!i->error)
		return;
	const failure_class *f = failure_class_of_error(i->error);
	const char *number = error_fact(i->error, "first-error-line");
	json_set_text(o, "class", f->name);
	json_set_text(o, "cause", *f->cause ? f->cause : NULL);
	json_set_text(o, "subject", error_fact(i->error, "subject"));
	json_set_text(o, "first_error", error_fact(i->error, "first-error"));
	if (number)
		json_object_set_new(o, "first_error_line",
			json_integer(g_ascii_strtoll(number, NULL, 10)));
	json_set_text(o, "hint", error_fact(i->error, "hint"));
}

static json_t *needs_json(const item *i)
{
	json_t *list = json_array();

	for (guint n = 0; n < i->needs->len; n++) {
		const item *other = g_ptr_array_index(i->needs, n);
		json_array_append_new(list, json_string(other->id));
	}
	return list;
}

static json_t *changed_json(const selection *s, const item *i)
{
	const GPtrArray *reasons =
		s->changed ? g_hash_table_lookup(s->changed, i->source->recipe->path)
			   : NULL;

	return reasons ? json_texts(reasons) : NULL;
}

static json_t *item_json(const selection *s, const item *i)
{
	json_t *o = json_object(), *changed = changed_json(s, i);

	json_set_text(o, "id", i->id);
	json_set_text(o, "state", item_state_name(i->state));
	json_object_set_new(o, "code", json_integer(item_code(i)));
	json_object_set_new(o, "seconds", json_real(i->seconds));
	if (i->expected > 0)
		json_object_set_new(o, "expected_seconds", json_real(i->expected));
	json_set_text(o, "target", i->platform->name);
	json_set_text(o, "python", i->python_tag);
	json_set_text(o, "recipe", i->source->recipe->path);
	json_set_text(o, "floor", i->floor);
	json_set_text(o, "sysroot", i->sysroot);
	json_set_text(o, "toolchain", i->toolchain);
	if (i->needs->len)
		json_object_set_new(o, "needs", needs_json(i));
	if (changed)
		json_object_set_new(o, "changed", changed);
	json_set_text(o, "snapshot", i->source->label);
	if (i->allow_network || (i->recipe && i->recipe->build.network))
		json_object_set_new(o, "network", json_true());
	if (i->implicit)
		json_object_set_new(o, "implicit", json_true());
	json_set_text(o, "reason", i->reason);
	json_set_text(o, "error", i->error ? i->error->message : NULL);
	set_failure(o, i);
	json_set_text(o, "key", i->key ? key_digest(i->key) : NULL);
	if (i->file) {
		g_autofree char *path = g_canonicalize_filename(i->file, NULL);
		json_set_text(o, "file", path);
		json_set_text(o, "sha256", i->sha256);
		json_object_set_new(o, "size", json_integer(i->size));
		json_object_set_new(o, "tags", tags_json(i->tags));
	}
	json_set_text(o, "sandbox", i->sandbox);
	if (i->cache_hits || i->cache_misses)
		json_object_set_new(o, "compiler_cache",
			json_pack("{s:i, s:i}", "hits", (int)i->cache_hits, "misses",
				(int)i->cache_misses));
	json_set_text(o, "log", i->log ? i->log : error_fact(i->error, "log"));
	return o;
}

static json_t *items_json(const selection *s, int code)
{
	json_t *root = json_object(), *list = json_array();

	for (guint n = 0; n < s->items->len; n++)
		json_array_append_new(list, item_json(s, at(s, n)));
	json_object_set_new(root, "v", json_integer(1));
	json_object_set_new(root, "exit", json_integer(code));
	json_object_set_new(root, "items", list);
	return root;
}

gboolean report_metadata(const selection *s, const options *o, int code, GError **err)
{
	if (!o->metadata_file)
		return TRUE;
	json_t *root = items_json(s, code);
	char *json = json_dumps(root, JSON_INDENT(1) | JSON_ENSURE_ASCII);
	g_autofree char *text = g_strconcat(json, "\n", NULL);

	json_decref(root);
	free(json);
	if (g_str_equal(o->metadata_file, "-")) {
		output_text(text);
		return TRUE;
	}
	return fs_write_atomic(o->metadata_file, text, strlen(text), 0644, err);
}

static void count_text(GString *out, guint n, const char *what)
{
	if (n)
		g_string_append_printf(out, "%s%u %s", out->len ? ", " : "", n, what);
}

/* "missing-header `ffi.h`: a.c:1:10: fatal error: …". New string. */
static char *failure_text(const item *i)
{
	if (!i->error)
		return g_strdup("for reasons not known");
	const char *subject = error_fact(i->error, "subject");
	const char *line = error_fact(i->error, "first-error");
	const char *end = strchr(i->error->message, '\n');
	g_autofree char *first = g_strndup(i->error->message,
		end ? (gsize)(end - i->error->message) : strlen(i->error->message));
	return g_strdup_printf("%s%s%s%s: %s", failure_class_of_error(i->error)->name,
		subject ? " `" : "", subject ? subject : "", subject ? "`" : "",
		line ? line : first);
}

/* "PATH:LINE" of the first error, or NULL when there is no log. New string. */
static char *failure_log(const item *i)
{
	const char *log = i->log ? i->log : error_fact(i->error, "log");
	const char *line = error_fact(i->error, "first-error-line");

	if (!log)
		return NULL;
	return line ? g_strdup_printf("%s:%s", log, line) : g_strdup(log);
}

static void summary(const selection *s)
{
	guint counts[ITEM_FAILED + 1] = {0}, stopped = 0;
	g_autoptr(GString) table = g_string_new(NULL);
	g_autoptr(GString) line = g_string_new(NULL);
	int width = 0;

	for (guint n = 0; n < s->items->len; n++)
		width = MAX(width, (int)strlen(at(s, n)->id));
	for (guint n = 0; n < s->items->len; n++) {
		const item *i = at(s, n);
		counts[i->state]++;
		if (i->state == ITEM_CACHED)
			g_string_append_printf(table, "%-*s  up to date\n", width, i->id);
		else if (i->state == ITEM_SKIPPED)
			g_string_append_printf(
				table, "%-*s  skipped: %s\n", width, i->id, i->reason);
		else if (i->state == ITEM_BUILT) {
			g_autofree char *seconds = text_seconds(i->seconds);
			g_string_append_printf(
				table, "%-*s  built in %s", width, i->id, seconds);
			if (i->cache_hits)
				g_string_append_printf(table,
					", %u of %u compilations from the cache",
					i->cache_hits, i->cache_hits + i->cache_misses);
			g_string_append_c(table, '\n');
		} else if (report_stopped(i)) {
			stopped++;
			g_string_append_printf(table, "%-*s  stopped\n", width, i->id);
		} else if (i->state == ITEM_FAILED) {
			g_autofree char *cause = failure_text(i);
			g_string_append_printf(
				table, "%-*s  failed: %s\n", width, i->id, cause);
			g_autofree char *log = failure_log(i);
			if (log)
				g_string_append_printf(
					table, "%-*s  log %s\n", width, "", log);
		} else
			g_string_append_printf(table, "%-*s  not started%s%s\n", width,
				i->id, i->lost ? ": " : "", i->lost ? i->reason : "");
	}
	count_text(line, counts[ITEM_BUILT], "built");
	count_text(line, counts[ITEM_CACHED], "up to date");
	count_text(line, counts[ITEM_FAILED] - stopped, "failed");
	count_text(line, stopped, "stopped");
	count_text(line, counts[ITEM_SKIPPED], "skipped");
	count_text(line, counts[ITEM_PLANNED], "not started");
	g_string_append_printf(table, "%s\n", line->str);
	output_people(table->str);
}

/* The summary as lines of JSON. */
static void summary_lines(const selection *s, gboolean quiet)
{
	for (guint n = 0; n < s->items->len; n++) {
		const item *i = at(s, n);
		if (quiet && i->state != ITEM_FAILED)
			continue;
		g_autofree char *cause = i->state == ITEM_FAILED ? failure_text(i) : NULL;
		g_autofree char *text = g_strdup_printf("%s: %s%s%s", i->id,
			item_state_name(i->state), cause ? ": " : "", cause ? cause : "");
		json_t *o = item_json(s, i);
		json_object_set(o, "subject", json_object_get(o, "id"));
		output_fields(
			"item", i->state == ITEM_FAILED ? "error" : "info", text, o);
	}
}

void report_build(const selection *s, const options *o, int code)
{
	if (output_is_lines())
		summary_lines(s, o->quiet);
	else if (!o->quiet)
		summary(s);
	step_summary(s);
	if (output_on_github()) {
		g_autofree char *commands = annotations_of_items(s->items);
		output_commands(commands);
	}
	if (o->json) {
		output_json(items_json(s, code));
		return;
	}
	for (guint n = 0; n < s->items->len; n++)
		if (at(s, n)->file && at(s, n)->state != ITEM_FAILED)
			output_line("%s", at(s, n)->file);
}

static void plan_build(GString *table, const item *i)
{
	gboolean network = i->allow_network || (i->recipe && i->recipe->build.network);

	g_string_append_printf(table, "build (%s, manylinux_%s%s)", i->toolchain,
		i->floor, network ? ", with network" : "");
	for (guint n = 0; n < i->needs->len; n++)
		g_string_append_printf(table, "%s%s", n ? ", " : " after ",
			((const item *)g_ptr_array_index(i->needs, n))->id);
	g_string_append_printf(
		table, "%s%s\n", i->reason ? ": " : "", i->reason ? i->reason : "");
}

void report_plan(const selection *s, gboolean json)
{
	g_autoptr(GString) table = g_string_new(NULL);
	int width = 0;

	if (json) {
		output_json(items_json(s, report_code(s)));
		return;
	}
	for (guint n = 0; n < s->items->len; n++)
		width = MAX(width, (int)strlen(at(s, n)->id));
	for (guint n = 0; n < s->items->len; n++) {
		const item *i = at(s, n);
		g_string_append_printf(table, "%-*s  ", width, i->id);
		if (i->state == ITEM_SKIPPED)
			g_string_append_printf(table, "skip: %s\n", i->reason);
		else if (i->state == ITEM_CACHED)
			/* a library is no file of the output folder */
			g_string_append_printf(table, "up to date%s%s\n",
				i->file ? ": " : "", i->file ? i->file : "");
		else if (i->state == ITEM_FAILED)
			g_string_append_printf(
				table, "cannot: %s\n", i->error ? i->error->message : "");
		else
			plan_build(table, i);
	}
	output_text(table->str);
}
