#include "format/debian_contents.h"
#include "base/error.h"
#include "format/decompress.h"
#include <stdlib.h>
#include <string.h>

/* Bullseye's main has 123 MB. */
#define CONTENTS_MAX (2ull << 30)

static int by_text(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The name of a library in the very folder, or NULL; cuts the line at the path's end,
 * *rest is what follows. */
static const char *library_of(char *line, const char *triple, char **rest)
{
	const char *p = g_str_has_prefix(line, "usr/lib/") ? line + 8
			: g_str_has_prefix(line, "lib/")   ? line + 4
							   : NULL;
	gsize n = strlen(triple);

	if (!p || strncmp(p, triple, n) != 0 || p[n] != '/')
		return NULL;
	char *name = line + (p - line) + n + 1;
	char *end = name + strcspn(name, " \t\n");
	const char *so = strstr(name, ".so");
	if (!*end || !so || so > end || memchr(name, '/', (gsize)(end - name)))
		return NULL;
	*end = '\0';
	*rest = end + 1;
	return name;
}

static void take(GPtrArray *out, const char *name, char *packages)
{
	g_auto(GStrv) list = g_strsplit(g_strstrip(packages), ",", -1);

	for (char **p = list; *p; p++) {
		const char *slash = strrchr(*p, '/');
		const char *package = slash ? slash + 1 : *p;
		if (*package)
			g_ptr_array_add(out, g_strdup_printf("%s %s", name, package));
	}
}

char *debian_contents_libraries(const char *path, const char *triple, GError **err)
{
	FILE *in = decompress_open(path, CONTENTS_MAX, err);
	g_autoptr(GPtrArray) out = g_ptr_array_new_with_free_func(g_free);
	char *line = NULL, *rest = NULL;
	size_t room = 0;

	if (!in)
		return NULL;
	while (getline(&line, &room, in) > 0) {
		const char *name = library_of(line, triple, &rest);
		if (name)
			take(out, name, rest);
	}
	free(line);
	gboolean damaged = ferror(in) != 0;
	fclose(in);
	if (damaged) {
		error_set(err, EXIT_INTEGRITY, "X0632",
			"the index of the files of packages cannot be read: it is "
			"damaged");
		return NULL;
	}
	g_ptr_array_sort(out, by_text);
	g_ptr_array_add(out, g_strdup(""));
	g_ptr_array_add(out, NULL);
	return g_strjoinv("\n", (char **)out->pdata);
}
