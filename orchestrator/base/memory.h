#pragma once
#include <glib.h>

/* Bytes of memory that new processes of ours may take now: what the kernel calls
 * available, less where a cgroup of this process (version 1 or 2, or any above it)
 * leaves less. 0 when nothing is known. */
guint64 memory_usable(void);

/* The same where the file system begins at `root` ("" for the real one): its
 * proc/meminfo, proc/self/cgroup and sys/fs/cgroup. For tests. */
guint64 memory_usable_at(const char *root);
