#include "format/http.h"
#include "format/http_certificates.h"
#include "format/http_url.h"
#include "base/error.h"
#include "base/event.h"
#include <lazy/curl.h>
#include <glib-unix.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MAX_REDIRECTS 5
#define MIN_SPEED 1024 /* bytes a second below which a transfer counts as stalled */
#define TICK_MS 50     /* how often that is looked at */
#define MAX_HEADERS (1 << 20)

struct http_session {
	GMainContext *context;
	CURLM *multi;
	GSource *timer, *tick;
	GPtrArray *transfers; /* http_transfer, in flight */
	guint timers;	      /* of http_session_after, not yet fired */
	double timeout, stall;
};

typedef struct http_transfer {
	http_session *session;
	http_request request;
	char *origin; /* the URL asked for, with its credentials */
	char *url;    /* the one in flight */
	GStrv headers;
	char *form;
	struct curl_slist *list;
	CURL *easy;
	http_response response;
	char *location;
	char error[CURL_ERROR_SIZE];
	int redirects;
	gsize header_bytes;
	gboolean answered; /* the final response's headers are complete */
	gboolean told;	   /* on_headers was called */
	gboolean stopped;
	gint64 begun, window; /* monotonic: of the attempt, of the speed window */
	guint64 received, received_before;
} http_transfer;

static void attempt(http_transfer *t);

static void warn_setting(const char *name, const char *text, double otherwise)
{
	static GMutex lock;
	static GHashTable *said;

	g_mutex_lock(&lock);
	if (!said)
		said = g_hash_table_new(g_str_hash, g_str_equal);
	gboolean first = g_hash_table_add(said, (gpointer)g_intern_string(name));
	g_mutex_unlock(&lock);
	if (!first)
		return;
	g_autofree char *shown = text_escape(text, -1);
	event_log(EVENT_WARNING, NULL, "%s: '%s' is not a number; %g is used", name,
		shown, otherwise);
}

double http_setting(const char *name, double otherwise)
{
	const char *text = g_getenv(name);
	char *end;

	if (!text || !text[0])
		return otherwise;
	double n = g_ascii_strtod(text, &end);
	if (!*end && n >= 0 && n < 1e9)
		return n;
	warn_setting(name, text, otherwise);
	return otherwise;
}

static void response_clear(http_response *r)
{
	g_free(r->url);
	g_free(r->content_type);
	g_free(r->etag);
	g_free(r->last_modified);
	g_free(r->content_encoding);
	g_free(r->content_digest);
	g_free(r->authenticate);
	*r = (http_response){.content_length = -1,
		.range_start = -1,
		.range_total = -1,
		.retry_after = -1};
}

static void drop_handle(http_transfer *t)
{
	if (!t->easy)
		return;
	curl_multi_remove_handle(t->session->multi, t->easy);
	curl_easy_cleanup(t->easy);
	curl_slist_free_all(t->list);
	t->easy = NULL;
	t->list = NULL;
}

static void transfer_free(http_transfer *t)
{
	drop_handle(t);
	response_clear(&t->response);
	g_free(t->origin);
	g_free(t->url);
	g_free(t->location);
	g_strfreev(t->headers);
	g_free(t->form);
	g_free(t);
}

static void finish(http_transfer *t, http_outcome outcome, const char *why)
{
	g_autofree char *text = g_strdup(why);

	drop_handle(t);
	g_free(t->response.url);
	t->response.url = g_strdup(t->url);
	g_ptr_array_remove_fast(t->session->transfers, t);
	t->request.on_done(outcome, &t->response, text, t->request.data);
	transfer_free(t);
}

/* ---- what comes ---- */

static char *header_value(const char *line, gsize len, const char *name)
{
	gsize n = strlen(name);

	if (len <= n || g_ascii_strncasecmp(line, name, n) != 0 || line[n] != ':')
		return NULL;
	char *value = g_strndup(line + n + 1, len - n - 1);
	return g_strstrip(value);
}

/* RFC 9110 10.2.3: seconds or a date. */
static double retry_after(const char *text)
{
	char *end;
	double n = g_ascii_strtod(text, &end);

	if (text[0] && !*end)
		return n;
	time_t when = curl_getdate(text, NULL);
	return when < 0 ? -1 : MAX(0, difftime(when, time(NULL)));
}

