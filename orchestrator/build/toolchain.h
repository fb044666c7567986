#pragma once
#include "build/context.h"
#include "plan/platform.h"

/* A compiler's tree: unpacked Debian packages, complete with their own C
 * library and loader. No program of it is started directly but through that
 * loader, so any x86_64 Linux will do and no LD_LIBRARY_PATH leaks into what
 * a build runs.
 *
 * clang is one tree for all targets; gcc one for each. */
typedef enum toolchain_family { TOOLCHAIN_CLANG, TOOLCHAIN_GCC } toolchain_family;

typedef struct toolchain {
	char *name; /* of the definition: clang, gcc */
	toolchain_family family;
	char *version; /* "19", "12": what Debian's program names end with */
	char *tree;    /* absolute path */
	char *key;
} toolchain;

void toolchain_clear(toolchain *t);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(toolchain, toolchain_clear)

/* Looks at an unpacked tree and fills *out. X0930 (exit 6) when it holds
 * neither clang nor a gcc for `target`, or no loader. */
gboolean toolchain_open(toolchain *out, const char *name, const char *tree,
	const char *key, const platform *target, GError **err);

/* The tree of a definition's name, made if need be. Errors: catalogue (X0301),
 * lock, network, integrity; X0930 when what was unpacked is no toolchain. */
gboolean toolchain_prepare(const build_context *ctx, const char *name,
	const platform *target, toolchain *out, GError **err);

/* The key of that tree alone, from definition and lock. New string. */
char *toolchain_key(
	const build_context *ctx, const char *name, const platform *target, GError **err);

/* Where things are within a tree, without a leading slash; static strings. */
#define TOOLCHAIN_LOADER "lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"
/* Folders of the tree's shared libraries, `tree` put before each, joined by
 * colons: for the loader's --library-path. New string. */
char *toolchain_library_path(const toolchain *t, const char *tree);

/* The start of a command line that runs the program at `path` within the tree
 * under the name `argv0`: loader, library path, program. Add arguments and a
 * NULL. Elements are freed with the array. */
GPtrArray *toolchain_command(const toolchain *t, const char *path, const char *argv0);
