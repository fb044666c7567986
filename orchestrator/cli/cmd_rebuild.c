#include "base/error.h"
#include "base/event.h"
#include "build/item_record.h"
#include "cli/build_items.h"
#include "cli/common.h"
#include "cli/rebuild.h"
#include "cli/report.h"
#include "cli/verbs.h"
#include "format/digest.h"
#include "format/git.h"
#include <string.h>

/* ---- which recipe ---- */

/* "path" and "digest" of recipe or lock in the statement. */
static const json_t *stated(const provenance_file *f, const char *what)
{
	return json_get_object(provenance_external(f), what);
}

static gboolean no_recipe(const provenance_file *f, const char *path, GError **err)
{
	const json_t *row = provenance_repository(f);
	const char *uri = json_get_string(row, "uri");
	const char *commit = json_get_string(json_get_object(row, "digest"), "gitCommit");
	g_autofree char *shown = text_escape(path, -1);

	error_set(err, EXIT_INPUT, "X0693", "the recipe %s is not here", shown);
	if (uri || commit) {
		g_autofree char *where = text_escape(uri ? uri : commit, -1);
		error_note(err, "the build took it from %s", where);
	}
	error_help(err, "go to a checkout of that repository (-C DIR), or name the "
			"recipe with --recipe");
	return FALSE;
}

/* A strange statement must not lead out of the folder that it is looked for in. */
static gboolean is_inside(const char *path)
{
	g_auto(GStrv) parts = g_strsplit(path, "/", -1);

	return path[0] != '/' && !g_strv_contains((const char *const *)parts, "..");
}

/* The recipe's path. New string. */
static char *find_recipe(const options *o, const provenance_file *f, GError **err)
{
	const char *path = json_get_string(stated(f, "recipe"), "path");
	g_autoptr(repo_tree) t = repo_tree_open(".");
	const char *const tops[] = {t ? repo_tree_top(t) : ".", "."};

	if (o->recipe)
		return g_strdup(o->recipe);
	for (gsize n = 0; path && is_inside(path) && n < G_N_ELEMENTS(tops); n++) {
		g_autofree char *found = g_build_filename(tops[n], path, NULL);
		if (g_file_test(found, G_FILE_TEST_IS_REGULAR))
			return g_steal_pointer(&found);
	}
	no_recipe(f, path ? path : "(no path)", err);
	return NULL;
}

/* ---- what is another now ---- */

static void add_file(
	GPtrArray *out, const provenance_file *f, const char *what, const char *path)
{
	const char *was =
		json_get_string(json_get_object(stated(f, what), "digest"), "sha256");
	g_autofree char *is = digest_file(path, NULL, NULL);

	if (was && g_strcmp0(was, is) != 0)
		g_ptr_array_add(out, g_strdup_printf("%s file: sha256 %.12s… -> %.12s%s",
					     what, was, is ? is : "none", is ? "…" : ""));
}

/* The key of the build environment holds where this machine's Python lies: the
 * statement has none, and it is not compared. */
static void take_environment(item_record *r, const key *k)
{
	const GPtrArray *now = key_inputs(k);

	for (guint n = 0; n < now->len; n++) {
		const key_input *in = g_ptr_array_index(now, n);
		if (g_str_equal(in->name, "build environment"))
			item_record_add_input(r, in->name, in->value);
	}
}

/* Sentences (char *): inputs of the key, then files and program versions that may
 * have no effect. */
static GPtrArray *differences(const provenance_file *f, item *i)
{
	g_autoptr(item_record) then = item_record_new();
	const json_t *inputs = json_get_array(provenance_internal(f), "inputs");
	const json_t *python = json_get_object(provenance_internal(f), "python");
	const char *version = json_get_string(python, "version");
	gsize n;
	const json_t *pair;

	json_array_foreach((json_t *)inputs, n, pair)
	{
		const char *name = json_string_value(json_array_get(pair, 0));
		const char *value = json_string_value(json_array_get(pair, 1));
		if (name && value)
			item_record_add_input(then, name, value);
	}
	take_environment(then, i->key);
	GPtrArray *out = item_record_differences(then, i->key);
	if (version && i->python && !g_str_equal(version, i->python->version))
		g_ptr_array_add(out,
			g_strdup_printf("Python: %s -> %s", version, i->python->version));
	add_file(out, f, "recipe", i->source->recipe->path);
	add_file(out, f, "lock", i->source->lock->path);
	return out;
}

/* ---- the build ---- */

static const rebuild_words words = {"build", "was built",
	"check out the commit that `xorch explain` names, with the same xorch; without "
	"--strict it is built and compared all the same",
	"check out the commit that `xorch explain` names and try again",
	"`--keep` keeps the folder of this build to look into"};

static GPtrArray *list_of(const char *text)
{
	GPtrArray *l = text ? g_ptr_array_new() : NULL;

	if (l)
		g_ptr_array_add(l, (char *)text);
	return l;
}

static int sandbox_of(const options *o, const provenance_file *f)
{
	static const char *const names[] = {"auto", "bwrap", "landlock", "env"};
	const char *level = json_get_string(
		json_get_object(provenance_internal(f), "sandbox"), "level");

	for (gsize n = 0; o->sandbox == SANDBOX_CHOICE_AUTO && n < G_N_ELEMENTS(names);
		n++)
		if (g_strcmp0(level, names[n]) == 0)
			return (int)n;
	return o->sandbox;
}

