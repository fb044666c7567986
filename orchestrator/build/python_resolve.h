#pragma once
#include "build/python_host.h"
#include "build/uv.h"

/* From top-level requirements to files. uv chooses versions, for the build
 * machine's interpreter, from wheels only; which file of a version is taken
 * (plan/wheel_tags.h) and its sha256 come from the index itself. */

/* `requires`: no markers, from python_requirements; `who` asks ("recipes/a.yaml").
 * Element locked_file *, sorted by name. NULL: EXIT_NETWORK, X0508 offline (lists
 * the requirements, B16); EXIT_BUILD, X0912 when they cannot be met, with uv's own
 * words; X0913 when a chosen release has no wheel for this Python. */
GPtrArray *python_resolve(const build_context *ctx, const uv *u,
	const host_python *python, const char *const *requires, const char *who,
	GError **err);

/* The locked files into the store. Element char *, paths in the order of `files`
 * (locked_file *). `where` is the lock's path, for messages. */
GPtrArray *python_files_fetch(const build_context *ctx, const GPtrArray *files,
	const char *where, GError **err);
