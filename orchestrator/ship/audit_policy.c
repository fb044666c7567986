#include "ship/audit_parts.h"
#include <string.h>

/* What stands in the way of a policy, gathered over the whole wheel. */
typedef struct gathered {
	audit_run *run;
	int versions, libraries, privates, machine; /* first policy that holds */
	GHashTable *outside; /* name -> const audit_member * that needs it */
} gathered;

static gboolean is_loader(const char *library)
{
	return g_str_has_prefix(library, "ld-linux") ||
	       g_str_equal(library, "ld64.so.2") || g_str_equal(library, "ld64.so.1");
}

static int version_first(const audit_run *run, const elf_version_need *v)
{
	return is_loader(v->library) ? 0 : policy_version(run->arch, v->version);
}

static void note_outside(
	const audit_member *from, const char *name, audit_member *found, void *data)
{
	gathered *g = data;

	if (!found && policy_excludes(g->run->options->excluded, name))
		return;
	/* libpython is the interpreter itself; a separate finding tells. */
	if (!found)
		g_hash_table_insert(
			g->outside, (gpointer)(guintptr)name, (gpointer)(guintptr)from);
}

/* The first policy for which nothing has to come from outside. */
static int libraries_first(gathered *g)
{
	audit_run *run = g->run;

	for (int p = run->arch->first; p <= run->arch->last; p++) {
		g_hash_table_remove_all(g->outside);
		for (guint i = 0; i < run->n_members; i++) {
			const audit_member *m = &run->members[i];
			if (audit_is_code(m) && audit_is_root(m))
				audit_walk(run, m, p, note_outside, g);
		}
		if (g_hash_table_size(g->outside) == 0)
			return p;
	}
	return POLICY_NONE;
}

/* Private symbols matter in the objects that need the library themselves. */
static int privates_first(const audit_run *run, const audit_member *m)
{
	int first = 0;

	for (guint i = 0; i < m->elf->needed->len; i++) {
		const char *lib = g_ptr_array_index(m->elf->needed, i);
		if (!policy_has_privates(run->family, lib))
			continue;
		for (guint k = 0; k < m->elf->n_symbols; k++) {
			const elf_symbol *s = &m->elf->symbols[k];
			if (!s->defined && s->bind != STB_WEAK)
				first = MAX(
					first, policy_symbol(run->family, lib, s->name));
		}
	}
	return first;
}

/* "x86-64-v3" when the GNU property note asks for more than the baseline (x86-64 psABI,
 * GNU_PROPERTY_X86_ISA_1_NEEDED), else NULL. */
static const char *isa_level(const elf_file *f)
{
	guint32 bits = f->machine == EM_X86_64 ? f->x86_isa_needed : 0;

	return bits & 8	  ? "x86-64-v4"
	       : bits & 4 ? "x86-64-v3"
	       : bits & 2 ? "x86-64-v2"
			  : NULL;
}

/* Such a note; Python 2's floating-point trap. */
static int machine_first(const elf_file *f, gboolean module)
{
	if (isa_level(f))
		return POLICY_NONE;
	for (guint k = 0; module && k < f->n_symbols; k++) {
		const elf_symbol *s = &f->symbols[k];
		if (!s->defined && g_str_has_prefix(s->name, "PyFPE_") &&
			(g_str_equal(s->name, "PyFPE_jbuf") ||
				g_str_equal(s->name, "PyFPE_dummy") ||
				g_str_equal(s->name, "PyFPE_counter")))
			return POLICY_NONE;
	}
	return 0;
}

static const char *kind_of(const char *version)
{
	if (g_str_has_prefix(version, "GLIBCXX_") || g_str_has_prefix(version, "CXXABI_"))
		return "libstdc++";
	if (g_str_has_prefix(version, "GLIBC_"))
		return "glibc";
	if (g_str_has_prefix(version, "GCC_"))
		return "libgcc";
	if (g_str_has_prefix(version, "LIBATOMIC_"))
		return "libatomic";
	return "zlib";
}

/* Every symbol of one object bound to a version the claim does not allow, and
 * versions that are needed without a symbol. */
