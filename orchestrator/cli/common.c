#include "cli/common.h"
#include "base/cpus.h"
#include "base/error.h"
#include "cli/floor_option.h"
#include "cli/output.h"
#include "plan/platform_choice.h"
#include "plan/project.h"
#include <stdlib.h>
#include <string.h>

int common_jobs(const options *o)
{
	return o->jobs ? o->jobs : cpus_usable();
}

gboolean common_open(const options *o, build_context *c, GError **err)
{
	*c = (build_context){.offline = o->offline,
		.locked = o->locked,
		.jobs = common_jobs(o),
		.cut = o->cut,
		.git_config = o->project && o->project->git_config,
		.pins = o->project ? o->project->pins : NULL};
	c->store = store_open(o->cache_dir, err);
	if (c->store && o->verify_cache)
		store_verify_on_use(c->store);
	return c->store != NULL;
}

void common_close(build_context *c)
{
	g_clear_pointer(&c->store, store_free);
}

GPtrArray *common_targets(const options *o, const char *const *fallback, GError **err)
{
	docker_args docker = docker_args_from_environment();
	g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) flags = g_ptr_array_new();

	for (guint i = 0; o->targets && i < o->targets->len; i++)
		g_ptr_array_add(flags, g_ptr_array_index(o->targets, i));
	g_ptr_array_add(flags, NULL);
	GError *error = NULL;
	const char *asked[] = {o->targets ? NULL : floor_option_target(&error), NULL};
	if (error) {
		g_propagate_error(err, error);
		return NULL;
	}
	GPtrArray *found = platforms_choose((const char *const *)flags->pdata, &docker,
		*asked ? asked : fallback, notes, err);
	for (guint i = 0; i < notes->len; i++)
		output_note("%s", (char *)g_ptr_array_index(notes, i));
	return found;
}

const platform *common_target(const options *o, GError **err)
{
	g_autoptr(GPtrArray) all = common_targets(o, NULL, err);

	if (!all)
		return NULL;
	if (all->len != 1) {
		error_set(err, EXIT_INPUT, "X0128", "one --target is wanted here, not %u",
			all->len);
		return NULL;
	}
	return g_ptr_array_index(all, 0);
}

char *common_from_top(const char *path)
{
	g_autofree char *file = project_file();
	g_autofree char *dir = g_path_get_dirname(path);
	g_autofree char *name = g_path_get_basename(path);
	g_autofree char *top = g_path_get_dirname(file);
	gboolean stream = g_str_equal(path, "-") || g_str_equal(path, "<stdin>");
	char *real = stream ? NULL : realpath(dir, NULL);
	char *real_top = realpath(top, NULL);
	gsize len = real_top ? strlen(real_top) : 0;
	g_autofree char *full = real ? g_build_filename(real, name, NULL) : NULL;
	gboolean below =
		full && len && strncmp(full, real_top, len) == 0 && full[len] == '/';

	free(real);
	free(real_top);
	return g_strdup(below ? full + len + 1 : path);
}
