#include "format/wheel_name.h"
#include <string.h>

/* Spellings PEP 440 folds into one. */
static const char *canonical_word(const char *word, gsize len)
{
	static const char *const table[][2] = {{"alpha", "a"}, {"beta", "b"}, {"c", "rc"},
		{"pre", "rc"}, {"preview", "rc"}, {"rev", "post"}, {"r", "post"}};

	for (gsize i = 0; i < G_N_ELEMENTS(table); i++)
		if (strlen(table[i][0]) == len && strncmp(word, table[i][0], len) == 0)
			return table[i][1];
	return NULL;
}

/* Drops ".0" at the end of the release part, which ends at `from`. */
static void trim_zeros(GString *out)
{
	while (out->len >= 2 && strcmp(out->str + out->len - 2, ".0") == 0)
		g_string_truncate(out, out->len - 2);
}

/* A key in which equal versions are equal strings: words and numbers parted by
 * dots, numbers without leading zeros, words canonical. The local part ("+…")
 * keeps its words. "1.0-1" (an implicit post release) is not looked for: file
 * names cannot hold it. */
static char *version_key(const char *version)
{
	g_autofree char *lower = g_ascii_strdown(version, -1);
	const char *p = lower;
	GString *out = g_string_new(NULL);
	gboolean release = TRUE, local = FALSE, word = FALSE;

	if (*p == 'v')
		p++;
	while (*p) {
		if (*p == '+' || *p == '!') {
			if (release && *p == '+')
				trim_zeros(out);
			local = local || *p == '+';
			release = release && !local;
			g_string_append_c(out, *p++);
			word = FALSE;
		} else if (g_ascii_isdigit(*p)) {
			gsize len = strspn(p, "0123456789");
			const char *digits = p;
			p += len;
			while (len > 1 && *digits == '0') {
				digits++;
				len--;
			}
			if (out->len && !strchr("+!", out->str[out->len - 1]))
				g_string_append_c(out, '.');
			g_string_append_len(out, digits, (gssize)len);
			word = FALSE;
		} else if (g_ascii_isalpha(*p)) {
			gsize len = 0;
			while (g_ascii_isalpha(p[len]))
				len++;
			if (release)
				trim_zeros(out);
			release = FALSE;
			const char *canon = local ? NULL : canonical_word(p, len);
			if (out->len && !strchr("+!", out->str[out->len - 1]))
				g_string_append_c(out, '.');
			if (canon)
				g_string_append(out, canon);
			else
				g_string_append_len(out, p, (gssize)len);
			p += len;
			/* "1.0a" means "1.0a0". */
			word = !local && !strpbrk(p, "0123456789");
		} else {
			p++;
		}
	}
	if (word)
		g_string_append(out, ".0");
	else if (release)
		trim_zeros(out);
	return g_string_free(out, FALSE);
}

gboolean wheel_version_equal(const char *a, const char *b)
{
	g_autofree char *x = version_key(a);
	g_autofree char *y = version_key(b);

	return g_str_equal(x, y);
}
