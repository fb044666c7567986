#include "build/starter_private.h"
#include "base/error.h"
#include "base/fs.h"
#include "build/go_proxy.h"
#include "build/release_find.h"
#include "build/source_facts.h"
#include <string.h>

/* `go` outside of a build, in a folder of its own; its output. NULL with an error. */
static char *ask_go(const build_context *ctx, const go_tool *go, const char *work,
	const char *const *args, const char *what, GError **err)
{
	const registry_go *settings = go_proxy_settings(ctx, err);
	g_auto(process_result) result = {0};

	if (!settings)
		return NULL;
	g_auto(GStrv) env = go_proxy_environment(settings);
	go_run run = {.args = args,
		.cwd = work,
		.work = work,
		.env = (const char *const *)env,
		.timeout_s = 600};
	if (!go_tool_run(go, &run, &result, err))
		return NULL;
	if (result.exit_code == 0)
		return g_strdup(result.out);
	go_proxy_failed(result.err, what, EXIT_NETWORK, "X0531", err);
	return NULL;
}

typedef struct module {
	char *path, *version, *dir;
	char *package; /* "./cmd/x", "." */
} module;

static void module_clear(module *m)
{
	g_free(m->path);
	g_free(m->version);
	g_free(m->dir);
	g_free(m->package);
	memset(m, 0, sizeof *m);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(module, module_clear)

static gboolean download(const build_context *ctx, const go_tool *go, const char *work,
	const char *path, const char *version, module *out, GError **err)
{
	g_autofree char *query = g_strdup_printf("%s@%s", path, version);
	const char *args[] = {"mod", "download", "-json", query, NULL};
	g_autofree char *text = ask_go(ctx, go, work, args, query, err);
	g_autoptr(json_t) j =
		text ? json_parse(text, strlen(text), "the go command's answer", err)
		     : NULL;

	if (!j)
		return FALSE;
	const char *problem = json_get_string(j, "Error");
	if (problem || !json_get_string(j, "Dir"))
		return go_proxy_failed(problem ? problem : "no folder", query,
			EXIT_NETWORK, "X0531", err);
	out->path = g_strdup(json_get_string(j, "Path"));
	out->version = g_strdup(json_get_string(j, "Version"));
	out->dir = g_strdup(json_get_string(j, "Dir"));
	return TRUE;
}

/* The newest version that --exclude-newer allows; NULL with an error. New string. */
static char *old_enough(const build_context *ctx, const char *path, GError **err)
{
	g_auto(release_find) f = {.ctx = ctx};
	g_auto(release_choice) c = {0};

	if (!release_find_gomod(&f, path, err) || !release_find_newest(&f, &c, err))
		return NULL;
	if (c.take)
		return g_strconcat("v", c.take->version, NULL);
	error_set(err, EXIT_INPUT, "X0514", "no version of %s is old enough", path);
	if (c.held)
		error_note(err, "%s: %s", c.held->version, c.why);
	return NULL;
}

/* The module itself, or one above: github.com/a/b/cmd/x is package ./cmd/x of a/b. */
static gboolean find_module(const build_context *ctx, const go_tool *go, const char *work,
	const starter_request *r, module *out, GError **err)
{
	g_autofree char *path = g_strdup(r->name);
	g_autofree char *version = !r->version ? g_strdup("latest")
				   : g_ascii_isdigit(r->version[0])
					   ? g_strconcat("v", r->version, NULL)
					   : g_strdup(r->version);
	GError *first = NULL;

	for (;;) {
		GError *problem = NULL;
		g_autofree char *older = NULL;
		if (ctx->cut && !r->version)
			older = old_enough(ctx, path, &problem);
		if (!problem && download(ctx, go, work, path, older ? older : version,
					out, &problem)) {
			const char *rest = r->name + strlen(path);
			out->package = g_strconcat(".", rest, NULL);
			g_clear_error(&first);
			return TRUE;
		}
		if (!first)
			first = problem;
		else
			g_error_free(problem);
		char *slash = strrchr(path, '/');
		if (!slash || !strchr(path, '/') || strchr(path, '/') == slash)
			break;
		*slash = '\0';
	}
	g_propagate_error(err, first);
	return FALSE;
}

/* Which folder holds the program. */
static gboolean choose_main(
	module *m, const json_t *facts, const char *asked, GPtrArray *notes, GError **err)
{
	const json_t *mains = json_get_array(facts, "go_mains");
	const char *only = NULL;
	guint n = json_array_size(mains);

	if (!g_str_equal(m->package, "."))
		return TRUE;
	for (guint i = 0; i < n; i++) {
		const char *dir = json_string_value(json_array_get(mains, i));
		if (dir && g_str_equal(dir, "."))
			return TRUE;
		if (!only)
			only = dir;
	}
	if (!only) {
		error_set(err, EXIT_INPUT, "X0982", "%s %s has no program", asked,
			m->version);
		return FALSE;
	}
	/* One named like the module wins, else the first. */
	g_autofree char *base = g_path_get_basename(asked);
	for (guint i = 0; i < n; i++) {
		const char *dir = json_string_value(json_array_get(mains, i));
		g_autofree char *last = g_path_get_basename(dir);
		if (g_str_equal(last, base))
			only = dir;
	}
	g_free(m->package);
	m->package = g_strconcat("./", only, NULL);
	if (n > 1)
		g_ptr_array_add(
			notes, g_strdup_printf("it has %u programs; go.package is %s", n,
				       m->package));
	return TRUE;
}

/* "github.com/mikefarah/yq/v4" -> "yq"; of a package ./cmd/x "x". New string. */
static char *program_name(const module *m)
{
	g_autofree char *path =
		g_str_equal(m->package, ".") ? g_strdup(m->path) : g_strdup(m->package);
	g_autofree char *last = g_path_get_basename(path);

	if (last[0] == 'v' && g_ascii_isdigit(last[1]) &&
		strspn(last + 1, "0123456789") == strlen(last + 1)) {
		g_autofree char *above = g_path_get_dirname(path);
		return g_path_get_basename(above);
	}
	char *dot = g_strrstr(last, ".v");
	if (dot)
		*dot = '\0';
	return g_steal_pointer(&last);
}

static char *go_text(const module *m, const char *name, const json_t *facts)
{
	GString *text = g_string_new(NULL);

	starter_head(text, name, m->version + (m->version[0] == 'v'), "go-binary", facts);
	g_string_append(text, "source:\n  gomod: ");
	starter_quote(text, m->path);
	g_string_append_c(text, '\n');
	gboolean cgo = json_is_true(json_object_get(facts, "cgo"));
	if (!g_str_equal(m->package, ".") || cgo) {
		g_string_append(text, "go:\n");
		if (!g_str_equal(m->package, ".")) {
			g_string_append(text, "  package: ");
			starter_quote(text, m->package);
			g_string_append(
				text, " # guessed: the folder of a package main\n");
		}
		if (cgo)
			g_string_append(text,
				"  # Some of its files use cgo; without, Go "
				"builds what does without them.\n"
				"  cgo: false # guessed\n");
	}
	g_string_append_printf(text,
		"# What `xorch verify` shall run:\n"
		"# tests:\n#   - commands: [\"%s --version\"]\n",
		name);
	return g_string_free(text, FALSE);
}

gboolean starter_gomod(
	const build_context *ctx, const starter_request *r, starter *out, GError **err)
{
	g_auto(go_tool) go = {0};
	g_auto(module) m = {0};
	gboolean ok = FALSE;

	memset(out, 0, sizeof *out);
	out->notes = g_ptr_array_new_with_free_func(g_free);
	if (!go_prepare(ctx, NULL, &go, err))
		return FALSE;
	g_autofree char *work = store_temp_dir(ctx->store, err);
	if (!work)
		return FALSE;
	g_autoptr(json_t) facts = find_module(ctx, &go, work, r, &m, err)
					  ? source_facts_read(ctx, r->python, m.dir, err)
					  : NULL;
	if (facts && choose_main(&m, facts, r->name, out->notes, err)) {
		out->name = program_name(&m);
		out->version = g_strdup(m.version + (m.version[0] == 'v'));
		out->text = go_text(&m, out->name, facts);
		ok = TRUE;
	}
	fs_remove_tree(work, NULL);
	return ok;
}