static void content_range(http_response *r, const char *text)
{
	if (g_ascii_strncasecmp(text, "bytes ", 6) != 0 || !g_ascii_isdigit(text[6]))
		return;
	r->range_start = g_ascii_strtoll(text + 6, NULL, 10);
	const char *slash = strchr(text, '/');
	if (slash && g_ascii_isdigit(slash[1]))
		r->range_total = g_ascii_strtoll(slash + 1, NULL, 10);
}

static void take_string(char **place, char *value)
{
	g_free(*place);
	*place = value;
}

static size_t on_header(char *line, size_t one, size_t len, void *data)
{
	http_transfer *t = data;
	http_response *r = &t->response;
	char *v;

	(void)one;
	t->header_bytes += len;
	if (t->header_bytes > MAX_HEADERS)
		return 0;
	if (len >= 5 && strncmp(line, "HTTP/", 5) == 0) { /* also after a 1xx */
		response_clear(r);
		g_clear_pointer(&t->location, g_free);
	} else if ((v = header_value(line, len, "Content-Type"))) {
		take_string(&r->content_type, v);
	} else if ((v = header_value(line, len, "ETag"))) {
		take_string(&r->etag, v);
	} else if ((v = header_value(line, len, "Last-Modified"))) {
		take_string(&r->last_modified, v);
	} else if ((v = header_value(line, len, "Content-Encoding"))) {
		take_string(&r->content_encoding, v);
	} else if ((v = header_value(line, len, "Docker-Content-Digest"))) {
		take_string(&r->content_digest, v);
	} else if ((v = header_value(line, len, "WWW-Authenticate"))) {
		take_string(&r->authenticate,
			r->authenticate ? g_strconcat(r->authenticate, ", ", v, NULL)
					: g_strdup(v));
		g_free(v);
	} else if ((v = header_value(line, len, "Location"))) {
		take_string(&t->location, v);
	} else if ((v = header_value(line, len, "Content-Length"))) {
		if (g_ascii_isdigit(v[0]))
			r->content_length = g_ascii_strtoll(v, NULL, 10);
		g_free(v);
	} else if ((v = header_value(line, len, "Content-Range"))) {
		content_range(r, v);
		g_free(v);
	} else if ((v = header_value(line, len, "Retry-After"))) {
		r->retry_after = retry_after(v);
		g_free(v);
	} else if (line[0] == '\r' || line[0] == '\n') {
		curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &r->status);
		t->answered = r->status >= 200;
		t->window = g_get_monotonic_time();
	}
	return len;
}

static gboolean tell_headers(http_transfer *t)
{
	if (t->told)
		return TRUE;
	t->told = TRUE;
	t->response.url = t->url;
	gboolean go_on = !t->request.on_headers ||
			 t->request.on_headers(&t->response, t->request.data);
	t->response.url = NULL;
	return go_on;
}

static size_t on_body(char *bytes, size_t one, size_t size, void *data)
{
	http_transfer *t = data;

	(void)one;
	t->received += size;
	if (t->response.status / 100 != 2) /* an error page, read and dropped */
		return t->received > 1 << 20 ? 0 : size;
	if (!tell_headers(t) || !t->request.on_body(bytes, size, t->request.data)) {
		t->stopped = TRUE;
		return 0;
	}
	return size;
}

/* ---- how it ends ---- */

static gboolean is_redirect(long status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 ||
	       status == 308;
}

static void follow(http_transfer *t)
{
	g_autofree char *to = http_url_join(t->url, t->location);
	g_autofree char *from_shown = http_url_show(t->url);
	g_autofree char *why = NULL, *text = NULL;
	g_autofree char *to_shown = http_url_show(to ? to : t->location);

	why = to ? http_url_redirect_refusal(t->url, to, t->request.allow_http)
		 : g_strdup("not a URL");
	/* what is posted is a secret */
	if (!why && t->form && !http_url_same_origin(t->url, to))
		why = g_strdup("to another host with what was posted");
	if (why)
		text = g_strdup_printf("redirect refused (%s): from %s to %s", why,
			from_shown, to_shown);
	else if (++t->redirects > MAX_REDIRECTS)
		text = g_strdup_printf("more than %d redirects, the last one to %s",
			MAX_REDIRECTS, to_shown);
	if (text) {
		finish(t, HTTP_REFUSED, text);
		return;
	}
	take_string(&t->url, g_steal_pointer(&to));
	drop_handle(t);
	attempt(t);
}

