#pragma once
#include <glib.h>

/* The variables that the setup scripts at the top of a source read by their names, in the
 * order of the alphabet: setup.py and what is called like a script of a build. Not those
 * that every build has (CC, CFLAGS …). The source need not be trusted; what cannot be
 * read has none. char *. */
GPtrArray *script_variables(const char *source);

/* To an error of the audit that an extension module was lost it adds these variables;
 * another error, or no error, stays as it is. */
void script_variables_tell(const char *source, GError **err);
