#include "cli/update_recipe.h"
#include "base/error.h"
#include "base/fault.h"
#include "base/fs.h"
#include "build/source_kind.h"
#include "cli/build_items.h"
#include "cli/output.h"
#include "plan/recipe_raise.h"
#include <glib/gstdio.h>
#include <string.h>

#define RECIPE_MAX (1 << 20)
#define LOCK_MAX (64 << 20)

static char *read_text(const char *path, gsize *len, GError **err)
{
	g_autoptr(GBytes) bytes = fs_read(path, RECIPE_MAX, err);
	const char *data = bytes ? g_bytes_get_data(bytes, len) : NULL;

	return bytes ? g_strndup(data ? data : "", *len) : NULL;
}

static recipe *parse(const recipe *old, const char *text, GError **err)
{
	g_autoptr(diag_list) l = diag_list_new();
	recipe *r = recipe_parse(old->path, old->dir, text, strlen(text), l);

	if (r && diag_list_to_error(l, err))
		return r;
	if (!r)
		diag_list_to_error(l, err);
	recipe_free(r);
	return NULL;
}

/* The items of the new recipe, locked; the lock's text stays in the source. */
static gboolean lock_items(const options *o, const build_context *c, selection *s,
	item_source *source, gboolean *shown, GError **err)
{
	options renew = *o;
	int code = EXIT_INPUT;

	renew.renew = TRUE;
	source->hold_lock = TRUE;
	if (!selection_make_of(&renew, c, source, s, &code, err)) {
		*shown = !err || !*err;
		if (*shown)
			error_set(err, code, NULL, "its items could not be made");
		return FALSE;
	}
	if (!build_items_lock(c, &renew, s, err))
		return FALSE;
	for (guint n = 0; n < s->items->len; n++) {
		const item *i = g_ptr_array_index(s->items, n);
		if (i->state != ITEM_FAILED || !i->error)
			continue;
		*shown = TRUE;
		g_propagate_error(err, g_error_copy(i->error));
		return FALSE;
	}
	return TRUE;
}

static char *with_hashes(const item_source *source, const char *text, GError **err)
{
	const recipe *r = source->recipe;
	g_autoptr(GPtrArray) locked = g_ptr_array_new();

	for (guint n = 0; n < r->sources->len; n++)
		g_ptr_array_add(locked,
			source_locked(source->lock, g_ptr_array_index(r->sources, n)));
	return recipe_raise_hashes(r, text, strlen(text), locked, err);
}

/* The lock as it was, on the disk; `old` NULL: there was none. */
static gboolean put_back(const char *path, GBytes *old)
{
	gsize size;

	if (!old)
		return g_unlink(path) == 0;
	const char *data = g_bytes_get_data(old, &size);
	return fs_write_atomic(path, data ? data : "", size, 0644, NULL);
}

/* Both or none. The lock comes first: a recipe of the old version is one that the next
 * update raises. */
static gboolean replace(const item_source *source, const char *before, gsize len,
	const char *text, GError **err)
{
	const char *path = source->recipe->path, *lock = source->lock->path;
	g_autoptr(GBytes) old = NULL;
	gsize now_len;
	g_autofree char *now = read_text(path, &now_len, err);

	if (!now)
		return FALSE;
	if (now_len != len || memcmp(now, before, len) != 0) {
		error_set(
			err, EXIT_HOST, "X0348", "%s was changed in the meantime", path);
		error_help(err, "nothing was written; run it again");
		return FALSE;
	}
	if (!source->lock_text)
		return fs_rewrite(path, text, strlen(text), err);
	if (g_file_test(lock, G_FILE_TEST_EXISTS) &&
		!(old = fs_read(lock, LOCK_MAX, err)))
		return FALSE;
	if (!fs_write_atomic(
		    lock, source->lock_text, strlen(source->lock_text), 0644, err))
		return FALSE;
	fault_point("update");
	if (fs_rewrite(path, text, strlen(text), err))
		return TRUE;
	if (!put_back(lock, old))
		error_note(err, "and %s could not be put back", lock);
	return FALSE;
}

static gboolean raise_one(const options *o, const build_context *c, upkeep *u,
	gboolean *shown, GError **err)
{
	const recipe *old = u->recipe;
	gboolean tagged = u->taken && u->taken->tag;
	recipe_raise to = {.version = u->to,
		.tag = tagged ? u->taken->tag : NULL,
		.commit = tagged ? u->taken->commit : NULL,
		.tagged = tagged ? u->find.source : NULL};
	g_auto(selection) s = {0};
	gsize len;

	g_autofree char *before = read_text(old->path, &len, err);
	g_autofree char *text =
		before ? recipe_raise_text(old, before, len, &to, err) : NULL;
	recipe *new_recipe = text ? parse(old, text, err) : NULL;
	if (!new_recipe)
		return FALSE;
	recipe_raise_forget(new_recipe, old);
	item_source *source = item_source_new(new_recipe, err);
	if (!source || !lock_items(o, c, &s, source, shown, err))
		return FALSE;
	g_autofree char *whole = with_hashes(source, text, err);
	g_autoptr(recipe) check = whole ? parse(old, whole, err) : NULL;
	return check && replace(source, before, len, whole, err);
}

gboolean update_recipe(const options *o, const build_context *c, upkeep *u,
	gboolean *shown, GError **err)
{
	GError *problem = NULL;

	*shown = FALSE;
	if (raise_one(o, c, u, shown, &problem))
		return TRUE;
	error_note(&problem, "recipe and lock are as they were");
	g_propagate_error(err, problem);
	return FALSE;
}
