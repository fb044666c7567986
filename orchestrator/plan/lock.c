#include "plan/lock.h"
#include "plan/lock_crates.h"
#include "plan/lock_text.h"
#include "plan/lock_wraps.h"
#include <string.h>

locked_file *locked_file_new(const char *name, const char *version, const char *file,
	const char *sha256, gint64 size)
{
	locked_file *f = g_new0(locked_file, 1);

	f->name = g_strdup(name);
	f->version = g_strdup(version);
	f->file = g_strdup(file);
	f->sha256 = g_strdup(sha256);
	f->size = size;
	return f;
}

void locked_file_free(locked_file *f)
{
	if (!f)
		return;
	g_free(f->name);
	g_free(f->version);
	g_free(f->file);
	g_free(f->sha256);
	g_free(f);
}

const char *const lock_source_kinds[] = {"pypi", "url", "git", "gomod", "debsrc", NULL};

lock_source *lock_source_new(const char *kind)
{
	lock_source *s = g_new0(lock_source, 1);

	s->kind = g_strdup(kind);
	return s;
}

void lock_source_free(lock_source *s)
{
	if (!s)
		return;
	g_free(s->kind);
	g_free(s->requires_python);
	g_free(s->publisher);
	g_free(s->commit);
	g_free(s->tree);
	g_free(s->h1);
	g_free(s->suite);
	locked_file_free(s->file);
	g_free(s);
}

lock_environment *lock_environment_new(const char *python, const char *target)
{
	lock_environment *e = g_new0(lock_environment, 1);

	e->python = g_strdup(python);
	e->targets = g_ptr_array_new_with_free_func(g_free);
	if (target)
		g_ptr_array_add(e->targets, g_strdup(target));
	e->recipe_requires = g_ptr_array_new_with_free_func(g_free);
	e->requires = g_ptr_array_new_with_free_func(g_free);
	e->packages = g_ptr_array_new_with_free_func((GDestroyNotify)locked_file_free);
	e->overlay = g_ptr_array_new_with_free_func((GDestroyNotify)locked_file_free);
	return e;
}

void lock_environment_free(lock_environment *e)
{
	if (!e)
		return;
	g_free(e->python);
	g_ptr_array_unref(e->targets);
	g_ptr_array_unref(e->recipe_requires);
	g_ptr_array_unref(e->requires);
	g_ptr_array_unref(e->packages);
	g_ptr_array_unref(e->overlay);
	g_free(e);
}

recipe_lock *recipe_lock_new(const char *path, const char *name, const char *version)
{
	recipe_lock *lock = g_new0(recipe_lock, 1);

	lock->path = g_strdup(path);
	lock->name = g_strdup(name);
	lock->version = g_strdup(version);
	lock->sources = g_ptr_array_new_with_free_func((GDestroyNotify)lock_source_free);
	lock->environments =
		g_ptr_array_new_with_free_func((GDestroyNotify)lock_environment_free);
	lock->host = package_sections_take(NULL);
	return lock;
}

void recipe_lock_free(recipe_lock *lock)
{
	if (!lock)
		return;
	g_free(lock->path);
	g_free(lock->name);
	g_free(lock->version);
	g_free(lock->exclude_newer);
	g_ptr_array_unref(lock->sources);
	g_ptr_array_unref(lock->environments);
	g_ptr_array_unref(lock->host);
	lock_go_clear(&lock->go);
	g_clear_pointer(&lock->crates, g_ptr_array_unref);
	g_clear_pointer(&lock->wraps, g_ptr_array_unref);
	g_free(lock);
}

char *recipe_lock_path(const char *recipe_path)
{
	const char *dot = strrchr(recipe_path, '.');
	const char *slash = strrchr(recipe_path, '/');
	int stem = dot && (!slash || dot > slash + 1) ? (int)(dot - recipe_path)
						      : (int)strlen(recipe_path);

	return g_strdup_printf("%.*s.lock", stem, recipe_path);
}

/* Writing. */

static void add_file(GString *out, const char *lead, const locked_file *f)
{
	if (f->file)
		lock_text_value(out, lead, "file", f->file);
	if (f->size >= 0)
		g_string_append_printf(
			out, "%ssize: %" G_GINT64_FORMAT "\n", lead, f->size);
	if (f->sha256)
		lock_text_value(out, lead, "sha256", f->sha256);
}

