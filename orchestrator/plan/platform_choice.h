#pragma once
#include "plan/platform.h"

/* Docker's build arguments as found in the environment; NULL or "" when unset. */
typedef struct docker_args {
	const char *target_platform, *target_os, *target_arch, *target_variant;
} docker_args;

/* The targets of a run: `flags` (values of --target, NULL or empty list: none
 * given; "all" is every platform that builds wheels), else Docker's build
 * arguments, else `fallback` (a recipe's targets, NULL none). Each platform once,
 * in the order given. A flag that disagrees with Docker's arguments wins with a
 * note. Sentences for the user are appended to `notes` (element type char *, freed
 * by its owner). NULL with EXIT_INPUT: X0107 X0108 X0109, X0110 when nothing names
 * a target. Element type const platform *. */
GPtrArray *platforms_choose(const char *const *flags, const docker_args *docker,
	const char *const *fallback, GPtrArray *notes, GError **err);

/* Reads TARGETPLATFORM, TARGETOS, TARGETARCH, TARGETVARIANT; borrowed pointers. */
docker_args docker_args_from_environment(void);
