#include "format/go_module.h"
#include "base/error.h"
#include <fnmatch.h>
#include <string.h>

#define DIGITS "0123456789"
#define IDENTIFIER DIGITS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-"

/* ---- names ---- */

static gboolean component_is_bad(const char *begin, gsize len)
{
	return len == 0 || (len == 1 && begin[0] == '.') ||
	       (len == 2 && begin[0] == '.' && begin[1] == '.');
}

static gboolean components_are_good(const char *text)
{
	for (;;) {
		gsize len = strcspn(text, "/");
		if (component_is_bad(text, len))
			return FALSE;
		if (!text[len])
			return TRUE;
		text += len + 1;
	}
}

char *go_module_escape(const char *text)
{
	g_autoptr(GString) out = g_string_new(NULL);

	if (!components_are_good(text))
		return NULL;
	for (const char *p = text; *p; p++) {
		if (!g_ascii_isalnum(*p) && !strchr("-._~+/", *p))
			return NULL;
		if (g_ascii_isupper(*p))
			g_string_append_c(out, '!');
		g_string_append_c(out, g_ascii_tolower(*p));
	}
	return g_string_free(g_steal_pointer(&out), FALSE);
}

char *go_module_unescape(const char *text)
{
	g_autoptr(GString) out = g_string_new(NULL);

	if (!components_are_good(text))
		return NULL;
	for (const char *p = text; *p; p++) {
		if (*p == '!') {
			p++;
			if (!g_ascii_islower(*p))
				return NULL;
			g_string_append_c(out, g_ascii_toupper(*p));
			continue;
		}
		if (g_ascii_isupper(*p) ||
			(!g_ascii_isalnum(*p) && !strchr("-._~+/", *p)))
			return NULL;
		g_string_append_c(out, *p);
	}
	return g_string_free(g_steal_pointer(&out), FALSE);
}

/* ---- versions ---- */

/* A number without leading zeros; what follows it, or NULL. */
static const char *number_end(const char *p)
{
	size_t n = strspn(p, DIGITS);

	return n == 0 || (n > 1 && *p == '0') || n > 18 ? NULL : p + n;
}

gboolean go_version_valid(const char *text)
{
	const char *p = text;

	if (*p++ != 'v')
		return FALSE;
	for (int part = 0; part < 3; part++) {
		p = number_end(p);
		if (!p || (part < 2 && *p++ != '.'))
			return FALSE;
	}
	if (*p == '-') {
		do {
			size_t n = strspn(++p, IDENTIFIER);
			if (n == 0)
				return FALSE;
			p += n;
		} while (*p == '.');
	}
	return *p == '\0' || g_str_equal(p, "+incompatible");
}

static int compare_number(const char *a, size_t na, const char *b, size_t nb)
{
	if (na != nb)
		return na < nb ? -1 : 1;
	return strncmp(a, b, na);
}

/* Identifiers of a pre-release: numbers before words, fewer before more. */
static int compare_prerelease(const char *a, const char *b)
{
	for (;;) {
		size_t na = strcspn(a, ".+"), nb = strcspn(b, ".+");
		gboolean da = strspn(a, DIGITS) == na, db = strspn(b, DIGITS) == nb;
		int order;
		if (da && db) {
			order = compare_number(a, na, b, nb);
		} else if (da != db) {
			order = da ? -1 : 1;
		} else {
			order = strncmp(a, b, MIN(na, nb));
			if (order == 0 && na != nb)
				order = na < nb ? -1 : 1;
		}
		if (order)
			return order;
		a += na;
		b += nb;
		if (*a != '.' || *b != '.')
			return (*a == '.') - (*b == '.');
		a++;
		b++;
	}
}

int go_version_compare(const char *a, const char *b)
{
	a++;
	b++;
	for (int part = 0; part < 3; part++) {
		size_t na = strspn(a, DIGITS), nb = strspn(b, DIGITS);
		int order = compare_number(a, na, b, nb);
		if (order)
			return order;
		a += na + (part < 2);
		b += nb + (part < 2);
	}
	if (*a != '-' || *b != '-')
		return (*b == '-') - (*a == '-');
	return compare_prerelease(a + 1, b + 1);
}

