#pragma once
#include "format/yaml_bind.h"

/* The `go` section of a recipe's lock: the modules a program is built from besides
 * its own, as they were resolved. A module of which only the go.mod counts (it takes
 * part in the choice of versions) has no zip. */
typedef struct lock_module {
	char *path, *version; /* "github.com/mattn/go-isatty", "v0.0.20" */
	char *h1;	      /* of the zip's contents, as in go.sum; NULL: no zip */
	char *sha256;	      /* of the zip; NULL: no zip */
	gint64 size;	      /* of the zip, bytes */
	char *mod_h1, *mod_sha256;
	gint64 mod_size;
} lock_module;

void lock_module_free(lock_module *m);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(lock_module, lock_module_free)

typedef struct lock_go {
	char *inputs;	    /* what was resolved, 16 hex digits; NULL: no section */
	GPtrArray *modules; /* lock_module *, sorted by path and version; or NULL */
} lock_go;

void lock_go_clear(lock_go *g);
void lock_go_sort(lock_go *g);
/* `to` is empty. */
void lock_go_copy(lock_go *to, const lock_go *from);
/* For plan/lock.c. */
extern const bind_struct lock_go_binding;
void lock_go_text(const lock_go *g, GString *out);
