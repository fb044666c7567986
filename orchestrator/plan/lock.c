#include "plan/lock.h"
#include "base/error.h"
#include "plan/lock_crates.h"
#include "plan/lock_cut.h"
#include "plan/lock_text.h"
#include <string.h>

#define LOCK_VERSION 1

locked_file *locked_file_new(const char *name, const char *version, const char *file,
	const char *sha256, gint64 size)
{
	locked_file *f = g_new0(locked_file, 1);

	f->name = g_strdup(name);
	f->version = g_strdup(version);
	f->file = g_strdup(file);
	f->sha256 = g_strdup(sha256);
	f->size = size;
	return f;
}

void locked_file_free(locked_file *f)
{
	if (!f)
		return;
	g_free(f->name);
	g_free(f->version);
	g_free(f->file);
	g_free(f->sha256);
	g_free(f);
}

const char *const lock_source_kinds[] = {"pypi", "url", "git", "gomod", "debsrc", NULL};

lock_source *lock_source_new(const char *kind)
{
	lock_source *s = g_new0(lock_source, 1);

	s->kind = g_strdup(kind);
	return s;
}

void lock_source_free(lock_source *s)
{
	if (!s)
		return;
	g_free(s->kind);
	g_free(s->requires_python);
	g_free(s->commit);
	g_free(s->tree);
	g_free(s->h1);
	g_free(s->suite);
	locked_file_free(s->file);
	g_free(s);
}

lock_environment *lock_environment_new(const char *python, const char *target)
{
	lock_environment *e = g_new0(lock_environment, 1);

	e->python = g_strdup(python);
	e->targets = g_ptr_array_new_with_free_func(g_free);
	if (target)
		g_ptr_array_add(e->targets, g_strdup(target));
	e->recipe_requires = g_ptr_array_new_with_free_func(g_free);
	e->requires = g_ptr_array_new_with_free_func(g_free);
	e->packages = g_ptr_array_new_with_free_func((GDestroyNotify)locked_file_free);
	e->overlay = g_ptr_array_new_with_free_func((GDestroyNotify)locked_file_free);
	return e;
}

void lock_environment_free(lock_environment *e)
{
	if (!e)
		return;
	g_free(e->python);
	g_ptr_array_unref(e->targets);
	g_ptr_array_unref(e->recipe_requires);
	g_ptr_array_unref(e->requires);
	g_ptr_array_unref(e->packages);
	g_ptr_array_unref(e->overlay);
	g_free(e);
}

recipe_lock *recipe_lock_new(const char *path, const char *name, const char *version)
{
	recipe_lock *lock = g_new0(recipe_lock, 1);

	lock->path = g_strdup(path);
	lock->name = g_strdup(name);
	lock->version = g_strdup(version);
	lock->sources = g_ptr_array_new_with_free_func((GDestroyNotify)lock_source_free);
	lock->environments =
		g_ptr_array_new_with_free_func((GDestroyNotify)lock_environment_free);
	lock->host = package_sections_take(NULL);
	return lock;
}

void recipe_lock_free(recipe_lock *lock)
{
	if (!lock)
		return;
	g_free(lock->path);
	g_free(lock->name);
	g_free(lock->version);
	g_free(lock->exclude_newer);
	g_ptr_array_unref(lock->sources);
	g_ptr_array_unref(lock->environments);
	g_ptr_array_unref(lock->host);
	lock_go_clear(&lock->go);
	g_clear_pointer(&lock->crates, g_ptr_array_unref);
	g_free(lock);
}

char *recipe_lock_path(const char *recipe_path)
{
	const char *dot = strrchr(recipe_path, '.');
	const char *slash = strrchr(recipe_path, '/');
	int stem = dot && (!slash || dot > slash + 1) ? (int)(dot - recipe_path)
						      : (int)strlen(recipe_path);

	return g_strdup_printf("%.*s.lock", stem, recipe_path);
}

/* The file, as tables. */

typedef struct file_row {
	char *name, *version, *file, *sha256, *from;
	gint64 size;
} file_row;

