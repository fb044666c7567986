#pragma once
#include <glib.h>

/* What was built when, how it ended and how long it took: for `xorch log`, for the
 * order in which a run starts its jobs and for the expected time of a plan.
 *
 *	$XDG_STATE_HOME/xorch/builds/ID/BUILD.json	one build: the truth
 *	$XDG_STATE_HOME/xorch/builds/ID/BUILD.log	its log, the last 5 of an item
 *	$XDG_STATE_HOME/xorch/history.db		all of them, for questions
 *
 * BUILD is time and pid, so names sort by time and two processes never take the same.
 * The database is a copy that can be thrown away: one that cannot be read is set aside
 * (history.db.bad) and made again from the JSON files. The history never makes a build
 * fail: what goes wrong with it is told once as a warning.
 *
 * A build is written down when it begins; a process that is killed leaves it as
 * "running", which is shown as "interrupted" once the process is gone. */
typedef struct history_build {
	char *build;		  /* "20261125T201500.123Z-4711" */
	char *id;		  /* "cwcwidth-0.1.12-cp312-aarch64" */
	char *name;		  /* "cwcwidth" */
	char *target;		  /* "aarch64" */
	char *key;		  /* 64 hex digits, or NULL */
	char *state;		  /* running, built, failed, interrupted */
	char *kind;		  /* class of the failure (build/failure.h), or NULL */
	char *subject;		  /* of the class, or NULL */
	char *error;		  /* first line of the message, or NULL */
	char *first_error, *hint; /* or NULL */
	int code;		  /* exit status */
	gint64 started;		  /* seconds since 1970 */
	double seconds;		  /* of work, without waits (base/work_clock.h) */
	double cpu_seconds;
	gint64 peak_memory;  /* bytes resident of its largest process */
	double load;	     /* of the machine when it began */
	int jobs;	     /* CPU slots it was given */
	char *log;	     /* path; NULL when it is no longer there */
	char *file, *sha256; /* artefact, or NULL */
	gint64 size;
	char *sandbox; /* level, or NULL */
	int pid;
	char *host;
} history_build;

history_build *history_build_new(void);
void history_build_free(history_build *b);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(history_build, history_build_free)

/* $XDG_STATE_HOME/xorch; where that cannot be written to, as in a container of which
 * only some folders can, `history` in the cache. New string. */
char *history_dir(void);

/* May be used from several threads. */
typedef struct history history;
history *history_open(void);
void history_close(history *h);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(history, history_close)

/* Fills build, started, load, pid, host and log of *b, whose id is set; removes old
 * logs of the item and writes it down as running. The log is an empty file: in
 * `log_dir` as ID.log, or with the build. FALSE when it cannot be made (X0812). */
gboolean history_begin(history *h, history_build *b, const char *log_dir, GError **err);
/* The same for a build that needs no log and never ran. */
void history_note(history *h, history_build *b);
/* An empty file for what a project's own hook says while it is locked: ID.log in
 * `log_dir`, or lock.log with the item's builds. New string; NULL: X0812. */
char *history_lock_log(history *h, const char *id, const char *log_dir, GError **err);
/* Writes down how it ended. */
void history_end(history *h, history_build *b);

/* Newest first; `id` NULL: all, an item's id, or the beginning of ids. At most
 * `limit`. Element type history_build *, freed with the array. */
GPtrArray *history_list(history *h, const char *id, guint limit);

/* Seconds and memory a build of the item will probably take: what its last good build
 * took, else that of the same package and target with another Python or version;
 * FALSE when nothing is known. */
gboolean history_expect(history *h, const char *id, const char *name, const char *target,
	double *seconds, gint64 *memory);
