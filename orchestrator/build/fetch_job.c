#include "build/fetch_job.h"
#include "base/error.h"
#include "base/event.h"
#include "base/fault.h"
#include "base/fs.h"
#include "format/digest.h"
#include "format/http_url.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

#define FIRST_BYTES 24	   /* of a wrong answer, shown */
#define PROGRESS_US 100000 /* between two events of one file */
#define SILENT_US (60 * G_USEC_PER_SEC)
#define WORTH_ANOTHER (256 << 10) /* bytes after which a broken try does not count */

/* What a mirror answered in the end, for the message. */
typedef struct verdict {
	int code;	  /* EXIT_NETWORK, EXIT_INTEGRITY */
	const char *id;	  /* X05xx, X06xx */
	char *url, *what; /* shown form */
} verdict;

struct fetch_job {
	http_session *session;
	fetch_job_spec spec;
	part *part;
	GByteArray *memory;
	gint64 have; /* bytes so far */

	guint mirror;
	int tries;	    /* of this mirror, that count */
	gboolean once_more; /* the one full retry after a mismatch was used */
	gboolean no_range;  /* the server's idea of ranges is not ours */
	gint64 begun, mirror_begun, told;
	gint64 reported, reported_at; /* when, and how many bytes there were */

	/* The try in flight. */
	gboolean asked_range, restart, too_long, answered;
	gint64 had; /* bytes before it */
	char first[FIRST_BYTES];
	gsize first_len;
	GError *broken; /* our own trouble: the disk */

	char *kept; /* where the last wrong file is */
	char *challenge;
	http_response last; /* copies of what is kept after the end */
	GPtrArray *verdicts;
	GError *error;
};

static void next_try(void *data);
static void next_mirror(fetch_job *j);

static void verdict_free(void *data)
{
	verdict *v = data;

	g_free(v->url);
	g_free(v->what);
	g_free(v);
}

fetch_job *fetch_job_new(http_session *session, const fetch_job_spec *spec)
{
	fetch_job *j = g_new0(fetch_job, 1);

	j->session = session;
	j->spec = *spec;
	j->verdicts = g_ptr_array_new_with_free_func(verdict_free);
	if (!spec->sha256)
		j->memory = g_byte_array_new();
	return j;
}

/* The file stays when a later run could go on from it. */
static void close_part(fetch_job *j)
{
	if (j->part && !part_size(j->part))
		part_remove(j->part);
	g_clear_pointer(&j->part, part_free);
}

void fetch_job_free(fetch_job *j)
{
	if (!j)
		return;
	close_part(j);
	if (j->memory)
		g_byte_array_unref(j->memory);
	g_ptr_array_unref(j->verdicts);
	g_clear_error(&j->broken);
	g_clear_error(&j->error);
	g_free(j->last.url);
	g_free(j->last.content_type);
	g_free(j->last.content_digest);
	g_free(j->kept);
	g_free(j->challenge);
	g_free(j);
}

GError *fetch_job_error(fetch_job *j)
{
	return g_steal_pointer(&j->error);
}

GBytes *fetch_job_body(fetch_job *j)
{
	return g_byte_array_free_to_bytes(g_steal_pointer(&j->memory));
}

const char *fetch_job_challenge(const fetch_job *j)
{
	return j->challenge;
}

const http_response *fetch_job_response(const fetch_job *j)
{
	return &j->last;
}

static const char *url_of(const fetch_job *j)
{
	return j->spec.urls->pdata[j->mirror];
}

/* ---- origins that do not answer ---- */

static GMutex silent_lock;
static GHashTable *silent; /* origin -> when, monotonic */

static void note_answer(const char *url, gboolean answered)
{
	char *origin = http_url_origin(url);
	gint64 *when = g_new(gint64, 1);

	*when = g_get_monotonic_time();
	g_mutex_lock(&silent_lock);
	if (!silent)
		silent = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	if (!answered) {
		g_hash_table_replace(silent, origin, when);
		origin = NULL;
		when = NULL;
	} else {
		g_hash_table_remove(silent, origin);
	}
	g_mutex_unlock(&silent_lock);
	g_free(origin);
	g_free(when);
}

