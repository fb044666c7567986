#include "base/error.h"
#include "build/compiler_cache.h"
#include "cli/doctor.h"

static gboolean check_one(
	GPtrArray *checks, const char *name, const char *what, gboolean off)
{
	const compiler_cache *c = compiler_cache_find(name, SANDBOX_BWRAP);

	if (!c)
		return FALSE;
	g_autofree char *path = text_escape(c->host, -1);
	doctor_add(checks, "program", c->problem ? DOCTOR_NOTE : DOCTOR_OK,
		c->problem ? g_strdup_printf(
				     "%s: %s is not used: %s", name, path, c->problem)
			   : g_strdup_printf("%s: %s, %s%s", name, path, c->version,
				     off ? ": not used (`ccache: off`)" : what),
		NULL);
	return TRUE;
}

/* Elsewhere than in bwrap it is for who asks for it (build/step_ccache.h). */
void doctor_compiler_cache(GPtrArray *checks, const options *o)
{
	const char *help;
	gboolean off = o->project && o->project->ccache == PROJECT_CCACHE_OFF;

	if (sandbox_level_problem(SANDBOX_BWRAP, &help))
		return;
	gboolean any = check_one(checks, "ccache",
		": C and C++ are compiled through it (--no-ccache: they are not)", off);
	any |= check_one(checks, "sccache",
		": crates are compiled through it (--no-ccache: they are not)", off);
	if (!any)
		doctor_add(checks, "program", DOCTOR_NOTE,
			g_strdup("ccache is not there: builds compile again what earlier "
				 "ones of the package did"),
			"apt-get install ccache");
}
