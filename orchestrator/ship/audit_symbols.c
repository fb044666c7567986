#include "ship/audit_parts.h"
#include "ship/audit_names.h"
#include <string.h>

/* Where one object's undefined names may come from. */
typedef struct sources {
	const audit_run *run;
	GPtrArray *members; /* audit_member *: the wheel's own */
	GPtrArray *outside; /* const char *: names of system libraries */
} sources;

static void note_source(
	const audit_member *from, const char *name, audit_member *found, void *data)
{
	sources *s = data;

	(void)from;
	g_ptr_array_add(found ? s->members : s->outside,
		found ? (gpointer)found : (gpointer)(guintptr)name);
}

static gboolean is_python_name(const audit_run *run, const char *name)
{
	if (run->options->python_symbols)
		return g_hash_table_contains(run->options->python_symbols, name);
	return g_str_has_prefix(name, "Py") || g_str_has_prefix(name, "_Py");
}

static gboolean member_defines(audit_member *m, const char *name)
{
	if (!m->exports) {
		m->exports = g_hash_table_new(g_str_hash, g_str_equal);
		for (guint i = 0; i < m->elf->n_symbols; i++) {
			const elf_symbol *s = &m->elf->symbols[i];
			if (s->defined && !s->local)
				g_hash_table_add(m->exports, (gpointer)(guintptr)s->name);
		}
	}
	return g_hash_table_contains(m->exports, name);
}

/* NO only when every library that could have it is known and none has. */
static audit_answer offered(const sources *src, const elf_symbol *s)
{
	const audit_options *o = src->run->options;
	audit_answer answer = AUDIT_NO;

	for (guint i = 0; i < src->members->len; i++)
		if (member_defines(g_ptr_array_index(src->members, i), s->name))
			return AUDIT_YES;
	for (guint i = 0; i < src->outside->len; i++) {
		audit_answer a = o->provides(g_ptr_array_index(src->outside, i), s->name,
			s->version, o->provides_data);
		if (a == AUDIT_YES)
			return AUDIT_YES;
		if (a == AUDIT_UNKNOWN)
			answer = AUDIT_UNKNOWN;
	}
	return answer;
}

/* The interpreter brings these along, so a module that forgot to name them in
 * DT_NEEDED works all the same. */
static const char *offered_by_interpreter(const audit_run *run, const elf_symbol *s)
{
	static const char *const libs[] = {"libc.so.6", "libm.so.6", "libpthread.so.0",
		"libdl.so.2", "libutil.so.1", "librt.so.1"};
	const audit_options *o = run->options;

	for (gsize i = 0; i < G_N_ELEMENTS(libs); i++)
		if (o->provides(libs[i], s->name, s->version, o->provides_data) ==
			AUDIT_YES)
			return libs[i];
	return NULL;
}

static void check_undefined(audit_run *run, audit_member *m)
{
	g_autoptr(GPtrArray) members = g_ptr_array_new();
	g_autoptr(GPtrArray) outside = g_ptr_array_new();
	sources src = {run, members, outside};
	audit_finding *missing = NULL, *loose = NULL;

	if (!run->options->provides || m->elf->type != ET_DYN)
		return;
	audit_walk(run, m, -1, note_source, &src);
	for (guint i = 0; i < m->elf->n_symbols; i++) {
		const elf_symbol *s = &m->elf->symbols[i];
		if (s->defined || s->bind == STB_WEAK || !*s->name ||
			is_python_name(run, s->name) || offered(&src, s) != AUDIT_NO)
			continue;
		const char *lib = offered_by_interpreter(run, s);
		if (lib) {
			if (!loose)
				loose = audit_add(run, AUDIT_NOTE, "X0707", m->name,
					"uses names of libraries it does not link");
			audit_line(loose, "%s of %s", s->name, lib);
			continue;
		}
		if (!missing)
			missing = audit_add(run, AUDIT_ERROR, "X0707", m->name,
				"undefined names that nothing provides%s%s",
				run->claim ? " at " : "", run->claim ? run->claim : "");
		audit_line(missing, "%s%s%s", s->name, s->version ? "@" : "",
			s->version ? s->version : "");
	}
	if (missing)
		audit_hint(missing,
			"importing it would fail: a source file or a library is "
			"missing from the link, or the name is newer than the floor");
	if (loose)
		audit_hint(loose,
			"it works because the interpreter has them loaded; link "
			"with -lm, -lpthread … to be sure");
}

