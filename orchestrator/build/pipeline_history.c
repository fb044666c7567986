#include "base/error.h"
#include "base/event.h"
#include "base/process.h"
#include "base/process_secret.h"
#include "base/work_clock.h"
#include "build/builder.h"
#include "build/failure.h"
#include "build/pipeline_private.h"
#include <string.h>

/* Builds as the history keeps them (build/history.h). */

static history_build *of_item(const item *i)
{
	history_build *b = history_build_new();

	b->id = g_strdup(i->id);
	b->name = g_strdup(i->source->recipe->package.name);
	b->target = g_strdup(i->platform->name);
	b->key = i->key ? g_strdup(key_digest(i->key)) : NULL;
	b->jobs = i->jobs;
	return b;
}

/* build.env_pass: the values go into the environment like those of build.env, though
 * not into the key, and are masked in whatever the item's steps print. */
void pipeline_secrets_begin(item *i)
{
	const GPtrArray *names = i->recipe->build.env_pass;
	g_autoptr(GPtrArray) values = g_ptr_array_new();

	for (guint n = 0; names && n < names->len; n++) {
		const char *name = g_ptr_array_index(names, n);
		const char *value = g_getenv(name);
		if (!value) {
			event_log(EVENT_WARNING, i->id,
				"%s (build.env_pass) is not set here", name);
			continue;
		}
		if (strlen(value) < PROCESS_SECRET_MIN)
			event_log(EVENT_WARNING, i->id,
				"the value of %s is too short to be masked in the log",
				name);
		recipe_set_env(i->recipe, name, value);
		g_ptr_array_add(values, (gpointer)value);
	}
	g_ptr_array_add(values, NULL);
	process_secrets_set((const char *const *)values->pdata);
}

void pipeline_secrets_end(void)
{
	process_secrets_set(NULL);
}

history_build *pipeline_history_begin(pipeline *p, item *i, GError **err)
{
	g_autoptr(history_build) b = of_item(i);

	if (!history_begin(p->history, b, p->options.log_dir, err))
		return NULL;
	g_free(i->log);
	i->log = g_strdup(b->log);
	process_usage_reset();
	return g_steal_pointer(&b);
}

static void take_error(history_build *b, const GError *error)
{
	const failure_class *f = failure_class_of_error(error);
	const char *end = strchr(error->message, '\n');

	b->code = error->code;
	b->kind = g_strdup(f->name);
	b->subject = g_strdup(error_fact(error, "subject"));
	b->first_error = g_strdup(error_fact(error, "first-error"));
	b->hint = g_strdup(error_fact(error, "hint"));
	b->error = g_strndup(error->message,
		end ? (gsize)(end - error->message) : strlen(error->message));
}

void pipeline_history_end(
	pipeline *p, item *i, history_build *b, gint64 begun, const GError *error)
{
	process_usage used = process_usage_get();

	g_free(b->state);
	b->state = g_strdup(error ? "failed" : "built");
	b->seconds = (double)(work_clock() - begun) / 1e6;
	b->cpu_seconds = used.cpu_seconds;
	b->peak_memory = (gint64)used.peak_memory;
	b->sandbox = g_strdup(i->sandbox);
	if (error) {
		take_error(b, error);
	} else if (i->file) {
		b->file = g_canonicalize_filename(i->file, NULL);
		b->sha256 = g_strdup(i->sha256);
		b->size = i->size;
	}
	history_end(p->history, b);
	history_build_free(b);
}

char *pipeline_lock_log(pipeline *p, const item *i, GError **err)
{
	return history_lock_log(p->history, i->id, p->options.log_dir, err);
}

void pipeline_history_lock_failed(pipeline *p, item *i, gint64 begun, const GError *error)
{
	g_autoptr(history_build) b = of_item(i);

	b->log = g_strdup(error_fact(error, "log"));
	/* Only what the project is to blame for. */
	if (error->code >= EXIT_SIGNAL || (!b->log && error->code != EXIT_BUILD))
		return;
	history_note(p->history, b);
	if (b->log) {
		g_free(i->log);
		i->log = g_strdup(b->log);
	}
	pipeline_history_end(p, i, g_steal_pointer(&b), begun, error);
}

int pipeline_jobs(const pipeline *p, const item *i)
{
	int given = i->jobs ? i->jobs : p->ctx->jobs;

	return i->recipe->build.jobs ? MIN(given, (int)i->recipe->build.jobs) : given;
}

gboolean pipeline_expect(pipeline *p, const item *i, double *seconds, gint64 *memory)
{
	return history_expect(p->history, i->id, i->source->recipe->package.name,
		i->platform->name, seconds, memory);
}
