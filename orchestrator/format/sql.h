#pragma once
#include <glib.h>

/* A small SQLite database of our own. Statements take their values by type letters:
 * s const char * (NULL is null), i gint64, d double. Waits up to 5 s for another
 * process; no write-ahead log, which does not work on network file systems. One
 * thread at a time. Errors are EXIT_HOST without a code: what is kept in a database
 * is a copy of something else (build/history.h), so whoever holds it goes on. */
typedef struct sql sql;

/* Opens or makes the file. */
sql *sql_open(const char *path, GError **err);
void sql_close(sql *s);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(sql, sql_close)

/* One or several statements without values and results. */
gboolean sql_script(sql *s, const char *text, GError **err);
/* One statement without results. */
gboolean sql_run(sql *s, GError **err, const char *text, const char *types, ...);

/* The columns of a row, from 0; text is borrowed until the row is left. */
typedef struct sql_row sql_row;
const char *sql_text(const sql_row *row, int column); /* NULL for null */
gint64 sql_int(const sql_row *row, int column);
double sql_real(const sql_row *row, int column);
/* One statement, `each` called for every row. */
typedef void (*sql_each)(const sql_row *row, void *data);
gboolean sql_query(sql *s, sql_each each, void *data, GError **err, const char *text,
	const char *types, ...);