/* Up to three numbers, then beta or rc and theirs. */
static void release_read(const char *text, long out[5])
{
	const char *p = g_str_has_prefix(text, "go") ? text + 2 : text;

	memset(out, 0, 5 * sizeof *out);
	for (int part = 0; part < 3; part++) {
		char *end;
		out[part] = strtol(p, &end, 10);
		p = end;
		if (*p != '.')
			break;
		p++;
	}
	out[3] = 2;
	if (g_str_has_prefix(p, "beta")) {
		out[3] = 0;
		out[4] = strtol(p + 4, NULL, 10);
	} else if (g_str_has_prefix(p, "rc")) {
		out[3] = 1;
		out[4] = strtol(p + 2, NULL, 10);
	}
}

int go_release_compare(const char *a, const char *b)
{
	long x[5], y[5];

	release_read(a, x);
	release_read(b, y);
	for (int i = 0; i < 5; i++)
		if (x[i] != y[i])
			return x[i] < y[i] ? -1 : 1;
	return 0;
}

/* ---- settings ---- */

static void proxy_free(void *data)
{
	go_proxy *p = data;

	g_free(p->url);
	g_free(p);
}

GPtrArray *go_proxy_list(const char *text)
{
	GPtrArray *list = g_ptr_array_new_with_free_func(proxy_free);

	while (*text) {
		size_t len = strcspn(text, ",|");
		char stop = text[len];
		g_autofree char *url = g_strstrip(g_strndup(text, len));
		size_t n = strlen(url);
		while (n && url[n - 1] == '/')
			url[--n] = '\0';
		text += len + (stop != '\0');
		if (!n)
			continue;
		go_proxy *p = g_new0(go_proxy, 1);
		p->url = g_steal_pointer(&url);
		p->any_error = stop == '|';
		g_ptr_array_add(list, p);
		if (g_str_equal(p->url, "direct") || g_str_equal(p->url, "off"))
			break;
	}
	return list;
}

gboolean go_module_matches(const char *patterns, const char *path)
{
	g_auto(GStrv) list = g_strsplit(patterns ? patterns : "", ",", -1);

	for (char **p = list; *p; p++) {
		char *pattern = g_strstrip(*p);
		size_t n = strlen(pattern);
		int slashes = 0;
		const char *end = path;
		while (n && pattern[n - 1] == '/')
			pattern[--n] = '\0';
		if (!n)
			continue;
		for (const char *q = pattern; *q; q++)
			slashes += *q == '/';
		for (; *end && (*end != '/' || slashes-- > 0); end++)
			;
		g_autofree char *prefix = g_strndup(path, (gsize)(end - path));
		if (fnmatch(pattern, prefix, FNM_PATHNAME) == 0)
			return TRUE;
	}
	return FALSE;
}

/* ---- go.sum ---- */

static gboolean bad_line(const char *name, int line, const char *why, GError **err)
{
	error_set(err, EXIT_INTEGRITY, "X0661", "%s is not a sound go.sum", name);
	error_line(err, "line %d: %s", line, why);
	return FALSE;
}

static gboolean sum_line(
	GHashTable *sum, const char *text, const char *name, int line, GError **err)
{
	g_auto(GStrv) all = g_strsplit_set(text, " \t\r", -1);
	const char *word[4] = {0};
	int n = 0;

	for (char **p = all; *p; p++)
		if (**p && n < 4)
			word[n++] = *p;
	if (n == 0)
		return TRUE;
	if (n != 3)
		return bad_line(name, line, "wants module, version and hash", err);
	if (!g_str_has_prefix(word[2], "h1:"))
		return TRUE;
	g_autofree char *key = g_strdup_printf("%s %s", word[0], word[1]);
	const char *old = g_hash_table_lookup(sum, key);
	if (old && !g_str_equal(old, word[2]))
		return bad_line(name, line, "a second hash of the same module", err);
	g_hash_table_replace(sum, g_steal_pointer(&key), g_strdup(word[2]));
	return TRUE;
}

GHashTable *go_sum_parse(const char *text, const char *name, GError **err)
{
	g_autoptr(GHashTable) sum =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (int i = 0; lines[i]; i++)
		if (!sum_line(sum, lines[i], name, i + 1, err))
			return NULL;
	return g_steal_pointer(&sum);
}

const char *go_sum_get(
	GHashTable *sum, const char *path, const char *version, gboolean mod)
{
	g_autofree char *key =
		g_strdup_printf("%s %s%s", path, version, mod ? "/go.mod" : "");

	return g_hash_table_lookup(sum, key);
}
