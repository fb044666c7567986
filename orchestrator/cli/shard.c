#include "cli/shard.h"
#include "base/error.h"
#include "base/fs.h"
#include "build/history.h"
#include "format/json.h"
#include "format/project_name.h"
#include <string.h>

#define SHARDS_MAX 1000
#define FILE_MAX (4 << 20)
#define HISTORY_MAX 20000
#define LIBRARY "recipe:"

/* A recipe and a target. */
typedef struct unit {
	const item_source *source;
	const platform *platform;
	gint64 weight; /* milliseconds */
	/* One of its items, only before any is left out; NULL: not asked for, but it may
	 * be needed. */
	const item *first;
	GPtrArray *needs; /* unit *: the libraries that it is built with, near and far */
	guint part;
} unit;

static void unit_free(gpointer data)
{
	unit *u = data;

	g_ptr_array_unref(u->needs);
	g_free(u);
}

static int by_name(const unit *a, const unit *b)
{
	const recipe *one = a->source->recipe, *other = b->source->recipe;
	int order = strcmp(one->normalized, other->normalized);

	order = order ? order : strcmp(a->platform->name, b->platform->name);
	return order ? order : strcmp(one->package.version, other->package.version);
}

static int heaviest_first(gconstpointer a, gconstpointer b)
{
	const unit *one = *(unit *const *)a, *other = *(unit *const *)b;

	if (one->weight != other->weight)
		return one->weight > other->weight ? -1 : 1;
	return by_name(one, other);
}

/* ---- K/N ---- */

static gboolean parse(const char *text, guint *k, guint *n, GError **err)
{
	g_auto(GStrv) parts = g_strsplit(text, "/", 2);
	gint64 part, all;

	if (g_strv_length(parts) == 2 &&
		g_ascii_string_to_signed(parts[1], 10, 1, SHARDS_MAX, &all, NULL) &&
		g_ascii_string_to_signed(parts[0], 10, 1, all, &part, NULL)) {
		*k = (guint)part - 1;
		*n = (guint)all;
		return TRUE;
	}
	g_autofree char *shown = text_escape(text, -1);
	return error_set(err, EXIT_INPUT, "X0121",
		"--shard wants K/N such as 2/5, with K from 1 to N, not `%s`", shown);
}

/* ---- durations ---- */

static int by_value(gconstpointer a, gconstpointer b)
{
	gint64 one = *(const gint64 *)a, other = *(const gint64 *)b;

	return one < other ? -1 : one > other;
}

static char *duration_key(const char *name, const char *target)
{
	return g_strdup_printf("%s %s", name, target);
}

static gboolean wrong_file(const char *path, const char *why, GError **err)
{
	error_set(err, EXIT_INPUT, "X0323", "%s is no file of durations", path);
	error_line(err, "%s", why);
	error_help(err, "`xorch log --format durations` writes one");
	return FALSE;
}

/* "NAME TARGET" -> gint64 milliseconds. */
static GHashTable *durations_load(const char *path, GError **err)
{
	g_autoptr(GError) problem = NULL;
	g_autoptr(GBytes) bytes = fs_read(path, FILE_MAX, err);
	gsize size = 0;
	const char *data = bytes ? g_bytes_get_data(bytes, &size) : NULL;

	if (!bytes)
		return NULL;
	g_autoptr(json_t) root = json_parse(data, size, path, &problem);
	json_t *all = root ? json_get_object(root, "seconds") : NULL;
	if (!all) {
		wrong_file(path,
			problem ? problem->message : "it has no object `seconds`", err);
		return NULL;
	}
	g_autoptr(GHashTable) table =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	const char *name;
	json_t *value;
	json_object_foreach(all, name, value)
	{
		double seconds = json_is_number(value) ? json_number_value(value) : -1;
		if (!(seconds >= 0 && seconds < 1e9)) {
			wrong_file(path, "a value is no number of seconds", err);
			return NULL;
		}
		gint64 *ms = g_new(gint64, 1);
		*ms = (gint64)(seconds * 1000);
		g_hash_table_insert(table, g_strdup(name), ms);
	}
	return g_steal_pointer(&table);
}

/* ---- weights ---- */

/* Milliseconds that a build probably takes, by what its lock says is compiled; 0: that
 * says nothing. Source text is much alike, but the larger an archive is the more of it is
 * tests, data and code for other systems; a crate takes a while whatever its size, and
 * the go command its standard library. The numbers come from the table in
 * recipes/README.md: only how they are to each other counts. */
