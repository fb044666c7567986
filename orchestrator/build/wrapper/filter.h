#pragma once
#include "conf.h"

/* What the wrapper lets through. Arguments that would bring the build machine
 * into the target's build are left out, those that ask for the build machine's
 * processor become the baseline, those that cannot be meant for the target end
 * the program with status 1. Each event is a line "action TAB tool TAB flag
 * TAB reason" appended to the file that XORCH_WRAPPER_LOG names; refusals are
 * also told on stderr. */
typedef struct filter_result {
	int links;   /* the driver will link */
	int cxx;     /* it will compile C++ */
	int changed; /* something was left out or replaced */
} filter_result;

/* Appends what is left of `in` to `out`. */
void filter_args(const tool *t, const args *in, args *out, filter_result *result);

/* The same for the environment: search paths of gcc and clang lose the host's
 * folders, variables that redirect the tools themselves are removed. */
void filter_environment(const tool *t);

/* Is it a compiler driver? */
int tool_is_driver(const tool *t);
