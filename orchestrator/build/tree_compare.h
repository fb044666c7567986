#pragma once
#include <glib.h>

/* TRUE when two folders hold the same names with the same contents, links and
 * permission to run; else EXIT_AUDIT X0729, naming the first that differs. `what` is
 * for people: an item's id. X0820 when one cannot be read. */
gboolean tree_same(const char *first, const char *second, const char *what, GError **err);
