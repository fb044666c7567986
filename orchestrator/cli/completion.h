#pragma once
#include <glib.h>

/* What completes xorch in a shell (bash, zsh, fish), made from the tables of verbs and
 * options: for eval, and to be installed where the shell looks. NULL for another shell.
 * New string. */
char *completion_text(const char *shell);
