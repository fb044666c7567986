#pragma once
#include <glib.h>

/* Debian's alternatives (update-alternatives(1)), of which a package tells in its
 * postinst: /usr/lib/…/libblas.so is whichever of the installed BLAS ranks highest. */
typedef struct debian_alternative {
	char *link;  /* clean, from the root: "usr/lib/arm-linux-gnueabihf/libblas.so" */
	char *path;  /* what it leads to, the same way */
	gint64 rank; /* the highest is taken */
} debian_alternative;

void debian_alternative_free(debian_alternative *a);

/* The master and slave links that a maintainer script installs, in its order. The script
 * is read, not run: a command with a variable or a quote in it is passed over, and so is
 * a link or path that is not a plain one below /usr. Elements debian_alternative. */
GPtrArray *debian_alternatives_parse(const char *script);
