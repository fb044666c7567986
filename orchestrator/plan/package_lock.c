#include "plan/package_lock.h"
#include "plan/image_def.h"
#include "plan/lock_text.h"
#include <string.h>

#define LOCK_VERSION 1

locked_package *locked_package_new(const char *name, const char *version,
	const char *path, const char *sha256, gint64 size, gboolean runtime)
{
	locked_package *p = g_new0(locked_package, 1);

	p->name = g_strdup(name);
	p->version = g_strdup(version);
	p->path = g_strdup(path);
	p->sha256 = g_strdup(sha256);
	p->size = size;
	p->runtime = runtime;
	return p;
}

locked_package *locked_package_copy(const locked_package *p)
{
	locked_package *copy = locked_package_new(
		p->name, p->version, p->path, p->sha256, p->size, p->runtime);

	copy->program = g_strdup(p->program);
	return copy;
}

void locked_package_free(locked_package *p)
{
	if (!p)
		return;
	g_free(p->name);
	g_free(p->version);
	g_free(p->path);
	g_free(p->sha256);
	g_free(p->program);
	g_free(p);
}

static void set_text(char **place, const char *text)
{
	char *copy = g_strdup(text ? text : "");

	g_free(*place);
	*place = copy;
}

void package_section_set_image(
	package_section *s, const char *image, const char *index, const char *manifest)
{
	set_text(&s->image, image);
	set_text(&s->index, index);
	set_text(&s->manifest, manifest);
}

package_section *package_section_new(
	const char *target, const char *suite, const char *architecture, const char *date)
{
	package_section *s = g_new0(package_section, 1);

	s->target = g_strdup(target);
	s->suite = g_strdup(suite ? suite : "");
	s->architecture = g_strdup(architecture ? architecture : "");
	s->date = g_strdup(date ? date : "");
	package_section_set_image(s, NULL, NULL, NULL);
	s->diff_ids = g_ptr_array_new_with_free_func(g_free);
	s->roots = g_ptr_array_new_with_free_func(g_free);
	s->without = g_ptr_array_new_with_free_func(g_free);
	s->packages = g_ptr_array_new_with_free_func((GDestroyNotify)locked_package_free);
	return s;
}

void package_section_free(package_section *s)
{
	if (!s)
		return;
	g_free(s->target);
	g_free(s->suite);
	g_free(s->architecture);
	g_free(s->date);
	g_free(s->image);
	g_free(s->index);
	g_free(s->manifest);
	g_ptr_array_unref(s->diff_ids);
	g_ptr_array_unref(s->roots);
	g_ptr_array_unref(s->without);
	g_ptr_array_unref(s->packages);
	g_free(s);
}

locked_package *package_section_find(const package_section *s, const char *name)
{
	for (guint i = 0; i < s->packages->len; i++) {
		locked_package *p = g_ptr_array_index(s->packages, i);
		if (!strcmp(p->name, name))
			return p;
	}
	return NULL;
}

static int by_name(gconstpointer a, gconstpointer b)
{
	return strcmp(
		(*(locked_package *const *)a)->name, (*(locked_package *const *)b)->name);
}

void package_section_sort(package_section *s)
{
	g_ptr_array_sort(s->packages, by_name);
}

static gboolean same_list(const GPtrArray *a, const GPtrArray *b)
{
	guint na = a ? a->len : 0, nb = b ? b->len : 0;

	if (na != nb)
		return FALSE;
	for (guint i = 0; i < na; i++)
		if (strcmp(g_ptr_array_index(a, i), g_ptr_array_index(b, i)))
			return FALSE;
	return TRUE;
}

gboolean package_section_fits(const package_section *s, const package_def *def,
	const char *architecture, const char **why)
{
	const char *image = image_def_reference(def, s->target);

	*why = NULL;
	if (def->images && g_strcmp0(s->image, image))
		*why = "`oci`";
	else if (def->images)
		return TRUE;
	else if (*s->image || g_strcmp0(s->suite, package_def_suite(def)))
		*why = "the suite";
	else if (strcmp(s->architecture, architecture))
		*why = "the architecture";
	else if (!same_list(s->roots, package_def_roots(def, s->target)))
		*why = "`packages`";
	else if (!same_list(s->without, def->without))
		*why = "`without`";
	return !*why;
}

package_lock *package_lock_new(const char *path, const char *name)
{
	package_lock *lock = g_new0(package_lock, 1);

	lock->path = g_strdup(path);
	lock->name = g_strdup(name);
	lock->sections =
		g_ptr_array_new_with_free_func((GDestroyNotify)package_section_free);
	return lock;
}

void package_lock_free(package_lock *lock)
{
	if (!lock)
		return;
	g_free(lock->path);
	g_free(lock->name);
	g_ptr_array_unref(lock->sections);
	g_free(lock);
}

/* The file, as tables. */

typedef struct package_row {
	char *name, *version, *path, *sha256, *program;
	gint64 size;
	int kind;
} package_row;

