#include "cli/selection.h"
#include "base/error.h"
#include "build/builder.h"
#include "build/host_requires.h"
#include "build/python_select.h"
#include "cli/changed.h"
#include "cli/choice.h"
#include "cli/common.h"
#include "cli/output.h"
#include "cli/selection_needs.h"
#include "cli/selection_overlay.h"
#include "cli/shard.h"
#include "cli/snapshot.h"
#include "cli/selection_settle.h"
#include <string.h>

#define RECIPES_DEFAULT "recipes"

typedef struct wish {
	const options *o;
	const build_context *c;
	selection *s;
	GPtrArray *only; /* ids named as arguments or by --only; NULL: all */
	GPtrArray *left; /* char *: of those, the ids that --skip leaves out */
	gboolean all_pythons;
	GPtrArray *pythons; /* of --python; NULL: not given */
	GPtrArray *chosen;  /* tags of --python or `python3`: the same for all recipes */
} wish;

void selection_clear(selection *s)
{
	g_clear_pointer(&s->items, g_ptr_array_unref);
	g_clear_pointer(&s->sources, g_ptr_array_unref);
	g_clear_pointer(&s->pythons, g_ptr_array_unref);
	g_clear_pointer(&s->changed, g_hash_table_unref);
	g_clear_pointer(&s->unchanged, g_ptr_array_unref);
	g_clear_pointer(&s->sysroots, g_hash_table_unref);
}

static gboolean contains(const GPtrArray *list, const char *text)
{
	for (guint i = 0; list && i < list->len; i++)
		if (g_str_equal(g_ptr_array_index(list, i), text))
			return TRUE;
	return FALSE;
}

/* Ids, or patterns of ids. */
static gboolean matches(const GPtrArray *list, const char *id)
{
	for (guint i = 0; list && i < list->len; i++)
		if (g_pattern_match_simple(g_ptr_array_index(list, i), id))
			return TRUE;
	return FALSE;
}

static gboolean looks_like_id(const char *arg)
{
	return !strchr(arg, '/') && !g_str_equal(arg, "-") &&
	       !g_str_has_suffix(arg, ".yaml") && !g_str_has_suffix(arg, ".yml") &&
	       !g_file_test(arg, G_FILE_TEST_EXISTS);
}

static char *join(const GPtrArray *list)
{
	GString *out = g_string_new(NULL);

	for (guint i = 0; i < list->len; i++)
		g_string_append_printf(
			out, "%s%s", i ? ", " : "", (char *)g_ptr_array_index(list, i));
	return g_string_free(out, FALSE);
}

static void skip(item *i, char *reason)
{
	i->state = ITEM_SKIPPED;
	g_free(i->reason);
	i->reason = reason;
	g_clear_error(&i->error); /* what it would have lacked does not matter */
}

/* Resolves the recipe for the item; a value that turns out wrong is shown. */
static gboolean resolve(item *i, diag_list *l)
{
	g_autofree char *version =
		i->python_tag ? item_python_version(i->python_tag) : g_strdup("");
	recipe_vars vars = {.target = i->platform->name,
		.triple = i->platform->triple,
		.python = version};

	i->recipe = recipe_resolve(i->source->recipe, &vars, l);
	if (i->recipe && i->recipe->skip_reason)
		skip(i, g_strdup(i->recipe->skip_reason));
	return i->recipe != NULL;
}

/* What a plan can tell of the libraries asked for. */
static void check_host(item *i)
{
	g_autoptr(sysroot_def) def = sysroot_def_find(i->sysroot, &i->error);

	if (!def || !host_requires_check(i->recipe, i->platform, def, &i->error))
		i->state = ITEM_FAILED;
}

static gboolean names_targets(const recipe *r)
{
	return yaml_map_get(r->doc->root, "targets") != NULL;
}

/* Whether the recipe is for the item's target and Python at all. */
static gboolean is_meant(item *i)
{
	const recipe *r = i->source->recipe;
	gboolean explicit_targets = names_targets(r);
	g_autofree char *version =
		i->python_tag ? item_python_version(i->python_tag) : NULL;

	if (explicit_targets && !contains(r->targets, i->platform->name)) {
		g_autofree char *names = join(r->targets);
		skip(i, g_strdup_printf("the recipe is for %s only", names));
		return FALSE;
	}
	if (version && r->python.versions && !contains(r->python.versions, version)) {
		g_autofree char *names = join(r->python.versions);
		skip(i, g_strdup_printf("the recipe is for Python %s only", names));
		return FALSE;
	}
	return TRUE;
}

