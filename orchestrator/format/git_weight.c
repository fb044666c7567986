#include "format/git_weight.h"
#include "base/error.h"

#define LEVELS 200
/* More than are unpacked (format/unpack.h): then that is what is told. */
#define ENTRIES 1000000

typedef struct weighing {
	git_repository *repository;
	git_odb *objects;
	guint64 max, *bytes;
	guint entries;
} weighing;

static gboolean is_over(const weighing *w)
{
	return *w->bytes > w->max || w->entries > ENTRIES;
}

static void weigh_tree(weighing *w, const git_oid *id, int level)
{
	git_tree *tree = NULL;

	if (level > LEVELS || git_tree_lookup(&tree, w->repository, id) != 0)
		return;
	for (size_t i = 0; i < git_tree_entrycount(tree) && !is_over(w); i++) {
		const git_tree_entry *e = git_tree_entry_byindex(tree, i);
		git_filemode_t mode = git_tree_entry_filemode(e);
		git_object_t type;
		size_t size;
		w->entries++;
		if (mode == GIT_FILEMODE_TREE)
			weigh_tree(w, git_tree_entry_id(e), level + 1);
		else if (mode != GIT_FILEMODE_COMMIT &&
			 git_odb_read_header(
				 &size, &type, w->objects, git_tree_entry_id(e)) == 0)
			*w->bytes += size;
	}
	git_tree_free(tree);
}

gboolean git_weight_check(
	git_repository *r, const git_oid *tree, guint64 max, guint64 *bytes, GError **err)
{
	weighing w = {.repository = r, .max = max, .bytes = bytes};

	if (git_repository_odb(&w.objects, r) != 0)
		return TRUE;
	weigh_tree(&w, tree, 0);
	git_odb_free(w.objects);
	if (*bytes <= max)
		return TRUE;
	error_set(err, EXIT_INTEGRITY, "X0621",
		"the repository is refused: its files are more than %" G_GUINT64_FORMAT
		" MiB",
		max >> 20);
	error_note(err, "none of them was written");
	return FALSE;
}