static gboolean is_silent(const char *url)
{
	g_autofree char *origin = http_url_origin(url);

	g_mutex_lock(&silent_lock);
	const gint64 *when = silent ? g_hash_table_lookup(silent, origin) : NULL;
	gboolean is = when && g_get_monotonic_time() - *when < SILENT_US;
	g_mutex_unlock(&silent_lock);
	return is;
}

char *fetch_size_text(gint64 bytes)
{
	g_autofree char *text = g_format_size((guint64)MAX(bytes, 0));
	g_auto(GStrv) parts = g_strsplit(text, "\302\240", -1); /* no-break space */

	return g_strjoinv(" ", parts);
}

/* Without a terminal nothing moves; a log that is silent for minutes looks like a
 * hang to people and to CI. */
static void report(fetch_job *j, gint64 now)
{
	double every = http_setting("XORCH_HTTP_REPORT", 30);

	if (now - j->reported < every * G_USEC_PER_SEC)
		return;
	double seconds = (now - j->reported) / 1e6;
	double speed = (double)MAX(j->have - j->reported_at, 0) / seconds;
	g_autofree char *done = fetch_size_text(j->have);
	g_autofree char *total = j->spec.size >= 0 ? fetch_size_text(j->spec.size) : NULL;
	g_autofree char *rate = fetch_size_text((gint64)speed);
	g_autofree char *left =
		total && speed >= 1 ? g_strdup_printf(", %.0f s left",
					      (double)(j->spec.size - j->have) / speed)
				    : NULL;
	event_log(EVENT_INFO, j->spec.label, "%s%s%s so far, %s/s%s", done,
		total ? " of " : "", total ? total : "", rate, left ? left : "");
	j->reported = now;
	j->reported_at = j->have;
}

static void tell(fetch_job *j, event_phase phase)
{
	gint64 now = g_get_monotonic_time();

	if (phase == EVENT_PROGRESS && now - j->told < PROGRESS_US)
		return;
	if (phase == EVENT_PROGRESS)
		report(j, now);
	j->told = now;
	event_emit(&(event){.kind = EVENT_DOWNLOAD,
		.phase = phase,
		.level = EVENT_INFO,
		.subject = j->spec.label,
		.done = j->have,
		.total = j->spec.size,
		.seconds = (now - j->begun) / 1e6});
}

/* ---- the end ---- */

static void end(fetch_job *j)
{
	/* A document that is not there may be what the caller wanted to know. */
	tell(j, j->error && !j->memory ? EVENT_FAIL : EVENT_END);
	close_part(j);
	j->spec.on_end(j, j->spec.data);
}

static void add_help(GError **err, const char *id, gboolean html)
{
	if (html)
		error_help(err, "looks like a login or error page of a proxy; does this "
				"machine's network want a login, or HTTPS_PROXY?");
	else if (strcmp(id, "X0601") == 0)
		error_help(err, "if the publisher replaced the file on purpose, "
				"`xorch lock --upgrade` takes the new one");
	else if (strcmp(id, "X0504") == 0)
		error_help(err, "removed, yanked or renamed there? Another mirror may "
				"still have it");
	else if (strcmp(id, "X0505") == 0)
		error_help(err, "does the mirror want credentials? They belong into the "
				"mirror's URL in your settings, or into the file NETRC "
				"names");
	else if (strcmp(id, "X0502") == 0)
		error_help(err, "run again when the network is back; what came so far is "
				"kept and gone on with");
}

