#include "plan/image_def.h"
#include "format/member_name.h"
#include "format/oci_reference.h"
#include <string.h>

static void root_free(gpointer data)
{
	image_root *r = data;

	g_free(r->target);
	g_free(r->reference);
	g_free(r);
}

static void roots_clear(void *field)
{
	g_clear_pointer((GPtrArray **)field, g_ptr_array_unref);
}

static void add_root(
	const binder *b, GPtrArray *all, const char *target, const yaml_node *value)
{
	const char *why = NULL;

	if (value->kind != YAML_SCALAR) {
		bind_wrong_type(b, value, "the name of an image");
		return;
	}
	g_autoptr(oci_reference) reference = oci_reference_parse(value->text, &why);
	if (!reference) {
		diag_label(yaml_error(b->doc, b->l, value, "X0213",
				   "not the name of an image"),
			"%s", why);
		return;
	}
	image_root *r = g_new0(image_root, 1);
	r->target = g_strdup(target);
	r->reference = oci_reference_text(reference);
	g_ptr_array_add(all, r);
}

static void roots_read(const binder *b, const yaml_node *value, void *field)
{
	GPtrArray *all = g_ptr_array_new_with_free_func(root_free);

	*(GPtrArray **)field = all;
	if (value->kind == YAML_SCALAR)
		add_root(b, all, NULL, value);
	else if (value->kind != YAML_MAP)
		bind_wrong_type(b, value, image_roots_binding.wants);
	for (guint i = 0; value->kind == YAML_MAP && i < value->keys->len; i++) {
		const yaml_node *key = g_ptr_array_index(value->keys, i);
		if (!platform_by_name(key->text))
			yaml_error(b->doc, b->l, key, "X0213", "unknown target `%s`",
				key->text);
		add_root(b, all, key->text, g_ptr_array_index(value->values, i));
	}
}

const bind_custom image_roots_binding = {
	"the name of an image, or a map from target to such a name", roots_read,
	roots_clear};

/* A relative path without "." and ".."; `more` are further characters it may have. */
static const char *check_path(const char *text)
{
	const char *why = NULL;
	g_autofree char *clean = member_name_clean(text, 0, &why);

	return clean && !strcmp(clean, text) ? NULL : "wants a path within the image";
}

const char *image_def_check_from(const char *text)
{
	return check_path(text);
}

const char *image_def_check_to(const char *text)
{
	g_autofree char *rest = g_strdup(text);

	for (const char *open = text; (open = strchr(open, '{')); open++)
		if (!g_str_has_prefix(open, "{triple}") &&
			!(open[1] >= '1' && open[1] <= '9' && open[2] == '}'))
			return "knows only {triple} and {1} … {9}";
	return strpbrk(g_strdelimit(rest, "{}", '_'), "*?")
		       ? "wants no `*` or `?`: {1} is what the first one took"
		       : check_path(text);
}

const char *image_def_reference(const package_def *def, const char *target)
{
	for (guint i = 0; def->images && i < def->images->len; i++) {
		const image_root *r = g_ptr_array_index(def->images, i);
		if (!r->target || !strcmp(r->target, target))
			return r->reference;
	}
	return NULL;
}

/* What is left of `path` below `from`; NULL if it does not lie there. The names that
 * matched a part with a `*` are added to `taken`. */
static const char *below(const char *from, const char *path, GPtrArray *taken)
{
	g_auto(GStrv) parts = g_strsplit(from, "/", -1);

	for (char **p = parts; *p; p++) {
		gsize n = strcspn(path, "/");
		g_autofree char *name = g_strndup(path, n);
		if (!n || !g_pattern_match_simple(*p, name))
			return NULL;
		if (strchr(*p, '*'))
			g_ptr_array_add(taken, g_steal_pointer(&name));
		path += n;
		path += *path == '/';
	}
	return path;
}

static char *fill_in(const char *to, const char *triple, const GPtrArray *taken)
{
	GString *out = g_string_new(to);

	g_string_replace(out, "{triple}", triple, 0);
	for (guint i = 0; i < 9; i++) {
		const char name[] = {'{', (char)('1' + i), '}', '\0'};
		g_string_replace(out, name, i < taken->len ? taken->pdata[i] : "", 0);
	}
	return g_string_free(out, FALSE);
}

char *image_def_place(const package_def *def, const platform *target, const char *path)
{
	g_autofree char *merged = member_name_usr_merge(path);

	if (def->keep && !path_matches_any(def->keep, merged))
		return NULL;
	if (path_matches_any(def->prune, merged))
		return NULL;
	for (guint i = 0; def->place && i < def->place->len; i++) {
		const bind_pair *p = g_ptr_array_index(def->place, i);
		g_autoptr(GPtrArray) taken = g_ptr_array_new_with_free_func(g_free);
		const char *rest = below(p->name, merged, taken);
		if (!rest)
			continue;
		g_autofree char *to = fill_in(p->value, target->triple, taken);
		return *rest ? g_strconcat(to, "/", rest, NULL) : g_steal_pointer(&to);
	}
	return g_steal_pointer(&merged);
}
