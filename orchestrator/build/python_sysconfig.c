#include "build/python_sysconfig.h"
#include "base/error.h"
#include <jansson.h>
#include <string.h>

#define ROOT "/xorch/python"

/* In the values, @V is "3.11", @A the ABI flags, @T the triple of MULTIARCH,
 * @S SOABI, @I the include folder. */
static const struct {
	const char *name, *value;
} strings[] = {
	{"ABIFLAGS", "@A"},
	{"AR", "ar"},
	{"ARFLAGS", "rcs"},
	{"BINDIR", ROOT "/bin"},
	{"BINLIBDEST", ROOT "/lib/python@V@A"},
	{"BLDSHARED", "cc -shared"},
	{"BUILD_GNU_TYPE", "x86_64-pc-linux-gnu"},
	{"CC", "cc"},
	{"CCSHARED", "-fPIC"},
	{"CFLAGSFORSHARED", "-fPIC"},
	{"CONFINCLUDEDIR", ROOT "/include"},
	{"CONFINCLUDEPY", ROOT "/@I"},
	{"CXX", "c++"},
	{"DESTLIB", ROOT "/lib/python@V@A"},
	{"EXT_SUFFIX", ".@S.so"},
	{"GNULD", "yes"},
	{"HOST_GNU_TYPE", "@T"},
	{"INCLDIRSTOMAKE", ROOT "/include " ROOT "/include " ROOT "/@I " ROOT "/@I"},
	{"INCLUDEDIR", ROOT "/include"},
	{"INCLUDEPY", ROOT "/@I"},
	{"INSTSONAME", "libpython@V@A.a"},
	{"LDCXXSHARED", "c++ -shared"},
	{"LDLIBRARY", "libpython@V@A.a"},
	{"LDSHARED", "cc -shared"},
	{"LDVERSION", "@V@A"},
	{"LIBDEST", ROOT "/lib/python@V@A"},
	{"LIBM", "-lm"},
	{"LIBPL", ROOT "/lib/python@V@A/config-@V@A-@T"},
	{"LIBRARY", "libpython@V@A.a"},
	{"LINKCC", "cc"},
	{"LINKFORSHARED", "-Xlinker -export-dynamic"},
	{"LN", "ln"},
	{"MACHDEP", "linux"},
	{"MACHDESTLIB", ROOT "/lib/python@V@A"},
	{"MAINCC", "cc"},
	{"MKDIR_P", "mkdir -p"},
	{"MULTIARCH", "@T"},
	{"PLATLIBDIR", "lib"},
	{"SHELL", "/bin/sh"},
	{"SHLIB_SUFFIX", ".so"},
	{"SOABI", "@S"},
	{"VERSION", "@V"},
	{"exec_prefix", ROOT},
	{"prefix", ROOT},
};

static char *expand(
	const char *value, const python_target_spec *spec, const python_target *t)
{
	GString *out = g_string_new(NULL);

	for (const char *p = value; *p; p++) {
		if (*p != '@') {
			g_string_append_c(out, *p);
			continue;
		}
		switch (*++p) {
		case 'V':
			g_string_append_printf(out, "3.%u", spec->python->minor);
			break;
		case 'A':
			g_string_append(out, spec->python->abiflags);
			break;
		case 'T':
			g_string_append(out, spec->platform->multiarch);
			break;
		case 'S':
			g_string_append(out, t->soabi);
			break;
		case 'I':
			g_string_append(out, t->include);
			break;
		}
	}
	return g_string_free(out, FALSE);
}

char *python_sysconfig_module(const char *vars, GHashTable *changed,
	const python_target_spec *spec, const python_target *t, GError **err)
{
	json_t *old = json_loads(vars, JSON_REJECT_DUPLICATES, NULL);
	json_t *new = json_object(), *value;
	const char *name;

	if (!json_is_object(old)) {
		json_decref(old);
		json_decref(new);
		error_set(err, EXIT_HOST, "X0832",
			"the sysconfig data of %s cannot be read",
			spec->python->executable);
		return NULL;
	}
	json_object_foreach(old, name, value)
	{
		const char *number = g_hash_table_lookup(changed, name);
		if (number)
			json_object_set_new(new, name,
				json_integer(g_ascii_strtoll(number, NULL, 10)));
		else if (json_is_string(value))
			json_object_set_new(new, name, json_string(""));
		else
			json_object_set(new, name, value);
	}
	for (guint i = 0; i < G_N_ELEMENTS(strings); i++) {
		g_autofree char *text = expand(strings[i].value, spec, t);
		json_object_set_new(new, strings[i].name, json_string(text));
	}
	/* A JSON object of strings and integers is a Python dictionary as well. */
	char *text = json_dumps(new, JSON_SORT_KEYS | JSON_INDENT(1));
	char *module = g_strdup_printf("build_time_vars = %s\n", text);
	free(text);
	json_decref(old);
	json_decref(new);
	return module;
}
