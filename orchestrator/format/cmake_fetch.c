#include "format/cmake_fetch.h"
#include "format/cmake_text.h"
#include <string.h>

#define DEPTH_MAX 8
#define VALUE_MAX 4096
#define FETCHES_MAX 200
#define REPLACED_MAX 1000 /* variables in one value: they may nest */

static void fetch_free(gpointer data)
{
	cmake_fetch *f = data;

	g_free(f->name);
	g_ptr_array_unref(f->urls);
	g_free(f->sha256);
	g_free(f->git);
	g_free(f->revision);
	g_free(f->unusable);
	g_free(f);
}

void cmake_reading_init(cmake_reading *r)
{
	r->known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	r->files = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
}

void cmake_reading_clear(cmake_reading *r)
{
	g_clear_pointer(&r->known, g_hash_table_unref);
	g_clear_pointer(&r->files, g_ptr_array_unref);
}

/* ---- variables ---- */

static const char *word_of(const cmake_command *c, guint n)
{
	return n < c->words->len ? g_ptr_array_index(c->words, n) : NULL;
}

/* Appends `text` with its variables replaced; the name of one that is not known, or is
 * too much, a new string, else NULL. */
static char *replace(
	GString *out, const char *text, GHashTable *known, guint depth, guint *replaced)
{
	while (*text && out->len < VALUE_MAX) {
		const char *end;
		if (g_str_has_prefix(text, "\\$")) {
			g_string_append_c(out, '$');
			text += 2;
			continue;
		}
		if (!g_str_has_prefix(text, "${") || !(end = strchr(text, '}'))) {
			g_string_append_c(out, *text++);
			continue;
		}
		g_autofree char *name = g_strndup(text + 2, (gsize)(end - text - 2));
		const char *value = g_hash_table_lookup(known, name);
		if (!value || depth >= DEPTH_MAX || ++*replaced > REPLACED_MAX)
			return g_steal_pointer(&name);
		char *unknown = replace(out, value, known, depth + 1, replaced);
		if (unknown)
			return unknown;
		text = end + 1;
	}
	return NULL;
}

static char *expand(GString *out, const char *text, GHashTable *known)
{
	guint replaced = 0;

	return replace(out, text, known, 0, &replaced);
}

static void give(GHashTable *known, const char *name, const char *value, gboolean first)
{
	if (name && value && strlen(value) < VALUE_MAX &&
		!(first && g_hash_table_contains(known, name)))
		g_hash_table_replace(known, g_strdup(name), g_strdup(value));
}

/* set(NAME value), set(NAME value CACHE …), project(NAME … VERSION 1.2). */
static void take_variable(const cmake_command *c, GHashTable *known, gboolean first)
{
	const char *name = word_of(c, 0), *second = word_of(c, 1), *third = word_of(c, 2);

	if (g_str_equal(c->name, "set") && second &&
		(!third || g_str_equal(third, "CACHE") ||
			g_str_equal(third, "PARENT_SCOPE"))) {
		/* by the value it had: set(V "${V}.1") */
		g_autoptr(GString) value = g_string_new(NULL);
		g_autofree char *unknown = expand(value, second, known);
		give(known, name, unknown ? second : value->str, first);
	}
	for (guint n = 1; g_str_equal(c->name, "project") && n + 1 < c->words->len; n++)
		if (g_str_equal(word_of(c, n), "VERSION")) {
			give(known, "PROJECT_VERSION", word_of(c, n + 1), first);
			give(known, "CMAKE_PROJECT_VERSION", word_of(c, n + 1), first);
		}
}

void cmake_reading_add(cmake_reading *r, const char *text)
{
	GPtrArray *commands = cmake_text_parse(text);

	g_ptr_array_add(r->files, commands);
	for (guint n = 0; n < commands->len; n++)
		take_variable(g_ptr_array_index(commands, n), r->known, TRUE);
}

/* ---- declarations ---- */