typedef struct source_row {
	char *names[5]; /* by lock_source_kinds: exactly one is there */
	char *version, *file, *sha256, *requires_python, *commit, *tree, *h1, *suite;
	gint64 size;
} source_row;

typedef struct environment_row {
	char *python;
	GPtrArray *targets, *recipe_requires, *requires, *packages, *overlay;
} environment_row;

typedef struct recipe_row {
	char *name, *version;
} recipe_row;

typedef struct lock_row {
	gint64 lock_version;
	recipe_row recipe;
	char *exclude_newer;
	GPtrArray *sources, *crates, *host, *environments;
	lock_go go;
} lock_row;

static const char *check_file(const char *text)
{
	return strchr(text, '/') || text[0] == '.' || !text[0] ? "wants a file name"
							       : NULL;
}

static void file_init(void *out)
{
	*(file_row *)out = (file_row){.size = -1};
}

static void source_init(void *out)
{
	*(source_row *)out = (source_row){.size = -1};
}

#define AT(type, member) offsetof(type, member)

static const bind_field file_fields[] = {
	{"name", BIND_STRING, AT(file_row, name), BIND_REQUIRED, .doc = "project"},
	{"version", BIND_STRING, AT(file_row, version), BIND_REQUIRED, .doc = "version"},
	{"file", BIND_STRING, AT(file_row, file), BIND_REQUIRED, .check = check_file,
		.doc = "file name at the index"},
	{"size", BIND_INT, AT(file_row, size), 0, .min = 0, .max = G_MAXINT64,
		.doc = "bytes"},
	{"sha256", BIND_STRING, AT(file_row, sha256), BIND_REQUIRED,
		.check = lock_check_sha256, .doc = "of the file"},
	{0}};
static const bind_struct file_binding = {
	"a locked file", sizeof(file_row), file_fields, file_init};

static const bind_field source_fields[] = {
	{"pypi", BIND_STRING, AT(source_row, names[0]), .doc = "project"},
	{"url", BIND_STRING, AT(source_row, names[1]), .doc = "file name of a URL"},
	{"git", BIND_STRING, AT(source_row, names[2]), .doc = "repository"},
	{"gomod", BIND_STRING, AT(source_row, names[3]), .doc = "Go module"},
	{"debsrc", BIND_STRING, AT(source_row, names[4]), .doc = "Debian source package"},
	{"version", BIND_STRING, AT(source_row, version), BIND_REQUIRED,
		.doc = "version"},
	{"file", BIND_STRING, AT(source_row, file), .check = check_file,
		.doc = "file name at the index"},
	{"size", BIND_INT, AT(source_row, size), 0, .min = 0, .max = G_MAXINT64,
		.doc = "bytes"},
	{"sha256", BIND_STRING, AT(source_row, sha256), .check = lock_check_sha256,
		.doc = "of the file"},
	{"commit", BIND_STRING, AT(source_row, commit), .doc = "git: commit"},
	{"tree", BIND_STRING, AT(source_row, tree), .check = lock_check_sha256,
		.doc = "git: sha256 over the files"},
	{"h1", BIND_STRING, AT(source_row, h1), .doc = "gomod: hash of the module"},
	{"suite", BIND_STRING, AT(source_row, suite), .doc = "debsrc: Debian suite"},
	{"requires_python", BIND_STRING, AT(source_row, requires_python), BIND_EMPTY_OK,
		.doc = "the release's Requires-Python"},
	{0}};
static const bind_struct source_binding = {
	"a locked source", sizeof(source_row), source_fields, source_init};

static const char *check_from(const char *text)
{
	return strcmp(text, "recipe") == 0 ? NULL : "wants `recipe`";
}

/* A file, or from: recipe. */
static const bind_field overlay_fields[] = {
	{"name", BIND_STRING, AT(file_row, name), BIND_REQUIRED, .doc = "project"},
	{"version", BIND_STRING, AT(file_row, version), BIND_REQUIRED, .doc = "version"},
	{"from", BIND_STRING, AT(file_row, from), .check = check_from,
		.doc = "recipe: the wheel that xorch makes"},
	{"file", BIND_STRING, AT(file_row, file), .check = check_file,
		.doc = "file name at the index"},
	{"size", BIND_INT, AT(file_row, size), 0, .min = 0, .max = G_MAXINT64,
		.doc = "bytes"},
	{"sha256", BIND_STRING, AT(file_row, sha256), .check = lock_check_sha256,
		.doc = "of the file"},
	{0}};