static void fail(fetch_job *j)
{
	const verdict *worst = j->verdicts->pdata[0];
	GError **err = &j->error;
	g_autofree char *label = text_escape(j->spec.label, -1);
	gboolean html = FALSE;

	for (guint i = 1; i < j->verdicts->len; i++) {
		const verdict *v = j->verdicts->pdata[i];
		/* Wrong bytes outrank silence; of several reasons for silence the
		 * general one is named. */
		if (v->code > worst->code)
			worst = v;
		else if (v->code == worst->code && strcmp(v->id, worst->id) < 0)
			worst = v;
	}
	if (worst->code == EXIT_INTEGRITY && strcmp(worst->id, "X0601") == 0)
		error_set(err, worst->code, worst->id,
			"downloaded file is not the locked one");
	else if (worst->code == EXIT_INTEGRITY)
		error_set(err, worst->code, worst->id, "%s is too large", label);
	else
		error_set(err, worst->code, worst->id, "cannot fetch %s", label);
	if (j->spec.where)
		error_line(err, "source:   %s   (%s)", label, j->spec.where);
	else
		error_line(err, "source:   %s", label);
	if (worst->id && strcmp(worst->id, "X0601") == 0) {
		if (j->spec.size >= 0)
			error_line(err,
				"expected: sha256 %s   %'" G_GINT64_FORMAT " bytes",
				j->spec.sha256, j->spec.size);
		else
			error_line(err, "expected: sha256 %s", j->spec.sha256);
	}
	for (guint i = 0; i < j->verdicts->len; i++) {
		const verdict *v = j->verdicts->pdata[i];
		error_line(err, "from:     %s   (mirror %u of %u)", v->url, i + 1,
			j->spec.urls->len);
		error_line(err, "     got: %s", v->what);
		html |= v->code == EXIT_INTEGRITY && strstr(v->what, "text/html") != NULL;
	}
	if (worst->code == EXIT_INTEGRITY)
		error_note(err, "nothing was unpacked or used%s%s",
			j->kept ? "; kept for inspection as " : "",
			j->kept ? j->kept : "");
	add_help(err, worst->id, html);
	end(j);
}

/* Gives this mirror up for a reason (taken over), and goes to the next. */
static void give_up(fetch_job *j, int code, const char *id, char *what)
{
	verdict *v = g_new0(verdict, 1);

	v->code = code;
	v->id = id;
	v->url = http_url_show(url_of(j));
	v->what = what;
	g_ptr_array_add(j->verdicts, v);
	next_mirror(j);
}

static void next_mirror(fetch_job *j)
{
	const verdict *v = j->verdicts->pdata[j->verdicts->len - 1];

	if (j->mirror + 1 >= j->spec.urls->len ||
		(j->spec.one_answer && !g_str_equal(v->id, "X0504"))) {
		fail(j);
		return;
	}
	j->mirror++;
	j->tries = 0;
	j->once_more = j->no_range = j->answered = FALSE;
	j->mirror_begun = g_get_monotonic_time();
	g_autofree char *to = http_url_show(url_of(j));
	if (v->code == EXIT_INTEGRITY && j->spec.sha256)
		event_log(EVENT_WARNING, j->spec.label,
			"%s sent other bytes than the locked ones: expected sha256 %s, "
			"got %s; trying %s",
			v->url, j->spec.sha256, v->what, to);
	else
		event_log(EVENT_NOTE, j->spec.label, "%s: %s; trying %s", v->url, v->what,
			to);
	http_session_after(j->session, 0, next_try, j);
}

static void again_at_once(fetch_job *j)
{
	http_session_after(j->session, 0, next_try, j);
}

