#pragma once
#include "build/context.h"
#include "base/process.h"

/* uv (toolchains/uv.yaml), which resolves build requirements and installs them,
 * always for the build machine. It is fetched as its own wheel on the Python
 * package index, chosen and locked like any toolchain. */
typedef struct uv {
	char *program; /* absolute path */
	char *version, *key;
} uv;

void uv_clear(uv *u);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(uv, uv_clear)

/* Version and key alone, which need no download: for keys of what it makes. *out is
 * zeroed or was filled before. Writes toolchains/uv.lock when that has nothing yet,
 * unless ctx->locked (EXIT_LOCK, X0410). */
gboolean uv_describe(const build_context *ctx, uv *out, GError **err);
/* The same, and makes it ready; of what uv_describe filled only `program` changes. */
gboolean uv_prepare(const build_context *ctx, uv *out, GError **err);
/* Locks the newest release, whatever the lock says. */
gboolean uv_lock(const build_context *ctx, GError **err);

/* Runs uv with these arguments. Its environment is made from scratch: no settings
 * of the user's, no configuration file, no cache beside the work folder, which is
 * its HOME too; proxies and certificates of this machine stay. `input` may be
 * NULL; `extra` are further "NAME=value" or NULL. An end other than 0 is not an
 * error here: see result. */
gboolean uv_run(const uv *u, const char *const *args, const char *work,
	const char *const *extra, GBytes *input, process_result *result, GError **err);
