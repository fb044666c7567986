#pragma once
#include <glib.h>

/* Bytes of memory that new processes of ours may take now: what the kernel calls
 * available, less where a cgroup of this process (version 1 or 2, or any above it)
 * leaves less. 0 when nothing is known. */
guint64 memory_usable(void);

/* The least of the limits of those cgroups; 0 when there is none. */
guint64 memory_limit(void);

/* How many processes the kernel has ended for want of memory: of this process's cgroup
 * where that counts them (memory.events of version 2, with those below it;
 * memory.oom_control of version 1), else on the whole machine (/proc/vmstat, Linux 4.13).
 * What a program such as systemd-oomd ends is not in it. -1 when not told. */
gint64 memory_kills(void);

/* The same where the file system begins at `root` ("" for the real one): its
 * proc/meminfo, proc/self/cgroup and sys/fs/cgroup. For tests. */
guint64 memory_usable_at(const char *root);
guint64 memory_limit_at(const char *root);
gint64 memory_kills_at(const char *root);
