#include "build/pipeline_abi3.h"
#include "base/error.h"
#include "base/event.h"
#include "base/work_clock.h"
#include "build/pipeline_private.h"
#include "build/step_rust.h"
#include "format/wheel_name.h"
#include <stdlib.h>
#include <string.h>

#define KIND "abi3"
#define OLDEST 9    /* CPython 3.9: older ones build nothing */
#define NONE "none" /* the first wheel of the family was for one Python only */

static gboolean is_python_input(const char *name)
{
	static const char *const names[] = {
		"python", "target headers", "build environment", NULL};

	return g_strv_contains(names, name) || g_str_has_prefix(name, "requirement ");
}

/* What the items of several Pythons have in common. */
static char *family_of(const item *i)
{
	const GPtrArray *inputs = key_inputs(i->key);
	g_autoptr(key) k = key_new(KIND, 1);

	key_add(k, "recipe", i->recipe->normalized);
	for (guint n = 0; n < inputs->len; n++) {
		const key_input *in = g_ptr_array_index(inputs, n);
		if (!is_python_input(in->name))
			key_add(k, in->name, in->value);
	}
	return g_strdup(key_digest(k));
}

/* 9 for cp39-abi3; 0 for a wheel of another kind. */
static int abi3_minor(const char *file)
{
	g_autoptr(wheel_name) w = wheel_name_parse(file, NULL);

	if (!w || !g_strv_contains((const char *const *)w->abis, "abi3"))
		return 0;
	for (char **python = w->pythons; *python; python++)
		if (g_str_has_prefix(*python, "cp3"))
			return atoi(*python + 3);
	return 0;
}

/* A Python that could use one at all. */
static gboolean may_share(const item *i)
{
	return i->python && i->recipe->kind == RECIPE_WHEEL &&
	       !strchr(i->python->abiflags, 't');
}

/* Where to expect one before it is known. */
static gboolean is_expected(const item *i)
{
	return may_share(i) && (i->recipe->python.abi3 || step_rust_used(i));
}

static gboolean is_fresh(pipeline *p, const char *family)
{
	g_mutex_lock(&p->mutex);
	gboolean found = g_hash_table_contains(p->abi3_fresh, family);
	g_mutex_unlock(&p->mutex);
	return found;
}

item_record *abi3_served(pipeline *p, const item *i, gboolean fresh)
{
	if (!may_share(i))
		return NULL;
	g_autofree char *family = family_of(i);
	if (fresh && !is_fresh(p, family))
		return NULL;
	g_autofree char *known = store_record_get_text(p->ctx->store, KIND, family);
	if (!known || g_str_equal(known, NONE))
		return NULL;
	g_autoptr(item_record) r = item_record_find(p->ctx->store, known);
	int minor = r ? abi3_minor(r->file) : 0;
	return minor && minor <= (int)i->python->minor ? g_steal_pointer(&r) : NULL;
}

void abi3_wait(pipeline *p, const item *i, gboolean *turn)
{
	*turn = FALSE;
	if (!is_expected(i))
		return;
	g_autofree char *family = family_of(i);
	g_autofree char *known = store_record_get_text(p->ctx->store, KIND, family);
	if (g_strcmp0(known, NONE) == 0)
		return;
	gint64 begun = g_get_monotonic_time();
	g_mutex_lock(&p->mutex);
	while (g_hash_table_contains(p->abi3_building, family))
		g_cond_wait(&p->abi3_built, &p->mutex);
	work_clock_waited(begun);
	/* It may have turned out to be no abi3 wheel: then all may go at once. */
	g_free(known);
	known = store_record_get_text(p->ctx->store, KIND, family);
	if (g_strcmp0(known, NONE) != 0) {
		g_hash_table_add(p->abi3_building, g_strdup(family));
		*turn = TRUE;
	}
	g_mutex_unlock(&p->mutex);
}

void abi3_done(pipeline *p, const item *i, gboolean turn, gboolean built)
{
	if (!may_share(i))
		return;
	g_autofree char *family = family_of(i);
	if (built && i->file) {
		g_autofree char *file = g_path_get_basename(i->file);
		const char *text = abi3_minor(file) ? key_digest(i->key) : NONE;
		store_record_put(p->ctx->store, KIND, family, text, strlen(text), NULL);
	}
	g_mutex_lock(&p->mutex);
	if (built)
		g_hash_table_add(p->abi3_fresh, g_strdup(family));
	if (!turn) {
		g_mutex_unlock(&p->mutex);
		return;
	}
	g_hash_table_remove(p->abi3_building, family);
	g_cond_broadcast(&p->abi3_built);
	g_mutex_unlock(&p->mutex);
}

gboolean abi3_as_asked(const item *i, const char *file, GError **err)
{
	const char *asked = i->recipe->kind == RECIPE_WHEEL && may_share(i)
				    ? i->recipe->python.abi3
				    : NULL;
	const char *dot = asked ? strchr(asked, '.') : NULL;

	if (!dot || atoi(dot + 1) > (int)i->python->minor)
		return TRUE;
	int minor = abi3_minor(file);
	/* cp36-abi3 is for all that a recipe can name. */
	if (minor && MAX(minor, OLDEST) == atoi(dot + 1))
		return TRUE;
	error_set(err, EXIT_AUDIT, "X0955",
		"the wheel is not the abi3 wheel that the recipe asks for");
	error_line(err, "python.abi3: \"%s\" in %s", asked, i->source->recipe->path);
	error_line(err, "built: %s", file);
	error_help(err,
		"the project itself chooses its ABI (an abi3-py3N feature of pyo3, "
		"py_limited_api of setuptools): set it there, or correct the key");
	return FALSE;
}

void abi3_tell(item *i, const item_record *r)
{
	g_free(i->reason);
	i->reason = g_strdup_printf("served by the abi3 wheel of CPython 3.%d and newer",
		abi3_minor(r->file));
	event_log(EVENT_NOTE, i->id, "%s: %s", i->reason, r->file);
}
