/* The log of a build as a part of the CI's page that is folded away: a group of GitHub's
 * runner, a section of GitLab's. It comes in one piece when the build has ended, because
 * builds run side by side and neither of them can take turns. */
#include "base/error.h"
#include "cli/output_private.h"
#include <string.h>

/* GitLab keeps 4 MiB of a job. */
#define WHOLE_MAX (256 * 1024)
#define HEAD_MAX (64 * 1024)

/* Lines as they are but for what commands a terminal, GitLab's trace among them. */
static void append_lines(GString *out, const char *text, gsize len)
{
	while (len) {
		const char *end = memchr(text, '\n', len);
		gsize n = end ? (gsize)(end - text) : len;
		g_autofree char *raw = g_strndup(text, n);
		g_auto(GStrv) parts = g_strsplit(raw, "\t", -1);
		for (char **p = parts; *p; p++) {
			g_autofree char *shown = text_escape(*p, -1);
			g_string_append_printf(
				out, "%s%s", p == parts ? "" : "\t", shown);
		}
		g_string_append_c(out, '\n');
		n += end != NULL;
		text += n;
		len -= n;
	}
}

static void append_log(GString *out, const char *text, gsize len, const char *path)
{
	if (len <= WHOLE_MAX) {
		append_lines(out, text, len);
		return;
	}
	gsize head = HEAD_MAX, tail = WHOLE_MAX - HEAD_MAX;
	const char *end = memrchr(text, '\n', head);
	const char *begin = memchr(text + len - tail, '\n', tail);
	head = end ? (gsize)(end - text) + 1 : head;
	begin = begin ? begin + 1 : text + len - tail;
	g_autofree char *left = text_bytes((gint64)(begin - text - (gssize)head));
	append_lines(out, text, head);
	g_string_append_printf(out, "[ %s left out here; all of it: %s ]\n", left, path);
	append_lines(out, begin, (gsize)(text + len - begin));
}

static char *github_text(const char *title, char *log)
{
	GString *out = g_string_new("::group::");
	g_autofree char *fenced = output_fence(log);

	output_command_text(out, title, "");
	g_string_append_printf(out, "\n%s::endgroup::\n", fenced);
	return g_string_free(out, FALSE);
}

/* GitLab knows a section again by its name: letters, digits, _ . - */
static char *gitlab_text(const char *name, const char *title, double seconds, char *log)
{
	static int count;
	gint64 now = g_get_real_time() / G_USEC_PER_SEC;
	g_autofree char *text = log;
	g_autofree char *mark = g_strdup_printf("xorch_%d_%s", ++count, name);

	g_strcanon(mark, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "_.-", '_');
	return g_strdup_printf("\033[0Ksection_start:%" G_GINT64_FORMAT
			       ":%s[collapsed=true]\r\033[0K%s\n%s"
			       "\033[0Ksection_end:%" G_GINT64_FORMAT ":%s\r\033[0K\n",
		now - (gint64)seconds, mark, title, text, now, mark);
}

static gboolean is_wanted(gboolean ok)
{
	if (output.lines)
		return !ok || output.verbose;
	return output.progress == PROGRESS_PLAIN && !output.quiet &&
	       (output.github || output.gitlab);
}

void output_group(const char *name, const char *title, double seconds, const char *path,
	gboolean ok)
{
	if (!is_wanted(ok))
		return;
	g_autoptr(GMappedFile) map = g_mapped_file_new(path, FALSE, NULL);
	GString *log = g_string_new(NULL);
	if (map && g_mapped_file_get_length(map))
		append_log(log, g_mapped_file_get_contents(map),
			g_mapped_file_get_length(map), path);
	if (output.lines) {
		g_mutex_lock(&output.lock);
		line_output(name, ok ? "debug" : "info", log->str);
		g_mutex_unlock(&output.lock);
		g_string_free(log, TRUE);
		return;
	}
	char *lines = output_dress(log->str, FALSE, output.ascii);
	gboolean empty = !log->len;
	g_string_free(log, TRUE);
	if (empty) {
		g_free(lines);
		return;
	}
	g_autofree char *safe = text_escape(title, -1);
	g_mutex_lock(&output.lock);
	g_autofree char *text = output.github ? github_text(safe, lines)
					      : gitlab_text(name, safe, seconds, lines);
	live_print(text);
	g_mutex_unlock(&output.lock);
}
