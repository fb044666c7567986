#pragma once
#include "build/store.h"
#include <glib.h>

/* A CPython of the build machine. It runs the build backends of its own minor
 * version and lends its headers and sysconfig data to the targets. */
typedef struct host_python {
	char *executable; /* real path of the interpreter itself, never a venv's */
	char *origin;	  /* where it was found: "PATH", "pyenv", "uv", "/opt/python" */
	char *version;	  /* "3.11.7" */
	guint minor;	  /* 11 */
	gboolean free_threaded;
	char *tag;	/* interpreter and ABI: "cp311", "cp313t" */
	char *abiflags; /* "" or "t" */
	char *base_prefix, *stdlib;
	char *include;	     /* folder of Python.h, which may be missing (no -dev) */
	char *config_h;	     /* the pyconfig.h that holds the values */
	char *multiarch;     /* "x86_64-linux-gnu" */
	char *soabi;	     /* "cpython-311-x86_64-linux-gnu" */
	char *ext_suffix;    /* ".cpython-311-x86_64-linux-gnu.so" */
	char *sysconfigdata; /* module name */
	char *pip;	     /* folder or wheel with pip's own tomli; NULL none */
	char *vars_digest;   /* sha256 of the sysconfig data, see below */
} host_python;

void host_python_free(host_python *p);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(host_python, host_python_free)

/* Why an interpreter was passed over, for `doctor`. */
typedef struct host_python_refusal {
	char *executable, *reason;
} host_python_refusal;

/* Asks the interpreter at `path` (isolated, -I -S, in an empty environment) what
 * it is. The answer is kept in the store by path, inode, mtime and size, so a
 * later run starts nothing. NULL with *reason (new string) when it cannot be
 * used: not CPython 3.9 to 3.14, a debug build, broken, of another machine. */
host_python *host_python_probe(store *s, const char *path, char **reason);

/* Everything usable, one for each tag, by version: of several, the one with
 * headers, then the one found first (PATH in its order, where a pyenv shims
 * entry stands for pyenv's versions; PYENV_ROOT, ~/.pyenv; uv's; /opt/python).
 * `refused` (may be NULL) collects host_python_refusal. Element host_python;
 * may be empty. */
GPtrArray *host_python_find_all(store *s, GPtrArray *refused);
void host_python_refusal_free(host_python_refusal *r);

/* Tag of what `python3` means here (PATH; pyenv's version files), or NULL. */
char *host_python_default(store *s, const GPtrArray *found);

/* Python.h and pyconfig.h are there. */
gboolean host_python_has_headers(const host_python *p);
/* CPython's own headers below `include`, relative and sorted (char *); what other
 * packages installed there is left out. X0831 when there are none. */
GPtrArray *host_python_headers(const host_python *p, GError **err);
/* sha256 over their names and contents and those of config_h. */
char *host_python_header_digest(store *s, const host_python *p, GError **err);
/* The sysconfig data as JSON text, {"NAME": integer or ""}: its strings, full of
 * this machine's folders and compilers, are left out. */
char *host_python_vars(store *s, const host_python *p, GError **err);