static gint64 guess(const item_source *s)
{
	gint64 bytes = 0, crates = s->lock->crates ? s->lock->crates->len : 0, root = 0;

	for (guint n = 0; n < s->lock->sources->len; n++) {
		const lock_source *source = g_ptr_array_index(s->lock->sources, n);
		if (source->file && source->file->size > 0)
			bytes += source->file->size;
	}
	if (!bytes)
		return 0;
	for (gint64 step = (gint64)1 << 31; step; step >>= 1)
		if ((root + step) <= bytes / (root + step))
			root += step;
	return 5000 + 25 * root + 2000 * crates +
	       (s->recipe->kind == RECIPE_GO_BINARY ? 40000 : 0);
}

static gint64 known_weight(const unit *u, GHashTable *table)
{
	if (!table)
		return guess(u->source);
	g_autofree char *name =
		duration_key(u->source->recipe->normalized, u->platform->name);
	const gint64 *ms = g_hash_table_lookup(table, name);
	return ms ? MAX(*ms, 1) : 0;
}

/* Those of which nothing is known count as the median: of the file, or of the others. */
static void weigh(GPtrArray *units, GHashTable *table)
{
	g_autoptr(GArray) known = g_array_new(FALSE, FALSE, sizeof(gint64));
	GHashTableIter i;
	gpointer value;

	for (guint n = 0; n < units->len; n++) {
		unit *u = g_ptr_array_index(units, n);
		u->weight = known_weight(u, table);
		if (!table && u->weight && u->first)
			g_array_append_val(known, u->weight);
	}
	if (table) {
		g_hash_table_iter_init(&i, table);
		while (g_hash_table_iter_next(&i, NULL, &value))
			g_array_append_val(known, *(gint64 *)value);
	}
	g_array_sort(known, by_value);
	gint64 median = known->len ? g_array_index(known, gint64, known->len / 2) : 1;
	for (guint n = 0; n < units->len; n++) {
		unit *u = g_ptr_array_index(units, n);
		if (!u->weight)
			u->weight = MAX(median, 1);
	}
}

/* ---- the division ---- */

static char *unit_name(const item_source *s, const platform *target)
{
	const recipe *r = s->recipe;

	return g_strjoin("\n", r->normalized, target->name, r->package.version, NULL);
}

typedef struct division {
	GPtrArray *units;      /* unit * */
	GHashTable *by_name;   /* unit_name -> unit * */
	GHashTable *libraries; /* normalised name -> item_source *: known ones */
} division;

static unit *add_unit(
	division *d, const item_source *s, const platform *target, const item *first)
{
	char *name = unit_name(s, target);
	unit *u = g_hash_table_lookup(d->by_name, name);

	if (u) {
		u->first = u->first ? u->first : first;
		g_free(name);
		return u;
	}
	u = g_new0(unit, 1);
	*u = (unit){s, target, 1, first, g_ptr_array_new(), 0};
	g_ptr_array_add(d->units, u);
	g_hash_table_insert(d->by_name, name, u);
	return u;
}

static void add_libraries(division *d, const GPtrArray *sources)
{
	for (guint n = 0; sources && n < sources->len; n++) {
		item_source *s = g_ptr_array_index(sources, n);
		if (s->recipe->kind == RECIPE_LIBRARY &&
			!g_hash_table_contains(d->libraries, s->recipe->normalized))
			g_hash_table_insert(d->libraries, s->recipe->normalized, s);
	}
}

/* One that is not among the recipes at hand counts nothing. */
static void add_needs(division *d, unit *u, const item_source *of)
{
	const GPtrArray *host = of->recipe->requirements.host;

	for (guint n = 0; host && n < host->len; n++) {
		const char *text = g_ptr_array_index(host, n);
		if (!g_str_has_prefix(text, LIBRARY))
			continue;
		g_autofree char *name = project_name_normalize(text + strlen(LIBRARY));
		const item_source *s = g_hash_table_lookup(d->libraries, name);
		unit *need = s ? add_unit(d, s, u->platform, NULL) : NULL;
		if (!need || need == u || g_ptr_array_find(u->needs, need, NULL))
			continue;
		g_ptr_array_add(u->needs, need);
		add_needs(d, u, s);
	}
}

/* What a part has to build more when it gets the unit. */
static gint64 load_more(const unit *u, GHashTable *has)
{
	gint64 more = g_hash_table_contains(has, u) ? 0 : u->weight;

	for (guint n = 0; n < u->needs->len; n++) {
		const unit *need = g_ptr_array_index(u->needs, n);
		if (!g_hash_table_contains(has, need))
			more += need->weight;
	}
	return more;
}

