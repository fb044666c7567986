#pragma once
#include <glib.h>

/* Names and link targets found inside archives, judged as text before anything
 * of them reaches the file system. Libraries do not do this: libarchive, told to
 * be secure, still makes a symbolic link to /etc. */

typedef enum member_name_flags {
	/* refuse what another system reads as a path: backslash, "C:" */
	MEMBER_NAME_PORTABLE = 1 << 0,
} member_name_flags;

/* `name` without "./", empty and "." components and a closing slash; "" for the
 * root itself. NULL and a reason (a static sentence part: "is absolute") when it
 * is absolute, has a ".." component, control characters or bytes that are not
 * UTF-8, a component above 255 bytes or more than 4,096 in all. New string. */
char *member_name_clean(const char *name, unsigned flags, const char **reason);

/* Where the link `name` (clean) with this `target` points, as a clean name from the
 * root ("" is the root): every ".." is taken as text. An absolute target counts from
 * the root if `rooted`, else is refused. NULL and a reason if it leaves the root, is
 * empty or not a valid name. *plain (may be NULL) tells whether the target is of the
 * form ../../a/b, in which no ".." follows a name: a tree in which all links are of
 * this form and stay inside as text has no way out through chains of links either. */
char *member_link_resolve(const char *name, const char *target, gboolean rooted,
	gboolean *plain, const char **reason);

/* The shortest relative target that leads from the link `name` to `to`, both clean:
 * ("usr/lib/a/libm.so", "usr/lib/b/libm.so.6") -> "../b/libm.so.6". New string. */
char *member_link_relative(const char *name, const char *to);

/* lib/x -> usr/lib/x for the folders that a merged /usr has only there (bin, sbin,
 * lib, lib32, lib64, libx32, libo32), other names as they are. New string. */
char *member_name_usr_merge(const char *name);
/* NULL-terminated: the folders meant above. */
extern const char *const usr_merged_folders[];
