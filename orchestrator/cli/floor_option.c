#include "cli/floor_option.h"
#include "base/error.h"
#include "cli/choice.h"
#include "cli/output.h"
#include "plan/plat_wish.h"
#include "plan/recipe_fields.h"

static char *given(const options *o, GError **err)
{
	const char *why = check_floor(o->floor);

	if (!why)
		return g_strdup(o->floor);
	g_autofree char *shown = text_escape(o->floor, -1);
	error_set(err, EXIT_INPUT, "X0121", "--floor %s: %s", shown, why);
	return NULL;
}

/* Once in a run, however many items it has. */
static void note_other(const plat_wish *w)
{
	static gboolean said;

	if (!said)
		output_note("--target decides; %s in the environment is for %s alone",
			w->text, w->target->name);
	said = TRUE;
}

/* The environment's, NULL without error when it asks nothing for the target. */
static char *asked(const options *o, const platform *target, GError **err)
{
	plat_args args = plat_args_from_environment();
	g_auto(plat_wish) wish = {{0}};
	g_autoptr(GError) other = NULL;

	if (!plat_wish_read(&args, &wish, err))
		return NULL;
	const char *floor = plat_wish_floor(&wish, target, &other);
	if (other && !o->targets)
		g_propagate_error(err, g_steal_pointer(&other));
	else if (other)
		note_other(&wish);
	return g_strdup(floor);
}

char *floor_option(
	const options *o, const recipe *r, const platform *target, GError **err)
{
	GError *error = NULL;

	if (o->floor)
		return given(o, err);
	char *floor = asked(o, target, &error);
	if (error) {
		g_propagate_error(err, error);
		return NULL;
	}
	if (floor)
		return floor;
	return g_strdup(choice_floor(o, r, target->name));
}

const char *floor_option_target(GError **err)
{
	plat_args args = plat_args_from_environment();
	g_auto(plat_wish) wish = {{0}};

	if (!plat_wish_read(&args, &wish, err))
		return NULL;
	return *wish.floor && wish.target && !wish.own ? wish.target->name : NULL;
}
