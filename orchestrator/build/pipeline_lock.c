#include "base/error.h"
#include "base/event.h"
#include "base/fs.h"
#include "base/instant.h"
#include "base/work_clock.h"
#include "build/builder.h"
#include "build/pipeline_host.h"
#include "build/pipeline_private.h"
#include "build/source.h"
#include "plan/lock_cut.h"
#include <string.h>

/* `xorch lock` under --exclude-newer: what may be newer is not what was asked for. */
static gboolean obey_cut(const pipeline *p, item_source *s, GError **err)
{
	gint64 cut = p->ctx->cut;

	if (!p->options.renew || !cut || lock_cut_holds(s->lock, cut))
		return TRUE;
	if (!p->ctx->locked) {
		lock_cut_forget(s->lock);
		return TRUE;
	}
	g_autofree char *text = instant_text(cut);
	error_set(err, EXIT_LOCK, "X0412",
		"the lock may hold files that are newer than --exclude-newer");
	error_line(err, "asked: %s", text);
	error_line(err, "lock:  %s   (%s)",
		s->lock->exclude_newer ? s->lock->exclude_newer : "not written under it",
		s->lock->path);
	error_help(err, "run `xorch lock --exclude-newer %s %s` and review what changes",
		text, s->recipe->path);
	return FALSE;
}

gboolean pipeline_lock_sources(pipeline *p, item_source *s, GError **err)
{
	/* with --locked an entry that does not fit is told as what it is */
	if (p->options.renew && !p->ctx->locked)
		source_lock_renew(s);
	if (!obey_cut(p, s, err))
		return FALSE;
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
	gint64 begun = work_clock();
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
	if (!s->hold_lock) {
		if (!fs_write_atomic(s->lock->path, text, strlen(text), 0644, err))
			return FALSE;
		event_log(EVENT_INFO, NULL, "wrote %s", s->lock->path);
	}
	g_free(s->lock_text);
	s->lock_text = g_steal_pointer(&text);
	if (written)
		*written = TRUE;
	return TRUE;
}
