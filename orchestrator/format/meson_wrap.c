#include "format/meson_wrap.h"
#include "format/digest.h"
#include "format/settings_file.h"
#include <string.h>

static void wrap_file_free(gpointer data)
{
	wrap_file *f = data;

	g_free(f->name);
	g_ptr_array_unref(f->urls);
	g_free(f->sha256);
	g_free(f);
}

void meson_wrap_free(meson_wrap *w)
{
	if (!w)
		return;
	g_free(w->name);
	g_free(w->directory);
	g_ptr_array_unref(w->files);
	g_free(w->git);
	g_free(w->revision);
	g_ptr_array_unref(w->provides);
	g_free(w->unusable);
	g_free(w);
}

char *wrap_word(const char *text)
{
	g_autofree char *lower = g_ascii_strdown(text, -1);

	return g_strdup(g_strdelimit(g_strstrip(lower), "_", '-'));
}

static gboolean is_name(const char *text)
{
	gsize n = text ? strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWX"
				      "YZ0123456789_-+.~@")
		       : 0;

	return n && n < 200 && !text[n] && text[0] != '.';
}

static gboolean is_url(const char *text)
{
	if (!g_str_has_prefix(text, "https://") && !g_str_has_prefix(text, "http://"))
		return FALSE;
	for (const char *p = text; *p; p++)
		if (*p <= ' ' || *p >= 0x7f || strchr("\"\\<>{}", *p))
			return FALSE;
	return strlen(text) < 1000;
}

static void unusable(meson_wrap *w, const char *why)
{
	if (!w->unusable)
		w->unusable = g_strdup(why);
}

/* `part`: "source" or "patch". Without an address it lies in the source. */
static void take_file(meson_wrap *w, const GPtrArray *entries, const char *part)
{
	static const char *const urls[] = {"url", "fallback-url"};
	g_autofree char *file_key = g_strconcat(part, "-filename", NULL);
	g_autofree char *hash_key = g_strconcat(part, "-hash", NULL);
	const char *name = settings_get(entries, "wrap-file", file_key);
	const char *hash = settings_get(entries, "wrap-file", hash_key);
	g_autofree char *sha256 = hash ? digest_normalise(hash) : NULL;
	g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(g_free);

	for (guint n = 0; n < G_N_ELEMENTS(urls); n++) {
		g_autofree char *key = g_strconcat(part, "-", urls[n], NULL);
		const char *url = settings_get(entries, "wrap-file", key);
		if (url && is_url(url))
			g_ptr_array_add(found, g_strdup(url));
		else if (url)
			unusable(w, "names an address that is none");
	}
	if (!found->len)
		return;
	if (!is_name(name) || !sha256) {
		unusable(w, sha256 ? "names no proper file" : "names no sha256");
		return;
	}
	wrap_file *f = g_new0(wrap_file, 1);
	f->name = g_strdup(name);
	f->patch = g_str_equal(part, "patch");
	f->urls = g_steal_pointer(&found);
	f->sha256 = g_steal_pointer(&sha256);
	g_ptr_array_add(w->files, f);
}

static void take_git(meson_wrap *w, const GPtrArray *entries)
{
	const char *url = settings_get(entries, "wrap-git", "url");
	const char *revision = settings_get(entries, "wrap-git", "revision");
	const char *submodules = settings_get(entries, "wrap-git", "clone-recursive");

	if (!url || !is_url(url) || !revision || !*revision) {
		unusable(w, "names no repository and revision that can be had");
		return;
	}
	w->git = g_strdup(url);
	w->revision = g_strdup(revision);
	w->submodules = submodules && g_ascii_strcasecmp(submodules, "true") == 0;
}

static void take_provides(meson_wrap *w, const GPtrArray *entries)
{
	g_ptr_array_add(w->provides, wrap_word(w->name));
	for (guint n = 0; n < entries->len; n++) {
		const settings_entry *e = g_ptr_array_index(entries, n);
		if (!g_str_equal(e->section, "provide"))
			continue;
		/* Lists of names, or the name and the variable it is found in. */
		if (!g_str_equal(e->key, "dependency-names") &&
			!g_str_equal(e->key, "program-names")) {
			g_ptr_array_add(w->provides, wrap_word(e->key));
			continue;
		}
		g_auto(GStrv) names = g_strsplit(e->value, ",", -1);
		for (char **s = names; *s; s++)
			g_ptr_array_add(w->provides, wrap_word(*s));
	}
}

