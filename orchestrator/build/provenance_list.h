#pragma once
#include "format/json.h"
#include "plan/lock.h"

/* The resolvedDependencies of a provenance statement: in-toto resource descriptors
 * {name, uri, digest, annotations: {"for": …}}, each once, in the order added. Nothing
 * in them says where a file was fetched from, but by the name of its registry (purl). */
typedef struct provenance_list {
	json_t *rows; /* array */
	GHashTable *seen;
} provenance_list;

void provenance_list_init(provenance_list *l);
void provenance_list_clear(provenance_list *l);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(provenance_list, provenance_list_clear)

/* `purpose` is what it was for: "source", "sysroot debian-11". uri, sha256: NULL when
 * not known, but not both. Every row has a URI: what nobody else has a name for is named
 * by its sha256 (ni:///sha-256;…, RFC 6920), which says nothing of this machine.
 * Returns the row (borrowed), NULL when it was there. */
json_t *provenance_add(provenance_list *l, const char *purpose, const char *name,
	const char *uri, const char *sha256);
/* Further facts of a row (may be NULL: no-op); `value` is taken. */
void provenance_annotate(json_t *row, const char *name, json_t *value);

/* A file of the Python index. */
void provenance_add_file(provenance_list *l, const char *purpose, const locked_file *f);
void provenance_add_files(
	provenance_list *l, const char *purpose, const GPtrArray *files);
/* Debian packages: locked_package *; NULL: none. */
void provenance_add_packages(provenance_list *l, const char *purpose, const char *suite,
	const GPtrArray *packages);
/* A whole section of that definition: packages of a suite, RPMs, layers of an image, a
 * wheel of the index. */
void provenance_add_section(provenance_list *l, const char *purpose,
	const package_section *s, const package_def *def);
/* A tool of the build machine that is a wheel of the Python index, by its definition's
 * lock. The definition's path, a new string; NULL with an error of definition or lock. */
char *provenance_add_tool(provenance_list *l, const char *name, GError **err);
void provenance_add_crates(provenance_list *l, const GPtrArray *crates);
void provenance_add_modules(provenance_list *l, const lock_go *go);

/* "sysroots/debian-11.yaml", wherever the catalogue lies. New string. */
char *provenance_definition_name(const char *path);
