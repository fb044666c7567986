#include "build/python_step.h"
#include "base/error.h"
#include "base/fs.h"
#include "base/process_secret.h"
#include "build/build_log.h"
#include "build/step_extras.h"
#include "build/wrapper_log.h"
#include "format/yaml_bind.h"
#include "plan/environment.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define REQUEST SANDBOX_OUT "/request.json"
#define ANSWER SANDBOX_OUT "/answer.json"
#define WRAPPER_LOG "wrapper.log" /* in the out folder */
#define ANSWER_MAX (1024 * 1024)

/* The sandbox with what it borrows. */
typedef struct view {
	sandbox_spec spec;
	GArray *binds;
	char *hide[4]; /* headers and metadata of the interpreter */
	GPtrArray *argv, *path;
	GStrv env;
	char *cwd;
	sandbox_level level;
} view;

static void view_clear(view *v)
{
	g_array_unref(v->binds);
	for (guint i = 0; i < G_N_ELEMENTS(v->hide); i++)
		g_free(v->hide[i]);
	g_clear_pointer(&v->argv, g_ptr_array_unref);
	g_clear_pointer(&v->path, g_ptr_array_unref);
	g_strfreev(v->env);
	g_free(v->cwd);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(view, view_clear)

static void bind(view *v, const char *host, const char *inside, gboolean writable)
{
	sandbox_bind b = {host, inside, writable};

	if (host)
		g_array_append_val(v->binds, b);
}

static void view_binds(view *v, const python_step *s)
{
	const char *prefix = s->python->base_prefix;

	v->binds = g_array_new(FALSE, TRUE, sizeof(sandbox_bind));
	bind(v, s->source, SANDBOX_SRC, TRUE);
	bind(v, s->out, SANDBOX_OUT, TRUE);
	bind(v, s->env, SANDBOX_ENV_DIR, FALSE);
	bind(v, s->target->tree, SANDBOX_PYTHON, FALSE);
	bind(v, s->cross->dir, SANDBOX_CROSS, FALSE);
	bind(v, s->cross->toolchain_tree, SANDBOX_TOOLCHAIN, FALSE);
	bind(v, s->cross->build_toolchain_tree, SANDBOX_BUILD_TOOLCHAIN, FALSE);
	bind(v, s->cross->sysroot_tree, SANDBOX_SYSROOT, FALSE);
	bind(v, s->cross->build_sysroot_tree, SANDBOX_BUILD_SYSROOT, FALSE);
	/* The interpreter where it is (its prefix is compiled in), but without what a
	 * build could take for the target's. /usr is there anyway, with its own hidden.
	 */
	if (!g_str_equal(prefix, "/usr"))
		bind(v, prefix, NULL, FALSE);
	for (guint i = 0; s->extras && i < s->extras->binds->len; i++) {
		const sandbox_bind *b = &g_array_index(s->extras->binds, sandbox_bind, i);
		bind(v, b->host, b->inside, b->writable);
	}
	v->hide[0] = g_build_filename(prefix, "include", NULL);
	v->hide[1] = g_build_filename(prefix, "lib", "pkgconfig", NULL);
	v->spec.binds = (const sandbox_bind *)v->binds->data;
	v->spec.n_binds = v->binds->len;
	v->spec.hide = (const char *const *)v->hide;
	v->spec.scratch = s->scratch;
}

/* Below bwrap the real paths would get into object files. */
static GPtrArray *prefix_maps(const view *v)
{
	GPtrArray *maps = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; v->level != SANDBOX_BWRAP && i < v->binds->len; i++) {
		const sandbox_bind *b = &g_array_index(v->binds, sandbox_bind, i);
		if (b->inside)
			g_ptr_array_add(
				maps, g_strdup_printf("%s=%s", b->host, b->inside));
	}
	g_ptr_array_add(maps, NULL);
	return maps;
}

/* Without constant paths CMake has to be told which folders are the build's. */
static char *cmake_roots(const view *v)
{
	GString *out = g_string_new(NULL);

	for (guint i = 0; v->level != SANDBOX_BWRAP && i < v->binds->len; i++) {
		const sandbox_bind *b = &g_array_index(v->binds, sandbox_bind, i);
		if (b->inside)
			g_string_append_printf(out, "%s%s", out->len ? ":" : "", b->host);
	}
	return g_string_free(out, FALSE);
}

