#include "base/event.h"

static event_sink sink;
static void *sink_data;
static GMutex sink_lock;

void event_set_sink(event_sink fn, void *data)
{
	g_mutex_lock(&sink_lock);
	sink = fn;
	sink_data = data;
	g_mutex_unlock(&sink_lock);
}

void event_emit(const event *e)
{
	g_mutex_lock(&sink_lock);
	if (sink)
		sink(e, sink_data);
	g_mutex_unlock(&sink_lock);
}

void event_log(event_level level, const char *subject, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	g_autofree char *text = g_strdup_vprintf(fmt, ap);
	va_end(ap);
	event_emit(&(event){
		.kind = EVENT_LOG, .level = level, .subject = subject, .text = text});
}

gint64 event_step_begin(const char *subject, const char *step)
{
	event_emit(&(event){.kind = EVENT_STEP,
		.phase = EVENT_BEGIN,
		.level = EVENT_INFO,
		.subject = subject,
		.text = step});
	return g_get_monotonic_time();
}

void event_step_end(const char *subject, const char *step, gint64 begun, gboolean ok)
{
	event_emit(&(event){.kind = EVENT_STEP,
		.phase = ok ? EVENT_END : EVENT_FAIL,
		.level = EVENT_INFO,
		.subject = subject,
		.text = step,
		.seconds = (g_get_monotonic_time() - begun) / 1e6});
}
