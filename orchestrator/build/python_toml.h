#pragma once
#include "build/context.h"
#include "build/python_host.h"

/* What to put on a host Python's sys.path so that `pip._vendor.tomli` can be imported,
 * for the helpers that read TOML: what its own pip has, else (Debian 11's Python 3.9,
 * whose pip is older than that reader) pip's wheel of toolchains/pip.yaml, fetched if
 * need be. *path: new string; NULL for a Python with tomllib (3.11 and newer) and no such
 * pip. Errors of build/pypi_tool.h, which say how to do without. */
gboolean python_toml_prepare(
	const build_context *ctx, const host_python *python, char **path, GError **err);

/* Whether that Python is given pip's wheel. */
gboolean python_toml_is_wheel(const host_python *python);

/* That wheel, whatever Pythons are here: its place in the store; *key (may be NULL) gets
 * its sha256. New strings. */
char *python_toml_wheel(const build_context *ctx, char **key, GError **err);
/* Locks it anew. */
gboolean python_toml_lock(const build_context *ctx, GError **err);
