#pragma once
#include "build/context.h"
#include "format/simple_index.h"

/* Projects of the Python package index, read through the Simple API (JSON, else
 * HTML): mirrors lack the per-version JSON. Pages are at most 32 MiB. */
typedef struct pypi_project {
	char *name;	  /* normalised */
	char *index;	  /* the index it came from, fit to be shown */
	index_page *page; /* its files */
	/* index_file *: those that --exclude-newer (build_context.cut) hides, which are
	 * not in the page: got later, or the index does not say when. */
	GPtrArray *newer;
	gint64 cut; /* that instant; 0: none */
} pypi_project;

/* Asks the index (registry.h). Exit 5 X0504 when there is no such project, 6 when
 * the page is wrong. The page is fetched once in a process and kept. */
pypi_project *pypi_project_get(const build_context *c, const char *name, GError **err);
void pypi_project_free(pypi_project *p);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(pypi_project, pypi_project_free)

/* The sdist of a release, borrowed: .tar.gz before others. Says so as a warning
 * when it is yanked. Errors: no such version (with the newest there are), no sdist,
 * no sha256, two that could be meant, EXIT_INPUT X0514 hidden by --exclude-newer. */
const index_file *pypi_find_sdist(
	const pypi_project *p, const char *version, GError **err);
/* When --exclude-newer hides files of the version (NULL: of any), a note that says so. */
void pypi_note_newer(const pypi_project *p, const char *version, GError **err);
/* Of what a run does not see for --exclude-newer: nothing without one. */
void pypi_note_cut(const build_context *c, GError **err);
/* The file of that name, borrowed; NULL with X0504. It may be one that --exclude-newer
 * hides: who names a file has chosen it before. */
const index_file *pypi_find_file(
	const pypi_project *p, const char *filename, GError **err);

/* The releases that have an sdist and whose Requires-Python admits `python` ("3.11",
 * NULL: any), the newest first: char *, at least one. Yanked ones are left out, and
 * prereleases unless there is nothing else. */
GPtrArray *pypi_releases(const pypi_project *p, const char *python, GError **err);
/* The first of them. New string. */
char *pypi_newest(const pypi_project *p, const char *python, GError **err);

/* What fetch_blobs needs to get that file. NULL (X0604) when it has no sha256. */
struct fetch_item;
struct fetch_item *pypi_fetch_item(
	const pypi_project *p, const index_file *f, GError **err);

/* For fetch_item.find_urls: looks the item's label up as a file name of the project
 * `data` (struct below) and adds its URL when the index gives the same sha256. */
typedef struct pypi_lookup {
	const build_context *context;
	char *project;
} pypi_lookup;
gboolean pypi_find_urls(struct fetch_item *item, void *data, GError **err);
