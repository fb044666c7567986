#include "ship/rpath.h"
#include "base/fs.h"

const char *rpath_problem(const char *member, const char *entry)
{
	const char *rest;
	int depth = 0;

	if (g_str_has_prefix(entry, "$ORIGIN"))
		rest = entry + 7;
	else if (g_str_has_prefix(entry, "${ORIGIN}"))
		rest = entry + 9;
	else if (!*entry)
		return "an empty entry means the current folder";
	else if (*entry == '/')
		return "an absolute path of the build machine";
	else
		return "relative to the current folder";
	if (*rest && *rest != '/')
		return "not below $ORIGIN";
	if (!member)
		return NULL;
	for (const char *p = member; *p; p++)
		depth += *p == '/';
	g_auto(GStrv) part = g_strsplit(rest, "/", -1);
	for (char **p = part; *p; p++) {
		if (g_str_equal(*p, ".."))
			depth--;
		else if (**p && !g_str_equal(*p, "."))
			depth++;
		if (depth < 0)
			return "it leaves the wheel";
	}
	return NULL;
}

char *rpath_keep(
	const char *member, const char *list, const char *more, gboolean *dropped)
{
	g_autoptr(GPtrArray) kept = g_ptr_array_new();
	g_auto(GStrv) entries = g_strsplit(list ? list : "", ":", -1);

	if (dropped)
		*dropped = FALSE;
	for (char **e = entries; *e; e++) {
		if (rpath_problem(member, *e)) {
			if (dropped)
				*dropped = TRUE;
		} else if (!g_ptr_array_find_with_equal_func(
				   kept, *e, g_str_equal, NULL)) {
			g_ptr_array_add(kept, *e);
		}
	}
	if (more && !g_ptr_array_find_with_equal_func(kept, more, g_str_equal, NULL))
		g_ptr_array_add(kept, (gpointer)more);
	if (!kept->len)
		return NULL;
	g_ptr_array_add(kept, NULL);
	return g_strjoinv(":", (char **)kept->pdata);
}

gboolean rpath_leads_into(
	const char *member, const char *list, const char *const *folders)
{
	g_auto(GStrv) entries = g_strsplit(list ? list : "", ":", -1);
	gboolean found = FALSE;

	for (char **e = entries; *e; e++) {
		if (!rpath_problem(member, *e))
			continue;
		g_autofree char *path = g_canonicalize_filename(*e, "/");
		found = FALSE;
		for (const char *const *f = folders; f && *f && !found; f++)
			found = **e == '/' && fs_is_below(path, *f);
		if (!found)
			return FALSE;
	}
	return found;
}

char *rpath_to(const char *member, const char *folder)
{
	GString *out = g_string_new("$ORIGIN");

	for (const char *p = member; *p; p++)
		if (*p == '/')
			g_string_append(out, "/..");
	g_string_append_printf(out, "/%s", folder);
	return g_string_free(out, FALSE);
}
