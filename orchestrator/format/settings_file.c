#include "format/settings_file.h"
#include <string.h>

static void entry_free(void *data)
{
	settings_entry *e = data;

	g_free(e->section);
	g_free(e->key);
	g_free(e->value);
	g_free(e);
}

static settings_entry *add(GPtrArray *all, const char *section, unsigned block,
	const char *key, const char *value)
{
	settings_entry *e = g_new(settings_entry, 1);

	e->section = g_strdup(section);
	e->block = block;
	e->key = g_strstrip(g_strdup(key));
	e->value = g_strstrip(g_strdup(value));
	g_ptr_array_add(all, e);
	return e;
}

/* pip takes "--index_url" for "index-url". */
static void pip_key(settings_entry *e)
{
	char *k = g_ascii_strdown(e->key, -1);

	g_strdelimit(k, "_", '-');
	g_free(e->key);
	e->key = g_strdup(g_str_has_prefix(k, "--") ? k + 2 : k);
	g_free(k);
}

GPtrArray *settings_parse_ini(const char *text)
{
	GPtrArray *all = g_ptr_array_new_with_free_func(entry_free);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	g_autofree char *section = g_strdup("");
	settings_entry *open = NULL;
	unsigned block = 0;

	for (char **l = lines; *l; l++) {
		gboolean indented = g_ascii_isspace((*l)[0]);
		char *line = g_strstrip(*l);
		if (!line[0] || line[0] == '#' || line[0] == ';')
			continue;
		if (indented && open) {
			char *more = g_strdup_printf(
				"%s%s%s", open->value, open->value[0] ? "\n" : "", line);
			g_free(open->value);
			open->value = more;
			continue;
		}
		open = NULL;
		if (line[0] == '[') {
			g_free(section);
			section = g_strndup(line + 1, strcspn(line + 1, "]"));
			block++;
			continue;
		}
		gsize n = strcspn(line, "=:");
		if (!line[n])
			continue;
		line[n] = '\0';
		open = add(all, section, block, line, line + n + 1);
		pip_key(open);
	}
	return all;
}

/* A quoted TOML value in place; what follows it (a comment) is dropped. */
static char *toml_value(char *text)
{
	text = g_strstrip(text);
	if (text[0] == '"' || text[0] == '\'') {
		char *end = strchr(text + 1, text[0]);
		if (end)
			*end = '\0';
		return text + 1;
	}
	text[strcspn(text, "#")] = '\0';
	return g_strstrip(text);
}

GPtrArray *settings_parse_toml(const char *text)
{
	GPtrArray *all = g_ptr_array_new_with_free_func(entry_free);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	g_autofree char *section = g_strdup("");
	unsigned block = 0;

	for (char **l = lines; *l; l++) {
		char *line = g_strstrip(*l);
		if (line[0] == '[') {
			line += strspn(line, "[");
			g_free(section);
			section = g_strstrip(g_strndup(line, strcspn(line, "]")));
			block++;
			continue;
		}
		char *equals = line[0] == '#' ? NULL : strchr(line, '=');
		if (!equals)
			continue;
		*equals = '\0';
		add(all, section, block, line, toml_value(equals + 1));
	}
	return all;
}

const char *settings_get(const GPtrArray *entries, const char *section, const char *key)
{
	const char *found = NULL;

	for (guint i = 0; i < entries->len; i++) {
		const settings_entry *e = entries->pdata[i];
		if (strcmp(e->section, section) == 0 && strcmp(e->key, key) == 0)
			found = e->value;
	}
	return found;
}
