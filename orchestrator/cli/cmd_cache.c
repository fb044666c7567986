#include "base/error.h"
#include "build/kept.h"
#include "build/store_admin.h"
#include "cli/common.h"
#include "cli/output.h"
#include "cli/verbs.h"
#include <string.h>

#define DEFAULT_AGE (30 * 86400)

static int cache_dir(const options *o, build_context *c, GError **err)
{
	(void)c;
	(void)err;
	g_autofree char *dir = o->cache_dir ? g_canonicalize_filename(o->cache_dir, NULL)
					    : store_default_dir();
	if (o->json)
		output_json(json_pack("{s:i, s:s%}", "v", 1, "dir", dir, strlen(dir)));
	else
		output_line("%s", dir);
	return EXIT_DONE;
}

/* What --keep left is no part of the store, but takes the same disk. */
static void add_kept(GPtrArray *rows)
{
	store_usage_row *r = g_new0(store_usage_row, 1);

	r->name = g_strdup("kept");
	kept_usage(&r->count, &r->bytes);
	g_ptr_array_add(rows, r);
}

static int cache_size(const options *o, build_context *c, GError **err)
{
	g_autoptr(GPtrArray) rows = store_usage(c->store);
	json_t *parts = json_object();
	guint64 total = 0;

	(void)err;
	add_kept(rows);
	for (guint i = 0; i < rows->len; i++) {
		const store_usage_row *r = rows->pdata[i];
		g_autofree char *size = text_bytes((gint64)r->bytes);
		total += r->detail ? 0 : r->bytes;
		json_object_set_new(parts, r->name,
			json_pack("{s:I, s:I}", "count", (json_int_t)r->count, "bytes",
				(json_int_t)r->bytes));
		if (!o->json && r->count)
			output_line("%-24s %6" G_GUINT64_FORMAT "  %10s", r->name,
				r->count, size);
	}
	if (o->json) {
		output_json(json_pack("{s:i, s:s, s:I, s:o}", "v", 1, "dir",
			store_root(c->store), "bytes", (json_int_t)total, "parts",
			parts));
		return EXIT_DONE;
	}
	json_decref(parts);
	g_autofree char *size = text_bytes((gint64)total);
	output_line("%-24s %6s  %10s", "total", "", size);
	return EXIT_DONE;
}

static int cache_verify(const options *o, build_context *c, GError **err)
{
	store_check check;
	json_t *problems = json_array();

	store_verify(c->store, c->jobs, &check);
	for (guint i = 0; i < check.problems->len; i++) {
		const store_problem *p = check.problems->pdata[i];
		g_autofree char *path = text_escape(p->path, -1);
		json_array_append_new(
			problems, json_pack("{s:s, s:s}", "path", path, "what", p->what));
		if (!o->json)
			output_line("%s: %s", path, p->what);
	}
	guint damaged = check.problems->len;
	g_autofree char *size = text_bytes((gint64)check.bytes);
	if (o->json) {
		output_json(json_pack("{s:i, s:I, s:I, s:o}", "v", 1, "checked",
			(json_int_t)check.count, "bytes", (json_int_t)check.bytes,
			"damaged", problems));
	} else {
		json_decref(problems);
		output_line("%" G_GUINT64_FORMAT " things, %s: %s", check.count, size,
			damaged ? "damaged ones were taken out" : "all sound");
	}
	store_check_clear(&check);
	if (!damaged)
		return EXIT_DONE;
	error_set(err, EXIT_INTEGRITY, "X0605", "%u thing%s in the cache %s damaged",
		damaged, damaged == 1 ? "" : "s", damaged == 1 ? "was" : "were");
	error_help(err, "they are made or fetched anew when needed; if it happens again, "
			"look at the disk and at what else writes there");
	return EXIT_INTEGRITY;
}

static void say_removed(const options *o, const store_pruned *p)
{
	g_autofree char *size = text_bytes((gint64)p->bytes);

	if (o->json) {
		output_json(json_pack("{s:i, s:I, s:I, s:i}", "v", 1, "removed",
			(json_int_t)p->count, "bytes", (json_int_t)p->bytes, "in_use",
			(int)p->in_use));
		return;
	}
	output_line("%" G_GUINT64_FORMAT " things %sremoved, %s", p->count,
		o->dry_run ? "would be " : "", size);
	if (p->in_use)
		output_note("%u more are in use and stay", p->in_use);
}

static int cache_prune(const options *o, build_context *c, GError **err)
{
	store_pruned p;
	kept_pruned k;

	(void)err;
	store_prune_options how = {.max_age = o->max_age ? o->max_age : DEFAULT_AGE,
		.ci = o->ci,
		.dry_run = o->dry_run};
	store_prune(c->store, &how, &p);
	kept_prune(how.max_age, how.dry_run, &k);
	p.count += k.count;
	p.bytes += k.bytes;
	p.in_use += k.in_use;
	say_removed(o, &p);
	return EXIT_DONE;
}

static int cache_clean(const options *o, build_context *c, GError **err)
{
	store_pruned p;

	if (!store_clean(c->store, &p, err))
		return EXIT_HOST;
	say_removed(o, &p);
	return EXIT_DONE;
}

static const struct {
	const char *name;
	int (*run)(const options *o, build_context *c, GError **err);
	gboolean needs_store, takes_prune_options;
} actions[] = {
	{"dir", cache_dir, FALSE, FALSE},
	{"size", cache_size, TRUE, FALSE},
	{"verify", cache_verify, TRUE, FALSE},
	{"prune", cache_prune, TRUE, TRUE},
	{"clean", cache_clean, TRUE, FALSE},
};

int cmd_cache(const options *o, char **args, GError **err)
{
	build_context c = {0};

	if (!args[0] || args[1])
		return error_set(err, EXIT_INPUT, "X0130",
			"one of these is wanted: xorch cache dir, size, verify, prune, "
			"clean");
	for (gsize i = 0; i < G_N_ELEMENTS(actions); i++) {
		if (strcmp(args[0], actions[i].name) != 0)
			continue;
		if ((o->ci || o->max_age || o->dry_run) &&
			!actions[i].takes_prune_options)
			return error_set(err, EXIT_INPUT, "X0130",
				"--ci, --max-age and --dry-run belong to `xorch cache "
				"prune`");
		if (actions[i].needs_store && !common_open(o, &c, err))
			return EXIT_HOST;
		int code = actions[i].run(o, &c, err);
		common_close(&c);
		return code;
	}
	g_autofree char *shown = text_escape(args[0], -1);
	error_set(err, EXIT_INPUT, "X0130", "`xorch cache %s` does not exist", shown);
	error_help(err, "there are dir, size, verify, prune, clean");
	return EXIT_INPUT;
}