typedef struct section_row {
	char *target, *suite, *architecture, *date, *image, *index, *manifest;
	GPtrArray *diff_ids, *roots, *without, *files;
} section_row;

typedef struct lock_row {
	gint64 lock_version;
	char *name;
	GPtrArray *sections;
} lock_row;

static const char *const kinds[] = {"exact", "runtime", NULL};

static const char *check_path(const char *text)
{
	if (text[0] == '/' || strstr(text, "..") || strstr(text, "//") ||
		strpbrk(text, "\\?#%\n"))
		return "wants a path within the archive";
	return NULL;
}

static const bind_field package_fields[] = {
	{"name", BIND_STRING, offsetof(package_row, name), BIND_REQUIRED,
		.doc = "package"},
	{"version", BIND_STRING, offsetof(package_row, version), BIND_REQUIRED,
		.doc = "version"},
	{"path", BIND_STRING, offsetof(package_row, path), BIND_REQUIRED,
		.check = check_path, .doc = "within the archive"},
	{"size", BIND_INT, offsetof(package_row, size), BIND_REQUIRED, .min = 1,
		.max = G_MAXINT64, .doc = "bytes"},
	{"sha256", BIND_STRING, offsetof(package_row, sha256), BIND_REQUIRED,
		.check = lock_check_sha256, .doc = "of the file"},
	{"program", BIND_STRING, offsetof(package_row, program), 0,
		.check = lock_check_sha256, .doc = "of the program in a tool's wheel"},
	{"kind", BIND_CHOICE, offsetof(package_row, kind), 0, kinds,
		.doc = "runtime: may move on within the suite"},
	{0}};
static const bind_struct package_binding = {
	"a locked package", sizeof(package_row), package_fields, NULL};

static const bind_field section_fields[] = {
	{"target", BIND_STRING, offsetof(section_row, target), BIND_REQUIRED,
		.doc = "platform, or any"},
	{"suite", BIND_STRING, offsetof(section_row, suite), 0, .doc = "Debian suite"},
	{"architecture", BIND_STRING, offsetof(section_row, architecture), 0,
		.doc = "Debian's name"},
	{"date", BIND_STRING, offsetof(section_row, date), 0,
		.doc = "of the Release file"},
	{"image", BIND_STRING, offsetof(section_row, image), 0,
		.doc = "as the definition says"},
	{"index", BIND_STRING, offsetof(section_row, index), 0,
		.check = lock_check_sha256, .doc = "sha256 of the image's index"},
	{"manifest", BIND_STRING, offsetof(section_row, manifest), 0,
		.check = lock_check_sha256, .doc = "sha256 of the image's manifest"},
	{"diff_ids", BIND_STRLIST, offsetof(section_row, diff_ids), 0,
		.check = lock_check_sha256,
		.doc = "sha256 of each layer's tar, by the image's configuration"},
	{"packages", BIND_STRLIST, offsetof(section_row, roots), BIND_EMPTY_OK,
		.doc = "as the definition says"},
	{"without", BIND_STRLIST, offsetof(section_row, without), BIND_EMPTY_OK,
		.doc = "as the definition says"},
	{"files", BIND_STRUCTS, offsetof(section_row, files), BIND_REQUIRED,
		&package_binding, .doc = "what it comes to"},
	{0}};
const bind_struct package_section_binding = {
	"a locked set", sizeof(section_row), section_fields, NULL};

static const bind_field lock_fields[] = {
	{"lock_version", BIND_INT, offsetof(lock_row, lock_version), BIND_REQUIRED,
		.min = 1, .max = 1000000, .doc = "format of this file"},
	{"name", BIND_STRING, offsetof(lock_row, name), BIND_REQUIRED,
		.doc = "what it is the lock of"},
	{"sections", BIND_STRUCTS, offsetof(lock_row, sections), BIND_REQUIRED,
		&package_section_binding, .doc = "one a target"},
	{0}};
static const bind_struct lock_binding = {
	"a package lock", sizeof(lock_row), lock_fields, NULL};

static void take_strings(GPtrArray *to, const GPtrArray *from)
{
	for (guint i = 0; from && i < from->len; i++)
		g_ptr_array_add(to, g_strdup(g_ptr_array_index(from, i)));
}

static package_section *take_row(const section_row *r)
{
	package_section *s =
		package_section_new(r->target, r->suite, r->architecture, r->date);

	package_section_set_image(s, r->image, r->index, r->manifest);
	take_strings(s->diff_ids, r->diff_ids);
	take_strings(s->roots, r->roots);
	take_strings(s->without, r->without);
	for (guint n = 0; r->files && n < r->files->len; n++) {
		const package_row *p = g_ptr_array_index(r->files, n);
		locked_package *to = locked_package_new(
			p->name, p->version, p->path, p->sha256, p->size, p->kind == 1);
		to->program = g_strdup(p->program);
		g_ptr_array_add(s->packages, to);
	}
	return s;
}

