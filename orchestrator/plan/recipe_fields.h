#pragma once
#include "format/yaml_bind.h"
#include "plan/recipe.h"

/* The keys of a recipe as tables. */
extern const bind_struct recipe_binding, source_binding;
/* Of toolchain.manylinux and toolchain.c, which a project file has too. */
extern const bind_custom manylinux_custom;
extern const char *const recipe_compilers[];
/* Which keys a source of a kind takes, blank-separated; the first is its own. */
extern const char *const source_keys[SOURCE_DEBSRC + 1];

/* Checks of single values (bind_check): NULL or why not. */
const char *check_name(const char *text);
const char *check_version(const char *text);
const char *check_path(const char *text); /* relative, no .., no backslash */
const char *check_sha256(const char *text);
const char *check_h1(const char *text);
const char *check_commit(const char *text);
const char *check_tag(const char *text);
const char *check_url(const char *text);
const char *check_gomod(const char *text);
const char *check_debian_name(const char *text);
const char *check_publisher(const char *text);
const char *check_target(const char *text);
const char *check_python(const char *text);
const char *check_floor(const char *text);
const char *check_env_name(const char *text);
const char *check_context_name(const char *text);
const char *check_requirement(const char *text);
const char *check_host_requirement(const char *text);
const char *check_program(const char *text);
const char *check_library(const char *text);
const char *check_module_path(const char *text);
const char *check_import(const char *text);
const char *check_cpu(const char *text);
const char *check_go_package(const char *text);
const char *check_days(const char *text);
const char *check_pin(const char *text);
const char *check_pin_name(const char *text);
const char *check_flag(const char *text); /* one word of a command line */
const char *check_line(const char *text); /* one line: no \n, no tab */

/* Other spellings of such values (bind_fix): a new string, or NULL. */
char *fix_target(const char *text);	/* arm64, linux/arm/v7: aarch64, armv7 */
char *fix_python(const char *text);	/* cp311, python3.11: 3.11 */
char *fix_floor(const char *text);	/* manylinux_2_17, manylinux2014, 2.17: 2_17 */
char *fix_go_package(const char *text); /* cmd/x: ./cmd/x */
char *fix_days(const char *text);	/* 7: 7d */
