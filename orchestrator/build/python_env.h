#pragma once
#include "build/python_host.h"
#include "build/uv.h"

/* The build environment: a virtual environment of the build machine's Python with
 * the locked wheels, the identity (a .pth, asleep until XORCH_IDENTITY names a
 * target) and the runner that calls hooks (xorch_runner.py in the top folder).
 * Scripts are relocatable and bytecode depends on sources alone, so the tree may
 * be seen as SANDBOX_ENV_DIR. Nobody may write to it. */

/* Over interpreter, files (locked_file *) and what xorch adds. New string. */
char *python_env_key(const uv *u, const host_python *python, const GPtrArray *files);
/* Whether it is there already: then its files need not be fetched. It stays for this
 * process. */
gboolean python_env_is_ready(const build_context *ctx, const uv *u,
	const host_python *python, const GPtrArray *files);
/* The tree, made once. `where` names the lock, for messages. New string. */
char *python_env_prepare(const build_context *ctx, const uv *u, const host_python *python,
	const GPtrArray *files, const char *where, char **key_out, GError **err);