gboolean selection_add_item(selection *s, const options *o, item *i, diag_list *l)
{
	selection_settle(s, o, i, NULL);
	i->allow_network = matches(o->allow_network, i->id);
	g_ptr_array_add(s->items, i);
	if (!is_meant(i))
		return TRUE;
	if (!resolve(i, l))
		return FALSE;
	if (i->state == ITEM_PLANNED && i->recipe->requirements.host)
		check_host(i);
	return TRUE;
}

gboolean selection_left_out(const options *o, const char *id)
{
	return matches(o->skip, id);
}

static gboolean one_item(wish *w, item_source *source, const platform *target,
	const char *tag, const host_python *python, GError *missing, diag_list *l)
{
	item *i = item_new(source, target, tag);
	gboolean named = !w->only || matches(w->only, i->id);

	if (!named || selection_left_out(w->o, i->id)) {
		if (named)
			g_ptr_array_add(w->left, g_strdup(i->id));
		item_free(i);
		return TRUE;
	}
	i->python = python;
	if (!selection_add_item(w->s, w->o, i, l))
		return FALSE;
	if (i->state == ITEM_PLANNED && missing) {
		i->state = ITEM_FAILED;
		i->error = g_error_copy(missing);
	}
	return TRUE;
}

static const host_python *found_python(const selection *s, const char *tag)
{
	for (guint n = 0; n < s->pythons->len; n++) {
		const host_python *p = g_ptr_array_index(s->pythons, n);
		if (g_str_equal(p->tag, tag))
			return p;
	}
	return NULL;
}

/* What --python, the recipe or `python3` choose, as tags. */
static GPtrArray *python_tags(wish *w, const recipe *r, GError **err)
{
	g_autoptr(GPtrArray) tags = g_ptr_array_new_with_free_func(g_free);
	const project *p = w->o->project;
	const GPtrArray *versions = w->pythons		 ? NULL
				    : r->python.versions ? r->python.versions
				    : p			 ? p->pythons
							 : NULL;
	if (versions) {
		for (guint n = 0; n < versions->len; n++) {
			char *tag = python_tag_parse(g_ptr_array_index(versions, n), err);
			if (!tag)
				return NULL;
			g_ptr_array_add(tags, tag);
		}
		return g_steal_pointer(&tags);
	}
	if (w->chosen)
		return g_ptr_array_ref(w->chosen);
	g_autoptr(GPtrArray) wanted = g_ptr_array_new();
	for (guint n = 0; w->pythons && n < w->pythons->len; n++)
		g_ptr_array_add(wanted, g_ptr_array_index(w->pythons, n));
	g_ptr_array_add(wanted, NULL);
	g_autoptr(GPtrArray) chosen = python_select(w->c->store, w->s->pythons,
		w->pythons ? (const char *const *)wanted->pdata : NULL, err);
	if (!chosen)
		return NULL;
	for (guint n = 0; n < chosen->len; n++) {
		const host_python *one = g_ptr_array_index(chosen, n);
		g_ptr_array_add(tags, g_strdup(one->tag));
	}
	w->chosen = g_ptr_array_ref(tags);
	return g_steal_pointer(&tags);
}

/* One item a target. */
static gboolean without_python(
	wish *w, item_source *source, const GPtrArray *targets, diag_list *l)
{
	for (guint t = 0; t < targets->len; t++)
		if (!one_item(w, source, g_ptr_array_index(targets, t), NULL, NULL, NULL,
			    l))
			return FALSE;
	return TRUE;
}

static gboolean has_item(const selection *s, const item_source *source, const char *tag,
	const platform *target)
{
	for (guint n = 0; n < s->items->len; n++) {
		const item *i = g_ptr_array_index(s->items, n);
		if (i->source == source && i->platform == target &&
			g_strcmp0(i->python_tag, tag) == 0)
			return TRUE;
	}
	return FALSE;
}

