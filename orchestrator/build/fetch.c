#include "build/fetch.h"
#include "base/error.h"
#include "base/event.h"
#include "base/fs.h"
#include "build/fetch_job.h"
#include "format/digest.h"
#include <string.h>
#include <sys/stat.h>

#define DEFAULT_MAX (512 << 20)
#define DEFAULT_PARALLEL 8

fetch_item *fetch_item_new(
	const char *label, const char *sha256, gint64 size, GError **err)
{
	g_autofree char *hex = digest_normalise(sha256);

	if (!hex) {
		g_autofree char *shown = text_escape(sha256 ? sha256 : "", -1);
		g_autofree char *what = text_escape(label, -1);
		error_set(err, EXIT_INPUT, "X0602", "%s: '%s' is not a sha256", what,
			shown);
		error_help(err, "a sha256 has 64 hex digits; md5 and sha1 are not taken");
		return NULL;
	}
	fetch_item *item = g_new0(fetch_item, 1);
	item->label = g_strdup(label);
	item->sha256 = g_steal_pointer(&hex);
	item->size = size;
	item->max_size = DEFAULT_MAX;
	item->urls = g_ptr_array_new_with_free_func(g_free);
	item->authorizations = g_ptr_array_new_with_free_func(g_free);
	return item;
}

void fetch_item_free(fetch_item *item)
{
	if (!item)
		return;
	g_free(item->label);
	g_free(item->where);
	g_free(item->sha256);
	g_free(item->path);
	g_ptr_array_unref(item->urls);
	g_ptr_array_unref(item->authorizations);
	g_clear_error(&item->error);
	g_free(item);
}

void fetch_item_add_url(fetch_item *item, const char *url)
{
	fetch_item_add_url_as(item, url, NULL);
}

void fetch_item_add_url_as(fetch_item *item, const char *url, const char *authorization)
{
	g_ptr_array_add(item->urls, g_strdup(url));
	g_ptr_array_add(item->authorizations, g_strdup(authorization));
}

/* ---- transfers at once, of all threads ---- */

static struct {
	GMutex mutex;
	GCond freed;
	int used;
} transfers;

static int transfers_most(void)
{
	return MAX(1, (int)http_setting("XORCH_HTTP_PARALLEL", DEFAULT_PARALLEL));
}

/* Who has a transfer under way does not wait, for it must see to that one. */
static gboolean transfer_take(gboolean wait)
{
	int most = transfers_most();

	g_mutex_lock(&transfers.mutex);
	while (wait && transfers.used >= most)
		g_cond_wait(&transfers.freed, &transfers.mutex);
	gboolean got = transfers.used < most;
	transfers.used += got;
	g_mutex_unlock(&transfers.mutex);
	return got;
}

static void transfer_give(void)
{
	g_mutex_lock(&transfers.mutex);
	transfers.used--;
	g_cond_signal(&transfers.freed);
	g_mutex_unlock(&transfers.mutex);
}

/* ---- the queue ---- */

typedef struct queue {
	store *store;
	http_session *session;
	GQueue *todo;	   /* fetch_item, the largest first */
	GQueue *elsewhere; /* another process is fetching it */
	int running, max;
} queue;

typedef struct running {
	queue *queue;
	fetch_item *item;
	lockfile *lock;
} running;

static void fill(queue *q);

static void on_end(fetch_job *job, void *data)
{
	running *r = data;
	queue *q = r->queue;
	fetch_item *item = r->item;

	item->error = fetch_job_error(job);
	item->fetched = !item->error;
	if (!item->error) {
		item->path = store_blob_find(q->store, item->sha256, item->size);
		/* For people, and to tell downloads from results when pruning. */
		store_record_put(q->store, "download", item->sha256, item->label,
			strlen(item->label), NULL);
		if (!item->path)
			error_set(&item->error, EXIT_HOST, "X0820",
				"%s vanished from the cache just after it was fetched",
				item->label);
	}
	fetch_job_free(job);
	/* Others who wait for it look at the inode again. */
	lockfile_remove(r->lock);
	g_free(r);
	q->running--;
	transfer_give();
	fill(q);
}

static void start(queue *q, fetch_item *item, lockfile *lock)
{
	running *r = g_new0(running, 1);
	fetch_job_spec spec = {
		.label = item->label,
		.where = item->where,
		.urls = item->urls,
		.authorizations = item->authorizations,
		.headers = item->headers,
		.allow_http = item->allow_http,
		.one_answer = item->one_answer,
		.size = item->size,
		.limit = item->size >= 0 ? item->size : item->max_size,
		.store = q->store,
		.sha256 = item->sha256,
		.on_end = on_end,
		.data = r,
	};

	r->queue = q;
	r->item = item;
	r->lock = lock;
	q->running++;
	fetch_job_start(fetch_job_new(q->session, &spec));
}

/* TRUE when the item needs no transfer any more. */
static gboolean appeared(queue *q, fetch_item *item)
{
	item->path = store_blob_find(q->store, item->sha256, item->size);
	return item->path != NULL;
}

