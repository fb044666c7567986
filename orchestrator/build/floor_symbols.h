#pragma once
#include "format/elf.h"

/* Which symbols of a shared library a floor has. The library is the sysroot's
 * own; the floor is told by a function, so the choice is the same for GLIBC,
 * GLIBCXX, GCC and ZLIB versions:
 *
 *  - defined, global or weak symbols count; of each name the highest version
 *    that the floor allows becomes the (one, default) version;
 *  - a name whose every version is hidden is there for old programs only, no
 *    link may take it: it stays out;
 *  - GLIBC_PRIVATE is no floor's; names without version stay as they are;
 *  - an IFUNC is a function to whoever links against it;
 *  - objects keep size, alignment and aliases (names at one address), because
 *    programs copy them (R_*_COPY). */
typedef struct floor_symbol {
	char *name;
	char *version; /* NULL: none */
	guint64 size, address;
	guint32 section;
	guint8 type, bind; /* STT_FUNC, STT_OBJECT, STT_TLS, STT_NOTYPE; STB_* */
} floor_symbol;

typedef struct floor_library {
	char *soname;
	GPtrArray *symbols;  /* floor_symbol, by name */
	GPtrArray *versions; /* char *, those used, lowest first */
	GHashTable *lacking; /* name -> default version, both char *: what the
			      * library offers today and the floor does not have */
	gboolean lowered;    /* it differs from the library as it is: a name or a
			      * default version is another */
} floor_library;

/* Whether the floor has this symbol of the library (soname) at this version. */
typedef gboolean (*floor_allows)(
	const char *library, const char *name, const char *version, const void *data);

/* Error X0930 for a symbol whose name or version no assembler would take. */
floor_library *floor_library_select(
	const elf_file *file, floor_allows allows, const void *data, GError **err);
void floor_library_free(floor_library *library);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(floor_library, floor_library_free)

/* Is the name one the floor has? Binary search. */
const floor_symbol *floor_library_find(const floor_library *library, const char *name);

/* Versions of one family by their numbers: GLIBC_2.4 < GLIBC_2.17, and
 * families by name. As strcmp. */
int floor_version_compare(const char *a, const char *b);
