#include "cli/selection_settle.h"
#include "base/error.h"
#include "cli/choice.h"
#include "cli/floor_option.h"
#include "plan/compiler_choice.h"
#include "plan/floor_range.h"
#include <string.h>

/* "NAME GCC": the sysroot for a name (or NULL), floor and target, and of which GCC its
 * C++ library is; a run makes the same choice for most of its items. New string. */
static char *choose(selection *s, const char *name, const item *i, GError **err)
{
	char *known;

	if (!s->sysroots)
		s->sysroots =
			g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	g_autofree char *what = g_strdup_printf(
		"%s %s %s", i->floor, i->platform->name, name ? name : "");
	known = g_hash_table_lookup(s->sysroots, what);
	if (known)
		return g_strdup(known);
	g_autoptr(sysroot_def) def = sysroot_for_floor(name, i->floor, i->platform, err);
	if (def)
		g_hash_table_insert(s->sysroots, g_steal_pointer(&what),
			g_strdup_printf("%s %s", def->name, def->gcc));
	return def ? g_strdup_printf("%s %s", def->name, def->gcc) : NULL;
}

/* Takes what choose() gave over; NULL is fine. */
static void take(item *i, char **gcc, char *chosen)
{
	char *blank = chosen ? strchr(chosen, ' ') : NULL;

	if (!blank)
		return;
	*gcc = g_strdup(blank + 1);
	*blank = '\0';
	i->sysroot = chosen;
}

/* *gcc: of the sysroot, new string. */
static void settle(selection *s, const options *o, item *i, const char *asks, char **gcc,
	GError **err)
{
	const recipe *r = i->source->recipe;
	const char *named = choice_sysroot(o, r);

	i->floor = floor_option(o, r, i->platform, err);
	if (i->floor && !named && asks)
		take(i, gcc, choose(s, asks, i, NULL));
	if (i->floor && !i->sysroot)
		take(i, gcc, choose(s, named, i, err));
}

void selection_settle(selection *s, const options *o, item *i, const char *asks)
{
	const recipe *r = i->source->recipe;
	/* no C in it, or a target without a sysroot: of cgo there the builder says why */
	gboolean any = r->kind == RECIPE_GO_BINARY &&
		       (!r->go.cgo || !i->platform->builds_wheels);

	g_autofree char *gcc = NULL;

	settle(s, o, i, asks, &gcc, any ? NULL : &i->error);
	if (i->error) {
		error_line(&i->error, "--> %s", r->path);
		i->state = ITEM_FAILED;
	}
	if (!i->floor)
		i->floor = g_strdup(RECIPE_FLOOR_DEFAULT);
	if (!i->sysroot)
		i->sysroot = g_strdup(SYSROOT_DEFAULT);
	i->toolchain = compiler_for_sysroot(choice_toolchain(o, r), gcc);
}
