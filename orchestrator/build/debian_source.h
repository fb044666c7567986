#pragma once
#include "build/context.h"
#include "plan/package_def.h"

/* The upstream tarball of a Debian source package (Debian Policy 5.4, dpkg-source(1)):
 * NAME_VERSION.orig.tar.* of a quilt or 1.0 package, NAME_VERSION.tar.* of a native
 * one. Debian's own patches and its detached signature stay behind. */
typedef struct debian_tarball {
	char *file;   /* openssl_3.5.1.orig.tar.gz */
	char *path;   /* within the archive: pool/main/o/openssl/… */
	char *sha256; /* lower case */
	gint64 size;
	char *version; /* of the source package: "3.5.1-1" */
} debian_tarball;

void debian_tarball_clear(debian_tarball *t);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(debian_tarball, debian_tarball_clear)

/* Looks `name` up in the suite's signed Sources. `version` is upstream's: "2.9.14"
 * takes 2.9.14-1.3~deb12u2, 2.9.14+dfsg-1 and 2.12.7+really2.9.14-2 too; of several the
 * newest. X0336 (EXIT_INPUT) when there is none, with the versions there are; X0632 when
 * the entry names no tarball or lacks its checksum; the errors of build/debian_repo.h. */
gboolean debian_source_find(const build_context *ctx, const package_source *source,
	const char *name, const char *version, debian_tarball *out, GError **err);

/* The same from an index at hand, plain or compressed; for tests too. */
gboolean debian_source_read(const char *index, const char *suite, const char *name,
	const char *version, debian_tarball *out, GError **err);

/* What upstream calls the versions that the suite has of it; maybe none. char *. */
GPtrArray *debian_source_versions(const build_context *ctx, const package_source *source,
	const char *name, GError **err);
/* "1:2.9.14+dfsg-1.3~deb12u2" -> "2.9.14". New string. */
char *debian_upstream_version(const char *version);

/* Where the archive keeps a source package's files: "pool/main/libx/libxml2". */
char *debian_source_folder(const char *name);
/* "1:2.9.14+dfsg-1.3~deb12u2" is upstream's 2.9.14. */
gboolean debian_upstream_is(const char *version, const char *upstream);
