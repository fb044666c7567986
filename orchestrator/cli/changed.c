#include "cli/changed.h"
#include "base/error.h"
#include "base/fs.h"
#include "build/base_fetch.h"
#include "cli/changed_inputs.h"
#include "cli/output.h"
#include "format/git_changes.h"
#include "plan/catalog.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PROJECT_FILE "xorch.yaml"

/* A recipe or definition. */
typedef struct node {
	char *path;	   /* as it was given first */
	GPtrArray *inputs; /* changed_input * */
	GPtrArray *needs;  /* edge * */
	GPtrArray *reasons;
} node;

typedef struct edge {
	char *name;
	node *to;
} edge;

struct changed_since {
	const options *o;
	repo_tree *tree;
	git_base *base;
	changed_catalog *catalog;
	GHashTable *nodes; /* canonical path -> node */
	GPtrArray *order;  /* node *, as they were told */
	char *cwd;
	GHashTable *dirs;   /* folder as written -> real one, or "" */
	GHashTable *places; /* path as written -> place */
};

static void place_free(gpointer data);

static void edge_free(gpointer data)
{
	edge *e = data;

	g_free(e->name);
	g_free(e);
}

static void node_free(gpointer data)
{
	node *n = data;

	g_free(n->path);
	g_ptr_array_unref(n->inputs);
	g_ptr_array_unref(n->needs);
	g_ptr_array_unref(n->reasons);
	g_free(n);
}

/* The working directory's repository, unless what is asked about is in another. */
static repo_tree *open_tree(const char *near, GError **err)
{
	g_autofree char *folder = g_path_get_dirname(near);
	char *real = realpath(folder, NULL);
	repo_tree *here = repo_tree_open(".");

	if (!here || (real && !fs_is_below(real, repo_tree_top(here)))) {
		repo_tree_free(here);
		here = git_changes_tree(real ? real : ".", err);
	}
	free(real);
	return here;
}

/* Looks again after a fetch, in a repository that is opened anew. */
static gboolean look_again(changed_since *c, const char *near, GError **why, GError **err)
{
	g_clear_error(why);
	repo_tree_free(c->tree);
	c->tree = open_tree(near, err);
	if (!c->tree)
		return FALSE;
	c->base = git_base_find(c->tree, c->o->changed_since, why);
	return TRUE;
}

/* --fetch-base: first the commit itself, then, where history is cut off before the two
 * meet, all of it. `why` is what was wrong without. */
static gboolean fetch_base(changed_since *c, const char *near, GError **why, GError **err)
{
	g_autofree char *remote = NULL;
	g_autofree char *refspec = NULL;

	if (!git_base_refspec(c->tree, c->o->changed_since, &remote, &refspec))
		return TRUE;
	if (!base_fetch(repo_tree_top(c->tree), remote, refspec, FALSE, err) ||
		!look_again(c, near, why, err))
		return FALSE;
	return c->base || !git_base_shallow(c->tree) ||
	       (base_fetch(repo_tree_top(c->tree), remote, refspec, TRUE, err) &&
		       look_again(c, near, why, err));
}

static gboolean find_base(changed_since *c, const char *near, GError **err)
{
	g_autoptr(GError) why = NULL;

	c->base = git_base_find(c->tree, c->o->changed_since, &why);
	if (!c->base && c->o->fetch_base && !c->o->offline &&
		!fetch_base(c, near, &why, err))
		return FALSE;
	if (c->base)
		return TRUE;
	g_propagate_error(err, g_steal_pointer(&why));
	if (c->o->fetch_base && c->o->offline)
		error_note(err, "--fetch-base fetches nothing with --offline");
	return FALSE;
}

changed_since *changed_since_new(const options *o, const char *near, GError **err)
{
	g_autoptr(changed_since) c = g_new0(changed_since, 1);

	c->o = o;
	c->catalog = changed_catalog_new(o);
	c->nodes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, node_free);
	c->order = g_ptr_array_new();
	c->cwd = g_get_current_dir();
	c->dirs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	c->places = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, place_free);
	c->tree = open_tree(near, err);
	return c->tree && find_base(c, near, err) ? g_steal_pointer(&c) : NULL;
}

