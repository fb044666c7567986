#pragma once
#include <glib.h>
#include <lazy/git2.h>

/* What the files of a commit come to, by the headers of their objects, before one of them
 * is read into memory or written: an object of some gigabytes packs into little, and a
 * few trees that name each other hold any number of files.
 *
 * Adds to *bytes; a repository whose commits (submodules') share it has one limit.
 * EXIT_INTEGRITY X0621 when it passes `max`. Submodules' files are not in it. An object
 * that cannot be read counts nothing: reading it will say why. */
gboolean git_weight_check(git_repository *r, const git_oid *tree, guint64 max,
	guint64 *bytes, GError **err);
