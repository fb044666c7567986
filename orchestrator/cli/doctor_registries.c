#include "build/registry.h"
#include "build/registry_go.h"
#include "cli/doctor.h"
#include <string.h>

/* How many addresses are known, never which: they may carry credentials. */
static void check(GPtrArray *checks, const char *what,
	gboolean (*find)(GPtrArray **urls, GError **err))
{
	g_autoptr(GPtrArray) urls = NULL;
	g_autoptr(GError) err = NULL;

	if (find(&urls, &err)) {
		doctor_add(checks, "registry", DOCTOR_OK,
			g_strdup_printf("%s: %u address%s known", what, urls->len,
				urls->len == 1 ? "" : "es"),
			NULL);
		return;
	}
	g_auto(GStrv) lines = g_strsplit(err->message, "\n", -1);
	const char *help = NULL;
	for (guint i = 1; lines[i]; i++) {
		const char *at = strstr(lines[i], "= help: ");
		if (at && !help)
			help = at + strlen("= help: ");
	}
	doctor_add(checks, "registry", DOCTOR_LESS,
		g_strdup_printf("%s: %s", what, lines[0]), help);
}

void doctor_registries(GPtrArray *checks)
{
	check(checks, "Debian", registry_debian);
	check(checks, "PyPI", registry_pypi_all);
	check(checks, "Go modules", registry_go_here);
}