/* TRUE when the item's transfer has begun; it holds a place of the transfers. */
static gboolean begin(queue *q, fetch_item *item)
{
	GError *why = NULL;
	lockfile *lock = store_lock_try(q->store, "blob", item->sha256, &why);

	if (why) {
		item->error = why;
	} else if (!lock) {
		g_queue_push_tail(q->elsewhere, item);
	} else if (appeared(q, item)) {
		lockfile_remove(lock);
	} else {
		start(q, item, lock);
		return TRUE;
	}
	return FALSE;
}

static void fill(queue *q)
{
	while (q->running < q->max && !g_queue_is_empty(q->todo) &&
		transfer_take(q->running == 0))
		if (!begin(q, g_queue_pop_head(q->todo)))
			transfer_give();
}

static void run(queue *q)
{
	fetch_item *item;

	fill(q);
	http_session_run(q->session);
	/* What others were at when we came: nothing of ours is held while waiting,
	 * so two processes cannot wait for each other. */
	while ((item = g_queue_pop_head(q->elsewhere))) {
		g_autofree char *what = g_strdup_printf("download of %s", item->label);
		lockfile *lock =
			store_lock(q->store, "blob", item->sha256, what, &item->error);
		if (!lock)
			continue;
		if (appeared(q, item)) {
			lockfile_remove(lock);
			continue;
		}
		transfer_take(TRUE);
		start(q, item, lock);
		http_session_run(q->session);
	}
}

static int larger_first(const void *a, const void *b, void *data)
{
	const fetch_item *x = a, *y = b;

	(void)data;
	return x->size < y->size   ? 1
	       : x->size > y->size ? -1
				   : strcmp(x->label, y->label);
}

/* ---- where from ---- */

static void find_urls(gpointer data, gpointer user)
{
	fetch_item *item = data;

	(void)user;
	if (!item->find_urls(item, item->find_urls_data, &item->error) && !item->error)
		error_set(&item->error, EXIT_NETWORK, "X0502",
			"cannot fetch %s: no mirror is known for it", item->label);
}

static void find_all_urls(GPtrArray *missing)
{
	g_autoptr(GPtrArray) asking = g_ptr_array_new();
	int most = transfers_most();

	for (guint i = 0; i < missing->len; i++) {
		fetch_item *item = missing->pdata[i];
		if (!item->urls->len && item->find_urls)
			g_ptr_array_add(asking, item);
	}
	if (asking->len == 1) {
		find_urls(asking->pdata[0], NULL);
		return;
	}
	if (!asking->len)
		return;
	GThreadPool *pool = g_thread_pool_new(find_urls, NULL, most, FALSE, NULL);
	for (guint i = 0; i < asking->len; i++)
		g_thread_pool_push(pool, asking->pdata[i], NULL);
	g_thread_pool_free(pool, FALSE, TRUE);
}

/* ---- all of them ---- */

static void tell_files(const GPtrArray *missing, event_phase phase)
{
	event e = {.kind = EVENT_FILES, .phase = phase, .level = EVENT_INFO};

	for (guint i = 0; i < missing->len; i++) {
		const fetch_item *item = missing->pdata[i];
		e.total = item->size < 0 || e.total < 0 ? -1 : e.total + item->size;
		if (phase == EVENT_END && item->size > 0 && !item->fetched)
			e.done += item->size;
	}
	event_emit(&e);
}

static gboolean report_offline(GPtrArray *missing, gboolean damaged, GError **err)
{
	error_set(err, damaged ? EXIT_INTEGRITY : EXIT_NETWORK, "X0501",
		"offline, and %u file%s not in the cache", missing->len,
		missing->len == 1 ? " is" : "s are");
	for (guint i = 0; i < missing->len; i++) {
		const fetch_item *item = missing->pdata[i];
		g_autofree char *label = text_escape(item->label, -1);
		g_autofree char *where =
			item->where ? g_strdup_printf("   (%s)", item->where) : NULL;
		error_line(err, "%s   sha256 %.12s…%s", label, item->sha256,
			where ? where : "");
	}
	error_help(err,
		"run `xorch fetch` with the same arguments while there is a network");
	return FALSE;
}

static gboolean report(GPtrArray *missing, GError **err)
{
	const fetch_item *worst = NULL;
	guint failed = 0;

	for (guint i = 0; i < missing->len; i++) {
		const fetch_item *item = missing->pdata[i];
		if (!item->error)
			continue;
		failed++;
		/* The disk before wrong bytes before the network: each explains
		 * the ones after it. */
		if (!worst || item->error->code > worst->error->code)
			worst = item;
	}
	if (!worst)
		return TRUE;
	g_propagate_error(err, g_error_copy(worst->error));
	if (failed > 1)
		error_note(err, "%u more files could not be fetched:", failed - 1);
	for (guint i = 0; i < missing->len; i++) {
		const fetch_item *item = missing->pdata[i];
		if (!item->error || item == worst)
			continue;
		g_autofree char *line = error_in_short(item->error);
		g_autofree char *label = text_escape(item->label, -1);
		error_line(err, "%s: %s", label, line);
	}
	return FALSE;
}