/* A part that builds it anyway, for something else that was given to it, before others:
 * there it costs nothing. */
static gboolean better(const unit *u, GHashTable *const *has, const gint64 *loads,
	guint part, guint than)
{
	gboolean one = g_hash_table_contains(has[part], u);
	gboolean other = g_hash_table_contains(has[than], u);

	if (one != other)
		return one;
	return loads[part] + load_more(u, has[part]) <
	       loads[than] + load_more(u, has[than]);
}

static void divide(GPtrArray *units, guint n)
{
	g_autofree gint64 *loads = g_new0(gint64, n);
	g_autofree GHashTable **has = g_new(GHashTable *, n);

	for (guint part = 0; part < n; part++)
		has[part] = g_hash_table_new(NULL, NULL);
	g_ptr_array_sort(units, heaviest_first);
	for (guint k = 0; k < units->len; k++) {
		unit *u = g_ptr_array_index(units, k);
		if (!u->first)
			continue;
		for (guint part = 1; part < n; part++)
			if (better(u, has, loads, part, u->part))
				u->part = part;
		loads[u->part] += load_more(u, has[u->part]);
		g_hash_table_add(has[u->part], u);
		for (guint i = 0; i < u->needs->len; i++)
			g_hash_table_add(has[u->part], g_ptr_array_index(u->needs, i));
	}
	for (guint part = 0; part < n; part++)
		g_hash_table_unref(has[part]);
}

gboolean shard_keep(selection *s, const options *o, GError **err)
{
	g_autoptr(GHashTable) table = NULL;
	g_autoptr(GPtrArray) units = g_ptr_array_new_with_free_func(unit_free);
	g_autoptr(GHashTable) names =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GHashTable) libraries = g_hash_table_new(g_str_hash, g_str_equal);
	division d = {units, names, libraries};
	guint part = 0, all = 1;

	if (!parse(o->shard, &part, &all, err))
		return FALSE;
	if (o->durations && !(table = durations_load(o->durations, err)))
		return FALSE;
	for (guint n = 0; n < s->items->len; n++) {
		const item *i = g_ptr_array_index(s->items, n);
		add_unit(&d, i->source, i->platform, i);
	}
	add_libraries(&d, s->sources);
	add_libraries(&d, s->unchanged);
	for (guint n = 0, asked = units->len; n < asked; n++) {
		unit *u = g_ptr_array_index(units, n);
		add_needs(&d, u, u->source);
	}
	if (table || (o->locked && !o->locked_unasked))
		weigh(units, table);
	divide(units, all);
	for (guint n = 0; n < s->items->len;) {
		const item *i = g_ptr_array_index(s->items, n);
		g_autofree char *name = unit_name(i->source, i->platform);
		const unit *u = g_hash_table_lookup(names, name);
		if (u->part == part)
			n++;
		else
			g_ptr_array_remove_index(s->items, n);
	}
	s->part = TRUE;
	return TRUE;
}

/* ---- what the history knows ---- */

typedef struct mean {
	double sum;
	guint n;
} mean;

static int by_text(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

json_t *durations_json(void)
{
	g_autoptr(history) h = history_open();
	g_autoptr(GPtrArray) builds = history_list(h, NULL, HISTORY_MAX);
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
	g_autoptr(GHashTable) means =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	json_t *seconds = json_object();

	/* The last good build of each item, newest first. */
	for (guint n = 0; n < builds->len; n++) {
		const history_build *b = g_ptr_array_index(builds, n);
		if (g_strcmp0(b->state, "built") || !b->name || !b->target ||
			!g_hash_table_add(seen, b->id))
			continue;
		char *name = duration_key(b->name, b->target);
		mean *m = g_hash_table_lookup(means, name);
		if (!m) {
			m = g_new0(mean, 1);
			g_hash_table_insert(means, g_strdup(name), m);
		}
		g_free(name);
		m->sum += b->seconds;
		m->n++;
	}
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	GHashTableIter i;
	gpointer name;
	g_hash_table_iter_init(&i, means);
	while (g_hash_table_iter_next(&i, &name, NULL))
		g_ptr_array_add(names, name);
	g_ptr_array_sort(names, by_text);
	for (guint n = 0; n < names->len; n++) {
		const mean *m = g_hash_table_lookup(means, g_ptr_array_index(names, n));
		double tenths = (double)(gint64)(m->sum / m->n * 10 + 0.5) / 10;
		json_object_set_new(
			seconds, g_ptr_array_index(names, n), json_real(tenths));
	}
	return json_pack("{s:i, s:o}", "v", 1, "seconds", seconds);
}
