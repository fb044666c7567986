#include "cli/shard.h"
#include "base/error.h"
#include "base/fs.h"
#include "build/history.h"
#include "format/json.h"
#include <string.h>

#define SHARDS_MAX 1000
#define FILE_MAX (4 << 20)
#define HISTORY_MAX 20000

/* A recipe and a target. */
typedef struct unit {
	const char *name; /* normalised package */
	const char *version, *target;
	gint64 weight;	   /* milliseconds */
	const item *first; /* one of its items; only before any is left out */
	guint part;
} unit;

static int by_name(const unit *a, const unit *b)
{
	int order = strcmp(a->name, b->name);

	order = order ? order : strcmp(a->target, b->target);
	return order ? order : strcmp(a->version, b->version);
}

static int heaviest_first(gconstpointer a, gconstpointer b)
{
	const unit *one = a, *other = b;

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

static void weigh(GArray *units, GHashTable *table)
{
	g_autoptr(GArray) known = g_array_new(FALSE, FALSE, sizeof(gint64));
	GHashTableIter i;
	gpointer value;

	if (!table)
		return;
	g_hash_table_iter_init(&i, table);
	while (g_hash_table_iter_next(&i, NULL, &value))
		g_array_append_val(known, *(gint64 *)value);
	g_array_sort(known, by_value);
	gint64 median = known->len ? g_array_index(known, gint64, known->len / 2) : 1;
	for (guint n = 0; n < units->len; n++) {
		unit *u = &g_array_index(units, unit, n);
		g_autofree char *name = duration_key(u->name, u->target);
		const gint64 *ms = g_hash_table_lookup(table, name);
		u->weight = MAX(ms ? *ms : median, 1);
	}
}

/* ---- the division ---- */

static char *unit_name(const item *i)
{
	const recipe *r = i->source->recipe;

	return g_strjoin(
		"\n", r->normalized, i->platform->name, r->package.version, NULL);
}

static void count_units(const selection *s, GArray *units)
{
	g_autoptr(GHashTable) seen =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (guint n = 0; n < s->items->len; n++) {
		const item *i = g_ptr_array_index(s->items, n);
		const recipe *r = i->source->recipe;
		unit u = {r->normalized, r->package.version, i->platform->name, 1, i, 0};
		if (g_hash_table_add(seen, unit_name(i)))
			g_array_append_val(units, u);
	}
}

static void divide(GArray *units, guint n)
{
	g_autofree gint64 *loads = g_new0(gint64, n);

	g_array_sort(units, heaviest_first);
	for (guint k = 0; k < units->len; k++) {
		unit *u = &g_array_index(units, unit, k);
		guint least = 0;
		for (guint part = 1; part < n; part++)
			if (loads[part] < loads[least])
				least = part;
		u->part = least;
		loads[least] += u->weight;
	}
}

gboolean shard_keep(selection *s, const options *o, GError **err)
{
	g_autoptr(GHashTable) table = NULL;
	guint part = 0, all = 1;

	if (!parse(o->shard, &part, &all, err))
		return FALSE;
	if (o->durations && !(table = durations_load(o->durations, err)))
		return FALSE;
	g_autoptr(GArray) units = g_array_new(FALSE, FALSE, sizeof(unit));
	count_units(s, units);
	weigh(units, table);
	divide(units, all);
	g_autoptr(GHashTable) own =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	for (guint n = 0; n < units->len; n++) {
		const unit *u = &g_array_index(units, unit, n);
		if (u->part == part)
			g_hash_table_add(own, unit_name(u->first));
	}
	for (guint n = 0; n < s->items->len;) {
		g_autofree char *name = unit_name(g_ptr_array_index(s->items, n));
		if (g_hash_table_contains(own, name))
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
