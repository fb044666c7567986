#pragma once
#include <glib.h>

/* Writes a ZIP file whose bytes depend on its content alone: members in the
 * order given, one time stamp, modes 0644 or 0755, deflate level 6 (stored when
 * that is not smaller), no extra fields, no data descriptors, no folders.
 * Caller: zip_writer_new, zip_writer_add for each member, zip_writer_finish,
 * zip_writer_free. */
typedef struct zip_writer zip_writer;

/* Writes to `fd` (not owned) from its position 0; `mtime` in seconds since
 * 1970, UTC, is clamped to what DOS dates can say (1980 to 2107). */
zip_writer *zip_writer_new(int fd, const char *path, gint64 mtime);
void zip_writer_free(zip_writer *w);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(zip_writer, zip_writer_free)

/* Errors: EXIT_HOST when writing fails, EXIT_INPUT for a name the strict reader
 * would refuse or sizes beyond 4 GiB (a wheel needs no ZIP64). */
gboolean zip_writer_add(zip_writer *w, const char *name, const void *data, gsize size,
	gboolean executable, GError **err);
gboolean zip_writer_finish(zip_writer *w, GError **err);