static const bind_struct overlay_binding = {
	"an overlay", sizeof(file_row), overlay_fields, file_init};

static const bind_field environment_fields[] = {
	{"python", BIND_STRING, AT(environment_row, python), BIND_REQUIRED,
		.doc = "cp311, cp313t"},
	{"targets", BIND_STRLIST, AT(environment_row, targets),
		BIND_REQUIRED | BIND_UNIQUE, .doc = "targets this environment is for"},
	{"recipe_requires", BIND_STRLIST, AT(environment_row, recipe_requires),
		BIND_EMPTY_OK, .doc = "the recipe's requirements.build"},
	{"requires", BIND_STRLIST, AT(environment_row, requires), BIND_EMPTY_OK,
		.doc = "top-level requirements"},
	{"packages", BIND_STRUCTS, AT(environment_row, packages), 0, &file_binding,
		.doc = "what they resolve to on the build machine"},
	{"overlay", BIND_STRUCTS, AT(environment_row, overlay), 0, &overlay_binding,
		.doc = "wheels of the target whose headers and archives are taken"},
	{0}};
static const bind_struct environment_binding = {
	"a locked environment", sizeof(environment_row), environment_fields, NULL};

static const bind_field recipe_fields[] = {
	{"name", BIND_STRING, AT(recipe_row, name), BIND_REQUIRED, .doc = "package"},
	{"version", BIND_STRING, AT(recipe_row, version), BIND_REQUIRED,
		.doc = "version"},
	{0}};
static const bind_struct recipe_binding = {
	"a locked recipe", sizeof(recipe_row), recipe_fields, NULL};

static const bind_field lock_fields[] = {
	{"lock_version", BIND_INT, AT(lock_row, lock_version), BIND_REQUIRED, .min = 1,
		.max = 1000000, .doc = "format of this file"},
	{"recipe", BIND_STRUCT, AT(lock_row, recipe), BIND_REQUIRED, &recipe_binding,
		.doc = "what it was made for"},
	{"exclude_newer", BIND_STRING, AT(lock_row, exclude_newer),
		.check = lock_check_instant,
		.doc = "files of the package index are older"},
	{"sources", BIND_STRUCTS, AT(lock_row, sources), 0, &source_binding,
		.doc = "sources, in the recipe's order"},
	{"crates", BIND_STRUCTS, AT(lock_row, crates), BIND_EMPTY_OK, &lock_crate_binding,
		.doc = "Rust crates"},
	{"host", BIND_STRUCTS, AT(lock_row, host), 0, &package_section_binding,
		.doc = "requirements.host, for each target"},
	{"environments", BIND_STRUCTS, AT(lock_row, environments), 0,
		&environment_binding, .doc = "build environments"},
	{"go", BIND_STRUCT, AT(lock_row, go), 0, &lock_go_binding,
		.doc = "modules of a Go program"},
	{0}};
static const bind_struct lock_binding = {"a lock", sizeof(lock_row), lock_fields, NULL};

static void take_strings(GPtrArray *to, const GPtrArray *from)
{
	for (guint i = 0; from && i < from->len; i++)
		g_ptr_array_add(to, g_strdup(g_ptr_array_index(from, i)));
}

/* The same of an overlay: a file with its hash, or a recipe. */
static gboolean overlays_are_whole(const char *path, const lock_row *row, GError **err)
{
	for (guint i = 0; row->environments && i < row->environments->len; i++) {
		const environment_row *e = g_ptr_array_index(row->environments, i);
		for (guint n = 0; e->overlay && n < e->overlay->len; n++) {
			const file_row *f = g_ptr_array_index(e->overlay, n);
			if (f->from ? !f->file && !f->sha256 : f->file && f->sha256)
				continue;
			error_set(err, EXIT_INPUT, "X0411",
				"%s: the overlay of %s for %s is not whole", path,
				f->name, e->python);
			error_note(err, "it needs file with sha256, or from: recipe");
			error_help(err, "regenerate it with `xorch lock`");
			return FALSE;
		}
	}
	return TRUE;
}