/* Tries the same mirror again after a pause, if it has a try left. */
static void again(fetch_job *j, int max_retries, double wait, int code, const char *id,
	const char *why)
{
	double pause = http_setting("XORCH_HTTP_BACKOFF", 1) * (1 << MIN(j->tries, 10)) *
		       g_random_double_range(0.5, 1.5);

	/* Bytes that stay are progress: a long file over a bad line gets there. */
	if (j->part && part_resumable(j->part) && j->have - j->had >= WORTH_ANOTHER)
		j->tries = 0;
	if (j->tries >= max_retries) {
		if (!j->answered)
			note_answer(url_of(j), FALSE);
		double seconds = (g_get_monotonic_time() - j->mirror_begun) / 1e6;
		give_up(j, code, id,
			g_strdup_printf(
				"%s (%d tries in %.1f s)", why, j->tries + 1, seconds));
		return;
	}
	j->tries++;
	pause = wait >= 0 ? MIN(wait, 60) : MIN(pause, 15);
	event_log(EVENT_NOTE, j->spec.label, "%s; trying again in %.1f s (%d of %d)", why,
		pause, j->tries, max_retries);
	http_session_after(j->session, pause, next_try, j);
}

/* ---- what came ---- */

static char *describe(fetch_job *j, const char *sha256, gboolean more)
{
	GString *s = g_string_new(NULL);
	g_autofree char *begin = text_escape(j->first, (gssize)j->first_len);

	if (sha256)
		g_string_append_printf(s, "sha256 %s   ", sha256);
	g_string_append_printf(
		s, "%s%'" G_GINT64_FORMAT " bytes", more ? "more than " : "", j->have);
	if (j->last.content_type) {
		g_autofree char *type = text_escape(j->last.content_type, -1);
		g_string_append_printf(s, ", %s", type);
	}
	if (j->first_len)
		g_string_append_printf(s, ", begins \"%s\"", begin);
	return g_string_free(s, FALSE);
}

static void mismatch(fetch_job *j, const char *sha256)
{
	char *what = describe(j, sha256, FALSE);
	gboolean cut_short = j->last.content_length < 0 ||
			     (j->spec.size >= 0 && j->have < j->spec.size);

	if (!j->once_more && (j->asked_range || cut_short)) {
		j->once_more = TRUE;
		event_log(EVENT_NOTE, j->spec.label,
			"not the locked file (%s); fetching it whole once more", what);
		g_free(what);
		if (part_truncate(j->part, &j->error))
			again_at_once(j);
		else
			end(j);
		return;
	}
	g_autofree char *kept =
		store_set_aside(j->spec.store, part_path(j->part), sha256);
	g_clear_pointer(&j->part, part_free);
	if (kept) {
		g_free(j->kept);
		j->kept = g_steal_pointer(&kept);
	}
	give_up(j, EXIT_INTEGRITY, "X0601", what);
}

static void keep_first(fetch_job *j)
{
	/* A body that was there from an earlier run: look at the file. */
	if (!j->first_len) {
		g_autoptr(GBytes) all = fs_read(part_path(j->part), 1 << 16, NULL);
		if (all) {
			gsize n;
			const void *p = g_bytes_get_data(all, &n);
			j->first_len = MIN(n, FIRST_BYTES);
			memcpy(j->first, p, j->first_len);
		}
	}
}

static void verify(fetch_job *j)
{
	gint64 size;

	fault_point("verify");
	g_autofree char *got = digest_file(part_path(j->part), &size, &j->error);
	if (!got) {
		end(j);
		return;
	}
	if (strcmp(got, j->spec.sha256) != 0 ||
		(j->spec.size >= 0 && size != j->spec.size)) {
		keep_first(j);
		mismatch(j, got);
		return;
	}
	g_autofree char *path = g_strdup(part_path(j->part));
	if (store_blob_take(j->spec.store, path, got, &j->error))
		part_remove(j->part);
	end(j);
}

/* ---- callbacks of the transfer ---- */

