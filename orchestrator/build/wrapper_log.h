#pragma once
#include <glib.h>

/* What the compiler wrappers left out, replaced or refused in a step, and stubs that
 * data/xorch_identity.py wrote in a generator's place: the lines of XORCH_WRAPPER_LOG
 * (build/wrapper/filter.h), equal ones counted. The file is
 * written inside the sandbox, so nothing in it is believed: it is read up to a
 * limit and shown escaped. */
typedef struct wrapper_event {
	char *action; /* dropped, replaced, refused */
	char *tool, *flag, *reason;
	guint count;
} wrapper_event;

/* wrapper_event, in order of first appearance, at most 50; no file: empty. */
GPtrArray *wrapper_log_read(const char *path);

/* Tells them as events about `subject`: replaced flags as notes, the rest as
 * information (what is refused fails in its own words). */
void wrapper_log_tell(const char *path, const char *subject);
