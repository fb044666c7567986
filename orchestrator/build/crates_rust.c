#include "build/crates_rust.h"
#include "build/crates.h"
#include "build/fetch.h"
#include "build/registry.h"
#include "format/cargo_lock.h"
#include "format/http_url.h"
#include "format/json.h"
#include "plan/release.h"
#include <string.h>

#define INDEX_MAX (16 << 20)
#define AT_ONCE 8

/* What the threads share. */
typedef struct asking {
	const build_context *ctx;
	const char *index;
	GMutex mutex;
	const char *have;
	const json_t *least;
	crates_rust *out;
	GError *error; /* the first */
} asking;

/* Bindings to other systems, which are locked for all and compiled for none of ours. */
static gboolean is_foreign(const char *name)
{
	static const char *const begins[] = {"windows", "winapi", "wasi", "wasm", "wit-",
		"objc", "js-sys", "web-sys", "core-foundation", "security-framework",
		"redox", "hermit"};

	for (gsize i = 0; i < G_N_ELEMENTS(begins); i++)
		if (g_str_has_prefix(name, begins[i]))
			return TRUE;
	return FALSE;
}

void crates_rust_clear(crates_rust *c)
{
	g_free(c->version);
	g_free(c->which);
	g_free(c->stuck);
	*c = (crates_rust){0};
}

/* 1.70, 1.70.0: cargo allows nothing else. */
static const char *wanted(const json_t *entry)
{
	const char *text = json_get_string(entry, "rust_version");

	return text && *text && strlen(text) < 20 && !text[strspn(text, "0123456789.")]
		       ? text
		       : NULL;
}

/* The next line of an index; NULL at its end. What is none is passed over. */
static json_t *next_entry(const char **at)
{
	while (**at) {
		const char *end = strchrnul(*at, '\n');
		json_t *j =
			json_parse(*at, (gsize)(end - *at), "an index of crates", NULL);
		*at = *end ? end + 1 : end;
		if (j && json_get_string(j, "vers"))
			return j;
		json_decref(j);
	}
	return NULL;
}

char *crates_rust_of_index(const char *text, const char *version)
{
	for (const char *at = text; *at;) {
		g_autoptr(json_t) j = next_entry(&at);
		if (j && g_str_equal(json_get_string(j, "vers"), version))
			return g_strdup(wanted(j));
	}
	return NULL;
}

/* Up to the first number that is not 0: "1.", "0.3.", "0.0.7". */
static gboolean same_series(const char *a, const char *b)
{
	gsize n = 0;

	while (a[n] == '0' && a[n + 1] == '.')
		n += 2;
	n += strspn(a + n, "0123456789");
	return !strncmp(a, b, n) && !g_ascii_isdigit(b[n]);
}

gboolean crates_rust_has_earlier(
	const char *text, const char *version, const char *least, const char *have)
{
	for (const char *at = text; *at;) {
		g_autoptr(json_t) j = next_entry(&at);
		const char *vers = j ? json_get_string(j, "vers") : NULL;
		if (vers && !strpbrk(vers, "-+") && same_series(version, vers) &&
			!json_is_true(json_object_get(j, "yanked")) &&
			!release_rust_is_newer(least, vers) &&
			!release_rust_is_newer(wanted(j), have))
			return TRUE;
	}
	return FALSE;
}

static const char *least_of(const asking *a, const char *name)
{
	for (gsize i = 0; i < json_array_size(a->least); i++) {
		const json_t *row = json_array_get(a->least, i);
		if (g_strcmp0(json_get_string(row, "name"), name) == 0)
			return json_get_string(row, "version");
	}
	return NULL;
}

static void remember(asking *a, const cargo_crate *c, const char *text)
{
	g_autofree char *wants = crates_rust_of_index(text, c->version);
	crates_rust *out = a->out;

	if (!wants)
		return;
	gboolean stuck =
		release_rust_is_newer(wants, a->have) &&
		!crates_rust_has_earlier(text, c->version, least_of(a, c->name), a->have);
	g_mutex_lock(&a->mutex);
	if (!out->version || release_rust_is_newer(wants, out->version)) {
		g_free(out->version);
		g_free(out->which);
		out->version = g_strdup(wants);
		out->which = g_strdup_printf("%s %s", c->name, c->version);
	}
	if (stuck && !out->stuck)
		out->stuck = g_strdup_printf("%s %s", c->name, c->version);
	g_mutex_unlock(&a->mutex);
}

static void fail(asking *a, GError *error)
{
	g_mutex_lock(&a->mutex);
	if (!a->error)
		a->error = g_error_copy(error);
	g_mutex_unlock(&a->mutex);
}

static gboolean has_failed(asking *a)
{
	g_mutex_lock(&a->mutex);
	gboolean failed = a->error != NULL;
	g_mutex_unlock(&a->mutex);
	return failed;
}

static void ask_one(gpointer data, gpointer shared)
{
	const cargo_crate *c = data;
	asking *a = shared;
	g_autofree char *folder = crates_prefix(c->name);
	g_autofree char *mixed = g_strdup_printf("%s/%s", folder, c->name);
	g_autofree char *rel = g_ascii_strdown(mixed, -1);
	g_autofree char *url = http_url_below(a->index, rel);
	const char *const urls[] = {url, NULL};
	fetch_document d = {.label = c->name,
		.urls = urls,
		.max_size = INDEX_MAX,
		.compressed = TRUE,
		/* The settings of this machine chose it: its scheme is theirs. */
		.allow_http = g_str_has_prefix(url, "http:"),
		.offline = a->ctx->offline};
	g_autoptr(GError) error = NULL;
	gsize size;

	if (has_failed(a))
		return;
	if (!fetch_document_get(&d, &error)) {
		fail(a, error);
		return;
	}
	const char *data_text = g_bytes_get_data(d.body, &size);
	g_autofree char *text = g_strndup(data_text ? data_text : "", size);
	remember(a, c, text);
	fetch_document_clear(&d);
}

gboolean crates_rust_ask(const build_context *ctx, const GPtrArray *crates,
	const char *cargo, const char *have, const json_t *least, crates_rust *out,
	GError **err)
{
	g_autoptr(GPtrArray) indexes = NULL;
	asking a = {.ctx = ctx, .have = have, .least = least, .out = out};

	*out = (crates_rust){0};
	if (!registry_crates(cargo, &indexes, err))
		return FALSE;
	a.index = indexes->pdata[0];
	g_mutex_init(&a.mutex);
	GThreadPool *pool = g_thread_pool_new(ask_one, &a, AT_ONCE, FALSE, NULL);
	for (guint i = 0; i < crates->len; i++) {
		const cargo_crate *c = crates->pdata[i];
		if (!c->git && !is_foreign(c->name))
			g_thread_pool_push(pool, crates->pdata[i], NULL);
	}
	g_thread_pool_free(pool, FALSE, TRUE);
	g_mutex_clear(&a.mutex);
	if (!a.error)
		return TRUE;
	crates_rust_clear(out);
	g_propagate_error(err, a.error);
	return FALSE;
}