char *recipe_lock_text(const recipe_lock *lock)
{
	GString *out = g_string_new(
		"# Written by xorch: every download of this recipe's builds. "
		"Renew with `xorch lock`.\n");

	g_string_append_printf(out, "lock_version: %d\nrecipe:\n", RECIPE_LOCK_VERSION);
	lock_text_value(out, "  ", "name", lock->name);
	lock_text_value(out, "  ", "version", lock->version);
	if (lock->exclude_newer)
		lock_text_value(out, "", "exclude_newer", lock->exclude_newer);
	if (lock->sources->len)
		g_string_append(out, "sources:\n");
	for (guint i = 0; i < lock->sources->len; i++) {
		const lock_source *s = g_ptr_array_index(lock->sources, i);
		lock_text_value(out, "  - ", s->kind, s->file->name);
		lock_text_value(out, "    ", "version", s->file->version);
		add_file(out, "    ", s->file);
		const char *const more[][2] = {{"suite", s->suite}, {"commit", s->commit},
			{"tree", s->tree}, {"h1", s->h1},
			{"requires_python", s->requires_python},
			{"publisher", s->publisher}};
		for (guint n = 0; n < G_N_ELEMENTS(more); n++)
			if (more[n][1])
				lock_text_value(out, "    ", more[n][0], more[n][1]);
	}
	lock_wraps_text(out, lock->wraps);
	lock_crates_text(out, lock->crates);
	if (lock->host->len)
		g_string_append(out, "host:\n");
	package_sections_text(out, "  ", lock->host);
	if (lock->environments->len)
		g_string_append(out, "environments:\n");
	for (guint i = 0; i < lock->environments->len; i++) {
		const lock_environment *e = g_ptr_array_index(lock->environments, i);
		lock_text_value(out, "  - ", "python", e->python);
		lock_text_list(out, "    ", "targets", e->targets);
		if (e->recipe_requires->len)
			lock_text_list(
				out, "    ", "recipe_requires", e->recipe_requires);
		lock_text_list(out, "    ", "requires", e->requires);
		if (e->packages->len)
			g_string_append(out, "    packages:\n");
		for (guint n = 0; n < e->packages->len; n++) {
			const locked_file *f = g_ptr_array_index(e->packages, n);
			lock_text_value(out, "      - ", "name", f->name);
			lock_text_value(out, "        ", "version", f->version);
			add_file(out, "        ", f);
		}
		if (e->overlay->len)
			g_string_append(out, "    overlay:\n");
		for (guint n = 0; n < e->overlay->len; n++) {
			const locked_file *f = g_ptr_array_index(e->overlay, n);
			lock_text_value(out, "      - ", "name", f->name);
			lock_text_value(out, "        ", "version", f->version);
			if (!f->file)
				lock_text_value(out, "        ", "from", "recipe");
			add_file(out, "        ", f);
		}
	}
	lock_go_text(&lock->go, out);
	return g_string_free(out, FALSE);
}

/* Sections. */

static guint find_string(const GPtrArray *list, const char *text)
{
	for (guint i = 0; i < list->len; i++)
		if (g_str_equal(g_ptr_array_index(list, i), text))
			return i;
	return G_MAXUINT;
}

lock_environment *recipe_lock_environment(
	const recipe_lock *lock, const char *python, const char *target)
{
	for (guint i = 0; i < lock->environments->len; i++) {
		lock_environment *e = g_ptr_array_index(lock->environments, i);
		if (g_str_equal(e->python, python) &&
			find_string(e->targets, target) != G_MAXUINT)
			return e;
	}
	return NULL;
}

static gboolean same_strings(const GPtrArray *a, const GPtrArray *b)
{
	if (a->len != b->len)
		return FALSE;
	for (guint i = 0; i < a->len; i++)
		if (!g_str_equal(g_ptr_array_index(a, i), g_ptr_array_index(b, i)))
			return FALSE;
	return TRUE;
}

static gboolean same_files(const GPtrArray *a, const GPtrArray *b)
{
	if (a->len != b->len)
		return FALSE;
	for (guint i = 0; i < a->len; i++) {
		const locked_file *x = g_ptr_array_index(a, i);
		const locked_file *y = g_ptr_array_index(b, i);
		if (!g_str_equal(x->name, y->name) ||
			!g_str_equal(x->version, y->version) ||
			g_strcmp0(x->sha256, y->sha256) != 0 ||
			g_strcmp0(x->file, y->file) != 0)
			return FALSE;
	}
	return TRUE;
}

