#pragma once
#include <glib.h>

/* What a finished tree in the store consists of: path, type, mode, size, mtime,
 * inode, link target and sha256 of every entry. The manifest stands outside the
 * tree, so nothing that is unpacked can pretend to be one (A19), and its first
 * line carries a sha256 of the rest, so half of one is none. */

typedef enum manifest_state {
	MANIFEST_GOOD,
	MANIFEST_MOVED, /* sizes agree, but times or inodes do not: copied, or edited */
	MANIFEST_BAD,	/* something is missing, added or of another size or type */
	MANIFEST_NONE,	/* no manifest, or not a whole one */
} manifest_state;

/* Walks and hashes `tree`, then writes the manifest atomically by way of `temp`, a
 * name that does not exist. FIFOs, devices and sockets are an error. */
gboolean manifest_write(
	const char *tree, const char *manifest_path, const char *temp, GError **err);

/* By stat alone: 2,500 entries in a few milliseconds. *why (may be NULL) gets a
 * new string naming the first entry that differs. */
manifest_state manifest_check(const char *tree, const char *manifest_path, char **why);

/* In full: types, modes, contents, and that nothing was added. GOOD or BAD (or
 * NONE); times and inodes do not count. */
manifest_state manifest_verify(const char *tree, const char *manifest_path, char **why);

/* Bytes of the files in it as the manifest tells; 0 without one. */
guint64 manifest_bytes(const char *manifest_path);
