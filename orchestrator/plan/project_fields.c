#include "plan/project_fields.h"
#include "base/instant.h"
#include "plan/recipe_fields.h"
#include <string.h>

#define AT(field) offsetof(project, field)

const char *check_oci_mirror(const char *text)
{
	const char *equals = strchr(text, '=');

	return check_url(equals && !g_str_has_prefix(text, "http") ? equals + 1 : text);
}

const char *check_limit(const char *text)
{
	return instant_limit(text, 0, "", NULL) >= 0
		       ? NULL
		       : "wants a date, a time (2026-11-01T10:00:00Z) or a span: 7d";
}

static const bind_field python_fields[] = {
	{"versions", BIND_STRLIST, AT(pythons), BIND_UNIQUE, .check = check_python,
		.fix = fix_python, .doc = "Python versions; 3.13t is free-threaded"},
	{0}};
static const bind_struct python_binding = {"`python`", 0, python_fields, NULL};

static const bind_field toolchain_fields[] = {
	{"c", BIND_CHOICE, AT(c), .arg = recipe_compilers,
		.doc = "C and C++ compiler: auto, clang, gcc"},
	{"manylinux", BIND_CUSTOM, AT(manylinux), .arg = &manylinux_custom,
		.doc = "oldest glibc to run on, \"2_17\", or a map by target"},
	{"sysroot", BIND_STRING, AT(sysroot), .check = check_name,
		.doc = "sysroot definition"},
	{0}};
static const bind_struct toolchain_binding = {"`toolchain`", 0, toolchain_fields, NULL};

static const bind_field mirror_fields[] = {
	{"debian", BIND_STRLIST, AT(debian), BIND_ONE_OK, .check = check_url,
		.doc = "mirrors of the Debian archive"},
	{"pypi", BIND_STRLIST, AT(pypi), BIND_ONE_OK, .check = check_url,
		.doc = "package indexes of Python (simple API)"},
	{"crates", BIND_STRLIST, AT(crates), BIND_ONE_OK, .check = check_url,
		.doc = "sparse indexes of Rust crates"},
	{"go", BIND_STRLIST, AT(go), BIND_ONE_OK, .check = check_url,
		.doc = "proxies of Go modules"},
	{"oci", BIND_STRLIST, AT(oci), BIND_ONE_OK, .check = check_oci_mirror,
		.doc = "of image registries: quay.io=https://HOST/PREFIX, or a URL"},
	{0}};
static const bind_struct mirrors_binding = {"`mirrors`", 0, mirror_fields, NULL};

/* The machine's own: credentials may stand in a URL, and places may be anywhere. */
static const bind_field own_mirror_fields[] = {
	{"debian", BIND_STRLIST, AT(debian), BIND_ONE_OK, .doc = "mirrors"},
	{"pypi", BIND_STRLIST, AT(pypi), BIND_ONE_OK, .doc = "mirrors"},
	{"crates", BIND_STRLIST, AT(crates), BIND_ONE_OK, .doc = "mirrors"},
	{"go", BIND_STRLIST, AT(go), BIND_ONE_OK, .doc = "mirrors"},
	{"oci", BIND_STRLIST, AT(oci), BIND_ONE_OK, .doc = "mirrors"}, {0}};
static const bind_struct own_mirrors_binding = {"`mirrors`", 0, own_mirror_fields, NULL};

static const bind_field git_fields[] = {
	{"user_config", BIND_BOOL, AT(git_config),
		.doc = "sources by git heed git's own configuration of the user and the "
		       "system: url.*.insteadOf, http.proxy (default false)"},
	{0}};
static const bind_struct git_binding = {"`git`", 0, git_fields, NULL};

static const char *const ccache_names[] = {"auto", "off", NULL};

#define COMMON                                                                           \
	{"targets", BIND_STRLIST, AT(targets), BIND_UNIQUE, .check = check_target,       \
		.fix = fix_target,                                                       \
		.doc = "platforms of recipes that name none (default aarch64, armv7)"},  \
		{"python", BIND_STRUCT, 0, .arg = &python_binding,                       \
			.doc = "Pythons of recipes that name none"},                     \
		{"exclude_newer", BIND_STRING, AT(exclude_newer), .check = check_limit,  \
			.doc = "choose no file that the package index of Python got "    \
			       "later: a date, a time, or how long ago: 7d"},            \
		{"minimum_age", BIND_STRING, AT(minimum_age), .check = check_days,       \
			.doc = "days a release must be old for `xorch update`: 7d"},     \
		{"ccache", BIND_CHOICE, AT(ccache), .arg = ccache_names,                 \
			.doc = "a compiler cache where this machine has one: auto, "     \
			       "off"},                                                   \
	{                                                                                \
		"toolchain", BIND_STRUCT, 0,                                             \
			.arg = &toolchain_binding,                                       \
			.doc = "compiler, floor and sysroot of recipes that name none"   \
	}

static const bind_field project_fields[] = {
	{"schema_version", BIND_INT, AT(schema_version), BIND_REQUIRED, .min = 1,
		.max = G_MAXINT32, .doc = "1, the version of this format"},
	COMMON,
	{"pins", BIND_STRMAP, AT(pins), .check = check_pin, .name_check = check_pin_name,
		.doc = "versions of build requirements that all recipes take: "
		       "setuptools: \"<81\""},
	{"cache", BIND_STRING, AT(cache), .check = check_path,
		.doc = "folder of the cache, inside the project"},
	{"out", BIND_STRING, AT(out), .check = check_path,
		.doc = "folder for the results, inside the project (default dist)"},
	{"durations", BIND_STRING, AT(durations), .check = check_path,
		.doc = "file for --shard to balance by"},
	{"index", BIND_STRING, AT(index), .check = check_url,
		.doc = "package index of Python (simple API); mirrors.pypi come after "
		       "it"},
	{"mirrors", BIND_STRUCT, 0, .arg = &mirrors_binding,
		.doc = "where registries are, by their names"},
	{0}};
const bind_struct project_binding = {
	"a project file", sizeof(project), project_fields, NULL};

static const bind_field config_fields[] = {
	{"schema_version", BIND_INT, AT(schema_version), .min = 1, .max = G_MAXINT32,
		.doc = "1, the version of this format"},
	COMMON,
	{"cache", BIND_STRING, AT(cache), .check = check_line,
		.doc = "folder of the cache"},
	{"out", BIND_STRING, AT(out), .check = check_line,
		.doc = "folder for the results"},
	{"durations", BIND_STRING, AT(durations), .check = check_line,
		.doc = "file for --shard to balance by"},
	{"index", BIND_STRING, AT(index),
		.doc = "package index of Python (simple API); mirrors.pypi come after "
		       "it"},
	{"mirrors", BIND_STRUCT, 0, .arg = &own_mirrors_binding,
		.doc = "where registries are, by their names"},
	{"git", BIND_STRUCT, 0, .arg = &git_binding, .doc = "how git's sources are had"},
	{0}};
const bind_struct config_binding = {
	"the configuration", sizeof(project), config_fields, NULL};
