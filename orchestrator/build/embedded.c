#include "build/embedded.h"
#include <glib.h>

const embedded_file *embedded_file_get(const char *name)
{
	for (const embedded_file *f = embedded_files; f->name; f++)
		if (g_str_equal(f->name, name))
			return f;
	g_error("no embedded file %s", name);
}