static void view_environment(view *v, const python_step *s)
{
	g_autofree char *cmake =
		sandbox_path(&v->spec, v->level, SANDBOX_CROSS "/cmake/toolchain.cmake");
	g_autofree char *wrapper_log =
		sandbox_path(&v->spec, v->level, SANDBOX_OUT "/" WRAPPER_LOG);
	g_autofree char *roots = cmake_roots(v);
	const python_target *t = s->target;
	g_autofree char *bin = sandbox_path(&v->spec, v->level, SANDBOX_CROSS "/bin");
	g_autofree char *sysroot = sandbox_path(&v->spec, v->level, SANDBOX_SYSROOT);
	g_autofree char *python = sandbox_path(&v->spec, v->level, SANDBOX_PYTHON);
	g_autofree char *identity = g_build_filename(python, "identity.json", NULL);
	g_autofree char *folder = g_path_get_basename(t->include);
	g_autofree char *lib = g_build_filename(python, "lib", folder, NULL);
	g_autofree char *version =
		g_strdup_printf("3.%u%s", s->python->minor, s->python->abiflags);
	g_autoptr(GPtrArray) maps = prefix_maps(v);
	environment_python py = {.lib_dir = lib,
		.version = version,
		.ext_suffix = t->ext_suffix,
		.sysconfigdata = t->sysconfigdata};
	environment_spec spec = {.platform = s->platform,
		.floor = s->floor,
		.cross_bin = bin,
		.sysroot = sysroot,
		.cmake_toolchain = cmake,
		.python = &py,
		.strip = s->strip,
		.prefix_maps = (const char *const *)maps->pdata,
		.step = TRUE,
		.jobs = s->jobs,
		.source_date_epoch = s->source_date_epoch};
	g_autoptr(GPtrArray) env = environment_make(&spec);

	environment_set(env, "XORCH_IDENTITY", identity);
	environment_set(env, "XORCH_TARGET_PYTHON", python);
	environment_set(env, "XORCH_WRAPPER_LOG", wrapper_log);
	if (*roots)
		environment_set(env, "XORCH_CMAKE_ROOTS", roots);
	for (guint i = 0; s->extras && i < s->extras->env->len; i++) {
		const bind_pair *p = g_ptr_array_index(s->extras->env, i);
		g_autofree char *value = step_extras_expand(p->value, &v->spec, v->level);
		environment_set(env, p->name, value);
	}
	for (guint i = 0; s->variables && i < s->variables->len; i++) {
		const bind_pair *p = g_ptr_array_index(s->variables, i);
		environment_set(env, p->name, p->value);
	}
	v->path = g_ptr_array_new();
	for (guint i = 0; s->extras && i < s->extras->path->len; i++)
		g_ptr_array_add(v->path, g_ptr_array_index(s->extras->path, i));
	g_ptr_array_add(v->path, NULL);
	v->spec.path_first = (const char *const *)v->path->pdata;
	v->env = environment_strv(env);
	v->spec.env = (const char *const *)v->env;
}

static void view_command(view *v, const python_step *s)
{
	static const char *const paths[] = {SANDBOX_ENV_DIR "/bin/python",
		SANDBOX_ENV_DIR "/xorch_runner.py", REQUEST, ANSWER};

	v->argv = g_ptr_array_new_with_free_func(g_free);
	for (guint i = 0; i < G_N_ELEMENTS(paths); i++)
		g_ptr_array_add(v->argv, sandbox_path(&v->spec, v->level, paths[i]));
	g_ptr_array_add(v->argv, NULL);
	v->spec.argv = (const char *const *)v->argv->pdata;
	v->cwd = g_build_filename(SANDBOX_SRC, s->subdirectory, NULL);
	v->spec.cwd = v->cwd;
}

static gboolean view_init(view *v, const python_step *s, const char *hook, GError **err)
{
	const sandbox_info *info = sandbox_choose(s->level, err);

	view_binds(v, s);
	if (!info)
		return FALSE;
	v->level = info->level;
	v->spec.level = info->level;
	v->spec.tools = s->tools;
	v->spec.network = s->network;
	v->spec.name = hook;
	v->spec.log_path = s->log_path;
	v->spec.timeout_s = s->timeout_s;
	v->spec.silent_timeout_s = s->silent_timeout_s;
	v->spec.memory_limit = s->memory_limit;
	view_environment(v, s);
	view_command(v, s);
	return TRUE;
}

/* A name given again becomes a list, as pip has it. */
static void add_setting(json_t *out, const char *name, const char *value)
{
	json_t *old = json_object_get(out, name);

	if (!old) {
		json_object_set_new(out, name, json_string(value));
		return;
	}
	if (!json_is_array(old)) {
		json_t *list = json_array();
		json_array_append(list, old);
		json_object_set_new(out, name, list);
		old = list;
	}
	json_array_append_new(old, json_string(value));
}

