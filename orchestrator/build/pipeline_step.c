#include "build/pipeline_step.h"
#include "base/event.h"
#include "build/pipeline_private.h"
#include "plan/floor_range.h"

/* Of the sysroot that the item is linked against. New string, or NULL. */
static char *sysroot_name(const item *i)
{
	g_autoptr(sysroot_def) def =
		i->floor ? sysroot_for_floor(i->sysroot, i->floor, i->platform, NULL)
			 : NULL;

	return def ? g_strdup(def->name) : NULL;
}

void pipeline_build_step_init(pipeline_build_step *out, pipeline *p, const item *i,
	const workplace *w, const cross *c, const sandbox_info *info)
{
	const recipe *r = i->recipe;
	const GPtrArray *tools = r->requirements.tools;

	if (i->allow_network)
		event_log(EVENT_WARNING, i->id,
			"its build may reach the network (--allow-network): what comes "
			"from there is in no lock");

	out->where = pipeline_build_place(r);
	out->again = g_strdup_printf("xorch build %s --keep -v%s%s", i->id,
		i->allow_network ? " --allow-network " : "",
		i->allow_network ? i->id : "");
	out->sysroot = c ? sysroot_name(i) : NULL;
	out->tools = g_ptr_array_new();
	for (guint n = 0; tools && n < tools->len; n++)
		g_ptr_array_add(out->tools, g_ptr_array_index(tools, n));
	g_ptr_array_add(out->tools, NULL);
	out->step = (build_step){.ctx = p->ctx,
		.platform = i->platform,
		.floor = i->floor,
		.cross = c,
		.source = w->source,
		.out = w->out,
		.variables = r->build.env,
		.cflags = r->toolchain.cflags,
		.ldflags = r->toolchain.ldflags,
		.tools = (const char *const *)out->tools->pdata,
		.source_date_epoch = w->date,
		.jobs = pipeline_jobs(p, i),
		.network = r->build.network || i->allow_network,
		.level = info->level,
		.timeout_s = p->options.timeout ? p->options.timeout : r->build.timeout,
		.silent_timeout_s = r->build.silent_timeout,
		.memory_limit = r->build.memory,
		.log_path = i->log,
		.item = i->id,
		.where = out->where,
		.reproduce = out->again,
		.keep = w->keep ? w->dir : NULL,
		.scratch = w->scratch,
		.sysroot = out->sysroot,
		.host = r->requirements.host};
}

void pipeline_build_step_clear(pipeline_build_step *s)
{
	g_free(s->where);
	g_free(s->again);
	g_free(s->sysroot);
	g_clear_pointer(&s->tools, g_ptr_array_unref);
}
