#pragma once
#include "build/pipeline.h"
#include "plan/catalog.h"

/* Which package each library of a sysroot belongs to that is not made of Debian
 * packages by xorch itself (those: build/host_files.h), for grafting and the list of
 * parts:
 *
 *  - of RPMs: the package it was unpacked from;
 *  - of an image: the package that dpkg's lists in it name (var/lib/dpkg/status and
 *    info/NAME.list, where the definition keeps them);
 *  - of an image of Red Hat's family: the package that RPM's database in it names
 *    (build/sysroot_rpmdb.h);
 *  - else the image, by name and digest. */

/* library_place * in the order to look: the packages, sorted by name, from a tree of the
 * store (kind "library-parts", each package in a folder of its own), and last the whole
 * sysroot's tree, which a package's libraries are in as well. */
GPtrArray *sysroot_parts_prepare(const build_context *ctx, const sysroot_def *def,
	const platform *target, GError **err);
