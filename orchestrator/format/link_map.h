#pragma once
#include "format/elf.h"

/* What a linker says of one output, by -Map: lld's table, and the text of GNU ld and
 * gold. Read for two things alone: how the output's sections are laid out, by which it
 * is known again, and which archives have code or data in it. It is written while code
 * of packages runs, so nothing in it is believed further than that. */
typedef struct link_map {
	/* "NAME SIZE" of each section that is loaded and not empty, a line each, sorted.
	 */
	char *layout;
	/* char *, each once: paths as the linker has them, in the order of the map.
	 * Archives of which nothing was kept (--gc-sections), or no more than unwinding
	 * tables, notes and comments, are not among them. */
	GPtrArray *archives;
} link_map;

/* Never NULL: of a text that is no map both are empty. */
link_map *link_map_parse(const char *text, gsize size);
void link_map_free(link_map *map);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(link_map, link_map_free)

/* The same layout of a file, stripped or not. New string, "" without section headers. */
char *link_map_layout(const elf_file *file);
