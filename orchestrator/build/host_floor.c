#include "build/host_floor.h"
#include "base/error.h"
#include "build/host_files.h"
#include "format/elf.h"
#include "plan/policy.h"
#include <string.h>

typedef struct checking {
	const item *i;
	const GPtrArray *places;
	const policy_arch *arch;
	int floor;
} checking;

/* The worst that a library brings along. */
typedef struct worst {
	int policy;
	char *library, *symbol, *version;
} worst;

static void worst_clear(worst *w)
{
	g_free(w->library);
	g_free(w->symbol);
	g_free(w->version);
	*w = (worst){0};
}

static gboolean listed(const GPtrArray *list, const char *name)
{
	for (guint n = 0; list && n < list->len; n++)
		if (g_str_equal(g_ptr_array_index(list, n), name))
			return TRUE;
	return FALSE;
}

/* It stays outside: the system has it, or the recipe says so. */
static gboolean is_left_out(const checking *c, const char *soname)
{
	return policy_library(&policy_manylinux, c->arch, soname) <= c->floor ||
	       policy_excludes(c->i->recipe->wheel.exclude_libs, soname);
}

static char *find_file(const checking *c, const char *name)
{
	for (guint n = 0; n < c->places->len; n++) {
		const library_place *p = g_ptr_array_index(c->places, n);
		char *path = g_build_filename(p->folder, name, NULL);
		if (g_file_test(path, G_FILE_TEST_IS_REGULAR))
			return path;
		g_free(path);
	}
	return NULL;
}

/* A symbol that asks for the version, for people. */
static const char *symbol_of(const elf_file *f, const elf_version_need *v)
{
	for (guint n = 0; n < f->n_symbols; n++) {
		const elf_symbol *s = &f->symbols[n];
		if (!s->defined && g_strcmp0(s->version, v->version) == 0 &&
			g_strcmp0(s->library, v->library) == 0)
			return s->name;
	}
	return "?";
}

static void look_at(const checking *c, const char *name, GHashTable *seen, worst *out)
{
	g_autofree char *path = find_file(c, name);
	g_autoptr(elf_file) f = path ? elf_file_open_path(path, 0, NULL) : NULL;

	/* The audit judges what cannot be read. */
	if (!g_hash_table_add(seen, g_strdup(name)) || !f)
		return;
	for (guint n = 0; n < f->n_version_needs; n++) {
		const elf_version_need *v = &f->version_needs[n];
		int index = policy_version(c->arch, v->version);
		if (v->weak || index <= MAX(c->floor, out->policy))
			continue;
		worst_clear(out);
		*out = (worst){index, g_strdup(name), g_strdup(symbol_of(f, v)),
			g_strdup(v->version)};
	}
	for (guint n = 0; n < f->needed->len; n++) {
		const char *next = g_ptr_array_index(f->needed, n);
		if (!is_left_out(c, next))
			look_at(c, next, seen, out);
	}
}

/* "libpq.so" -> "pq" is what wheel.link_static lists. */
static gboolean is_static(const checking *c, const char *link)
{
	g_autofree char *name = g_strndup(link + 3, strlen(link) - 6);

	return listed(c->i->recipe->wheel.link_static, name);
}

/* wheel.exclude_libs and the policies name sonames. */
static gboolean file_is_left_out(const checking *c, const char *name)
{
	g_autofree char *path = find_file(c, name);
	g_autoptr(elf_file) f = path ? elf_file_open_path(path, 0, NULL) : NULL;

	return is_left_out(c, f && f->soname ? f->soname : name);
}

/* Every library of the package that the wheel may take needs too much: *out is what the
 * last one needs. */
static gboolean is_too_new(const checking *c, const library_place *p, worst *out)
{
	g_autoptr(GDir) dir = g_dir_open(p->folder, 0, NULL);
	const char *name;
	guint libraries = 0, new = 0;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *link = g_build_filename(p->folder, name, NULL);
		g_autofree char *to =
			g_str_has_prefix(name, "lib") && g_str_has_suffix(name, ".so")
				? g_file_read_link(link, NULL)
				: NULL;
		if (!to || is_static(c, name))
			continue;
		g_autofree char *file = g_path_get_basename(to);
		if (file_is_left_out(c, file))
			continue;
		g_autoptr(GHashTable) seen =
			g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
		worst w = {0};
		libraries++;
		look_at(c, file, seen, &w);
		new += w.policy > 0;
		if (w.policy > out->policy) {
			worst_clear(out);
			*out = w;
		} else {
			worst_clear(&w);
		}
	}
	return libraries && new == libraries;
}

static gboolean refuse(
	const checking *c, const char *package, const worst *w, GError **err)
{
	const item *i = c->i;

	error_set(err, EXIT_INPUT, "X0338", "%s: deb:%s needs more than manylinux_%s",
		i->id, package, i->floor);
	error_line(err, "--> %s", i->source->recipe->path);
	error_line(err, "%s: %s@%s", w->library, w->symbol, w->version);
	if (w->policy < policy_manylinux.n_policies)
		error_help(err,
			"set toolchain.manylinux to \"%s\" (--floor), or build the "
			"library "
			"from source at that floor (`kind: library`, requirements.host: "
			"recipe:NAME)",
			policy_manylinux.policies[w->policy].name + strlen("manylinux_"));
	else
		error_help(err, "no manylinux allows that: build the library from source "
				"(`kind: library`, requirements.host: recipe:NAME)");
	error_help(err,
		"if the wheel takes headers alone of it, say so by the library's soname: "
		"`wheel: {exclude_libs: [libNAME.so.1]}`");
	return FALSE;
}

gboolean host_floor_check(const item *i, const GPtrArray *places, GError **err)
{
	const GPtrArray *host = i->recipe->requirements.host;
	checking c = {.i = i,
		.places = places,
		.arch = policy_arch_find(&policy_manylinux, i->platform->wheel_arch),
		.floor = policy_index(&policy_manylinux, i->floor, TRUE)};

	for (guint n = 0; host && c.arch && n < host->len; n++) {
		const char *text = g_ptr_array_index(host, n);
		if (!g_str_has_prefix(text, "deb:"))
			continue;
		g_autofree char *name = g_strndup(text + 4, strcspn(text + 4, "="));
		for (guint k = 0; k < places->len; k++) {
			const library_place *p = g_ptr_array_index(places, k);
			worst w = {0};
			gboolean bad = g_str_equal(p->package, name) &&
				       is_too_new(&c, p, &w) &&
				       !refuse(&c, name, &w, err);
			worst_clear(&w);
			if (bad)
				return FALSE;
		}
	}
	return TRUE;
}
