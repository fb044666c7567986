#include "build/rust_cargo.h"
#include "base/error.h"
#include "base/event.h"
#include "base/fs.h"
#include "build/registry.h"
#include "build/store.h"
#include "format/http_certificates.h"
#include <string.h>

#define CAPTURE_MAX (256 << 10)
#define TIMEOUT 600 /* seconds */
#define CERTIFICATES "certificates.pem"
#define CERTIFICATES_MAX (16 << 20)

char *rust_cargo_string(const char *text)
{
	GString *out = g_string_new("\"");

	for (const char *p = text; *p; p++) {
		if (*p == '"' || *p == '\\')
			g_string_append_c(out, '\\');
		g_string_append_c(out, *p);
	}
	g_string_append_c(out, '"');
	return g_string_free(out, FALSE);
}

static gboolean write_config(const char *folder, const char *text, GError **err)
{
	g_autofree char *path = g_build_filename(folder, "config.toml", NULL);

	return fs_mkdir_p(folder, 0755, err) &&
	       fs_write_atomic(path, text, strlen(text), 0644, err);
}

gboolean rust_cargo_home(
	const char *folder, const char *crates, const char *patches, GError **err)
{
	g_autofree char *path = rust_cargo_string(crates);
	g_autofree char *text = g_strdup_printf("[source.crates-io]\n"
						"replace-with = \"xorch\"\n"
						"[source.xorch]\n"
						"directory = %s\n"
						"[net]\n"
						"offline = true\n%s",
		path, patches);

	return write_config(folder, text, err);
}

/* cargo 1.84 and newer: a crate's newest version may want a newer compiler. */
#define RESOLVER "[resolver]\nincompatible-rust-versions = \"fallback\"\n"

static gboolean registry_home(const char *folder, const char *cargo, GError **err)
{
	g_autofree char *own = registry_crates_builtin(cargo);
	g_autoptr(GPtrArray) urls = NULL;

	if (!registry_crates(cargo, &urls, err))
		return FALSE;
	const char *url = urls->pdata[0];
	/* cargo refuses a replacement of its registry by itself */
	if (g_strcmp0(own, url) == 0)
		return write_config(folder, RESOLVER, err);
	g_autofree char *index = g_strdup_printf("sparse+%s/", url);
	g_autofree char *quoted = rust_cargo_string(index);
	g_autofree char *text = g_strdup_printf("[source.crates-io]\n"
						"replace-with = \"xorch\"\n"
						"[source.xorch]\n"
						"registry = %s\n" RESOLVER,
		quoted);
	return write_config(folder, text, err);
}

/* The sandbox with what it borrows. */
typedef struct view {
	char *dir, *home;
	GArray *binds;
	GPtrArray *env, *argv;
	sandbox_spec spec;
} view;

