#include "cli/library_owner.h"

void library_owners(const GPtrArray *places, GPtrArray *owners)
{
	for (guint n = 0; places && n < places->len; n++) {
		const library_place *p = g_ptr_array_index(places, n);
		repair_owner *owner = repair_owner_new(p->package, p->folder, p->licence);
		owner->version = g_strdup(p->version);
		owner->purl = g_strdup(p->purl);
		owner->sha256 = g_strdup(p->sha256);
		owner->expression = g_strdup(p->expression);
		g_ptr_array_add(owners, owner);
	}
}
