#include "build/step_cmake.h"
#include "build/cmake_fetches.h"
#include "build/step_files.h"
#include "base/fs.h"
#include "format/pep508.h"
#include "format/yaml_bind.h"
#include <elf.h>
#include <string.h>

/* Raise when the files say something else for the same item. */
#define VERSION "3"
#define TOOLCHAIN "toolchain.cmake"
#define PROJECT "project.cmake"
#define EMULATOR "emulator"
#define BUILD_DIR SANDBOX_OUT "/scikit-build" /* there prefix maps know it */
#define PYPROJECT_MAX (1 << 20)

/* Include folders by force: a build system that has found others is wrong. What is
 * set without is only what a module would else ask for or leave empty. */
static const char toolchain_text[] =
	"# Made by xorch: the target's toolchain with its Python pinned.\n"
	"include(\"{/xorch/cross/cmake/toolchain.cmake}\")\n"
	"set(CMAKE_CROSSCOMPILING_EMULATOR \"{/xorch/files/" EMULATOR "}\")\n"
	"foreach(python Python Python3)\n"
	"	set(${python}_EXECUTABLE \"{/xorch/env/bin/python}\" CACHE FILEPATH "
	"\"\")\n"
	"	set(${python}_INCLUDE_DIR \"{/xorch/python/@INCLUDE@}\" CACHE PATH \"\" "
	"FORCE)\n"
	"	set(${python}_SOABI \"@SOABI@\" CACHE STRING \"\")\n"
	"endforeach()\n"
	"# FindPythonInterp, FindPythonLibs and pybind11's own search\n"
	"set(PYTHON_EXECUTABLE \"{/xorch/env/bin/python}\" CACHE FILEPATH \"\")\n"
	"set(PYTHON_INCLUDE_DIR \"{/xorch/python/@INCLUDE@}\" CACHE PATH \"\" FORCE)\n"
	"set(PYTHON_MODULE_EXTENSION \"@SUFFIX@\" CACHE STRING \"\")\n"
	"set(PYTHON_MODULE_DEBUG_POSTFIX \"\" CACHE STRING \"\")\n"
	"set(PYTHON_IS_DEBUG 0 CACHE STRING \"\")\n"
	"set(PYTHON_SIZEOF_VOID_P @POINTER@ CACHE STRING \"\")\n"
	"set(PYBIND11_PYTHONLIBS_OVERWRITE OFF CACHE BOOL \"\")\n"
	"# nanobind\n"
	"set(NB_SUFFIX \"@SUFFIX@\" CACHE STRING \"\")\n"
	"list(APPEND CMAKE_PROJECT_INCLUDE \"{/xorch/files/" PROJECT "}\")\n"
	"list(REMOVE_DUPLICATES CMAKE_PROJECT_INCLUDE)\n";

/* Read at the end of every project(); what CMake fetches is there for the build alone,
 * not for the backend's first question. FindPython asks the interpreter in a cross build
 * only under this policy, and an older one never: without, Python_SOABI is empty and
 * a module's name has no tag. */
static const char project_text[] =
	"# Made by xorch.\n"
	"include(\"{/xorch/files/" CMAKE_FETCHES "}\" OPTIONAL)\n"
	"if(POLICY CMP0190)\n"
	"	cmake_policy(SET CMP0190 NEW)\n"
	"elseif(NOT COMMAND _find_package)\n"
	"	macro(find_package)\n"
	"		_find_package(${ARGV})\n"
	"		foreach(python Python Python3)\n"
	"			if(${python}_FOUND AND NOT ${python}_SOABI)\n"
	"				set(${python}_SOABI \"@SOABI@\")\n"
	"			endif()\n"
	"		endforeach()\n"
	"	endmacro()\n"
	"endif()\n";

/* The parent is cmake, ctest or the shell of a build rule: without it no wrong answer
 * can come of a test that did not run. It gets the words because CMake keeps what a
 * try_run prints to itself. */
static const char emulator_text[] =
	"#!/bin/sh\n"
	"case ${1##*/} in\n"
	"python|python3|python3.*) exec \"$@\" ;;\n"
	"esac\n"
	"{\n"
	"	echo \"xorch: error: target-code-does-not-run-here: CMake wanted to run "
	"$1, "
	"which is for @MACHINE@\"\n"
	"	echo \"xorch: for a try_run or check_*_source_runs (the last 'Performing "
	"Test "
	"NAME' above) preset NAME: cmake.define.NAME in build.config_settings\"\n"
	"} >\"/proc/$PPID/fd/2\"\n"
	"kill -KILL \"$PPID\"\n"
	"exit 126\n";

static char *filled(const step_site *site, const char *text)
{
	GString *out = g_string_new(text);

	g_string_replace(out, "@INCLUDE@", site->target->include, 0);
	g_string_replace(out, "@SOABI@", site->target->soabi, 0);
	g_string_replace(out, "@SUFFIX@", site->target->ext_suffix, 0);
	g_string_replace(out, "@POINTER@",
		site->item->platform->elf_class == ELFCLASS64 ? "8" : "4", 0);
	g_string_replace(out, "@MACHINE@", site->item->platform->machine, 0);
	return g_string_free(out, FALSE);
}

