#pragma once
#include "build/toolchain.h"
#include "plan/platform.h"

/* CPython's pyconfig.h for another platform. What its configure would find out
 * by running programs is read from one object file instead: each fact is the
 * size of an array in it. */
typedef struct pyconfig_facts {
	GHashTable *sizes; /* "SIZEOF_LONG" -> GUINT_TO_POINTER(4) */
	gboolean int128, wchar_unsigned;
} pyconfig_facts;

/* Compiles once with `clang` for the platform, against the headers of `sysroot`;
 * measures every SIZEOF_ and ALIGNOF_ that `pyconfig` (the text of the build
 * machine's header) defines. `work` is a folder for two files. X0910 when the
 * compiler fails or the header has a size that is not known here. */
gboolean pyconfig_measure(pyconfig_facts *out, const char *pyconfig,
	const toolchain *clang, const platform *p, const char *sysroot, const char *work,
	GError **err);
void pyconfig_facts_clear(pyconfig_facts *f);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(pyconfig_facts, pyconfig_facts_clear)

/* The header with the platform's values. `changed` (may be NULL) gets name ->
 * value as decimal text, "0" for what is not defined any more, as sysconfig has
 * it. New string. */
char *pyconfig_rewrite(const char *pyconfig, const pyconfig_facts *f, const platform *p,
	GHashTable *changed);

/* NAME of "#define NAME …" or of a "#undef NAME" in a comment; NULL for another
 * line. New string; *defined says which of the two. */
char *pyconfig_line_name(const char *line, gboolean *defined);
