#include "format/http_url.h"
#include "base/error.h"
#include <lazy/curl.h>
#include <string.h>

static CURLU *parse(const char *url)
{
	CURLU *u = curl_url();

	if (u && curl_url_set(u, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) !=
			 CURLUE_OK)
		g_clear_pointer(&u, curl_url_cleanup);
	return u;
}

/* A part as a GLib string; NULL when there is none. */
static char *part(CURLU *u, CURLUPart what, unsigned flags)
{
	char *text = NULL;

	if (curl_url_get(u, what, &text, flags) != CURLUE_OK)
		return NULL;
	char *copy = g_strdup(text);
	curl_free(text);
	return copy;
}

char *http_url_show(const char *url)
{
	CURLU *u = parse(url);

	if (!u) {
		/* Not a URL: still no "user:password@" may slip through. */
		const char *at = strrchr(url, '@');
		return at ? g_strconcat("***", at, NULL) : text_escape(url, -1);
	}
	g_autofree char *user = part(u, CURLUPART_USER, 0);
	g_autofree char *password = part(u, CURLUPART_PASSWORD, 0);
	g_autofree char *query = part(u, CURLUPART_QUERY, 0);
	curl_url_set(u, CURLUPART_USER, NULL, 0);
	curl_url_set(u, CURLUPART_PASSWORD, NULL, 0);
	curl_url_set(u, CURLUPART_OPTIONS, NULL, 0);
	curl_url_set(u, CURLUPART_QUERY, NULL, 0);
	g_autofree char *plain = part(u, CURLUPART_URL, 0);
	curl_url_cleanup(u);
	GString *shown = g_string_new(NULL);
	g_autofree char *escaped = text_escape(plain ? plain : "", -1);
	const char *rest = strstr(escaped, "://");
	if (rest && (user || password)) {
		g_string_append_len(shown, escaped, rest + 3 - escaped);
		g_string_append_printf(shown, "***@%s", rest + 3);
	} else {
		g_string_append(shown, escaped);
	}
	if (query)
		g_string_append(shown, "?…");
	return g_string_free(shown, FALSE);
}

static gboolean is_loopback(const char *host)
{
	if (g_ascii_strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0)
		return TRUE;
	if (!g_str_has_prefix(host, "127."))
		return FALSE;
	/* libcurl has made a dotted quad of every spelling of an IPv4 address; a
	 * name such as 127.example.org has letters. */
	return strspn(host, "0123456789.") == strlen(host);
}

char *http_url_refusal(const char *url, gboolean allow_http)
{
	CURLU *u = parse(url);

	if (!u)
		return g_strdup("it is not a URL");
	g_autofree char *scheme = part(u, CURLUPART_SCHEME, 0);
	g_autofree char *host = part(u, CURLUPART_HOST, 0);
	curl_url_cleanup(u);
	if (!scheme || !host || !host[0])
		return g_strdup("it names no host");
	if (strcmp(scheme, "https") == 0)
		return NULL;
	if (strcmp(scheme, "http") != 0) {
		g_autofree char *shown = text_escape(scheme, -1);
		return g_strdup_printf("%s: is not fetched, only https", shown);
	}
	if (allow_http || is_loopback(host))
		return NULL;
	return g_strdup("it is not https");
}

char *http_url_redirect_refusal(const char *from, const char *to, gboolean allow_http)
{
	if (g_ascii_strncasecmp(from, "https:", 6) == 0 &&
		g_ascii_strncasecmp(to, "http:", 5) == 0)
		return g_strdup("from https to http");
	return http_url_refusal(to, allow_http);
}

char *http_url_origin(const char *url)
{
	CURLU *u = parse(url);

	if (!u)
		return http_url_show(url);
	g_autofree char *scheme = part(u, CURLUPART_SCHEME, 0);
	g_autofree char *host = part(u, CURLUPART_HOST, 0);
	g_autofree char *port = part(u, CURLUPART_PORT, CURLU_DEFAULT_PORT);
	curl_url_cleanup(u);
	g_autofree char *whole = g_strdup_printf(
		"%s://%s:%s", scheme ? scheme : "", host ? host : "", port ? port : "");
	return g_ascii_strdown(whole, -1);
}

gboolean http_url_same_origin(const char *a, const char *b)
{
	g_autofree char *x = http_url_origin(a);
	g_autofree char *y = http_url_origin(b);

	return strcmp(x, y) == 0;
}

char *http_url_join(const char *base, const char *relative)
{
	CURLU *u = parse(base);
	char *whole = NULL;

	if (!u)
		return NULL;
	if (!relative[0])
		whole = part(u, CURLUPART_URL, 0);
	else if (curl_url_set(u, CURLUPART_URL, relative, CURLU_NON_SUPPORT_SCHEME) ==
		 CURLUE_OK)
		whole = part(u, CURLUPART_URL, 0);
	curl_url_cleanup(u);
	return whole;
}

char *http_url_below(const char *base, const char *path)
{
	gsize len = strlen(base);

	while (len && base[len - 1] == '/')
		len--;
	while (*path == '/')
		path++;
	return g_strdup_printf("%.*s/%s", (int)len, base, path);
}

char *http_url_plain(const char *url, char **fragment)
{
	const char *hash = strchr(url, '#');
	gsize len = strcspn(url, "?#");

	if (fragment)
		*fragment = hash ? g_strdup(hash + 1) : NULL;
	return g_strndup(url, len);
}
