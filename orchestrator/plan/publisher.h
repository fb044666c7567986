#pragma once
#include <glib.h>

/* Who published a file of the package index, as recipes and locks write it:
 *
 *	github:OWNER/NAME		gitlab:GROUP/NAME (groups may nest)
 *	github:OWNER/NAME/WORKFLOW.yml	gitlab:GROUP/NAME//FILE
 *
 * The second line is that workflow alone, by its file. */

gboolean publisher_is_sound(const char *text);
/* The repository as the index attests it, with the workflow's file (NULL: not said). A
 * workflow whose name cannot be written so is left out, which matches no wish for one.
 * New string; NULL: it cannot be written so. */
char *publisher_text(gboolean gitlab, const char *repository, const char *workflow);
/* Is it the one that is wanted? Letter case counts for the workflow alone. */
gboolean publisher_matches(const char *wanted, const char *found);
/* Is it one of these (char *)? `found` may be NULL. */
gboolean publisher_is_listed(const GPtrArray *wanted, const char *found);
