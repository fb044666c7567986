#include "build/go_proxy.h"
#include "base/error.h"
#include "format/http_url.h"
#include <string.h>

#define DOCUMENT_MAX (4u << 20)

/* ---- settings ---- */

static struct {
	GMutex mutex;
	gboolean known;
	registry_go settings;
} machine;

const registry_go *go_proxy_settings(const build_context *ctx, GError **err)
{
	g_mutex_lock(&machine.mutex);
	if (!machine.known) {
		g_auto(go_tool) go = {0};
		machine.known = go_prepare(ctx, NULL, &go, err) &&
				registry_go_find(go.program, &machine.settings, err);
	}
	gboolean ok = machine.known;
	g_mutex_unlock(&machine.mutex);
	return ok ? &machine.settings : NULL;
}

char **go_proxy_environment(const registry_go *r)
{
	g_autoptr(GStrvBuilder) b = g_strv_builder_new();
	g_autofree char *value = registry_go_value(r);
	const char *sum = r->sum_db && *r->sum_db ? r->sum_db : "off";
	const struct {
		const char *name, *value;
	} rows[] = {{"GOPROXY", value}, {"GONOPROXY", r->no_proxy}, {"GOSUMDB", sum},
		{"GONOSUMDB", r->no_sum}};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *text = g_strdup_printf(
			"%s=%s", rows[i].name, rows[i].value ? rows[i].value : "");
		g_strv_builder_add(b, text);
	}
	return g_strv_builder_end(b);
}

/* ---- one file ---- */

char *go_proxy_label(const char *path, const char *version, const char *extension)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;
	g_autofree char *up = slash ? g_strndup(path, (gsize)(slash - path)) : NULL;

	/* .../yq/v4: the last component is the major version. */
	if (up && base[0] == 'v' && base[1] &&
		strspn(base + 1, "0123456789") == strlen(base + 1)) {
		g_autofree char *name = g_path_get_basename(up);
		return g_strdup_printf("%s@%s.%s", name, version, extension);
	}
	return g_strdup_printf("%s@%s.%s", base, version, extension);
}

typedef struct lookup {
	const build_context *ctx;
	char *path, *version, *extension;
} lookup;

static void lookup_free(void *data)
{
	lookup *l = data;

	g_free(l->path);
	g_free(l->version);
	g_free(l->extension);
	g_free(l);
}

/* Whether it may be asked for at all; *escaped is its path in a URL. */
static gboolean may_ask(
	const registry_go *r, const char *path, char **escaped, GError **err)
{
	if (go_module_matches(r->no_proxy, path)) {
		error_set(err, EXIT_INPUT, "X0535",
			"%s may not be asked of a module proxy", path);
		error_note(err, "GONOPROXY or GOPRIVATE here is \"%s\"", r->no_proxy);
		error_help(err, "set XORCH_MIRROR_GO to a proxy of your own that has it, "
				"or use `git:` as the source");
		return FALSE;
	}
	*escaped = go_module_escape(path);
	return *escaped ? TRUE
			: error_set(err, EXIT_INPUT, "X0535",
				  "%s is not the name of a module", path);
}

GBytes *go_proxy_document(
	const build_context *ctx, const char *path, const char *name, GError **err)
{
	const registry_go *r = go_proxy_settings(ctx, err);
	g_autofree char *escaped = NULL;
	g_autoptr(GPtrArray) urls = g_ptr_array_new_with_free_func(g_free);

	if (!r || !may_ask(r, path, &escaped, err))
		return NULL;
	g_autofree char *below = g_strdup_printf("%s/@v/%s", escaped, name);
	for (guint i = 0; i < r->proxies->len; i++) {
		const go_proxy *p = g_ptr_array_index(r->proxies, i);
		g_ptr_array_add(urls, http_url_below(p->url, below));
	}
	g_ptr_array_add(urls, NULL);
	g_autofree char *label = g_strdup_printf("%s of %s", name, path);
	fetch_document d = {.label = label,
		.urls = (const char *const *)urls->pdata,
		.max_size = DOCUMENT_MAX,
		.compressed = TRUE,
		.offline = ctx->offline};
	if (fetch_document_get(&d, err)) {
		GBytes *body = g_bytes_ref(d.body);
		fetch_document_clear(&d);
		return body;
	}
	if (err && fetch_not_found(*err)) {
		g_clear_error(err);
		error_set(
			err, EXIT_NETWORK, "X0531", "no module proxy here has %s", label);
	}
	return NULL;
}

