#pragma once
#include "build/context.h"
#include "build/release_find.h"
#include "cli/options.h"
#include "plan/recipe.h"

/* Recipes and what their sources have since: `xorch outdated` shows it, `xorch update`
 * takes it. */
typedef enum upkeep_state {
	UPKEEP_UPDATE,	/* there is a newer release to take */
	UPKEEP_CURRENT, /* there is none */
	UPKEEP_HELD,	/* there is one, but not to be taken */
	UPKEEP_UNKNOWN, /* its source does not tell */
	UPKEEP_OFF,	/* the recipe says update.enabled: false */
	UPKEEP_FAILED,	/* error says why */
	UPKEEP_UPDATED, /* `xorch update` has taken it */
} upkeep_state;

typedef struct upkeep {
	recipe *recipe;
	char *asked; /* version named on the command line; NULL: the newest */
	upkeep_state state;
	char *to;	/* with UPKEEP_UPDATE, UPKEEP_UPDATED: this version … */
	release *taken; /* … borrowed, of `find`; NULL where no list has it */
	release_find find;
	release_choice choice;
	char *warning; /* for the report, what speaks against a version that was named;
			* NULL nothing. While it is locked a warning says it again. */
	GError *error;
} upkeep;

/* Reads the recipes that the arguments name: files, folders, names of packages of
 * recipes/, all of it without an argument; with `versions` each may end in @VERSION.
 * Errors in recipes are shown; then, or when one names nothing (X0345), NULL, with *err
 * unset or set. Element upkeep *, as yet without an answer. */
GPtrArray *upkeep_read(char **args, gboolean versions, GError **err);
/* Asks for all of them, several at a time. Which Rust a release wants is in its source,
 * which has to be fetched for it: it counts where recipe or lock speak of Rust, and with
 * `sources` (the chosen release will be fetched anyway) for every wheel. What fails for
 * one is in its row; FALSE only for what concerns all: a Python that --python names and
 * is not here. */
gboolean upkeep_ask(const options *o, const build_context *c, const GPtrArray *rows,
	gboolean sources, GError **err);

/* The table for people, or with --json the document. */
void upkeep_report(const options *o, const GPtrArray *rows);
/* Whether there is one to take. */
gboolean upkeep_any_update(const GPtrArray *rows);
/* The exit status of what failed: of all of them, EXIT_BUILD when they differ. Each is
 * shown on standard error. */
int upkeep_failures(const GPtrArray *rows);
