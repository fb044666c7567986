#include "ship/provided.h"
#include "base/error.h"
#include "base/fs.h"
#include <string.h>

#define HEAD "xorch-floor-names 1"
#define FILE_MAX (16 * 1024 * 1024)

struct provided {
	char *text;	       /* split in place; the tables point into it */
	GHashTable *libraries; /* soname -> set of names */
};

void provided_free(provided *p)
{
	if (!p)
		return;
	g_hash_table_unref(p->libraries);
	g_free(p->text);
	g_free(p);
}

provided *provided_load(const char *path, GError **err)
{
	g_autoptr(GBytes) bytes = fs_read(path, FILE_MAX, err);

	if (!bytes)
		return NULL;
	g_autoptr(provided) p = g_new0(provided, 1);
	p->text = g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
	p->libraries = g_hash_table_new_full(
		g_str_hash, g_str_equal, NULL, (GDestroyNotify)g_hash_table_unref);
	GHashTable *names = NULL;
	char *next = NULL;
	gboolean first = TRUE;
	for (char *line = p->text; line && *line; line = next, first = FALSE) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (first && !g_str_equal(line, HEAD)) {
			error_set(err, EXIT_BUG, NULL, "%s begins with %s", path, line);
			return NULL;
		}
		if (first)
			continue;
		if (g_str_has_prefix(line, "library ")) {
			names = g_hash_table_new(g_str_hash, g_str_equal);
			g_hash_table_insert(p->libraries, line + 8, names);
		} else if (names) {
			line[strcspn(line, " ")] = '\0';
			g_hash_table_add(names, line);
		}
	}
	return g_steal_pointer(&p);
}

audit_answer provided_answer(
	const char *soname, const char *symbol, const char *version, void *data)
{
	const provided *p = data;
	GHashTable *names = g_hash_table_lookup(p->libraries, soname);

	/* Which versions are allowed is the policy's business; an older version of a
	 * name that is there is fine. */
	(void)version;
	if (!names)
		return AUDIT_UNKNOWN;
	return g_hash_table_contains(names, symbol) ? AUDIT_YES : AUDIT_NO;
}
