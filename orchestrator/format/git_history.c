#include "format/git_history.h"
#include "base/error.h"
#include <lazy/git2.h>
#include <string.h>

/* As git does it: colours run down from both commits, the youngest first, until all that
 * is left to look at is behind a common ancestor. */
enum {
	OF_ONE = 1 << 0,
	OF_OTHER = 1 << 1,
	STALE = 1 << 2, /* an ancestor of a common one: no best one */
	RESULT = 1 << 3,
	QUEUED = 1 << 4,
};

typedef struct commit {
	git_oid id;
	git_time_t time;
	unsigned flags;
	gboolean read;
	GPtrArray *parents; /* commit *, borrowed */
} commit;

typedef struct walk {
	git_repository *repository;
	GHashTable *commits; /* git_oid * (in the commit) -> commit * */
	GHashTable *cut;     /* ids of a shallow clone's oldest commits; or NULL */
	GSequence *queue;    /* commit *, the youngest first */
	guint fresh;	     /* of the queue: those not STALE */
	gboolean reached_cut;
} walk;

static guint oid_hash(gconstpointer key)
{
	guint hash;

	memcpy(&hash, key, sizeof hash);
	return hash;
}

static gboolean oid_equal(gconstpointer a, gconstpointer b)
{
	return memcmp(a, b, sizeof(git_oid)) == 0;
}

static void commit_free(gpointer data)
{
	commit *c = data;

	g_clear_pointer(&c->parents, g_ptr_array_unref);
	g_free(c);
}

static commit *commit_of(walk *w, const git_oid *id)
{
	commit *c = g_hash_table_lookup(w->commits, id);

	if (c)
		return c;
	c = g_new0(commit, 1);
	c->id = *id;
	c->parents = g_ptr_array_new();
	g_hash_table_insert(w->commits, &c->id, c);
	return c;
}

static gboolean commit_read(walk *w, commit *c, GError **err)
{
	git_commit *object = NULL;
	char hex[GIT_OID_HEXSZ + 1];

	if (c->read)
		return TRUE;
	if (git_commit_lookup(&object, w->repository, &c->id) != 0) {
		const git_error *e = git_error_last();
		g_autofree char *why =
			text_escape(e && e->message ? e->message : "not there", -1);
		git_oid_tostr(hex, sizeof hex, &c->id);
		error_set(err, EXIT_INPUT, "X0322", "the history cannot be followed");
		error_line(err, "commit %s: %s", hex, why);
		error_help(err, "`git fsck` tells whether the repository is damaged");
		return FALSE;
	}
	c->time = git_commit_time(object);
	gboolean cut = w->cut && g_hash_table_contains(w->cut, &c->id);
	for (unsigned i = 0; !cut && i < git_commit_parentcount(object); i++)
		g_ptr_array_add(
			c->parents, commit_of(w, git_commit_parent_id(object, i)));
	w->reached_cut |= cut;
	c->read = TRUE;
	git_commit_free(object);
	return TRUE;
}

static int youngest_first(gconstpointer a, gconstpointer b, gpointer data)
{
	const commit *one = a, *other = b;

	(void)data;
	return one->time == other->time ? 0 : one->time > other->time ? -1 : 1;
}

/* Adds colours, and queues the commit unless it is there. */
static gboolean paint(walk *w, commit *c, unsigned flags, GError **err)
{
	gboolean queued = c->flags & QUEUED, was_stale = c->flags & STALE;

	if (!commit_read(w, c, err))
		return FALSE;
	c->flags |= flags | QUEUED;
	if (!queued)
		g_sequence_insert_sorted(w->queue, c, youngest_first, NULL);
	gboolean counted = queued && !was_stale, counts = !(c->flags & STALE);
	w->fresh += counts - counted;
	return TRUE;
}

static commit *take(walk *w)
{
	GSequenceIter *first = g_sequence_get_begin_iter(w->queue);
	commit *c = g_sequence_get(first);

	g_sequence_remove(first);
	c->flags &= ~QUEUED;
	w->fresh -= !(c->flags & STALE);
	return c;
}