void changed_since_free(changed_since *c)
{
	if (!c)
		return;
	git_base_free(c->base);
	repo_tree_free(c->tree);
	changed_catalog_free(c->catalog);
	g_hash_table_unref(c->nodes);
	g_ptr_array_unref(c->order);
	g_hash_table_unref(c->dirs);
	g_hash_table_unref(c->places);
	g_free(c->cwd);
	g_free(c);
}

/* ---- what is asked about ---- */

static node *node_of(changed_since *c, const char *path, gboolean *made)
{
	char *full = g_canonicalize_filename(path, c->cwd);
	node *n = g_hash_table_lookup(c->nodes, full);

	*made = !n;
	if (n) {
		g_free(full);
		return n;
	}
	n = g_new0(node, 1);
	n->path = g_strdup(path);
	n->inputs = g_ptr_array_new_with_free_func((GDestroyNotify)changed_input_free);
	n->needs = g_ptr_array_new_with_free_func(edge_free);
	n->reasons = g_ptr_array_new_with_free_func(g_free);
	g_hash_table_insert(c->nodes, full, n);
	g_ptr_array_add(c->order, n);
	return n;
}

static void add_input(node *n, const char *what, const char *path)
{
	changed_input *i = g_new(changed_input, 1);

	*i = (changed_input){g_strdup(what), g_strdup(path)};
	g_ptr_array_add(n->inputs, i);
}

void changed_since_definition(changed_since *c, const char *path)
{
	gboolean made;
	node *n = node_of(c, path, &made);
	g_autofree char *lock = catalog_lock_path(path);

	add_input(n, "the definition", path);
	add_input(n, "its lock", lock);
}

void changed_since_unreadable(changed_since *c, const char *path)
{
	gboolean made;
	node *n = node_of(c, path, &made);

	g_ptr_array_add(n->reasons, g_strdup("it cannot be read"));
}

static void add_recipe(
	changed_since *c, node *n, const item_source *s, const GPtrArray *known);

/* A recipe that only others need; one that cannot be read says so when it is built. */
static node *needed(changed_since *c, const char *path, const GPtrArray *known)
{
	gboolean made;
	node *n = node_of(c, path, &made);

	if (!made)
		return n;
	g_autoptr(diag_list) problems = diag_list_new();
	g_autoptr(item_source) s = g_file_test(path, G_FILE_TEST_IS_REGULAR)
					   ? item_source_load(path, problems, NULL)
					   : NULL;
	if (s)
		add_recipe(c, n, s, known);
	else
		add_input(n, "the recipe", path);
	return n;
}

static void add_recipe(
	changed_since *c, node *n, const item_source *s, const GPtrArray *known)
{
	g_autoptr(GPtrArray) needs = changed_needs_of(c->catalog, s, known);

	g_ptr_array_unref(n->inputs);
	n->inputs = changed_inputs_of(c->catalog, s);
	add_input(n, "the project file", "//" PROJECT_FILE);
	for (guint k = 0; k < needs->len; k++) {
		const changed_need *need = g_ptr_array_index(needs, k);
		edge *e = g_new(edge, 1);
		*e = (edge){g_strdup(need->name), NULL};
		g_ptr_array_add(n->needs, e);
		e->to = needed(c, need->path, known);
	}
}

void changed_since_recipes(changed_since *c, const GPtrArray *sources)
{
	g_autoptr(GPtrArray) fresh = g_ptr_array_new();

	/* All of them first: what one needs may be another. */
	for (guint k = 0; k < sources->len; k++) {
		const item_source *s = g_ptr_array_index(sources, k);
		gboolean made;
		node *n = node_of(c, s->recipe->path, &made);
		g_ptr_array_add(fresh, made ? n : NULL);
	}
	for (guint k = 0; k < sources->len; k++)
		if (g_ptr_array_index(fresh, k))
			add_recipe(c, g_ptr_array_index(fresh, k),
				g_ptr_array_index(sources, k), sources);
}

