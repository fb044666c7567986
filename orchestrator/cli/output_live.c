/* Live lines: one for each build, step and download that takes a while, and the totals,
 * below what has been printed, drawn anew five times a second. The cursor stays visible
 * and the terminal as it is, so that nothing is left to put right however xorch ends. */
#include "base/error.h"
#include "base/interrupt.h"
#include "base/process.h"
#include "cli/live_text.h"
#include "cli/output_private.h"
#include "cli/rate.h"
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#define LINES_MAX 10
#define TICK_MICROSECONDS 200000
/* What ends sooner is not shown: lines that come and go cannot be read. */
#define YOUNG_MICROSECONDS 300000
/* How long a terminal must have kept its width before its lines are gone over; and after
 * how long of changes it is done all the same. */
#define SETTLED_MICROSECONDS 400000
#define RESIZING_MICROSECONDS 1500000

typedef struct live_item {
	event_kind kind; /* EVENT_JOB, EVENT_STEP, EVENT_DOWNLOAD */
	char *subject, *text;
	gint64 done, total, begun;
	double expected;
	rate rate;
} live_item;

/* All that is to be fetched since nothing was. */
typedef struct live_files {
	guint sets, unknown; /* that are being fetched; of unknown size */
	gint64 done, total;
	rate rate;
} live_files;

static GPtrArray *items; /* NULL: not in use */
static live_item whole;	 /* the run: done of total items */
static live_files files;
static GArray *drawn; /* columns of each line on the screen now */
static gint64 drawn_at;
static int drawn_width;			  /* columns of the terminal then */
static gint64 resized_at, resizing_since; /* last seen to change, first; 0: it is not */
static int resized_width;		  /* as it was seen last */
static gboolean input_is_here;		  /* what is typed is echoed where we draw */
static int typed;			  /* bytes of lines typed, as last seen */
static volatile sig_atomic_t rows_drawn;  /* for who cannot wait for the lock */
static volatile sig_atomic_t continued;

static void item_free(gpointer data)
{
	live_item *i = data;

	g_free(i->subject);
	g_free(i->text);
	g_free(i);
}

static gpointer tick(gpointer data)
{
	(void)data;
	for (;;) {
		g_usleep(TICK_MICROSECONDS);
		g_mutex_lock(&output.lock);
		if (items->len || drawn->len)
			live_print("");
		g_mutex_unlock(&output.lock);
	}
	return NULL;
}

/* In a signal's handler, as the last thing: what is drawn would stay as it is. */
static void erase_at_once(void)
{
	char text[] = "\033[00A\r\033[J";

	if (!rows_drawn || rows_drawn > 99)
		return;
	text[2] = (char)('0' + rows_drawn / 10);
	text[3] = (char)('0' + rows_drawn % 10);
	ssize_t n = write(output.fd, text, sizeof(text) - 1);
	(void)n;
}

/* The shell wrote below our lines while xorch was stopped. */
static void on_continue(int sig)
{
	(void)sig;
	continued = 1;
}

/* Ctrl-Z: the shell's prompt comes in place of the lines. */
static void on_stop(int sig)
{
	int saved = errno;

	(void)sig;
	if (!continued)
		erase_at_once();
	continued = 1;
	raise(SIGSTOP);
	errno = saved;
}

static void watch(int sig, void (*handler)(int))
{
	struct sigaction old, act = {.sa_handler = handler, .sa_flags = SA_RESTART};

	if (sigaction(sig, NULL, &old) == 0 && old.sa_handler != SIG_IGN)
		sigaction(sig, &act, NULL);
}

static gboolean same_terminal(int a, int b)
{
	struct stat one, other;

	return isatty(a) && isatty(b) && fstat(a, &one) == 0 && fstat(b, &other) == 0 &&
	       one.st_rdev == other.st_rdev;
}

void live_start(void)
{
	input_is_here = same_terminal(STDIN_FILENO, output.fd);
	items = g_ptr_array_new_with_free_func(item_free);
	drawn = g_array_new(FALSE, FALSE, sizeof(int));
	whole.begun = g_get_monotonic_time();
	watch(SIGCONT, on_continue);
	watch(SIGTSTP, on_stop);
	interrupt_last(erase_at_once);
	g_thread_unref(g_thread_new("live", tick, NULL));
}

/* ---- where the lines are ---- */

/* A terminal that has become narrower breaks lines that no longer fit, except for those
 * that cut them. */
static gboolean breaks_lines(void)
{
	const char *term = g_getenv("TERM");

	return !g_getenv("XTERM_VERSION") && !g_getenv("STY") &&
	       !g_str_has_prefix(term ? term : "", "st-");
}

/* Enter is echoed below our lines, and the cursor is a row lower than they end. Nobody
 * reads what is typed, it waits for the shell: how much there is tells of it. More than
 * one line between two looks counts as one. */