static gboolean is_certificate(CURLcode rc)
{
	return rc == CURLE_PEER_FAILED_VERIFICATION || rc == CURLE_SSL_CACERT_BADFILE ||
	       rc == CURLE_SSL_ISSUER_ERROR || rc == CURLE_SSL_CERTPROBLEM ||
	       rc == CURLE_SSL_INVALIDCERTSTATUS || rc == CURLE_SSL_PINNEDPUBKEYNOTMATCH;
}

static void ended(http_transfer *t, CURLcode rc)
{
	if (rc == CURLE_OK && is_redirect(t->response.status) && t->location) {
		follow(t);
		return;
	}
	if (t->stopped) {
		finish(t, HTTP_STOPPED, "stopped");
		return;
	}
	if (rc == CURLE_OK) {
		gboolean go_on = t->response.status / 100 != 2 || tell_headers(t);
		finish(t, go_on ? HTTP_DONE : HTTP_STOPPED, go_on ? NULL : "stopped");
		return;
	}
	g_strchomp(t->error);
	g_autofree char *why =
		text_escape(t->error[0] ? t->error : curl_easy_strerror(rc), -1);
	if (is_certificate(rc) && !http_certificates() && !g_getenv("SSL_CERT_DIR")) {
		char *more = g_strconcat(why,
			"; this machine has no certificates of "
			"authorities: " HTTP_CERTIFICATES_HELP,
			NULL);
		g_free(why);
		why = more;
	}
	gboolean hopeless = is_certificate(rc) || rc == CURLE_UNSUPPORTED_PROTOCOL ||
			    rc == CURLE_URL_MALFORMAT;
	finish(t, hopeless ? HTTP_REFUSED : HTTP_BROKEN, why);
}

static void reap(http_session *s)
{
	CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(s->multi, &left))) {
		http_transfer *t = NULL;
		CURLcode rc = m->data.result;
		if (m->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&t);
		ended(t, rc);
	}
}

/* Time limits of our own: libcurl's count whole seconds, and its low-speed time
 * does not tell waiting for the answer from waiting for bytes. */
static gboolean on_tick(gpointer data)
{
	http_session *s = data;
	gint64 now = g_get_monotonic_time();

	for (guint i = s->transfers->len; i-- > 0;) {
		if (i >= s->transfers->len)
			continue;
		http_transfer *t = s->transfers->pdata[i];
		g_autofree char *why = NULL;
		if (!t->answered && now - t->begun > s->timeout * 1e6)
			why = g_strdup_printf("no answer within %g s", s->timeout);
		if (t->answered && now - t->window > s->stall * 1e6) {
			double seconds = (now - t->window) / 1e6;
			guint64 got = t->received - t->received_before;
			if (got < MIN_SPEED * seconds)
				why = g_strdup_printf("stalled: %" G_GUINT64_FORMAT
						      " bytes in %.3g s",
					got, seconds);
			t->window = now;
			t->received_before = t->received;
		}
		if (why)
			finish(t, HTTP_STALLED, why);
	}
	return G_SOURCE_CONTINUE;
}

/* ---- libcurl and the main loop ---- */

static gboolean on_socket_ready(gint fd, GIOCondition condition, gpointer data)
{
	http_session *s = data;
	int running, mask = 0;

	if (condition & G_IO_IN)
		mask |= CURL_CSELECT_IN;
	if (condition & G_IO_OUT)
		mask |= CURL_CSELECT_OUT;
	if (condition & (G_IO_ERR | G_IO_HUP))
		mask |= CURL_CSELECT_ERR;
	curl_multi_socket_action(s->multi, fd, mask, &running);
	reap(s);
	return G_SOURCE_CONTINUE;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *data, void *old)
{
	http_session *s = data;
	GSource *source = old;

	(void)easy;
	if (source) {
		g_source_destroy(source);
		g_source_unref(source);
		curl_multi_assign(s->multi, fd, NULL);
	}
	if (what == CURL_POLL_REMOVE || what == CURL_POLL_NONE)
		return 0;
	GIOCondition wanted = (what & CURL_POLL_IN ? G_IO_IN : 0) |
			      (what & CURL_POLL_OUT ? G_IO_OUT : 0);
	source = g_unix_fd_source_new(fd, wanted | G_IO_ERR | G_IO_HUP);
	g_source_set_callback(source, G_SOURCE_FUNC(on_socket_ready), s, NULL);
	g_source_attach(source, s->context);
	curl_multi_assign(s->multi, fd, source);
	return 0;
}

