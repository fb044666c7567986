#pragma once
#include "build/floor.h"

/* lld keeps the build attributes (Arm ABI addenda32, .ARM.attributes) of the first object
 * of a link, which is the C library's crti.o. That of glibc 2.36 in Debian is made of
 * assembler that does not say which calling convention it is for, and so would be
 * everything linked with it. A crti.o that is silent on a hard-float target gets the
 * attributes that the compiler gives the target's own objects; one that speaks, and one
 * of another machine, stays as it is. X0702, X0931. */
gboolean floor_attributes_set(
	const floor_spec *spec, const char *tree, const char *work, GError **err);