static int rows_typed(void)
{
	struct termios t;
	int waiting, before = typed;

	if (!input_is_here || tcgetattr(STDIN_FILENO, &t) != 0 ||
		(t.c_lflag & (ECHO | ICANON)) != (ECHO | ICANON) ||
		ioctl(STDIN_FILENO, FIONREAD, &waiting) != 0)
		return 0;
	typed = waiting; /* less than before: Ctrl-C drops it */
	return waiting > before;
}

static int rows_up(void)
{
	int width = output_width(), rows = 0;
	gboolean breaks = breaks_lines();

	for (guint n = 0; n < drawn->len; n++) {
		int columns = g_array_index(drawn, int, n);
		rows += breaks && columns > width ? (columns + width - 1) / width : 1;
	}
	return rows + rows_typed();
}

/* tmux breaks its lines anew at once, but tells of a second size within a quarter of a
 * second only then: what is drawn meanwhile, for the size before, begins a row too low,
 * and the row above is there for good. So after each change of the width that is seen,
 * nothing is drawn until it has been the same for longer than that. */
static gboolean is_resizing(void)
{
	int width = output_width();
	gint64 now = g_get_monotonic_time();

	if (!drawn || !drawn->len || (!resized_at && width == drawn_width)) {
		resized_at = 0;
		return FALSE;
	}
	if (!resized_at)
		resizing_since = now;
	if (!resized_at || width != resized_width)
		resized_at = now;
	resized_width = width;
	if (now - resized_at < SETTLED_MICROSECONDS &&
		now - resizing_since < RESIZING_MICROSECONDS)
		return TRUE;
	resized_at = 0;
	return FALSE;
}

static void wait_for_size(void)
{
	while (is_resizing())
		g_usleep(20000);
}

/* To the beginning of the first line. */
static void go_up(GString *out)
{
	if (continued) {
		continued = 0;
		g_array_set_size(drawn, 0);
		rows_typed();
	}
	if (drawn->len)
		g_string_append_printf(out, "\033[%dA\r", rows_up());
	g_array_set_size(drawn, 0);
	rows_drawn = 0;
}

void live_erase(void)
{
	g_autoptr(GString) out = g_string_new(NULL);

	if (!drawn || !drawn->len)
		return;
	wait_for_size();
	go_up(out);
	g_string_append(out, "\033[J");
	output_write(out->str, out->len);
}

/* ---- what they say ---- */

static double seconds_since(gint64 begun)
{
	return (double)(g_get_monotonic_time() - begun) / 1e6;
}

/* An expectation that has proven wrong is none; a little late is not wrong. */
static gboolean is_late(const live_item *i)
{
	return seconds_since(i->begun) > i->expected * 1.5 + 5;
}

static double job_left(const live_item *i)
{
	if (i->expected <= 0 || is_late(i))
		return -1;
	return MAX(i->expected - seconds_since(i->begun), 0);
}

/* By what is running and waiting and as many at a time as there are now; -1: not known,
 * because one of them is new, or takes longer than it did. */
static double run_left(void)
{
	double longest = 0, sum = whole.expected;
	int running = 0;

	if (whole.expected < 0 || process_cancelled())
		return -1;
	for (guint n = 0; n < items->len; n++) {
		const live_item *i = g_ptr_array_index(items, n);
		if (i->kind != EVENT_JOB)
			continue;
		double left = job_left(i);
		if (left < 0)
			return -1;
		longest = MAX(longest, left);
		sum += left;
		running++;
	}
	return running ? MAX(longest, sum / running) : -1;
}

static char *rate_text(double speed)
{
	g_autofree char *amount = speed >= 0 ? text_bytes((gint64)speed) : NULL;

	return amount ? g_strconcat(amount, "/s", NULL) : NULL;
}

static char *amount_text(gint64 done, gint64 total)
{
	g_autofree char *have = text_bytes(done);
	g_autofree char *all = total > 0 ? text_bytes(total) : NULL;

	return all ? g_strdup_printf("%s of %s", have, all) : g_steal_pointer(&have);
}

static char *bytes_left(gint64 done, gint64 total, double speed)
{
	if (total < 0 || speed < 1 || process_cancelled())
		return NULL;
	return live_left((double)MAX(total - done, 0) / speed);
}

static char *bytes_line(const char *what, gint64 done, gint64 total, rate *r, int columns)
{
	double speed = rate_get(r, g_get_monotonic_time());
	live_fact facts[] = {{amount_text(done, total), 2},
		{total > 0 ? g_strdup_printf("%d%%", (int)(100 * done / total)) : NULL,
			0},
		{rate_text(speed), 3}, {bytes_left(done, total, speed), 1}};

	return live_line(what, facts, G_N_ELEMENTS(facts), columns, output.ascii);
}

