#include "build/item_key.h"
#include "base/error.h"
#include "build/embedded.h"
#include "build/pipeline_private.h"
#include "build/python_env.h"
#include "build/source.h"
#include "format/digest.h"

/* Raise when the program does something else with the same inputs. */
#define ITEM_KEY_VERSION 2

/* What of xorch itself runs inside a build or decides what comes out. */
static char *builder_digest(void)
{
	g_autoptr(digest) d = digest_new();

	for (const embedded_file *f = embedded_files; f->name; f++)
		digest_update(d, f->bytes, f->size);
	return digest_finish(d);
}

static void add_requirements(key *k, const lock_environment *e)
{
	for (guint n = 0; n < e->packages->len; n++) {
		const locked_file *f = g_ptr_array_index(e->packages, n);
		g_autofree char *name = g_strdup_printf("requirement %s", f->name);
		g_autofree char *value =
			g_strdup_printf("%s %.16s", f->version, f->sha256);
		key_add(k, name, value);
	}
}

key *item_key(pipeline *p, item *i, GError **err)
{
	g_autoptr(key) k = key_new("wheel", ITEM_KEY_VERSION);
	g_auto(cross) c = {0};
	g_auto(python_target) target = {0};
	cross_request request;
	const lock_environment *e = recipe_lock_environment(
		i->source->lock, i->python_tag, i->platform->name);

	if (!e) {
		error_set(
			err, EXIT_LOCK, "X0407", "the build requirements are not locked");
		error_note(err, "%s has no section for %s on %s", i->source->lock->path,
			i->python_tag, i->platform->name);
		error_help(err, "run `xorch lock %s`", i->source->recipe->path);
		return NULL;
	}
	if (!pipeline_cross_request(p, i, &request, err) ||
		!cross_describe(p->ctx, &request, &c, err) ||
		!pipeline_target(p, i, &c, FALSE, &target, err) || !pipeline_uv(p, err))
		return NULL;
	key_add(k, "target", i->platform->name);
	key_add(k, "python", i->python_tag);
	key_add(k, "floor", i->floor);
	key_add(k, "toolchain", i->toolchain);
	key_add(k, "sysroot", i->sysroot);
	recipe_add_to_key(i->recipe, k);
	if (!source_add_to_key(i, k, err))
		return NULL;
	add_requirements(k, e);
	key_add(k, "compilers", c.key);
	key_add(k, "target headers", target.key);
	g_autofree char *env = python_env_key(&p->uv, i->python, e->packages);
	key_add(k, "build environment", env);
	g_autofree char *builder = builder_digest();
	key_add(k, "xorch's build helpers", builder);
	key_add(k, "SOURCE_DATE_EPOCH", g_getenv("SOURCE_DATE_EPOCH"));
	return g_steal_pointer(&k);
}
