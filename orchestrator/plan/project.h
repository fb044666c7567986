#pragma once
#include "base/diag.h"
#include "format/yaml.h"
#include <glib.h>

/* The project file, xorch.yaml at the top of the git work tree (outside of one: in the
 * working directory): what holds for all recipes that do not say otherwise. The user's
 * $XDG_CONFIG_HOME/xorch/config.yaml and /etc/xorch/config.yaml hold the same keys and
 * come after it:
 *
 *	flags, XORCH_*, Docker's variables, recipe, xorch.yaml, user, system, built in
 *
 *	schema_version: 1
 *	targets: [aarch64, armv7]
 *	python: {versions: ["3.11", "3.13"]}
 *	toolchain: {c: gcc, manylinux: "2_28", sysroot: debian-11}
 *	cache: .cache/xorch
 *	out: dist
 *	durations: ci/durations.json
 *	ccache: off
 *	exclude_newer: 3d
 *	pins: {setuptools: "<81"}
 *	minimum_age: 7d
 *	index: https://packages.example/simple
 *	mirrors: {debian: https://mirror.example/debian}
 *	git: {user_config: true}, in the user's and the system's configuration
 *
 * A project file comes with a change that somebody proposes: what decides whom this
 * machine trusts (certificates, tokens, settings of git) is refused in it, paths stay
 * inside the project, and a mirror is only ever asked for files whose hash is locked or
 * that a signed chain vouches for, or to make a lock that is then reviewed. */
typedef struct project {
	char *path, *dir; /* of the file; NULL: there is none */
	gint64 schema_version;
	GPtrArray *targets;   /* char *; or NULL */
	GPtrArray *pythons;   /* char *: "3.11"; or NULL */
	int c;		      /* 0 not said, 1 clang, 2 gcc */
	int ccache;	      /* PROJECT_CCACHE_AUTO: not said, or that */
	gboolean git_config;  /* git's own settings count; the machine's to say alone */
	GPtrArray *manylinux; /* bind_pair, as in a recipe; or NULL */
	GPtrArray *pins;      /* bind_pair, see plan/pins.h; or NULL */
	char *sysroot;
	char *cache, *out, *durations; /* absolute once loaded; or NULL */
	char *exclude_newer; /* date, time or span, as written (base/instant.h) */
	char *minimum_age;   /* "7d": of what `update` takes; or NULL */
	char *index;	     /* of Python packages, in pypi too; or NULL */
	GPtrArray *debian, *pypi, *crates, *go, *oci; /* mirrors: char *; or NULL */
} project;

enum { PROJECT_CCACHE_AUTO, PROJECT_CCACHE_OFF };

void project_free(project *p);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(project, project_free)

/* Path of this project's file, whether it exists or not. New string. */
char *project_file(void);
#define PROJECT_FILE "xorch.yaml"
/* Does the path end in its name? */
gboolean project_is_file(const char *path);

/* Reads one file. `own`: the project's, which may not hold everything (X0340). Errors go
 * to the list; NULL with errors in it. */
project *project_load(const char *path, gboolean own, diag_list *l);

/* What counts here: the project's file over the user's and the system's, each value from
 * the first that has it; those that do not exist count as empty. `config` (NULL: not
 * given) stands for the latter two, PROJECT_NO_CONFIG for none. Mirrors are the project
 * file's alone (build/registry.h reads the others). NULL: EXIT_INPUT, all errors. */
project *project_load_all(const char *config, GError **err);
#define PROJECT_NO_CONFIG "/dev/null"
