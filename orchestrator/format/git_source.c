#include "format/git_source.h"
#include "base/error.h"
#include "base/fs.h"
#include "format/digest.h"
#include "format/git_weight.h"
#include "format/http_url.h"
#include "format/unpack.h"
#include <lazy/git2.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_DEPTH 5 /* submodules in submodules */
#define MAX_BYTES (2ull << 30)
#define LFS_HEAD                                                                         \
	"version https:"                                                                 \
	"//git-lfs."

G_DEFINE_AUTOPTR_CLEANUP_FUNC(git_repository, git_repository_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(git_remote, git_remote_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(git_commit, git_commit_free)

void git_result_clear(git_result *r)
{
	g_clear_pointer(&r->commit, g_free);
	g_clear_pointer(&r->tree, g_free);
}

/* One run. */
typedef struct exporter {
	const git_source *source;
	unpack *files;
	digest *listing;
	gint64 date;
	gboolean fresh; /* the repository opened last was empty */
	gint64 told;	/* monotonic, when progress was last told */
	guint count;
	guint64 weight; /* bytes of all files */
} exporter;

/* ---- errors ---- */

static gboolean is_damage(int class)
{
	return class == GIT_ERROR_ZLIB || class == GIT_ERROR_INDEXER ||
	       class == GIT_ERROR_ODB || class == GIT_ERROR_OBJECT ||
	       class == GIT_ERROR_SHA || class == GIT_ERROR_TREE ||
	       class == GIT_ERROR_REFERENCE;
}

static gboolean git_failed(const char *doing, const char *url, GError **err)
{
	const git_error *e = git_error_last();
	g_autofree char *shown = http_url_show(url);
	g_autofree char *why = text_escape(e && e->message ? e->message : "unknown", -1);

	if (e && is_damage(e->klass)) {
		error_set(err, EXIT_INTEGRITY, "X0554",
			"cannot %s: the repository is damaged", doing);
	} else if (e && e->klass == GIT_ERROR_OS &&
		   !g_str_has_prefix(why, "failed to connect")) {
		error_set(err, EXIT_HOST, "X0820", "cannot %s", doing);
	} else {
		error_set(err, EXIT_NETWORK, "X0550", "cannot %s", doing);
	}
	error_line(err, "from: %s", shown);
	error_line(err, "git:  %s", why);
	return FALSE;
}

/* ---- fetching ---- */

static void tell(exporter *x, const char *text)
{
	gint64 now = g_get_monotonic_time();

	if (!x->source->progress || now - x->told < G_USEC_PER_SEC / 4)
		return;
	x->told = now;
	x->source->progress(text, x->source->progress_data);
}

static int on_transfer(const git_indexer_progress *p, void *data)
{
	g_autofree char *text =
		g_strdup_printf("%u of %u objects, %" G_GSIZE_FORMAT " KiB",
			p->received_objects, p->total_objects, p->received_bytes / 1024);

	tell(data, text);
	return 0;
}

static gboolean url_is_allowed(const char *url, GError **err)
{
	g_autofree char *why = url[0] == '-' ? g_strdup("it begins like an option")
					     : http_url_refusal(url, FALSE);

	if (!why)
		return TRUE;
	g_autofree char *shown = http_url_show(url);
	error_set(err, EXIT_INPUT, "X0553", "no repository is fetched from there");
	error_line(err, "%s: %s", shown, why);
	return FALSE;
}

static char *repository_path(const exporter *x, const char *url)
{
	g_autofree char *name = digest_bytes(url, strlen(url));

	return g_build_filename(x->source->repositories, name, NULL);
}

/* libgit2 asks the same of the configuration's owner; here it is the folder. */
static gboolean is_ours(const char *path, GError **err)
{
	struct stat st;

	if (lstat(path, &st) != 0 || (S_ISDIR(st.st_mode) && st.st_uid == geteuid()))
		return TRUE;
	error_set(
		err, EXIT_HOST, "X0557", "the kept repository belongs to somebody else");
	error_line(err, "%s: owner %u, this is user %u", path, st.st_uid, geteuid());
	error_help(err, "remove it if you may; xorch opens its own only");
	return FALSE;
}

static git_repository *open_repository(exporter *x, const char *url, GError **err)
{
	g_autofree char *path = repository_path(x, url);
	git_repository *r = NULL;

	x->fresh = FALSE;
	if (!is_ours(path, err))
		return NULL;
	if (git_repository_open_ext(&r, path,
		    GIT_REPOSITORY_OPEN_BARE | GIT_REPOSITORY_OPEN_NO_SEARCH, NULL) == 0)
		return r;
	/* Not there, or broken: from nothing. */
	x->fresh = TRUE;
	if (!fs_remove_tree(path, err) || !fs_mkdir_p(path, 0700, err))
		return NULL;
	if (git_repository_init(&r, path, TRUE) == 0)
		return r;
	git_failed("make a repository", url, err);
	return NULL;
}

static gboolean fetch(
	exporter *x, git_repository *r, const char *url, const char *tag, GError **err)
{
	g_autoptr(git_remote) remote = NULL;
	g_autofree char *one =
		tag ? g_strdup_printf("+refs/tags/%s:refs/tags/%s", tag, tag) : NULL;
	char *all[] = {
		(char *)"+refs/heads/*:refs/heads/*", (char *)"+refs/tags/*:refs/tags/*"};
	git_strarray specs = {one ? &one : all, one ? 1 : 2};
	git_fetch_options o = GIT_FETCH_OPTIONS_INIT;

	o.callbacks.transfer_progress = on_transfer;
	o.callbacks.payload = x;
	o.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE;
	o.update_fetchhead = 0;
	o.proxy_opts.type = GIT_PROXY_AUTO;
	o.follow_redirects = GIT_REMOTE_REDIRECT_NONE;
	if (git_remote_create_anonymous(&remote, r, url) != 0 ||
		git_remote_fetch(remote, &specs, &o, NULL) != 0)
		return git_failed("fetch the repository", url, err);
	return TRUE;
}

/* ---- which commit ---- */

/* What lies in a kept repository and cannot be read looks as if it were not there: only
 * a repository just fetched whole tells that something is missing. */
static gboolean not_found(
	exporter *x, const char *what, const char *name, const char *url, GError **err)
{
	g_autofree char *shown = http_url_show(url);
	g_autofree char *path = repository_path(x, url);

	if (!x->fresh) {
		fs_remove_tree(path, NULL);
		error_set(err, EXIT_INTEGRITY, "X0554",
			"the kept repository has no %s %s", what, name);
		return FALSE;
	}
	error_set(err, EXIT_NETWORK, "X0551", "the repository has no %s %s", what, name);
	error_line(err, "from: %s", shown);
	error_help(err,
		"it must be reachable from a branch or tag there; was it removed, "
		"or is it of a fork?");
	return FALSE;
}

static gboolean tag_moved(
	const char *tag, const char *want, const char *got, GError **err)
{
	error_set(err, EXIT_INTEGRITY, "X0552", "tag %s is not the commit it should be",
		tag);
	error_line(err, "expected: %s", want);
	error_line(err, "     got: %s", got);
	error_note(err,
		"a tag can be moved by whoever owns the repository; nothing was used");
	return FALSE;
}

static git_commit *find_commit(git_repository *r, const char *hex)
{
	git_commit *c = NULL;
	git_oid id;

	return git_oid_fromstr(&id, hex) == 0 && git_commit_lookup(&c, r, &id) == 0
		       ? c
		       : NULL;
}

static git_commit *find_tag(git_repository *r, const char *tag)
{
	g_autofree char *name = g_strconcat("refs/tags/", tag, NULL);
	git_reference *ref = NULL;
	git_object *object = NULL;

	if (git_reference_lookup(&ref, r, name) == 0)
		git_reference_peel(&object, ref, GIT_OBJECT_COMMIT);
	git_reference_free(ref);
	return (git_commit *)object;
}

static char *commit_hex(git_commit *c)
{
	char hex[GIT_OID_HEXSZ + 1];

	return g_strdup(git_oid_tostr(hex, sizeof hex, git_commit_id(c)));
}

static git_commit *obtain_rev(
	exporter *x, git_repository *r, const char *url, const char *rev, GError **err)
{
	git_commit *c = find_commit(r, rev);

	if (c || !fetch(x, r, url, NULL, err))
		return c;
	c = find_commit(r, rev);
	if (!c)
		not_found(x, "commit", rev, url, err);
	return c;
}

static git_commit *obtain_tag(exporter *x, git_repository *r, GError **err)
{
	const git_source *s = x->source;
	g_autoptr(git_commit) c = NULL;

	if (!fetch(x, r, s->url, s->tag, err))
		return NULL;
	c = find_tag(r, s->tag);
	if (!c) {
		not_found(x, "tag", s->tag, s->url, err);
		return NULL;
	}
	g_autofree char *hex = commit_hex(c);
	if (s->expected && !g_str_equal(s->expected, hex)) {
		tag_moved(s->tag, s->expected, hex, err);
		return NULL;
	}
	return g_steal_pointer(&c);
}

/* ---- the files ---- */

static void list(
	exporter *x, const char *path, const char *kind, const void *data, gsize size)
{
	g_autofree char *hex = digest_bytes(data, size);

	digest_update(x->listing, path, strlen(path) + 1);
	digest_update(x->listing, kind, 1);
	digest_update(x->listing, hex, strlen(hex) + 1);
	x->count++;
}

static gboolean refuse_lfs(const char *path, GError **err)
{
	g_autofree char *shown = text_escape(path, -1);

	error_set(err, EXIT_INTEGRITY, "X0555",
		"a file of the source is not in the repository");
	error_line(err, "%s is a pointer of Git LFS", shown);
	error_help(err, "take a release archive (`url:` with sha256) that holds the file "
			"itself");
	return FALSE;
}

static gboolean write_blob(
	exporter *x, const char *path, git_filemode_t mode, git_blob *blob, GError **err)
{
	const char *data = git_blob_rawcontent(blob);
	gsize size = (gsize)git_blob_rawsize(blob);

	if (mode == GIT_FILEMODE_LINK) {
		g_autofree char *target = g_strndup(data, size);
		list(x, path, "l", data, size);
		return unpack_member(x->files, UNPACK_SYMLINK, path, target, 0777, err);
	}
	if (size < 1024 && size > strlen(LFS_HEAD) &&
		memcmp(data, LFS_HEAD, strlen(LFS_HEAD)) == 0)
		return refuse_lfs(path, err);
	gboolean runs = mode == GIT_FILEMODE_BLOB_EXECUTABLE;
	list(x, path, runs ? "x" : "f", data, size);
	return unpack_member(
		       x->files, UNPACK_FILE, path, NULL, runs ? 0755 : 0644, err) &&
	       unpack_write(x->files, data, size, err) &&
	       unpack_file_end(x->files, x->date, err);
}

static gboolean export_commit(exporter *x, git_repository *r, git_commit *c,
	const char *url, const char *prefix, int depth, GError **err);

static gboolean refuse_module(const char *path, const char *why, GError **err)
{
	g_autofree char *shown = text_escape(path, -1);

	error_set(err, EXIT_INTEGRITY, "X0556", "a submodule is refused");
	error_line(err, "path: %s", shown);
	error_note(err, "%s", why);
	return FALSE;
}

static gboolean export_module(exporter *x, const char *url, const git_module *m,
	const git_oid *id, const char *path, int depth, GError **err)
{
	g_autofree char *from = git_module_url(url, m->url, err);
	char hex[GIT_OID_HEXSZ + 1];

	if (!from)
		return FALSE;
	if (depth >= MAX_DEPTH)
		return refuse_module(
			path, "submodules are nested too deep, or in a circle", err);
	g_autoptr(git_repository) r = open_repository(x, from, err);
	git_oid_tostr(hex, sizeof hex, id);
	g_autoptr(git_commit) c = r ? obtain_rev(x, r, from, hex, err) : NULL;
	return c && export_commit(x, r, c, from, path, depth + 1, err);
}

static gboolean export_gitlink(exporter *x, const char *url, const GPtrArray *modules,
	const git_oid *id, const char *rel, const char *path, int depth, GError **err)
{
	if (!unpack_member(x->files, UNPACK_DIRECTORY, path, NULL, 0755, err))
		return FALSE;
	if (!x->source->submodules)
		return TRUE;
	for (guint i = 0; modules && i < modules->len; i++) {
		const git_module *m = g_ptr_array_index(modules, i);
		if (g_str_equal(m->path, rel))
			return export_module(x, url, m, id, path, depth, err);
	}
	return refuse_module(path, ".gitmodules does not say where it comes from", err);
}

typedef struct place_in {
	git_repository *repository;
	const char *url;
	const GPtrArray *modules;
	const char *prefix; /* of this repository in the export; "" */
	int depth;
} place_in;

static gboolean export_tree(exporter *x, const place_in *p, const git_oid *id,
	const char *rel, int level, GError **err);

static gboolean export_entry(exporter *x, const place_in *p, const git_tree_entry *e,
	const char *rel, int level, GError **err)
{
	const char *name = git_tree_entry_name(e);
	git_filemode_t mode = git_tree_entry_filemode(e);
	const git_oid *id = git_tree_entry_id(e);
	g_autofree char *inner =
		*rel ? g_strconcat(rel, "/", name, NULL) : g_strdup(name);
	g_autofree char *path =
		*p->prefix ? g_strconcat(p->prefix, "/", inner, NULL) : g_strdup(inner);
	git_blob *blob = NULL;

	if (git_name_is_special(name) || strchr(name, '/') || g_str_equal(name, "..")) {
		g_autofree char *shown = text_escape(path, -1);
		error_set(err, EXIT_INTEGRITY, "X0556",
			"a name in the repository is refused");
		error_line(err, "%s", shown);
		error_note(err, "git itself would not check it out");
		return FALSE;
	}
	if (mode == GIT_FILEMODE_TREE)
		return export_tree(x, p, id, inner, level + 1, err);
	if (mode == GIT_FILEMODE_COMMIT)
		return export_gitlink(
			x, p->url, p->modules, id, inner, path, p->depth, err);
	if (git_blob_lookup(&blob, p->repository, id) != 0)
		return git_failed("read the repository", p->url, err);
	gboolean ok = write_blob(x, path, mode, blob, err);
	git_blob_free(blob);
	return ok;
}

static gboolean export_tree(exporter *x, const place_in *p, const git_oid *id,
	const char *rel, int level, GError **err)
{
	git_tree *tree = NULL;
	gboolean ok = TRUE;

	if (level > 200)
		return refuse_module(rel, "folders are nested too deep", err);
	if (git_tree_lookup(&tree, p->repository, id) != 0)
		return git_failed("read the repository", p->url, err);
	tell(x, "writing files");
	for (size_t i = 0; ok && i < git_tree_entrycount(tree); i++)
		ok = export_entry(x, p, git_tree_entry_byindex(tree, i), rel, level, err);
	git_tree_free(tree);
	return ok;
}

/* .gitmodules of the commit; empty when there is none. */
static GPtrArray *read_modules(git_repository *r, git_commit *c, GError **err)
{
	git_tree *tree = NULL;
	git_blob *blob = NULL;
	GPtrArray *out;

	if (git_commit_tree(&tree, c) == 0) {
		const git_tree_entry *e = git_tree_entry_byname(tree, ".gitmodules");
		if (e && git_tree_entry_type(e) == GIT_OBJECT_BLOB)
			git_blob_lookup(&blob, r, git_tree_entry_id(e));
	}
	out = blob ? git_modules_parse(git_blob_rawcontent(blob),
			     MIN((gsize)git_blob_rawsize(blob), 1 << 20), err)
		   : g_ptr_array_new();
	git_blob_free(blob);
	git_tree_free(tree);
	return out;
}

static gboolean export_commit(exporter *x, git_repository *r, git_commit *c,
	const char *url, const char *prefix, int depth, GError **err)
{
	g_autoptr(GPtrArray) modules =
		x->source->submodules ? read_modules(r, c, err) : g_ptr_array_new();
	place_in p = {.repository = r,
		.url = url,
		.modules = modules,
		.prefix = prefix,
		.depth = depth};

	return modules &&
	       git_weight_check(r, git_commit_tree_id(c), MAX_BYTES, &x->weight, err) &&
	       export_tree(x, &p, git_commit_tree_id(c), "", 0, err);
}

/* ---- all of it ---- */

static void library_init(const char *home)
{
	static gsize ready;
	g_autofree char *xdg = home ? g_build_filename(home, ".config/git", NULL) : NULL;
	const struct {
		git_config_level_t level;
		const char *folder;
	} rows[] = {{GIT_CONFIG_LEVEL_SYSTEM, home ? "/etc" : ""},
		{GIT_CONFIG_LEVEL_XDG, home ? xdg : ""},
		{GIT_CONFIG_LEVEL_GLOBAL, home ? home : ""},
		{GIT_CONFIG_LEVEL_PROGRAMDATA, ""}};

	if (!g_once_init_enter(&ready))
		return;
	git_libgit2_init();
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
		git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, rows[i].level, rows[i].folder);
	git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 1);
	git_libgit2_opts(GIT_OPT_ENABLE_STRICT_OBJECT_CREATION, 1);
	git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 1);
	g_once_init_leave(&ready, 1);
}

