#include "format/git_changes.h"
#include "base/error.h"
#include "format/git_history.h"
#include "format/git_parts.h"
#include <string.h>

struct git_base {
	const repo_tree *tree;
	git_tree *head;	      /* of the commit checked out */
	GPtrArray *ancestors; /* git_tree * */
	git_index *index;
	GPtrArray *changes;  /* git_change *, by path once compared */
	GHashTable *by_path; /* path -> git_change * */
};

static const char *reason(void)
{
	const git_error *e = git_error_last();

	return e && e->message ? e->message : "no reason given";
}

static gboolean unreadable(GError **err, const repo_tree *t, const char *what)
{
	g_autofree char *why = text_escape(reason(), -1);

	error_set(err, EXIT_INPUT, "X0320", "what changed cannot be asked of git");
	error_line(err, "%s: %s: %s", t->top, what, why);
	return FALSE;
}

repo_tree *git_changes_tree(const char *folder, GError **err)
{
	repo_tree *t = repo_tree_open(folder);

	if (t)
		return t;
	g_autofree char *shown = g_canonicalize_filename(folder, NULL);
	g_autofree char *why = text_escape(reason(), -1);
	error_set(err, EXIT_INPUT, "X0320", "what changed cannot be asked of git");
	error_line(err, "%s: %s", shown, why);
	if (strstr(why, "owned by"))
		error_help(err,
			"`git config --global --add safe.directory DIR` says that a work "
			"tree of another user, as in many containers, is trusted");
	else
		error_help(err, "--changed-since works inside a git work tree");
	return NULL;
}

/* ---- the commit to compare with ---- */

static gboolean is_hex(const char *ref)
{
	return strlen(ref) == GIT_OID_HEXSZ &&
	       strspn(ref, "0123456789abcdef") == GIT_OID_HEXSZ;
}

/* "origin/main" where there is a remote `origin`: the part after it, else NULL. */
static const char *branch_of_remote(const repo_tree *t, const char *ref, char **remote)
{
	const char *slash = strchr(ref, '/');
	git_remote *found = NULL;

	if (!slash || !slash[1])
		return NULL;
	g_autofree char *name = g_strndup(ref, (gsize)(slash - ref));
	if (git_remote_lookup(&found, t->repository, name) != 0)
		return NULL;
	git_remote_free(found);
	*remote = g_steal_pointer(&name);
	return slash + 1;
}

gboolean git_base_refspec(
	const repo_tree *t, const char *ref, char **remote, char **refspec)
{
	const char *branch = branch_of_remote(t, ref, remote);
	g_autofree char *name = branch ? g_strconcat("refs/heads/", branch, NULL) : NULL;
	int valid = 0;

	if (is_hex(ref)) {
		*remote = g_strdup("origin");
		*refspec = g_strdup(ref);
		return TRUE;
	}
	if (!name || git_reference_name_is_valid(&valid, name) != 0 || !valid) {
		g_clear_pointer(remote, g_free);
		return FALSE;
	}
	*refspec = g_strdup_printf("+%s:refs/remotes/%s/%s", name, *remote, branch);
	return TRUE;
}

gboolean git_base_shallow(const repo_tree *t)
{
	return git_repository_is_shallow(t->repository) == 1;
}

static void hint_to_fetch(const repo_tree *t, const char *ref, GError **err)
{
	g_autofree char *shown = text_escape(ref, -1);
	g_autofree char *remote = NULL;
	const char *branch = branch_of_remote(t, shown, &remote);

	if (is_hex(ref) && strspn(ref, "0") == GIT_OID_HEXSZ)
		error_help(err,
			"CI gives this for a branch that was not there before: compare "
			"with the branch it goes to, --changed-since origin/main");
	else if (branch)
		error_help(err,
			"fetch it: --fetch-base, or git fetch %s %s:refs/remotes/%s/%s",
			remote, branch, remote, branch);
	else if (is_hex(ref))
		error_help(err, "fetch it: --fetch-base, or git fetch origin %s", shown);
	else
		error_help(err,
			"`git rev-parse %s` must name a commit; of a branch of "
			"the server: origin/%s, after `git fetch origin`",
			shown, shown);
}