static gboolean find_urls(fetch_item *f, void *data, GError **err)
{
	const lookup *l = data;
	const registry_go *r = go_proxy_settings(l->ctx, err);
	g_autofree char *path = NULL;
	g_autofree char *version = go_module_escape(l->version);

	if (!r || !may_ask(r, l->path, &path, err))
		return FALSE;
	if (!version)
		return error_set(err, EXIT_INPUT, "X0535",
			"%s %s is not the name of a module", l->path, l->version);
	g_autofree char *below =
		g_strdup_printf("%s/@v/%s.%s", path, version, l->extension);
	for (guint i = 0; i < r->proxies->len; i++) {
		const go_proxy *p = g_ptr_array_index(r->proxies, i);
		g_autofree char *url = http_url_below(p->url, below);
		fetch_item_add_url(f, url);
		f->one_answer |= i + 1 < r->proxies->len && !p->any_error;
	}
	return TRUE;
}

fetch_item *go_proxy_item(const build_context *ctx, item_source *asker, const char *path,
	const char *version, const char *extension, const char *sha256, gint64 size,
	GError **err)
{
	g_autofree char *label = go_proxy_label(path, version, extension);
	fetch_item *f = fetch_item_new(label, sha256, size, err);

	if (!f)
		return NULL;
	lookup *l = g_new0(lookup, 1);
	l->ctx = ctx;
	l->path = g_strdup(path);
	l->version = g_strdup(version);
	l->extension = g_strdup(extension);
	item_source_keep(asker, l, lookup_free);
	f->find_urls = find_urls;
	f->find_urls_data = l;
	return f;
}

/* ---- failures of the go command ---- */

static gboolean has_any(const char *text, const char *const *words)
{
	for (; *words; words++)
		if (strstr(text, *words))
			return TRUE;
	return FALSE;
}

/* Its last lines, URLs without credentials: the go command shows none itself. */
static void add_lines(const char *output, GError **err)
{
	g_auto(GStrv) lines = g_strsplit(output, "\n", -1);
	guint n = g_strv_length(lines);

	while (n && !lines[n - 1][strspn(lines[n - 1], " \t\r")])
		n--;
	for (guint i = n > 12 ? n - 12 : 0; i < n; i++) {
		g_autofree char *line =
			text_escape(g_strdelimit(lines[i], "\t", ' '), -1);
		error_line(err, "go: %s", line);
	}
}

/* "go.mod requires go >= 1.27 (running go 1.26.8; GOTOOLCHAIN=local)". */
static gboolean wants_newer(const char *output, GError **err)
{
	const char *at = strstr(output, " requires go >= ");
	const char *here = at ? strstr(at, "running go ") : NULL;

	if (!here)
		return FALSE;
	at += strlen(" requires go >= ");
	here += strlen("running go ");
	g_autofree char *version = g_strndup(at, strcspn(at, " \n("));
	g_autofree char *running = g_strndup(here, strcspn(here, ";) \n"));
	g_autofree char *shown = text_escape(version, -1);
	error_set(err, EXIT_HOST, "X0941", "the source wants Go %s, here is %s", shown,
		running);
	error_help(
		err, "say `toolchain: {go: \"%s\"}` in the recipe, or install it", shown);
	return TRUE;
}

gboolean go_proxy_failed(
	const char *output, const char *what, int code, const char *id, GError **err)
{
	static const char *const integrity[] = {"SECURITY ERROR", "checksum mismatch",
		"verifying module", "verifying go.mod", "not a valid zip file",
		"has unexpected file", "parsing go.mod:", "invalid go.mod", NULL};
	static const char *const private[] = {"GOVCS disallows", "?go-get=1", NULL};
	static const char *const network[] = {"404 Not Found", "410 Gone", "dial tcp",
		"connection re", "i/o timeout", "TLS handshake", "no such host",
		"server response", "reading http", "Client.Timeout", "x509:", NULL};

	if (wants_newer(output, err))
		return FALSE;
	if (has_any(output, integrity)) {
		error_set(
			err, EXIT_INTEGRITY, "X0662", "%s: not what it should be", what);
		add_lines(output, err);
		error_help(err, "somebody between here and the module's author changed "
				"it, or go.sum is out of date; nothing was used");
	} else if (has_any(output, private)) {
		error_set(err, EXIT_INPUT, "X0535", "%s: not from a module proxy", what);
		add_lines(output, err);
		error_help(err, "modules are fetched from proxies only; set "
				"XORCH_MIRROR_GO to one that has it");
	} else if (has_any(output, network)) {
		error_set(err, EXIT_NETWORK, "X0531", "%s: the module proxy did not help",
			what);
		add_lines(output, err);
	} else {
		error_set(err, code, id, "%s", what);
		add_lines(output, err);
	}
	return FALSE;
}
