#include "build/pipeline_parts.h"
#include "base/event.h"
#include "base/fs.h"
#include "build/build_step.h"
#include "build/cmake_fetches.h"
#include "build/crates_git.h"
#include "build/host_files.h"
#include "build/linked_archives.h"
#include "build/package_set.h"
#include "build/pipeline_archives.h"
#include "build/pipeline_host.h"
#include "build/pipeline_library.h"
#include "build/rust.h"
#include "build/step_rust.h"
#include "build/step_wraps.h"
#include "build/tree_walk.h"
#include "build/wraps.h"
#include "format/purl.h"
#include <string.h>

/* Raise when the same inputs give another list. */
#define PARTS_VERSION "2"
#define WORD_MAX (64 << 20)

library_place *pipeline_parts_library(const item *library, const char *folder)
{
	const recipe *r = library->recipe;
	const recipe_lock *lock = library->source->lock;
	const lock_source *first =
		lock->sources->len ? g_ptr_array_index(lock->sources, 0) : NULL;
	library_place *l = library_place_new(r->normalized, folder, NULL);

	l->version = g_strdup(r->package.version);
	l->purl = purl_generic(r->normalized, r->package.version);
	l->expression = g_strdup(r->about.license);
	if (first && first->file)
		l->sha256 = g_strdup(first->file->sha256);
	return l;
}

static void add_libraries(const item *i, GPtrArray *out)
{
	g_autoptr(GPtrArray) libraries = pipeline_library_items(i);

	for (guint n = 0; n < libraries->len; n++)
		g_ptr_array_add(out,
			pipeline_parts_library(g_ptr_array_index(libraries, n), NULL));
}

/* ---- static archives of Debian's ---- */

static gboolean has_archive(const library_place *l, const char *name)
{
	return l->archives && g_strv_contains((const char *const *)l->archives, name);
}

static gboolean add_archives(pipeline *p, item *i, GPtrArray *out, GError **err)
{
	const GPtrArray *names = i->recipe->wheel.link_static;
	const GPtrArray *packages = host_packages_locked(i);
	cross_request request;

	if (!names || !names->len || !packages)
		return TRUE;
	if (!pipeline_cross_bare(p, i, &request, err))
		return FALSE;
	g_autoptr(GPtrArray) places = host_files_prepare(p->ctx, packages, i->platform,
		request.sysroot->packages.debian.suite, err);
	for (guint n = 0; places && n < names->len; n++) {
		g_autofree char *archive =
			g_strdup_printf("lib%s.a", (char *)g_ptr_array_index(names, n));
		for (guint k = 0; k < places->len; k++) {
			if (!has_archive(g_ptr_array_index(places, k), archive))
				continue;
			g_ptr_array_add(out, g_ptr_array_steal_index(places, k));
			break;
		}
	}
	return places != NULL;
}

/* ---- crates ---- */

typedef struct compiled {
	const char *triple;
	GString *words; /* all dependency files for the target */
} compiled;

/* target/TRIPLE/release/deps/NAME-HASH.d: the files that a crate was compiled from. */
static gboolean read_word(const tree_entry *e, void *data, GError **err)
{
	compiled *c = data;
	g_autofree char *below = NULL;

	(void)err;
	if (e->type != TREE_FILE || !g_str_has_suffix(e->path, ".d") ||
		c->words->len > WORD_MAX)
		return TRUE;
	below = g_strdup_printf("/%s/", c->triple);
	g_autofree char *path = g_strconcat("/", e->path, NULL);
	const char *at = strstr(path, below);
	g_autoptr(GBytes) bytes =
		at && strstr(at, "/deps/") ? fs_read(e->full, WORD_MAX, NULL) : NULL;
	if (bytes)
		g_string_append_len(c->words, g_bytes_get_data(bytes, NULL),
			(gssize)g_bytes_get_size(bytes));
	return TRUE;
}

/* Whatever is compiled for the target has Rust's standard library, or core, of it. */
static gboolean add_std(pipeline *p, item *i, GPtrArray *out, GError **err)
{
	g_auto(rust_toolchain) rust = {0};
	library_place *l;

	if (!rust_describe(p->ctx, i->recipe->toolchain.rust, i->platform, &rust, err))
		return FALSE;
	if (!rust.definition) {
		l = library_place_new("rust-std", NULL, NULL);
		l->version = g_strdup(rust.version);
		l->purl = purl_generic(l->package, l->version);
		g_ptr_array_add(out, l);
		return TRUE;
	}
	g_autoptr(toolchain_def) def = toolchain_def_find(rust.definition, err);
	if (!def)
		return FALSE;
	package_set set = package_set_of_toolchain(def, i->platform);
	g_autoptr(package_section) section =
		package_set_lock(p->ctx, &set, FALSE, NULL, err);
	for (guint n = 0; section && n < section->packages->len; n++) {
		const locked_package *k = g_ptr_array_index(section->packages, n);
		if (!g_str_has_prefix(k->name, "libstd-rust-"))
			continue;
		l = library_place_new(k->name, NULL, NULL);
		l->version = g_strdup(k->version);
		l->sha256 = g_strdup(k->sha256);
		l->purl = purl_debian(
			l->package, l->version, i->platform->debian_arch, section->suite);
		g_ptr_array_add(out, l);
	}
	return section != NULL;
}

/* Those from git: rows of the lock's `wraps`. All of a repository are in one folder, so
 * the dependency file of each tells which were compiled. */
