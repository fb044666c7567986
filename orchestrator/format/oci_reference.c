#include "format/oci_reference.h"
#include <string.h>

#define HEX 64

const char *oci_digest_hex(const char *text)
{
	if (!text || !g_str_has_prefix(text, "sha256:"))
		return NULL;
	text += strlen("sha256:");
	return strspn(text, "0123456789abcdef") == HEX && !text[HEX] ? text : NULL;
}

static gboolean is_host(const char *text)
{
	gsize n = strspn(text,
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]");

	return n && !text[n] && text[0] != '-' && text[0] != '.' && text[0] != ':';
}

/* One part between slashes: lower-case words, separated by '.', '_', '__' or dashes. */
static gboolean is_path_part(const char *p)
{
	if (!g_ascii_islower(*p) && !g_ascii_isdigit(*p))
		return FALSE;
	while (*p) {
		if (g_ascii_islower(*p) || g_ascii_isdigit(*p)) {
			p++;
			continue;
		}
		gsize n = *p == '.' ? 1 : *p == '_' ? strspn(p, "_") : strspn(p, "-");
		if (!n || (*p == '_' && n > 2))
			return FALSE;
		p += n;
		if (!g_ascii_islower(*p) && !g_ascii_isdigit(*p))
			return FALSE;
	}
	return TRUE;
}

static gboolean is_repository(const char *text)
{
	g_auto(GStrv) parts = g_strsplit(text, "/", -1);

	if (strlen(text) > 255)
		return FALSE;
	for (char **p = parts; *p; p++)
		if (!is_path_part(*p))
			return FALSE;
	return parts[0] != NULL;
}

static gboolean is_tag(const char *text)
{
	gsize n = strspn(text,
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

	return n && n <= 128 && !text[n] && text[0] != '.' && text[0] != '-';
}

oci_reference *oci_reference_parse(const char *text, const char **reason)
{
	g_autoptr(oci_reference) r = g_new0(oci_reference, 1);
	g_autofree char *rest = g_strdup(text);

	*reason = NULL;
	char *at = strchr(rest, '@');
	if (at) {
		const char *hex = oci_digest_hex(at + 1);
		if (!hex) {
			*reason = "has a digest that is not sha256: and 64 hex digits";
			return NULL;
		}
		r->digest = g_strdup(hex);
		*at = '\0';
	}
	char *slash = strchr(rest, '/');
	char *colon = strrchr(slash ? slash : rest, ':');
	if (colon) {
		if (!is_tag(colon + 1))
			*reason = "has a tag that is none";
		r->tag = g_strdup(colon + 1);
		*colon = '\0';
	}
	g_autofree char *first = slash ? g_strndup(rest, slash - rest) : NULL;
	if (first && (strpbrk(first, ".:") || !strcmp(first, "localhost"))) {
		r->host = g_ascii_strdown(first, -1);
		r->repository = g_strdup(slash + 1);
	} else {
		r->host = g_strdup("docker.io");
		r->repository =
			slash ? g_strdup(rest) : g_strconcat("library/", rest, NULL);
	}
	if (!*reason && !is_host(r->host))
		*reason = "has a host that is none";
	if (!*reason && !is_repository(r->repository))
		*reason = "wants HOST/NAME, NAME in lower-case words between slashes";
	if (*reason)
		return NULL;
	if (!r->tag && !r->digest)
		r->tag = g_strdup("latest");
	return g_steal_pointer(&r);
}

void oci_reference_free(oci_reference *r)
{
	if (!r)
		return;
	g_free(r->host);
	g_free(r->repository);
	g_free(r->tag);
	g_free(r->digest);
	g_free(r);
}

char *oci_reference_text(const oci_reference *r)
{
	return g_strconcat(r->host, "/", r->repository, r->tag ? ":" : "",
		r->tag ? r->tag : "", r->digest ? "@sha256:" : "",
		r->digest ? r->digest : "", NULL);
}
