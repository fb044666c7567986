#include "plan/wheel_tags.h"
#include <stdlib.h>
#include <string.h>

/* "PREFIX" + digits and nothing else -> the number; FALSE otherwise. */
static gboolean tail_number(const char *text, const char *prefix, guint *n)
{
	char *end;

	if (!g_str_has_prefix(text, prefix) || !g_ascii_isdigit(text[strlen(prefix)]))
		return FALSE;
	guint64 value = g_ascii_strtoull(text + strlen(prefix), &end, 10);
	*n = (guint)MIN(value, 10000);
	return *end == '\0';
}

/* 1..1000, 0: no. Order as in the `packaging` library's sys_tags. */
static guint abi_rank(const char *python, const char *abi, const wheel_host *h)
{
	g_autofree char *own =
		g_strdup_printf("cp3%u%s", h->minor, h->free_threaded ? "t" : "");
	guint minor;

	if (tail_number(python, "cp3", &minor) && minor <= h->minor) {
		if (minor == h->minor && g_str_equal(abi, own))
			return 1000;
		if (g_str_equal(abi, "abi3") && !h->free_threaded && minor >= 2)
			return 900 - (h->minor - minor);
		return minor == h->minor && g_str_equal(abi, "none") ? 800 : 0;
	}
	if (!g_str_equal(abi, "none"))
		return 0;
	if (g_str_equal(python, "py3"))
		return 690;
	if (!tail_number(python, "py3", &minor) || minor > h->minor)
		return 0;
	return minor == h->minor ? 700 : 680 - (h->minor - minor);
}

/* 1..1000 for this machine, 0: no. */
static guint machine_rank(const char *platform, const wheel_host *h)
{
	static const struct {
		const char *name;
		guint glibc;
	} legacy[] = {{"manylinux1_", 5}, {"manylinux2010_", 12}, {"manylinux2014_", 17}};
	g_autofree char *tail = g_strconcat("_", h->arch, NULL);
	guint c_library = 0;

	if (!g_str_has_suffix(platform, tail))
		return 0;
	g_autofree char *start = g_strndup(platform, strlen(platform) - strlen(tail));
	if (g_str_equal(start, "linux"))
		return 1;
	if (tail_number(start, "musllinux_1_", &c_library))
		return h->musl_minor && c_library <= h->musl_minor ? 900 - c_library : 0;
	gboolean known = tail_number(start, "manylinux_2_", &c_library);
	for (guint i = 0; i < G_N_ELEMENTS(legacy) && !known; i++) {
		known = g_str_has_prefix(platform, legacy[i].name) &&
			g_str_equal(platform + strlen(legacy[i].name), h->arch);
		c_library = legacy[i].glibc;
	}
	return known && h->glibc_minor && c_library <= h->glibc_minor ? 900 - c_library
								      : 0;
}

guint64 wheel_tags_rank(const wheel_name *w, const wheel_host *h)
{
	guint64 best = 0;

	for (char **python = w->pythons; *python; python++)
		for (char **abi = w->abis; *abi; abi++) {
			guint64 a = abi_rank(*python, *abi, h);
			for (char **platform = w->platforms; a && *platform; platform++) {
				guint64 rank = 0;
				guint m = machine_rank(*platform, h);
				if (m)
					rank = 10000000 + a * 1000 + m;
				else if (g_str_equal(*platform, "any"))
					rank = a * 1000;
				best = MAX(best, rank);
			}
		}
	/* Of builds of the same, the highest number (PEP 427). */
	guint64 build = w->build ? g_ascii_strtoull(w->build, NULL, 10) : 0;
	return best ? best * 1000 + MIN(build, 999) : 0;
}