static gboolean on_headers(const http_response *r, void *data)
{
	fetch_job *j = data;

	g_free(j->last.content_type);
	g_free(j->last.content_digest);
	g_free(j->last.url);
	j->last = *r;
	j->last.etag = j->last.last_modified = j->last.content_encoding = NULL;
	j->last.authenticate = NULL;
	j->last.content_type = g_strdup(r->content_type);
	j->last.content_digest = g_strdup(r->content_digest);
	j->last.url = g_strdup(r->url);
	if (j->memory) {
		g_byte_array_set_size(j->memory, 0);
		j->have = 0;
		return TRUE;
	}
	if (r->status == 206) {
		gboolean fits = j->asked_range && r->range_start == j->have &&
				(r->range_total < 0 || j->spec.size < 0 ||
					r->range_total == j->spec.size);
		j->restart = !fits;
		return fits;
	}
	/* The whole: the range was ignored, or the file is another one now. */
	if (j->have && !part_truncate(j->part, &j->broken))
		return FALSE;
	j->have = j->had = 0;
	part_note(j->part, url_of(j), r);
	return TRUE;
}

static gboolean on_body(const void *bytes, gsize size, void *data)
{
	fetch_job *j = data;

	if (j->have < FIRST_BYTES && j->first_len == (gsize)j->have) {
		gsize n = MIN(size, FIRST_BYTES - j->first_len);
		memcpy(j->first + j->first_len, bytes, n);
		j->first_len += n;
	}
	if (j->have + (gint64)size > j->spec.limit) {
		j->have = j->spec.limit;
		j->too_long = TRUE;
		return FALSE;
	}
	if (j->memory)
		g_byte_array_append(j->memory, bytes, (guint)size);
	else if (!part_write(j->part, bytes, size,
			 (guint64)(j->spec.size >= 0 ? j->spec.size - j->have
						     : (gint64)size),
			 &j->broken))
		return FALSE;
	j->have += (gint64)size;
	fault_point("download");
	tell(j, EVENT_PROGRESS);
	return TRUE;
}

static int retries(void)
{
	return (int)CLAMP(http_setting("XORCH_HTTP_RETRIES", 3), 0, 100);
}

static void answered(fetch_job *j, const http_response *r)
{
	g_autofree char *what = g_strdup_printf("HTTP status %ld", r->status);
	long status = r->status;

	if (status == 200 || status == 203 || (status == 206 && j->asked_range)) {
		if (j->memory)
			end(j);
		else
			verify(j);
	} else if (status == 416 && j->asked_range) {
		j->no_range = TRUE;
		again_at_once(j);
	} else if (status == 408 || status == 429 || status == 500 || status == 502 ||
		   status == 503 || status == 504) {
		again(j, retries(), r->retry_after, EXIT_NETWORK, "X0502", what);
	} else if (status == 401 && j->spec.want_challenge && r->authenticate) {
		j->challenge = g_strdup(r->authenticate);
		give_up(j, EXIT_NETWORK, "X0505", g_steal_pointer(&what));
	} else if (status == 401 || status == 403 || status == 407) {
		again(j, MIN(1, retries()), -1, EXIT_NETWORK, "X0505", what);
	} else if (status == 404 || status == 410) {
		give_up(j, EXIT_NETWORK, "X0504", g_steal_pointer(&what));
	} else {
		give_up(j, EXIT_NETWORK, "X0502", g_steal_pointer(&what));
	}
}

/* For `-v`: each request with what came of it. */
static void log_request(
	const fetch_job *j, http_outcome outcome, const http_response *r, const char *why)
{
	g_autofree char *shown = http_url_show(url_of(j));
	g_autofree char *to =
		r->url && strcmp(r->url, url_of(j)) != 0 ? http_url_show(r->url) : NULL;
	g_autofree char *status = r->status ? g_strdup_printf("status %ld", r->status)
					    : g_strdup("no answer");

	event_log(EVENT_DEBUG, j->spec.label,
		"GET %s%s%s: %s, %" G_GINT64_FORMAT " bytes from %" G_GINT64_FORMAT
		"%s%s",
		shown, to ? ", redirected to " : "", to ? to : "", status,
		j->have - j->had, j->had, outcome == HTTP_DONE ? "" : ": ",
		outcome == HTTP_DONE || !why ? "" : why);
}

