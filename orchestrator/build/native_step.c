#include "build/native_step.h"
#include "base/fs.h"
#include "build/step_extras.h"

gboolean native_step_run(
	const native_step *s, const char *name, const char *const *argv, GError **err)
{
	const build_step *base = &s->base;
	g_autoptr(GArray) binds = build_step_binds(base);
	g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);
	g_auto(sandbox_result) r = {0};

	if (s->binds)
		g_array_append_vals(binds, s->binds->data, s->binds->len);
	sandbox_spec spec = build_step_sandbox(base, name, binds);
	spec.cwd = s->cwd;
	g_autoptr(GPtrArray) path = g_ptr_array_new();
	for (guint n = 0; s->path && n < s->path->len; n++)
		g_ptr_array_add(path, g_ptr_array_index(s->path, n));
	g_ptr_array_add(path, NULL);
	spec.path_first = (const char *const *)path->pdata;
	g_autoptr(GPtrArray) list = build_step_environment(base, &spec, NULL);
	build_step_set(list, s->defaults, &spec, TRUE);
	build_step_set(list, base->variables, &spec, FALSE);
	g_auto(GStrv) env = environment_strv(list);
	for (; *argv; argv++)
		g_ptr_array_add(words, step_extras_expand(*argv, &spec, spec.level));
	g_ptr_array_add(words, NULL);
	spec.argv = (const char *const *)words->pdata;
	spec.env = (const char *const *)env;
	return build_step_run(base, &spec, &r, err) &&
	       (r.process.exit_code == 0 || build_step_fail(base, &spec, &r, err));
}

gboolean build_script_write(const recipe *r, const char *out, GError **err)
{
	g_autoptr(GString) text = g_string_new("set -eu\n");
	g_autofree char *path = g_build_filename(out, BUILD_SCRIPT, NULL);

	if (r->build.script_file) {
		g_autofree char *file =
			fs_resolve_beneath(r->dir, r->build.script_file, err);
		g_autoptr(GBytes) bytes = file ? fs_read(file, 1 << 20, err) : NULL;
		if (!bytes)
			return FALSE;
		g_string_append_len(text, g_bytes_get_data(bytes, NULL),
			(gssize)g_bytes_get_size(bytes));
	}
	for (guint n = 0; r->build.script && n < r->build.script->len; n++)
		g_string_append_printf(
			text, "%s\n", (char *)g_ptr_array_index(r->build.script, n));
	return fs_write_atomic(path, text->str, text->len, 0644, err);
}

gboolean native_step_script(const native_step *s, const recipe *r, GError **err)
{
	const char *const argv[] = {"sh", "{" SANDBOX_OUT "/" BUILD_SCRIPT "}", NULL};

	return build_script_write(r, s->base.out, err) &&
	       native_step_run(s, "build.script", argv, err);
}
