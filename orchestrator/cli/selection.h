#pragma once
#include "build/context.h"
#include "build/item.h"
#include "cli/options.h"

/* What a command line selects: recipes and folders of recipes (default: recipes/),
 * or ids of items, times targets, times Pythons. Used by build, plan, fetch, lock. */
typedef struct selection {
	GPtrArray *sources; /* item_source * */
	GPtrArray *items;   /* item *, in the order recipe, Python, target */
	GPtrArray *pythons; /* host_python *: all that were found */
	/* Under --changed-since: a recipe's path -> why it counts as changed, a GPtrArray
	 * of char *. NULL without. */
	GHashTable *changed;
	/* item_source *: those that were named and did not change. What changed may need
	 * them: then they move to `sources`. */
	GPtrArray *unchanged;
	gboolean left_out; /* --skip leaves out something that was asked for */
	gboolean part;	   /* of --shard */
	GHashTable
		*sysroots; /* cli/selection_settle.c: choices made so far; may be NULL */
} selection;

/* Reads recipes and locks, finds Pythons, makes the items. Those that are not for
 * the target or Python asked for are ITEM_SKIPPED with the reason; a Python that
 * the recipe names and this machine lacks makes an ITEM_FAILED (X0830). Errors in
 * recipes are shown here, all of them; then FALSE with *err unset and *code set. */
gboolean selection_make(const options *o, const build_context *c, char **args,
	selection *out, int *code, GError **err);
/* The same for one recipe at hand, which it takes over. */
gboolean selection_make_of(const options *o, const build_context *c, item_source *source,
	selection *out, int *code, GError **err);
void selection_clear(selection *s);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(selection, selection_clear)

/* For those who add what other items need: takes the item (made by item_new, its
 * Python set) over, decides its toolchain, sysroot and floor, resolves its recipe; it
 * may become ITEM_SKIPPED or ITEM_FAILED. FALSE with errors in the list. */
gboolean selection_add_item(selection *s, const options *o, item *i, diag_list *l);
/* --skip names it, or has a pattern for it (`*`, `?`). */
gboolean selection_left_out(const options *o, const char *id);

/* TRUE when something is left to do; else X0300 (EXIT_NOTHING) with the reasons,
 * or TRUE all the same under --allow-empty, --changed-since and --shard: who asks for
 * these wants the answer, not an error. */
gboolean selection_check(const selection *s, const options *o, GError **err);