/* `xorch lock` renews all that a lock holds, and not only what a build here would need:
 * its Pythons unless --python says which, for its targets unless something else does. */
static gboolean add_locked(
	wish *w, item_source *source, const GPtrArray *targets, diag_list *l)
{
	const recipe_lock *lock = source->lock;
	gboolean stale = !g_str_equal(lock->version, source->recipe->package.version);

	for (guint n = 0; !w->pythons && n < lock->environments->len; n++) {
		const lock_environment *e = g_ptr_array_index(lock->environments, n);
		const host_python *python = found_python(w->s, e->python);
		if (!python && stale)
			output_note("%s: %s is not on this machine, so the lock loses "
				    "its section",
				source->recipe->path, e->python);
		for (guint t = 0; python && t < targets->len; t++) {
			const platform *target = g_ptr_array_index(targets, t);
			if (contains(e->targets, target->name) &&
				!has_item(w->s, source, e->python, target) &&
				!one_item(w, source, target, e->python, python, NULL, l))
				return FALSE;
		}
	}
	return TRUE;
}

/* The targets of the lock after the recipe's, if no flag and no variable decides. */
static void add_locked_targets(const item_source *source, GPtrArray *names)
{
	const recipe_lock *lock = source->lock;

	for (guint n = 0; n < lock->environments->len; n++) {
		const lock_environment *e = g_ptr_array_index(lock->environments, n);
		for (guint t = 0; t < e->targets->len; t++)
			if (!contains(names, g_ptr_array_index(e->targets, t)))
				g_ptr_array_add(names, g_ptr_array_index(e->targets, t));
	}
}

static gboolean add_source(wish *w, item_source *source, diag_list *l, GError **err)
{
	const recipe *r = source->recipe;
	g_autoptr(GPtrArray) names = g_ptr_array_new();

	const builder *how = builder_of(r, err);

	if (!how)
		return FALSE;
	const project *p = w->o->project;
	const GPtrArray *fallback =
		p && p->targets && !names_targets(r) ? p->targets : r->targets;
	for (guint n = 0; n < fallback->len; n++)
		g_ptr_array_add(names, g_ptr_array_index(fallback, n));
	guint usual = names->len;
	if (w->o->renew && how->python)
		add_locked_targets(source, names);
	guint more = names->len - usual;
	g_ptr_array_add(names, NULL);
	g_autoptr(GPtrArray) all =
		common_targets(w->o, (const char *const *)names->pdata, err);
	if (!all)
		return FALSE;
	/* those that only the lock has are for its Pythons alone */
	gboolean fallen_back = !w->o->targets && all->len == usual + more;
	g_autoptr(GPtrArray) targets = g_ptr_array_new();
	for (guint n = 0; n < (fallen_back ? usual : all->len); n++)
		g_ptr_array_add(targets, g_ptr_array_index(all, n));
	if (!how->python)
		return without_python(w, source, targets, l);
	g_autoptr(GPtrArray) tags = python_tags(w, r, err);
	if (!tags)
		return FALSE;
	for (guint n = 0; n < tags->len; n++) {
		const char *tag = g_ptr_array_index(tags, n);
		const host_python *python = found_python(w->s, tag);
		g_autoptr(GError) missing = NULL;
		if (!python) {
			const char *one[] = {tag, NULL};
			g_autoptr(GPtrArray) none =
				python_select(w->c->store, w->s->pythons, one, &missing);
			(void)none;
		}
		for (guint t = 0; t < targets->len; t++) {
			const platform *target = g_ptr_array_index(targets, t);
			if (!target->builds_wheels)
				return error_set(err, EXIT_INPUT, "X0927",
					"no wheels can be built for %s", target->name);
			if (!one_item(w, source, target, tag, python, missing, l))
				return FALSE;
		}
	}
	return !w->o->renew || add_locked(w, source, all, l);
}

