#pragma once
#include <glib.h>

/* Points in time as whole seconds since 1970, in UTC. */

/* "2026-11-01T10:00:00Z", with an offset, with fractions (cut off): RFC 3339. -1 when it
 * is none. */
gint64 instant_parse(const char *text);
/* What people give as a limit: such a time; a date, which counts until its end (UTC); a
 * span before `now`, "7d", "36h", "2w". -1 with EXIT_INPUT X0137 when it is none of
 * these; `what` is the option or key, for the message. */
gint64 instant_limit(const char *text, gint64 now, const char *what, GError **err);
/* "7d", "36h", "2w", "90m", "30s" in seconds; -1 when it is none. At most 100 years. */
gint64 instant_span(const char *text);
/* "2026-11-01T10:00:00Z". New string. */
char *instant_text(gint64 at);
/* "5 days", "1 hour", "20 minutes": for people. New string. */
char *instant_age(gint64 seconds);
