#pragma once
#include "build/package_set.h"
#include "cli/options.h"

/* What --sysroot and --toolchain name on `fetch` and `lock`: definitions by
 * themselves, without a recipe. */
typedef struct definition {
	sysroot_def *sysroot; /* one of these two */
	toolchain_def *toolchain;
	GPtrArray *targets; /* const platform *; a single NULL: all in one */
} definition;

/* Loads it and finds the targets: those of --target or Docker's variables, else all
 * that it exists for. */
definition *definition_open(
	catalog_kind kind, const char *name, const options *o, GError **err);
void definition_free(definition *d);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(definition, definition_free)
const char *definition_name(const definition *d);
/* Borrows from `d`. Only for definitions of Debian packages. */
package_set definition_set(const definition *d, const platform *target);

/* The two verbs' part for --sysroot and --toolchain; exit status. */
int fetch_definitions(const options *o, GError **err);
int lock_definitions(const options *o, GError **err);
