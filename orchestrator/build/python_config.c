#include "build/python_config.h"
#include "base/error.h"
#include "base/fs.h"
#include "base/process.h"
#include "format/elf.h"
#include <string.h>

/* Types whose name does not follow from the macro's. */
static const struct {
	const char *name, *type;
} types[] = {
	{"_BOOL", "_Bool"},
	{"DOUBLE", "double"},
	{"FLOAT", "float"},
	{"FPOS_T", "fpos_t"},
	{"INT", "int"},
	{"LONG", "long"},
	{"LONG_DOUBLE", "long double"},
	{"LONG_LONG", "long long"},
	{"MAX_ALIGN_T", "max_align_t"},
	{"OFF_T", "off_t"},
	{"PID_T", "pid_t"},
	{"PTHREAD_KEY_T", "pthread_key_t"},
	{"PTHREAD_T", "pthread_t"},
	{"SHORT", "short"},
	{"SIZE_T", "size_t"},
	{"TIME_T", "time_t"},
	{"UINTPTR_T", "uintptr_t"},
	{"VOID_P", "void *"},
	{"WCHAR_T", "wchar_t"},
};

/* _FILE_OFFSET_BITS as Python itself is built. */
static const char prologue[] =
	"#define _GNU_SOURCE\n"
	"#define _FILE_OFFSET_BITS 64\n"
	"#include <pthread.h>\n"
	"#include <stddef.h>\n"
	"#include <stdint.h>\n"
	"#include <stdio.h>\n"
	"#include <sys/types.h>\n"
	"#include <time.h>\n"
	"#include <wchar.h>\n"
	"char xorch_wchar_unsigned[1 + ((wchar_t)-1 > (wchar_t)0)] = {1};\n"
	"#ifdef __SIZEOF_INT128__\n"
	"char xorch_int128[2] = {1};\n"
	"#else\n"
	"char xorch_int128[1] = {1};\n"
	"#endif\n";

#define SYMBOL "xorch_"

void pyconfig_facts_clear(pyconfig_facts *f)
{
	g_clear_pointer(&f->sizes, g_hash_table_unref);
}

char *pyconfig_line_name(const char *line, gboolean *defined)
{
	static const char *const starts[] = {"#define ", "/* #undef "};

	for (guint i = 0; i < G_N_ELEMENTS(starts); i++) {
		if (!g_str_has_prefix(line, starts[i]))
			continue;
		const char *name = line + strlen(starts[i]);
		size_t len = 0;
		while (g_ascii_isalnum(name[len]) || name[len] == '_')
			len++;
		*defined = i == 0;
		return len ? g_strndup(name, len) : NULL;
	}
	return NULL;
}

static const char *type_of(const char *name)
{
	const char *what = strchr(name, '_') + 1;

	for (guint i = 0; i < G_N_ELEMENTS(types); i++)
		if (g_str_equal(types[i].name, what))
			return types[i].type;
	return NULL;
}

static gboolean is_size(const char *name)
{
	return g_str_has_prefix(name, "SIZEOF_") || g_str_has_prefix(name, "ALIGNOF_");
}

/* The C text that measures what `pyconfig` defines; names into `names`. */
static char *probe_source(const char *pyconfig, GPtrArray *names, GError **err)
{
	g_autoptr(GString) source = g_string_new(prologue);
	g_auto(GStrv) lines = g_strsplit(pyconfig, "\n", -1);

	for (char **line = lines; *line; line++) {
		gboolean defined;
		g_autofree char *name = pyconfig_line_name(*line, &defined);
		if (!name || !defined || !is_size(name))
			continue;
		const char *type = type_of(name);
		if (!type) {
			error_set(err, EXIT_BUILD, "X0910",
				"pyconfig.h defines %s, a type that is not known here",
				name);
			return NULL;
		}
		g_string_append_printf(source, "char " SYMBOL "%s[%s(%s)] = {1};\n", name,
			*name == 'S' ? "sizeof" : "_Alignof", type);
		g_ptr_array_add(names, g_steal_pointer(&name));
	}
	return g_string_free(g_steal_pointer(&source), FALSE);
}

