#include "build/patch.h"
#include "base/error.h"
#include "base/fs.h"
#include <string.h>

#define PATCH_MAX (16 * 1024 * 1024)

static gboolean name_is_safe(const char *name)
{
	if (name[0] == '/' || name[0] == '"' || strchr(name, '\\'))
		return FALSE;
	g_auto(GStrv) parts = g_strsplit(name, "/", -1);
	for (char **p = parts; *p; p++)
		if (g_str_equal(*p, ".."))
			return FALSE;
	return TRUE;
}

/* "--- a/x.c\t2024-01-01": the name ends at a tab. */
static gboolean header_is_safe(
	const char *line, const char *rest, const char *shown, GError **err)
{
	g_autofree char *name = g_strndup(rest, strcspn(rest, "\t\r"));

	g_strstrip(name);
	if (g_str_equal(name, "/dev/null") || name_is_safe(name))
		return TRUE;
	g_autofree char *text = text_escape(line, -1);
	error_set(err, EXIT_INTEGRITY, "X0921",
		"patch %s names a file outside the source", shown);
	error_line(err, "%s", text);
	error_help(err, "make it with `git diff` or `diff -ru a b` from the source's top "
			"folder");
	return FALSE;
}

gboolean patch_check_names(const char *text, const char *shown, GError **err)
{
	static const char *const heads[] = {"--- ", "+++ ", "*** ",
		"Index: ", "rename from ", "rename to ", "copy from ", "copy to "};
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	gboolean in_hunk = FALSE;
	long old_left = 0, new_left = 0;

	for (char **line = lines; *line; line++) {
		/* Inside a hunk "--- x" is a removed line that begins with "-- x". */
		if (in_hunk && (old_left > 0 || new_left > 0)) {
			if (**line == '-' || **line == ' ' || !**line)
				old_left--;
			if (**line == '+' || **line == ' ' || !**line)
				new_left--;
			continue;
		}
		in_hunk = FALSE;
		if (g_str_has_prefix(*line, "@@ -")) {
			const char *at = *line + 4;
			char *end;
			strtol(at, &end, 10);
			old_left = *end == ',' ? strtol(end + 1, &end, 10) : 1;
			at = strchr(end, '+');
			new_left = 1;
			if (at) {
				strtol(at + 1, &end, 10);
				if (*end == ',')
					new_left = strtol(end + 1, NULL, 10);
			}
			in_hunk = TRUE;
			continue;
		}
		for (guint i = 0; i < G_N_ELEMENTS(heads); i++)
			if (g_str_has_prefix(*line, heads[i]) &&
				!header_is_safe(
					*line, *line + strlen(heads[i]), shown, err))
				return FALSE;
	}
	return TRUE;
}

gboolean patch_apply(const char *patch_path, const char *shown, const char *dir,
	sandbox_level level, GError **err)
{
	g_autoptr(GBytes) bytes = fs_read(patch_path, PATCH_MAX, err);

	if (!bytes)
		return FALSE;
	/* patch(1) reads on behind a NUL, so its names are looked at there as well. */
	gsize size = g_bytes_get_size(bytes);
	g_autofree char *text = g_malloc(size + 1);
	for (gsize i = 0; i < size; i++) {
		char c = ((const char *)g_bytes_get_data(bytes, NULL))[i];
		text[i] = c ? c : ' ';
	}
	text[size] = '\0';
	if (!patch_check_names(text, shown, err))
		return FALSE;
	const sandbox_bind binds[] = {
		{dir, SANDBOX_SRC, TRUE}, {patch_path, "/xorch/patch", FALSE}};
	sandbox_spec spec = {.level = level,
		.binds = binds,
		.n_binds = 2,
		.name = "patch",
		.capture = TRUE,
		.timeout_s = 60};
	static const char *const tools[] = {"patch", NULL};
	static const char *const env[] = {"LC_ALL=C", NULL};
	const sandbox_info *info = sandbox_choose(level, err);
	if (!info)
		return FALSE;
	g_autofree char *source = sandbox_path(&spec, info->level, SANDBOX_SRC);
	g_autofree char *file = sandbox_path(&spec, info->level, "/xorch/patch");
	const char *argv[] = {"patch", "-p1", "--fuzz=0", "--batch", "--forward",
		"--no-backup-if-mismatch", "--reject-file=-", "-d", source, "-i", file,
		NULL};
	spec.tools = tools;
	spec.argv = argv;
	spec.env = env;
	g_auto(sandbox_result) result = {0};
	if (!sandbox_run(&spec, &result, err))
		return FALSE;
	if (result.process.exit_code == 0)
		return TRUE;
	error_set(err, EXIT_BUILD, "X0920", "patch %s does not apply", shown);
	g_auto(GStrv) lines = g_strsplit(result.process.out, "\n", -1);
	for (guint n = 0; lines[n] && n < 12; n++) {
		g_autofree char *line = text_escape(lines[n], -1);
		if (*line)
			error_line(err, "%s", line);
	}
	error_help(err, "it must fit exactly (no fuzz): renew it against this version of "
			"the source");
	return FALSE;
}