static gboolean same_section(const lock_environment *a, const lock_environment *b)
{
	return g_str_equal(a->python, b->python) &&
	       same_strings(a->requires, b->requires) &&
	       same_strings(a->recipe_requires, b->recipe_requires) &&
	       same_files(a->packages, b->packages) && same_files(a->overlay, b->overlay);
}

static int by_string(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* cp39 before cp310, cp313 before cp313t. */
static int by_python(gconstpointer a, gconstpointer b)
{
	const lock_environment *x = *(lock_environment *const *)a;
	const lock_environment *y = *(lock_environment *const *)b;
	size_t nx = strcspn(x->python, "t"), ny = strcspn(y->python, "t");
	int order = nx != ny ? (nx < ny ? -1 : 1) : strcmp(x->python, y->python);

	if (order)
		return order;
	return strcmp(g_ptr_array_index(x->targets, 0), g_ptr_array_index(y->targets, 0));
}

static int by_name(gconstpointer a, gconstpointer b)
{
	const locked_file *x = *(locked_file *const *)a, *y = *(locked_file *const *)b;
	int order = strcmp(x->name, y->name);

	return order ? order : strcmp(x->file, y->file);
}

void recipe_lock_set_environment(recipe_lock *lock, lock_environment *environment)
{
	g_assert(environment->targets->len == 1);
	const char *target = g_ptr_array_index(environment->targets, 0);
	lock_environment *old =
		recipe_lock_environment(lock, environment->python, target);

	g_ptr_array_sort(environment->packages, by_name);
	if (old) {
		g_ptr_array_remove_index(old->targets, find_string(old->targets, target));
		if (!old->targets->len)
			g_ptr_array_remove(lock->environments, old);
	}
	for (guint i = 0; i < lock->environments->len; i++) {
		lock_environment *e = g_ptr_array_index(lock->environments, i);
		if (!same_section(e, environment))
			continue;
		g_ptr_array_add(e->targets, g_strdup(target));
		g_ptr_array_sort(e->targets, by_string);
		lock_environment_free(environment);
		return;
	}
	g_ptr_array_add(lock->environments, environment);
	g_ptr_array_sort(lock->environments, by_python);
}

package_section *recipe_lock_host(const recipe_lock *lock, const char *target)
{
	for (guint i = 0; i < lock->host->len; i++) {
		package_section *s = g_ptr_array_index(lock->host, i);
		if (g_str_equal(s->target, target))
			return s;
	}
	return NULL;
}

static int by_section_target(gconstpointer a, gconstpointer b)
{
	return strcmp((*(package_section *const *)a)->target,
		(*(package_section *const *)b)->target);
}

void recipe_lock_set_host(recipe_lock *lock, const char *target, package_section *section)
{
	package_section *old = recipe_lock_host(lock, target);

	if (old)
		g_ptr_array_remove(lock->host, old);
	if (!section)
		return;
	package_section_sort(section);
	g_ptr_array_add(lock->host, section);
	g_ptr_array_sort(lock->host, by_section_target);
}

void recipe_lock_set_crates(recipe_lock *lock, GPtrArray *crates)
{
	g_clear_pointer(&lock->crates, g_ptr_array_unref);
	lock->crates = crates;
	if (crates)
		g_ptr_array_sort(crates, by_name);
}

void recipe_lock_drop_wraps(recipe_lock *lock)
{
	g_clear_pointer(&lock->wraps, g_ptr_array_unref);
}

static void move_wraps(GPtrArray *to, GPtrArray *from, gboolean cargo)
{
	for (guint n = 0; from && n < from->len;)
		if (locked_wrap_is_by(g_ptr_array_index(from, n), "cargo") == cargo)
			g_ptr_array_add(to, g_ptr_array_steal_index(from, n));
		else
			n++;
}

void recipe_lock_put_wraps(recipe_lock *lock, GPtrArray *rows, gboolean cargo)
{
	GPtrArray *all = g_ptr_array_new_with_free_func((GDestroyNotify)locked_wrap_free);

	/* those of cargo last, whatever is put first */
	move_wraps(all, cargo ? lock->wraps : rows, FALSE);
	move_wraps(all, cargo ? rows : lock->wraps, TRUE);
	recipe_lock_drop_wraps(lock);
	if (all->len)
		lock->wraps = all;
	else
		g_ptr_array_unref(all);
}
