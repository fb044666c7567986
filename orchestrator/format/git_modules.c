#include "base/error.h"
#include "format/git_source.h"
#include "format/http_url.h"
#include "format/member_name.h"
#include <string.h>

static void module_free(void *data)
{
	git_module *m = data;

	g_free(m->name);
	g_free(m->path);
	g_free(m->url);
	g_free(m);
}

/* Letters only some file systems see: HFS+ drops zero-width ones. */
static char *visible(const char *name)
{
	GString *out = g_string_new(NULL);

	if (!g_utf8_validate(name, -1, NULL)) {
		g_string_free(out, TRUE);
		return g_ascii_strdown(name, -1);
	}
	for (const char *p = name; *p; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);
		if ((c >= 0x200b && c <= 0x200f) || (c >= 0x202a && c <= 0x202e) ||
			(c >= 0x206a && c <= 0x206f) || c == 0xfeff)
			continue;
		g_string_append_unichar(out, g_unichar_tolower(c));
	}
	return g_string_free(out, FALSE);
}

gboolean git_name_is_special(const char *name)
{
	g_autofree char *seen = visible(name);
	gsize n = strlen(seen);

	/* NTFS drops blanks and dots at the end, and has streams behind a colon. */
	seen[strcspn(seen, ":")] = '\0';
	n = strlen(seen);
	while (n && (seen[n - 1] == ' ' || seen[n - 1] == '.'))
		seen[--n] = '\0';
	return g_str_equal(seen, ".git") || g_str_equal(seen, "git~1");
}

static gboolean refuse(const char *what, const char *text, const char *why, GError **err)
{
	g_autofree char *shown = text_escape(text, -1);

	error_set(err, EXIT_INTEGRITY, "X0556", "a submodule is refused");
	error_line(err, "%s: %s", what, shown);
	error_note(err, "%s", why);
	return FALSE;
}

static gboolean name_is_safe(const char *what, const char *name, GError **err)
{
	g_auto(GStrv) parts = g_strsplit_set(name, "/\\", -1);
	const char *reason;

	if (name[0] == '-')
		return refuse(what, name, "it begins like an option", err);
	for (char **p = parts; *p; p++)
		if (g_str_equal(*p, "..") || git_name_is_special(*p))
			return refuse(what, name, "it leads out of the repository", err);
	g_autofree char *clean = member_name_clean(name, MEMBER_NAME_PORTABLE, &reason);
	return clean && *clean ? TRUE
			       : refuse(what, name, clean ? "is empty" : reason, err);
}

/* `[submodule "NAME"]`; NULL: another section. */
static char *section_name(const char *line)
{
	const char *open = strchr(line, '"');
	const char *close = open ? strrchr(line, '"') : NULL;

	if (!g_str_has_prefix(line, "[submodule ") || close == open)
		return NULL;
	return g_strndup(open + 1, (gsize)(close - open - 1));
}

GPtrArray *git_modules_parse(const char *text, gsize size, GError **err)
{
	g_autofree char *copy = g_strndup(text, size);
	g_auto(GStrv) lines = g_strsplit(copy, "\n", -1);
	g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(module_free);
	git_module *m = NULL;

	for (char **l = lines; *l; l++) {
		char *line = g_strstrip(*l);
		if (line[0] == '[') {
			g_autofree char *name = section_name(line);
			m = NULL;
			if (!name)
				continue;
			if (!name_is_safe("name", name, err))
				return NULL;
			m = g_new0(git_module, 1);
			m->name = g_steal_pointer(&name);
			g_ptr_array_add(all, m);
			continue;
		}
		char *equals = m ? strchr(line, '=') : NULL;
		if (!equals)
			continue;
		*equals = '\0';
		char *key = g_strstrip(line), *value = g_strstrip(equals + 1);
		if (g_ascii_strcasecmp(key, "path") == 0) {
			g_free(m->path);
			m->path = g_strdup(value);
		} else if (g_ascii_strcasecmp(key, "url") == 0) {
			g_free(m->url);
			m->url = g_strdup(value);
		}
	}
	for (guint i = all->len; i-- > 0;) {
		m = g_ptr_array_index(all, i);
		if (!m->path || !m->url)
			g_ptr_array_remove_index(all, i);
		else if (!name_is_safe("path", m->path, err))
			return NULL;
	}
	return g_steal_pointer(&all);
}

char *git_module_url(const char *parent, const char *url, GError **err)
{
	g_autofree char *at = g_strdup(parent);

	if (!g_str_has_prefix(url, "./") && !g_str_has_prefix(url, "../")) {
		g_autofree char *why = http_url_refusal(url, FALSE);
		if (!why && url[0] != '-')
			return g_strdup(url);
		refuse("url", url, why ? why : "it begins like an option", err);
		return NULL;
	}
	gsize n = strlen(at);
	while (n && at[n - 1] == '/')
		at[--n] = '\0';
	while (*url == '.') {
		if (g_str_has_prefix(url, "./")) {
			url += 2;
			continue;
		}
		if (!g_str_has_prefix(url, "../"))
			break;
		char *host = strstr(at, "://");
		char *slash = strrchr(at, '/');
		if (!host || !slash || slash <= host + 2 ||
			strchr(host + 3, '/') == NULL) {
			refuse("url", url, "it leads out of its host", err);
			return NULL;
		}
		*slash = '\0';
		url += 3;
	}
	/* "https://host" is left when all of the path was given back. */
	char *host = strstr(at, "://");
	g_autofree char *joined = g_strconcat(at, "/", url, NULL);
	g_autofree char *why = http_url_refusal(joined, FALSE);
	if (!why && host && !strstr(url, "..") && http_url_same_origin(joined, parent))
		return g_steal_pointer(&joined);
	refuse("url", url, why ? why : "it leads out of its host", err);
	return NULL;
}
