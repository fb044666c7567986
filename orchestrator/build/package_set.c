#include "build/package_set.h"
#include "base/error.h"
#include "base/event.h"
#include "base/fs.h"
#include "build/debian_repo.h"
#include "build/package_alternatives.h"
#include "build/package_files.h"
#include "build/package_image.h"
#include "build/package_rpm.h"
#include "build/store.h"
#include "format/digest.h"
#include "plan/key.h"
#include "plan/package_lock_pack.h"
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define UNPACK_VERSION 1
#define PACKED "package-lock-3" /* records; another number for another form */
#define IMAGE_VERSION 1		/* of package_image_unpack */

package_set package_set_of_toolchain(const toolchain_def *def, const platform *target)
{
	return (package_set){.kind = "toolchain",
		.name = def->name,
		.path = def->path,
		.def = &def->packages,
		.target = package_def_is_common(&def->packages) ? NULL : target};
}

static const char *target_name(const package_set *set)
{
	return set->target ? set->target->name : "any";
}

static const char *architecture(const package_set *set)
{
	const char *fixed = set->def->debian.architecture;

	if (set->def->images)
		return set->target->docker;
	if (package_def_is_rpm(set->def))
		return set->target->rpm_arch;
	return fixed ? fixed : set->target->debian_arch;
}

/* For people: "toolchain gcc for aarch64". */
static char *describe(const package_set *set)
{
	return set->target ? g_strdup_printf("%s %s for %s", set->kind, set->name,
				     set->target->name)
			   : g_strdup_printf("%s %s", set->kind, set->name);
}

static void copy_strings(GPtrArray *to, const GPtrArray *from)
{
	for (guint i = 0; from && i < from->len; i++)
		g_ptr_array_add(to, g_strdup(g_ptr_array_index(from, i)));
}

static locked_package *lock_package(const package_def *def, const solv_package *p)
{
	return locked_package_new(p->name, p->version, p->path, p->sha256, p->size,
		!package_def_is_exact(def, p->name));
}

static GPtrArray *own_roots(const GPtrArray *roots)
{
	GPtrArray *own = g_ptr_array_new();

	for (guint i = 0; i < roots->len; i++)
		if (!strchr(roots->pdata[i], ':'))
			g_ptr_array_add(own, roots->pdata[i]);
	return own;
}

/* The roots of other architectures, each under its full name: a target's libraries
 * beside the programs of the build machine. */
static gboolean resolve_foreign(const build_context *ctx, const package_set *set,
	const GPtrArray *roots, const char *date, package_section *section, GError **err)
{
	for (guint i = 0; i < roots->len; i++) {
		g_auto(GStrv) parts = g_strsplit(roots->pdata[i], ":", 2);
		if (!parts[1])
			continue;
		g_autoptr(debian_repo) repo =
			debian_repo_open(ctx, &set->def->debian, parts[1], date, err);
		g_autoptr(solv_package) found =
			repo ? debian_repo_find(repo, parts[0], err) : NULL;
		if (!found && repo && (!err || !*err))
			error_set(err, EXIT_INPUT, "X0633",
				"suite %s has no package %s for %s",
				set->def->debian.suite, parts[0], parts[1]);
		if (!found)
			return FALSE;
		locked_package *p = lock_package(set->def, found);
		g_free(p->name);
		p->name = g_strdup(roots->pdata[i]);
		g_ptr_array_add(section->packages, p);
	}
	return TRUE;
}