static void hint_of_clone(const repo_tree *t, GError **err)
{
	if (!git_base_shallow(t))
		return;
	error_note(err, "this clone is shallow: it holds only the newest commits");
	error_help(err,
		"--fetch-base fetches the rest, as `git fetch --unshallow` does; on "
		"GitHub actions/checkout with `fetch-depth: 0`, on GitLab the variable "
		"`GIT_DEPTH: 0`");
}

static gboolean find_commit(
	const repo_tree *t, const char *ref, git_oid *out, GError **err)
{
	git_object *object = NULL, *commit = NULL;
	gboolean ok = *ref && git_revparse_single(&object, t->repository, ref) == 0 &&
		      git_object_peel(&commit, object, GIT_OBJECT_COMMIT) == 0;

	if (ok) {
		*out = *git_object_id(commit);
	} else {
		g_autofree char *shown = text_escape(ref, -1);
		error_set(
			err, EXIT_INPUT, "X0321", "there is no commit `%s` here", shown);
		error_line(err, "%s", t->top);
		hint_to_fetch(t, ref, err);
		hint_of_clone(t, err);
	}
	git_object_free(object);
	git_object_free(commit);
	return ok;
}

static git_tree *tree_of(const repo_tree *t, const git_oid *id)
{
	git_commit *commit = NULL;
	git_tree *tree = NULL;

	if (git_commit_lookup(&commit, t->repository, id) == 0)
		git_commit_tree(&tree, commit);
	git_commit_free(commit);
	return tree;
}

static gboolean find_ancestors(git_base *b, const git_oid *head, const git_oid *other,
	const char *ref, GError **err)
{
	gboolean cut = FALSE;
	g_autoptr(GArray) bases =
		git_history_bases(b->tree->repository, head, other, &cut, err);

	if (!bases)
		return FALSE;
	for (guint i = 0; i < bases->len; i++) {
		git_tree *tree = tree_of(b->tree, &g_array_index(bases, git_oid, i));
		if (!tree)
			return unreadable(err, b->tree, "the common ancestor");
		g_ptr_array_add(b->ancestors, tree);
	}
	if (bases->len)
		return TRUE;
	g_autofree char *shown = text_escape(ref, -1);
	error_set(err, EXIT_INPUT, "X0322", "`%s` and HEAD have no commit in common",
		shown);
	error_line(err, "%s", b->tree->top);
	if (cut)
		hint_of_clone(b->tree, err);
	else
		error_help(err, "is this the branch that HEAD came from?");
	return FALSE;
}

static void change_free(gpointer data)
{
	git_change *c = data;

	g_free(c->path);
	g_free(c->from);
	g_free(c);
}

/* Named by the macro that the lazy library makes of it, which is no function. */
static void tree_free(gpointer tree)
{
	git_tree_free(tree);
}

static gboolean find_head(git_base *b, git_oid *out, GError **err)
{
	git_oid id;

	if (git_reference_name_to_id(&id, b->tree->repository, "HEAD") != 0) {
		error_set(err, EXIT_INPUT, "X0321", "this branch has no commit yet");
		error_line(err, "%s", b->tree->top);
		return FALSE;
	}
	*out = id;
	b->head = tree_of(b->tree, &id);
	return b->head || unreadable(err, b->tree, "HEAD");
}

git_base *git_base_find(const repo_tree *t, const char *ref, GError **err)
{
	g_autoptr(git_base) b = g_new0(git_base, 1);
	git_oid head, other;

	b->tree = t;
	b->ancestors = g_ptr_array_new_with_free_func(tree_free);
	b->changes = g_ptr_array_new_with_free_func(change_free);
	b->by_path = g_hash_table_new(g_str_hash, g_str_equal);
	if (!find_head(b, &head, err) || !find_commit(t, ref, &other, err) ||
		!find_ancestors(b, &head, &other, ref, err))
		return NULL;
	if (git_repository_index(&b->index, t->repository) != 0) {
		unreadable(err, t, "its index");
		return NULL;
	}
	return g_steal_pointer(&b);
}