/* gcc's LTO makes ordinary symbols of what headers define inline; where it is
 * known what the shared library has, only that is a second copy. */
static gboolean is_libstdcxx(const audit_run *run, const char *name)
{
	const audit_options *o = run->options;

	return audit_name_is_libstdcxx(name) &&
	       (!o->provides || o->provides("libstdc++.so.6", name, NULL,
					o->provides_data) != AUDIT_NO);
}

static void check_definitions(audit_run *run, audit_member *m)
{
	audit_finding *libc = NULL, *libstdcxx = NULL;
	audit_severity usual = run->options->own ? AUDIT_ERROR : AUDIT_WARNING;
	/* Red Hat's toolsets export a name or two by design. */
	audit_severity mild = run->options->own ? AUDIT_ERROR : AUDIT_NOTE;

	if (!m->module || audit_is_grafted(m))
		return;
	for (guint i = 0; i < m->elf->n_symbols; i++) {
		const elf_symbol *s = &m->elf->symbols[i];
		if (!s->defined || s->local || s->hidden)
			continue;
		if (audit_name_is_libc(s->name)) {
			if (!libc)
				libc = audit_add(run, audit_grade(run, usual), "X0708",
					m->name, "exports functions of the C library");
			audit_line(libc, "%s", s->name);
		}
		if (s->bind == STB_GLOBAL && is_libstdcxx(run, s->name)) {
			if (!libstdcxx)
				libstdcxx = audit_add(run, audit_grade(run, mild),
					"X0709", m->name,
					"exports definitions of libstdc++");
			if (libstdcxx->lines->len < 20)
				audit_line(libstdcxx, "%s", s->name);
		}
	}
	if (libc)
		audit_hint(libc,
			"a static libm.a or libc.a was linked in; every other module "
			"of the process would get these versions");
	if (libstdcxx)
		audit_hint(libstdcxx,
			"link libstdc++ as a shared library, or hide the copy with "
			"-Wl,--exclude-libs,ALL; two copies break exceptions and "
			"locales");
}

/* cp39-abi3 -> 9, cp315-abi3t -> 15; 0 when the wheel is of neither. */
static guint abi3_minor(const audit_run *run)
{
	guint lowest = 0;
	const char *const *abis = run->wheel && run->wheel->name
					  ? (const char *const *)run->wheel->name->abis
					  : NULL;

	if (!abis || (!g_strv_contains(abis, "abi3") && !g_strv_contains(abis, "abi3t")))
		return 0;
	for (char **p = run->wheel->name->pythons; *p; p++) {
		guint64 minor = g_str_has_prefix(*p, "cp3")
					? g_ascii_strtoull(*p + 3, NULL, 10)
					: 0;
		if (minor && (!lowest || minor < lowest))
			lowest = (guint)minor;
	}
	return lowest;
}

static void check_abi3(audit_run *run, audit_member *m)
{
	guint minor = abi3_minor(run);
	audit_finding *f = NULL;

	if (!minor || !m->module)
		return;
	for (guint i = 0; i < m->elf->n_symbols; i++) {
		const elf_symbol *s = &m->elf->symbols[i];
		if (s->defined || (!g_str_has_prefix(s->name, "Py") &&
					  !g_str_has_prefix(s->name, "_Py")))
			continue;
		guint since = audit_abi3_since(s->name);
		if (since && since <= MAX(minor, AUDIT_ABI3_OLDEST))
			continue;
		/* What newer Pythons added is not in the lists; private it is not. */
		if (!since && minor > AUDIT_ABI3_NEWEST && *s->name != '_')
			continue;
		/* A weak reference may stay unmet. */
		if (s->bind == STB_WEAK)
			continue;
		if (!f)
			f = audit_add(run, AUDIT_ERROR, "X0722", m->name,
				"uses names outside the stable ABI of Python 3.%u",
				minor);
		if (since)
			audit_line(f, "%s (since 3.%u)", s->name, since);
		else
			audit_line(f, "%s (not in the stable ABI)", s->name);
	}
	if (f)
		audit_hint(f,
			"define Py_LIMITED_API=0x03%02x0000 for every source file, or "
			"tag the "
			"wheel for one Python version",
			minor);
}

void audit_symbols(audit_run *run, audit_member *m)
{
	check_undefined(run, m);
	check_definitions(run, m);
	check_abi3(run, m);
}
