#pragma once

/* How many processors this process may use, at least 1: the smallest of its
 * CPU affinity and the CPU quota of its cgroup (v2 or v1) and their parents,
 * rounded up, as a container sets them. */
int cpus_usable(void);
/* The quota part with the files below `root` ("" is the real system); 0: none. */
int cpus_quota(const char *root);
