#include "format/public_url.h"
#include <string.h>

/* "git@host:some/path", "host:some/path". */
static char *from_short_form(const char *text)
{
	const char *colon = strchr(text, ':');

	if (!colon || strstr(text, "://") || colon == text ||
		memchr(text, '/', (gsize)(colon - text)) || !colon[1])
		return NULL;
	const char *at = memchr(text, '@', (gsize)(colon - text));
	const char *from = at ? at + 1 : text;
	g_autofree char *host = g_strndup(from, (gsize)(colon - from));
	const char *path = colon + 1 + strspn(colon + 1, "/");
	return *host ? g_strdup_printf("ssh://%s/%s", host, path) : NULL;
}

char *public_url(const char *url)
{
	static const char *const schemes[] = {
		"https://", "http://", "ssh://", "git://", "git+ssh://", NULL};

	for (const char *const *s = schemes; *s; s++) {
		if (g_ascii_strncasecmp(url, *s, strlen(*s)) != 0)
			continue;
		const char *rest = url + strlen(*s);
		gsize host = strcspn(rest, "/?#");
		const char *at = g_strrstr_len(rest, (gssize)host, "@");
		const char *from = at ? at + 1 : rest;
		g_autofree char *plain = g_strndup(from, strcspn(from, "?#"));
		return *plain ? g_strconcat(*s, plain, NULL) : NULL;
	}
	return from_short_form(url);
}
