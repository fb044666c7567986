#include "format/project_name.h"
#include <string.h>

static char *fold(const char *name, char separator)
{
	GString *out = g_string_new(NULL);

	for (const char *p = name; *p; p++) {
		if (!strchr("-_.", *p))
			g_string_append_c(out, g_ascii_tolower(*p));
		else if (p == name || !strchr("-_.", p[-1]))
			g_string_append_c(out, separator);
	}
	return g_string_free(out, FALSE);
}

char *project_name_normalize(const char *name)
{
	return fold(name, '-');
}

char *project_name_escape(const char *name)
{
	return fold(name, '_');
}
