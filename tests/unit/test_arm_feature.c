#include "plan/arm_feature.h"

#define NEON ARM_FEATURE_NEON
#define VFPV4 ARM_FEATURE_VFPV4
#define ARMV8 ARM_FEATURE_ARMV8

/* Attributes as GCC 12 and clang 19 write them for the flags beside. */
static void needed(void)
{
	static const struct {
		guint cpu, fp, simd, want;
	} rows[] = {
		{10, 4, 0, 0},		  /* -mfpu=vfpv3-d16 */
		{10, 2, 0, 0},		  /* -mfpu=vfpv2 */
		{9, 2, 0, 0},		  /* -march=armv6 */
		{10, 0, 0, 0},		  /* -mfpu=none */
		{10, 3, 0, NEON},	  /* -mfpu=vfpv3 */
		{10, 3, 1, NEON},	  /* -mfpu=neon */
		{10, 6, 0, VFPV4},	  /* -mfpu=vfpv4-d16 */
		{10, 5, 0, NEON | VFPV4}, /* -mfpu=vfpv4 */
		{10, 5, 2, NEON | VFPV4}, /* -mfpu=neon-vfpv4 */
		{14, 4, 0, ARMV8},	  /* -march=armv8-a -mfpu=vfpv3-d16 */
		{14, 7, 3, NEON | ARMV8}, /* -mfpu=neon-fp-armv8 */
		{14, 8, 0, ARMV8},	  /* FP for ARMv8, D16 */
		{14, 7, 4, NEON | ARMV8}, /* NEON of ARMv8.1 */
		{22, 7, 4, NEON | ARMV8}, /* ARMv9-A */
		{11, 0, 0, 0},		  /* v6-M, an older one's number */
		{12, 0, 0, 0},		  /* v6S-M */
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		elf_arm a = {.present = TRUE,
			.cpu_arch = rows[i].cpu,
			.fp_arch = rows[i].fp,
			.simd_arch = rows[i].simd};
		g_assert_cmpuint(arm_features_needed(&a, 10), ==, rows[i].want);
		a.present = FALSE;
		g_assert_cmpuint(arm_features_needed(&a, 10), ==, 0);
	}
	elf_arm v7 = {.present = TRUE, .cpu_arch = 10, .fp_arch = 2};
	g_assert_cmpuint(arm_features_needed(&v7, 9), ==, ARMV8);
}

static void names(void)
{
	g_autoptr(GPtrArray) list = g_ptr_array_new();

	g_assert_cmpuint(arm_features_of(NULL), ==, 0);
	g_ptr_array_add(list, (char *)"armv8");
	g_ptr_array_add(list, (char *)"neon");
	guint bits = arm_features_of(list);
	g_assert_cmpuint(bits, ==, NEON | ARMV8);
	g_autofree char *text = arm_features_text(bits), *none = arm_features_text(0);
	g_assert_cmpstr(text, ==, "neon, armv8");
	g_assert_cmpstr(none, ==, "");
	g_assert_cmpuint(arm_feature_by_name("vfpv4"), ==, VFPV4);
	g_assert_cmpuint(arm_feature_by_name("NEON"), ==, 0);
	g_assert_cmpuint(arm_feature_by_name(""), ==, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/arm-feature/needed", needed);
	g_test_add_func("/arm-feature/names", names);
	return g_test_run();
}