static package_section *resolve(const build_context *ctx, const package_set *set,
	const char *not_before, GError **err)
{
	if (set->def->images)
		return package_image_resolve(ctx, set, err);
	if (package_def_is_rpm(set->def))
		return package_rpm_resolve(ctx, set, not_before, err);
	const GPtrArray *roots = package_def_roots(set->def, target_name(set));
	g_autofree char *what = describe(set);

	if (!roots) {
		error_set(err, EXIT_INPUT, "X0302", "%s does not exist", what);
		error_line(err, "%s lists packages for other targets", set->path);
		return NULL;
	}
	g_autoptr(debian_repo) repo = debian_repo_open(
		ctx, &set->def->debian, architecture(set), not_before, err);
	if (!repo)
		return NULL;
	g_autoptr(GPtrArray) own = own_roots(roots);
	g_autoptr(GPtrArray) found =
		debian_repo_resolve(repo, own, set->def->without, err);
	if (!found) {
		error_note(err, "wanted for %s", what);
		return NULL;
	}
	g_autoptr(package_section) section = package_section_new(target_name(set),
		set->def->debian.suite, architecture(set), debian_repo_date(repo));
	copy_strings(section->roots, roots);
	copy_strings(section->without, set->def->without);
	for (guint i = 0; i < found->len; i++)
		g_ptr_array_add(
			section->packages, lock_package(set->def, found->pdata[i]));
	if (!resolve_foreign(ctx, set, roots, debian_repo_date(repo), section, err)) {
		error_note(err, "wanted for %s", what);
		return NULL;
	}
	package_section_sort(section);
	return g_steal_pointer(&section);
}

static package_section *section_copy(const package_section *s)
{
	package_section *copy =
		package_section_new(s->target, s->suite, s->architecture, s->date);

	package_section_set_image(copy, s->image, s->index, s->manifest);
	copy_strings(copy->diff_ids, s->diff_ids);
	copy_strings(copy->roots, s->roots);
	copy_strings(copy->without, s->without);
	for (guint i = 0; i < s->packages->len; i++)
		g_ptr_array_add(
			copy->packages, locked_package_copy(s->packages->pdata[i]));
	return copy;
}

static gboolean is_beside(const package_set *set, const char *lock)
{
	g_autofree char *a = g_path_get_dirname(set->path);
	g_autofree char *b = g_path_get_dirname(lock);

	return g_str_equal(a, b);
}

static void tell_where(const package_set *set, const char *lock)
{
	g_autofree char *folder = g_path_get_dirname(set->path);

	event_log(EVENT_NOTE, set->name,
		"locked in %s, because %s cannot be written; copies of %s.yaml and of "
		"this "
		"lock in %ss/ of a repository make it the same for all who use that",
		lock, folder, set->name, set->kind);
}

/* Puts the section into the lock's file, as it is on disk now. A definition in a
 * place that cannot be written (an installed one) is used all the same. */
static gboolean write_section(const build_context *ctx, const package_set *set,
	const package_section *section, GError **err)
{
	g_autofree char *path = catalog_lock_path(set->path);
	g_autofree char *folder = g_path_get_dirname(path);
	g_autofree char *what = g_strdup_printf("the lock of %s", set->name);
	g_autoptr(lockfile) guard =
		store_lock(ctx->store, "package-lock", set->name, what, err);

	if (!guard)
		return FALSE;
	g_autoptr(package_lock) lock = package_lock_load(path, set->name, err);
	if (!lock)
		return FALSE;
	package_lock_set(lock, section_copy(section));
	g_autofree char *text = package_lock_text(lock);
	gboolean beside = is_beside(set, path);
	if (!beside)
		fs_mkdir_p(folder, 0755, NULL);
	if (access(folder, W_OK)) {
		event_log(EVENT_WARNING, set->name,
			"%s cannot be written, so the packages resolved just now are not "
			"recorded; `xorch lock` with a copy of the definition in %ss/ of "
			"a "
			"repository does",
			path, set->kind);
		return TRUE;
	}
	if (!fs_write_atomic(path, text, strlen(text), 0644, err))
		return FALSE;
	if (!beside)
		tell_where(set, path);
	return TRUE;
}

static gboolean locked_error(const package_set *set, const char *why, GError **err)
{
	g_autofree char *what = describe(set);
	g_autofree char *path = catalog_lock_path(set->path);
	const char *file = why ? path : set->path;

	if (why)
		error_set(err, EXIT_LOCK, "X0430",
			"the lock of %s is out of date: %s changed since", what, why);
	else
		error_set(err, EXIT_LOCK, "X0430", "%s is not locked yet", what);
	error_line(err, "in %s", file);
	error_help(err, "run `xorch lock --%s %s` and commit the result", set->kind,
		set->name);
	return FALSE;
}

typedef struct lock_memo {
	struct stat st;
	package_lock *lock;
} lock_memo;

static void lock_memo_free(void *data)
{
	lock_memo *m = data;

	package_lock_free(m->lock);
	g_free(m);
}

