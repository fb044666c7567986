#include "format/pep440_parts.h"
#include <string.h>

void pep440_version_free(pep440_version *v)
{
	if (!v)
		return;
	g_free(v->release);
	g_strfreev(v->local);
	g_free(v);
}

/* Reads digits at *p; FALSE when there are none or too many. */
static gboolean number(const char **p, guint64 *out)
{
	const char *s = *p;
	guint64 n = 0;

	while (g_ascii_isdigit(*s)) {
		if (n > (G_MAXINT64 - 9) / 10)
			return FALSE;
		n = n * 10 + (guint64)(*s++ - '0');
	}
	if (s == *p)
		return FALSE;
	*p = s;
	*out = n;
	return TRUE;
}

static const char *separator(const char *p)
{
	return *p == '.' || *p == '-' || *p == '_' ? p + 1 : p;
}

/* "[sep]word[sep][digits]" at *p for the first of `words` that is there. */
static const char *suffix(const char **p, const char *const *words, guint64 *n)
{
	const char *at = separator(*p);

	for (; *words; words++) {
		size_t len = strlen(*words);
		if (g_ascii_strncasecmp(at, *words, len) != 0)
			continue;
		at += len;
		const char *digits = separator(at);
		*n = 0;
		if (g_ascii_isdigit(*digits)) {
			if (!number(&digits, n))
				return NULL;
			at = digits;
		}
		*p = at;
		return *words;
	}
	return NULL;
}

static gboolean parse_suffixes(pep440_version *v, const char **p)
{
	/* Longer spellings before those they begin with. */
	static const char *const pre[] = {
		"alpha", "a", "beta", "b", "preview", "pre", "rc", "c", NULL};
	static const char *const post[] = {"post", "rev", "r", NULL};
	static const char *const dev[] = {"dev", NULL};
	const char *word = suffix(p, pre, &v->pre_n);

	if (word)
		v->pre = *word == 'a' || *word == 'b' ? *word : 'r';
	if (**p == '-' && g_ascii_isdigit((*p)[1])) {
		(*p)++;
		if (!number(p, &v->post_n))
			return FALSE;
		v->post = TRUE;
	} else if (suffix(p, post, &v->post_n)) {
		v->post = TRUE;
	}
	v->dev = suffix(p, dev, &v->dev_n) != NULL;
	return TRUE;
}

static gboolean parse_local(pep440_version *v, const char *p)
{
	g_autofree char *lower = g_ascii_strdown(p, -1);

	v->local = g_strsplit_set(lower, ".-_", -1);
	for (char **part = v->local; *part; part++) {
		if (!**part)
			return FALSE;
		for (const char *c = *part; *c; c++)
			if (!g_ascii_isalnum(*c))
				return FALSE;
	}
	return v->local[0] != NULL;
}

pep440_version *pep440_version_parse(const char *text)
{
	g_autofree char *trimmed = g_strstrip(g_strdup(text));
	g_autoptr(pep440_version) v = g_new0(pep440_version, 1);
	const char *p = trimmed;
	guint64 first;

	if (*p == 'v' || *p == 'V')
		p++;
	if (!number(&p, &first))
		return NULL;
	if (*p == '!') {
		p++;
		v->epoch = first;
		if (!number(&p, &first))
			return NULL;
	}
	g_autoptr(GArray) release = g_array_new(FALSE, FALSE, sizeof(guint64));
	g_array_append_val(release, first);
	while (*p == '.' && g_ascii_isdigit(p[1])) {
		p++;
		if (!number(&p, &first))
			return NULL;
		g_array_append_val(release, first);
	}
	v->n = release->len;
	v->release = g_memdup2(release->data, release->len * sizeof(guint64));
	if (!parse_suffixes(v, &p))
		return NULL;
	if (*p == '+') {
		if (!parse_local(v, p + 1))
			return NULL;
	} else if (*p) {
		return NULL;
	}
	return g_steal_pointer(&v);
}

guint64 pep440_version_release(const pep440_version *v, guint n)
{
	return n < v->n ? v->release[n] : 0;
}

gboolean pep440_version_is_prerelease(const pep440_version *v)
{
	return v->pre || v->dev;
}

static int order(guint64 a, guint64 b)
{
	return a < b ? -1 : a > b;
}

/* PEP 440: 1.0.dev1 < 1.0a1.dev1 < 1.0a1 < 1.0 < 1.0.post1.dev1 < 1.0.post1. */
static int pre_rank(const pep440_version *v)
{
	if (v->pre)
		return v->pre == 'a' ? 1 : v->pre == 'b' ? 2 : 3;
	return !v->post && v->dev ? 0 : 4;
}

static int compare_local(const GStrv a, const GStrv b)
{
	if (!a || !b)
		return order(a != NULL, b != NULL);
	for (guint i = 0;; i++) {
		if (!a[i] || !b[i])
			return order(a[i] != NULL, b[i] != NULL);
		gboolean an = strspn(a[i], "0123456789") == strlen(a[i]);
		gboolean bn = strspn(b[i], "0123456789") == strlen(b[i]);
		if (an != bn)
			return an ? 1 : -1; /* numbers sort above words */
		const char *x = a[i], *y = b[i];
		if (an) {
			x += strspn(x, "0");
			y += strspn(y, "0");
			int c = order(strlen(x), strlen(y));
			if (c)
				return c;
		}
		int c = strcmp(x, y);
		if (c)
			return c;
	}
}

int pep440_compare_base(const pep440_version *a, const pep440_version *b)
{
	int c = order(a->epoch, b->epoch);

	for (guint i = 0; !c && i < MAX(a->n, b->n); i++)
		c = order(pep440_version_release(a, i), pep440_version_release(b, i));
	return c;
}

int pep440_compare_public(const pep440_version *a, const pep440_version *b)
{
	int c = pep440_compare_base(a, b);

	if (!c)
		c = pre_rank(a) - pre_rank(b);
	if (!c && a->pre)
		c = order(a->pre_n, b->pre_n);
	if (!c)
		c = order(a->post, b->post);
	if (!c && a->post)
		c = order(a->post_n, b->post_n);
	if (!c)
		c = order(!a->dev, !b->dev);
	if (!c && a->dev)
		c = order(a->dev_n, b->dev_n);
	return c;
}

int pep440_version_compare(const pep440_version *a, const pep440_version *b)
{
	int c = pep440_compare_public(a, b);

	return c ? c : compare_local(a->local, b->local);
}

gboolean pep440_equal(const char *a, const char *b)
{
	g_autoptr(pep440_version) x = pep440_version_parse(a);
	g_autoptr(pep440_version) y = pep440_version_parse(b);

	return x && y ? pep440_version_compare(x, y) == 0 : strcmp(a, b) == 0;
}
