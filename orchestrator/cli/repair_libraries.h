#pragma once
#include "build/context.h"
#include "cli/options.h"
#include "cli/repair_lock.h"
#include "ship/rewheel.h"

/* Where `xorch repair` finds the libraries that a wheel lacks, in this order: the folders
 * of --lib-dir, the packages of the sysroot, those of the lock, packages of the suite,
 * which are added to the lock. (Where a repair is done again the lock has all that were
 * taken, also of the sysroot: it comes first.) What a run found for one wheel serves the
 * next. */
typedef struct repair_libraries repair_libraries;

/* EXIT_INPUT X0301 no such sysroot, X0820 a --lib-dir that is no folder. `lock` is
 * borrowed. */
repair_libraries *repair_libraries_open(
	const options *o, const build_context *c, repair_lock *lock, GError **err);
void repair_libraries_free(repair_libraries *l);

/* Adds to `owners` (repair_owner *, those of how->repair) all that the wheel needs;
 * *edits tells whether anything in it is to be edited at all.
 * EXIT_AUDIT X0747 naming what is found nowhere; EXIT_LOCK X0430, X0431 of the lock. */
gboolean repair_libraries_find(repair_libraries *l, GBytes *bytes, const char *file,
	const rewheel *how, GPtrArray *owners, gboolean *edits, GError **err);

/* For the record. The sysroot's definition; what of its suite beside its own packages is
 * known for the target (locked_package *, or NULL). Borrowed. */
const sysroot_def *repair_libraries_sysroot(const repair_libraries *l);
const GPtrArray *repair_libraries_packages(
	const repair_libraries *l, const platform *target);
/* The sysroot's own packages, as they are locked. */
package_section *repair_libraries_section(
	const repair_libraries *l, const platform *target, GError **err);
