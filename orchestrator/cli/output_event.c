#include "base/error.h"
#include "base/process.h"
#include "cli/output_private.h"
#include <string.h>

char *text_bytes(gint64 bytes)
{
	static const char *const units[] = {"kB", "MB", "GB", "TB"};
	double n = (double)bytes;
	int unit = -1;

	while (n >= 999.95 && unit < 3) {
		n /= 1000;
		unit++;
	}
	return unit < 0 ? g_strdup_printf("%d B", (int)bytes)
			: g_strdup_printf("%.1f %s", n, units[unit]);
}

char *text_seconds(double seconds)
{
	if (seconds < 60)
		return g_strdup_printf("%.1f s", seconds);
	int whole = (int)(seconds + 0.5);
	if (whole < 3600)
		return g_strdup_printf("%d min %02d s", whole / 60, whole % 60);
	return g_strdup_printf("%d h %02d min", whole / 3600, whole % 3600 / 60);
}

static char *log_line(const event *e, int verbose)
{
	static const char *const leads[] = {"", "", "note: ", "warning: "};

	if (e->level == EVENT_DEBUG && verbose < 1)
		return NULL;
	g_autofree char *text = text_escape(e->text ? e->text : "", -1);
	g_autofree char *subject = e->subject ? text_escape(e->subject, -1) : NULL;
	return g_strdup_printf("%s%s%s%s\n", leads[e->level], subject ? subject : "",
		subject ? ": " : "", text);
}

static char *step_line(const event *e, gboolean begin_too)
{
	g_autofree char *subject = text_escape(e->subject ? e->subject : "xorch", -1);
	g_autofree char *text = text_escape(e->text ? e->text : "", -1);
	g_autofree char *time = text_seconds(e->seconds);

	switch (e->phase) {
	case EVENT_BEGIN:
		return begin_too ? g_strdup_printf("%s: %s\n", subject, text) : NULL;
	case EVENT_END:
		return g_strdup_printf("%s: %s: done in %s\n", subject, text, time);
	case EVENT_FAIL:
		return g_strdup_printf("%s: %s: %s after %s\n", subject, text,
			process_cancelled() ? "stopped" : "failed", time);
	default:
		return NULL;
	}
}

/* Files that come in no time are not worth a line each: a sysroot has sixty. */
#define WORTH_A_LINE_BYTES 1000000
#define WORTH_A_LINE_SECONDS 1.0

gboolean event_is_worth_a_line(const event *e)
{
	return e->done >= WORTH_A_LINE_BYTES || e->seconds >= WORTH_A_LINE_SECONDS;
}

static char *download_line(const event *e, int verbose)
{
	g_autofree char *subject = text_escape(e->subject ? e->subject : "a file", -1);
	g_autofree char *size = text_bytes(e->done);
	g_autofree char *time = text_seconds(e->seconds);

	if (e->phase == EVENT_FAIL)
		return g_strdup_printf("%s: download failed\n", subject);
	if (e->phase != EVENT_END)
		return NULL;
	if (!verbose && !event_is_worth_a_line(e))
		return NULL;
	return g_strdup_printf("%s: fetched %s in %s\n", subject, size, time);
}

static char *artifact_line(const event *e)
{
	g_autofree char *subject = text_escape(e->subject ? e->subject : "", -1);
	g_autofree char *text = text_escape(e->text ? e->text : "", -1);

	return g_strdup_printf("%s: %s\n", subject, text);
}

char *output_event_line(const event *e, int verbose, gboolean begin_too)
{
	switch (e->kind) {
	case EVENT_LOG:
		return log_line(e, verbose);
	case EVENT_STEP:
		return step_line(e, begin_too);
	case EVENT_DOWNLOAD:
		return download_line(e, verbose);
	case EVENT_ARTIFACT:
		return artifact_line(e);
	case EVENT_FILES: /* of live lines, not of the log */
	case EVENT_JOB:
	case EVENT_TOTAL:
		return NULL;
	}
	return NULL;
}

static gboolean is_wanted(const event *e)
{
	if (e->kind == EVENT_LOG && e->level == EVENT_WARNING)
		return TRUE;
	if (output.quiet)
		return FALSE;
	return output.progress != PROGRESS_NONE ||
	       (e->kind == EVENT_LOG && e->level >= EVENT_NOTE);
}

/* A file the build made is printed by the verb as its result; the event is for
 * machines. */
void output_event(const event *e, void *data)
{
	(void)data;
	g_mutex_lock(&output.lock);
	if (output.lines) {
		line_event(e);
	} else if (is_wanted(e) && e->kind != EVENT_ARTIFACT) {
		gboolean live = output.progress == PROGRESS_TTY;
		gboolean draw = live && live_event(e);
		g_autofree char *line = output_event_line(e, output.verbose, !live);
		if (line)
			output_people_locked(line);
		else if (draw)
			live_print("");
	}
	g_mutex_unlock(&output.lock);
}
