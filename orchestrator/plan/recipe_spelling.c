/* Other spellings of values, as `xorch check --fix` writes them: those that tools and
 * documents of the trade use for just one of ours. */
#include "plan/platform.h"
#include "plan/recipe_fields.h"
#include <string.h>

/* Not what is only taken for another with a note, armv8 in 32 bits say; nor `arm`, which
 * may be v5, v6 or v7. */
char *fix_target(const char *text)
{
	g_autofree char *note = NULL;

	if (g_str_has_suffix(text, "arm"))
		return NULL;
	const platform *p = platform_parse(text, &note, NULL);

	return p && !note ? g_strdup(p->name) : NULL;
}

char *fix_python(const char *text)
{
	g_autofree char *lower = g_ascii_strdown(text, -1);

	if (g_str_has_prefix(lower, "cp3") && g_ascii_isdigit(lower[3]))
		return g_strdup_printf("3.%s", lower + 3);
	if (g_str_has_prefix(lower, "python"))
		return g_strdup(lower + strlen("python"));
	return NULL;
}

char *fix_floor(const char *text)
{
	static const char *const old[][2] = {{"manylinux1", "2_5"},
		{"manylinux2010", "2_12"}, {"manylinux2014", "2_17"}};

	for (guint i = 0; i < G_N_ELEMENTS(old); i++)
		if (g_str_equal(text, old[i][0]))
			return g_strdup(old[i][1]);
	if (g_str_has_prefix(text, "manylinux_"))
		text += strlen("manylinux_");
	return g_strdelimit(g_strdup(text), ".", '_');
}

char *fix_go_package(const char *text)
{
	return g_strconcat("./", text, NULL);
}

char *fix_days(const char *text)
{
	return g_strconcat(text, "d", NULL);
}
