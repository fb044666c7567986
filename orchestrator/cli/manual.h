#pragma once
#include "cli/verbs.h"

/* The manual: xorch(1), a page for each verb, xorch-recipe(5) and xorch-project(5), out
 * of the tables that read the command line, recipes and project files. */

/* Pages as name of file -> text: "xorch-build.1". New table of strings. */
GHashTable *manual_pages(void);

/* What stands in no other table. */
typedef struct manual_fact {
	const char *name, *text;
} manual_fact;
/* Exit status, variables besides those of options, files; each ends with name NULL. */
extern const manual_fact manual_exits[], manual_variables[], manual_files[];

/* "0 done, 1 build failed, …": the first words of each exit status. New string. */
char *manual_exits_short(void);