static gboolean add_to_key(pipeline *p, item *i, key *k, GError **err)
{
	(void)p;
	(void)i;
	(void)err;
	key_add(k, "cmake files", VERSION);
	return TRUE;
}

/* The project's own choice, which is as constant, is left to it: what it says elsewhere
 * may count on it. */
static gboolean has_build_dir(const step_site *site)
{
	const recipe_source *first = g_ptr_array_index(site->item->recipe->sources, 0);
	g_autofree char *rel = g_build_filename(
		first->subdirectory ? first->subdirectory : ".", "pyproject.toml", NULL);
	g_autofree char *path = fs_resolve_beneath(site->source, rel, NULL);
	g_autoptr(GBytes) bytes = path ? fs_read(path, PYPROJECT_MAX, NULL) : NULL;
	gsize size = 0;
	const char *text = bytes ? g_bytes_get_data(bytes, &size) : NULL;

	return text && memmem(text, size, "build-dir", strlen("build-dir"));
}

static gboolean asks_for(GStrv list, const char *name)
{
	for (; list && *list; list++) {
		g_autoptr(pep508_requirement) r = pep508_parse(*list, NULL);
		if (r && strcmp(r->normalised, name) == 0)
			return TRUE;
	}
	return FALSE;
}

static gboolean is_variable(const char *name)
{
	return *name && !name[strspn(name, "abcdefghijklmnopqrstuvwxyz"
					   "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")];
}

/* cmake.define.NAME of build.config_settings, which scikit-build-core hands on itself; a
 * setup.py that starts cmake does not know of it. */
static void add_defines(const step_site *site, GString *out)
{
	static const char lead[] = "cmake.define.";
	const GPtrArray *own = site->item->recipe->build.config_settings;

	if (asks_for(site->project->requires, "scikit-build-core"))
		return;
	for (guint i = 0; own && i < own->len; i++) {
		const bind_pair *d = g_ptr_array_index(own, i);
		const char *name =
			g_str_has_prefix(d->name, lead) ? d->name + strlen(lead) : "";
		if (is_variable(name) && !strstr(d->value, "]==]"))
			g_string_append_printf(out,
				"set(%s [==[%s]==] CACHE STRING \"\")\n", name, d->value);
	}
}

static gboolean prepare(pipeline *p, step_site *site, step_extras *x, GError **err)
{
	g_autofree char *facts = filled(site, toolchain_text);
	g_autofree char *expanded = step_site_expand(site, facts);
	g_autoptr(GString) file = g_string_new(expanded);
	g_autofree char *emulator = filled(site, emulator_text);
	g_autofree char *named = filled(site, project_text);
	g_autofree char *project = step_site_expand(site, named);

	(void)p;
	add_defines(site, file);
	if (!step_file_add(site, x, TOOLCHAIN, file->str, FALSE, err) ||
		!step_file_add(site, x, PROJECT, project, FALSE, err) ||
		!step_file_add(site, x, EMULATOR, emulator, TRUE, err))
		return FALSE;
	step_extras_env(x, "CMAKE_TOOLCHAIN_FILE", "{" STEP_FILES "/" TOOLCHAIN "}");
	/* scikit-build-core's own choice has a random name, and the name of a generated
	 * source (__FILE__) gets into a module. By the environment, because a backend of
	 * the project's own may call it or another one; that it comes before
	 * config_settings is why the recipe's are looked at. */
	const GPtrArray *own = site->item->recipe->build.config_settings;
	if (!bind_pair_has(own, "build-dir") &&
		!bind_pair_has(own, "skbuild.build-dir") && !has_build_dir(site))
		step_extras_env(x, "SKBUILD_BUILD_DIR", "{" BUILD_DIR "}");
	/* cmeel has CTest start the target's programs, unless it is told not to. */
	if (g_str_has_prefix(site->project->backend, "cmeel"))
		step_extras_env(x, "CMEEL_RUN_TESTS", "OFF");
	return TRUE;
}

GStrv step_cmake_requires(const python_project *project, GStrv hook)
{
	static const char *const tools[] = {"cmake", "ninja"};
	g_autoptr(GStrvBuilder) b = g_strv_builder_new();

	g_strv_builder_addv(b, (const char **)hook);
	for (guint n = 0; n < G_N_ELEMENTS(tools); n++)
		if (asks_for(project->requires, "scikit-build-core") &&
			!asks_for(project->requires, tools[n]) &&
			!asks_for(hook, tools[n]))
			g_strv_builder_add(b, tools[n]);
	return g_strv_builder_end(b);
}

const step_part step_cmake = {
	.name = "cmake", .add_to_key = add_to_key, .prepare = prepare};
