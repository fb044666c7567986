#pragma once
#include "base/diag.h"
#include "format/yaml.h"
#include "plan/key.h"
#include <glib.h>

/* A recipe, schema_version 1: one YAML file says how one version of one
 * package is built. `xorch help recipe` lists the keys; here is
 * what the program holds. Strings never reach a shell but by build.script.
 *
 * A recipe is loaded once (recipe_load: everything checked, expressions that
 * depend on the target still stand as text and lists with if/then hold both
 * branches) and then resolved for each target and Python (recipe_resolve: every
 * expression replaced, conditions decided). Both are this struct. */
typedef enum recipe_kind { RECIPE_WHEEL, RECIPE_GO_BINARY, RECIPE_LIBRARY } recipe_kind;

typedef enum source_kind {
	SOURCE_PYPI,  /* sdist of a project and version */
	SOURCE_URL,   /* a file, mirrors in order */
	SOURCE_GIT,   /* a commit, or a tag with the commit it must be */
	SOURCE_GOMOD, /* a Go module and version */
	SOURCE_PATH,  /* a folder of this repository */
	SOURCE_DEBSRC /* a Debian source package */
} source_kind;

typedef struct recipe_source {
	source_kind kind;
	char *pypi;	 /* project name as written */
	GPtrArray *urls; /* char * */
	char *git, *gomod, *path, *debsrc;
	char *suite;   /* debsrc: Debian suite; NULL: the sysroot's */
	char *version; /* NULL: the package's (recipe_source_version) */
	char *sha256;  /* 64 hex digits, lower case, or NULL: in the lock */
	char *h1;      /* Go's own hash of a module, "h1:…=" */
	char *rev, *tag, *expected_commit;
	gboolean submodules, extract, use_gitignore;
	gint64 max_size; /* bytes; 0: the lock's size */
	gint64 strip_components;
	char *target_directory; /* NULL: "." */
	char *subdirectory;	/* NULL: "." */
	char *file_name;
	GPtrArray *patches; /* relative to the recipe's folder; may be NULL */
	GPtrArray *publishers;
	char *condition; /* `if:` */
	const yaml_node *node;
} recipe_source;

typedef enum recipe_backend {
	BACKEND_AUTO,
	BACKEND_PEP517,
	BACKEND_SETUPTOOLS,
	BACKEND_SETUPTOOLS_RUST,
	BACKEND_MATURIN,
	BACKEND_SCIKIT_BUILD_CORE,
	BACKEND_MESON_PYTHON,
	BACKEND_SCRIPT, /* of wheels and libraries; before it of wheels, after of
			   libraries */
	BACKEND_AUTOTOOLS,
	BACKEND_CMAKE,
	BACKEND_MESON,
	BACKEND_OPENSSL /* its own Configure */
} recipe_backend;

typedef enum recipe_test_run { TEST_SKIP, TEST_NATIVE, TEST_EMULATED } recipe_test_run;

typedef struct recipe_test {
	GPtrArray *imports, *commands, *has, *has_not; /* char *; NULL: not given */
	/* PEP 508: what it needs that the wheel does not ask for; may be NULL */
	GPtrArray *requirements;
	int run; /* recipe_test_run */
} recipe_test;

typedef struct recipe_skip {
	char *condition, *reason;
	const yaml_node *node;
} recipe_skip;

/* Lists that may be NULL say so; all others are never NULL after a load. */
typedef struct recipe {
	char *path;    /* as given; "<stdin>" */
	char *dir;     /* folder that relative paths start from */
	yaml_doc *doc; /* for places; a resolved one has its own tree */
	gint64 schema_version;
	struct {
		char *name, *version;
	} package;
	char *normalized;   /* name by PEP 503: lower case, runs of -_. are one - */
	int kind;	    /* recipe_kind */
	GPtrArray *context; /* bind_pair: own variables, in order; may be NULL */
	GPtrArray *sources; /* recipe_source *, at least one */
	GPtrArray *targets; /* char *: default aarch64, armv7 */
	struct {
		GPtrArray *versions; /* char *: "3.11", "3.13t"; NULL: not given */
		char *abi3;	     /* "3.9" or NULL */
	} python;
	struct {
		int c;		      /* 0 auto, 1 clang, 2 gcc */
		GPtrArray *manylinux; /* bind_pair target ("" all) -> "2_17"; or NULL */
		char *sysroot;	      /* NULL: the default one */
		char *rust, *go;
		GPtrArray *cflags, *ldflags; /* may be NULL */
	} toolchain;
	struct {
		GPtrArray *build; /* PEP 508, added to pyproject's; may be NULL */
		GPtrArray *host;  /* "deb:NAME[=VERSION]", "recipe:NAME"; may be NULL */
		GPtrArray *tools; /* host programs allowed; may be NULL */
	} requirements;
	struct {
		gint64 number;		    /* above 0: the wheel's build tag */
		int backend;		    /* recipe_backend */
		GPtrArray *config_settings; /* bind_pair, a name may come again; NULL */
		GPtrArray *options;  /* library: of configure, cmake …; may be NULL */
		GPtrArray *env;	     /* bind_pair; may be NULL */
		GPtrArray *env_pass; /* names; may be NULL */
		GPtrArray *script;   /* lines of shell, `set -eu`; may be NULL */
		char *script_file;   /* relative to the recipe's folder; or NULL */
		gboolean network;
		gboolean exclusive; /* nothing else is built at the same time */
		gint64 timeout, silent_timeout; /* seconds: 1 h, 20 min */
		gint64 memory;			/* bytes, 0 none */
		gint64 jobs;			/* 0: all */
		GPtrArray *skip;		/* recipe_skip *; may be NULL */
	} build;
	struct {
		gboolean locked, renew, no_default_features;
		GPtrArray *features; /* may be NULL */
		char *manifest;
	} cargo;
	struct {
		char *package; /* "." or "./cmd/x" */
		gboolean cgo;
		GPtrArray *tags, *ldflags; /* may be NULL */
		char *output;
	} go;
	struct {
		gboolean repair_off, pure_allowed;
		gboolean strip, sbom;
		GPtrArray *exclude_libs; /* sonames not to graft; may be NULL */
		/* Host libraries linked from their static archives, by link name
		 * ("xml2" for -lxml2); may be NULL. */
		GPtrArray *link_static;
		/* Extension modules the wheel must hold: path in the wheel without
		 * the ABI suffix, "cwcwidth/cwcwidth" for
		 * cwcwidth/cwcwidth.cpython-311-….so. Losing one (setuptools builds
		 * optional ones or goes on without) is an error. May be NULL. */
		GPtrArray *extensions;
		GPtrArray *cpu; /* armv7: what objects may ask for, "neon"; may be NULL */
		/* Files of the wheel that are for other machines on purpose, as the
		 * source has them: paths or patterns (fnmatch); may be NULL. */
		GPtrArray *foreign;
	} wheel;
	struct {
		GPtrArray *cpu; /* as wheel.cpu, for what is installed; may be NULL */
	} library;
	GPtrArray *tests; /* recipe_test *; may be NULL */
	struct {
		char *summary, *homepage, *license;
		GPtrArray *license_files;
	} about;
	struct {
		gboolean enabled, prerelease;
		int from; /* 0 source, 1 pypi, 2 git-tags, 3 gomod, 4 none */
		char *allow, *tag_prefix, *reason, *min_age;
	} update;
	/* Only after recipe_resolve: why it is not built there, or NULL. */
	char *skip_reason;
	yaml_node *tree; /* private: the expanded tree of a loaded recipe */
} recipe;

