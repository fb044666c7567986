#pragma once
#include "base/process.h"
#include "build/context.h"

/* The go command and its standard library: the machine's own (PATH, then
 * /usr/local/go), asked in an empty environment so that no GOFLAGS, GOROOT or go.env
 * of the user's decides anything; else, or when a recipe wants a newer one, the
 * wheel of toolchains/go.yaml. Which of them it was does not matter, its version
 * does: GOTOOLCHAIN=local everywhere, no other Go is fetched behind our back. */
typedef struct go_tool {
	char *root;    /* GOROOT */
	char *program; /* ROOT/bin/go */
	char *version; /* "1.26.8": what of it enters keys */
} go_tool;

void go_tool_clear(go_tool *g);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(go_tool, go_tool_clear)

/* 1.21 is the first that obeys GOTOOLCHAIN, and has the checks of `#cgo` flags that
 * CVE-2023-29402, 29404 and 29405 asked for; 1.21.2 those of CVE-2023-39323. */
#define GO_OLDEST "1.21.2"

/* `minimum` is the recipe's toolchain.go, or NULL. EXIT_HOST X0940 when neither this
 * machine nor the locked wheel has one that is new enough; errors of the lock and of
 * fetching. */
gboolean go_prepare(
	const build_context *ctx, const char *minimum, go_tool *out, GError **err);
/* Root and program are NULL and nothing is fetched: which version it would be. */
gboolean go_describe(
	const build_context *ctx, const char *minimum, go_tool *out, GError **err);
/* Locks the newest release of the wheel, whatever the lock says. */
gboolean go_lock(const build_context *ctx, GError **err);
/* The wheel's tree, whatever this machine has. */
gboolean go_prepare_wheel(const build_context *ctx, go_tool *out, GError **err);

/* The machine's own program, whatever its version; NULL when there is none. */
char *go_host_program(void);

/* A run of the go command outside of a build: for what it downloads, or says of
 * sources. It runs nothing of them. */
typedef struct go_run {
	const char *const *args; /* after "go" */
	const char *cwd;
	const char *work;	/* folder: home, tmp, GOCACHE, GOMODCACHE are below */
	const char *const *env; /* further "NAME=value"; NULL none */
	double timeout_s;	/* 0: 600 */
} go_run;

/* An end other than 0 is no error here: see result (captured). */
gboolean go_tool_run(
	const go_tool *g, const go_run *run, process_result *result, GError **err);
/* GOMODCACHE of a work folder. New string. */
char *go_run_modules(const char *work);
