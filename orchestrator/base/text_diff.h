#pragma once
#include <glib.h>

/* What changed between two texts, as a unified diff with three lines around each change
 * (`--- NAME`, `+++ NAME`, `@@ -l,n +l,n @@`), which patch(1) takes. "" when they are
 * equal. It shows the fewest lines that can be, unless thousands differ. New string. */
char *text_diff(const char *name, const char *before, const char *after);