/* Reads and checks a recipe; "-" is standard input. All that is wrong goes to
 * the list; NULL exactly when an error was added. Reads the recipe's folder to
 * check patches and scripts, nothing else. */
recipe *recipe_load(const char *path, diag_list *l);
/* The same from memory; `dir` is the folder that its paths are relative to. */
recipe *recipe_parse(
	const char *file, const char *dir, const char *text, gsize len, diag_list *l);
void recipe_free(recipe *r);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(recipe, recipe_free)

/* What expressions may depend on. NULL fields stay open: `${{ host.sysroot }}`
 * stands as text as long as the paths inside the build are not known. */
typedef struct recipe_vars {
	const char *target; /* aarch64 */
	const char *triple; /* aarch64-linux-gnu */
	const char *python; /* "3.11", "3.13t"; "" for what has no Python */
	const char *host_sysroot, *host_pkg_config;
} recipe_vars;

/* The recipe for one target and Python; a new one. Sources whose `if` is false
 * are gone, skip_reason is set when a skip condition holds. NULL with errors in
 * the list (a value that only now turns out to be wrong). */
recipe *recipe_resolve(const recipe *r, const recipe_vars *vars, diag_list *l);

/* "2_17" for a target: toolchain.manylinux, else the default. */
const char *recipe_floor(const recipe *r, const char *target);
#define RECIPE_FLOOR_DEFAULT "2_17"
/* Of such a list alone; NULL: it says nothing about the target. `list` may be NULL. */
const char *manylinux_floor(const GPtrArray *list, const char *target);
/* The version of a source: its own, else the package's. */
const char *recipe_source_version(const recipe *r, const recipe_source *s);
/* Is one of its sources of this kind? A recipe with errors may have none. */
gboolean recipe_has_source(const recipe *r, source_kind kind);
/* What a Go program is called: the last part of go.output, else the package's name. `v`,
 * of a loaded recipe, is what an expression in it may depend on; NULL of a resolved one.
 * New string. */
char *recipe_program_name(const recipe *r, const recipe_vars *v);
/* "recipes/cwcwidth.yaml:8:3", for messages about a source. New string. */
char *recipe_source_place(const recipe *r, const recipe_source *s);

/* Adds every field that decides the bytes of the artefact to a key, by its
 * path ("recipe build.env.FOO"), as resolved. Left out: about, update, extra,
 * tests, targets, python.versions, build.skip (they choose, but change nothing),
 * and the time and memory limits. Contents of patches and scripts are the
 * builder's to add. */
void recipe_add_to_key(const recipe *r, key *k);
/* Adds a variable to build.env as if the file had it, or replaces its value; the key
 * does not see it. */
void recipe_set_env(recipe *r, const char *name, const char *value);

/* The recipes named on a command line: files as they are ("-" too), folders by
 * every *.yaml below that has `schema_version`, sorted; hidden files and those
 * git ignores left out. A folder without any is an error, and so is a path that
 * does not exist. Element type char *. NULL with errors in the list. */
GPtrArray *recipe_find(const char *const *paths, diag_list *l);
/* The same with the definitions of the catalogues, which recipe_find leaves out
 * of folders: a YAML file in a folder called sysroots or toolchains is one, and so is a
 * project file. */
GPtrArray *definition_find(const char *const *paths, diag_list *l);
typedef enum definition_kind {
	DEFINITION_RECIPE,
	DEFINITION_SYSROOT,
	DEFINITION_TOOLCHAIN,
	DEFINITION_PROJECT /* xorch.yaml */
} definition_kind;
definition_kind definition_kind_of(const char *path);
/* Its outermost keys in the order they are documented and formatted in, ended by NULL.
 * Free the array alone. */
const char **definition_keys(definition_kind kind);