/* The parts' first, so that the recipe's come last and win where one can. */
static json_t *settings(const view *v, const python_step *s)
{
	json_t *out = json_object();

	for (guint i = 0; s->extras && i < s->extras->config_settings->len; i++) {
		const bind_pair *p = g_ptr_array_index(s->extras->config_settings, i);
		g_autofree char *value = step_extras_expand(p->value, &v->spec, v->level);
		add_setting(out, p->name, value);
	}
	for (guint i = 0; s->config_settings && i < s->config_settings->len; i++) {
		const bind_pair *p = g_ptr_array_index(s->config_settings, i);
		add_setting(out, p->name, p->value);
	}
	return out;
}

static gboolean write_request(
	const view *v, const python_step *s, const char *hook, GError **err)
{
	g_autofree char *path = g_build_filename(s->out, "request.json", NULL);
	g_autofree char *dist = g_build_filename(s->out, "dist", NULL);
	g_autofree char *answer = g_build_filename(s->out, "answer.json", NULL);
	g_autofree char *source = sandbox_path(&v->spec, v->level, v->cwd);
	g_autofree char *out = sandbox_path(&v->spec, v->level, SANDBOX_OUT "/dist");
	g_autoptr(json_t) folders = json_array();

	for (char **f = s->project->backend_path; f && *f; f++)
		json_array_append_new(folders, json_string(*f));
	g_autoptr(json_t) j = json_pack("{s:s s:s s:s s:O s:o s:s}", "action", hook,
		"source", source, "backend", s->project->backend, "backend_path", folders,
		"config_settings", settings(v, s), "out", out);
	if (!fs_mkdir_p(dist, 0755, err))
		return FALSE;
	unlink(answer);
	char *text = j ? json_dumps(j, JSON_SORT_KEYS) : NULL;
	gboolean ok = text ? fs_write_atomic(path, text, strlen(text), 0644, err)
			   : error_set(err, EXIT_INPUT, "X0250",
				     "a name or setting of the build is not UTF-8");
	free(text);
	return ok;
}

/* The runner's {"result"} or an error. */
static json_t *read_answer(const python_step *s, const sandbox_result *r,
	const build_log_context *context, GError **err)
{
	g_autofree char *path = g_build_filename(s->out, "answer.json", NULL);
	g_autoptr(GBytes) text =
		g_file_test(path, G_FILE_TEST_IS_REGULAR) &&
				!g_file_test(path, G_FILE_TEST_IS_SYMLINK)
			? fs_read(path, ANSWER_MAX, NULL)
			: NULL;
	gsize size = 0;
	const char *data = text ? g_bytes_get_data(text, &size) : NULL;
	g_autoptr(json_t) answer =
		data ? json_parse(data, size, "the hook's answer", NULL) : NULL;
	json_t *wrong = json_get_object(answer, "error");
	json_t *result = json_object_get(answer, "result");

	if (wrong && g_strcmp0(json_get_string(wrong, "kind"), "failed") != 0) {
		g_autofree char *said =
			process_secrets_mask(json_get_string(wrong, "text") ?: "");
		g_autofree char *why = text_escape(said, -1);
		error_set(err, EXIT_BUILD, "X0915", "%s: %s", s->item, why);
		error_line(err, "log: %s", s->log_path ? s->log_path : "none");
		error_help(err,
			"what the backend imports must be among the project's "
			"build requirements; add what is missing to requirements.build");
		return NULL;
	}
	if (r->process.exit_code != 0 || !result) {
		build_log_fail(r, context, err);
		return NULL;
	}
	return json_incref(result);
}

json_t *python_step_call(const python_step *s, const char *hook, GError **err)
{
	g_auto(view) v = {0};
	g_auto(sandbox_result) r = {0};
	g_autofree char *wrappers = g_build_filename(s->out, WRAPPER_LOG, NULL);

	if (!view_init(&v, s, hook, err) || !write_request(&v, s, hook, err))
		return NULL;
	unlink(wrappers);
	gboolean ran = sandbox_run(&v.spec, &r, err);
	wrapper_log_tell(wrappers, s->item);
	if (!ran)
		return NULL;
	build_log_context context = {.item = s->item,
		.step = hook,
		.where = s->where,
		.log_path = s->log_path,
		.reproduce = s->reproduce,
		.spec = &v.spec};
	return read_answer(s, &r, &context, err);
}

GStrv python_step_requires(const python_step *s, GError **err)
{
	g_autoptr(json_t) list = python_step_call(s, "get_requires_for_build_wheel", err);
	g_autoptr(GStrvBuilder) b = g_strv_builder_new();

	if (!list)
		return NULL;
	for (size_t i = 0; i < json_array_size(list); i++)
		g_strv_builder_add(b, json_string_value(json_array_get(list, i)) ?: "");
	return g_strv_builder_end(b);
}