static gboolean run(walk *w, GPtrArray *results, GError **err)
{
	while (w->fresh) {
		commit *c = take(w);
		unsigned flags = c->flags & (OF_ONE | OF_OTHER | STALE);
		if (flags == (OF_ONE | OF_OTHER)) {
			if (!(c->flags & RESULT))
				g_ptr_array_add(results, c);
			c->flags |= RESULT;
			flags |= STALE;
		}
		for (guint i = 0; i < c->parents->len; i++) {
			commit *parent = g_ptr_array_index(c->parents, i);
			if ((parent->flags & flags) != flags &&
				!paint(w, parent, flags, err))
				return FALSE;
		}
	}
	return TRUE;
}

/* Is `to` an ancestor of `from`? Clocks that went wrong make the walk above see an
 * ancestor first. */
static gboolean reaches(walk *w, commit *from, const commit *to)
{
	g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
	g_autoptr(GPtrArray) todo = g_ptr_array_new();

	g_ptr_array_add(todo, from);
	while (todo->len) {
		commit *c = g_ptr_array_remove_index_fast(todo, todo->len - 1);
		if (!commit_read(w, c, NULL))
			continue;
		for (guint i = 0; i < c->parents->len; i++) {
			commit *parent = g_ptr_array_index(c->parents, i);
			if (parent == to)
				return TRUE;
			if (g_hash_table_add(seen, parent))
				g_ptr_array_add(todo, parent);
		}
	}
	return FALSE;
}

static GArray *best_of(walk *w, const GPtrArray *results)
{
	g_autoptr(GPtrArray) fresh = g_ptr_array_new();
	GArray *out = g_array_new(FALSE, FALSE, sizeof(git_oid));

	for (guint i = 0; i < results->len; i++) {
		commit *c = g_ptr_array_index(results, i);
		if (!(c->flags & STALE))
			g_ptr_array_add(fresh, c);
	}
	for (guint i = 0; i < fresh->len; i++) {
		const commit *c = g_ptr_array_index(fresh, i);
		gboolean best = TRUE;
		for (guint j = 0; best && j < fresh->len; j++)
			best = i == j || !reaches(w, g_ptr_array_index(fresh, j), c);
		if (best)
			g_array_append_val(out, c->id);
	}
	return out;
}

/* The file `shallow` of the repository: a commit id a line. */
static GHashTable *cut_read(git_repository *r)
{
	g_autofree char *path =
		g_build_filename(git_repository_commondir(r), "shallow", NULL);
	g_autofree char *text = NULL;

	if (!g_file_get_contents(path, &text, NULL, NULL))
		return NULL;
	GHashTable *cut = g_hash_table_new_full(oid_hash, oid_equal, g_free, NULL);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	for (char **line = lines; *line; line++) {
		git_oid id;
		if (strlen(*line) == GIT_OID_HEXSZ && git_oid_fromstr(&id, *line) == 0)
			g_hash_table_add(cut, g_memdup2(&id, sizeof id));
	}
	return cut;
}

GArray *git_history_bases(git_repository *r, const git_oid *one, const git_oid *other,
	gboolean *shallow, GError **err)
{
	walk w = {.repository = r,
		.commits = g_hash_table_new_full(oid_hash, oid_equal, NULL, commit_free),
		.cut = cut_read(r),
		.queue = g_sequence_new(NULL)};
	g_autoptr(GPtrArray) results = g_ptr_array_new();
	GArray *out = NULL;

	if (paint(&w, commit_of(&w, one), OF_ONE, err) &&
		paint(&w, commit_of(&w, other), OF_OTHER, err) && run(&w, results, err))
		out = best_of(&w, results);
	*shallow = w.reached_cut;
	g_sequence_free(w.queue);
	g_hash_table_unref(w.commits);
	g_clear_pointer(&w.cut, g_hash_table_unref);
	return out;
}