static gboolean is_keyword(const char *word)
{
	return g_ascii_isupper(word[0]) &&
	       !word[strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")];
}

/* The value of the word, or NULL with f->unusable. */
static char *value_of(cmake_fetch *f, const char *word, GHashTable *known)
{
	g_autoptr(GString) value = g_string_new(NULL);
	g_autofree char *unknown = expand(value, word, known);

	if (!unknown)
		return g_string_free(g_steal_pointer(&value), FALSE);
	if (!f->unusable)
		f->unusable = g_strdup_printf(
			"what ${%s} stands for is known only while CMake runs", unknown);
	return NULL;
}

static void take_hash(cmake_fetch *f, const char *value)
{
	static const char lead[] = "SHA256=";

	if (value && g_ascii_strncasecmp(value, lead, strlen(lead)) == 0)
		f->sha256 = g_ascii_strdown(value + strlen(lead), -1);
}

static void take_value(
	cmake_fetch *f, const char *key, const char *word, guint nth, GHashTable *known)
{
	g_autofree char *value = NULL;

	if (g_str_equal(key, "GIT_SUBMODULES") && nth == 0 && !*word)
		f->submodules = FALSE;
	if (!g_str_equal(key, "URL") && !g_str_equal(key, "URL_HASH") &&
		!g_str_equal(key, "GIT_REPOSITORY") && !g_str_equal(key, "GIT_TAG"))
		return;
	value = value_of(f, word, known);
	if (g_str_equal(key, "URL") && value)
		g_ptr_array_add(f->urls, g_steal_pointer(&value));
	else if (g_str_equal(key, "URL_HASH") && !f->sha256)
		take_hash(f, value);
	else if (g_str_equal(key, "GIT_REPOSITORY") && !f->git)
		f->git = g_steal_pointer(&value);
	else if (g_str_equal(key, "GIT_TAG") && !f->revision)
		f->revision = g_steal_pointer(&value);
}

static gboolean is_address(const char *text)
{
	return g_str_has_prefix(text, "https://") || g_str_has_prefix(text, "http://");
}

/* Says what stands in the way, if anything does. FALSE: it fetches nothing. */
static gboolean settle(cmake_fetch *f)
{
	gboolean any = f->git || f->unusable;

	for (guint n = f->urls->len; n-- > 0;) {
		const char *url = g_ptr_array_index(f->urls, n);
		any |= strstr(url, "://") != NULL;
		if (!is_address(url))
			g_ptr_array_remove_index(f->urls, n);
	}
	if (!any)
		return FALSE; /* a file or folder of the source */
	if (f->unusable)
		return TRUE;
	if (f->git && !f->revision)
		f->unusable = g_strdup("it names no GIT_TAG");
	else if (!f->git && !f->urls->len)
		f->unusable = g_strdup("its address is neither http nor https");
	return TRUE;
}

static cmake_fetch *declared(const cmake_command *c, GHashTable *known)
{
	cmake_fetch *f = g_new0(cmake_fetch, 1);
	const char *key = "";
	guint nth = 0;

	f->name = value_of(f, word_of(c, 0), known);
	if (!f->name)
		f->name = g_strdup(word_of(c, 0));
	f->urls = g_ptr_array_new_with_free_func(g_free);
	f->submodules = TRUE; /* CMake's default */
	for (guint n = 1; n < c->words->len; n++) {
		const char *word = word_of(c, n);
		if (is_keyword(word)) {
			key = word;
			nth = 0;
		} else {
			take_value(f, key, word, nth++, known);
		}
	}
	if (settle(f))
		return f;
	fetch_free(f);
	return NULL;
}

static GHashTable *copy_known(GHashTable *known)
{
	GHashTable *out = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	GHashTableIter it;
	gpointer name, value;

	g_hash_table_iter_init(&it, known);
	while (g_hash_table_iter_next(&it, &name, &value))
		g_hash_table_insert(out, g_strdup(name), g_strdup(value));
	return out;
}

char *cmake_fetch_identity(const cmake_fetch *f)
{
	g_autofree char *lower = g_ascii_strdown(f->name, -1);
	GString *out = g_string_new(lower);

	for (guint n = 0; n < f->urls->len; n++)
		g_string_append_printf(
			out, "\n%s", (const char *)g_ptr_array_index(f->urls, n));
	if (f->git)
		g_string_append_printf(
			out, "\n%s %s", f->git, f->revision ? f->revision : "");
	return g_string_free(out, FALSE);
}

GPtrArray *cmake_reading_fetches(const cmake_reading *r)
{
	GPtrArray *out = g_ptr_array_new_with_free_func(fetch_free);
	g_autoptr(GHashTable) seen =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (guint i = 0; i < r->files->len; i++) {
		const GPtrArray *commands = g_ptr_array_index(r->files, i);
		g_autoptr(GHashTable) known = copy_known(r->known);
		for (guint n = 0; n < commands->len && out->len < FETCHES_MAX; n++) {
			const cmake_command *c = g_ptr_array_index(commands, n);
			take_variable(c, known, FALSE);
			if ((!g_str_equal(c->name, "fetchcontent_declare") &&
				    !g_str_equal(c->name, "externalproject_add")) ||
				!word_of(c, 0))
				continue;
			cmake_fetch *f = declared(c, known);
			if (f && g_hash_table_add(seen, cmake_fetch_identity(f)))
				g_ptr_array_add(out, f);
			else if (f)
				fetch_free(f);
		}
	}
	return out;
}
