#pragma once

/* base/codes.def as a table. */
typedef struct code_entry {
	const char *id, *title, *text;
} code_entry;

extern const code_entry codes[]; /* ends with id NULL */