/* Y20: two recipes, one artefact. */
static gboolean check_unique(const selection *s, GError **err)
{
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

	for (guint n = 0; n < s->items->len; n++) {
		item *i = g_ptr_array_index(s->items, n);
		item *other = g_hash_table_lookup(seen, i->id);
		if (other) {
			error_set(err, EXIT_INPUT, "X0310",
				"two recipes make the same artefact, %s", i->id);
			error_line(err, "--> %s", other->source->recipe->path);
			error_line(err, "--> %s", i->source->recipe->path);
			return FALSE;
		}
		g_hash_table_insert(seen, i->id, i);
	}
	return TRUE;
}

/* Arguments that are ids go to `only`, the rest are paths. */
static GPtrArray *split_arguments(char **args, wish *w)
{
	GPtrArray *paths = g_ptr_array_new();

	for (; *args; args++) {
		if (!looks_like_id(*args)) {
			g_ptr_array_add(paths, *args);
			continue;
		}
		if (!w->only)
			w->only = g_ptr_array_new();
		g_ptr_array_add(w->only, *args);
	}
	for (guint n = 0; w->o->only && n < w->o->only->len; n++) {
		if (!w->only)
			w->only = g_ptr_array_new();
		g_ptr_array_add(w->only, g_ptr_array_index(w->o->only, n));
	}
	if (!paths->len)
		g_ptr_array_add(paths, (gpointer)RECIPES_DEFAULT);
	g_ptr_array_add(paths, NULL);
	return paths;
}

static gboolean label(const wish *w, item_source *s, GError **err)
{
	GError *problem = NULL;

	if (w->o->snapshot)
		s->label = snapshot_label(s->recipe, &problem);
	if (problem)
		g_propagate_error(err, problem);
	return !problem;
}

static gboolean load(wish *w, char **args, diag_list *l, GError **err)
{
	g_autoptr(GPtrArray) paths = split_arguments(args, w);
	g_autoptr(GPtrArray) files = recipe_find((const char *const *)paths->pdata, l);

	for (guint n = 0; files && n < files->len; n++) {
		item_source *s = item_source_load(g_ptr_array_index(files, n), l, err);
		if (s)
			g_ptr_array_add(w->s->sources, s);
		if ((err && *err) || (s && !label(w, s, err)))
			return FALSE;
	}
	return TRUE;
}

static void strings_unref(gpointer list)
{
	g_ptr_array_unref(list);
}

static gpointer string_copy(gconstpointer text, gpointer data)
{
	(void)data;
	return g_strdup(text);
}

/* --changed-since: the other recipes are left out, but for those that are needed. */
static gboolean keep_changed(selection *s, const options *o, GError **err)
{
	const item_source *first =
		s->sources->len ? g_ptr_array_index(s->sources, 0) : NULL;
	g_autoptr(changed_since) c =
		changed_since_new(o, first ? first->recipe->path : ".", err);
	g_autoptr(GPtrArray) paths = g_ptr_array_new();
	guint asked = s->sources->len;

	s->changed =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, strings_unref);
	if (!c)
		return FALSE;
	changed_since_recipes(c, s->sources);
	if (!changed_since_ask(c, err))
		return FALSE;
	for (guint n = 0; n < s->sources->len;) {
		const char *path =
			((item_source *)g_ptr_array_index(s->sources, n))->recipe->path;
		const GPtrArray *reasons = changed_since_reasons(c, path);
		if (!reasons) {
			g_ptr_array_add(
				s->unchanged, g_ptr_array_steal_index(s->sources, n));
			continue;
		}
		g_hash_table_insert(s->changed, g_strdup(path),
			g_ptr_array_copy((GPtrArray *)reasons, string_copy, NULL));
		g_ptr_array_add(paths, (gpointer)path);
		n++;
	}
	changed_since_tell(c, o, paths, asked, "recipes");
	return TRUE;
}

/* Ids that named nothing are most likely misspelt. */
static gboolean check_only(const wish *w, GError **err)
{
	for (guint n = 0; w->only && n < w->only->len; n++) {
		const char *id = g_ptr_array_index(w->only, n);
		gboolean found = FALSE;
		for (guint i = 0; i < w->s->items->len; i++)
			found |= g_pattern_match_simple(
				id, ((item *)g_ptr_array_index(w->s->items, i))->id);
		for (guint i = 0; i < w->left->len; i++)
			found |=
				g_pattern_match_simple(id, g_ptr_array_index(w->left, i));
		if (found)
			continue;
		g_autofree char *shown = text_escape(id, -1);
		error_set(err, EXIT_INPUT, "X0311",
			strpbrk(id, "*?") ? "no item has an id like `%s`"
					  : "no item has the id `%s`",
			shown);
		error_help(err, "`xorch plan --target all --python all` lists the ids; a "
				"file or folder of that name does not exist either");
		return FALSE;
	}
	return TRUE;
}

