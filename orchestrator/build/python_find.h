#pragma once
#include <glib.h>

/* Where interpreters may be, in the order of preference. Looks at names only;
 * nothing is run. Scripts are left out: what pyenv's shims (or asdf's, mise's)
 * start depends on the folder one stands in. */
typedef struct python_place {
	char *path;	    /* real path, an ELF file */
	const char *origin; /* static */
} python_place;

/* Element python_place, each real path once. */
GPtrArray *python_find_places(void);

/* Real path of the program that `python3` names for the user, through pyenv's
 * PYENV_VERSION, .python-version and version files; NULL none. */
char *python_find_default(void);
