#pragma once
#include "format/json.h"

/* RPM's own database of what is installed, whatever it is kept in (Berkeley DB until
 * Red Hat's 8, SQLite since 9), by libsolv and librpm.
 *
 * `root` is a folder with var/lib/rpm in it, its full path; files of the database may be
 * made there. librpm tells what it misses on standard error, and its readers were not
 * written for files of strangers: call this in a process of its own (`xorch __rpmdb`).
 *
 * [{"name", "version" ("1:2.28-251.el8"), "arch", "files": [PATH without a leading
 * slash]}], of files only libraries, shared and static. json_decref it. NULL with X0632
 * (EXIT_INTEGRITY). */
json_t *rpm_database_read(const char *root, GError **err);
