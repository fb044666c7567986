#include "plan/lock_cut.h"
#include "base/instant.h"
#include <string.h>

static gboolean is_of_index(const lock_source *s)
{
	return g_str_equal(s->kind, "pypi");
}

static gboolean has_any(const recipe_lock *lock)
{
	for (guint i = 0; i < lock->sources->len; i++)
		if (is_of_index(g_ptr_array_index(lock->sources, i)))
			return TRUE;
	return lock->environments->len > 0;
}

void lock_cut_add(recipe_lock *lock, gint64 cut)
{
	gint64 now = lock->exclude_newer ? instant_parse(lock->exclude_newer) : -1;
	gboolean any = has_any(lock);

	/* One file of unknown age, and nothing can be said of the whole. */
	if (cut && any && now < 0)
		return;
	g_free(lock->exclude_newer);
	lock->exclude_newer = cut ? instant_text(any ? MAX(cut, now) : cut) : NULL;
}

gboolean lock_cut_holds(const recipe_lock *lock, gint64 cut)
{
	return !has_any(lock) ||
	       (lock->exclude_newer && instant_parse(lock->exclude_newer) <= cut);
}

void lock_cut_forget(recipe_lock *lock)
{
	for (guint i = lock->sources->len; i-- > 0;)
		if (is_of_index(g_ptr_array_index(lock->sources, i)))
			g_ptr_array_remove_index(lock->sources, i);
	g_ptr_array_set_size(lock->environments, 0);
	g_clear_pointer(&lock->exclude_newer, g_free);
}

const char *lock_check_instant(const char *text)
{
	return instant_parse(text) >= 0 ? NULL : "wants a time: 2026-11-01T10:00:00Z";
}
