#include "plan/policy.h"
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

const policy_arch *policy_arch_find(const policy_family *f, const char *arch)
{
	for (int i = 0; i < f->n_arches; i++)
		if (g_str_equal(f->arches[i].name, arch))
			return &f->arches[i];
	return NULL;
}

static int compare_row(const void *key, const void *row)
{
	return strcmp(key, ((const policy_row *)row)->name);
}

static const policy_row *find_row(const policy_row *rows, int n, const char *name)
{
	return n ? bsearch(name, rows, (size_t)n, sizeof *rows, compare_row) : NULL;
}

/* "2_17" of "manylinux_2_17" as 2 * 1000 + 17; -1 for other text. */
static int glibc_number(const char *text)
{
	char *end;
	unsigned long major = strtoul(text, &end, 10), minor;

	if (end == text || *end != '_' || !g_ascii_isdigit(end[1]) || major > 9)
		return -1;
	minor = strtoul(end + 1, &end, 10);
	return *end || minor > 999 ? -1 : (int)(major * 1000 + minor);
}

int policy_index(const policy_family *f, const char *name, gboolean floor)
{
	gsize lead = strlen(f->name) + 1;
	int claimed;
	const char *arch;

	if (policy_tag_split(f, name, &claimed, &arch))
		return claimed;
	for (int i = 0; i < f->n_policies; i++)
		if (g_str_equal(name, f->policies[i].name) ||
			g_strcmp0(name, f->policies[i].alias) == 0 ||
			g_str_equal(name, f->policies[i].name + lead))
			return i;
	int wanted = glibc_number(g_str_has_prefix(name, f->name) && strlen(name) > lead
					  ? name + lead
					  : name);
	int found = -1;
	for (int i = 0; i < f->n_policies && floor && wanted > 0; i++)
		if (glibc_number(f->policies[i].name + lead) <= wanted)
			found = i;
	return found;
}

/* Whether the word before the first '_' of `version` is in the list. */
static gboolean is_checked(const char *prefixes, const char *version)
{
	gsize len = strcspn(version, "_");

	for (const char *p = prefixes; *p;) {
		gsize n = strcspn(p, " ");
		if (n == len && strncmp(p, version, n) == 0)
			return TRUE;
		p += n + (p[n] == ' ');
	}
	return FALSE;
}

int policy_version(const policy_arch *a, const char *version)
{
	const policy_row *row = find_row(a->versions, a->n_versions, version);

	if (row)
		return row->first;
	return is_checked(a->prefixes, version) ? POLICY_NONE : 0;
}

/* Policies name musl's libc "libc.so"; on disk it carries the architecture. */
static gboolean is_musl_libc(const policy_arch *a, const char *soname)
{
	static const char *const names[][2] = {{"x86_64", "x86_64"}, {"i686", "x86"},
		{"aarch64", "aarch64"}, {"s390x", "s390x"}, {"ppc64le", "ppc64le"},
		{"armv7l", "armv7"}, {"riscv64", "riscv64"},
		{"loongarch64", "loongarch64"}};

	for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *want = g_strdup_printf("libc.musl-%s.so.1", names[i][1]);
		if (g_str_equal(a->name, names[i][0]))
			return g_str_equal(soname, want);
	}
	return FALSE;
}

gboolean policy_excludes(const GPtrArray *patterns, const char *soname)
{
	for (guint i = 0; patterns && i < patterns->len; i++)
		if (fnmatch(g_ptr_array_index(patterns, i), soname, 0) == 0)
			return TRUE;
	return FALSE;
}

int policy_library(const policy_family *f, const policy_arch *a, const char *soname)
{
	if (strstr(soname, "ld-linux") || g_str_equal(soname, "ld64.so.2") ||
		g_str_equal(soname, "ld64.so.1"))
		return 0;
	if (f == &policy_musllinux) {
		if (is_musl_libc(a, soname))
			return 0;
		if (g_str_equal(soname, "libc.so"))
			return POLICY_NONE;
	}
	const policy_row *row = find_row(f->libraries, f->n_libraries, soname);
	return row ? row->first : POLICY_NONE;
}

