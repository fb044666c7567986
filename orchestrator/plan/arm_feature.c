#include "plan/arm_feature.h"
#include <string.h>

/* Values of Tag_CPU_arch that are greater than v7's and no application processor's. */
#define ARCH_V6_M 11
#define ARCH_V6S_M 12
/* Tag_FP_arch and Tag_Advanced_SIMD_arch. */
#define FP_V3_D16 4
#define FP_V4_D16 6
#define SIMD_FMA 2

static const struct {
	const char *name;
	guint bit;
} features[] = {{"neon", ARM_FEATURE_NEON}, {"vfpv4", ARM_FEATURE_VFPV4},
	{"armv8", ARM_FEATURE_ARMV8}};

guint arm_feature_by_name(const char *name)
{
	for (gsize i = 0; i < G_N_ELEMENTS(features); i++)
		if (g_strcmp0(features[i].name, name) == 0)
			return features[i].bit;
	return 0;
}

guint arm_features_of(const GPtrArray *names)
{
	guint bits = 0;

	for (guint i = 0; names && i < names->len; i++)
		bits |= arm_feature_by_name(g_ptr_array_index(names, i));
	return bits;
}

guint arm_features_needed(const elf_arm *a, guint arch)
{
	guint bits = 0;

	if (!a->present)
		return 0;
	if (a->simd_arch > 0 || elf_arm_fp_d32(a->fp_arch))
		bits |= ARM_FEATURE_NEON;
	if ((a->fp_arch > FP_V3_D16 && a->fp_arch <= FP_V4_D16) ||
		a->simd_arch == SIMD_FMA)
		bits |= ARM_FEATURE_VFPV4;
	if ((a->cpu_arch > arch && a->cpu_arch != ARCH_V6_M &&
		    a->cpu_arch != ARCH_V6S_M) ||
		a->fp_arch > FP_V4_D16 || a->simd_arch > SIMD_FMA)
		bits |= ARM_FEATURE_ARMV8;
	return bits;
}

char *arm_features_text(guint bits)
{
	g_autoptr(GString) text = g_string_new(NULL);

	for (gsize i = 0; i < G_N_ELEMENTS(features); i++)
		if (bits & features[i].bit)
			g_string_append_printf(
				text, "%s%s", text->len ? ", " : "", features[i].name);
	return g_string_free(g_steal_pointer(&text), FALSE);
}
