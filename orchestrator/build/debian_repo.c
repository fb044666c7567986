#include "build/debian_repo.h"
#include "base/error.h"
#include "base/event.h"
#include "base/fs.h"
#include "build/fetch.h"
#include "build/registry.h"
#include "build/signature.h"
#include "build/store.h"
#include "format/debian.h"
#include "plan/key.h"
#include <string.h>
#include <unistd.h>

#define RELEASE_MAX (10 << 20)
#define PACKAGES_MAX (256ll << 20)

struct debian_repo {
	debian_release *release;
	solv_index *index;
};

/* What the steps below share. */
typedef struct opening {
	const build_context *ctx;
	const package_source *source;
	const char *architecture, *not_before;
	char *keyring;
	char *label; /* bullseye InRelease */
	char *base;  /* mirror whose Release was taken */
	GPtrArray *mirrors;
} opening;

void debian_repo_free(debian_repo *r)
{
	if (!r)
		return;
	debian_release_free(r->release);
	solv_index_free(r->index);
	g_free(r);
}

const char *debian_repo_date(const debian_repo *r)
{
	return r->release->date;
}

/* A signed Release can still be the wrong one: another suite's, or an old one. */
static gboolean check_release(const opening *o, const debian_release *r, GError **err)
{
	const char *suite = o->source->suite;
	gint64 now = g_get_real_time() / G_USEC_PER_SEC, before;

	if (g_strcmp0(r->codename, suite) && g_strcmp0(r->suite, suite)) {
		g_autofree char *shown =
			text_escape(r->codename ? r->codename : "unnamed", -1);
		return error_set(err, EXIT_INTEGRITY, "X0634",
			"%s is refused: it is that of suite %s", o->label, shown);
	}
	if (r->valid_until && r->valid_until < now) {
		error_set(err, EXIT_INTEGRITY, "X0635", "%s is refused: it expired",
			o->label);
		error_line(err, "its Date is %s", r->date);
		error_help(err,
			"the mirror may be out of date, or this machine's clock wrong");
		return FALSE;
	}
	if (o->not_before && debian_date(o->not_before, &before) && r->time < before) {
		error_set(err, EXIT_INTEGRITY, "X0635",
			"%s is refused: it is older than the one known", o->label);
		error_line(err, "its Date is  %s", r->date);
		error_line(err, "the lock has %s", o->not_before);
		error_help(err, "the mirror is out of date, or somebody hides updates; "
				"XORCH_MIRROR_DEBIAN names another mirror");
		return FALSE;
	}
	return TRUE;
}

static debian_release *release_from(const opening *o, const char *base, GError **err)
{
	g_autofree char *url =
		g_strdup_printf("%s/dists/%s/InRelease", base, o->source->suite);
	const char *const urls[] = {url, NULL};
	fetch_document d = {.label = o->label,
		.urls = urls,
		.max_size = RELEASE_MAX,
		.allow_http = TRUE,
		.offline = o->ctx->offline};
	g_autofree char *body = NULL, *signature = NULL;
	g_autoptr(debian_release) r = NULL;

	if (!fetch_document_get(&d, err))
		return NULL;
	gsize size;
	const char *text = g_bytes_get_data(d.body, &size);
	if (clearsigned_split(o->label, text ? text : "", size, &body, &signature, err) &&
		signature_check(o->ctx->store, o->label, body, signature, o->keyring,
			o->source->signed_by, err))
		r = debian_release_parse(o->label, body, strlen(body), err);
	fetch_document_clear(&d);
	if (r && !check_release(o, r, err))
		g_clear_pointer(&r, debian_release_free);
	return g_steal_pointer(&r);
}

/* The candidates in turn; which of them is Debian's, the signature tells. Of several
 * errors the gravest is told: a refused signature says more than a 404. */
static debian_release *find_release(opening *o, GError **err)
{
	g_autoptr(GError) worst = NULL;

	for (guint i = 0; i < o->mirrors->len; i++) {
		const char *base = g_ptr_array_index(o->mirrors, i);
		GError *error = NULL;
		debian_release *r = release_from(o, base, &error);
		if (r) {
			g_free(o->base);
			o->base = g_strdup(base);
			return r;
		}
		if (!worst || (worst->code != EXIT_INTEGRITY &&
				      error->code == EXIT_INTEGRITY)) {
			g_clear_error(&worst);
			worst = g_steal_pointer(&error);
		}
		g_clear_error(&error);
	}
	g_propagate_error(err, g_steal_pointer(&worst));
	return NULL;
}

/* The entry of an index: `stem` is its path without the compression's suffix. */
static const release_file *index_file(const opening *o, const debian_release *r,
	const char *stem, const char *what, GError **err)
{
	static const char *const suffixes[] = {".xz", ".gz", ""};

	for (guint i = 0; i < G_N_ELEMENTS(suffixes); i++) {
		g_autofree char *path = g_strconcat(stem, suffixes[i], NULL);
		const release_file *f = g_hash_table_lookup(r->files, path);
		if (f && f->size <= PACKAGES_MAX)
			return f;
	}
	error_set(err, EXIT_INPUT, "X0633", "suite %s has no %s (%s)", o->source->suite,
		what, stem);
	return NULL;
}

