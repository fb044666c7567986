#include "build/tree_compare.h"
#include "base/error.h"
#include "build/tree_walk.h"
#include "format/digest.h"
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What makes up an entry: "file 1 SHA256", "link TARGET", "folder". */
static char *describe(const tree_entry *e, GError **err)
{
	struct stat st;

	if (e->type == TREE_LINK) {
		g_autofree char *to = g_file_read_link(e->full, NULL);
		return g_strdup_printf("link to %s", to ? to : "?");
	}
	if (e->type != TREE_FILE)
		return g_strdup(e->type == TREE_FOLDER ? "folder" : "other");
	g_autofree char *hex = digest_file(e->full, NULL, err);
	if (!hex)
		return NULL;
	gboolean runs = stat(e->full, &st) == 0 && (st.st_mode & S_IXUSR);
	return g_strdup_printf("%s, sha256 %s", runs ? "program" : "file", hex);
}

static gboolean take(const tree_entry *e, void *data, GError **err)
{
	char *text = describe(e, err);

	return text && (g_hash_table_insert(data, g_strdup(e->path), text), TRUE);
}

static GHashTable *contents(const char *dir, GError **err)
{
	g_autoptr(GHashTable) all =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);

	return tree_walk(dir, take, all, err) ? g_steal_pointer(&all) : NULL;
}

/* The first name, in order, of which the two say different things. */
static const char *first_difference(GHashTable *a, GHashTable *b)
{
	GHashTable *both[] = {a, b};
	const char *found = NULL;

	for (guint n = 0; n < G_N_ELEMENTS(both); n++) {
		GHashTableIter at;
		gpointer name, text;
		g_hash_table_iter_init(&at, both[n]);
		while (g_hash_table_iter_next(&at, &name, &text)) {
			if (g_strcmp0(text, g_hash_table_lookup(both[!n], name)) == 0)
				continue;
			if (!found || strcmp(name, found) < 0)
				found = name;
		}
	}
	return found;
}

gboolean tree_same(const char *first, const char *second, const char *what, GError **err)
{
	g_autoptr(GHashTable) a = contents(first, err);
	g_autoptr(GHashTable) b = a ? contents(second, err) : NULL;
	const char *name = b ? first_difference(a, b) : NULL;

	if (!b)
		return FALSE;
	if (!name)
		return TRUE;
	const char *was = g_hash_table_lookup(a, name);
	const char *is = g_hash_table_lookup(b, name);
	g_autofree char *shown = text_escape(name, -1);
	error_set(err, EXIT_AUDIT, "X0729", "%s: the second build differs: %s", what,
		shown);
	error_line(err, "first:  %s", was ? was : "not there");
	error_line(err, "second: %s", is ? is : "not there");
	return FALSE;
}