static void add_git_crates(const item *i, const char *words, GPtrArray *out)
{
	const GPtrArray *wraps = i->source->lock->wraps;

	for (guint n = 0; wraps && n < wraps->len; n++) {
		const locked_wrap *w = g_ptr_array_index(wraps, n);
		if (!locked_wrap_is_by(w, "cargo"))
			continue;
		g_autofree char *folder =
			g_strdup_printf("/%s/", crates_git_folder(i->source->lock, w));
		g_autofree char *crate = g_strdelimit(g_strdup(w->name), "-", '_');
		g_autofree char *file = g_strdup_printf("/deps/lib%s-", crate);
		if (!strstr(words, folder) || !strstr(words, file))
			continue;
		library_place *l = library_place_new(w->name, NULL, NULL);
		l->version = g_strdup(w->directory + strlen(w->name) + 1);
		l->purl = purl_generic(w->name, l->version);
		g_ptr_array_add(out, l);
	}
}

static gboolean add_crates(
	pipeline *p, item *i, const char *const *built, GPtrArray *out, GError **err)
{
	const GPtrArray *crates = i->source->lock->crates;
	g_autoptr(GString) words = g_string_new(NULL);
	compiled c = {i->platform->rust_triple, words};

	if (!step_rust_used(i))
		return TRUE;
	for (; *built; built++)
		if (g_file_test(*built, G_FILE_TEST_IS_DIR) &&
			!tree_walk(*built, read_word, &c, err))
			return FALSE;
	if (words->len && !add_std(p, i, out, err))
		return FALSE;
	for (guint n = 0; crates && n < crates->len; n++) {
		const locked_file *f = g_ptr_array_index(crates, n);
		g_autofree char *folder = g_strdup_printf("/%s-%s/", f->name, f->version);
		if (!strstr(words->str, folder))
			continue;
		library_place *l = library_place_new(f->name, NULL, NULL);
		l->version = g_strdup(f->version);
		l->sha256 = g_strdup(f->sha256);
		l->purl = purl_cargo(f->name, f->version);
		g_ptr_array_add(out, l);
	}
	add_git_crates(i, words->str, out);
	return TRUE;
}

/* ---- subprojects of Meson and CMake ---- */

/* freetype-2.6.1: its name and version. Of a repository that is the commit. */
static library_place *subproject(const locked_wrap *w)
{
	const char *said = w->by ? w->name : w->directory;
	const char *dash = strrchr(said, '-');
	gboolean version = dash && g_ascii_isdigit(dash[1]);
	g_autofree char *name =
		version ? g_strndup(said, (gsize)(dash - said)) : g_strdup(said);
	library_place *l = library_place_new(name, NULL, NULL);

	l->version = g_strndup(version	   ? dash + 1
			       : w->commit ? w->commit
					   : w->sha256,
		version ? strlen(dash + 1) : 12);
	l->purl = purl_generic(name, l->version);
	l->sha256 = g_strdup(w->sha256);
	return l;
}

static void add_subprojects(const item *i, const pipeline_built *b, GPtrArray *out)
{
	const GPtrArray *wraps = i->source->lock->wraps;
	g_autofree char *project = step_wraps_project(i, b->folders[0]);

	for (guint n = 0; wraps && n < wraps->len; n++) {
		const locked_wrap *w = g_ptr_array_index(wraps, n);
		if (locked_wrap_is_by(w, "cargo"))
			continue;
		if (w->by ? cmake_fetches_used(b->out, w) : wraps_used(project, w))
			g_ptr_array_add(out, subproject(w));
	}
}

/* ---- what the linker took ---- */

static gboolean add_linked(
	pipeline *p, item *i, const pipeline_built *b, GPtrArray *out, GError **err)
{
	g_autofree char *maps = build_step_link_maps(b->out);
	g_autoptr(GPtrArray) unknown = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) archives = linked_archives(b->wheel, maps, unknown);

	for (guint n = 0; n < unknown->len; n++)
		event_log(EVENT_INFO, i->id,
			"%s: no link of this build made it as it is; what libraries are "
			"in it is not in the list of parts",
			(char *)g_ptr_array_index(unknown, n));
	return pipeline_archives(p, i, b->cross, archives, out, err);
}

GPtrArray *pipeline_parts(pipeline *p, item *i, const pipeline_built *b, GError **err)
{
	g_autoptr(GPtrArray) out =
		g_ptr_array_new_with_free_func((GDestroyNotify)library_place_free);

	if (!i->recipe->wheel.sbom)
		return g_steal_pointer(&out);
	add_libraries(i, out);
	add_subprojects(i, b, out);
	if (!add_archives(p, i, out, err) || !add_crates(p, i, b->folders, out, err) ||
		!add_linked(p, i, b, out, err))
		return NULL;
	return g_steal_pointer(&out);
}

gboolean pipeline_parts_fetch(pipeline *p, item *i, GError **err)
{
	return !i->recipe->wheel.sbom || pipeline_archives_fetch(p, i, err);
}

void pipeline_parts_add_to_key(const item *i, key *k)
{
	g_autoptr(GPtrArray) libraries = pipeline_library_items(i);

	if (!i->recipe->wheel.sbom)
		return;
	key_add(k, "list of parts", PARTS_VERSION);
	/* what a library's own key leaves out */
	for (guint n = 0; n < libraries->len; n++) {
		const item *other = g_ptr_array_index(libraries, n);
		g_autofree char *name =
			g_strdup_printf("licence %s", other->recipe->normalized);
		key_add(k, name, other->recipe->about.license);
	}
}
