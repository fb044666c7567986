#pragma once
#include "build/context.h"
#include "build/python_host.h"

/* A first recipe for something that has none: `xorch new`. What the project says is
 * taken, what it does not say is guessed and marked so in a comment; nothing of it is
 * run. The text is a recipe that recipe_parse accepts without a warning. */
typedef struct starter_request {
	const char *name;	   /* project, module path or URL */
	const char *version;	   /* NULL: the newest that this machine can build */
	const host_python *python; /* decides what is the newest; reads TOML */
	const GPtrArray
		*targets; /* char *: it is for these alone; NULL: the usual ones */
	gboolean crates;  /* cargo may choose them where nothing says which (PyPI) */
} starter_request;

typedef struct starter {
	char *name; /* the package's: names the recipe's file */
	char *version;
	char *text;
	GPtrArray *notes; /* char *: what to look at, for people */
} starter;

void starter_clear(starter *s);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(starter, starter_clear)

/* From an sdist of the package index. The newest release whose Requires-Python admits
 * request->python and whose Cargo.toml asks for no newer Rust than toolchains/rust.yaml
 * has. EXIT_NETWORK X0504 as pypi.h; EXIT_NOTHING X0981 for one without machine code;
 * EXIT_INPUT X0980. */
gboolean starter_pypi(
	const build_context *ctx, const starter_request *r, starter *out, GError **err);
/* From a Go module; a program below its path may be named (…/cmd/x). EXIT_INPUT X0982
 * when it has no program. */
gboolean starter_gomod(
	const build_context *ctx, const starter_request *r, starter *out, GError **err);
/* From a git repository: `version` is a tag, NULL the newest one that looks like a
 * version. */
gboolean starter_git(
	const build_context *ctx, const starter_request *r, starter *out, GError **err);