/* Index of the one kind a row has; the count of kinds when it is none or several. */
static guint source_kind_of(const source_row *r)
{
	guint found = G_N_ELEMENTS(r->names);

	for (guint n = 0; n < G_N_ELEMENTS(r->names); n++) {
		if (!r->names[n])
			continue;
		if (found < G_N_ELEMENTS(r->names))
			return G_N_ELEMENTS(r->names);
		found = n;
	}
	return found;
}

/* What the table cannot say: a source is of one kind, and what is a file has its
 * name and hash. */
static gboolean sources_are_whole(const char *path, const lock_row *row, GError **err)
{
	for (guint i = 0; row->sources && i < row->sources->len; i++) {
		const source_row *r = g_ptr_array_index(row->sources, i);
		guint kind = source_kind_of(r);
		if (kind < G_N_ELEMENTS(r->names) &&
			((r->file && r->sha256) || (r->commit && r->tree)))
			continue;
		error_set(err, EXIT_INPUT, "X0411", "%s: source %u is not whole", path,
			i + 1);
		error_note(err, "it needs one of pypi, url, git, gomod, debsrc, and "
				"file with sha256, or commit with tree");
		error_help(err, "regenerate it with `xorch lock`");
		return FALSE;
	}
	return TRUE;
}

static recipe_lock *lock_from_row(const char *path, const lock_row *row)
{
	recipe_lock *lock = recipe_lock_new(path, row->recipe.name, row->recipe.version);

	for (guint i = 0; row->sources && i < row->sources->len; i++) {
		const source_row *r = g_ptr_array_index(row->sources, i);
		guint kind = source_kind_of(r);
		lock_source *s = lock_source_new(lock_source_kinds[kind]);
		s->file = locked_file_new(
			r->names[kind], r->version, r->file, r->sha256, r->size);
		if (r->requires_python && *r->requires_python)
			s->requires_python = g_strdup(r->requires_python);
		s->commit = g_strdup(r->commit);
		s->tree = g_strdup(r->tree);
		s->h1 = g_strdup(r->h1);
		s->suite = g_strdup(r->suite);
		g_ptr_array_add(lock->sources, s);
	}
	lock->exclude_newer = g_strdup(row->exclude_newer);
	if (row->crates)
		recipe_lock_set_crates(lock, lock_crates_take(row->crates));
	g_ptr_array_unref(lock->host);
	lock->host = package_sections_take(row->host);
	for (guint i = 0; row->environments && i < row->environments->len; i++) {
		const environment_row *r = g_ptr_array_index(row->environments, i);
		lock_environment *e = lock_environment_new(r->python, NULL);
		take_strings(e->targets, r->targets);
		take_strings(e->recipe_requires, r->recipe_requires);
		take_strings(e->requires, r->requires);
		for (guint n = 0; r->packages && n < r->packages->len; n++) {
			const file_row *f = g_ptr_array_index(r->packages, n);
			g_ptr_array_add(
				e->packages, locked_file_new(f->name, f->version, f->file,
						     f->sha256, f->size));
		}
		for (guint n = 0; r->overlay && n < r->overlay->len; n++) {
			const file_row *f = g_ptr_array_index(r->overlay, n);
			g_ptr_array_add(e->overlay, locked_file_new(f->name, f->version,
							    f->file, f->sha256, f->size));
		}
		g_ptr_array_add(lock->environments, e);
	}
	lock_go_copy(&lock->go, &row->go);
	return lock;
}

recipe_lock *recipe_lock_load(const char *path, GError **err)
{
	lock_row row = {0};
	recipe_lock *lock = NULL;

	if (lock_text_load(path, LOCK_VERSION, &lock_binding, &row,
		    "regenerate it with `xorch lock`", err) == LOCK_TEXT_READ &&
		sources_are_whole(path, &row, err) && overlays_are_whole(path, &row, err))
		lock = lock_from_row(path, &row);
	yaml_bind_clear(&lock_binding, &row);
	return lock;
}