void git_base_free(git_base *b)
{
	if (!b)
		return;
	g_clear_pointer(&b->ancestors, g_ptr_array_unref);
	g_clear_pointer(&b->by_path, g_hash_table_unref);
	g_clear_pointer(&b->changes, g_ptr_array_unref);
	if (b->head)
		git_tree_free(b->head);
	if (b->index)
		git_index_free(b->index);
	g_free(b);
}

/* ---- the comparison ---- */

static git_change *change_at(git_base *b, const char *path, unsigned where)
{
	gsize len = strlen(path);
	/* a repository inside that git knows nothing of ends in a slash */
	g_autofree char *name = g_strndup(path, len - (len && path[len - 1] == '/'));
	git_change *c = g_hash_table_lookup(b->by_path, name);

	if (!c) {
		c = g_new0(git_change, 1);
		c->path = g_steal_pointer(&name);
		g_ptr_array_add(b->changes, c);
		g_hash_table_insert(b->by_path, c->path, c);
	}
	c->where |= where;
	return c;
}

static void take_delta(git_base *b, const git_diff_delta *d, unsigned where)
{
	git_change *c;

	switch (d->status) {
	case GIT_DELTA_UNMODIFIED:
	case GIT_DELTA_IGNORED:
		break;
	case GIT_DELTA_RENAMED:
		change_at(b, d->old_file.path, where)->gone = TRUE;
		c = change_at(b, d->new_file.path, where);
		c->gone = FALSE;
		g_free(c->from);
		c->from = g_strdup(d->old_file.path);
		break;
	case GIT_DELTA_DELETED:
		change_at(b, d->old_file.path, where)->gone = TRUE;
		break;
	case GIT_DELTA_UNTRACKED:
	case GIT_DELTA_ADDED:
		if (d->status == GIT_DELTA_UNTRACKED)
			where = GIT_WHERE_UNTRACKED;
		c = change_at(b, d->new_file.path, where);
		c->added |= c->where == where; /* not taken away before */
		c->gone = FALSE;
		break;
	default: /* of a conflict the new side may be the one that is missing */
		c = change_at(
			b, d->new_file.path ? d->new_file.path : d->old_file.path, where);
		c->gone = FALSE;
	}
}

/* Takes the diff. Renames are found by equal contents alone: that reads no file, and one
 * that was edited too is new as much as renamed. */
static gboolean take_diff(git_base *b, git_diff *diff, int failed, unsigned where,
	const char *what, GError **err)
{
	git_diff_find_options exact = GIT_DIFF_FIND_OPTIONS_INIT;

	exact.flags = GIT_DIFF_FIND_RENAMES | GIT_DIFF_FIND_EXACT_MATCH_ONLY;
	if (!failed && where == GIT_WHERE_COMMITTED)
		failed = git_diff_find_similar(diff, &exact);
	for (size_t i = 0; !failed && i < git_diff_num_deltas(diff); i++)
		take_delta(b, git_diff_get_delta(diff, i), where);
	git_diff_free(diff);
	return !failed || unreadable(err, b->tree, what);
}

static int by_path(gconstpointer a, gconstpointer b)
{
	const git_change *one = *(git_change *const *)a, *other = *(git_change *const *)b;

	return strcmp(one->path, other->path);
}

/* Of a path in a submodule git knows the submodule alone. New array: the paths, and the
 * submodules above them. */
static GPtrArray *with_submodules(const git_base *b, const char *const *paths)
{
	GPtrArray *all = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GHashTable) seen =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (; *paths; paths++) {
		g_ptr_array_add(all, g_strdup(*paths));
		for (const char *p = *paths; (p = strchr(p, '/')); p++) {
			char *above = g_strndup(*paths, (gsize)(p - *paths));
			const git_index_entry *e =
				g_hash_table_contains(seen, above)
					? NULL
					: git_index_get_bypath(b->index, above, 0);
			if (e && e->mode == GIT_FILEMODE_COMMIT)
				g_ptr_array_add(all, g_strdup(above));
			g_hash_table_add(seen, above);
		}
	}
	return all;
}

