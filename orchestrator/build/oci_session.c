#include "build/oci_session.h"
#include "base/error.h"
#include "base/event.h"
#include "build/fetch.h"
#include "format/http_challenge.h"
#include "format/http_url.h"
#include "format/json.h"
#include "format/oci_manifest.h"
#include <string.h>

#define TOKEN_MAX (64 << 10) /* bytes of a token service's answer */

struct oci_session {
	const registry_oci *where;
	char *authorization;
};

oci_session *oci_session_new(const registry_oci *where)
{
	oci_session *s = g_new0(oci_session, 1);

	s->where = where;
	return s;
}

void oci_session_free(oci_session *s)
{
	if (!s)
		return;
	g_free(s->authorization);
	g_free(s);
}

char *oci_session_url(const oci_session *s, const char *path)
{
	return g_strdup_printf("%s/v2/%s/%s", s->where->base, s->where->repository, path);
}

const char *oci_session_authorization(const oci_session *s)
{
	return s->authorization;
}

void oci_session_forget(oci_session *s)
{
	g_clear_pointer(&s->authorization, g_free);
}

/* ---- being let in ---- */

static gboolean refuse(
	const oci_session *s, const char *why, const char *what, GError **err)
{
	g_autofree char *shown = what ? http_url_show(what) : NULL;

	return error_set(err, EXIT_INTEGRITY, "X0564", "the registry %s %s%s%s",
		s->where->host, why, shown ? ": " : "", shown ? shown : "");
}

static char *basic(const registry_oci_login *l)
{
	g_autofree char *both = g_strconcat(l->user, ":", l->password, NULL);
	g_autofree char *code = g_base64_encode((guchar *)both, strlen(both));

	return g_strconcat("Authorization: Basic ", code, NULL);
}

static void add_value(GString *out, const char *name, const char *value)
{
	g_autofree char *escaped = g_uri_escape_string(value, NULL, FALSE);

	g_string_append_printf(out, "%s%s=%s", out->len ? "&" : "", name, escaped);
}

/* What is asked for: reading this repository and nothing more, whatever the
 * challenge wants. A pull-through cache may call the repository otherwise. */
static char *scope_of(const oci_session *s, const http_challenge *c)
{
	if (c->scope && g_str_has_prefix(c->scope, "repository:") &&
		g_str_has_suffix(c->scope, ":pull"))
		return g_strdup(c->scope);
	return g_strdup_printf("repository:%s:pull", s->where->repository);
}

/* The token service's answer as a header. It goes into one, so it must be one word. */
static char *read_token(const oci_session *s, GBytes *body, GError **err)
{
	gsize size;
	const char *data = g_bytes_get_data(body, &size);
	g_autoptr(json_t) o = json_parse(data, size, "the registry's token", err);

	if (!o)
		return NULL;
	const char *token = json_is_object(o) ? json_get_string(o, "token") : NULL;
	if (!token && json_is_object(o))
		token = json_get_string(o, "access_token");
	gboolean fine = token && *token;
	for (const char *p = token; fine && *p; p++)
		fine = *p > 0x20 && *p < 0x7f;
	if (!fine) {
		refuse(s, "has a token service whose answer holds no token", NULL, err);
		return NULL;
	}
	return g_strconcat("Authorization: Bearer ", token, NULL);
}

/* Docker's "token authentication specification": GET, with the password as Basic; an
 * identity token is exchanged by OAuth2's POST. */
static char *fetch_token(const oci_session *s, const http_challenge *c, GError **err)
{
	const registry_oci_login *l = &s->where->login;
	g_autofree char *scope = scope_of(s, c);
	g_autofree char *login = l->user && l->password ? basic(l) : NULL;
	g_autoptr(GString) query = g_string_new(NULL);
	g_autofree char *url = NULL;
	const char *headers[] = {login, NULL};

	if (l->identity_token) {
		add_value(query, "grant_type", "refresh_token");
		add_value(query, "client_id", "xorch");
		add_value(query, "refresh_token", l->identity_token);
		headers[0] = NULL;
	}
	if (c->service)
		add_value(query, "service", c->service);
	add_value(query, "scope", scope);
	url = l->identity_token ? g_strdup(c->realm)
				: g_strconcat(c->realm, strchr(c->realm, '?') ? "&" : "?",
					  query->str, NULL);
	const char *urls[] = {url, NULL};
	g_autofree char *label = g_strdup_printf("token of %s", s->where->host);
	fetch_document d = {.label = label,
		.urls = urls,
		.headers = headers,
		.form = l->identity_token ? query->str : NULL,
		.max_size = TOKEN_MAX};
	char *token = fetch_document_get(&d, err) ? read_token(s, d.body, err) : NULL;
	if (l->identity_token) /* it was in there */
		memset(query->str, 0, query->len);
	fetch_document_clear(&d);
	return token;
}

