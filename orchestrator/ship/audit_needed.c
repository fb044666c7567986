#include "ship/audit_parts.h"
#include "base/error.h"
#include <string.h>

/* "a/b/../c" -> "a/c"; NULL when it leaves the top. New string. */
static char *normal_path(const char *path)
{
	g_autoptr(GPtrArray) out = g_ptr_array_new();
	g_auto(GStrv) part = g_strsplit(path, "/", -1);

	for (char **p = part; *p; p++) {
		if (!**p || g_str_equal(*p, "."))
			continue;
		if (!g_str_equal(*p, "..")) {
			g_ptr_array_add(out, *p);
			continue;
		}
		if (!out->len)
			return NULL;
		g_ptr_array_set_size(out, (int)out->len - 1);
	}
	g_ptr_array_add(out, NULL);
	return g_strjoinv("/", (char **)out->pdata);
}

/* The wheel's member that `needed` names when searched along one path list. */
static audit_member *search(const audit_run *run, const audit_member *from,
	const char *list, const char *needed)
{
	const char *slash = strrchr(from->name, '/');
	g_autofree char *origin =
		g_strndup(from->name, slash ? (gsize)(slash - from->name) : 0);

	if (!list)
		return NULL;
	g_auto(GStrv) entry = g_strsplit(list, ":", -1);
	for (char **e = entry; *e; e++) {
		const char *rest = g_str_has_prefix(*e, "$ORIGIN")     ? *e + 7
				   : g_str_has_prefix(*e, "${ORIGIN}") ? *e + 9
								       : NULL;
		if (!rest)
			continue;
		g_autofree char *path = g_strconcat(origin, rest, "/", needed, NULL);
		g_autofree char *flat = normal_path(path);
		audit_member *m = flat ? g_hash_table_lookup(run->by_name, flat) : NULL;
		if (m && audit_is_code(m))
			return m;
	}
	return NULL;
}

/* ld.so's order: RPATH (only without a RUNPATH), then RUNPATH. The paths of the
 * object that starts the search are tried as well, as auditwheel does; an RPATH
 * is inherited by ld.so, a RUNPATH is not. */
static audit_member *resolve(const audit_run *run, const audit_member *root,
	const audit_member *m, const char *needed)
{
	const elf_file *f = m->elf;
	audit_member *found = search(run, m, f->runpath ? f->runpath : f->rpath, needed);

	if (!found && root != m)
		found = search(run, root,
			root->elf->runpath ? root->elf->runpath : root->elf->rpath,
			needed);
	return found;
}

char *audit_module_name(const audit_member *m)
{
	g_autofree char *stem = g_strndup(m->base, strcspn(m->base, "."));

	if (!g_str_equal(stem, "__init__"))
		return g_steal_pointer(&stem);
	g_autofree char *folder = g_path_get_dirname(m->name);
	return g_path_get_basename(folder);
}

void audit_resolve(audit_run *run)
{
	g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);

	for (guint i = 0; i < run->n_members; i++) {
		audit_member *m = &run->members[i];
		if (!audit_is_code(m))
			continue;
		for (guint k = 0; k < m->elf->needed->len; k++)
			g_hash_table_add(names, g_ptr_array_index(m->elf->needed, k));
		/* As auditwheel tells extension modules from other libraries. */
		g_autofree char *stem = audit_module_name(m);
		g_autofree char *init = g_strconcat("PyInit_", stem, NULL);
		g_autofree char *hook = g_strconcat("PyModExport_", stem, NULL);
		g_autofree char *init2 = g_strconcat("init", stem, NULL);
		g_autofree char *pypy = g_strconcat("_cffi_pypyinit_", stem, NULL);
		for (guint k = 0; k < m->elf->n_symbols && !m->module; k++) {
			const elf_symbol *s = &m->elf->symbols[k];
			m->module = s->defined && s->type == STT_FUNC &&
				    (g_str_equal(s->name, init) ||
					    g_str_equal(s->name, hook) ||
					    g_str_equal(s->name, init2) ||
					    g_str_equal(s->name, pypy));
		}
	}
	for (guint i = 0; i < run->n_members; i++)
		run->members[i].needed =
			g_hash_table_contains(names, run->members[i].base);
}

void audit_walk(const audit_run *run, const audit_member *root, int index,
	audit_visit visit, void *data)
{
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
	g_autoptr(GPtrArray) queue = g_ptr_array_new();

	g_ptr_array_add(queue, (gpointer)(guintptr)root);
	for (guint q = 0; q < queue->len; q++) {
		const audit_member *m = g_ptr_array_index(queue, q);
		for (guint i = 0; i < m->elf->needed->len; i++) {
			const char *name = g_ptr_array_index(m->elf->needed, i);
			if (index >= 0 &&
				policy_library(run->family, run->arch, name) <= index)
				continue;
			if (!g_hash_table_add(seen, (gpointer)(guintptr)name))
				continue;
			audit_member *found = resolve(run, root, m, name);
			visit(m, name, found, data);
			if (found)
				g_ptr_array_add(queue, found);
		}
	}
}