/* An id says its target and Python itself; without --target and --python they
 * need not be given again. */
static void wishes_of_ids(wish *w)
{
	static options widened;

	if (!w->only)
		return;
	widened = *w->o;
	if (!widened.targets || !widened.targets->len) {
		widened.targets = g_ptr_array_new();
		g_ptr_array_add(widened.targets, (gpointer) "all");
	}
	if (!w->pythons) {
		w->pythons = g_ptr_array_new();
		g_ptr_array_add(w->pythons, (gpointer) "all");
	}
	w->o = &widened;
}

/* Of what the arguments name, or of `given`. */
static gboolean make(const options *o, const build_context *c, char **args,
	item_source *given, selection *out, int *code, GError **err)
{
	g_autoptr(diag_list) l = diag_list_new();
	g_autoptr(GPtrArray) left = g_ptr_array_new_with_free_func(g_free);
	wish w = {.o = o, .c = c, .s = out, .left = left};

	*out = (selection){.sources = g_ptr_array_new_with_free_func(
				   (GDestroyNotify)item_source_free),
		.items = g_ptr_array_new_with_free_func((GDestroyNotify)item_free),
		.unchanged =
			g_ptr_array_new_with_free_func((GDestroyNotify)item_source_free)};
	w.pythons = o->pythons && o->pythons->len ? o->pythons : NULL;
	gboolean ok = TRUE;
	if (given)
		g_ptr_array_add(out->sources, given);
	else
		ok = load(&w, args, l, err);
	wishes_of_ids(&w);
	if (ok && o->changed_since && !diag_list_errors(l))
		ok = keep_changed(out, o, err);
	if (ok && !diag_list_errors(l))
		out->pythons = host_python_find_all(c->store, NULL);
	for (guint n = 0; ok && !diag_list_errors(l) && n < out->sources->len; n++)
		ok = add_source(&w, g_ptr_array_index(out->sources, n), l, err) ||
		     diag_list_errors(l);
	if (ok && !diag_list_errors(l))
		/* an id of what did not change names nothing now */
		ok = check_unique(out, err) && (o->changed_since || check_only(&w, err));
	out->left_out = left->len > 0;
	if (ok && o->shard && !diag_list_errors(l))
		ok = shard_keep(out, o, err);
	if (ok && !diag_list_errors(l))
		ok = selection_add_needs(out, o, 0, l, err) &&
		     selection_add_overlays(out, o, NULL, l, err);
	g_clear_pointer(&w.chosen, g_ptr_array_unref);
	output_diags(l);
	if (diag_list_errors(l)) {
		*code = EXIT_INPUT;
		return FALSE;
	}
	return ok && check_unique(out, err);
}

gboolean selection_make(const options *o, const build_context *c, char **args,
	selection *out, int *code, GError **err)
{
	return make(o, c, args, NULL, out, code, err);
}

gboolean selection_make_of(const options *o, const build_context *c, item_source *source,
	selection *out, int *code, GError **err)
{
	return make(o, c, NULL, source, out, code, err);
}

gboolean selection_check(const selection *s, const options *o, GError **err)
{
	for (guint n = 0; n < s->items->len; n++)
		if (((item *)g_ptr_array_index(s->items, n))->state != ITEM_SKIPPED)
			return TRUE;
	if (o->allow_empty || s->changed || s->part)
		return TRUE;
	error_set(err, EXIT_NOTHING, "X0300", "nothing is left to do");
	if (!s->items->len && s->left_out)
		error_line(err, "--skip leaves out all that was asked for");
	for (guint n = 0; n < s->items->len && n < 20; n++) {
		const item *i = g_ptr_array_index(s->items, n);
		error_line(err, "%s: skipped: %s", i->id, i->reason);
	}
	error_help(err, "--allow-empty makes this a success");
	return FALSE;
}
