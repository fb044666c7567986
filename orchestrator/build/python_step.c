#include "build/python_step.h"
#include "base/error.h"
#include "base/fs.h"
#include "base/process_secret.h"
#include "build/native_step.h"
#include "build/step_extras.h"
#include "format/yaml_bind.h"
#include <string.h>
#include <unistd.h>

#define REQUEST SANDBOX_OUT "/request.json"
#define ANSWER SANDBOX_OUT "/answer.json"
#define ANSWER_MAX (1024 * 1024)

/* The sandbox with what it borrows. */
typedef struct view {
	sandbox_spec spec;
	GArray *binds;
	char *hide[4]; /* headers and metadata of the interpreter */
	GPtrArray *argv, *path;
	GStrv env;
	char *cwd;
	gboolean script; /* build.script, not the runner */
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

static void view_init(view *v, const python_step *s, const char *hook)
{
	const char *prefix = s->python->base_prefix;

	v->binds = build_step_binds(&s->base);
	build_step_bind(v->binds, s->env, SANDBOX_ENV_DIR, FALSE);
	build_step_bind(v->binds, s->target->tree, SANDBOX_PYTHON, FALSE);
	/* The interpreter where it is (its prefix is compiled in), but without what a
	 * build could take for the target's. /usr is there anyway, with its own hidden.
	 */
	if (!g_str_equal(prefix, "/usr"))
		build_step_bind(v->binds, prefix, NULL, FALSE);
	if (s->extras)
		g_array_append_vals(
			v->binds, s->extras->binds->data, s->extras->binds->len);
	v->hide[0] = g_build_filename(prefix, "include", NULL);
	v->hide[1] = g_build_filename(prefix, "lib", "pkgconfig", NULL);
	v->spec = build_step_sandbox(&s->base, hook, v->binds);
	v->spec.hide = (const char *const *)v->hide;
}

/* What a build.script may count on beside what every build sees. */
static void script_environment(const view *v, const python_step *s, GPtrArray *env)
{
	const char *const places[][2] = {{"XORCH_OUT", SANDBOX_OUT "/dist"},
		{"XORCH_SOURCE", SANDBOX_SRC},
		{"XORCH_PYTHON", SANDBOX_ENV_DIR "/bin/python"}};

	for (guint i = 0; i < G_N_ELEMENTS(places); i++) {
		g_autofree char *at = sandbox_path(&v->spec, v->spec.level, places[i][1]);
		environment_set(env, places[i][0], at);
	}
	environment_set(env, "XORCH_TARGET", s->base.platform->name);
	environment_set(env, "XORCH_TRIPLE", s->base.platform->triple);
}

static void view_environment(view *v, const python_step *s)
{
	const python_target *t = s->target;
	g_autofree char *python = sandbox_path(&v->spec, v->spec.level, SANDBOX_PYTHON);
	g_autofree char *identity = g_build_filename(python, "identity.json", NULL);
	g_autofree char *folder = g_path_get_basename(t->include);
	g_autofree char *lib = g_build_filename(python, "lib", folder, NULL);
	g_autofree char *version =
		g_strdup_printf("3.%u%s", s->python->minor, s->python->abiflags);
	environment_python py = {.lib_dir = lib,
		.version = version,
		.ext_suffix = t->ext_suffix,
		.sysconfigdata = t->sysconfigdata};
	g_autoptr(GPtrArray) env = build_step_environment(&s->base, &v->spec, &py);

	environment_set(env, "XORCH_IDENTITY", identity);
	environment_set(env, "XORCH_TARGET_PYTHON", python);
	if (v->script)
		script_environment(v, s, env);
	if (s->extras)
		build_step_set(env, s->extras->env, &v->spec, TRUE);
	build_step_set(env, s->base.variables, &v->spec, FALSE);
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
	static const char *const runner[] = {SANDBOX_ENV_DIR "/bin/python",
		SANDBOX_ENV_DIR "/xorch_runner.py", REQUEST, ANSWER, NULL};
	static const char *const script[] = {
		"/bin/sh", SANDBOX_OUT "/" BUILD_SCRIPT, NULL};

	v->argv = g_ptr_array_new_with_free_func(g_free);
	for (const char *const *w = v->script ? script : runner; *w; w++)
		g_ptr_array_add(
			v->argv, g_str_has_prefix(*w, "/xorch/")
					 ? sandbox_path(&v->spec, v->spec.level, *w)
					 : g_strdup(*w));
	g_ptr_array_add(v->argv, NULL);
	v->spec.argv = (const char *const *)v->argv->pdata;
	v->cwd = g_build_filename(SANDBOX_SRC, s->subdirectory, NULL);
	v->spec.cwd = v->cwd;
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
		g_autofree char *value =
			step_extras_expand(p->value, &v->spec, v->spec.level);
		add_setting(out, p->name, value);
	}
	for (guint i = 0; s->config_settings && i < s->config_settings->len; i++) {
		const bind_pair *p = g_ptr_array_index(s->config_settings, i);
		g_autofree char *value = build_step_value(p->value, &v->spec);
		add_setting(out, p->name, value);
	}
	return out;
}

static gboolean write_request(
	const view *v, const python_step *s, const char *hook, GError **err)
{
	g_autofree char *path = g_build_filename(s->base.out, "request.json", NULL);
	g_autofree char *dist = g_build_filename(s->base.out, "dist", NULL);
	g_autofree char *answer = g_build_filename(s->base.out, "answer.json", NULL);
	g_autofree char *source = sandbox_path(&v->spec, v->spec.level, v->cwd);
	g_autofree char *out = sandbox_path(&v->spec, v->spec.level, SANDBOX_OUT "/dist");
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
static json_t *read_answer(const python_step *s, const sandbox_spec *spec,
	const sandbox_result *r, GError **err)
{
	g_autofree char *path = g_build_filename(s->base.out, "answer.json", NULL);
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
		error_set(err, EXIT_BUILD, "X0915", "%s: %s", s->base.item, why);
		error_line(err, "log: %s", s->base.log_path ? s->base.log_path : "none");
		error_help(err,
			"what the backend imports must be among the project's "
			"build requirements; add what is missing to requirements.build");
		return NULL;
	}
	if (r->process.exit_code != 0 || !result) {
		build_step_fail(&s->base, spec, r, err);
		return NULL;
	}
	return json_incref(result);
}

json_t *python_step_call(const python_step *s, const char *hook, GError **err)
{
	g_auto(view) v = {0};
	g_auto(sandbox_result) r = {0};

	view_init(&v, s, hook);
	view_environment(&v, s);
	view_command(&v, s);
	if (!write_request(&v, s, hook, err) ||
		!build_step_run(&s->base, &v.spec, &r, err))
		return NULL;
	return read_answer(s, &v.spec, &r, err);
}

gboolean python_step_script(const python_step *s, const recipe *from, GError **err)
{
	g_auto(view) v = {.script = TRUE};
	g_auto(sandbox_result) r = {0};
	g_autofree char *dist = g_build_filename(s->base.out, "dist", NULL);

	view_init(&v, s, "build.script");
	view_environment(&v, s);
	view_command(&v, s);
	return fs_mkdir_p(dist, 0755, err) &&
	       build_script_write(from, s->base.out, err) &&
	       build_step_run(&s->base, &v.spec, &r, err) &&
	       (r.process.exit_code == 0 || build_step_fail(&s->base, &v.spec, &r, err));
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
