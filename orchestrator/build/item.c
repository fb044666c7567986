#include "build/item.h"
#include "base/error.h"
#include "format/pep440.h"
#include <string.h>

typedef struct kept {
	void *data;
	GDestroyNotify free;
} kept;

static void kept_free(void *data)
{
	kept *k = data;

	k->free(k->data);
	g_free(k);
}

void item_source_keep(item_source *s, void *data, GDestroyNotify free_data)
{
	kept *k = g_new(kept, 1);

	*k = (kept){data, free_data};
	g_mutex_lock(&s->mutex);
	g_ptr_array_add(s->keep, k);
	g_mutex_unlock(&s->mutex);
}

gboolean item_source_reload_lock(item_source *s, GError **err)
{
	g_autofree char *path = recipe_lock_path(s->recipe->path);
	GError *problem = NULL;
	recipe_lock *lock = recipe_lock_load(path, &problem);

	if (problem) {
		g_propagate_error(err, problem);
		return FALSE;
	}
	g_clear_pointer(&s->lock_text, g_free);
	if (s->lock)
		recipe_lock_free(s->lock);
	s->lock = lock;
	if (lock)
		s->lock_text = recipe_lock_text(lock);
	else
		s->lock = recipe_lock_new(
			path, s->recipe->package.name, s->recipe->package.version);
	return TRUE;
}

item_source *item_source_new(recipe *r, GError **err)
{
	g_autoptr(item_source) s = g_new0(item_source, 1);

	g_mutex_init(&s->mutex);
	s->keep = g_ptr_array_new_with_free_func(kept_free);
	s->recipe = r;
	return item_source_reload_lock(s, err) ? g_steal_pointer(&s) : NULL;
}

item_source *item_source_load(const char *path, diag_list *l, GError **err)
{
	recipe *r = recipe_load(path, l);

	return r ? item_source_new(r, err) : NULL;
}

void item_source_free(item_source *s)
{
	if (!s)
		return;
	recipe_free(s->recipe);
	recipe_lock_free(s->lock);
	g_free(s->lock_text);
	g_free(s->label);
	g_ptr_array_unref(s->keep);
	g_mutex_clear(&s->mutex);
	g_free(s);
}

item *item_new(item_source *source, const platform *target, const char *python_tag)
{
	item *i = g_new0(item, 1);
	const recipe *r = source->recipe;

	i->source = source;
	i->platform = target;
	i->python_tag = g_strdup(python_tag);
	i->id = g_strdup_printf("%s-%s-%s-%s", r->normalized, r->package.version,
		python_tag ? python_tag : "linux", target->name);
	i->needs = g_ptr_array_new();
	return i;
}

void item_free(item *i)
{
	if (!i)
		return;
	g_free(i->id);
	recipe_free(i->recipe);
	g_free(i->python_tag);
	g_free(i->floor);
	g_free(i->toolchain);
	g_free(i->sysroot);
	g_free(i->reason);
	g_clear_error(&i->error);
	key_free(i->key);
	g_free(i->file);
	g_free(i->sha256);
	g_free(i->tags);
	g_free(i->log);
	g_free(i->sandbox);
	g_free(i->statement);
	g_ptr_array_unref(i->needs);
	g_clear_pointer(&i->libraries, g_ptr_array_unref);
	g_clear_pointer(&i->lacks, g_ptr_array_unref);
	g_free(i);
}

void item_check_python(item *i)
{
	const GPtrArray *sources = i->source->lock->sources;

	for (guint n = 0; i->python && n < sources->len; n++) {
		const lock_source *l = g_ptr_array_index(sources, n);
		if (!l->requires_python ||
			pep440_python_matches(l->requires_python, i->python->version))
			continue;
		i->state = ITEM_SKIPPED;
		g_free(i->reason);
		i->reason = g_strdup_printf("%s %s requires Python %s", l->file->name,
			l->file->version, l->requires_python);
	}
}

const char *item_state_name(item_state state)
{
	static const char *const names[] = {
		"planned", "skipped", "cached", "built", "failed"};

	return names[state];
}

char *item_python_version(const char *tag)
{
	return g_strdup_printf("3.%s", tag + strlen("cp3"));
}

void item_help_lock(GError **err, const item *i)
{
	error_help(err, "run `xorch lock %s%s%s --target %s` and commit the lock",
		i->source->recipe->path, i->python_tag ? " --python " : "",
		i->python_tag ? i->python_tag : "", i->platform->name);
}
