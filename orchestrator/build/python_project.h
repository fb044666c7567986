#pragma once
#include "build/context.h"
#include "build/python_host.h"
#include "format/pep508.h"
#include "plan/platform.h"

/* What a source tree says of how it is built (PEP 517, 518, 621). */
typedef struct python_project {
	GStrv requires;	    /* build-system.requires, with their markers */
	char *backend;	    /* "setuptools.build_meta" */
	GStrv backend_path; /* relative folders, usually none */
	char *requires_python, *name, *version; /* of [project]; NULL not said */
} python_project;

void python_project_clear(python_project *p);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(python_project, python_project_clear)

/* Reads SOURCE/pyproject.toml by a host Python (build/python_toml.h); nothing of the
 * source is run. The answer is kept in the store by the file's contents. EXIT_INPUT,
 * X0250: neither that nor setup.py, or not as the PEPs want it. */
gboolean python_project_read(const build_context *ctx, const host_python *python,
	const char *source, python_project *out, GError **err);

/* The values of markers on the target: what Python's own packages compute under the
 * identity. Valid as long as `python`, `p` and *texts. */
typedef struct python_markers {
	pep508_environment environment;
	char *version; /* "3.11" */
} python_markers;
void python_markers_init(python_markers *m, const host_python *python, const platform *p);
void python_markers_clear(python_markers *m);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(python_markers, python_markers_clear)

/* One list of top-level requirements with whom to name for it. */
typedef struct python_requires {
	const char *const *list; /* may be NULL */
	const char *who;	 /* "pyproject.toml", "recipes/a.yaml" */
} python_requires;

/* Those of the lists (ended by who == NULL) whose markers hold on the target,
 * markers taken off, sorted, each once. NULL with X0240 (naming who) for what is
 * none and X0242 for one that names a URL. */
GStrv python_requirements(
	const python_requires *lists, const python_markers *m, GError **err);
