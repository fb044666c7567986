#include "plan/lock.h"
#include "plan/lock_crates.h"
#include "plan/lock_cut.h"
#include "plan/lock_text.h"
#include "plan/lock_wraps.h"
#include <string.h>

/* The file, as tables. */

typedef struct file_row {
	char *name, *version, *file, *sha256, *from;
	gint64 size;
} file_row;

typedef struct overlay_row {
	file_row file;
	const yaml_node *node;
} overlay_row;

typedef struct source_row {
	const yaml_node *node;
	char *names[5]; /* by lock_source_kinds: exactly one is there */
	char *version, *file, *sha256, *requires_python, *commit, *tree, *h1, *suite,
		*publisher;
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
	GPtrArray *sources, *wraps, *crates, *host, *environments;
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

static void overlay_init(void *out)
{
	*(overlay_row *)out = (overlay_row){.file.size = -1};
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
	{"publisher", BIND_STRING, AT(source_row, publisher),
		.doc = "pypi: who published it"},
	{"", BIND_NODE, AT(source_row, node)}, {0}};
static const bind_struct source_binding = {
	"a locked source", sizeof(source_row), source_fields, source_init};

static const char *check_from(const char *text)
{
	return strcmp(text, "recipe") == 0 ? NULL : "wants `recipe`";
}

/* A file, or from: recipe. */
static const bind_field overlay_fields[] = {
	{"name", BIND_STRING, AT(overlay_row, file.name), BIND_REQUIRED,
		.doc = "project"},
	{"version", BIND_STRING, AT(overlay_row, file.version), BIND_REQUIRED,
		.doc = "version"},
	{"from", BIND_STRING, AT(overlay_row, file.from), .check = check_from,
		.doc = "recipe: the wheel that xorch makes"},
	{"file", BIND_STRING, AT(overlay_row, file.file), .check = check_file,
		.doc = "file name at the index"},
	{"size", BIND_INT, AT(overlay_row, file.size), 0, .min = 0, .max = G_MAXINT64,
		.doc = "bytes"},
	{"sha256", BIND_STRING, AT(overlay_row, file.sha256), .check = lock_check_sha256,
		.doc = "of the file"},
	{"", BIND_NODE, AT(overlay_row, node)}, {0}};
static const bind_struct overlay_binding = {
	"an overlay", sizeof(overlay_row), overlay_fields, overlay_init};

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
	{"wraps", BIND_STRUCTS, AT(lock_row, wraps), 0, &lock_wrap_binding,
		.doc = "subprojects of Meson"},
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
static void check_sources(const yaml_doc *doc, const lock_row *row, diag_list *l)
{
	for (guint i = 0; row->sources && i < row->sources->len; i++) {
		const source_row *r = g_ptr_array_index(row->sources, i);
		guint kind = source_kind_of(r);
		if (kind < G_N_ELEMENTS(r->names) &&
			((r->file && r->sha256) || (r->commit && r->tree)))
			continue;
		diag *d = yaml_error(
			doc, l, r->node, "X0411", "source %u is not whole", i + 1);
		diag_note(d, "it needs one of pypi, url, git, gomod, debsrc, and file "
			     "with sha256, or commit with tree");
	}
}

/* The same of an overlay: a file with its hash, or a recipe. */
static void check_overlays(const yaml_doc *doc, const environment_row *e, diag_list *l)
{
	for (guint n = 0; e->overlay && n < e->overlay->len; n++) {
		const overlay_row *f = g_ptr_array_index(e->overlay, n);
		if (f->file.from ? !f->file.file && !f->file.sha256
				 : f->file.file && f->file.sha256)
			continue;
		diag *d = yaml_error(doc, l, f->node, "X0411",
			"the overlay of %s for %s is not whole", f->file.name, e->python);
		diag_note(d, "it needs file with sha256, or from: recipe");
	}
}

static void check_wraps(const yaml_doc *doc, const lock_row *row, diag_list *l)
{
	if (lock_wraps_are_whole(row->wraps))
		return;
	diag *d = yaml_error(doc, l, yaml_map_get(doc->root, "wraps"), "X0411",
		"a subproject is not whole");
	diag_note(d,
		"it needs file with sha256, or directory with commit and tree (of CMake "
		"revision too)");
}

static void check_row(const yaml_doc *doc, const void *data, diag_list *l)
{
	const lock_row *row = data;

	check_sources(doc, row, l);
	check_wraps(doc, row, l);
	for (guint i = 0; row->environments && i < row->environments->len; i++)
		check_overlays(doc, g_ptr_array_index(row->environments, i), l);
}

static const lock_text_kind lock_kind = {
	RECIPE_LOCK_VERSION, &lock_binding, "regenerate it with `xorch lock`", check_row};

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
		s->publisher = g_strdup(r->publisher);
		g_ptr_array_add(lock->sources, s);
	}
	lock->exclude_newer = g_strdup(row->exclude_newer);
	if (row->crates)
		recipe_lock_set_crates(lock, lock_crates_take(row->crates));
	if (row->wraps)
		lock->wraps = lock_wraps_take(row->wraps);
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
			const overlay_row *o = g_ptr_array_index(r->overlay, n);
			const file_row *f = &o->file;
			g_ptr_array_add(e->overlay, locked_file_new(f->name, f->version,
							    f->file, f->sha256, f->size));
		}
		g_ptr_array_add(lock->environments, e);
	}
	lock_go_copy(&lock->go, &row->go);
	return lock;
}

recipe_lock *recipe_lock_read(const char *path, diag_list *l)
{
	lock_row row = {0};
	recipe_lock *lock = NULL;

	if (lock_text_read(path, &lock_kind, &row, l) == LOCK_TEXT_READ)
		lock = lock_from_row(path, &row);
	yaml_bind_clear(&lock_binding, &row);
	return lock;
}

recipe_lock *recipe_lock_load(const char *path, GError **err)
{
	g_autoptr(diag_list) l = diag_list_new();
	recipe_lock *lock = recipe_lock_read(path, l);

	lock_text_to_error(l, err);
	return lock;
}