static gboolean on_timer(gpointer data)
{
	http_session *s = data;
	int running;

	g_clear_pointer(&s->timer, g_source_unref);
	curl_multi_socket_action(s->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	reap(s);
	return G_SOURCE_REMOVE;
}

static int on_timer_wish(CURLM *multi, long ms, void *data)
{
	http_session *s = data;

	(void)multi;
	if (s->timer) {
		g_source_destroy(s->timer);
		g_clear_pointer(&s->timer, g_source_unref);
	}
	if (ms < 0)
		return 0;
	s->timer = g_timeout_source_new((guint)ms);
	g_source_set_callback(s->timer, on_timer, s, NULL);
	g_source_attach(s->timer, s->context);
	return 0;
}

/* The last session of a thread is kept for its connections: a run asks the same
 * few hosts again and again, and a TLS handshake costs more than most answers. */
static void session_destroy(gpointer data);
static GPrivate idle_session = G_PRIVATE_INIT(session_destroy);

static http_session *session_create(void)
{
	static gsize once;
	http_session *s = g_new0(http_session, 1);

	if (g_once_init_enter(&once)) {
		if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
			g_error("libcurl cannot be initialised");
		g_once_init_leave(&once, 1);
	}
	s->context = g_main_context_new();
	s->multi = curl_multi_init();
	s->transfers = g_ptr_array_new();
	curl_multi_setopt(s->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(s->multi, CURLMOPT_SOCKETDATA, s);
	curl_multi_setopt(s->multi, CURLMOPT_TIMERFUNCTION, on_timer_wish);
	curl_multi_setopt(s->multi, CURLMOPT_TIMERDATA, s);
	s->tick = g_timeout_source_new(TICK_MS);
	g_source_set_callback(s->tick, on_tick, s, NULL);
	g_source_attach(s->tick, s->context);
	return s;
}

static void session_destroy(gpointer data)
{
	http_session *s = data;

	while (s->transfers->len) {
		http_transfer *t = s->transfers->pdata[0];
		g_ptr_array_remove_index_fast(s->transfers, 0);
		transfer_free(t);
	}
	curl_multi_cleanup(s->multi);
	if (s->timer) {
		g_source_destroy(s->timer);
		g_source_unref(s->timer);
	}
	g_source_destroy(s->tick);
	g_source_unref(s->tick);
	g_ptr_array_unref(s->transfers);
	g_main_context_unref(s->context);
	g_free(s);
}

http_session *http_session_new(void)
{
	http_session *s = g_private_get(&idle_session);

	if (s)
		g_private_set(&idle_session, NULL);
	else
		s = session_create();
	s->timeout = http_setting("XORCH_HTTP_TIMEOUT", 30);
	s->stall = http_setting("XORCH_HTTP_STALL", 30);
	return s;
}

void http_session_free(http_session *s)
{
	if (!s)
		return;
	if (!s->transfers->len && !s->timers && !g_private_get(&idle_session))
		g_private_set(&idle_session, s);
	else
		session_destroy(s);
}

/* ---- starting ---- */

static void set_trust(CURL *e)
{
	const char *file = http_certificates(), *dir = g_getenv("SSL_CERT_DIR");

	if (file) {
		curl_easy_setopt(e, CURLOPT_CAINFO, file);
		curl_easy_setopt(e, CURLOPT_PROXY_CAINFO, file);
	}
	if (dir && dir[0]) {
		curl_easy_setopt(e, CURLOPT_CAPATH, dir);
		curl_easy_setopt(e, CURLOPT_PROXY_CAPATH, dir);
	}
	curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
}

/* libcurl takes user and password out of the URL it is given; a redirect within
 * the origin has to be told them again, any other must not get them. */
static void set_credentials(http_transfer *t, CURL *e)
{
	const char *netrc = g_getenv("NETRC");

	if (netrc && netrc[0]) {
		curl_easy_setopt(e, CURLOPT_NETRC, (long)CURL_NETRC_OPTIONAL);
		curl_easy_setopt(e, CURLOPT_NETRC_FILE, netrc);
	}
	if (!t->redirects || !http_url_same_origin(t->origin, t->url))
		return;
	CURLU *u = curl_url();
	char *user = NULL, *password = NULL;
	if (curl_url_set(u, CURLUPART_URL, t->origin, 0) == CURLUE_OK) {
		curl_url_get(u, CURLUPART_USER, &user, CURLU_URLDECODE);
		curl_url_get(u, CURLUPART_PASSWORD, &password, CURLU_URLDECODE);
	}
	if (user)
		curl_easy_setopt(e, CURLOPT_USERNAME, user);
	if (password)
		curl_easy_setopt(e, CURLOPT_PASSWORD, password);
	curl_free(user);
	curl_free(password);
	curl_url_cleanup(u);
}

static void attempt(http_transfer *t)
{
	CURL *e = t->easy = curl_easy_init();
	long connect_ms = (long)(MIN(t->session->timeout, 10) * 1000);
	gboolean https = g_ascii_strncasecmp(t->url, "https:", 6) == 0;
	gboolean stays = !t->redirects || http_url_same_origin(t->origin, t->url);

	response_clear(&t->response);
	g_clear_pointer(&t->location, g_free);
	t->error[0] = '\0';
	t->answered = t->told = FALSE;
	t->header_bytes = 0;
	t->received = t->received_before = 0;
	t->begun = t->window = g_get_monotonic_time();
	for (char **h = t->headers; h && *h; h++)
		if (stays || g_ascii_strncasecmp(*h, "Authorization:", 14) != 0)
			t->list = curl_slist_append(t->list, *h);
	if (t->form)
		curl_easy_setopt(e, CURLOPT_POSTFIELDS, t->form);
	if (t->request.compressed)
		curl_easy_setopt(e, CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
	else
		t->list = curl_slist_append(t->list, "Accept-Encoding: identity");
	curl_easy_setopt(e, CURLOPT_HTTPHEADER, t->list);
	curl_easy_setopt(e, CURLOPT_URL, t->url);
	curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, https ? "https" : "http");
	curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L); /* follow() decides */
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, MAX(connect_ms, 1));
	curl_easy_setopt(e, CURLOPT_USERAGENT, "xorch/" XORCH_VERSION);
	curl_easy_setopt(e, CURLOPT_BUFFERSIZE, 262144L);
	curl_easy_setopt(e, CURLOPT_ERRORBUFFER, t->error);
	curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(e, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(e, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(e, CURLOPT_PRIVATE, t);
	curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L);
	set_trust(e);
	set_credentials(t, e);
	CURLMcode rc = curl_multi_add_handle(t->session->multi, e);
	if (rc != CURLM_OK)
		g_error("curl_multi_add_handle: %s", curl_multi_strerror(rc));
}

typedef struct delayed {
	http_session *session;
	void (*fn)(void *data);
	void *data;
	http_transfer *refused;
	char *why;
} delayed;

static gboolean on_delayed(gpointer data)
{
	delayed *d = data;

	d->session->timers--;
	if (d->refused)
		finish(d->refused, HTTP_REFUSED, d->why);
	else
		d->fn(d->data);
	return G_SOURCE_REMOVE;
}

static void delayed_free(gpointer data)
{
	delayed *d = data;

	g_free(d->why);
	g_free(d);
}

static void add_delayed(http_session *s, double seconds, delayed *d)
{
	GSource *source = g_timeout_source_new((guint)(MAX(seconds, 0) * 1000));

	d->session = s;
	s->timers++;
	g_source_set_callback(source, on_delayed, d, delayed_free);
	g_source_attach(source, s->context);
	g_source_unref(source);
}

void http_session_after(
	http_session *s, double seconds, void (*fn)(void *data), void *data)
{
	delayed *d = g_new0(delayed, 1);

	d->fn = fn;
	d->data = data;
	add_delayed(s, seconds, d);
}

void http_session_start(http_session *s, const http_request *r)
{
	http_transfer *t = g_new0(http_transfer, 1);

	t->session = s;
	t->request = *r;
	t->origin = g_strdup(r->url);
	t->url = g_strdup(r->url);
	t->headers = g_strdupv((char **)r->headers);
	t->form = g_strdup(r->form);
	t->request.url = NULL;
	t->request.headers = NULL;
	response_clear(&t->response);
	g_ptr_array_add(s->transfers, t);
	g_autofree char *refusal = http_url_refusal(t->url, r->allow_http);
	if (!refusal) {
		attempt(t);
		return;
	}
	/* Told from the loop as all other ends are, not from inside this call. */
	t->begun = G_MAXINT64 / 2;
	delayed *d = g_new0(delayed, 1);
	d->refused = t;
	g_autofree char *shown = http_url_show(t->url);
	d->why = g_strdup_printf("%s: %s", shown, refusal);
	add_delayed(s, 0, d);
}

void http_session_run(http_session *s)
{
	while (s->transfers->len || s->timers)
		g_main_context_iteration(s->context, TRUE);
}
