#include "build/rust_project.h"
#include "base/error.h"
#include "base/fs.h"
#include "format/settings_file.h"
#include <string.h>

#define DEPTH_MAX 4
#define TOML_MAX (4 << 20)

void rust_project_clear(rust_project *p)
{
	g_free(p->manifest);
	g_free(p->lock);
	memset(p, 0, sizeof *p);
}

static gboolean is_file(const char *source, const char *rel)
{
	g_autofree char *path = fs_resolve_beneath(source, rel, NULL);

	return path && g_file_test(path, G_FILE_TEST_IS_REGULAR);
}

static char *join(const char *folder, const char *name)
{
	return folder && *folder ? g_build_filename(folder, name, NULL) : g_strdup(name);
}

/* New string; NULL: there is none. */
static char *read_text(const char *source, const char *rel)
{
	g_autofree char *path = fs_resolve_beneath(source, rel, NULL);
	g_autoptr(GBytes) bytes = path ? fs_read(path, TOML_MAX, NULL) : NULL;
	gsize size;

	if (!bytes)
		return NULL;
	const char *data = g_bytes_get_data(bytes, &size);
	return g_strndup(data ? data : "", size);
}

GPtrArray *rust_project_toml(const char *source, const char *rel)
{
	g_autofree char *text = read_text(source, rel);

	return text ? settings_parse_toml(text) : NULL;
}

/* [tool.maturin] manifest-path, relative to the project. */
static char *maturin_manifest(const char *source, const char *project)
{
	g_autofree char *rel = join(project, "pyproject.toml");
	g_autoptr(GPtrArray) all = rust_project_toml(source, rel);
	const char *found =
		all ? settings_get(all, "tool.maturin", "manifest-path") : NULL;

	return found ? join(project, found) : NULL;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Every Cargo.toml exactly `depth` folders below `rel`. */
static void collect(const char *source, const char *rel, int depth, GPtrArray *out)
{
	g_autofree char *here = join(rel, "Cargo.toml");

	if (!depth) {
		if (is_file(source, here))
			g_ptr_array_add(out, g_steal_pointer(&here));
		return;
	}
	g_autofree char *path = g_build_filename(source, rel, NULL);
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	const char *name;
	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *below = join(rel, name);
		g_autofree char *full = g_build_filename(source, below, NULL);
		if (name[0] != '.' && g_file_test(full, G_FILE_TEST_IS_DIR) &&
			!g_file_test(full, G_FILE_TEST_IS_SYMLINK))
			collect(source, below, depth - 1, out);
	}
}

static gboolean several(const GPtrArray *found, GError **err)
{
	error_set(err, EXIT_INPUT, "X0953",
		"the source has several Cargo.toml, and none nearer to its top");
	for (guint i = 0; i < found->len && i < 10; i++) {
		g_autofree char *name = text_escape(found->pdata[i], -1);
		error_line(err, "%s", name);
	}
	error_help(err, "name the extension's in the recipe: `cargo: {manifest: …}`");
	return FALSE;
}

static char *nearest(const char *source, const char *project, GError **err)
{
	for (int depth = 0; depth <= DEPTH_MAX; depth++) {
		g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(g_free);
		collect(source, project ? project : "", depth, found);
		g_ptr_array_sort(found, by_text);
		if (found->len == 1)
			return g_strdup(found->pdata[0]);
		if (found->len) {
			several(found, err);
			return NULL;
		}
	}
	error_set(err, EXIT_INPUT, "X0953", "the source has no Cargo.toml");
	error_help(err, "name it in the recipe: `cargo: {manifest: …}`");
	return NULL;
}

/* The folder above, up to the source's top; FALSE: it was that. */
static gboolean go_up(char **folder)
{
	char *up;

	if (g_str_equal(*folder, "."))
		return FALSE;
	up = g_path_get_dirname(*folder);
	g_free(*folder);
	*folder = up;
	return TRUE;
}

static char *join_top(const char *folder, const char *name)
{
	return join(g_str_equal(folder, ".") ? NULL : folder, name);
}

