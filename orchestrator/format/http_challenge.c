#include "format/http_challenge.h"
#include <string.h>

#define TOKEN                                                                            \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-.^_`|~"

void http_challenge_free(http_challenge *c)
{
	if (!c)
		return;
	g_free(c->scheme);
	g_free(c->realm);
	g_free(c->service);
	g_free(c->scope);
	g_free(c->error);
	g_free(c);
}

static const char *skip(const char *p)
{
	while (*p == ' ' || *p == '\t' || *p == ',')
		p++;
	return p;
}

/* A token or a quoted string; NULL if it is neither. */
static char *read_value(const char **at)
{
	const char *p = *at;

	if (*p != '"') {
		gsize n = strspn(p, TOKEN "/:=@?");
		*at = p + n;
		return n ? g_strndup(p, n) : NULL;
	}
	GString *out = g_string_new(NULL);
	for (p++; *p && *p != '"'; p++) {
		if (*p == '\\' && p[1])
			p++;
		g_string_append_c(out, *p);
	}
	if (*p != '"') {
		g_string_free(out, TRUE);
		return NULL;
	}
	*at = p + 1;
	return g_string_free(out, FALSE);
}

/* Takes `value` over. */
static void set(http_challenge *c, const char *name, gsize n, char *value)
{
	const struct {
		const char *name;
		char **place;
	} known[] = {{"realm", &c->realm}, {"service", &c->service}, {"scope", &c->scope},
		{"error", &c->error}};

	for (gsize i = 0; i < G_N_ELEMENTS(known); i++)
		if (strlen(known[i].name) == n &&
			!g_ascii_strncasecmp(known[i].name, name, n) && !*known[i].place)
			*known[i].place = g_steal_pointer(&value);
	g_free(value);
}

GPtrArray *http_challenges_parse(const char *header)
{
	GPtrArray *all =
		g_ptr_array_new_with_free_func((GDestroyNotify)http_challenge_free);
	http_challenge *last = NULL;

	for (const char *p = skip(header); *p; p = skip(p)) {
		gsize n = strspn(p, TOKEN);
		const char *after = p + n;
		if (!n)
			break;
		while (*after == ' ' || *after == '\t')
			after++;
		if (*after == '=' && last) {
			const char *name = p;
			for (p = after + 1; *p == ' ' || *p == '\t';)
				p++;
			char *value = read_value(&p);
			if (!value)
				break;
			set(last, name, n, value);
			continue;
		}
		last = g_new0(http_challenge, 1);
		last->scheme = g_ascii_strdown(p, (gssize)n);
		g_ptr_array_add(all, last);
		p += n;
	}
	return all;
}

const http_challenge *http_challenge_find(const GPtrArray *challenges, const char *scheme)
{
	for (guint i = 0; i < challenges->len; i++) {
		const http_challenge *c = challenges->pdata[i];
		if (!strcmp(c->scheme, scheme))
			return c;
	}
	return NULL;
}
