#include "cli/selection_settle.h"
#include "base/error.h"
#include "cli/choice.h"
#include "cli/floor_option.h"
#include "plan/floor_range.h"

/* The choice for a name (or NULL), floor and target; a run makes the same one for most
 * of its items. New string. */
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
		g_hash_table_insert(
			s->sysroots, g_steal_pointer(&what), g_strdup(def->name));
	return def ? g_strdup(def->name) : NULL;
}

static void settle(
	selection *s, const options *o, item *i, const char *asks, GError **err)
{
	const recipe *r = i->source->recipe;
	const char *named = choice_sysroot(o, r);

	i->floor = floor_option(o, r, i->platform, err);
	if (i->floor && !named && asks)
		i->sysroot = choose(s, asks, i, NULL);
	if (i->floor && !i->sysroot)
		i->sysroot = choose(s, named, i, err);
}

void selection_settle(selection *s, const options *o, item *i, const char *asks)
{
	const recipe *r = i->source->recipe;
	/* no C in it, or a target without a sysroot: of cgo there the builder says why */
	gboolean any = r->kind == RECIPE_GO_BINARY &&
		       (!r->go.cgo || !i->platform->builds_wheels);

	settle(s, o, i, asks, any ? NULL : &i->error);
	if (i->error) {
		error_line(&i->error, "--> %s", r->path);
		i->state = ITEM_FAILED;
	}
	if (!i->floor)
		i->floor = g_strdup(RECIPE_FLOOR_DEFAULT);
	if (!i->sysroot)
		i->sysroot = g_strdup(SYSROOT_DEFAULT);
	i->toolchain = g_strdup(choice_toolchain(o, r));
}