meson_wrap *meson_wrap_parse(const char *name, const char *text)
{
	g_autoptr(GPtrArray) entries = settings_parse_ini(text);
	meson_wrap *w = g_new0(meson_wrap, 1);
	static const char *const kinds[] = {
		"wrap-file", "wrap-git", "wrap-hg", "wrap-svn"};
	const char *directory = NULL, *kind = "";

	w->name = g_strdup(name);
	w->files = g_ptr_array_new_with_free_func(wrap_file_free);
	w->provides = g_ptr_array_new_with_free_func(g_free);
	for (guint n = 0; n < entries->len && !*kind; n++) {
		const settings_entry *e = g_ptr_array_index(entries, n);
		if (g_strv_contains(kinds, e->section))
			kind = e->section;
	}
	directory = settings_get(entries, kind, "directory");
	w->directory = g_strdup(directory ? directory : name);
	if (!is_name(w->directory))
		unusable(w, "names no proper directory");
	if (g_str_equal(kind, "wrap-file")) {
		take_file(w, entries, "source");
		take_file(w, entries, "patch");
	} else if (g_str_equal(kind, "wrap-git")) {
		take_git(w, entries);
	} else if (*kind) {
		unusable(w, "is of a kind that is not fetched beforehand");
	}
	take_provides(w, entries);
	return w;
}

/* ---- what a meson.build names ---- */

void wrap_words_init(wrap_words *w)
{
	GDestroyNotify pattern = (GDestroyNotify)g_pattern_spec_free;

	w->plain = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	w->called = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	w->patterns = g_ptr_array_new_with_free_func(pattern);
	w->called_patterns = g_ptr_array_new_with_free_func(pattern);
}

void wrap_words_clear(wrap_words *w)
{
	g_clear_pointer(&w->plain, g_hash_table_unref);
	g_clear_pointer(&w->called, g_hash_table_unref);
	g_clear_pointer(&w->patterns, g_ptr_array_unref);
	g_clear_pointer(&w->called_patterns, g_ptr_array_unref);
}

static void add_word(GHashTable *plain, GPtrArray *patterns, const char *text)
{
	g_autofree char *word = wrap_word(text);
	g_auto(GStrv) parts = g_strsplit(word, "@", -1);
	guint n = g_strv_length(parts);

	/* a@0@b@1@ -> a*b*; of what is all put in later nothing is known */
	if (n >= 3 && n % 2) {
		g_autoptr(GString) glob = g_string_new(NULL);
		if (strpbrk(word, "*?") || strlen(parts[0]) < 2)
			return;
		for (guint i = 0; i < n; i += 2)
			g_string_append_printf(glob, "%s%s", i ? "*" : "", parts[i]);
		g_ptr_array_add(patterns, g_pattern_spec_new(glob->str));
		return;
	}
	g_hash_table_add(plain, g_steal_pointer(&word));
}

static void each(
	const char *text, const char *regex, GHashTable *plain, GPtrArray *patterns)
{
	g_autoptr(GRegex) r = g_regex_new(regex, G_REGEX_RAW, 0, NULL);
	g_autoptr(GMatchInfo) m = NULL;

	for (g_regex_match(r, text, 0, &m); g_match_info_matches(m);
		g_match_info_next(m, NULL)) {
		g_autofree char *found = g_match_info_fetch(m, 1);
		add_word(plain, patterns, found);
	}
}

void wrap_words_add(wrap_words *w, const char *text)
{
	each(text, "'([^'\\n]{1,100})'", w->plain, w->patterns);
	each(text, "\\bsubproject\\s*\\(\\s*f?'([^'\\n]{1,100})'", w->called,
		w->called_patterns);
}

char *wrap_folder(const char *text)
{
	g_autoptr(GRegex) r =
		g_regex_new("\\bsubproject_dir\\s*:\\s*'([A-Za-z0-9_-]{1,100})'",
			G_REGEX_RAW, 0, NULL);
	g_autoptr(GMatchInfo) m = NULL;

	return g_regex_match(r, text, 0, &m) ? g_match_info_fetch(m, 1)
					     : g_strdup("subprojects");
}

static gboolean has(const GHashTable *plain, const GPtrArray *patterns, const char *word)
{
	if (g_hash_table_contains((GHashTable *)plain, word))
		return TRUE;
	for (guint n = 0; n < patterns->len; n++)
		if (g_pattern_spec_match_string(g_ptr_array_index(patterns, n), word))
			return TRUE;
	return FALSE;
}

gboolean wrap_words_name(const wrap_words *w, const meson_wrap *wrap)
{
	for (guint n = 0; n < wrap->provides->len; n++)
		if (has(w->plain, w->patterns, g_ptr_array_index(wrap->provides, n)))
			return TRUE;
	return FALSE;
}

gboolean wrap_words_call(const wrap_words *w, const meson_wrap *wrap)
{
	g_autofree char *name = wrap_word(wrap->name);

	return has(w->called, w->called_patterns, name);
}
