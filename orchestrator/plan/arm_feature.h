#pragma once
#include "format/elf.h"

/* What 32-bit ARM code may ask of a processor beyond its platform, by the names that a
 * recipe's `wheel.cpu` gives them. Bits, so that they can be put together. */
enum {
	ARM_FEATURE_NEON = 1 << 0,  /* "neon": Advanced SIMD, or 32 double registers */
	ARM_FEATURE_VFPV4 = 1 << 1, /* "vfpv4": VFPv4, which fuses multiply and add */
	ARM_FEATURE_ARMV8 = 1 << 2, /* "armv8": a later architecture than the platform's,
				       FP and SIMD of ARMv8 */
};

/* The bit of a name; 0 when there is none of that name. */
guint arm_feature_by_name(const char *name);
/* Those of a list of names (char *), which may be NULL. */
guint arm_features_of(const GPtrArray *names);
/* What an object asks for by its build attributes, beyond Tag_CPU_arch `arch` (10 is
 * ARMv7) with VFPv3-D16; 0 when it has none. A bit stands for what it alone adds: NEON
 * of ARMv8 is neon and armv8. (Arm's addenda32, 3.3.6.) */
guint arm_features_needed(const elf_arm *a, guint arch);
/* "neon, vfpv4" (g_free it). */
char *arm_features_text(guint features);
