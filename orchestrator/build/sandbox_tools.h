#pragma once
#include <glib.h>

/* The host's programs a build may call: what a configure script or a Makefile
 * takes for granted. No compiler, linker or binutils (those are cross/bin's), no
 * Python (env/bin's), no package manager, no network client.
 *
 * Makes `folder` a set of links to those of them, and of `more` (NULL none), that
 * this machine has, each resolved to the file itself. EXIT_HOST X0820. */
gboolean sandbox_tools_link(const char *folder, const char *const *more, GError **err);
