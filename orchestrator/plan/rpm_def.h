#pragma once
#include "plan/package_def.h"

/* A sysroot out of RPM packages, as a catalogue file says it:
 *
 *	rpm:
 *	  repositories:			one or several, by a name of one's own, which is
 *	    base: URL			part of paths in the lock; {arch} stands for the
 *	    more: URL			target's architecture (aarch64, armv7hl, x86_64)
 *	  signed_by: [FINGERPRINT …]	keys that may sign a repository's repomd.xml, in
 *	  keyring: NAME			a file of OpenPGP keys beside the definition
 *	  sha256: {base: HEX}		or else that of repomd.xml, by repository
 *	  distribution: almalinux-8	whose packages they are, ID and version of its
 *					os-release, for package URLs; optional
 *	packages, without, exact, prune: as with Debian's (plan/package_def.h)
 *	keep, place: as with an image (plan/image_def.h)
 */
extern const bind_struct rpm_source_binding;

/* "rpm" in a lock's sections, in place of a Debian suite. */
#define RPM_SUITE "rpm"

/* NULL, or what the definition lacks so that every repository can be verified. */
const char *rpm_def_fault(const rpm_source *source);

/* The digest that a repository's repomd.xml is pinned to, or NULL. */
const char *rpm_def_pinned(const rpm_source *source, const char *repository);

/* A repository's address for an architecture, without closing slash; NULL: there is no
 * repository of that name. New string. */
char *rpm_def_url(
	const rpm_source *source, const char *repository, const char *architecture);
