#include "plan/compiler_choice.h"
#include <stdlib.h>
#include <string.h>

char *compiler_for_sysroot(const char *name, const char *sysroot_gcc)
{
	if (strcmp(name, "gcc") != 0 || !sysroot_gcc)
		return g_strdup(name);
	g_autoptr(toolchain_def) usual = toolchain_def_find(name, NULL);
	if (!usual || !usual->version || atoi(usual->version) >= atoi(sysroot_gcc))
		return g_strdup(name);
	g_autofree char *other = g_strconcat(name, "-", sysroot_gcc, NULL);
	g_autoptr(toolchain_def) newer = toolchain_def_find(other, NULL);
	return newer ? g_steal_pointer(&other) : g_strdup(name);
}