static gboolean export_in(exporter *x, git_result *out, GError **err)
{
	const git_source *s = x->source;
	static const archive_policy policy = {.max_bytes = MAX_BYTES};
	g_autoptr(git_repository) r = open_repository(x, s->url, err);
	g_autoptr(git_commit) c = NULL;

	if (r)
		c = s->rev ? obtain_rev(x, r, s->url, s->rev, err)
			   : obtain_tag(x, r, err);
	if (!c)
		return FALSE;
	x->date = git_commit_time(c);
	x->files = unpack_new(s->dest, &policy, "the repository", MAX_BYTES, err);
	if (!x->files || !export_commit(x, r, c, s->url, "", 0, err) ||
		!unpack_finish(x->files, NULL, err))
		return FALSE;
	out->commit = commit_hex(c);
	out->date = x->date;
	out->files = x->count;
	out->tree = digest_finish(x->listing);
	return TRUE;
}

gboolean git_source_export(const git_source *s, git_result *out, GError **err)
{
	exporter x = {.source = s, .listing = digest_new()};

	library_init(s->home);
	memset(out, 0, sizeof *out);
	gboolean ok = url_is_allowed(s->url, err) && export_in(&x, out, err);
	/* What is damaged is fetched whole the next time. */
	if (!ok && err && *err && strstr((*err)->message, "[X0554]")) {
		g_autofree char *path = repository_path(&x, s->url);
		fs_remove_tree(path, NULL);
	}
	unpack_free(x.files);
	digest_free(x.listing);
	return ok;
}