static gboolean same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
	       a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* Read, or what the store remembers of the very same text. */
static package_lock *lock_from_store(
	const build_context *ctx, const char *path, const char *name, GError **err)
{
	g_autofree char *text = NULL;
	gsize size = 0;

	if (!g_file_get_contents(path, &text, &size, NULL))
		return package_lock_load(path, name, err); /* which says why not */
	g_autofree char *sum = digest_bytes(text, size);
	g_autofree char *record = g_strdup_printf("%s-%s", name, sum);
	g_autoptr(GBytes) kept = store_record_get(ctx->store, PACKED, record);
	package_lock *lock = kept ? package_lock_unpack(kept, path, name) : NULL;
	if (lock)
		return lock;
	lock = package_lock_load(path, name, err);
	/* Not when another process wrote it between the two looks. */
	g_autofree char *now = NULL;
	gsize now_size = 0;
	gboolean same = lock && g_file_get_contents(path, &now, &now_size, NULL) &&
			now_size == size && memcmp(now, text, size) == 0;
	g_autoptr(GBytes) packed = same ? package_lock_pack(lock) : NULL;
	if (packed)
		store_record_put(ctx->store, PACKED, record,
			g_bytes_get_data(packed, NULL), g_bytes_get_size(packed), NULL);
	return lock;
}

/* The lock as it is on disk: every item of a run asks for the same few, twice (for its
 * target and for the build machine), so what was read is kept for as long as the file
 * is the same. NULL with err when it is damaged; the caller holds `memo_guard`. */
static GMutex memo_guard;

static const package_lock *lock_on_disk(
	const build_context *ctx, const char *path, const char *name, GError **err)
{
	static GHashTable *memos;
	struct stat st = {0};

	if (!memos)
		memos = g_hash_table_new_full(
			g_str_hash, g_str_equal, g_free, lock_memo_free);
	gboolean exists = stat(path, &st) == 0;
	lock_memo *m = g_hash_table_lookup(memos, path);
	if (m && exists && same_file(&m->st, &st))
		return m->lock;
	package_lock *lock = exists ? lock_from_store(ctx, path, name, err)
				    : package_lock_load(path, name, err);
	if (!lock)
		return NULL;
	m = g_new0(lock_memo, 1);
	m->st = st;
	m->lock = lock;
	g_hash_table_replace(memos, g_strdup(path), m);
	return lock;
}

/* A copy of the set's section if it fits the definition. Else NULL: *why is what
 * changed (static text, NULL when there was none) and *date that of the old one, when
 * it is of the same suite; or err is set. */
static package_section *section_on_disk(const build_context *ctx, const package_set *set,
	const char **why, char **date, GError **err)
{
	g_autofree char *path = catalog_lock_path(set->path);
	package_section *copy = NULL;

	g_mutex_lock(&memo_guard);
	const package_lock *lock = lock_on_disk(ctx, path, set->name, err);
	const package_section *old =
		lock ? package_lock_section(lock, target_name(set)) : NULL;
	if (old && package_section_fits(old, set->def, architecture(set), why))
		copy = section_copy(old);
	/* another suite has another history */
	if (old && !g_strcmp0(old->suite, package_def_suite(set->def)))
		*date = g_strdup(old->date);
	g_mutex_unlock(&memo_guard);
	return copy;
}

package_section *package_set_lock(const build_context *ctx, const package_set *set,
	gboolean upgrade, gboolean *changed, GError **err)
{
	g_autofree char *date = NULL;
	g_autoptr(GError) damaged = NULL;
	const char *why = NULL;

	if (changed)
		*changed = FALSE;
	package_section *known = section_on_disk(ctx, set, &why, &date, &damaged);
	if (damaged) {
		g_propagate_error(err, g_steal_pointer(&damaged));
		return NULL;
	}
	if (known && !upgrade)
		return known;
	package_section_free(known);
	if (ctx->locked) {
		locked_error(set, why, err);
		return NULL;
	}
	g_autoptr(package_section) section = resolve(ctx, set, date, err);
	if (!section || !write_section(ctx, set, section, err))
		return NULL;
	if (changed)
		*changed = TRUE;
	return g_steal_pointer(&section);
}

