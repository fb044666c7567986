#include "ship/repair_parts.h"
#include <string.h>

static const char *below_data(const wheel *w, const char *name, const char *part)
{
	g_autofree char *folder =
		g_strdup_printf("%s-%s.data/%s/", w->name->name, w->name->version, part);

	return g_str_has_prefix(name, folder) ? name + strlen(folder) : NULL;
}

const char *repair_installed(const wheel *w, const char *name)
{
	g_autofree char *data =
		g_strdup_printf("%s-%s.data/", w->name->name, w->name->version);
	const char *rest = below_data(w, name, "platlib");

	if (!rest)
		rest = below_data(w, name, "purelib");
	return rest ? rest : g_str_has_prefix(name, data) ? NULL : name;
}

gboolean repair_is_script(const wheel *w, const char *name)
{
	const char *rest = below_data(w, name, "scripts");

	return rest && !strchr(rest, '/');
}

char *repair_script_member(const wheel *w, const char *name)
{
	return g_strdup_printf("%s.scripts/%s", w->name->name, strrchr(name, '/') + 1);
}

/* "#!python" stands for the installing Python (the binary distribution format of PEP
 * 427). Names of members hold no quotes' trouble: backslashes and controls were refused.
 */
char *repair_script_text(const char *member)
{
	g_auto(GStrv) quoted = g_strsplit(member, "\"", -1);
	g_autofree char *path = g_strjoinv("\\\"", quoted);

	return g_strdup_printf("#!python\n"
			       "# The program lies beside the libraries it needs.\n"
			       "import os, sys, sysconfig\n"
			       "program = os.path.join(sysconfig.get_path(\"platlib\"), "
			       "\"%s\")\n"
			       "os.execv(program, [program, *sys.argv[1:]])\n",
		path);
}
