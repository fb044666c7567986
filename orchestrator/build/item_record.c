#include "build/item_record.h"
#include "format/digest.h"
#include <string.h>

#define HEAD "xorch-item 1"

static void input_free(void *data)
{
	key_input *i = data;

	g_free(i->name);
	g_free(i->value);
	g_free(i);
}

item_record *item_record_new(void)
{
	item_record *r = g_new0(item_record, 1);

	r->inputs = g_ptr_array_new_with_free_func(input_free);
	return r;
}

void item_record_free(item_record *r)
{
	if (!r)
		return;
	g_free(r->key);
	g_free(r->file);
	g_free(r->sha256);
	g_free(r->tags);
	g_free(r->sandbox);
	g_free(r->statement);
	g_ptr_array_unref(r->inputs);
	g_free(r);
}

void item_record_add_input(item_record *r, const char *name, const char *value)
{
	key_input *i = g_new(key_input, 1);

	i->name = g_strdup(name);
	i->value = g_strdup(value);
	g_ptr_array_add(r->inputs, i);
}

void item_record_take_inputs(item_record *r, const key *k)
{
	const GPtrArray *inputs = key_inputs(k);

	for (guint n = 0; n < inputs->len; n++) {
		const key_input *i = g_ptr_array_index(inputs, n);
		item_record_add_input(r, i->name, i->value);
	}
}

static item_record *parse(char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	g_autoptr(item_record) r = item_record_new();

	if (!lines[0] || !g_str_equal(lines[0], HEAD))
		return NULL;
	for (char **line = lines + 1; *line; line++) {
		char *value = strchr(*line, ' ');
		if (!value)
			continue;
		*value++ = '\0';
		if (g_str_equal(*line, "key"))
			r->key = g_strdup(value);
		else if (g_str_equal(*line, "file"))
			r->file = g_strdup(value);
		else if (g_str_equal(*line, "sha256"))
			r->sha256 = g_strdup(value);
		else if (g_str_equal(*line, "size"))
			r->size = g_ascii_strtoll(value, NULL, 10);
		else if (g_str_equal(*line, "tags"))
			r->tags = g_strdup(value);
		else if (g_str_equal(*line, "sandbox"))
			r->sandbox = g_strdup(value);
		else if (g_str_equal(*line, "statement"))
			r->statement = g_strdup(value);
		else if (g_str_equal(*line, "seconds"))
			r->seconds = g_ascii_strtod(value, NULL);
		else if (g_str_equal(*line, "input")) {
			char *tab = strchr(value, '\t');
			if (!tab)
				return NULL;
			*tab = '\0';
			item_record_add_input(r, value, tab + 1);
		}
	}
	if (!r->key || !r->file || !r->sha256 || strchr(r->file, '/'))
		return NULL;
	return g_steal_pointer(&r);
}

static item_record *find(store *s, const char *kind, const char *name)
{
	g_autofree char *text = store_record_get_text(s, kind, name);

	return text ? parse(text) : NULL;
}

item_record *item_record_find(store *s, const char *key_hex)
{
	g_autoptr(item_record) r = find(s, "item", key_hex);

	return r && g_str_equal(r->key, key_hex) ? g_steal_pointer(&r) : NULL;
}

item_record *item_record_last(store *s, const char *id)
{
	return find(s, "last", id);
}

gboolean item_record_put(store *s, const char *id, const item_record *r, GError **err)
{
	GString *out = g_string_new(HEAD "\n");
	char seconds[G_ASCII_DTOSTR_BUF_SIZE];

	g_ascii_formatd(seconds, sizeof seconds, "%.3f", r->seconds);
	g_string_append_printf(out,
		"key %s\nfile %s\nsha256 %s\nsize %" G_GINT64_FORMAT
		"\ntags %s\nsandbox %s\nseconds %s\n",
		r->key, r->file, r->sha256, r->size, r->tags ? r->tags : "",
		r->sandbox ? r->sandbox : "", seconds);
	if (r->statement)
		g_string_append_printf(out, "statement %s\n", r->statement);
	for (guint n = 0; n < r->inputs->len; n++) {
		const key_input *i = g_ptr_array_index(r->inputs, n);
		g_string_append_printf(out, "input %s\t%s\n", i->name, i->value);
	}
	gboolean ok = store_record_put(s, "item", r->key, out->str, out->len, err) &&
		      store_record_put(s, "last", id, out->str, out->len, err);
	g_string_free(out, TRUE);
	return ok;
}

static const char *value_of(const GPtrArray *inputs, const char *name)
{
	for (guint n = 0; n < inputs->len; n++) {
		const key_input *i = g_ptr_array_index(inputs, n);
		if (g_str_equal(i->name, name))
			return i->value;
	}
	return NULL;
}

/* As people read it: of a hash the first digits will do. */
static char *shown(const char *value)
{
	g_autofree char *hash = digest_normalise(value);

	return hash ? g_strdup_printf("%.12s…", value) : g_strdup(value);
}

GPtrArray *item_record_differences(const item_record *r, const key *k)
{
	GPtrArray *out = g_ptr_array_new_with_free_func(g_free);
	const GPtrArray *now = key_inputs(k);

	for (guint n = 0; n < now->len; n++) {
		const key_input *i = g_ptr_array_index(now, n);
		const char *before = value_of(r->inputs, i->name);
		g_autofree char *value = shown(i->value);
		g_autofree char *old = before ? shown(before) : NULL;
		if (!before)
			g_ptr_array_add(
				out, g_strdup_printf("%s: %s (new)", i->name, value));
		else if (!g_str_equal(before, i->value))
			g_ptr_array_add(out,
				g_strdup_printf("%s: %s -> %s", i->name, old, value));
	}
	for (guint n = 0; n < r->inputs->len; n++) {
		const key_input *i = g_ptr_array_index(r->inputs, n);
		g_autofree char *value = shown(i->value);
		if (!value_of(now, i->name))
			g_ptr_array_add(
				out, g_strdup_printf("%s: %s (gone)", i->name, value));
	}
	return out;
}
