#pragma once
#include "plan/catalog.h"

/* Which floors a sysroot can be given. It can be lowered to an older C library,
 * never raised (build/floor.h): it has the floors up to its own glibc, from
 * FLOOR_LOWEST on, or from FLOOR_MERGED on when its own is that new. */

/* What is taken while it has the floor. */
#define SYSROOT_DEFAULT "debian-11"

/* Before it the C library had no names for what today's compilers ask of it
 * (__poll_chk, secure_getenv), and ARM's 64 bits did not exist. */
#define FLOOR_LOWEST 17

/* With 2.34 libpthread, libdl, librt and libutil went into libc; what is left of them
 * is no guide to the old ones. */
#define FLOOR_MERGED 34

/* The newest C library of Debian's for 32-bit ARM with the 32-bit time_t that wheels of
 * this platform have: time_t is part of the interface of what links against each other,
 * and the suites after it have one of 64 bits. */
#define FLOOR_TIME32 36

/* Checks a floor's spelling ("2_17") and gives glibc's minor number. X0330. */
gboolean floor_parse(const char *text, int *minor, GError **err);

/* N of the definition's glibc 2.N; 0 when it is of another form. */
int sysroot_def_glibc(const sysroot_def *def);
/* The lowest floor it can be given, as a minor number. */
int sysroot_def_lowest(const sysroot_def *def);

/* The sysroot for a target at a floor: the one named, or without a name (NULL)
 * SYSROOT_DEFAULT, and when that has not the floor the definition of Debian packages for
 * the target which has it and the oldest C library; other kinds have to be named. Errors
 * (exit 2): X0301, X0302, X0303; X0330 no floor; X0331 above every sysroot's or the named
 * one's C library; X0332 below what they can be lowered to. The last two list what each
 * sysroot has. */
sysroot_def *sysroot_for_floor(
	const char *name, const char *floor, const platform *target, GError **err);

/* Those with newer libraries than the definition of that name, for the target, that are
 * taken without a name: element sysroot_def, the oldest C library first. Empty when there
 * is none, or none of that name. */
GPtrArray *sysroots_newer(const char *name, const platform *target);