static char *job_left_text(const live_item *i)
{
	if (i->expected <= 0 || process_cancelled())
		return NULL;
	if (!is_late(i))
		return live_left(job_left(i));
	g_autofree char *time = text_seconds(i->expected);
	return g_strdup_printf("last time %s", time);
}

static char *item_line(live_item *i, int columns)
{
	g_autofree char *subject = text_escape(i->subject ? i->subject : "", -1);
	g_autofree char *text = i->text ? text_escape(i->text, -1) : NULL;
	g_autofree char *what =
		text ? g_strdup_printf("%s: %s", subject, text) : g_strdup(subject);
	g_autofree char *dressed = output_dress(what, FALSE, output.ascii);

	if (i->kind == EVENT_DOWNLOAD)
		return bytes_line(dressed, i->done, i->total, &i->rate, columns);
	live_fact facts[] = {
		{text_seconds(seconds_since(i->begun)), 0}, {job_left_text(i), 1}};
	return live_line(dressed, facts, G_N_ELEMENTS(facts), columns, output.ascii);
}

/* "  3 of 21 done, 1 failed  2 min 03 s  about 4 min left", or NULL. */
static char *total_line(int columns)
{
	if (whole.total < 2 || whole.done == whole.total)
		return NULL;
	if (process_cancelled()) /* what ends now was not done */
		return live_line("stopping", NULL, 0, columns, output.ascii);
	g_autofree char *what = g_strdup_printf("%d of %d done%s%s", (int)whole.done,
		(int)whole.total, whole.text ? ", " : "", whole.text ? whole.text : "");
	live_fact facts[] = {{text_seconds(seconds_since(whole.begun)), 1},
		{live_left(run_left()), 0}};
	return live_line(what, facts, G_N_ELEMENTS(facts), columns, output.ascii);
}

static gint64 files_done(guint *n)
{
	gint64 done = files.done;

	*n = 0;
	for (guint k = 0; k < items->len; k++) {
		const live_item *i = g_ptr_array_index(items, k);
		if (i->kind != EVENT_DOWNLOAD || i->total < 0)
			continue;
		done += i->done;
		++*n;
	}
	return done;
}

/* "  downloads  12.3 MB of 93.0 MB  13%  4.5 MB/s  about 20 s left", or NULL. */
static char *files_line(int columns)
{
	guint running;
	gint64 done = files_done(&running);

	if (!files.sets || running < 2)
		return NULL;
	return bytes_line("downloads", done, files.unknown ? -1 : files.total,
		&files.rate, columns);
}

/* ---- drawing ---- */

static void draw_line(GString *out, const char *line)
{
	int columns = live_columns(line);

	g_string_append_printf(out, "%s\033[K\n", line);
	g_array_append_val(drawn, columns);
}

static gboolean is_shown(const live_item *i)
{
	return i->kind == EVENT_JOB ||
	       g_get_monotonic_time() - i->begun >= YOUNG_MICROSECONDS;
}

/* What everything waits for first: builds, then steps, then downloads, the oldest of
 * each first. */
static GPtrArray *shown_items(void)
{
	static const event_kind order[] = {EVENT_JOB, EVENT_STEP, EVENT_DOWNLOAD};
	GPtrArray *shown = g_ptr_array_new();

	for (guint k = 0; k < G_N_ELEMENTS(order); k++) {
		for (guint n = 0; n < items->len; n++) {
			live_item *i = g_ptr_array_index(items, n);
			if (i->kind == order[k] && is_shown(i))
				g_ptr_array_add(shown, i);
		}
	}
	return shown;
}

static void draw(GString *out)
{
	int columns = output_width() - 1, rows = MIN(output_rows() - 2, LINES_MAX);
	g_autofree char *downloads = files_line(columns);
	g_autofree char *total = total_line(columns);
	g_autoptr(GPtrArray) shown = shown_items();

	if (rows < 1 || !items->len)
		return;
	guint room = (guint)MAX(rows - (total != NULL) - (downloads != NULL), 1);
	guint lines = shown->len <= room ? shown->len : MAX(room - 1, 1);
	for (guint n = 0; n < lines; n++) {
		g_autofree char *line = item_line(g_ptr_array_index(shown, n), columns);
		draw_line(out, line);
	}
	if (shown->len > lines && (int)lines < rows) {
		g_autofree char *more =
			g_strdup_printf("and %u more", shown->len - lines);
		g_autofree char *line = live_line(more, NULL, 0, columns, output.ascii);
		draw_line(out, line);
	}
	if (downloads && (int)drawn->len < rows)
		draw_line(out, downloads);
	if (total && (int)drawn->len < rows)
		draw_line(out, total);
	rows_drawn = (sig_atomic_t)drawn->len;
	drawn_at = g_get_monotonic_time();
	drawn_width = columns + 1;
}

