#pragma once
#include "plan/platform.h"

/* Is a sysroot's tree whole? All faults are told at once, X0640 (EXIT_INTEGRITY):
 *  - no link is absolute or leads out, none dangles but into parts of the system that
 *    are not there as a whole;
 *  - every ELF file is of the target's machine, class and (ARM) float ABI;
 *  - every library one of its libraries needs is there. */
gboolean sysroot_check(const char *dir, const platform *target, GError **err);