static void view_clear(view *v)
{
	if (v->dir)
		fs_remove_tree(v->dir, NULL);
	g_free(v->dir);
	g_free(v->home);
	g_clear_pointer(&v->binds, g_array_unref);
	g_clear_pointer(&v->env, g_ptr_array_unref);
	g_clear_pointer(&v->argv, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(view, view_clear)

static void bind(view *v, const char *host, const char *inside, gboolean writable)
{
	sandbox_bind b = {host, inside, writable};

	g_array_append_val(v->binds, b);
}

static void add_env(view *v, const char *name, const char *inside, const char *tail)
{
	g_autofree char *seen = sandbox_path(&v->spec, v->spec.level, inside);

	g_ptr_array_add(v->env, g_strconcat(name, "=", seen, tail, NULL));
}

/* The certificates that count here, as a copy in cargo's home: SSL_CERT_FILE may be
 * anywhere, and the sandbox shows little of this machine. */
static gboolean add_certificates(view *v, GError **err)
{
	const char *set = http_certificates();
	gsize size;

	if (!set)
		return TRUE;
	g_autoptr(GBytes) bytes = fs_read(set, CERTIFICATES_MAX, err);
	g_autofree char *copy = g_build_filename(v->home, CERTIFICATES, NULL);
	if (!bytes || !fs_mkdir_p(v->home, 0755, err))
		return FALSE;
	const void *data = g_bytes_get_data(bytes, &size);
	if (!fs_write_atomic(copy, data, size, 0644, err))
		return FALSE;
	add_env(v, "SSL_CERT_FILE", SANDBOX_CARGO_HOME, "/" CERTIFICATES);
	add_env(v, "CARGO_HTTP_CAINFO", SANDBOX_CARGO_HOME, "/" CERTIFICATES);
	return TRUE;
}

/* Of this machine's environment only what the network needs. */
static gboolean add_network(view *v, GError **err)
{
	static const char *const kept[] = {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY",
		"NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy",
		"SSL_CERT_DIR", NULL};

	for (const char *const *name = kept; *name; name++)
		if (g_getenv(*name))
			g_ptr_array_add(
				v->env, g_strdup_printf("%s=%s", *name, g_getenv(*name)));
	return add_certificates(v, err);
}

static gboolean view_init(
	view *v, const rust_cargo *c, const char *crates, const char *git, GError **err)
{
	v->dir = store_temp_dir(c->ctx->store, err);
	if (!v->dir)
		return FALSE;
	v->home = g_build_filename(v->dir, "cargo", NULL);
	v->binds = g_array_new(FALSE, TRUE, sizeof(sandbox_bind));
	v->env = g_ptr_array_new_with_free_func(g_free);
	v->argv = g_ptr_array_new_with_free_func(g_free);
	bind(v, c->source, SANDBOX_SRC, TRUE);
	bind(v, v->home, SANDBOX_CARGO_HOME, TRUE);
	bind(v, c->rust->tree, SANDBOX_RUST, FALSE);
	bind(v, c->rust->tools, SANDBOX_RUST_TOOLS, FALSE);
	if (crates)
		bind(v, crates, SANDBOX_CRATES, FALSE);
	if (git)
		bind(v, git, SANDBOX_CARGO_GIT, FALSE);
	v->spec = (sandbox_spec){.level = c->level,
		.binds = (const sandbox_bind *)v->binds->data,
		.n_binds = v->binds->len,
		.network = !crates,
		.cwd = SANDBOX_TMP,
		.name = "cargo",
		.capture = TRUE,
		.capture_limit = CAPTURE_MAX,
		.timeout_s = TIMEOUT};
	add_env(v, "CARGO_HOME", SANDBOX_CARGO_HOME, "");
	add_env(v, "RUSTC", SANDBOX_RUST_TOOLS, "/bin/rustc");
	g_ptr_array_add(v->env, g_strdup("CARGO_TERM_COLOR=never"));
	g_ptr_array_add(v->env, g_strdup("CARGO_TERM_PROGRESS_WHEN=never"));
	g_ptr_array_add(v->env, g_strdup("LC_ALL=C.UTF-8"));
	if (!crates && !add_network(v, err))
		return FALSE;
	g_ptr_array_add(v->env, NULL);
	v->spec.env = (const char *const *)v->env->pdata;
	return TRUE;
}

static void view_command(view *v, const rust_cargo *c, const char *const *args)
{
	g_autofree char *src = sandbox_path(&v->spec, v->spec.level, SANDBOX_SRC);
	g_autofree char *tools =
		sandbox_path(&v->spec, v->spec.level, SANDBOX_RUST_TOOLS);

	g_ptr_array_add(v->argv, g_build_filename(tools, "bin", "cargo", NULL));
	for (; *args; args++)
		g_ptr_array_add(v->argv, g_strdup(*args));
	g_ptr_array_add(v->argv, g_strdup("--manifest-path"));
	g_ptr_array_add(v->argv, g_build_filename(src, c->manifest, NULL));
	g_ptr_array_add(v->argv, NULL);
	v->spec.argv = (const char *const *)v->argv->pdata;
}

/* What cargo said, without its notes of progress. */
static void add_words(GError **err, const char *said)
{
	g_auto(GStrv) lines = g_strsplit(said ? said : "", "\n", -1);

	for (guint i = 0, shown = 0; lines[i] && shown < 20; i++) {
		const char *text = lines[i] + strspn(lines[i], " ");
		if (!*text || g_str_has_prefix(text, "Updating ") ||
			g_str_has_prefix(text, "Locking ") ||
			g_str_has_prefix(text, "Adding "))
			continue;
		g_autofree char *safe = text_escape(lines[i], -1);
		error_line(err, "%s", safe);
		shown++;
	}
}

gboolean rust_cargo_resolve(const rust_cargo *c, gboolean complete, GError **err)
{
	static const char *const anew[] = {"generate-lockfile", NULL};
	static const char *const more[] = {"update", "--workspace", NULL};
	g_auto(view) v = {0};
	g_auto(sandbox_result) r = {0};

	if (c->ctx->offline)
		return error_set(err, EXIT_NETWORK, "X0501",
			"the crates are not locked, and --offline forbids to ask for "
			"them");
	if (!view_init(&v, c, NULL, NULL, err) ||
		!registry_home(v.home, c->rust->cargo, err))
		return FALSE;
	if (c->ctx->cut)
		event_log(EVENT_NOTE, NULL,
			"--exclude-newer does not hold for crates that cargo chooses: "
			"their index has no dates");
	view_command(&v, c, complete ? more : anew);
	if (!sandbox_run(&v.spec, &r, err))
		return FALSE;
	if (r.process.exit_code == 0)
		return TRUE;
	error_set(err, EXIT_INPUT, "X0953", "the crates could not be resolved");
	add_words(err, r.process.err);
	return FALSE;
}

gboolean rust_cargo_check(
	const rust_cargo *c, const char *crates, const char *git, GError **err)
{
	static const char *const args[] = {"fetch", "--offline", NULL};
	g_auto(view) v = {0};
	g_auto(sandbox_result) r = {0};

	if (!view_init(&v, c, crates, git, err))
		return FALSE;
	g_autofree char *seen = sandbox_path(&v.spec, v.spec.level, SANDBOX_CRATES);
	if (!rust_cargo_home(v.home, seen, c->patches ? c->patches : "", err))
		return FALSE;
	view_command(&v, c, args);
	if (!sandbox_run(&v.spec, &r, err))
		return FALSE;
	if (r.process.exit_code == 0)
		return TRUE;
	error_set(err, EXIT_INPUT, "X0952", "the locked crates do not fit Cargo.toml");
	add_words(err, r.process.err);
	error_help(err,
		"a Cargo.lock in the source counts as it is: mend it by a patch, or "
		"let cargo complete it with `cargo: {locked: false}`; then `xorch "
		"lock --upgrade`");
	return FALSE;
}