/* Writing. */

static void add_file(GString *out, const char *lead, const locked_file *f)
{
	if (f->file)
		lock_text_value(out, lead, "file", f->file);
	if (f->size >= 0)
		g_string_append_printf(
			out, "%ssize: %" G_GINT64_FORMAT "\n", lead, f->size);
	if (f->sha256)
		lock_text_value(out, lead, "sha256", f->sha256);
}

char *recipe_lock_text(const recipe_lock *lock)
{
	GString *out = g_string_new(
		"# Written by xorch: every download of this recipe's builds. "
		"Renew with `xorch lock`.\n");

	g_string_append_printf(out, "lock_version: %d\nrecipe:\n", LOCK_VERSION);
	lock_text_value(out, "  ", "name", lock->name);
	lock_text_value(out, "  ", "version", lock->version);
	if (lock->exclude_newer)
		lock_text_value(out, "", "exclude_newer", lock->exclude_newer);
	if (lock->sources->len)
		g_string_append(out, "sources:\n");
	for (guint i = 0; i < lock->sources->len; i++) {
		const lock_source *s = g_ptr_array_index(lock->sources, i);
		lock_text_value(out, "  - ", s->kind, s->file->name);
		lock_text_value(out, "    ", "version", s->file->version);
		add_file(out, "    ", s->file);
		const char *const more[][2] = {{"suite", s->suite}, {"commit", s->commit},
			{"tree", s->tree}, {"h1", s->h1},
			{"requires_python", s->requires_python}};
		for (guint n = 0; n < G_N_ELEMENTS(more); n++)
			if (more[n][1])
				lock_text_value(out, "    ", more[n][0], more[n][1]);
	}
	lock_crates_text(out, lock->crates);
	if (lock->host->len)
		g_string_append(out, "host:\n");
	package_sections_text(out, "  ", lock->host);
	if (lock->environments->len)
		g_string_append(out, "environments:\n");
	for (guint i = 0; i < lock->environments->len; i++) {
		const lock_environment *e = g_ptr_array_index(lock->environments, i);
		lock_text_value(out, "  - ", "python", e->python);
		lock_text_list(out, "    ", "targets", e->targets);
		if (e->recipe_requires->len)
			lock_text_list(
				out, "    ", "recipe_requires", e->recipe_requires);
		lock_text_list(out, "    ", "requires", e->requires);
		if (e->packages->len)
			g_string_append(out, "    packages:\n");
		for (guint n = 0; n < e->packages->len; n++) {
			const locked_file *f = g_ptr_array_index(e->packages, n);
			lock_text_value(out, "      - ", "name", f->name);
			lock_text_value(out, "        ", "version", f->version);
			add_file(out, "        ", f);
		}
		if (e->overlay->len)
			g_string_append(out, "    overlay:\n");
		for (guint n = 0; n < e->overlay->len; n++) {
			const locked_file *f = g_ptr_array_index(e->overlay, n);
			lock_text_value(out, "      - ", "name", f->name);
			lock_text_value(out, "        ", "version", f->version);
			if (!f->file)
				lock_text_value(out, "        ", "from", "recipe");
			add_file(out, "        ", f);
		}
	}
	lock_go_text(&lock->go, out);
	return g_string_free(out, FALSE);
}

/* Sections. */

static guint find_string(const GPtrArray *list, const char *text)
{
	for (guint i = 0; i < list->len; i++)
		if (g_str_equal(g_ptr_array_index(list, i), text))
			return i;
	return G_MAXUINT;
}

lock_environment *recipe_lock_environment(
	const recipe_lock *lock, const char *python, const char *target)
{
	for (guint i = 0; i < lock->environments->len; i++) {
		lock_environment *e = g_ptr_array_index(lock->environments, i);
		if (g_str_equal(e->python, python) &&
			find_string(e->targets, target) != G_MAXUINT)
			return e;
	}
	return NULL;
}

