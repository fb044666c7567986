#include "base/error.h"
#include "base/process.h"
#include "cli/common.h"
#include "cli/output.h"
#include "cli/update_recipe.h"
#include "cli/verbs.h"

/* Takes what there is, recipe by recipe; one that fails keeps no other from it. */
static int update_all(const options *o, const build_context *c, GPtrArray *rows)
{
	int code = EXIT_DONE;

	for (guint n = 0; n < rows->len; n++) {
		upkeep *u = g_ptr_array_index(rows, n);
		gboolean shown;
		if (u->state != UPKEEP_UPDATE || process_cancelled())
			continue;
		if (update_recipe(o, c, u, &shown, &u->error)) {
			u->state = UPKEEP_UPDATED;
			if (!o->json)
				output_line("%s: %s -> %s", u->recipe->path,
					u->recipe->package.version, u->to);
			continue;
		}
		u->state = UPKEEP_FAILED;
		if (!shown)
			continue;
		/* Said when it happened; its status still counts. */
		code = output_exit_join(code, output_exit_code(u->error));
		output_note("%s: recipe and lock are as they were", u->recipe->path);
		g_clear_error(&u->error);
	}
	return code;
}

/* Why the others stay. */
static void tell_others(const options *o, const GPtrArray *rows)
{
	for (guint n = 0; n < rows->len && !o->quiet; n++) {
		const upkeep *u = g_ptr_array_index(rows, n);
		const release *held = u->choice.held;
		if (held)
			output_note("%s: %s is held back: %s", u->recipe->path,
				held->version, u->choice.why);
		if (u->choice.dropped && u->state == UPKEEP_UPDATED)
			output_note("%s: %s is not for Python %s", u->recipe->path, u->to,
				u->choice.dropped);
		if (u->asked && u->taken && u->taken->yanked)
			output_note("%s: %s was taken back by its publisher",
				u->recipe->path, u->asked);
	}
}

int cmd_update(const options *o, char **args, GError **err)
{
	g_autoptr(GPtrArray) rows = upkeep_read(args, TRUE, err);
	build_context c;
	int code = EXIT_INPUT, own = EXIT_DONE;

	if (!rows)
		return EXIT_INPUT;
	if (o->locked)
		return error_set(err, EXIT_INPUT, "X0349",
			       "`xorch update` renews locks, and --locked forbids that"),
		       EXIT_INPUT;
	if (!common_open(o, &c, err))
		return EXIT_HOST;
	if (upkeep_ask(o, &c, rows, TRUE, err)) {
		gboolean dry = o->check || o->dry_run;
		if (!dry)
			own = update_all(o, &c, rows);
		if (dry || o->json)
			upkeep_report(o, rows);
		if (!dry && !o->json)
			tell_others(o, rows);
		code = output_exit_join(own, upkeep_failures(rows));
		if (!code && o->check && upkeep_any_update(rows))
			code = EXIT_BUILD;
	}
	common_close(&c);
	return code;
}