gboolean git_base_compare(git_base *b, const char *const *paths, GError **err)
{
	git_repository *r = b->tree->repository;
	g_autoptr(GPtrArray) all = with_submodules(b, paths);
	git_diff_options some = GIT_DIFF_OPTIONS_INIT;
	git_diff_options any = GIT_DIFF_OPTIONS_INIT;
	gboolean ok = TRUE;
	int failed;

	if (!*paths)
		return TRUE;
	any.flags = GIT_DIFF_INCLUDE_TYPECHANGE | GIT_DIFF_SKIP_BINARY_CHECK;
	some.flags = any.flags | GIT_DIFF_DISABLE_PATHSPEC_MATCH |
		     GIT_DIFF_INCLUDE_UNTRACKED | GIT_DIFF_RECURSE_UNTRACKED_DIRS;
	some.pathspec.strings = (char **)all->pdata;
	/* The top itself: then everything, which is what an empty list stands for. */
	some.pathspec.count = g_strv_contains(paths, "") ? 0 : all->len;
	/* Trees that are the same are not entered, so all of them may be asked; then the
	 * old name of a file is found wherever it was. */
	for (guint i = 0; ok && i < b->ancestors->len; i++) {
		git_diff *diff = NULL;
		failed = git_diff_tree_to_tree(
			&diff, r, g_ptr_array_index(b->ancestors, i), b->head, &any);
		ok = take_diff(b, diff, failed, GIT_WHERE_COMMITTED, "its trees", err);
	}
	if (ok) {
		git_diff *diff = NULL;
		failed = git_diff_tree_to_index(&diff, r, b->head, b->index, &some);
		ok = take_diff(b, diff, failed, GIT_WHERE_STAGED, "its index", err);
	}
	if (ok) {
		git_diff *diff = NULL;
		failed = git_diff_index_to_workdir(&diff, r, b->index, &some);
		ok = take_diff(
			b, diff, failed, GIT_WHERE_WORK_TREE, "the work tree", err);
	}
	g_ptr_array_sort(b->changes, by_path);
	return ok;
}

/* Index of the first change at or after the path. */
static guint first_from(const git_base *b, const char *path)
{
	guint from = 0, to = b->changes->len;

	while (from < to) {
		guint mid = from + (to - from) / 2;
		const git_change *c = g_ptr_array_index(b->changes, mid);
		if (strcmp(c->path, path) < 0)
			from = mid + 1;
		else
			to = mid;
	}
	return from;
}

static const git_change *change_below(const git_base *b, const char *path)
{
	g_autofree char *folder = g_strconcat(path, "/", NULL);
	guint n = first_from(b, folder);
	const git_change *c =
		n < b->changes->len ? g_ptr_array_index(b->changes, n) : NULL;

	return c && g_str_has_prefix(c->path, folder) ? c : NULL;
}

static const git_change *change_above(const git_base *b, const char *path)
{
	for (const char *p = path; (p = strchr(p, '/')); p++) {
		g_autofree char *above = g_strndup(path, (gsize)(p - path));
		const git_change *c = g_hash_table_lookup(b->by_path, above);
		if (c)
			return c;
	}
	return NULL;
}

static gboolean is_tracked(const git_base *b, const char *path)
{
	if (git_index_get_bypath(b->index, path, 0))
		return TRUE;
	for (const char *p = path; (p = strchr(p, '/')); p++) {
		g_autofree char *above = g_strndup(path, (gsize)(p - path));
		const git_index_entry *e = git_index_get_bypath(b->index, above, 0);
		if (e && e->mode == GIT_FILEMODE_COMMIT)
			return TRUE; /* in a submodule, which answers for it */
	}
	return FALSE;
}

const git_change *git_base_change(git_base *b, const char *path, gboolean exists)
{
	if (!*path)
		return b->changes->len ? g_ptr_array_index(b->changes, 0) : NULL;
	const git_change *c = g_hash_table_lookup(b->by_path, path);
	if (!c)
		c = change_below(b, path);
	if (!c)
		c = change_above(b, path);
	if (c || !exists || is_tracked(b, path))
		return c;
	git_change *unknown = g_new0(git_change, 1);
	unknown->path = g_strdup(path);
	unknown->where = GIT_WHERE_UNKNOWN;
	g_ptr_array_add(b->changes, unknown);
	g_hash_table_insert(b->by_path, unknown->path, unknown);
	g_ptr_array_sort(b->changes, by_path);
	return unknown;
}
