#pragma once
#include "plan/platform.h"
#include <glib.h>

/* A static archive alone does not say what else must be linked, and many a setup.py
 * says just -lxml2. So for each .pc file of the tree's own folder whose first library
 * is there as an archive only, lib….so is written as a linker script that names the
 * archive and its needs: INPUT(libxml2.a -lz -lm). Needs are the further -l words of
 * the file and those of the modules it requires. Archives keep their names, for those
 * (rustc) that read them themselves. */
gboolean host_scripts_write(const char *tree, const platform *p, GError **err);