GPtrArray *package_set_more(const build_context *ctx, const package_set *set,
	const package_section *section, const GPtrArray *names, GError **err)
{
	if (!package_def_is_debian(set->def)) {
		error_set(err, EXIT_INPUT, "X0337",
			"the sysroot %s is not made of Debian packages and has none to "
			"add",
			set->name);
		error_line(err, "wanted: %s", (char *)names->pdata[0]);
		error_help(err,
			"take a sysroot of Debian packages such as debian-11, or a "
			"recipe of kind: library");
		return NULL;
	}
	g_autoptr(debian_repo) repo = debian_repo_open(
		ctx, &set->def->debian, architecture(set), section->date, err);

	if (!repo)
		return NULL;
	g_autoptr(GPtrArray) found =
		debian_repo_resolve(repo, names, set->def->without, err);
	if (!found) {
		g_autofree char *what = describe(set);
		error_note(err, "wanted on top of %s", what);
		return NULL;
	}
	GPtrArray *more =
		g_ptr_array_new_with_free_func((GDestroyNotify)locked_package_free);
	for (guint i = 0; i < found->len; i++) {
		const solv_package *p = found->pdata[i];
		if (!package_section_find(section, p->name))
			g_ptr_array_add(more, lock_package(set->def, p));
	}
	return more;
}

static void key_packages(key *k, const GPtrArray *packages)
{
	for (guint i = 0; packages && i < packages->len; i++) {
		const locked_package *p = packages->pdata[i];
		key_add(k, p->name, p->sha256);
	}
}

/* What is taken of an image or of RPMs, and where it goes. */
static void key_image(key *k, const package_def *def)
{
	guint n = def->keep ? def->keep->len : 0, m = def->place ? def->place->len : 0;

	key_add_int(k, def->images ? "image" : "rpm", IMAGE_VERSION);
	key_add_int(k, "keep", n);
	for (guint i = 0; i < n; i++)
		key_add(k, "keep", def->keep->pdata[i]);
	key_add_int(k, "place", m);
	for (guint i = 0; i < m; i++) {
		const bind_pair *p = def->place->pdata[i];
		key_add(k, "from", p->name);
		key_add(k, "to", p->value);
	}
	/* of no file here, but in the lists of parts of what is built against them */
	if (def->rpm.distribution)
		key_add(k, "distribution", def->rpm.distribution);
}

char *package_set_key(const package_set *set, const package_section *section)
{
	g_autoptr(key) k = key_new(set->kind, UNPACK_VERSION);

	key_add(k, "name", set->name);
	key_add(k, "architecture", section->architecture);
	key_add_int(k, "finish", set->version);
	key_add_int(k, "prune", set->def->prune ? set->def->prune->len : 0);
	for (guint i = 0; set->def->prune && i < set->def->prune->len; i++)
		key_add(k, "prune", set->def->prune->pdata[i]);
	if (!package_def_is_debian(set->def))
		key_image(k, set->def);
	key_add_int(k, "packages", section->packages->len);
	key_packages(k, section->packages);
	key_packages(k, set->extra);
	return g_strdup(key_digest(k));
}

static GPtrArray *all_packages(const package_set *set, const package_section *section)
{
	GPtrArray *all = g_ptr_array_new();

	for (guint i = 0; i < section->packages->len; i++)
		g_ptr_array_add(all, section->packages->pdata[i]);
	for (guint i = 0; set->extra && i < set->extra->len; i++)
		g_ptr_array_add(all, set->extra->pdata[i]);
	return all;
}

/* The mirror has some locked files no more. Those that may move on are taken as the
 * suite has them now; of the others the newer version is named. */
