#pragma once
#include "plan/package_lock.h"

/* A lock as bytes that are read back without a parser: what the store keeps beside the
 * digest of the lock's text, because every build reads the same few locks and libyaml
 * was the larger part of a build with nothing to do. Fields end with a NUL. */
GBytes *package_lock_pack(const package_lock *lock);
/* NULL when the bytes are anything else. */
package_lock *package_lock_unpack(GBytes *bytes, const char *path, const char *name);
