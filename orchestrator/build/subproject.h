#pragma once
#include "build/context.h"
#include "plan/lock_wraps.h"

/* What a source names and does not hold, as Meson's .wrap files and CMake's
 * FetchContent_Declare do: one archive or one commit, through the verified door. */

/* Fetches the file of a row that has name and urls, checks it against its sha256 if there
 * is one, and sets sha256 and size. `where`, for messages, says who names it. The file's
 * path in the store, a new string; NULL with an error of fetch_blobs. */
char *subproject_lock_file(
	const build_context *ctx, const char *where, locked_wrap *row, GError **err);
/* The same of a repository: `revision` is a tag or a commit of 40 digits; sets commit and
 * tree. The folder in the store. */
char *subproject_lock_git(
	const build_context *ctx, locked_wrap *row, const char *revision, GError **err);
/* Of such an error: its first line, a new string, where a build is possible that does
 * without; else NULL, and it is handed on as *err. `why` is taken over. */
char *subproject_lacking(GError *why, GError **err);

/* Makes what is locked available. */
gboolean subproject_fetch(
	const build_context *ctx, const char *where, const locked_wrap *w, GError **err);
/* Copies it to `to`, which is not there yet. X0509: it is not in the store. */
gboolean subproject_place(
	const build_context *ctx, const locked_wrap *w, const char *to, GError **err);