static const release_file *packages_file(
	const opening *o, const debian_release *r, GError **err)
{
	const char *component = o->source->component ? o->source->component : "main";
	g_autofree char *stem =
		g_strdup_printf("%s/binary-%s/Packages", component, o->architecture);
	g_autofree char *what = g_strdup_printf("packages for %s", o->architecture);

	return index_file(o, r, stem, what, err);
}

/* The blob's path. By-hash names do not change while a mirror is updated. */
static char *fetch_index(
	const opening *o, const debian_release *r, const release_file *f, GError **err)
{
	g_autofree char *label = g_strdup_printf("%s %s", o->source->suite, f->path);
	g_autoptr(fetch_item) item = fetch_item_new(label, f->sha256, f->size, err);
	g_autoptr(GPtrArray) items = g_ptr_array_new();
	const char *slash = strrchr(f->path, '/');

	if (!item)
		return NULL;
	item->allow_http = TRUE;
	for (guint i = 0; i <= o->mirrors->len; i++) {
		const char *base = i ? g_ptr_array_index(o->mirrors, i - 1) : o->base;
		if (i && !strcmp(base, o->base))
			continue;
		g_autofree char *by_hash = g_strdup_printf(
			"%s/dists/%s/%.*s/by-hash/SHA256/%s", base, o->source->suite,
			(int)(slash - f->path), f->path, f->sha256);
		g_autofree char *plain = g_strdup_printf(
			"%s/dists/%s/%s", base, o->source->suite, f->path);
		if (r->by_hash)
			fetch_item_add_url(item, by_hash);
		fetch_item_add_url(item, plain);
	}
	g_ptr_array_add(items, item);
	fetch_options options = {.offline = o->ctx->offline};
	if (!fetch_blobs(o->ctx->store, items, &options, err))
		return NULL;
	return g_strdup(item->path);
}

/* Another suite whose packages count too, as its own Release has them. */
typedef struct update {
	package_source source;
	opening o;
	debian_release *release;
	const release_file *packages;
} update;

static void update_free(gpointer data)
{
	update *u = data;

	debian_release_free(u->release);
	g_free(u->o.label);
	g_free(u->o.base);
	g_clear_pointer(&u->o.mirrors, g_ptr_array_unref);
	g_free(u);
}

/* An older one is not refused by the date of the lock, which is the suite's own; that of
 * security updates expires within days. */
static update *update_open(const opening *o, char *suite, GError **err)
{
	update *u = g_new0(update, 1);

	u->source = *o->source;
	u->source.suite = suite;
	u->o = (opening){.ctx = o->ctx,
		.source = &u->source,
		.architecture = o->architecture,
		.keyring = o->keyring,
		.label = g_strdup_printf("%s InRelease", suite)};
	if ((g_str_has_suffix(suite, "-security")
			    ? registry_debian_security(&u->o.mirrors, err)
			    : registry_debian(&u->o.mirrors, err)) &&
		(u->release = find_release(&u->o, err)))
		u->packages = packages_file(&u->o, u->release, err);
	if (u->packages)
		return u;
	update_free(u);
	return NULL;
}

static GPtrArray *updates_open(const opening *o, GError **err)
{
	const GPtrArray *names = o->source->updates;
	g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(update_free);

	for (guint i = 0; names && i < names->len; i++) {
		update *u = update_open(o, names->pdata[i], err);
		if (!u)
			return NULL;
		g_ptr_array_add(all, u);
	}
	return g_steal_pointer(&all);
}

static char *index_key(
	const release_file *f, const GPtrArray *updates, const char *architecture)
{
	g_autoptr(key) k = key_new("debian-index", 1);

	key_add(k, "packages", f->sha256);
	for (guint i = 0; i < updates->len; i++) {
		const update *u = updates->pdata[i];
		key_add(k, "updates", u->packages->sha256);
	}
	key_add(k, "architecture", architecture);
	return g_strdup(key_digest(k));
}

static solv_index *read_index(const opening *o, const debian_release *r,
	const release_file *f, const GPtrArray *updates, GError **err)
{
	g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
	char *path = fetch_index(o, r, f, err);

	for (guint i = 0; path && i < updates->len; i++) {
		const update *u = updates->pdata[i];
		g_ptr_array_add(paths, path);
		path = fetch_index(&u->o, u->release, u->packages, err);
	}
	if (!path)
		return NULL;
	g_ptr_array_add(paths, path);
	return solv_index_read(paths, o->architecture, err);
}