/* Whether an `exclude` of these settings names the folder, or one above it. */
static gboolean excludes(const char *text, const char *folder)
{
	g_autoptr(GRegex) list =
		g_regex_new("^[ \\t]*exclude[ \\t]*=[ \\t]*\\[([^]]*)\\]",
			G_REGEX_MULTILINE, 0, NULL);
	g_autoptr(GMatchInfo) found = NULL;

	if (!g_regex_match(list, text, 0, &found))
		return FALSE;
	g_autofree char *inside = g_match_info_fetch(found, 1);
	g_auto(GStrv) words = g_strsplit_set(inside, "\"',\n \t", -1);
	for (char **w = words; *w; w++) {
		gsize size = strlen(*w);
		if (size && strncmp(folder, *w, size) == 0 &&
			(folder[size] == '/' || folder[size] == '\0'))
			return TRUE;
	}
	return FALSE;
}

/* Whether the Cargo.toml of folder `root` is a workspace's, with `folder` in it. */
static gboolean is_root_of(const char *source, const char *root, const char *folder)
{
	g_autofree char *rel = join_top(root, "Cargo.toml");
	g_autofree char *text = read_text(source, rel);
	gsize up = g_str_equal(root, ".") ? 0 : strlen(root) + 1;

	return text &&
	       g_regex_match_simple("^[ \\t]*\\[[ \\t]*workspace[ \\t]*[].]", text,
		       G_REGEX_MULTILINE, 0) &&
	       (g_str_equal(root, folder) || !excludes(text, folder + up));
}

/* The one beside the root of the manifest's workspace, which is the first above it (the
 * Cargo Book, "Workspaces"), else beside the manifest: cargo reads no other. */
static char *lock_of(const char *source, const char *manifest)
{
	g_autofree char *folder = g_path_get_dirname(manifest);
	g_autofree char *root = g_strdup(folder);

	do {
		if (!is_root_of(source, root, folder))
			continue;
		g_free(folder);
		folder = g_steal_pointer(&root);
		break;
	} while (go_up(&root));
	g_autofree char *rel = join_top(folder, "Cargo.lock");
	return is_file(source, rel) ? g_steal_pointer(&rel) : NULL;
}

static gboolean is_version(const char *text)
{
	return text && g_ascii_isdigit(*text) && strlen(text) < 20 &&
	       text[strspn(text, "0123456789.")] == '\0';
}

char *rust_project_wants(const rust_project *p, const char *source)
{
	g_autofree char *folder = g_path_get_dirname(p->manifest);
	g_autoptr(GPtrArray) all = rust_project_toml(source, p->manifest);
	const char *own = all ? settings_get(all, "package", "rust-version") : NULL;

	if (is_version(own))
		return g_strdup(own);
	/* rust-version.workspace = true, or a table of one line */
	if (!own && (!all || !settings_get(all, "package", "rust-version.workspace")))
		return NULL;
	do {
		g_autofree char *rel = join_top(folder, "Cargo.toml");
		g_autoptr(GPtrArray) above = rust_project_toml(source, rel);
		const char *shared =
			above ? settings_get(above, "workspace.package", "rust-version")
			      : NULL;
		if (is_version(shared))
			return g_strdup(shared);
	} while (go_up(&folder));
	return NULL;
}

gboolean rust_project_find(
	const recipe *r, const char *source, rust_project *out, GError **err)
{
	const recipe_source *first = g_ptr_array_index(r->sources, 0);
	g_autofree char *named = r->cargo.manifest
					 ? join(first->subdirectory, r->cargo.manifest)
					 : maturin_manifest(source, first->subdirectory);

	memset(out, 0, sizeof *out);
	if (named && !is_file(source, named)) {
		g_autofree char *shown = text_escape(named, -1);
		error_set(err, EXIT_INPUT, "X0953", "the source has no %s", shown);
		error_note(err, "named by %s",
			r->cargo.manifest ? "the recipe's cargo.manifest"
					  : "[tool.maturin] of its pyproject.toml");
		return FALSE;
	}
	out->manifest = named ? g_steal_pointer(&named)
			      : nearest(source, first->subdirectory, err);
	if (!out->manifest)
		return FALSE;
	out->lock = lock_of(source, out->manifest);
	return TRUE;
}
