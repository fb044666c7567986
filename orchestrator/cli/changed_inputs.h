#pragma once
#include "build/item.h"
#include "cli/options.h"

/* What a recipe depends on inside its repository, for `--changed-since`. */
typedef struct changed_input {
	char *what; /* "the patch", "its lock", "the sysroot debian-11" */
	char *path; /* of a file or folder, which need not exist; not settled */
} changed_input;

/* Names looked up before: the same few for all recipes. */
typedef struct changed_catalog changed_catalog;
changed_catalog *changed_catalog_new(const options *o);
void changed_catalog_free(changed_catalog *c);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(changed_catalog, changed_catalog_free)

/* The files and folders: the recipe and its lock, patches, scripts, folders of path
 * sources, and the definitions with their locks that a build of it uses: the sysroot (and
 * debian-11 where that cannot serve the build machine), clang, and gcc when it is the
 * compiler; for a wheel uv, rust when there is Rust in it, patchelf when libraries may be
 * grafted; for a library cmake, ninja and meson; for a Go program go, and C's only with
 * cgo. A path with an expression that only the target settles stands for its folder.
 * Element changed_input *, freed with the array. */
GPtrArray *changed_inputs_of(changed_catalog *c, const item_source *s);
void changed_input_free(changed_input *i);

/* One recipe that another needs. */
typedef struct changed_need {
	char *name; /* as asked for: "libxml2", "numpy" */
	char *path; /* of the recipe */
} changed_need;
void changed_need_free(changed_need *n);

/* The recipes it needs: libraries (`recipe:` of requirements.host, whatever their
 * conditions) and those whose wheels its lock lays over its build environments. `known`
 * are the item_source * on the command line, which come first. Element changed_need *. */
GPtrArray *changed_needs_of(
	changed_catalog *c, const item_source *s, const GPtrArray *known);