static void take_rows(package_lock *lock, const GPtrArray *rows)
{
	for (guint i = 0; rows && i < rows->len; i++)
		package_lock_set(lock, take_row(g_ptr_array_index(rows, i)));
}

static const lock_text_kind lock_kind = {LOCK_VERSION, &lock_binding,
	"regenerate it with `xorch lock --sysroot NAME` or `--toolchain NAME`", NULL};

package_lock *package_lock_read(const char *path, const char *name, diag_list *l)
{
	package_lock *lock = package_lock_new(path, name);
	lock_row row = {0};
	lock_text_result result = lock_text_read(path, &lock_kind, &row, l);

	if (result == LOCK_TEXT_READ)
		take_rows(lock, row.sections);
	else if (result == LOCK_TEXT_BAD)
		g_clear_pointer(&lock, package_lock_free);
	yaml_bind_clear(&lock_binding, &row);
	return lock;
}

package_lock *package_lock_load(const char *path, const char *name, GError **err)
{
	g_autoptr(diag_list) l = diag_list_new();
	package_lock *lock = package_lock_read(path, name, l);

	lock_text_to_error(l, err);
	return lock;
}

static void value(GString *out, const char *lead, const char *more, const char *name,
	const char *text)
{
	g_autofree char *all = g_strconcat(lead, more, NULL);

	lock_text_value(out, all, name, text);
}

static void package_text(GString *out, const char *lead, const locked_package *p)
{
	value(out, lead, "    - ", "name", p->name);
	value(out, lead, "      ", "version", p->version);
	value(out, lead, "      ", "path", p->path);
	g_string_append_printf(
		out, "%s      size: %" G_GINT64_FORMAT "\n", lead, p->size);
	value(out, lead, "      ", "sha256", p->sha256);
	if (p->program)
		value(out, lead, "      ", "program", p->program);
	if (p->runtime)
		value(out, lead, "      ", "kind", kinds[1]);
}

void package_sections_text(GString *out, const char *lead, const GPtrArray *sections)
{
	g_autofree char *inner = g_strconcat(lead, "  ", NULL);

	for (guint i = 0; i < sections->len; i++) {
		const package_section *s = g_ptr_array_index(sections, i);
		value(out, lead, "- ", "target", s->target);
		if (*s->suite)
			lock_text_value(out, inner, "suite", s->suite);
		if (*s->architecture)
			lock_text_value(out, inner, "architecture", s->architecture);
		if (*s->date)
			lock_text_value(out, inner, "date", s->date);
		if (*s->image)
			lock_text_value(out, inner, "image", s->image);
		if (*s->index)
			lock_text_value(out, inner, "index", s->index);
		if (*s->manifest)
			lock_text_value(out, inner, "manifest", s->manifest);
		if (s->diff_ids->len)
			lock_text_list(out, inner, "diff_ids", s->diff_ids);
		if (!*s->image)
			lock_text_list(out, inner, "packages", s->roots);
		if (s->without->len)
			lock_text_list(out, inner, "without", s->without);
		g_string_append_printf(out, "%sfiles:\n", inner);
		for (guint n = 0; n < s->packages->len; n++)
			package_text(out, lead, g_ptr_array_index(s->packages, n));
	}
}

char *package_lock_text(const package_lock *lock)
{
	GString *out = g_string_new(
		"# Written by xorch: the files this is made of. Renew with `xorch lock "
		"--upgrade`.\n");

	g_string_append_printf(out, "lock_version: %d\n", LOCK_VERSION);
	lock_text_value(out, "", "name", lock->name);
	g_string_append(out, "sections:\n");
	package_sections_text(out, "  ", lock->sections);
	return g_string_free(out, FALSE);
}

package_section *package_lock_section(const package_lock *lock, const char *target)
{
	for (guint i = 0; i < lock->sections->len; i++) {
		package_section *s = g_ptr_array_index(lock->sections, i);
		if (!strcmp(s->target, target))
			return s;
	}
	return NULL;
}

static int by_target(gconstpointer a, gconstpointer b)
{
	return strcmp((*(package_section *const *)a)->target,
		(*(package_section *const *)b)->target);
}

void package_lock_set(package_lock *lock, package_section *section)
{
	package_section *old = package_lock_section(lock, section->target);

	if (old)
		g_ptr_array_remove(lock->sections, old);
	package_section_sort(section);
	g_ptr_array_add(lock->sections, section);
	g_ptr_array_sort(lock->sections, by_target);
}

GPtrArray *package_sections_take(const GPtrArray *rows)
{
	GPtrArray *out =
		g_ptr_array_new_with_free_func((GDestroyNotify)package_section_free);

	for (guint i = 0; rows && i < rows->len; i++) {
		package_section *s = take_row(g_ptr_array_index(rows, i));
		package_section_sort(s);
		g_ptr_array_add(out, s);
	}
	g_ptr_array_sort(out, by_target);
	return out;
}
