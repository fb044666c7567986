#include "format/sql.h"
#include "base/error.h"
#include <sqlite3.h>
#include <stdarg.h>

#define BUSY_MS 5000

struct sql {
	sqlite3 *db;
	char *path;
};

struct sql_row {
	sqlite3_stmt *statement;
};

static gboolean fail(const sql *s, GError **err)
{
	return error_set(err, EXIT_HOST, NULL, "%s: %s", s->path, sqlite3_errmsg(s->db));
}

sql *sql_open(const char *path, GError **err)
{
	sql *s = g_new0(sql, 1);

	s->path = g_strdup(path);
	if (sqlite3_open_v2(path, &s->db,
		    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
		    NULL) != SQLITE_OK) {
		fail(s, err);
		sql_close(s);
		return NULL;
	}
	sqlite3_busy_timeout(s->db, BUSY_MS);
	return s;
}

void sql_close(sql *s)
{
	if (!s)
		return;
	sqlite3_close(s->db);
	g_free(s->path);
	g_free(s);
}

gboolean sql_script(sql *s, const char *text, GError **err)
{
	return sqlite3_exec(s->db, text, NULL, NULL, NULL) == SQLITE_OK || fail(s, err);
}

static sqlite3_stmt *prepare(
	sql *s, const char *text, const char *types, va_list ap, GError **err)
{
	sqlite3_stmt *st = NULL;

	if (sqlite3_prepare_v2(s->db, text, -1, &st, NULL) != SQLITE_OK) {
		fail(s, err);
		return NULL;
	}
	for (int n = 1; *types; types++, n++) {
		int rc = SQLITE_MISUSE;
		if (*types == 's')
			rc = sqlite3_bind_text(
				st, n, va_arg(ap, const char *), -1, SQLITE_TRANSIENT);
		else if (*types == 'i')
			rc = sqlite3_bind_int64(st, n, va_arg(ap, gint64));
		else if (*types == 'd')
			rc = sqlite3_bind_double(st, n, va_arg(ap, double));
		if (rc == SQLITE_OK)
			continue;
		fail(s, err);
		sqlite3_finalize(st);
		return NULL;
	}
	return st;
}

static gboolean step_all(
	sql *s, sqlite3_stmt *st, sql_each each, void *data, GError **err)
{
	int rc;

	while ((rc = sqlite3_step(st)) == SQLITE_ROW)
		if (each)
			each(&(sql_row){st}, data);
	gboolean ok = rc == SQLITE_DONE || fail(s, err);
	sqlite3_finalize(st);
	return ok;
}

gboolean sql_run(sql *s, GError **err, const char *text, const char *types, ...)
{
	va_list ap;

	va_start(ap, types);
	sqlite3_stmt *st = prepare(s, text, types, ap, err);
	va_end(ap);
	return st && step_all(s, st, NULL, NULL, err);
}

gboolean sql_query(sql *s, sql_each each, void *data, GError **err, const char *text,
	const char *types, ...)
{
	va_list ap;

	va_start(ap, types);
	sqlite3_stmt *st = prepare(s, text, types, ap, err);
	va_end(ap);
	return st && step_all(s, st, each, data, err);
}

const char *sql_text(const sql_row *row, int column)
{
	return (const char *)sqlite3_column_text(row->statement, column);
}

gint64 sql_int(const sql_row *row, int column)
{
	return sqlite3_column_int64(row->statement, column);
}

double sql_real(const sql_row *row, int column)
{
	return sqlite3_column_double(row->statement, column);
}
