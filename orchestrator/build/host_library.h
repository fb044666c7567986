#pragma once
#include "build/context.h"
#include "plan/platform.h"

/* What lies over a sysroot at its floor for one recipe: libraries made by recipes
 * (`recipe:` in requirements.host), and Debian's of which the static archive is to be
 * linked (`wheel.link_static`). The result is a sysroot like any other, so that
 * every build system finds them the way it finds libraries. */
typedef struct host_library {
	char *name; /* of its recipe: "openssl" */
	char *key;  /* of its item: its tree in the store is library/KEY */
} host_library;

host_library *host_library_new(const char *name, const char *item_key);
void host_library_free(host_library *l);

typedef struct host_overlay {
	const GPtrArray *libraries;   /* host_library *, or NULL */
	const GPtrArray *link_static; /* char *: "xml2" for -lxml2; or NULL */
} host_overlay;

gboolean host_overlay_is_empty(const host_overlay *o);

/* The key of the tree below, from that of the sysroot at its floor. New string. */
char *host_overlay_key(const host_overlay *o, const char *base_key);

/* The tree (kind "host" of the store), made once: hard links to `base` and to the
 * libraries' trees. What a static archive needs, its .pc says (build/library_tree.h).
 * Errors: EXIT_HOST X0974 a library is not in the store; EXIT_INPUT X0975 two bring
 * the same file, X0976 nothing to link statically by that name. */
char *host_overlay_prepare(const build_context *ctx, const host_overlay *o,
	const platform *target, const char *base, const char *base_key, char **key_out,
	GError **err);

/* The tree's file that lists, one name a line, the archives whose symbols are never
 * to be seen from outside a module. */
#define HOST_ARCHIVES "host.archives"