static int compare_private(const void *a, const void *b)
{
	const policy_private *x = a, *y = b;
	int c = strcmp(x->library, y->library);

	return c ? c : strcmp(x->symbol, y->symbol);
}

int policy_symbol(const policy_family *f, const char *library, const char *symbol)
{
	policy_private key = {library, symbol, 0};
	const policy_private *p = bsearch(
		&key, f->privates, (size_t)f->n_privates, sizeof key, compare_private);

	if (!p)
		return 0;
	return p->last + 1 < f->n_policies ? p->last + 1 : POLICY_NONE;
}

gboolean policy_has_privates(const policy_family *f, const char *library)
{
	for (int i = 0; i < f->n_privates; i++)
		if (g_str_equal(f->privates[i].library, library))
			return TRUE;
	return FALSE;
}

char *policy_tag(const policy_family *f, int index, const char *arch)
{
	return g_strdup_printf(
		"%s_%s", index < f->n_policies ? f->policies[index].name : "linux", arch);
}

char **policy_tags(const policy_family *f, int index, const char *arch)
{
	GStrvBuilder *tags = g_strv_builder_new();
	g_autofree char *name = policy_tag(f, index, arch);
	const char *alias = index < f->n_policies ? f->policies[index].alias : NULL;
	g_autofree char *legacy = alias ? g_strdup_printf("%s_%s", alias, arch) : NULL;

	/* A digit sorts before '_', so the alias comes first. */
	if (legacy)
		g_strv_builder_add(tags, legacy);
	g_strv_builder_add(tags, name);
	char **out = g_strv_builder_end(tags);
	g_strv_builder_unref(tags);
	return out;
}

gboolean policy_tag_split(
	const policy_family *f, const char *tag, int *claimed, const char **arch)
{
	for (int i = 0; i < f->n_arches; i++) {
		if (!g_str_has_suffix(tag, f->arches[i].name))
			continue;
		gsize len = strlen(tag) - strlen(f->arches[i].name);
		if (len < 2 || tag[len - 1] != '_')
			continue;
		g_autofree char *name = g_strndup(tag, len - 1);
		*arch = f->arches[i].name;
		*claimed = -1;
		if (g_str_equal(name, "linux"))
			*claimed = POLICY_NONE;
		for (int k = 0; k < f->n_policies; k++)
			if (g_str_equal(name, f->policies[k].name) ||
				g_strcmp0(name, f->policies[k].alias) == 0)
				*claimed = k;
		if (*claimed >= 0)
			return TRUE;
	}
	return FALSE;
}

/* Behind "_" and a number; NULL when there is none. */
static const char *skip_number(const char *text)
{
	const char *p = text + 1;

	if (*text != '_' || !g_ascii_isdigit(*p))
		return NULL;
	while (g_ascii_isdigit(*p))
		p++;
	return p;
}

const char *policy_tag_arch(const char *tag)
{
	static const char *const plain[] = {
		"linux", "manylinux1", "manylinux2010", "manylinux2014", NULL};
	static const char *const numbered[] = {"manylinux", "musllinux", NULL};

	for (int i = 0; plain[i]; i++) {
		size_t n = strlen(plain[i]);
		if (g_str_has_prefix(tag, plain[i]) && tag[n] == '_' && tag[n + 1])
			return tag + n + 1;
	}
	for (int i = 0; numbered[i]; i++) {
		if (!g_str_has_prefix(tag, numbered[i]))
			continue;
		const char *p = skip_number(tag + strlen(numbered[i]));
		p = p ? skip_number(p) : NULL;
		return p && *p == '_' && p[1] ? p + 1 : NULL;
	}
	return NULL;
}
