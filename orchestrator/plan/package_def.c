#include "plan/package_def.h"
#include "plan/image_def.h"
#include "plan/platform.h"
#include "plan/rpm_def.h"
#include <string.h>

static const char *check_fingerprint(const char *text)
{
	gsize n = strspn(text, "0123456789ABCDEF");

	return n == 40 && !text[n] ? NULL
				   : "wants a fingerprint: 40 upper-case hex digits";
}

/* A word of an archive's URL: it goes into paths. */
static const char *check_word(const char *text)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.+-";
	gsize n = strspn(text, allowed);

	return n && !text[n] && g_ascii_isalnum(text[0])
		       ? NULL
		       : "wants letters, digits, dots, plus and minus signs";
}

/* NAME, or NAME:ARCHITECTURE. */
static const char *check_root(const char *text)
{
	g_auto(GStrv) parts = g_strsplit(text, ":", 2);
	const char *why = check_word(parts[0]);

	return why || !parts[1] ? why : check_word(parts[1]);
}

static const bind_field source_fields[] = {
	{"suite", BIND_STRING, offsetof(package_source, suite), BIND_REQUIRED,
		.check = check_word, .doc = "codename of the suite"},
	{"component", BIND_STRING, offsetof(package_source, component), 0,
		.check = check_word, .doc = "default main"},
	{"architecture", BIND_STRING, offsetof(package_source, architecture), 0,
		.check = check_word, .doc = "default: the target's"},
	{"updates", BIND_STRLIST, offsetof(package_source, updates), BIND_UNIQUE,
		.check = check_word,
		.doc = "suites whose newer packages count too: bookworm-security"},
	{"signed_by", BIND_STRLIST, offsetof(package_source, signed_by),
		BIND_REQUIRED | BIND_UNIQUE, .check = check_fingerprint,
		.doc = "fingerprints of the keys that may sign the suite"},
	{0}};
const bind_struct package_source_binding = {
	"a Debian suite", sizeof(package_source), source_fields, NULL};

static void roots_free(gpointer data)
{
	package_roots *r = data;

	g_free(r->target);
	g_ptr_array_unref(r->names);
	g_free(r);
}

static void roots_clear(void *field)
{
	g_clear_pointer((GPtrArray **)field, g_ptr_array_unref);
}

static void add_roots(
	const binder *b, GPtrArray *all, const char *target, const yaml_node *list)
{
	package_roots *r = g_new0(package_roots, 1);

	r->target = g_strdup(target);
	r->names = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_add(all, r);
	if (list->kind != YAML_SEQ || !list->items->len) {
		bind_wrong_type(b, list, "a list of package names");
		return;
	}
	for (guint i = 0; i < list->items->len; i++) {
		const yaml_node *item = g_ptr_array_index(list->items, i);
		const char *why = item->kind == YAML_SCALAR ? check_root(item->text)
							    : "wants a package name";
		if (why)
			diag_label(yaml_error(b->doc, b->l, item, "X0213",
					   "not a package name"),
				"%s", why);
		else
			g_ptr_array_add(r->names, g_strdup(item->text));
	}
}

static void roots_read(const binder *b, const yaml_node *value, void *field)
{
	GPtrArray *all = g_ptr_array_new_with_free_func(roots_free);

	*(GPtrArray **)field = all;
	if (value->kind == YAML_SCALAR) {
		bind_wrong_type(b, value, package_roots_binding.wants);
		return;
	}
	if (value->kind == YAML_SEQ) {
		add_roots(b, all, NULL, value);
		return;
	}
	for (guint i = 0; i < value->keys->len; i++) {
		const yaml_node *key = g_ptr_array_index(value->keys, i);
		if (!platform_by_name(key->text))
			yaml_error(b->doc, b->l, key, "X0213", "unknown target `%s`",
				key->text);
		add_roots(b, all, key->text, g_ptr_array_index(value->values, i));
	}
}

const bind_custom package_roots_binding = {
	"a list of package names, or a map from target to such a list", roots_read,
	roots_clear};

const GPtrArray *package_def_roots(const package_def *def, const char *target)
{
	for (guint i = 0; def->roots && i < def->roots->len; i++) {
		const package_roots *r = g_ptr_array_index(def->roots, i);
		if (!r->target || !strcmp(r->target, target))
			return r->names;
	}
	return NULL;
}

gboolean package_def_is_debian(const package_def *def)
{
	return def->debian.suite != NULL;
}

gboolean package_def_is_rpm(const package_def *def)
{
	return def->rpm.repositories != NULL;
}

const char *package_def_suite(const package_def *def)
{
	return package_def_is_rpm(def) ? RPM_SUITE : def->debian.suite;
}

gboolean package_def_serves(const package_def *def, const char *target)
{
	return def->images ? image_def_reference(def, target) != NULL
			   : package_def_roots(def, target) != NULL;
}

gboolean package_def_is_common(const package_def *def)
{
	if (!def->roots)
		return FALSE;
	const package_roots *first = g_ptr_array_index(def->roots, 0);

	return !first->target && def->debian.architecture;
}

gboolean package_def_is_exact(const package_def *def, const char *package)
{
	for (guint i = 0; def->exact && i < def->exact->len; i++)
		if (g_pattern_match_simple(g_ptr_array_index(def->exact, i), package))
			return TRUE;
	return !def->exact;
}

/* {a,b}rest: each alternative with the rest behind it. */
static gboolean matches_either(const char *pattern, const char *path)
{
	const char *close = strchr(pattern, '}');

	for (const char *at = pattern + 1; close && at <= close;) {
		gsize n = strcspn(at, ",}");
		g_autofree char *one = g_strdup_printf("%.*s%s", (int)n, at, close + 1);
		if (path_matches(one, path))
			return TRUE;
		at += n + 1;
	}
	return FALSE;
}

gboolean path_matches(const char *pattern, const char *path)
{
	for (;; pattern++, path++) {
		if (*pattern == '{')
			return matches_either(pattern, path);
		if (*pattern == '*') {
			gboolean deep = pattern[1] == '*';
			pattern += deep ? 2 : 1;
			for (;; path++) {
				if (path_matches(pattern, path))
					return TRUE;
				if (!*path || (*path == '/' && !deep))
					return FALSE;
			}
		}
		/* a folder takes what is below it */
		if (!*pattern)
			return !*path || *path == '/';
		if (*pattern == '?' ? !*path || *path == '/' : *pattern != *path)
			return FALSE;
	}
}

gboolean path_matches_any(const GPtrArray *patterns, const char *path)
{
	for (guint i = 0; patterns && i < patterns->len; i++)
		if (path_matches(g_ptr_array_index(patterns, i), path))
			return TRUE;
	return FALSE;
}
