#include "cli/choice.h"
#include "base/instant.h"
#include "build/registry.h"

static const char *const compilers[] = {NULL, "clang", "gcc"};

const char *choice_floor(const options *o, const recipe *r, const char *target)
{
	const char *floor = o->floor;

	if (!floor && r)
		floor = manylinux_floor(r->toolchain.manylinux, target);
	if (!floor && o->project)
		floor = manylinux_floor(o->project->manylinux, target);
	return floor ? floor : RECIPE_FLOOR_DEFAULT;
}

const char *choice_toolchain(const options *o, const recipe *r)
{
	const char *name = o->toolchain;

	if (!name && r)
		name = compilers[r->toolchain.c];
	if (!name && o->project)
		name = compilers[o->project->c];
	return name ? name : "clang";
}

const char *choice_sysroot(const options *o, const recipe *r)
{
	const char *name = o->sysroot;

	if (!name && r)
		name = r->toolchain.sysroot;
	if (!name && o->project)
		name = o->project->sysroot;
	return name;
}

static void take(char **to, const char *from)
{
	if (!*to && from)
		*to = g_strdup(from);
}

/* One instant for the whole run, however long it takes. */
static gboolean take_limit(options *o, const project *p, GError **err)
{
	const char *text = o->exclude_newer ? o->exclude_newer : p->exclude_newer;

	if (!text)
		return TRUE;
	o->cut = instant_limit(text, g_get_real_time() / G_USEC_PER_SEC,
		o->exclude_newer ? "--exclude-newer" : "exclude_newer of xorch.yaml",
		err);
	if (!o->cut)
		o->cut = 1; /* 0 is no limit at all */
	return o->cut > 0;
}

gboolean choice_begin(options *o, GError **err)
{
	project *p = project_load_all(o->config, err);

	if (!p)
		return FALSE;
	o->project = p;
	take(&o->cache_dir, p->cache);
	take(&o->out, p->out);
	take(&o->durations, p->durations);
	if (!take_limit(o, p, err))
		return FALSE;
	registry_config(o->config);
	registry_project("debian", p->debian);
	registry_project("pypi", p->pypi);
	registry_project("crates", p->crates);
	registry_project("go", p->go);
	registry_project("oci", p->oci);
	return TRUE;
}

void choice_end(options *o)
{
	g_clear_pointer(&o->project, project_free);
}
