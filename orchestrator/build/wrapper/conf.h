#pragma once
#include "args.h"

/* wrapper.conf, written by build/cross.c, read at every start of a wrapper.
 *
 *	xorch-wrapper 1
 *	dir toolchain ../../toolchain/KEY	where ${toolchain} is: absolute, or from
 *	dir sysroot ../../floor/KEY		the folder of wrapper.conf; inside the
 *						sandbox always /xorch/toolchain …
 *
 *	tool cc gcc aarch64-linux-gnu-gcc	a program under these names
 *	kind compiler | cxx | linker | plain	cxx: a driver that takes .c for C++
 *	cpu arm | aarch64 | x86_64		the target: what flags make sense
 *	program ${toolchain}/usr/bin/clang-19
 *	loader ${toolchain}/lib/…/ld-linux-x86-64.so.2	started through this
 *	library_path ${toolchain}/…:…
 *	argv0 …			default: the wrapper's own path
 *	before ARG		one argument a line, put before the caller's
 *	prelink ARG		between them when the driver links
 *	cxx ARG			behind the caller's when C++ is compiled
 *	link ARG		behind them when the driver links
 *
 *	env NAME=VALUE		set in the program's environment
 *	default NAME=VALUE	the same, unless it is there already
 *
 * Values reach to the end of the line; no quoting. Unknown keys are errors. */
typedef enum tool_kind { TOOL_PLAIN, TOOL_COMPILER, TOOL_CXX, TOOL_LINKER } tool_kind;
typedef enum tool_cpu { CPU_OTHER, CPU_ARM, CPU_AARCH64, CPU_X86_64 } tool_cpu;

typedef struct tool {
	const char *name; /* as called: the file name of the wrapper */
	const char *self; /* its absolute path */
	tool_kind kind;
	tool_cpu cpu;
	const char *program, *loader, *library_path, *argv0;
	args before, prelink, cxx, link, env, defaults;
	args dirs; /* the trees' paths: nothing below them is the host's */
} tool;

/* Finds the caller's name in <dir>/../wrapper.conf, <dir> being the folder of
 * this very program. Ends the program with 127 when it is not there. */
void tool_find(tool *t);
