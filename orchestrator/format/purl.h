#pragma once
#include <glib.h>

/* Package URLs (ECMA-427): what names a package in an SBOM or a provenance statement
 * without saying where it is fetched from. New strings. Parts are percent-encoded; a
 * qualifier that is NULL or "" is left out. */

/* "pkg:pypi/cython@3.3.1?file_name=cython-3.3.1-….whl" */
char *purl_pypi(const char *project, const char *version, const char *file);
/* "pkg:deb/debian/libc6@2.31-13?arch=arm64&distro=bullseye" */
char *purl_debian(
	const char *package, const char *version, const char *arch, const char *suite);
/* The same for another distribution's, by the ID of its os-release ("ubuntu"). */
char *purl_deb(const char *vendor, const char *package, const char *version,
	const char *arch, const char *suite);
/* "pkg:rpm/almalinux/glibc-devel@2.28-251.el8?arch=aarch64&distro=almalinux-8"; of
 * "1:2.28-251.el8" the epoch becomes a qualifier. `distribution` as the ID and the
 * version of its os-release ("almalinux-8"), of which the first word is the vendor; NULL:
 * not known, and neither is there. */
char *purl_rpm(const char *distribution, const char *package, const char *version,
	const char *arch);
/* "pkg:cargo/heck@0.5.0" */
char *purl_cargo(const char *crate, const char *version);
/* "pkg:golang/github.com/mattn/go-isatty@v0.0.20"; `subpath` may be NULL: "go.mod" */
char *purl_golang(const char *module, const char *version, const char *subpath);
/* An image by the digest of its manifest: `repository` without a host's scheme, tag
 * or digest ("quay.io/pypa/manylinux2014_aarch64"). */
char *purl_oci(const char *repository, const char *manifest_hex, const char *arch);
/* "pkg:generic/cpython@3.11.2" */
char *purl_generic(const char *name, const char *version);
