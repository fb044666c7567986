#include "base/error.h"
#include "build/failure.h"
#include "build/history.h"
#include "cli/output.h"
#include "cli/shard.h"
#include "cli/verbs.h"
#include <stdio.h>
#include <string.h>

#define LIST_MAX 50

static json_t *build_json(const history_build *b)
{
	json_t *o = json_pack("{s:s, s:s, s:s, s:i, s:I, s:f, s:f, s:I, s:f, s:i}",
		"build", b->build, "id", b->id, "state", b->state, "code", b->code,
		"started", (json_int_t)b->started, "seconds", b->seconds, "cpu_seconds",
		b->cpu_seconds, "peak_memory", (json_int_t)b->peak_memory, "load",
		b->load, "jobs", b->jobs);

	json_set_text(o, "class", b->kind);
	json_set_text(o, "subject", b->subject);
	json_set_text(o, "error", b->error);
	json_set_text(o, "first_error", b->first_error);
	json_set_text(o, "hint", b->hint);
	json_set_text(o, "target", b->target);
	json_set_text(o, "key", b->key);
	json_set_text(o, "sandbox", b->sandbox);
	json_set_text(o, "log", b->log);
	json_set_text(o, "file", b->file);
	json_set_text(o, "sha256", b->sha256);
	if (b->file)
		json_object_set_new(o, "size", json_integer(b->size));
	return o;
}

static char *local_time(gint64 seconds)
{
	g_autoptr(GDateTime) t = g_date_time_new_from_unix_local(seconds);

	return t ? g_date_time_format(t, "%Y-%m-%d %H:%M:%S") : g_strdup("?");
}

/* "failed: missing-header `ffi.h`". New string. */
static char *how_it_ended(const history_build *b)
{
	if (!b->kind)
		return g_strdup(b->state);
	return g_strdup_printf("%s: %s%s%s%s", b->state, b->kind, b->subject ? " `" : "",
		b->subject ? b->subject : "", b->subject ? "`" : "");
}

static void list(const GPtrArray *builds)
{
	g_autoptr(GString) table = g_string_new(NULL);
	int width = 0;

	for (guint n = 0; n < builds->len; n++) {
		const history_build *b = g_ptr_array_index(builds, n);
		width = MAX(width, (int)strlen(b->id));
	}
	for (guint n = builds->len; n-- > 0;) {
		const history_build *b = g_ptr_array_index(builds, n);
		g_autofree char *when = local_time(b->started);
		g_autofree char *took = text_seconds(b->seconds);
		g_autofree char *end = how_it_ended(b);
		g_autofree char *shown = text_escape(end, -1);
		g_string_append_printf(
			table, "%s  %-*s  %8s  %s\n", when, width, b->id, took, shown);
	}
	if (!builds->len)
		g_string_append(table, "nothing was built yet\n");
	output_text(table->str);
}

/* Control characters made visible: a log may hold anything. */
static gboolean print_log(const char *path, GError **err)
{
	g_autoptr(GMappedFile) map = g_mapped_file_new(path, FALSE, NULL);
	const char *at = map ? g_mapped_file_get_contents(map) : NULL;
	gsize left = map ? g_mapped_file_get_length(map) : 0;

	if (!map)
		return error_set(err, EXIT_HOST, "X0820", "cannot read `%s`", path);
	while (left) {
		const char *end = memchr(at, '\n', left);
		gsize n = end ? (gsize)(end - at) : left;
		g_autofree char *raw = g_strndup(at, n);
		g_auto(GStrv) parts = g_strsplit(raw, "\t", -1);
		for (char **p = parts; *p; p++) {
			char *shown = text_escape(*p, -1);
			g_free(*p);
			*p = shown;
		}
		g_autofree char *line = g_strjoinv("\t", parts);
		output_line("%s", line);
		n += end ? 1 : 0;
		at += n;
		left -= n;
	}
	return TRUE;
}

/* U04: GitHub Actions obeys lines such as "::error::" wherever they come from, until
 * told not to by a word that the build cannot know. NULL elsewhere. New string. */
static char *fence_begin(void)
{
	if (!output_on_github())
		return NULL;
	char *fence = g_uuid_string_random();
	output_line("::stop-commands::%s", fence);
	return fence;
}

static int show(const history_build *b, const options *o, GError **err)
{
	g_autofree char *end = how_it_ended(b);
	g_autofree char *when = local_time(b->started);

	if (!b->log) {
		error_set(err, EXIT_INPUT, "X0851", "the log of %s is no longer there",
			b->id);
		error_note(err, "%s on %s", end, when);
		return EXIT_INPUT;
	}
	g_autofree char *fence = fence_begin();
	gboolean ok = print_log(b->log, err);
	if (fence)
		output_line("::%s::", fence);
	if (!ok)
		return EXIT_HOST;
	if (o->quiet)
		return EXIT_DONE;
	output_note("%s: %s on %s, %s", b->id, end, when, b->log);
	if (b->first_error)
		output_note("first error: %s", b->first_error);
	return EXIT_DONE;
}

int cmd_log(const options *o, char **args, GError **err)
{
	g_autoptr(history) h = history_open();

	if (o->format && !g_str_equal(o->format, "durations")) {
		error_set(err, EXIT_INPUT, "X0121",
			"--format of the history wants durations");
		return EXIT_INPUT;
	}
	if (o->format) {
		output_json(durations_json());
		return EXIT_DONE;
	}
	if (args[0] && args[1]) {
		error_set(err, EXIT_INPUT, "X0850", "one id at a time");
		return EXIT_INPUT;
	}
	g_autoptr(GPtrArray) builds = history_list(h, args[0], args[0] ? 1 : LIST_MAX);
	if (args[0] && !builds->len) {
		g_autofree char *shown = text_escape(args[0], -1);
		error_set(err, EXIT_INPUT, "X0850",
			"no build in the history has an id that begins with `%s`", shown);
		error_help(err, "`xorch log` lists what was built");
		return EXIT_INPUT;
	}
	if (o->json) {
		json_t *all = json_array();
		for (guint n = 0; n < builds->len; n++)
			json_array_append_new(
				all, build_json(g_ptr_array_index(builds, n)));
		output_json(json_pack("{s:i, s:o}", "v", 1, "builds", all));
		return EXIT_DONE;
	}
	if (args[0])
		return show(g_ptr_array_index(builds, 0), o, err);
	list(builds);
	return EXIT_DONE;
}
