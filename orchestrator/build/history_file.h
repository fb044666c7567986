#pragma once
#include "build/history.h"

/* The JSON file of one build. Inside build/history*.c only. */

/* NULL for a file that is none of ours or is damaged. */
history_build *history_file_read(const char *path);
gboolean history_file_write(const char *path, const history_build *b, GError **err);
/* Paths of the builds' files of a folder that end so, sorted by name. */
GPtrArray *history_files(const char *folder, const char *end);