/* Was the network opened by --allow-network? Then it is again. NULL: no. */
static GPtrArray *network_of(const provenance_file *f)
{
	const json_t *inputs = json_get_array(provenance_internal(f), "inputs");
	gsize n;
	const json_t *pair;

	json_array_foreach((json_t *)inputs, n, pair)
	{
		const char *name = json_string_value(json_array_get(pair, 0));
		if (g_strcmp0(name, "network") == 0)
			return list_of(json_get_string(provenance_internal(f), "id"));
	}
	return NULL;
}

/* The command line that asks for what the statement says was asked for. */
static options options_of(const options *o, const provenance_file *f, const char *out)
{
	options own = *o;

	rebuild_date(f);

	own.targets = list_of(provenance_asked(f, "target"));
	own.pythons = list_of(provenance_asked(f, "python"));
	own.only = list_of(json_get_string(provenance_internal(f), "id"));
	own.toolchain = (char *)provenance_asked(f, "toolchain");
	own.sysroot = (char *)provenance_asked(f, "sysroot");
	own.floor = (char *)provenance_asked(f, "floor");
	own.sandbox = sandbox_of(o, f);
	own.allow_network = network_of(f);
	own.snapshot = provenance_asked(f, "snapshot") != NULL;
	own.out = (char *)out;
	own.rebuild = own.no_provenance = own.locked = TRUE;
	own.strict = FALSE; /* of the audit: not part of what was asked */
	return own;
}

static void options_end(options *own)
{
	g_clear_pointer(&own->targets, g_ptr_array_unref);
	g_clear_pointer(&own->pythons, g_ptr_array_unref);
	g_clear_pointer(&own->only, g_ptr_array_unref);
	g_clear_pointer(&own->allow_network, g_ptr_array_unref);
}

/* The item asked for; what it needs is in the selection too. */
static item *the_item(const selection *s, const options *own)
{
	const char *id = g_ptr_array_index(own->only, 0);

	for (guint n = 0; n < s->items->len; n++) {
		item *i = g_ptr_array_index(s->items, n);
		if (g_str_equal(i->id, id))
			return i;
	}
	return NULL;
}

/* EXIT_DONE, or the status of what failed, said already; else *err. */
static int build_and_compare(const build_context *c, const options *o,
	const provenance_file *f, selection *s, const options *own, GError **err)
{
	int code = EXIT_INPUT;
	item *i = NULL;

	if (!selection_make(own, c, (char *[]){(char *)own->recipe, NULL}, s, &code, err))
		return code;
	i = the_item(s, own);
	if (!i || !build_items_look(c, own, s, err))
		return EXIT_INPUT;
	if (i->state == ITEM_FAILED)
		return i->error ? i->error->code : EXIT_INPUT;
	if (!i->key)
		return error_set(err, EXIT_LOCK, "X0407", "%s is not locked", i->id),
		       EXIT_LOCK;
	g_autoptr(GPtrArray) list = differences(f, i);
	if (!rebuild_tell(o, f, list, &words, err) || !build_items(c, own, s, err))
		return EXIT_INPUT;
	if (i->state != ITEM_BUILT)
		return report_code(s);
	return rebuild_compare(o, f, i->file, list, &words, err) ? EXIT_DONE : EXIT_AUDIT;
}

static gboolean check_file(const provenance_file *f, GError **err)
{
	g_autofree char *shown = text_escape(f->name, -1);

	if (!f->artefact)
		return error_set(err, EXIT_INPUT, "X0692",
			"%s, which the statement speaks of, is not beside it", shown);
	if (f->repaired)
		return TRUE;
	if (f->ours && provenance_asked(f, "target") &&
		json_get_string(provenance_internal(f), "id"))
		return TRUE;
	error_set(err, EXIT_INPUT, "X0696", "%s was not built by xorch", shown);
	error_note(err, "its statement is of another builder, who may be able to");
	return FALSE;
}

int cmd_rebuild(const options *o, char **args, GError **err)
{
	g_auto(provenance_file) f = {0};
	g_auto(selection) s = {0};
	build_context c;

	if (!args[0] || args[1]) {
		error_set(err, EXIT_INPUT, "X0697", "xorch rebuild takes one file");
		error_help(err, "a wheel or program with FILE.intoto.jsonl beside it");
		return EXIT_INPUT;
	}
	if (!provenance_file_open(args[0], &f, err) || !check_file(&f, err))
		return EXIT_INPUT;
	if (f.repaired)
		return rebuild_repair(o, &f, err);
	g_autofree char *path = find_recipe(o, &f, err);
	if (!path || !common_open(o, &c, err))
		return EXIT_INPUT;
	c.locked = TRUE;
	g_autofree char *out = store_temp_dir(c.store, err);
	int code = EXIT_HOST;
	if (out) {
		options own = options_of(o, &f, out);
		own.recipe = path;
		code = build_and_compare(&c, o, &f, &s, &own, err);
		selection_clear(&s);
		options_end(&own);
	}
	common_close(&c);
	return code;
}