/* In one write, and over what was there: nothing flickers. */
void live_print(const char *text)
{
	g_autoptr(GString) out = g_string_new(NULL);
	gboolean were = drawn && drawn->len;

	if (were && !*text && is_resizing())
		return; /* the next tick draws */
	wait_for_size();
	if (were)
		go_up(out);
	/* A text may have lines that wrap, and tabs; and what a terminal wrapped itself,
	 * it would join again when it becomes wider. */
	if (were && (*text || output_width() != drawn_width))
		g_string_append(out, "\033[J");
	g_string_append(out, text);
	if (drawn)
		draw(out);
	if (were)
		g_string_append(out, "\033[J");
	output_write(out->str, out->len);
	if (!were && drawn) /* it was echoed above what is drawn now */
		rows_typed();
}

/* ---- what happens ---- */

static guint find(event_kind kind, const char *subject, const char *text)
{
	for (guint i = 0; i < items->len; i++) {
		const live_item *item = g_ptr_array_index(items, i);
		if (item->kind == kind && g_strcmp0(item->subject, subject) == 0 &&
			(kind != EVENT_STEP || g_strcmp0(item->text, text) == 0))
			return i;
	}
	return G_MAXUINT;
}

static live_item *item_add(const event *e)
{
	live_item *i = g_new0(live_item, 1);

	i->kind = e->kind;
	i->subject = g_strdup(e->subject);
	i->text = g_strdup(e->kind == EVENT_STEP ? e->text : NULL);
	i->begun = g_get_monotonic_time();
	i->expected = e->expected;
	g_ptr_array_add(items, i);
	return i;
}

static void take_total(const event *e)
{
	g_free(whole.text);
	whole.text = g_strdup(e->text);
	whole.done = e->done;
	whole.total = e->total;
	whole.expected = e->expected;
}

static void take_files(const event *e)
{
	if (e->phase == EVENT_BEGIN) {
		files.sets++;
		files.unknown += e->total < 0;
		files.total += MAX(e->total, 0);
		return;
	}
	files.done += e->done;
	files.unknown -= e->total < 0;
	if (!--files.sets)
		files = (live_files){0};
}

/* Counts what came since the last event, unless that is a file's beginning. */
static void take_bytes(live_item *i, const event *e)
{
	gint64 more = e->phase == EVENT_BEGIN ? 0 : MAX(e->done - i->done, 0);
	gint64 now = g_get_monotonic_time();

	i->done = e->done;
	i->total = e->total;
	rate_add(&i->rate, now, more);
	if (files.sets)
		rate_add(&files.rate, now, more);
}

static gboolean take_download(const event *e)
{
	guint at = find(EVENT_DOWNLOAD, e->subject, NULL);
	live_item *i = at == G_MAXUINT ? item_add(e) : g_ptr_array_index(items, at);

	take_bytes(i, e);
	if (e->phase == EVENT_BEGIN || e->phase == EVENT_PROGRESS)
		return g_get_monotonic_time() - drawn_at >= TICK_MICROSECONDS / 2;
	if (files.sets && e->phase == EVENT_END && e->total >= 0)
		files.done += e->done;
	if (at == G_MAXUINT)
		at = items->len - 1;
	g_ptr_array_remove_index(items, at);
	return TRUE;
}

/* A job's steps stand in its line, which stays where it is. */
static gboolean take_step(const event *e)
{
	guint job = find(EVENT_JOB, e->subject, NULL);
	gboolean begins = e->phase == EVENT_BEGIN || e->phase == EVENT_PROGRESS;

	if (job != G_MAXUINT) {
		live_item *i = g_ptr_array_index(items, job);
		if (begins) {
			g_free(i->text);
			i->text = g_strdup(e->text);
		}
		return begins;
	}
	guint at = find(EVENT_STEP, e->subject, e->text);
	if (begins && at == G_MAXUINT)
		item_add(e);
	else if (!begins && at != G_MAXUINT)
		g_ptr_array_remove_index(items, at);
	return !begins;
}

static gboolean take_job(const event *e)
{
	guint at = find(EVENT_JOB, e->subject, NULL);

	if (e->phase == EVENT_BEGIN) {
		item_add(e);
		/* it no longer waits */
		if (whole.expected >= 0)
			whole.expected = MAX(whole.expected - e->expected, 0);
	} else if (at != G_MAXUINT) {
		g_ptr_array_remove_index(items, at);
	}
	return TRUE;
}

gboolean live_event(const event *e)
{
	switch (e->kind) {
	case EVENT_TOTAL:
		take_total(e);
		return FALSE;
	case EVENT_FILES:
		take_files(e);
		return FALSE;
	case EVENT_DOWNLOAD:
		return take_download(e);
	case EVENT_STEP:
		return take_step(e);
	case EVENT_JOB:
		return take_job(e);
	default:
		return FALSE;
	}
}
