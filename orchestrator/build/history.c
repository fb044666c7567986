#include "build/history.h"
#include "base/error.h"
#include "base/event.h"
#include "base/fs.h"
#include "build/history_file.h"
#include "build/store.h"
#include "format/sql.h"
#include <errno.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOGS_KEPT 5	/* of an item */
#define BUILDS_KEPT 100 /* of an item */

struct history {
	GMutex lock;
	char *dir; /* …/xorch */
	sql *db;   /* NULL: not open yet, or not to be had */
	gboolean told;
};

static const char schema[] =
	"CREATE TABLE IF NOT EXISTS builds (build TEXT PRIMARY KEY, id TEXT NOT NULL,"
	" name TEXT, target TEXT, state TEXT NOT NULL, class TEXT, started INTEGER,"
	" seconds REAL, peak_memory INTEGER);"
	"CREATE INDEX IF NOT EXISTS builds_id ON builds (id, started);"
	"CREATE INDEX IF NOT EXISTS builds_name ON builds (name, target, started);"
	"PRAGMA user_version = 1;";

/* Can it be made, or written to? */
static gboolean is_usable(const char *dir)
{
	return fs_mkdir_p(dir, 0755, NULL) && access(dir, W_OK) == 0;
}

char *history_dir(void)
{
	g_autofree char *own = g_build_filename(g_get_user_state_dir(), "xorch", NULL);

	if (is_usable(own))
		return g_steal_pointer(&own);
	g_autofree char *cache = store_default_dir();
	g_autofree char *second = g_build_filename(cache, "history", NULL);
	return is_usable(second) ? g_steal_pointer(&second) : g_steal_pointer(&own);
}

history *history_open(void)
{
	history *h = g_new0(history, 1);

	g_mutex_init(&h->lock);
	h->dir = history_dir();
	return h;
}

void history_close(history *h)
{
	if (!h)
		return;
	sql_close(h->db);
	g_mutex_clear(&h->lock);
	g_free(h->dir);
	g_free(h);
}

static void tell_once(history *h, const char *what, const GError *error)
{
	if (!h->told)
		event_log(EVENT_WARNING, NULL,
			"the history of builds %s (%s); builds do not need it", what,
			error ? error->message : "unknown error");
	h->told = TRUE;
}

/* ---- the database, a copy ---- */

static gboolean put(sql *db, const history_build *b, GError **err)
{
	return sql_run(db, err,
		"INSERT OR REPLACE INTO builds VALUES (?,?,?,?,?,?,?,?,?)", "ssssssidi",
		b->build, b->id, b->name, b->target, b->state, b->kind, b->started,
		b->seconds, b->peak_memory);
}

/* Every build on file, into an empty table. */
static gboolean fill(history *h, sql *db, GError **err)
{
	g_autofree char *root = g_build_filename(h->dir, "builds", NULL);
	g_autoptr(GDir) ids = g_dir_open(root, 0, NULL);
	const char *id;

	if (!sql_script(db, "BEGIN IMMEDIATE", err))
		return FALSE;
	while (ids && (id = g_dir_read_name(ids))) {
		g_autofree char *folder = g_build_filename(root, id, NULL);
		g_autoptr(GPtrArray) builds = history_files(folder, ".json");
		for (guint n = 0; n < builds->len; n++) {
			g_autoptr(history_build) b =
				history_file_read(g_ptr_array_index(builds, n));
			if (b && !put(db, b, err))
				return FALSE;
		}
	}
	return sql_script(db, "COMMIT", err);
}

static sql *open_database(history *h, GError **err)
{
	g_autofree char *path = g_build_filename(h->dir, "history.db", NULL);
	gboolean fresh = !g_file_test(path, G_FILE_TEST_EXISTS);

	if (!fs_mkdir_p(h->dir, 0755, err))
		return NULL;
	g_autoptr(sql) db = sql_open(path, err);
	if (!db || !sql_script(db, schema, err) || (fresh && !fill(h, db, err)))
		return NULL;
	return g_steal_pointer(&db);
}

static void set_aside(history *h)
{
	static const char *const ends[] = {"", "-journal", NULL};

	g_clear_pointer(&h->db, sql_close);
	for (guint n = 0; ends[n]; n++) {
		g_autofree char *name = g_strconcat("history.db", ends[n], NULL);
		g_autofree char *path = g_build_filename(h->dir, name, NULL);
		g_autofree char *bad = g_strconcat(path, ".bad", NULL);
		g_rename(path, bad);
	}
}

