#include "build/wheel_install.h"
#include "base/error.h"
#include "base/fs.h"
#include "format/digest.h"
#include "format/elf.h"
#include "format/unpack.h"
#include <string.h>

static gboolean refuse(const wheel *w, const char *member, const char *why, GError **err)
{
	g_autofree char *shown = text_escape(member, -1);
	g_autofree char *file = g_path_get_basename(w->zip->path);

	error_set(err, EXIT_AUDIT, "X0961", "%s cannot be installed: %s %s", file, shown,
		why);
	error_help(err, "`xorch audit %s` says more", w->zip->path);
	return FALSE;
}

/* path -> wheel_record */
static GHashTable *read_record(const wheel *w, GPtrArray **lines, GError **err)
{
	gsize size;

	if (!w->record) {
		refuse(w, "RECORD", "is missing", err);
		return NULL;
	}
	g_autoptr(GBytes) bytes = zip_read(w->zip, w->record, err);
	if (!bytes)
		return NULL;
	const char *text = g_bytes_get_data(bytes, &size);
	*lines = wheel_record_parse(text ? text : "", size, err);
	if (!*lines)
		return NULL;
	GHashTable *by_path = g_hash_table_new(g_str_hash, g_str_equal);
	for (guint i = 0; i < (*lines)->len; i++) {
		wheel_record *r = g_ptr_array_index(*lines, i);
		g_hash_table_insert(by_path, r->path, r);
	}
	return by_path;
}

static gboolean check(const wheel *w, const zip_entry *e, const wheel_record *r,
	const void *data, gsize size, GError **err)
{
	guint8 sum[32];

	if (wheel_is_record(w, e->name))
		return TRUE;
	if (!r)
		return refuse(w, e->name, "is not in RECORD", err);
	if (!r->algorithm || !g_str_equal(r->algorithm, "sha256") || !r->digest)
		return refuse(w, e->name, "has no sha256 in RECORD", err);
	digest_raw(data, size, sum);
	g_autofree char *text = wheel_digest_text(sum, sizeof sum);
	if (!g_str_equal(text, r->digest) || (r->size >= 0 && (guint64)r->size != size))
		return refuse(w, e->name, "is not what RECORD says", err);
	return TRUE;
}

/* The name it gets in the site, or NULL for a folder itself. `*script`: to be run. */
static char *place_of(const wheel *w, const char *name, gboolean *script)
{
	static const struct {
		const char *from, *to;
	} rows[] = {{"purelib/", ""}, {"platlib/", ""}, {"scripts/", "bin/"},
		{"headers/", "include/"}, {"data/", ""}};
	g_autofree char *data =
		g_strndup(w->dist_info, strlen(w->dist_info) - strlen(".dist-info/"));
	g_autofree char *prefix = g_strconcat(data, ".data/", NULL);

	*script = FALSE;
	if (!g_str_has_prefix(name, prefix))
		return g_strdup(name);
	const char *rest = name + strlen(prefix);
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
		if (g_str_has_prefix(rest, rows[i].from)) {
			*script = i == 2;
			return g_strconcat(rows[i].to, rest + strlen(rows[i].from), NULL);
		}
	return g_strdup(name);
}

static gboolean write_file(unpack *u, const char *name, const void *data, gsize size,
	mode_t mode, GError **err)
{
	return unpack_member(u, UNPACK_FILE, name, NULL, mode, err) &&
	       unpack_write(u, data, size, err) && unpack_file_end(u, 0, err);
}

static gboolean add_member(
	const wheel *w, unpack *u, const zip_entry *e, GHashTable *record, GError **err)
{
	gsize size;
	gboolean script;

	if (e->folder)
		return TRUE;
	g_autoptr(GBytes) bytes = zip_read(w->zip, e, err);
	if (!bytes)
		return FALSE;
	const void *data = g_bytes_get_data(bytes, &size);
	if (!check(w, e, g_hash_table_lookup(record, e->name), data ? data : "", size,
		    err))
		return FALSE;
	g_autofree char *to = place_of(w, e->name, &script);
	return write_file(u, to, data ? data : "", size,
		script || (e->mode & 0100) ? 0755 : 0644, err);
}

/* [console_scripts] of entry_points.txt (INI): NAME = MODULE:OBJECT. */
static gboolean add_console_scripts(const wheel *w, unpack *u, GError **err)
{
	g_autofree char *name = g_strconcat(w->dist_info, "entry_points.txt", NULL);
	const zip_entry *e = zip_find(w->zip, name);
	g_autoptr(GBytes) bytes = e ? zip_read(w->zip, e, err) : NULL;
	gboolean inside = FALSE;
	gsize size;

	if (!bytes)
		return e == NULL;
	const char *data = g_bytes_get_data(bytes, &size);
	g_autofree char *text = g_strndup(data ? data : "", size);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	for (char **l = lines; *l; l++) {
		char *line = g_strstrip(*l);
		if (line[0] == '[')
			inside = g_str_equal(line, "[console_scripts]");
		char *equals = strchr(line, '=');
		if (!inside || line[0] == '#' || !equals)
			continue;
		*equals = '\0';
		char *script = g_strstrip(line), *object = g_strstrip(equals + 1);
		object[strcspn(object, " [")] = '\0';
		char *colon = strchr(object, ':');
		if (!*script || strchr(script, '/') || !colon)
			continue;
		*colon = '\0';
		g_autofree char *first = g_strndup(colon + 1, strcspn(colon + 1, "."));
		g_autofree char *body = g_strdup_printf(
			"#!python\nimport sys\nfrom %s import %s\nsys.exit(%s())\n",
			object, first, colon + 1);
		g_autofree char *to = g_strconcat("bin/", script, NULL);
		if (!write_file(u, to, body, strlen(body), 0755, err))
			return FALSE;
	}
	return TRUE;
}