/* ---- paths, from the top of the work tree ---- */

/* Where a path is; the same few hundred are asked for again and again. */
typedef struct place {
	char *name; /* by its name in its folder, there or not; NULL: outside */
	char *link; /* where it leads in the end when it is a link to inside, or NULL */
	gboolean is_file;
} place;

static void place_free(gpointer data)
{
	place *p = data;

	g_free(p->name);
	g_free(p->link);
	g_free(p);
}

static const char *real_dir(changed_since *c, const char *dir)
{
	const char *known = g_hash_table_lookup(c->dirs, dir);

	if (known)
		return known;
	char *real = realpath(dir, NULL);
	g_hash_table_insert(c->dirs, g_strdup(dir), g_strdup(real ? real : ""));
	free(real);
	return g_hash_table_lookup(c->dirs, dir);
}

static char *below_top(const changed_since *c, const char *absolute)
{
	const char *top = repo_tree_top(c->tree);

	if (!fs_is_below(absolute, top))
		return NULL;
	absolute += strlen(top);
	return g_strdup(absolute + (*absolute == '/'));
}

static void find_place(changed_since *c, const char *path, place *out)
{
	g_autofree char *absolute = g_canonicalize_filename(path, c->cwd);
	g_autofree char *dir = g_path_get_dirname(absolute);
	g_autofree char *base = g_path_get_basename(absolute);
	const char *real = real_dir(c, dir);
	g_autofree char *full =
		*real ? g_build_filename(real, base, NULL) : g_strdup(absolute);
	struct stat st;

	out->name = below_top(c, full);
	if (lstat(full, &st) != 0)
		return;
	out->is_file = S_ISREG(st.st_mode);
	if (!S_ISLNK(st.st_mode))
		return;
	char *end = realpath(full, NULL);
	out->link = end ? below_top(c, end) : NULL;
	out->is_file = end && g_file_test(end, G_FILE_TEST_IS_REGULAR);
	free(end);
}

static const place *place_of(changed_since *c, const char *path)
{
	place *p = g_hash_table_lookup(c->places, path);

	if (p)
		return p;
	p = g_new0(place, 1);
	g_hash_table_insert(c->places, g_strdup(path), p);
	if (g_str_has_prefix(path, "//"))
		p->name = g_strdup(path + 2);
	else
		find_place(c, path, p);
	return p;
}

/* ---- the answer ---- */

static void collect(changed_since *c, const char *path, GHashTable *paths)
{
	const place *p = place_of(c, path);

	if (p->name)
		g_hash_table_add(paths, p->name);
	if (p->link)
		g_hash_table_add(paths, p->link);
}

static char *change_text(const char *what, const git_change *g)
{
	static const char *const places[] = {
		"committed", "staged", "in the work tree", "untracked"};
	g_autoptr(GString) where = g_string_new(NULL);
	const char *how = g->gone ? " was removed" : g->added ? " is new" : " changed";

	if (g->where & GIT_WHERE_UNKNOWN)
		return g_strdup_printf("%s is ignored by git: %s", what, g->path);
	for (guint n = 0; n < G_N_ELEMENTS(places); n++)
		if (g->where & 1U << n)
			g_string_append_printf(
				where, "%s%s", where->len ? ", " : "", places[n]);
	if (g->from && !g->gone)
		return g_strdup_printf("%s was renamed from %s: %s (%s)", what, g->from,
			g->path, where->str);
	return g_strdup_printf("%s%s: %s (%s)", what, how, g->path, where->str);
}

static void add_reason(node *n, char *text)
{
	if (g_ptr_array_find_with_equal_func(n->reasons, text, g_str_equal, NULL))
		g_free(text);
	else
		g_ptr_array_add(n->reasons, text);
}