typedef gboolean (*db_work)(sql *db, void *data, GError **err);

/* Does the work; a database that fails is made anew once. */
static gboolean with_database(history *h, db_work work, void *data)
{
	g_autoptr(GError) first = NULL;
	g_autoptr(GError) second = NULL;

	if (!h->db)
		h->db = open_database(h, &first);
	if (h->db && work(h->db, data, &first))
		return TRUE;
	set_aside(h);
	h->db = open_database(h, &second);
	if (h->db && work(h->db, data, &second)) {
		tell_once(h, "could not be read and was made anew", first);
		return TRUE;
	}
	tell_once(h, "cannot be used", second);
	return FALSE;
}

static gboolean work_put(sql *db, void *data, GError **err)
{
	return put(db, data, err);
}

static gboolean work_forget(sql *db, void *data, GError **err)
{
	return sql_run(db, err, "DELETE FROM builds WHERE build = ?", "s", data);
}

/* ---- one build ---- */

/* Its process is gone. */
static gboolean is_dead(const history_build *b)
{
	return g_strcmp0(b->host, g_get_host_name()) == 0 && b->pid > 0 &&
	       kill(b->pid, 0) != 0 && errno == ESRCH;
}

/* Another process still writes to it. */
static gboolean is_in_use(const char *log)
{
	g_autofree char *path = g_strndup(log, strlen(log) - strlen("log"));
	g_autofree char *record = g_strconcat(path, "json", NULL);
	g_autoptr(history_build) b = history_file_read(record);

	return b && g_str_equal(b->state, "running") && !is_dead(b);
}

static void remove_old(history *h, const char *folder)
{
	g_autoptr(GPtrArray) logs = history_files(folder, ".log");
	g_autoptr(GPtrArray) builds = history_files(folder, ".json");

	for (guint n = 0; n + LOGS_KEPT < logs->len + 1; n++)
		if (!is_in_use(g_ptr_array_index(logs, n)))
			g_unlink(g_ptr_array_index(logs, n));
	for (guint n = 0; n + BUILDS_KEPT < builds->len + 1; n++) {
		const char *path = g_ptr_array_index(builds, n);
		g_autofree char *name = g_path_get_basename(path);
		name[strlen(name) - strlen(".json")] = '\0';
		g_unlink(path);
		with_database(h, work_forget, name);
	}
}

static void write_down(history *h, const history_build *b)
{
	g_autofree char *name = g_strconcat(b->build, ".json", NULL);
	g_autofree char *path = g_build_filename(h->dir, "builds", b->id, name, NULL);
	g_autoptr(GError) error = NULL;

	if (history_file_write(path, b, &error))
		with_database(h, work_put, (void *)b);
	else
		tell_once(h, "cannot be written", error);
}

static char *log_path(const char *folder, const history_build *b, const char *given)
{
	g_autofree char *name = g_strconcat(given ? b->id : b->build, ".log", NULL);

	return g_build_filename(given ? given : folder, name, NULL);
}

static gboolean make_log(const char *path, GError **err)
{
	g_autofree char *folder = g_path_get_dirname(path);

	return fs_mkdir_p(folder, 0755, err) && fs_write_atomic(path, "", 0, 0644, err);
}

static void forget(history *h, const char *folder, const history_build *b)
{
	g_autofree char *name = g_strconcat(b->build, ".json", NULL);
	g_autofree char *path = g_build_filename(folder, name, NULL);

	if (g_unlink(path) == 0)
		with_database(h, work_forget, b->build);
}

static void name_build(history_build *b)
{
	static int last; /* two builds of one process never share a name */
	g_autoptr(GDateTime) now = g_date_time_new_now_utc();
	g_autofree char *text = g_date_time_format(now, "%Y%m%dT%H%M%S");
	double loads[1] = {0};

	g_free(b->build);
	b->build = g_strdup_printf("%s.%03dZ-%d-%d", text,
		g_date_time_get_microsecond(now) / 1000, (int)getpid(),
		g_atomic_int_add(&last, 1));
	b->started = g_date_time_to_unix(now);
	b->load = getloadavg(loads, 1) == 1 ? loads[0] : 0;
	b->pid = (int)getpid();
	g_free(b->host);
	b->host = g_strdup(g_get_host_name());
	g_free(b->state);
	b->state = g_strdup("running");
}

