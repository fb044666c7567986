#pragma once
#include <glib.h>

/* Names of Python projects, of which several spellings are one: lower case, each run of
 * - _ . a single separator. */

/* PEP 503, with "-": as an index and a requirement compare them. New string. */
char *project_name_normalize(const char *name);
/* With "_": as the file names of wheels and sdists have them. New string. */
char *project_name_escape(const char *name);