/* Small files come without a line of their own. */
static void sum_up(const GPtrArray *items, gint64 begun)
{
	guint64 bytes = 0;
	guint n = 0;

	for (guint i = 0; i < items->len; i++) {
		const fetch_item *item = items->pdata[i];
		struct stat st;
		if (!item->path || stat(item->path, &st) < 0)
			continue;
		n++;
		bytes += (guint64)st.st_size;
	}
	if (n < 2)
		return;
	g_autofree char *size = fetch_size_text((gint64)bytes);
	event_log(EVENT_INFO, NULL, "fetched %u files, %s in %.1f s", n, size,
		(g_get_monotonic_time() - begun) / 1e6);
}

gboolean fetch_blobs(
	store *s, GPtrArray *items, const fetch_options *options, GError **err)
{
	g_autoptr(GPtrArray) missing = g_ptr_array_new();
	g_autoptr(GQueue) todo = g_queue_new(), elsewhere = g_queue_new();
	gboolean damaged = FALSE;
	guint64 needed = 0;

	for (guint i = 0; i < items->len; i++) {
		fetch_item *item = items->pdata[i];
		store_blob_state state =
			store_blob_look(s, item->sha256, item->size, &item->path);
		item->cached = state == STORE_BLOB_FOUND;
		damaged |= state == STORE_BLOB_DAMAGED;
		if (!item->cached)
			g_ptr_array_add(missing, item);
	}
	if (!missing->len)
		return TRUE;
	if (options && options->offline)
		return report_offline(missing, damaged, err);
	find_all_urls(missing);
	for (guint i = 0; i < missing->len; i++) {
		fetch_item *item = missing->pdata[i];
		if (item->error)
			continue;
		if (item->size > 0)
			needed += (guint64)item->size;
		g_queue_insert_sorted(todo, item, larger_first, NULL);
	}
	if (!fs_need_space(store_dir(s), needed, err))
		return FALSE;
	int jobs = options ? options->jobs : 0;
	g_autoptr(http_session) session = http_session_new();
	queue q = {.store = s,
		.session = session,
		.todo = todo,
		.elsewhere = elsewhere,
		.max = jobs > 0 ? jobs : transfers_most()};
	gint64 begun = g_get_monotonic_time();
	tell_files(missing, EVENT_BEGIN);
	run(&q);
	tell_files(missing, EVENT_END);
	sum_up(missing, begun);
	return report(missing, err);
}

/* ---- documents ---- */

static void on_document_end(fetch_job *job, void *data)
{
	GError **err = data;

	(void)job;
	*err = fetch_job_error(job);
}

gboolean fetch_document_get(fetch_document *d, GError **err)
{
	g_autoptr(GPtrArray) urls = g_ptr_array_new();
	g_autofree char *label = text_escape(d->label, -1);
	GError *why = NULL;

	if (d->offline) {
		error_set(err, EXIT_NETWORK, "X0501", "offline, and %s is needed", label);
		return FALSE;
	}
	for (const char *const *u = d->urls; *u; u++)
		g_ptr_array_add(urls, (char *)*u);
	g_autoptr(http_session) session = http_session_new();
	fetch_job_spec spec = {
		.label = d->label,
		.urls = urls,
		.headers = d->headers,
		.form = d->form,
		.want_challenge = d->want_challenge,
		.allow_http = d->allow_http,
		.compressed = d->compressed,
		.size = -1,
		.limit = (gint64)d->max_size,
		.on_end = on_document_end,
		.data = &why,
	};
	fetch_job *job = fetch_job_new(session, &spec);
	fetch_job_start(job);
	http_session_run(session);
	if (!why) {
		const http_response *r = fetch_job_response(job);
		const char *type = r->content_type ? r->content_type : "";
		char *plain = g_strndup(type, strcspn(type, ";"));
		d->content_type = g_ascii_strdown(g_strstrip(plain), -1);
		g_free(plain);
		d->content_digest = g_strdup(r->content_digest);
		d->url = g_strdup(r->url);
		d->body = fetch_job_body(job);
	}
	d->challenge = g_strdup(fetch_job_challenge(job));
	fetch_job_free(job);
	if (why)
		g_propagate_error(err, why);
	return why == NULL;
}

void fetch_document_clear(fetch_document *d)
{
	g_clear_pointer(&d->body, g_bytes_unref);
	g_clear_pointer(&d->content_type, g_free);
	g_clear_pointer(&d->content_digest, g_free);
	g_clear_pointer(&d->url, g_free);
	g_clear_pointer(&d->challenge, g_free);
}

gboolean fetch_not_found(const GError *err)
{
	return err && g_str_has_prefix(err->message, "[X0504]");
}

gboolean fetch_denied(const GError *err)
{
	return err && g_str_has_prefix(err->message, "[X0505]");
}
