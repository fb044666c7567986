#pragma once
#include "build/context.h"
#include "build/fetch.h"
#include "build/go.h"
#include "build/item.h"
#include "build/registry_go.h"

/* Modules by path and version from this machine's proxies (registry_go.h), through
 * the verified door. Source: the Go Modules Reference, "GOPROXY protocol". */

/* The machine's settings, asked once in a process; borrowed. */
const registry_go *go_proxy_settings(const build_context *ctx, GError **err);

/* A download of a module's file: `extension` is "zip" or "mod". Its URLs are found
 * when they are needed; the strings are copied and live as long as the process's
 * settings. NULL: a sha256 that is none. EXIT_INPUT X0535, when it is fetched, for
 * a module that GONOPROXY keeps from all proxies. */
fetch_item *go_proxy_item(const build_context *ctx, item_source *asker, const char *path,
	const char *version, const char *extension, const char *sha256, gint64 size,
	GError **err);

/* What the proxies say below a module's @v/ ("list", "v1.2.3.info"), at most 4 MiB.
 * X0535 as above; EXIT_NETWORK X0531 when none has it. */
GBytes *go_proxy_document(
	const build_context *ctx, const char *path, const char *name, GError **err);

/* "fzf@v0.65.2.zip": how such a file is called for people and in locks. New string. */
char *go_proxy_label(const char *path, const char *version, const char *extension);

/* Environment of a run of the go command that may ask the proxies: GOPROXY, GOSUMDB …
 * NULL-terminated; free with g_strfreev. */
char **go_proxy_environment(const registry_go *r);

/* What a failed download by the go command means, by its output: EXIT_INTEGRITY X0662
 * (other bytes than go.sum or the checksum database vouch for), EXIT_NETWORK X0531,
 * EXIT_INPUT X0535, EXIT_HOST X0941 (it wants a newer Go), else `code` and `id`. Sets
 * *err with the last lines; FALSE. */
gboolean go_proxy_failed(
	const char *output, const char *what, int code, const char *id, GError **err);