static gboolean move_on(const build_context *ctx, const package_set *set,
	package_section *section, const GPtrArray *gone, GError **err)
{
	g_autofree char *what = describe(set);
	g_autoptr(GError) error = NULL;
	g_autoptr(debian_repo) repo = debian_repo_open(
		ctx, &set->def->debian, architecture(set), section->date, &error);
	gboolean stuck = FALSE, foreign = FALSE;

	error_set(err, EXIT_LOCK, "X0431",
		"the mirror has some of the locked files of %s no more", what);
	for (guint i = 0; i < gone->len; i++) {
		const locked_package *p = gone->pdata[i];
		g_autoptr(solv_package) now =
			repo ? debian_repo_find(repo, p->name, NULL) : NULL;
		locked_package *own = package_section_find(section, p->name);
		if (own == p && now && p->runtime && !ctx->locked) {
			event_log(EVENT_NOTE, set->name, "%s %s is gone, taking %s",
				p->name, p->version, now->version);
			g_ptr_array_remove(section->packages, own);
			g_ptr_array_add(section->packages, lock_package(set->def, now));
			continue;
		}
		stuck = TRUE;
		foreign |= own != p;
		error_line(err, "%s %s%s%s", p->name, p->version,
			now ? ", now in the suite: " : "", now ? now->version : "");
	}
	if (!stuck) {
		g_clear_error(err);
		package_section_sort(section);
		g_free(section->date);
		section->date = g_strdup(debian_repo_date(repo));
		return write_section(ctx, set, section, err);
	}
	if (error)
		error_note(
			err, "the suite itself could not be asked: %s", error->message);
	if (foreign)
		error_help(err, "packages of requirements.host: take what the suite has "
				"now by `xorch lock --upgrade RECIPE`");
	else
		error_help(err,
			"take what the suite has now: `xorch lock --%s %s --upgrade`",
			set->kind, set->name);
	error_help(err, "or name a mirror that keeps old files: XORCH_MIRROR_DEBIAN");
	return FALSE;
}

static gboolean fetch_all(const build_context *ctx, const package_set *set,
	package_section *section, GError **err)
{
	if (set->def->images)
		return package_image_fetch(ctx, set, section, err);
	if (package_def_is_rpm(set->def))
		return package_rpm_fetch(ctx, set, section, err);
	for (int moves = 0;; moves++) {
		g_autoptr(GPtrArray) all = all_packages(set, section);
		g_autoptr(GPtrArray) gone = g_ptr_array_new();
		g_autoptr(GError) error = NULL;
		if (package_files_fetch(ctx, all, gone, &error))
			return TRUE;
		if (!gone->len || moves) {
			g_propagate_error(err, g_steal_pointer(&error));
			return FALSE;
		}
		if (!move_on(ctx, set, section, gone, err))
			return FALSE;
	}
}

gboolean package_set_fetch(const build_context *ctx, const package_set *set, GError **err)
{
	g_autoptr(package_section) section = package_set_lock(ctx, set, FALSE, NULL, err);

	return section && fetch_all(ctx, set, section, err);
}

static gboolean fill(const build_context *ctx, const package_set *set,
	const package_section *section, const char *dir, GError **err)
{
	g_autoptr(GPtrArray) all = all_packages(set, section);
	g_autofree char *what = describe(set);
	gint64 begun = event_step_begin(what, "unpack");
	gboolean ok;

	if (!package_def_is_debian(set->def))
		ok = package_image_unpack(ctx, set, section, dir, err);
	else
		ok = package_files_unpack(ctx, all, dir, set->def->prune, err) &&
		     (!set->alternatives || package_alternatives_lay(ctx, all, dir, err));
	ok = ok && (!set->finish || set->finish(set, dir, err));
	event_step_end(what, "unpack", begun, ok);
	return ok;
}

char *package_set_tree(
	const build_context *ctx, const package_set *set, char **key_out, GError **err)
{
	g_autoptr(package_section) section = package_set_lock(ctx, set, FALSE, NULL, err);

	if (!section)
		return NULL;
	for (;;) {
		g_autofree char *k = package_set_key(set, section);
		char *path = store_tree_find(ctx->store, set->kind, k);
		if (!path && !fetch_all(ctx, set, section, err))
			return NULL;
		g_autofree char *now = package_set_key(set, section);
		if (!path && strcmp(k, now)) /* some moved on: another tree */
			continue;
		store_tree *tree =
			path ? NULL
			     : store_tree_begin(ctx->store, set->kind, k, &path, err);
		if (tree) {
			gboolean ok = fill(ctx, set, section, store_tree_dir(tree), err);
			path = store_tree_finish(tree, ok, err);
		}
		if (path && key_out)
			*key_out = g_steal_pointer(&k);
		return path;
	}
}
