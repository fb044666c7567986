#pragma once
#include <stddef.h>

/* Files that travel inside the program: the Python helpers of build/data and
 * the compiler wrapper. Written by embed.cmake at build time; the table ends
 * with a NULL name. The bytes live as long as the program and are followed by
 * a NUL that is not part of `size`. */
typedef struct embedded_file {
	const char *name;
	const unsigned char *bytes;
	size_t size;
	const char *sha256; /* of those bytes, in hex: what a key takes */
} embedded_file;

extern const embedded_file embedded_files[];

/* The embedded file of that name; aborts when there is none (a bug). */
const embedded_file *embedded_file_get(const char *name);
