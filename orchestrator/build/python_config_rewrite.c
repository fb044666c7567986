#include "build/python_config.h"
#include <string.h>

/* What configure decides by the machine, not by a size: macro, and a rule that
 * gives its new value (0: not defined), or -1 to leave the line. */
typedef int (*rule)(const pyconfig_facts *f, const platform *p, gboolean defined);

static gboolean is_x86(const platform *p)
{
	return g_str_equal(p->machine, "x86_64");
}

static int only_x86(const pyconfig_facts *f, const platform *p, gboolean defined)
{
	(void)f;
	return is_x86(p) && defined;
}

static int int128(const pyconfig_facts *f, const platform *p, gboolean defined)
{
	(void)p;
	return f->int128 && defined;
}

/* Python/asm_trampoline.S knows these two. */
static int perf(const pyconfig_facts *f, const platform *p, gboolean defined)
{
	(void)f;
	return defined && (is_x86(p) || g_str_equal(p->machine, "aarch64"));
}

/* Like the Pythons of the manylinux images: extensions never link to it. */
static int never(const pyconfig_facts *f, const platform *p, gboolean defined)
{
	(void)f, (void)p, (void)defined;
	return 0;
}

static int usable_wchar(const pyconfig_facts *f, const platform *p, gboolean defined)
{
	(void)p, (void)defined;
	return f->wchar_unsigned;
}

static guint size(const pyconfig_facts *f, const char *name)
{
	return GPOINTER_TO_UINT(g_hash_table_lookup(f->sizes, name));
}

static int largefile(const pyconfig_facts *f, const platform *p, gboolean defined)
{
	(void)p, (void)defined;
	return size(f, "SIZEOF_OFF_T") > size(f, "SIZEOF_LONG");
}

/* PEP 11. */
static int tier(const pyconfig_facts *f, const platform *p, gboolean defined)
{
	(void)f, (void)defined;
	return is_x86(p) ? 1 : g_str_equal(p->machine, "aarch64") ? 2 : 3;
}

static const struct {
	const char *name;
	rule value;
} rules[] = {
	{"HAVE_GCC_ASM_FOR_X64", only_x86},
	{"HAVE_GCC_ASM_FOR_X87", only_x86},
	{"HAVE_GCC_UINT128_T", int128},
	{"HAVE___UINT128_T", int128},
	{"HAVE_USABLE_WCHAR_T", usable_wchar},
	{"HAVE_LARGEFILE_SUPPORT", largefile},
	{"PY_HAVE_PERF_TRAMPOLINE", perf},
	{"PY_SUPPORT_TIER", tier},
	{"Py_ENABLE_SHARED", never},
};

static int new_value(
	const char *name, gboolean defined, const pyconfig_facts *f, const platform *p)
{
	gpointer measured;

	if (defined && g_hash_table_lookup_extended(f->sizes, name, NULL, &measured))
		return (int)GPOINTER_TO_UINT(measured);
	for (guint i = 0; i < G_N_ELEMENTS(rules); i++)
		if (g_str_equal(rules[i].name, name))
			return rules[i].value(f, p, defined);
	return -1;
}

char *pyconfig_rewrite(const char *pyconfig, const pyconfig_facts *f, const platform *p,
	GHashTable *changed)
{
	g_auto(GStrv) lines = g_strsplit(pyconfig, "\n", -1);

	for (char **line = lines; *line; line++) {
		gboolean defined = FALSE;
		g_autofree char *name = pyconfig_line_name(*line, &defined);
		int value = name ? new_value(name, defined, f, p) : -1;
		if (value < 0)
			continue;
		g_free(*line);
		*line = value ? g_strdup_printf("#define %s %d", name, value)
			      : g_strdup_printf("/* #undef %s */", name);
		if (changed)
			g_hash_table_insert(changed, g_steal_pointer(&name),
				g_strdup_printf("%d", value));
	}
	return g_strjoinv("\n", lines);
}