gboolean history_begin(history *h, history_build *b, const char *log_dir, GError **err)
{
	g_autofree char *folder = g_build_filename(h->dir, "builds", b->id, NULL);

	g_mutex_lock(&h->lock);
	name_build(b);
	remove_old(h, folder);
	g_free(b->log);
	b->log = log_path(folder, b, log_dir);
	/* First: a log without it is an old one that another process may remove. */
	write_down(h, b);
	gboolean ok = make_log(b->log, err);
	if (!ok)
		forget(h, folder, b);
	g_mutex_unlock(&h->lock);
	return ok;
}

void history_note(history *h, history_build *b)
{
	g_mutex_lock(&h->lock);
	name_build(b);
	g_mutex_unlock(&h->lock);
}

char *history_lock_log(history *h, const char *id, const char *log_dir, GError **err)
{
	g_autofree char *folder = log_dir ? g_strdup(log_dir)
					  : g_build_filename(h->dir, "builds", id, NULL);
	g_autofree char *name =
		log_dir ? g_strconcat(id, ".log", NULL) : g_strdup("lock.log");
	g_autofree char *path = g_build_filename(folder, name, NULL);

	if (!fs_mkdir_p(folder, 0755, err) || !fs_write_atomic(path, "", 0, 0644, err))
		return NULL;
	return g_steal_pointer(&path);
}

void history_end(history *h, history_build *b)
{
	g_mutex_lock(&h->lock);
	write_down(h, b);
	g_mutex_unlock(&h->lock);
}

/* ---- questions ---- */

typedef struct question {
	const char *id, *name, *target;
	guint limit;
	GPtrArray *names; /* answer: "ID/BUILD" */
	gboolean known;
	double seconds;
	gint64 memory;
} question;

static void add_name(const sql_row *row, void *data)
{
	question *q = data;

	g_ptr_array_add(
		q->names, g_build_filename(sql_text(row, 0), sql_text(row, 1), NULL));
}

static gboolean work_list(sql *db, void *data, GError **err)
{
	question *q = data;
	const char *id = q->id ? q->id : "";

	g_ptr_array_set_size(q->names, 0);
	return sql_query(db, add_name, q, err,
		"SELECT id, build FROM builds WHERE substr(id, 1, length(?)) = ?"
		" ORDER BY build DESC LIMIT ?",
		"ssi", id, id, (gint64)q->limit);
}

GPtrArray *history_list(history *h, const char *id, guint limit)
{
	GPtrArray *out =
		g_ptr_array_new_with_free_func((GDestroyNotify)history_build_free);
	question q = {.id = id,
		.limit = limit,
		.names = g_ptr_array_new_with_free_func(g_free)};

	g_mutex_lock(&h->lock);
	with_database(h, work_list, &q);
	g_mutex_unlock(&h->lock);
	for (guint n = 0; n < q.names->len; n++) {
		g_autofree char *file =
			g_strconcat(g_ptr_array_index(q.names, n), ".json", NULL);
		g_autofree char *path = g_build_filename(h->dir, "builds", file, NULL);
		history_build *b = history_file_read(path);
		if (!b)
			continue;
		if (g_str_equal(b->state, "running") && is_dead(b)) {
			g_free(b->state);
			b->state = g_strdup("interrupted");
		}
		if (b->log && !g_file_test(b->log, G_FILE_TEST_EXISTS))
			g_clear_pointer(&b->log, g_free);
		g_ptr_array_add(out, b);
	}
	g_ptr_array_unref(q.names);
	return out;
}

static void take_expectation(const sql_row *row, void *data)
{
	question *q = data;

	q->known = TRUE;
	q->seconds = sql_real(row, 0);
	q->memory = sql_int(row, 1);
}

static gboolean work_expect(sql *db, void *data, GError **err)
{
	question *q = data;

	return sql_query(db, take_expectation, q, err,
		"SELECT seconds, peak_memory FROM builds WHERE state = 'built' AND"
		" (id = ? OR (name = ? AND target = ?))"
		" ORDER BY id <> ?, build DESC LIMIT 1",
		"ssss", q->id, q->name, q->target, q->id);
}

gboolean history_expect(history *h, const char *id, const char *name, const char *target,
	double *seconds, gint64 *memory)
{
	question q = {.id = id, .name = name, .target = target};
	g_autofree char *path = g_build_filename(h->dir, "history.db", NULL);

	/* A plan leaves nothing behind where nothing was built yet. */
	g_mutex_lock(&h->lock);
	if (h->db || g_file_test(path, G_FILE_TEST_EXISTS))
		with_database(h, work_expect, &q);
	g_mutex_unlock(&h->lock);
	*seconds = q.seconds;
	*memory = q.memory;
	return q.known;
}
