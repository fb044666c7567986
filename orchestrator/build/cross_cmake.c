#include "build/cross_cmake.h"

static const char places[] =
	"if(cross STREQUAL \"/xorch/cross\")\n"
	"	set(sysroot \"/xorch/sysroot\")\n"
	"	set(roots /xorch/env /xorch/src /xorch/out /xorch/tmp /xorch/python)\n"
	"else()\n"
	"	get_filename_component(sysroot \"%s\" ABSOLUTE BASE_DIR \"${cross}\")\n"
	"	set(roots)\n"
	"endif()\n"
	"if(DEFINED ENV{XORCH_CMAKE_ROOTS})\n"
	"	string(REPLACE \":\" \";\" more \"$ENV{XORCH_CMAKE_ROOTS}\")\n"
	"	list(APPEND roots ${more})\n"
	"endif()\n";

static const char tools[] =
	"set(CMAKE_C_COMPILER \"${cross}/bin/cc\")\n"
	"set(CMAKE_CXX_COMPILER \"${cross}/bin/c++\")\n"
	"set(CMAKE_ASM_COMPILER \"${cross}/bin/cc\")\n"
	"if(EXISTS \"${cross}/bin/gfortran\")\n"
	"	set(CMAKE_Fortran_COMPILER \"${cross}/bin/gfortran\")\n"
	"endif()\n"
	"set(CMAKE_AR \"${cross}/bin/ar\" CACHE FILEPATH \"\")\n"
	"set(CMAKE_RANLIB \"${cross}/bin/ranlib\" CACHE FILEPATH \"\")\n"
	"set(CMAKE_NM \"${cross}/bin/nm\" CACHE FILEPATH \"\")\n"
	"set(CMAKE_STRIP \"${cross}/bin/strip\" CACHE FILEPATH \"\")\n"
	"set(CMAKE_OBJCOPY \"${cross}/bin/objcopy\" CACHE FILEPATH \"\")\n"
	"set(CMAKE_OBJDUMP \"${cross}/bin/objdump\" CACHE FILEPATH \"\")\n"
	"set(CMAKE_READELF \"${cross}/bin/readelf\" CACHE FILEPATH \"\")\n"
	"set(CMAKE_LINKER \"${cross}/bin/ld\" CACHE FILEPATH \"\")\n";

/* A prefix inside one of the roots is taken as it is, any other is looked for
 * below them: so a package in the build environment is found, one in /usr not. */
static const char finding[] = "set(CMAKE_SYSROOT \"${sysroot}\")\n"
			      "set(CMAKE_FIND_ROOT_PATH \"${sysroot}\" ${roots})\n"
			      "set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)\n"
			      "set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)\n"
			      "set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)\n"
			      "set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)\n";

/* From policy CMP0155 on (3.28) CMake starts clang-scan-deps for each file of C++20,
 * which the toolchain goes without; what a project lists as modules is scanned all the
 * same. */
static const char modules[] = "if(NOT DEFINED CMAKE_CXX_SCAN_FOR_MODULES)\n"
			      "	set(CMAKE_CXX_SCAN_FOR_MODULES OFF)\n"
			      "endif()\n";

char *cross_cmake(const platform *p, const char *sysroot_dir)
{
	GString *out = g_string_new("# Made by xorch for ");

	g_string_append_printf(out, "%s.\n", p->name);
	g_string_append(out, "get_filename_component(cross \"${CMAKE_CURRENT_LIST_DIR}\" "
			     "DIRECTORY)\n");
	g_string_append_printf(out, places, sysroot_dir);
	g_string_append(out, "set(CMAKE_SYSTEM_NAME Linux)\n");
	g_string_append_printf(
		out, "set(CMAKE_SYSTEM_PROCESSOR %s)\n", p->cmake_processor);
	g_string_append_printf(out, "set(CMAKE_LIBRARY_ARCHITECTURE %s)\n", p->triple);
	g_string_append(out, tools);
	g_string_append(out, finding);
	g_string_append(out, modules);
	return g_string_free(out, FALSE);
}
