#include "build/step_extras.h"
#include "format/yaml_bind.h"
#include <string.h>

static void bind_clear(void *data)
{
	sandbox_bind *b = data;

	g_free((char *)b->host);
	g_free((char *)b->inside);
}

static void pair_free(void *data)
{
	bind_pair *p = data;

	g_free(p->name);
	g_free(p->value);
	g_free(p);
}

void step_extras_init(step_extras *x)
{
	x->binds = g_array_new(FALSE, TRUE, sizeof(sandbox_bind));
	g_array_set_clear_func(x->binds, bind_clear);
	x->env = g_ptr_array_new_with_free_func(pair_free);
	x->path = g_ptr_array_new_with_free_func(g_free);
	x->config_settings = g_ptr_array_new_with_free_func(pair_free);
}

void step_extras_clear(step_extras *x)
{
	g_clear_pointer(&x->binds, g_array_unref);
	g_clear_pointer(&x->env, g_ptr_array_unref);
	g_clear_pointer(&x->path, g_ptr_array_unref);
	g_clear_pointer(&x->config_settings, g_ptr_array_unref);
}

void step_extras_bind(
	step_extras *x, const char *host, const char *inside, gboolean writable)
{
	sandbox_bind b = {g_strdup(host), g_strdup(inside), writable};

	g_array_append_val(x->binds, b);
}

static void add_pair(GPtrArray *list, const char *name, const char *value)
{
	bind_pair *p = g_new0(bind_pair, 1);

	p->name = g_strdup(name);
	p->value = g_strdup(value);
	g_ptr_array_add(list, p);
}

void step_extras_env(step_extras *x, const char *name, const char *value)
{
	add_pair(x->env, name, value);
}

void step_extras_path(step_extras *x, const char *inside)
{
	g_ptr_array_add(x->path, g_strdup(inside));
}

void step_extras_setting(step_extras *x, const char *name, const char *value)
{
	add_pair(x->config_settings, name, value);
}

char *step_extras_expand(const char *value, const sandbox_spec *spec, sandbox_level level)
{
	GString *out = g_string_new(NULL);

	while (*value) {
		const char *open = strstr(value, "{/");
		const char *end = open ? strchr(open, '}') : NULL;
		if (!end) {
			g_string_append(out, value);
			break;
		}
		g_autofree char *inside = g_strndup(open + 1, (gsize)(end - open - 1));
		g_autofree char *seen = sandbox_path(spec, level, inside);
		g_string_append_len(out, value, open - value);
		g_string_append(out, seen);
		value = end + 1;
	}
	return g_string_free(out, FALSE);
}

gboolean step_parts_lock(
	const step_part *const *parts, pipeline *p, item *i, GError **err)
{
	for (; *parts; parts++)
		if ((*parts)->lock && !(*parts)->lock(p, i, err))
			return FALSE;
	return TRUE;
}

gboolean step_parts_add_to_key(
	const step_part *const *parts, pipeline *p, item *i, key *k, GError **err)
{
	for (; *parts; parts++)
		if ((*parts)->add_to_key && !(*parts)->add_to_key(p, i, k, err))
			return FALSE;
	return TRUE;
}

gboolean step_parts_fetch(
	const step_part *const *parts, pipeline *p, item *i, GError **err)
{
	for (; *parts; parts++)
		if ((*parts)->fetch && !(*parts)->fetch(p, i, err))
			return FALSE;
	return TRUE;
}

gboolean step_parts_prepare(const step_part *const *parts, pipeline *p, step_site *site,
	step_extras *x, GError **err)
{
	for (; *parts; parts++)
		if ((*parts)->prepare && !(*parts)->prepare(p, site, x, err))
			return FALSE;
	return TRUE;
}