static void list_object(
	const audit_run *run, const audit_member *m, audit_finding *f, const char *kind)
{
	g_autoptr(GHashTable) named = g_hash_table_new(g_str_hash, g_str_equal);
	g_autoptr(GHashTable) nowhere = g_hash_table_new(g_str_hash, g_str_equal);

	for (guint k = 0; k < m->elf->n_symbols; k++) {
		const elf_symbol *s = &m->elf->symbols[k];
		if (s->defined || !s->version || !s->library || is_loader(s->library) ||
			strcmp(kind_of(s->version), kind) ||
			policy_version(run->arch, s->version) <= run->claimed)
			continue;
		audit_line(f, "%s: %s@%s", m->name, s->name, s->version);
		g_hash_table_add(named, (gpointer)(guintptr)s->version);
	}
	for (guint v = 0; v < m->elf->n_version_needs; v++) {
		const elf_version_need *need = &m->elf->version_needs[v];
		int first = version_first(run, need);
		if (first <= run->claimed || strcmp(kind_of(need->version), kind))
			continue;
		if (!g_hash_table_contains(named, need->version))
			audit_line(f, "%s: needs version %s of %s", m->name,
				need->version, need->library);
		if (first == POLICY_NONE &&
			g_hash_table_add(nowhere, (gpointer)(guintptr)need->version))
			audit_line(f, "%s: no policy allows %s", m->name, need->version);
	}
}

static void report_versions(audit_run *run, const char *would)
{
	static const char *const kinds[] = {
		"glibc", "libstdc++", "libgcc", "libatomic", "zlib"};

	for (gsize n = 0; n < G_N_ELEMENTS(kinds); n++) {
		int first = 0;
		for (guint i = 0; i < run->n_members; i++) {
			const audit_member *m = &run->members[i];
			for (guint v = 0; audit_is_code(m) && v < m->elf->n_version_needs;
				v++)
				if (!strcmp(kind_of(m->elf->version_needs[v].version),
					    kinds[n]))
					first = MAX(first,
						version_first(
							run, &m->elf->version_needs[v]));
		}
		if (first <= run->claimed)
			continue;
		audit_finding *f = audit_add(run, AUDIT_ERROR, "X0705", NULL,
			"needs a newer %s than %s", kinds[n], run->claim);
		for (guint i = 0; i < run->n_members; i++)
			if (audit_is_code(&run->members[i]))
				list_object(run, &run->members[i], f, kinds[n]);
		f->tag = policy_tag(run->family, first, run->arch->name);
		audit_hint(f,
			"as built it would be %s: build against the floor's own "
			"libraries, or raise toolchain.manylinux",
			would);
	}
}

static gboolean is_libpython(const char *name)
{
	return g_str_has_prefix(name, "libpython") && strstr(name, ".so");
}