/* The index in libsolv's form is kept as a tree of the store. */
static solv_index *open_index(
	const opening *o, const debian_release *r, const GPtrArray *updates, GError **err)
{
	const release_file *f = packages_file(o, r, err);
	char *ready = NULL;

	if (!f)
		return NULL;
	g_autofree char *k = index_key(f, updates, o->architecture);
	store_tree *tree =
		store_tree_begin(o->ctx->store, "debian-index", k, &ready, err);
	if (!tree && ready) {
		g_autofree char *folder = ready;
		g_autofree char *path = g_build_filename(folder, "index.solv", NULL);
		solv_index *index = solv_index_load(path, o->architecture);
		if (index)
			return index;
		error_set(err, EXIT_HOST, "X0820", "cannot read the kept index %s", path);
		error_help(err, "remove it: `xorch cache clean`");
		return NULL;
	}
	if (!tree)
		return NULL;
	g_autoptr(solv_index) index = read_index(o, r, f, updates, err);
	g_autofree char *path =
		g_build_filename(store_tree_dir(tree), "index.solv", NULL);
	g_autofree char *placed =
		store_tree_finish(tree, index && solv_index_save(index, path, err), err);
	return placed ? g_steal_pointer(&index) : NULL;
}

static gboolean is_midway(const GError *error)
{
	return error && !strstr(error->message, "offline") &&
	       (error->code == EXIT_INTEGRITY || fetch_not_found(error));
}

/* Release and Packages as they belong together. A mirror that is just being updated
 * has one of tomorrow and the other of yesterday: look again, once. */
static gboolean open_both(opening *o, debian_repo *repo, GError **err)
{
	for (int tries = 0;; tries++) {
		g_autoptr(GError) error = NULL;
		g_clear_pointer(&repo->release, debian_release_free);
		repo->release = find_release(o, err);
		g_autoptr(GPtrArray) updates =
			repo->release ? updates_open(o, err) : NULL;
		if (!updates)
			return FALSE;
		repo->index = open_index(o, repo->release, updates, &error);
		if (repo->index)
			return TRUE;
		if (!is_midway(error)) {
			g_propagate_error(err, g_steal_pointer(&error));
			return FALSE;
		}
		if (tries) {
			error_set(err, EXIT_NETWORK, "X0520",
				"the mirror of %s is being updated: its Packages is not "
				"the one its Release names",
				o->source->suite);
			error_line(err, "%s", error->message);
			error_help(err,
				"try again in some minutes, or name another mirror "
				"in XORCH_MIRROR_DEBIAN");
			return FALSE;
		}
	}
}

debian_repo *debian_repo_open(const build_context *ctx, const package_source *source,
	const char *architecture, const char *not_before, GError **err)
{
	g_autoptr(debian_repo) repo = g_new0(debian_repo, 1);
	opening o = {.ctx = ctx,
		.source = source,
		.architecture = architecture,
		.not_before = not_before && *not_before ? not_before : NULL};
	gint64 begun = event_step_begin(source->suite, "index");
	gboolean ok = FALSE;

	o.label = g_strdup_printf("%s InRelease", source->suite);
	if (registry_debian(&o.mirrors, err)) {
		o.keyring = debian_keyring(ctx, err);
		ok = o.keyring && open_both(&o, repo, err);
		g_ptr_array_unref(o.mirrors);
	}
	g_free(o.keyring);
	g_free(o.label);
	g_free(o.base);
	event_step_end(source->suite, "index", begun, ok);
	return ok ? g_steal_pointer(&repo) : NULL;
}

GPtrArray *debian_repo_resolve(
	debian_repo *r, const GPtrArray *roots, const GPtrArray *without, GError **err)
{
	return solv_index_closure(r->index, roots, without, err);
}

solv_package *debian_repo_find(debian_repo *r, const char *name, GError **err)
{
	return solv_index_find(r->index, name, err);
}

/* One index of the suite that is not Packages. New string. */
static char *other_index(const build_context *ctx, const package_source *source,
	const char *stem, const char *what, const char *step, GError **err)
{
	opening o = {.ctx = ctx, .source = source};
	gint64 begun = event_step_begin(source->suite, step);
	char *path = NULL;

	o.label = g_strdup_printf("%s InRelease", source->suite);
	if (registry_debian(&o.mirrors, err)) {
		o.keyring = debian_keyring(ctx, err);
		g_autoptr(debian_release) r = o.keyring ? find_release(&o, err) : NULL;
		const release_file *f = r ? index_file(&o, r, stem, what, err) : NULL;
		path = f ? fetch_index(&o, r, f, err) : NULL;
		g_ptr_array_unref(o.mirrors);
	}
	g_free(o.keyring);
	g_free(o.label);
	g_free(o.base);
	event_step_end(source->suite, step, begun, path != NULL);
	return path;
}

char *debian_repo_sources(
	const build_context *ctx, const package_source *source, GError **err)
{
	const char *component = source->component ? source->component : "main";
	g_autofree char *stem = g_strdup_printf("%s/source/Sources", component);

	return other_index(ctx, source, stem, "source packages", "source index", err);
}

char *debian_repo_contents(const build_context *ctx, const package_source *source,
	const char *architecture, GError **err)
{
	const char *component = source->component ? source->component : "main";
	g_autofree char *stem =
		g_strdup_printf("%s/Contents-%s", component, architecture);

	return other_index(ctx, source, stem, "list of files", "file index", err);
}