gboolean wheel_install(const wheel *w, const char *site, GError **err)
{
	static const archive_policy policy = {.portable_names = TRUE};
	g_autoptr(GPtrArray) lines = NULL;
	g_autofree char *label = g_path_get_basename(w->zip->path);
	g_autoptr(GHashTable) record = read_record(w, &lines, err);
	g_autoptr(unpack) u =
		record ? unpack_new(site, &policy, label, w->zip->size, err) : NULL;

	if (!u)
		return FALSE;
	for (guint i = 0; i < w->zip->n_entries; i++)
		if (!add_member(w, u, &w->zip->entries[i], record, err))
			return FALSE;
	for (guint i = 0; i < lines->len; i++) {
		const wheel_record *r = g_ptr_array_index(lines, i);
		if (!zip_find(w->zip, r->path))
			return refuse(
				w, r->path, "is in RECORD and not in the wheel", err);
	}
	return add_console_scripts(w, u, err) && unpack_finish(u, NULL, err);
}

/* ---- modules ---- */

static gboolean is_dotted_name(const char *name)
{
	gboolean start = TRUE;

	for (const char *p = name; *p; p++) {
		gboolean letter = g_ascii_isalpha(*p) || *p == '_' || (guchar)*p >= 0x80;
		if (*p == '.' ? start : !letter && (start || !g_ascii_isdigit(*p)))
			return FALSE;
		start = *p == '.';
	}
	return *name && !start;
}

/* A shared object without an ABI in its name is a module only when it says so. */
static gboolean has_init(const wheel *w, const zip_entry *e, const char *module)
{
	g_autoptr(GBytes) bytes = zip_read(w->zip, e, NULL);
	g_autoptr(elf_file) f = bytes ? elf_file_open(bytes, e->name, 0, NULL) : NULL;
	const char *dot = strrchr(module, '.');
	const char *last = dot ? dot + 1 : module;
	g_autofree char *name = g_strconcat("PyInit_", last, NULL);
	g_autofree char *hook = g_strconcat("PyModExport_", last, NULL); /* PEP 793 */

	for (guint i = 0; f && i < f->n_symbols; i++)
		if (f->symbols[i].defined &&
			(g_str_equal(f->symbols[i].name, name) ||
				g_str_equal(f->symbols[i].name, hook)))
			return TRUE;
	return FALSE;
}

/* "a/b.cpython-311-x.so" -> "a.b"; "a/__init__.py" and "a.py" -> "a"; else NULL. */
static char *module_of(const wheel *w, const zip_entry *e, const char *path)
{
	g_autofree char *base = g_path_get_basename(path);
	g_autofree char *dir = g_path_get_dirname(path);
	gboolean top = g_str_equal(dir, ".");

	if (g_str_equal(base, "__init__.py"))
		return top || strchr(dir, '/') ? NULL : g_strdup(dir);
	if (g_str_has_suffix(base, ".py"))
		return top ? g_strndup(base, strlen(base) - 3) : NULL;
	if (!g_str_has_suffix(base, ".so"))
		return NULL;
	const char *rest = strchr(base, '.');
	gboolean tagged = g_str_has_prefix(rest, ".cpython-") ||
			  g_str_equal(rest, ".abi3.so") || g_str_equal(rest, ".abi3t.so");
	g_autofree char *stem = g_strndup(base, (gsize)(rest - base));
	char *name = top ? g_strdup(stem) : g_strconcat(dir, "/", stem, NULL);
	g_strdelimit(name, "/", '.');
	/* Package a's own C code as a/__init__.so. */
	if (g_str_has_suffix(name, ".__init__"))
		name[strlen(name) - strlen(".__init__")] = '\0';
	if (tagged || (g_str_equal(rest, ".so") && has_init(w, e, name)))
		return name;
	g_free(name);
	return NULL;
}

static int by_text(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

GPtrArray *wheel_modules(const wheel *w)
{
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	gboolean script;

	for (guint i = 0; i < w->zip->n_entries; i++) {
		const zip_entry *e = &w->zip->entries[i];
		g_autofree char *path = place_of(w, e->name, &script);
		if (e->folder || script || g_str_has_prefix(path, w->dist_info))
			continue;
		g_autofree char *name = module_of(w, e, path);
		if (name && is_dotted_name(name) &&
			!g_ptr_array_find_with_equal_func(names, name, g_str_equal, NULL))
			g_ptr_array_add(names, g_steal_pointer(&name));
	}
	g_ptr_array_sort(names, by_text);
	return names;
}
