#pragma once
#include "build/verify.h"

/* Inside build/verify*.c only. */

verify_check *verify_add(verify_run *r, const char *kind, const char *subject,
	verify_state state, char *detail);

/* What is run in: a prepared root and an installed artefact. */
typedef struct verify_place {
	run_root root;
	char *site, *tool; /* host folders */
	double timeout_s;
	const char *program; /* name in site/bin; NULL for a wheel */
} verify_place;

/* Runs them and adds what came out. FALSE only when nothing can be started. */
gboolean verify_imports(
	const verify_place *p, const GPtrArray *modules, verify_run *r, GError **err);
gboolean verify_command(
	const verify_place *p, const char *command, verify_run *r, GError **err);
void verify_contents(const wheel *w, const recipe_test *t, verify_run *r);