static void ask_input(changed_since *c, node *n, const changed_input *i)
{
	const place *p = place_of(c, i->path);
	const git_change *g =
		p->name ? git_base_change(c->base, p->name, p->is_file) : NULL;

	if (!g && p->link)
		g = git_base_change(c->base, p->link, p->is_file);
	if (g)
		add_reason(n, change_text(i->what, g));
}

/* Whoever needs what changed has changed. In rounds, so that each says the shortest way;
 * circles end by themselves. */
static void spread(changed_since *c)
{
	gboolean again = TRUE;

	while (again) {
		g_autoptr(GPtrArray) found = g_ptr_array_new();
		for (guint k = 0; k < c->order->len; k++) {
			node *n = g_ptr_array_index(c->order, k);
			if (!n->reasons->len)
				g_ptr_array_add(found, n);
		}
		again = FALSE;
		g_autoptr(GPtrArray) texts = g_ptr_array_new();
		for (guint k = 0; k < found->len; k++) {
			const node *n = g_ptr_array_index(found, k);
			char *text = NULL;
			for (guint e = 0; !text && e < n->needs->len; e++) {
				const edge *to = g_ptr_array_index(n->needs, e);
				if (to->to->reasons->len)
					text = g_strdup_printf("needs %s: %s", to->name,
						(char *)g_ptr_array_index(
							to->to->reasons, 0));
			}
			g_ptr_array_add(texts, text);
		}
		for (guint k = 0; k < found->len; k++) {
			node *n = g_ptr_array_index(found, k);
			if (!g_ptr_array_index(texts, k))
				continue;
			g_ptr_array_add(n->reasons, g_ptr_array_index(texts, k));
			again = TRUE;
		}
	}
}

static gboolean outside(const changed_since *c, const node *n, GError **err)
{
	error_set(err, EXIT_INPUT, "X0320", "what changed cannot be asked of git");
	error_line(err, "%s: not in the repository %s", n->path, repo_tree_top(c->tree));
	error_help(err, "ask about the recipes of one repository at a time");
	return FALSE;
}

gboolean changed_since_ask(changed_since *c, GError **err)
{
	g_autoptr(GHashTable) paths = g_hash_table_new(g_str_hash, g_str_equal);

	for (guint k = 0; k < c->order->len; k++) {
		const node *n = g_ptr_array_index(c->order, k);
		if (!place_of(c, n->path)->name)
			return outside(c, n, err);
		for (guint i = 0; i < n->inputs->len; i++) {
			const changed_input *in = g_ptr_array_index(n->inputs, i);
			collect(c, in->path, paths);
		}
	}
	g_autofree const char **names =
		(const char **)g_hash_table_get_keys_as_array(paths, NULL);
	if (!git_base_compare(c->base, names, err))
		return FALSE;
	for (guint k = 0; k < c->order->len; k++) {
		node *n = g_ptr_array_index(c->order, k);
		for (guint i = 0; i < n->inputs->len; i++)
			ask_input(c, n, g_ptr_array_index(n->inputs, i));
	}
	spread(c);
	return TRUE;
}

const GPtrArray *changed_since_reasons(const changed_since *c, const char *path)
{
	g_autofree char *full = g_canonicalize_filename(path, c->cwd);
	const node *n = g_hash_table_lookup(c->nodes, full);

	return n && n->reasons->len ? n->reasons : NULL;
}

void changed_since_tell(const changed_since *c, const options *o, const GPtrArray *paths,
	guint asked, const char *what)
{
	output_note("%u of %u %s changed since %s, or what they depend on", paths->len,
		asked, what, o->changed_since);
	for (guint k = 0; o->explain && k < paths->len; k++) {
		const char *path = g_ptr_array_index(paths, k);
		const GPtrArray *reasons = changed_since_reasons(c, path);
		for (guint i = 0; reasons && i < reasons->len; i++)
			output_note(
				"%s: %s", path, (char *)g_ptr_array_index(reasons, i));
	}
}
