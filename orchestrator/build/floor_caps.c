#include "build/floor_caps.h"
#include "build/floor_symbols.h"
#include "plan/policy.h"
#include <string.h>

void floor_caps_init(floor_caps *caps, const platform *p, int minor)
{
	g_autofree char *name = g_strdup_printf("2_%d", minor);

	*caps = (floor_caps){.minor = minor,
		.policy = policy_index(&policy_manylinux, name, TRUE),
		.arch = p->wheel_arch ? policy_arch_find(&policy_manylinux, p->wheel_arch)
				      : NULL};
	/* No policy is as old as this: the oldest rules hold. */
	if (caps->policy < 0 || (caps->arch && caps->policy < caps->arch->first))
		caps->policy = caps->arch ? caps->arch->first : 0;
}

gboolean floor_caps_allow(
	const char *library, const char *name, const char *version, const void *data)
{
	const floor_caps *caps = data;
	char glibc[32];

	if (g_str_has_prefix(version, "GLIBC_")) {
		g_snprintf(glibc, sizeof glibc, "GLIBC_2.%d", caps->minor);
		if (floor_version_compare(version, glibc) > 0)
			return FALSE;
	}
	if (!caps->arch)
		return TRUE;
	/* A floor between two policies has its own glibc and the older one's rest. */
	if (!g_str_has_prefix(version, "GLIBC_") &&
		policy_version(caps->arch, version) > caps->policy)
		return FALSE;
	return policy_library(&policy_manylinux, caps->arch, library) <= caps->policy &&
	       policy_symbol(&policy_manylinux, library, name) <= caps->policy;
}
