#include "build/starter_private.h"
#include <string.h>

/* Hosts that are no registry's: nothing of it can be locked by a rule. */
void starter_note_downloads(const json_t *facts, GPtrArray *notes)
{
	const json_t *rows = json_get_array(facts, "downloads");

	for (gsize i = 0; i < json_array_size(rows); i++) {
		const json_t *d = json_array_get(rows, i);
		const char *name = json_get_string(d, "name");
		const char *where = json_get_string(d, "where");
		if (!name || !where)
			continue;
		g_ptr_array_add(notes,
			g_str_equal(name, where)
				? g_strdup_printf("%s has commands that download: builds "
						  "have no network, so what it wants "
						  "must be a source of the recipe or a "
						  "library (requirements.host)",
					  where)
				: g_strdup_printf("%s may download %s: builds have no "
						  "network; name it as a further source "
						  "(target_directory) and that folder by "
						  "CPM_…_SOURCE, or as a library "
						  "(requirements.host)",
					  where, name));
	}
}
