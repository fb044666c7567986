#pragma once
#include "plan/catalog.h"
#include "plan/package_lock.h"

/* Which packages of a suite `xorch repair` took libraries from (the sysroot's own are in
 * the sysroot's lock): a file in the form of plan/package_lock.h, a section for each
 * target, so that the same repair gives the same bytes when the suite has moved on. The
 * packages that were named by their libraries stand under `packages`, all files that
 * came of them under `files`. */
typedef struct repair_lock repair_lock;

/* In the output folder, unless --lock names another. */
#define REPAIR_LOCK "repair.lock"

/* `upgrade`: what the file says is not taken, and what is found anew replaces it.
 * Absent is fine. EXIT_INPUT when it cannot be read. */
repair_lock *repair_lock_open(const char *path, gboolean upgrade, GError **err);
void repair_lock_free(repair_lock *l);
const char *repair_lock_path(const repair_lock *l);

/* locked_package *, borrowed; NULL without error: nothing is locked for the target. With
 * a section of another suite: EXIT_LOCK X0430 when `locked`, else nothing is locked. */
const GPtrArray *repair_lock_packages(const repair_lock *l, const sysroot_def *def,
	const platform *target, gboolean locked, GError **err);

/* `names` (char *) came to `packages` (locked_package *). */
void repair_lock_add(repair_lock *l, const sysroot_def *def, const platform *target,
	const GPtrArray *names, const GPtrArray *packages);

/* Writes the file if something was added. *written may be NULL. */
gboolean repair_lock_write(repair_lock *l, gboolean *written, GError **err);