static gboolean same_strings(const GPtrArray *a, const GPtrArray *b)
{
	if (a->len != b->len)
		return FALSE;
	for (guint i = 0; i < a->len; i++)
		if (!g_str_equal(g_ptr_array_index(a, i), g_ptr_array_index(b, i)))
			return FALSE;
	return TRUE;
}

static gboolean same_files(const GPtrArray *a, const GPtrArray *b)
{
	if (a->len != b->len)
		return FALSE;
	for (guint i = 0; i < a->len; i++) {
		const locked_file *x = g_ptr_array_index(a, i);
		const locked_file *y = g_ptr_array_index(b, i);
		if (!g_str_equal(x->name, y->name) ||
			!g_str_equal(x->version, y->version) ||
			g_strcmp0(x->sha256, y->sha256) != 0 ||
			g_strcmp0(x->file, y->file) != 0)
			return FALSE;
	}
	return TRUE;
}

static gboolean same_section(const lock_environment *a, const lock_environment *b)
{
	return g_str_equal(a->python, b->python) &&
	       same_strings(a->requires, b->requires) &&
	       same_strings(a->recipe_requires, b->recipe_requires) &&
	       same_files(a->packages, b->packages) && same_files(a->overlay, b->overlay);
}

static int by_string(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* cp39 before cp310, cp313 before cp313t. */
static int by_python(gconstpointer a, gconstpointer b)
{
	const lock_environment *x = *(lock_environment *const *)a;
	const lock_environment *y = *(lock_environment *const *)b;
	size_t nx = strcspn(x->python, "t"), ny = strcspn(y->python, "t");
	int order = nx != ny ? (nx < ny ? -1 : 1) : strcmp(x->python, y->python);

	if (order)
		return order;
	return strcmp(g_ptr_array_index(x->targets, 0), g_ptr_array_index(y->targets, 0));
}

static int by_name(gconstpointer a, gconstpointer b)
{
	const locked_file *x = *(locked_file *const *)a, *y = *(locked_file *const *)b;
	int order = strcmp(x->name, y->name);

	return order ? order : strcmp(x->file, y->file);
}

void recipe_lock_set_environment(recipe_lock *lock, lock_environment *environment)
{
	g_assert(environment->targets->len == 1);
	const char *target = g_ptr_array_index(environment->targets, 0);
	lock_environment *old =
		recipe_lock_environment(lock, environment->python, target);

	g_ptr_array_sort(environment->packages, by_name);
	if (old) {
		g_ptr_array_remove_index(old->targets, find_string(old->targets, target));
		if (!old->targets->len)
			g_ptr_array_remove(lock->environments, old);
	}
	for (guint i = 0; i < lock->environments->len; i++) {
		lock_environment *e = g_ptr_array_index(lock->environments, i);
		if (!same_section(e, environment))
			continue;
		g_ptr_array_add(e->targets, g_strdup(target));
		g_ptr_array_sort(e->targets, by_string);
		lock_environment_free(environment);
		return;
	}
	g_ptr_array_add(lock->environments, environment);
	g_ptr_array_sort(lock->environments, by_python);
}

package_section *recipe_lock_host(const recipe_lock *lock, const char *target)
{
	for (guint i = 0; i < lock->host->len; i++) {
		package_section *s = g_ptr_array_index(lock->host, i);
		if (g_str_equal(s->target, target))
			return s;
	}
	return NULL;
}

static int by_section_target(gconstpointer a, gconstpointer b)
{
	return strcmp((*(package_section *const *)a)->target,
		(*(package_section *const *)b)->target);
}

void recipe_lock_set_host(recipe_lock *lock, const char *target, package_section *section)
{
	package_section *old = recipe_lock_host(lock, target);

	if (old)
		g_ptr_array_remove(lock->host, old);
	if (!section)
		return;
	package_section_sort(section);
	g_ptr_array_add(lock->host, section);
	g_ptr_array_sort(lock->host, by_section_target);
}

void recipe_lock_set_crates(recipe_lock *lock, GPtrArray *crates)
{
	g_clear_pointer(&lock->crates, g_ptr_array_unref);
	lock->crates = crates;
	if (crates)
		g_ptr_array_sort(crates, by_name);
}
