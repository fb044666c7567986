#pragma once
#include "ship/audit.h"

/* Which symbols the system libraries of a sysroot at its floor provide: the file
 * floor.names of its tree. Text: a first line "xorch-floor-names 1", then for each
 * library "library SONAME" and its symbols, "NAME VERSION" a line, "-" for none. */
typedef struct provided provided;

provided *provided_load(const char *path, GError **err);
void provided_free(provided *p);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(provided, provided_free)

/* An audit_provides; data is the provided. AUDIT_UNKNOWN for other libraries. */
audit_answer provided_answer(
	const char *soname, const char *symbol, const char *version, void *data);
