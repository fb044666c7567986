#pragma once
#include <glib.h>

/* The text of a CMakeLists.txt or *.cmake as commands, by the grammar of
 * cmake-language(7); nothing is evaluated. */
typedef struct cmake_command {
	gsize at;	  /* where in the text its name begins */
	char *name;	  /* lower case: commands are called in any case */
	GPtrArray *words; /* char *: quotes, brackets and escapes undone, `\$` but for;
			   * parentheses inside are words of their own */
} cmake_command;

/* Nothing is rejected: what is no command is passed over. Element cmake_command, free
 * with g_ptr_array_unref. */
GPtrArray *cmake_text_parse(const char *text);

/* The text with `prefix` put before the names of those commands (lower case,
 * NULL-terminated) where they are called, all else left as it is; NULL where none is.
 * New string. */
char *cmake_text_prefix(const char *text, const char *const *names, const char *prefix);
