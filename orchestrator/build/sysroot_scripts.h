#pragma once
#include <glib.h>

/* Linker scripts under a .so name (libc.so: GROUP ( /lib/…/libc.so.6 … )) name
 * files by absolute path. A linker puts the sysroot before such a path only if the
 * script itself lies in the sysroot by its own reckoning; else it opens the build
 * machine's file. Bare names are looked up on the library path instead. */

/* All of them in the tree. EXIT_INTEGRITY X0640 if one names what the tree lacks. */
gboolean sysroot_scripts_rewrite(const char *dir, GError **err);

/* One script's text; comments stay. New string. */
char *linker_script_bare(const char *text);
