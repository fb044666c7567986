#include "build/sysroot_scripts.h"
#include "base/error.h"
#include "base/fs.h"
#include "build/tree_walk.h"
#include <string.h>

#define SCRIPT_MAX (64 << 10)

static gboolean ends_word(char c)
{
	return !c || g_ascii_isspace(c) || strchr("(),;{}\"", c);
}

char *linker_script_bare(const char *text)
{
	GString *out = g_string_new(NULL);
	const char *p = text;

	while (*p) {
		if (g_str_has_prefix(p, "/*")) {
			const char *end = strstr(p + 2, "*/");
			gsize n = end ? (gsize)(end + 2 - p) : strlen(p);
			g_string_append_len(out, p, n);
			p += n;
		} else if (ends_word(*p)) {
			g_string_append_c(out, *p++);
		} else {
			gsize n = 0;
			while (!ends_word(p[n]))
				n++;
			gsize start = 0;
			/* "=/usr/lib/x": the sysroot's, said otherwise */
			if (*p == '/' || (*p == '=' && p[1] == '/'))
				for (gsize i = 0; i < n; i++)
					if (p[i] == '/')
						start = i + 1;
			g_string_append_len(out, p + start, n - start);
			p += n;
		}
	}
	return g_string_free(out, FALSE);
}

static gboolean rewrite(const tree_entry *e, void *data, GError **err)
{
	(void)data;
	if (e->type != TREE_FILE || e->size > SCRIPT_MAX || !e->size ||
		!(g_str_has_suffix(e->path, ".so") || g_str_has_suffix(e->path, ".a")))
		return TRUE;
	g_autofree char *text = NULL;
	gsize size;
	if (!g_file_get_contents(e->full, &text, &size, NULL))
		return error_set(err, EXIT_HOST, "X0820", "cannot read %s", e->full);
	/* code, not a script */
	if (memchr(text, '\0', size) || !g_utf8_validate(text, size, NULL) ||
		g_str_has_prefix(text, "!<"))
		return TRUE;
	g_autofree char *bare = linker_script_bare(text);
	if (!strcmp(bare, text))
		return TRUE;
	return fs_write_atomic(e->full, bare, strlen(bare), 0644, err);
}

gboolean sysroot_scripts_rewrite(const char *dir, GError **err)
{
	return tree_walk(dir, rewrite, NULL, err);
}
