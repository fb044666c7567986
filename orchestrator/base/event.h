#pragma once
#include <glib.h>

/* What happens, told to whoever shows it. Only cli/ prints: every layer emits
 * events, cli installs the sink (plain lines, a live terminal, JSON lines).
 * May be called from any thread; the sink serialises. Without a sink events
 * are dropped. */
typedef enum event_kind {
	EVENT_LOG,	/* text at a level */
	EVENT_DOWNLOAD, /* subject: file; done/total in bytes, total -1 unknown. A further
			 * BEGIN: a new try, from `done` on */
	EVENT_FILES,	/* files that are to be fetched: total bytes, -1 unknown; with
			 * EVENT_END done: those of them that were not fetched here */
	EVENT_STEP,	/* subject: item id; text: step name */
	EVENT_ARTIFACT, /* subject: item id; text: path */
	EVENT_JOB,   /* subject: item id; its build from begin to end, with all steps */
	EVENT_TOTAL, /* of a run: done of total items; text: "2 failed" or NULL */
} event_kind;

typedef enum event_phase {
	EVENT_BEGIN,
	EVENT_PROGRESS,
	EVENT_END,
	EVENT_FAIL
} event_phase;

typedef enum event_level {
	EVENT_DEBUG,
	EVENT_INFO,
	EVENT_NOTE,
	EVENT_WARNING
} event_level;

typedef struct event {
	event_kind kind;
	event_phase phase;
	event_level level;
	const char *subject; /* NULL or what it is about, e.g. an item's id */
	const char *text;
	gint64 done, total;
	double seconds; /* with EVENT_END: how long it took */
	/* Seconds by what is known of earlier runs. EVENT_JOB: that it will take, 0 not
	 * known. EVENT_TOTAL: of all builds that have not begun, one after the other; -1
	 * not known. */
	double expected;
} event;

typedef void (*event_sink)(const event *e, void *data);

void event_set_sink(event_sink sink, void *data);
void event_emit(const event *e);
void event_log(event_level level, const char *subject, const char *fmt, ...)
	G_GNUC_PRINTF(3, 4);
/* Begins a step and returns its start time; event_step_end takes it back. */
gint64 event_step_begin(const char *subject, const char *step);
void event_step_end(const char *subject, const char *step, gint64 begun, gboolean ok);
