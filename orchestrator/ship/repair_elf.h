#pragma once
#include <glib.h>

/* Edits of one shared object by patchelf, and a look at what came out. */
typedef struct repair_edit {
	const char *soname;	  /* the new one, or NULL: as it is */
	const char *rpath;	  /* DT_RPATH; NULL: none is left */
	GPtrArray *renames;	  /* char * pairs: DT_NEEDED old, new */
	const GPtrArray *removed; /* char *: DT_NEEDED that go; NULL none */
	gboolean plain_stack;	  /* PT_GNU_STACK loses its X */
} repair_edit;

void repair_edit_init(repair_edit *edit); /* the list */
void repair_edit_clear(repair_edit *edit);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(repair_edit, repair_edit_clear)
void repair_edit_rename(repair_edit *edit, const char *from, const char *to);

/* The edited bytes. `work` is a folder for the file while it is edited. EXIT_AUDIT
 * X0739: patchelf failed, or the result is not sound: a segment outside the file, an
 * alignment that the loader refuses, another soname or needs than asked for. */
GBytes *repair_edit_run(const repair_edit *edit, const char *patchelf, const char *work,
	const char *name, GBytes *bytes, GError **err);

/* The look alone. */
gboolean repair_edit_check(
	const repair_edit *edit, const char *name, GBytes *bytes, GError **err);