/* Answers the registry's demand; FALSE without an error when there is nothing to
 * answer it with. */
static gboolean authenticate(oci_session *s, const char *demand, GError **err)
{
	g_autoptr(GPtrArray) challenges = http_challenges_parse(demand);
	const http_challenge *bearer = http_challenge_find(challenges, "bearer");
	const registry_oci_login *l = &s->where->login;

	if (!bearer) {
		if (http_challenge_find(challenges, "basic") && l->user && l->password)
			s->authorization = basic(l);
		return s->authorization != NULL;
	}
	if (!bearer->realm)
		return refuse(s, "asks for a token and does not say of whom", NULL, err);
	/* Its word decides where a password goes: never in the clear. */
	g_autofree char *why =
		http_url_redirect_refusal(s->where->base, bearer->realm, FALSE);
	if (why)
		return refuse(s, "sends for its token to where nobody should",
			bearer->realm, err);
	s->authorization = fetch_token(s, bearer, err);
	return s->authorization != NULL;
}

/* ---- asking ---- */

/* What is asked for by a tag is known by nothing else: the registry's own word on it is
 * kept (OCI distribution 1.1, "Pulling manifests"; other algorithms than sha256 are not
 * looked at). That also finds what a proxy changed or cut on the way. */
static gboolean as_said(const oci_session *s, const char *path, const char *said,
	const char *got, GError **err)
{
	static const char algorithm[] = "sha256:";

	if (!said || !g_str_has_prefix(said, algorithm) ||
		!g_ascii_strcasecmp(said + strlen(algorithm), got))
		return TRUE;
	g_autofree char *url = oci_session_url(s, path);
	g_autofree char *shown = text_escape(said, -1);
	error_set(err, EXIT_INTEGRITY, "X0601",
		"what came is not what the registry says it is");
	error_line(err, "from: %s", url);
	error_line(err, "said: %s (Docker-Content-Digest)", shown);
	error_line(err, " got: sha256:%s", got);
	error_note(err, "nothing of it was read or used");
	return FALSE;
}

static gboolean right_bytes(const oci_session *s, const char *path, const char *sha256,
	const fetch_document *d, GError **err)
{
	GBytes *body = d->body;
	gsize size;
	const void *data = g_bytes_get_data(body, &size);
	g_autofree char *got = digest_bytes(data, size);

	if (!sha256)
		return as_said(s, path, d->content_digest, got, err);
	if (!strcmp(got, sha256))
		return TRUE;
	g_autofree char *url = oci_session_url(s, path);
	error_set(err, EXIT_INTEGRITY, "X0601", "what came is not what was asked for");
	error_line(err, "from:     %s", url);
	error_line(err, "expected: sha256 %s", sha256);
	error_line(err, "     got: sha256 %s   %" G_GSIZE_FORMAT " bytes", got, size);
	error_note(err, "nothing of it was read or used");
	return FALSE;
}

GBytes *oci_session_get(oci_session *s, const char *path, const char *sha256,
	gsize max_size, char **content_type, GError **err)
{
	g_autofree char *url = oci_session_url(s, path);
	g_autofree char *label =
		g_strdup_printf("%s/%s %s", s->where->host, s->where->repository, path);
	const char *urls[] = {url, NULL};

	for (gboolean asked = FALSE;; asked = TRUE) {
		const char *headers[] = {"Accept: " OCI_ACCEPT, s->authorization, NULL};
		g_autoptr(GError) error = NULL;
		fetch_document d = {.label = label,
			.urls = urls,
			.headers = headers,
			.max_size = max_size,
			.want_challenge = TRUE};
		GBytes *body = NULL;
		if (fetch_document_get(&d, &error)) {
			if (right_bytes(s, path, sha256, &d, err))
				body = g_bytes_ref(d.body);
			if (body && content_type)
				*content_type = g_strdup(d.content_type);
			fetch_document_clear(&d);
			return body;
		}
		g_autofree char *demand = g_steal_pointer(&d.challenge);
		fetch_document_clear(&d);
		g_autoptr(GError) why = NULL;
		if (demand)
			oci_session_forget(s);
		if (!asked && demand && authenticate(s, demand, &why))
			continue;
		g_propagate_error(
			err, why ? g_steal_pointer(&why) : g_steal_pointer(&error));
		return NULL;
	}
}
