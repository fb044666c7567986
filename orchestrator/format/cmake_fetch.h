#pragma once
#include <glib.h>

/* What FetchContent_Declare and ExternalProject_Add of CMake would fetch
 * (FetchContent(7), ExternalProject(7)): archives by address, repositories by revision.
 */
typedef struct cmake_fetch {
	char *name;	      /* as declared */
	GPtrArray *urls;      /* char *: of an archive, tried in order; else empty */
	char *sha256;	      /* lower case, of URL_HASH; NULL */
	char *git, *revision; /* of a repository, as CMake will see them; NULL */
	gboolean submodules;
	/* Why it cannot be had beforehand, for people; NULL: it can. */
	char *unusable;
} cmake_fetch;

/* What is read of a source, file by file. */
typedef struct cmake_reading {
	GHashTable *known; /* char * -> char *: what set() gave variables first */
	GPtrArray *files;  /* GPtrArray * of cmake_command */
} cmake_reading;

void cmake_reading_init(cmake_reading *r);
void cmake_reading_clear(cmake_reading *r);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(cmake_reading, cmake_reading_clear)
void cmake_reading_add(cmake_reading *r, const char *text);

/* Of all files, each once: which of several by one name counts is said by conditions,
 * which are not looked at. What has neither address nor repository is left out. Variables
 * that set() and project() give plain values are put in. Element cmake_fetch. */
GPtrArray *cmake_reading_fetches(const cmake_reading *r);

/* By name, addresses and revision; a name is the same in any case. New string. */
char *cmake_fetch_identity(const cmake_fetch *f);
