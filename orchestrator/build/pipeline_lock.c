#include "base/event.h"
#include "base/fs.h"
#include "build/builder.h"
#include "build/pipeline_host.h"
#include "build/pipeline_private.h"
#include "build/source.h"
#include <string.h>

gboolean pipeline_lock_sources(pipeline *p, item_source *s, GError **err)
{
	if (p->options.renew)
		source_lock_renew(s);
	return source_lock(p->ctx, s, err) &&
	       (!p->ctx->locked || source_lock_complete(s, err));
}

static gboolean lock_item(pipeline *p, item *i, GError **err)
{
	const builder *how = builder_of(i->recipe, err);
	if (!how || !host_packages_lock(p, i, err))
		return FALSE;
	return !how->lock || how->lock(p, i, err);
}

gboolean pipeline_lock(pipeline *p, item *i, GError **err)
{
	gint64 begun = g_get_monotonic_time();
	GError *error = NULL;

	pipeline_secrets_begin(i);
	gboolean ok = lock_item(p, i, &error);
	pipeline_secrets_end();
	if (ok)
		return TRUE;
	pipeline_history_lock_failed(p, i, begun, error);
	g_propagate_error(err, error);
	return FALSE;
}

gboolean pipeline_write_lock(pipeline *p, item_source *s, gboolean *written, GError **err)
{
	g_autofree char *text = recipe_lock_text(s->lock);

	if (written)
		*written = FALSE;
	if (p->ctx->locked || !s->lock->path ||
		(!s->lock->sources->len && !s->lock->environments->len &&
			!s->lock->host->len && !s->lock->go.inputs) ||
		g_strcmp0(text, s->lock_text) == 0)
		return TRUE;
	if (!fs_write_atomic(s->lock->path, text, strlen(text), 0644, err))
		return FALSE;
	event_log(EVENT_INFO, NULL, "wrote %s", s->lock->path);
	g_free(s->lock_text);
	s->lock_text = g_steal_pointer(&text);
	if (written)
		*written = TRUE;
	return TRUE;
}
