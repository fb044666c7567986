#pragma once
#include "cli/options.h"
#include <glib.h>

/* `--changed-since REF`: which recipes and definitions changed, or depend on something
 * that did (cli/changed_inputs.h, format/git_changes.h). */
typedef struct changed_since changed_since;

/* Finds repository and commit; `near` is a path of what is asked about, which decides the
 * repository when the working directory is in another one or none. With --fetch-base what
 * is lacking is fetched (build/base_fetch.h), unless --offline. NULL: X0320…X0322, X0325.
 */
changed_since *changed_since_new(const options *o, const char *near, GError **err);
void changed_since_free(changed_since *c);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(changed_since, changed_since_free)

/* What is asked about. Recipes (element item_source *, borrowed until the answer); what
 * they need is found by itself. */
void changed_since_recipes(changed_since *c, const GPtrArray *sources);
/* A definition of a catalogue, with its lock. */
void changed_since_definition(changed_since *c, const char *path);
/* A recipe that cannot be read: then what it depends on is not known, and it counts as
 * changed. */
void changed_since_unreadable(changed_since *c, const char *path);

/* Once, when all is told. FALSE: X0320, also for what lies outside the repository. */
gboolean changed_since_ask(changed_since *c, GError **err);
/* Why the recipe or definition counts as changed, "its lock changed: recipes/a.lock
 * (staged)", one element char * a reason; NULL: it does not. Owned by c. */
const GPtrArray *changed_since_reasons(const changed_since *c, const char *path);

/* A line that says how many of those asked about are left, and with --explain one for
 * each reason. `what` is "recipes" or "files". */
void changed_since_tell(const changed_since *c, const options *o,
	const GPtrArray *paths /* char * */, guint asked, const char *what);