static int by_text(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void report_libraries(gathered *g)
{
	audit_run *run = g->run;
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	GHashTableIter iter;
	gpointer name;

	g_hash_table_remove_all(g->outside);
	for (guint i = 0; i < run->n_members; i++)
		if (audit_is_code(&run->members[i]) && audit_is_root(&run->members[i]))
			audit_walk(run, &run->members[i], run->claimed, note_outside, g);
	g_hash_table_iter_init(&iter, g->outside);
	while (g_hash_table_iter_next(&iter, &name, NULL))
		g_ptr_array_add(names, name);
	g_ptr_array_sort(names, by_text);
	for (guint i = 0; i < names->len; i++) {
		const char *lib = g_ptr_array_index(names, i);
		const audit_member *m = g_hash_table_lookup(g->outside, lib);
		int first = policy_library(run->family, run->arch, lib);
		audit_finding *f = audit_add(run, AUDIT_ERROR, "X0706", m->name,
			"needs %s, which %s does not take from the system", lib,
			run->claim);
		f->tag = policy_tag(run->family, first, run->arch->name);
		if (is_libpython(lib))
			audit_hint(f, "an extension module must not be linked with "
				      "libpython; the "
				      "interpreter that loads it provides its symbols");
		else
			audit_hint(f, "graft it (wheel.repair), link it statically "
				      "(wheel.link_static), or build without it");
	}
}

static void report_privates(audit_run *run)
{
	for (guint i = 0; i < run->n_members; i++) {
		const audit_member *m = &run->members[i];
		audit_finding *f = NULL;
		if (!audit_is_code(m) || !audit_is_root(m))
			continue;
		for (guint n = 0; n < m->elf->needed->len; n++) {
			const char *lib = g_ptr_array_index(m->elf->needed, n);
			if (!policy_has_privates(run->family, lib))
				continue;
			for (guint k = 0; k < m->elf->n_symbols; k++) {
				const elf_symbol *s = &m->elf->symbols[k];
				if (s->defined || s->bind == STB_WEAK ||
					policy_symbol(run->family, lib, s->name) <=
						run->claimed)
					continue;
				if (!f)
					f = audit_add(run, AUDIT_ERROR, "X0725", m->name,
						"uses private symbols, which %s forbids",
						run->claim);
				audit_line(f, "%s of %s", s->name, lib);
			}
		}
		if (f) {
			f->tag = policy_tag(
				run->family, privates_first(run, m), run->arch->name);
			audit_hint(f, "these are not part of the library's interface and "
				      "are missing from some versions of it");
		}
	}
}

static void report_machine(audit_run *run)
{
	audit_finding *f = audit_add(run, AUDIT_ERROR, "X0703", NULL,
		"needs more than the processors of %s have", run->claim);

	for (guint i = 0; i < run->n_members; i++) {
		const audit_member *m = &run->members[i];
		if (!audit_is_code(m) || !audit_is_root(m) ||
			machine_first(m->elf, m->module) <= run->claimed)
			continue;
		if (isa_level(m->elf))
			audit_line(f, "%s: its property note asks for %s", m->name,
				isa_level(m->elf));
		else
			audit_line(f, "%s: uses Python 2's PyFPE", m->name);
	}
	audit_hint(f, "a -march of the package overrides the platform's");
}

/* Libraries of the wheel that others load: the tag is not about them (as auditwheel sees
 * it), but newer loaders refuse them where the processor lacks it. */
static void check_libraries(audit_run *run)
{
	for (guint i = 0; i < run->n_members; i++) {
		const audit_member *m = &run->members[i];
		if (!audit_is_code(m) || audit_is_root(m) || !isa_level(m->elf))
			continue;
		g_autofree char *line = g_strdup_printf(
			"its property note asks for %s", isa_level(m->elf));
		audit_hint(audit_gather(run, audit_grade(run, AUDIT_WARNING), "X0721",
				   m->name, "asks for more than x86-64's baseline", line),
			"a -march of the package overrides the platform's; a program "
			"that "
			"loads it ends on older processors");
	}
}

void audit_policy(audit_run *run)
{
	audit_report *r = run->report;
	gathered g = {.run = run};
	gboolean any = FALSE;

	for (guint i = 0; i < run->n_members; i++)
		any = any || audit_is_code(&run->members[i]);
	r->pure = TRUE;
	for (guint i = 0; i < run->n_members; i++)
		r->pure = r->pure && !run->members[i].elf;
	if (!any || !run->arch)
		return;
	/* A static program runs wherever its processor does: no policy is about it. */
	if (!run->wheel && audit_is_static(run->members[0].elf))
		return;
	g.outside = g_hash_table_new(g_str_hash, g_str_equal);
	for (guint i = 0; i < run->n_members; i++) {
		const audit_member *m = &run->members[i];
		if (!audit_is_code(m))
			continue;
		for (guint v = 0; v < m->elf->n_version_needs; v++)
			g.versions = MAX(g.versions,
				version_first(run, &m->elf->version_needs[v]));
		g.machine = MAX(g.machine,
			audit_is_root(m) ? machine_first(m->elf, m->module) : 0);
		if (audit_is_root(m))
			g.privates = MAX(g.privates, privates_first(run, m));
	}
	g.libraries = libraries_first(&g);
	/* Of the musllinux policies only the newest says what today's musl is. */
	int lowest =
		run->family == &policy_musllinux ? run->arch->last : run->arch->first;
	r->policy = MAX(
		MAX(lowest, g.libraries), MAX(MAX(g.versions, g.privates), g.machine));
	if (r->policy > run->arch->last)
		r->policy = POLICY_NONE;
	r->family = run->family;
	r->arch = run->arch->name;
	r->tag = policy_tag(run->family, r->policy, run->arch->name);
	if (run->claimed >= 0 && run->claimed != POLICY_NONE) {
		report_versions(run, r->tag);
		report_libraries(&g);
		report_privates(run);
		if (g.machine > run->claimed)
			report_machine(run);
	}
	check_libraries(run);
	g_hash_table_unref(g.outside);
}