static gboolean compile(const toolchain *t, const platform *p, const char *sysroot,
	const char *source, const char *object, GError **err)
{
	g_autofree char *program =
		g_strdup_printf("usr/lib/llvm-%s/bin/clang", t->version);
	g_autoptr(GPtrArray) cmd = toolchain_command(t, program, "clang");

	g_ptr_array_add(cmd, g_strdup("-no-canonical-prefixes"));
	g_ptr_array_add(cmd, g_strdup("-resource-dir"));
	g_ptr_array_add(cmd, g_strdup_printf("%s/usr/lib/llvm-%s/lib/clang/%s", t->tree,
				     t->version, t->version));
	g_ptr_array_add(cmd, g_strdup_printf("--target=%s", p->clang_target));
	for (const char *const *flag = p->clang_flags; flag && *flag; flag++)
		g_ptr_array_add(cmd, g_strdup(*flag));
	g_ptr_array_add(cmd, g_strdup_printf("--sysroot=%s", sysroot));
	g_ptr_array_add(cmd, g_strdup("-std=gnu11"));
	g_ptr_array_add(cmd, g_strdup("-c"));
	g_ptr_array_add(cmd, g_strdup("-o"));
	g_ptr_array_add(cmd, g_strdup(object));
	g_ptr_array_add(cmd, g_strdup(source));
	g_ptr_array_add(cmd, NULL);
	const char *env[] = {"PATH=/nonexistent", "LC_ALL=C.UTF-8", NULL};
	process_spec spec = {.argv = (const char *const *)cmd->pdata,
		.env = env,
		.name = "clang",
		.capture = TRUE,
		.timeout_s = 120};
	g_auto(process_result) result = {0};
	if (process_check(&spec, &result, EXIT_BUILD, err))
		return TRUE;
	error_prefix(err, "measuring the types of %s", p->name);
	return FALSE;
}

static gboolean read_object(
	pyconfig_facts *out, const char *object, const GPtrArray *names, GError **err)
{
	g_autoptr(elf_file) elf = elf_file_open_path(object, ELF_SYMTAB, err);

	if (!elf)
		return FALSE;
	for (guint i = 0; i < elf->n_symtab; i++) {
		const elf_symbol *s = &elf->symtab[i];
		if (!g_str_has_prefix(s->name, SYMBOL) || s->size > 64)
			continue;
		g_hash_table_insert(out->sizes, g_strdup(s->name + strlen(SYMBOL)),
			GUINT_TO_POINTER((guint)s->size));
	}
	for (guint i = 0; i < names->len; i++)
		if (!g_hash_table_contains(out->sizes, g_ptr_array_index(names, i)))
			return error_set(err, EXIT_BUILD, "X0910",
				"the compiler's object file lacks %s",
				(char *)g_ptr_array_index(names, i));
	out->int128 = GPOINTER_TO_UINT(g_hash_table_lookup(out->sizes, "int128")) == 2;
	out->wchar_unsigned =
		GPOINTER_TO_UINT(g_hash_table_lookup(out->sizes, "wchar_unsigned")) == 2;
	return TRUE;
}

gboolean pyconfig_measure(pyconfig_facts *out, const char *pyconfig,
	const toolchain *clang, const platform *p, const char *sysroot, const char *work,
	GError **err)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *text = probe_source(pyconfig, names, err);
	g_autofree char *source = g_build_filename(work, "types.c", NULL);
	g_autofree char *object = g_build_filename(work, "types.o", NULL);

	if (!text || !fs_write_atomic(source, text, strlen(text), 0644, err) ||
		!compile(clang, p, sysroot, source, object, err))
		return FALSE;
	out->sizes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	if (read_object(out, object, names, err))
		return TRUE;
	pyconfig_facts_clear(out);
	return FALSE;
}
