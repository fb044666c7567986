#pragma once
#include <stddef.h>

/* A growing list of arguments. Memory is never freed: the program ends in exec. */
typedef struct args {
	char **v; /* NULL-terminated once args_end was called */
	size_t n, cap;
} args;

void args_add(args *a, const char *text);
void args_end(args *a);

/* printf into new memory. */
char *text_format(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Ends the program with status 127 and "xorch-cc: …" on stderr. */
void die(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* A whole file in new memory, NUL behind it; NULL with errno. */
char *file_read(const char *path, size_t *size);

/* Appends the words of a response file (GNU rules: blanks divide, quotes and
 * backslashes protect) to `out`, files named in it included. Returns 0 when
 * the file cannot be read: the tools then take "@file" for an ordinary name.
 * Nesting deeper than 32 ends the program. */
int args_add_response(args *out, const char *path, int depth);

/* Writes the list as a response file that lives as long as some process has
 * it open and returns its "@/proc/self/fd/N". */
char *args_to_response(const args *a);