static void on_done(
	http_outcome outcome, const http_response *r, const char *why, void *data)
{
	fetch_job *j = data;

	j->answered |= r->status > 0;
	if (r->status > 0)
		note_answer(url_of(j), TRUE);
	log_request(j, outcome, r, why);
	if (j->broken) {
		j->error = g_steal_pointer(&j->broken);
		/* The disk is full: what came so far must not keep it so. */
		if (j->part)
			part_remove(j->part);
		end(j);
	} else if (j->restart) {
		event_log(EVENT_DEBUG, j->spec.label,
			"the server answered another range than asked for: from the "
			"start");
		j->no_range = TRUE;
		again_at_once(j);
	} else if (j->too_long) {
		if (j->part)
			part_truncate(j->part, NULL);
		give_up(j, EXIT_INTEGRITY,
			j->spec.sha256 && j->spec.size >= 0 ? "X0601" : "X0603",
			describe(j, NULL, TRUE));
	} else if (outcome == HTTP_DONE) {
		answered(j, r);
	} else if (outcome == HTTP_REFUSED) {
		give_up(j, EXIT_NETWORK, "X0503", g_strdup(why));
	} else {
		again(j, retries(), -1, EXIT_NETWORK, "X0502", why);
	}
}

static void next_try(void *data)
{
	fetch_job *j = data;
	g_auto(GStrv) range = NULL;
	g_autoptr(GPtrArray) headers = g_ptr_array_new();

	if (!j->tries && is_silent(url_of(j))) {
		give_up(j, EXIT_NETWORK, "X0502",
			g_strdup("not asked: it did not answer just before"));
		return;
	}
	j->restart = j->too_long = FALSE;
	j->first_len = 0;
	j->have = 0;
	if (!j->memory) {
		if (!j->part && !(j->part = part_open(
					  j->spec.store, j->spec.sha256, &j->error))) {
			end(j);
			return;
		}
		/* All of it came, and then the power went. */
		if (j->spec.size > 0 && part_size(j->part) == j->spec.size &&
			!j->asked_range && !j->once_more) {
			j->have = j->spec.size;
			j->asked_range = TRUE;
			verify(j);
			return;
		}
		if (j->no_range || j->once_more ||
			(j->spec.size >= 0 && part_size(j->part) >= j->spec.size))
			part_truncate(j->part, &j->error);
		range = part_resume(j->part, url_of(j), &j->error);
		if (j->error) {
			end(j);
			return;
		}
		j->have = part_size(j->part);
	}
	j->had = j->have;
	j->asked_range = range != NULL;
	if (j->have) { /* what lies there says nothing of the speed */
		j->reported_at = j->have;
		tell(j, EVENT_BEGIN);
	}
	for (const char *const *h = j->spec.headers; h && *h; h++)
		g_ptr_array_add(headers, (char *)*h);
	if (j->spec.authorizations && j->spec.authorizations->pdata[j->mirror])
		g_ptr_array_add(headers, j->spec.authorizations->pdata[j->mirror]);
	for (char **h = range; h && *h; h++)
		g_ptr_array_add(headers, *h);
	g_ptr_array_add(headers, NULL);
	http_request request = {
		.url = url_of(j),
		.headers = (const char *const *)headers->pdata,
		.form = j->spec.form,
		.allow_http = j->spec.allow_http,
		.compressed = j->spec.compressed,
		.on_headers = on_headers,
		.on_body = on_body,
		.on_done = on_done,
		.data = j,
	};
	http_session_start(j->session, &request);
}

void fetch_job_start(fetch_job *j)
{
	j->begun = j->mirror_begun = j->reported = g_get_monotonic_time();
	tell(j, EVENT_BEGIN);
	if (!j->spec.urls->len) {
		error_set(&j->error, EXIT_NETWORK, "X0502",
			"cannot fetch %s: no mirror is known for it", j->spec.label);
		end(j);
		return;
	}
	next_try(j);
}
