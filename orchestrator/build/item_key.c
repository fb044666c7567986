#include "build/item_key.h"
#include "base/error.h"
#include "base/fs.h"
#include "build/builder.h"
#include "build/embedded.h"
#include "build/pipeline_host.h"
#include "build/pipeline_private.h"
#include "build/source.h"
#include "format/digest.h"
#include <string.h>

/* Raise when the program does something else with the same inputs. */
#define ITEM_KEY_VERSION 2

/* What of xorch itself runs inside a build or decides what comes out: all that travels
 * in it but the helpers of `new` and of `verify`. */
static char *builder_digest(void)
{
	static const char *const others[] = {"xorch_values.py", "xorch_calls.py",
		"xorch_script.py", "xorch_switches.py", "xorch_words.py",
		"xorch_systems.py", "xorch_code.py", "xorch_imports.py", "xorch_scan.py",
		"xorch_verify.py", NULL};
	g_autoptr(digest) d = digest_new();

	for (const embedded_file *f = embedded_files; f->name; f++)
		if (!g_strv_contains(others, f->name))
			digest_update(d, f->sha256, strlen(f->sha256));
	return digest_finish(d);
}

/* What it is built from of other items: by their inputs, not their bytes. */
static gboolean add_needs(pipeline *p, item *i, key *k, GError **err)
{
	for (guint n = 0; n < i->needs->len; n++) {
		item *other = g_ptr_array_index(i->needs, n);
		if (other->state == ITEM_SKIPPED) /* an earlier result serves */
			continue;
		if (!other->key)
			other->key = item_key(p, other, err);
		if (!other->key)
			return FALSE;
		g_autofree char *name = g_strdup_printf("needs %s", other->id);
		key_add(k, name, key_digest(other->key));
	}
	return TRUE;
}

key *item_key(pipeline *p, item *i, GError **err)
{
	const builder *how = builder_of(i->recipe, err);

	if (!how)
		return NULL;
	g_autoptr(key) k = key_new(how->name, ITEM_KEY_VERSION);
	key_add(k, "target", i->platform->name);
	key_add(k, "python", i->python_tag);
	key_add(k, "floor", i->floor);
	key_add(k, "toolchain", i->toolchain);
	key_add(k, "sysroot", i->sysroot);
	recipe_add_to_key(i->recipe, k);
	if (!source_add_to_key(i, k, err) || !host_packages_add_to_key(i, k, err) ||
		!how->add_to_key(p, i, k, err) || !add_needs(p, i, k, err))
		return NULL;
	if (i->source->label)
		key_add(k, "snapshot", i->source->label);
	if (i->allow_network)
		key_add(k, "network", "open by --allow-network");
	if (i->recipe->build.script_file) {
		g_autofree char *path = fs_resolve_beneath(
			i->recipe->dir, i->recipe->build.script_file, err);
		g_autofree char *hex = path ? digest_file(path, NULL, err) : NULL;
		if (!hex)
			return NULL;
		key_add(k, "build.script", hex);
	}
	g_autofree char *helpers = builder_digest();
	key_add(k, "xorch's build helpers", helpers);
	key_add(k, "SOURCE_DATE_EPOCH", g_getenv("SOURCE_DATE_EPOCH"));
	return g_steal_pointer(&k);
}
