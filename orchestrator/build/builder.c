#include "build/builder.h"
#include "base/error.h"
#include "base/event.h"
#include "build/pipeline_private.h"
#include "build/source.h"

static const builder *const builders[RECIPE_LIBRARY + 1] = {
	[RECIPE_WHEEL] = &builder_wheel,
	[RECIPE_GO_BINARY] = &builder_go,
	[RECIPE_LIBRARY] = &builder_library,
};

const builder *builder_of(const recipe *r, GError **err)
{
	static const char *const names[] = {"wheel", "go-binary", "library"};

	if (builders[r->kind])
		return builders[r->kind];
	error_set(err, EXIT_INPUT, "X0926", "`kind: %s` is not built by this xorch",
		names[r->kind]);
	error_line(err, "--> %s", r->path);
	return NULL;
}

/* The oldest date a zip file can hold, 1980-01-01. */
#define DATE_OLDEST 315532800

/* A folder of the repository has no date: its files are as old as the checkout. */
static gint64 date_of(const recipe *r, const char *source)
{
	const char *given = g_getenv("SOURCE_DATE_EPOCH");
	gint64 date = given ? g_ascii_strtoll(given, NULL, 10) : 0;

	if (date <= 0 && recipe_has_source(r, SOURCE_PATH))
		return DATE_OLDEST;
	if (date <= 0)
		date = source_date(source);
	return MAX(date, DATE_OLDEST);
}

gboolean pipeline_unpack(
	pipeline *p, const item *i, workplace *w, sandbox_level level, GError **err)
{
	if (!source_unpack(p->ctx, i, w->source, level, err))
		return FALSE;
	w->date = date_of(i->recipe, w->source);
	return TRUE;
}

char *pipeline_build_place(const recipe *r)
{
	const yaml_node *n = yaml_map_key(r->doc->root, "build");

	return n ? g_strdup_printf("%s:%d:%d", r->path, n->line, n->col)
		 : g_strdup(r->path);
}

gboolean pipeline_step(const item *i, const char *name, gint64 *begun, gboolean ok)
{
	if (*begun) {
		event_step_end(i->id, name, *begun, ok);
		*begun = 0;
	} else {
		*begun = event_step_begin(i->id, name);
	}
	return ok;
}
