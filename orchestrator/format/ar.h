#pragma once
#include <glib.h>

/* Members of a static library or .deb container in `ar` form (System V names
 * and GNU's long names), bounds checked. Thin archives are refused. The symbol
 * tables ("/", "/SYM64/", "__.SYMDEF") and the name table are left out. */
typedef struct ar_member {
	char *name;
	guint64 offset, size; /* of the content within the archive */
} ar_member;

gboolean ar_magic(const void *data, gsize size);
/* GPtrArray of ar_member, owned by the caller; NULL with EXIT_INTEGRITY/X0650. */
GPtrArray *ar_list(const void *data, gsize size, const char *name, GError **err);
