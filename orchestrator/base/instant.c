#include "base/instant.h"
#include "base/error.h"
#include <string.h>

#define DIGITS "0123456789"
#define DAY 86400
#define SPAN_MAX ((gint64)100 * 366 * DAY)

/* "dddd-dd-dd" with d for any digit. */
static gboolean has_form(const char *text, const char *form)
{
	for (; *form; form++, text++)
		if (*form == 'd' ? !g_ascii_isdigit(*text) : *form != *text)
			return FALSE;
	return TRUE;
}

static gint64 from_iso(const char *text)
{
	g_autoptr(GDateTime) t = g_date_time_new_from_iso8601(text, NULL);

	return t && g_date_time_to_unix(t) >= 0 ? g_date_time_to_unix(t) : -1;
}

gint64 instant_parse(const char *text)
{
	if (!has_form(text, "dddd-dd-dd") || !strchr("Tt ", text[10]) || !text[10] ||
		!has_form(text + 11, "dd:dd:dd"))
		return -1;
	const char *at = text + 19;
	if (*at == '.') {
		gsize n = strspn(at + 1, DIGITS);
		if (!n)
			return -1;
		at += 1 + n;
	}
	if (!(g_str_equal(at, "Z") || g_str_equal(at, "z") ||
		    (strlen(at) == 6 && strchr("+-", *at) && has_form(at + 1, "dd:dd"))))
		return -1;
	g_autofree char *plain = g_strdup_printf(
		"%.10sT%.8s%s", text, text + 11, strchr("zZ", *at) ? "Z" : at);
	return from_iso(plain);
}

gint64 instant_span(const char *text)
{
	static const struct {
		const char *unit;
		gint64 seconds;
	} units[] = {{"s", 1}, {"m", 60}, {"h", 3600}, {"d", DAY}, {"w", 7 * DAY}};
	gsize n = strspn(text, DIGITS);

	if (!n || n > 9)
		return -1;
	gint64 count = g_ascii_strtoll(text, NULL, 10);
	for (gsize i = 0; i < G_N_ELEMENTS(units); i++)
		if (g_str_equal(text + n, units[i].unit))
			return count > SPAN_MAX / units[i].seconds
				       ? -1
				       : count * units[i].seconds;
	return -1;
}

gint64 instant_limit(const char *text, gint64 now, const char *what, GError **err)
{
	gint64 span = instant_span(text);
	gint64 at = instant_parse(text);

	if (span >= 0)
		at = MAX(now - span, 0);
	if (at < 0 && strlen(text) == 10 && has_form(text, "dddd-dd-dd")) {
		g_autofree char *start = g_strconcat(text, "T00:00:00Z", NULL);
		at = from_iso(start);
		at = at < 0 ? -1 : at + DAY;
	}
	if (at >= 0)
		return at;
	g_autofree char *shown = text_escape(text, -1);
	error_set(err, EXIT_INPUT, "X0137", "%s: `%s` is no point in time", what, shown);
	error_help(err, "a date (2026-11-01), a time (2026-11-01T10:00:00Z), or how long "
			"ago: 7d, 36h, 2w");
	return -1;
}

char *instant_text(gint64 at)
{
	g_autoptr(GDateTime) t = g_date_time_new_from_unix_utc(at);

	return t ? g_date_time_format(t, "%Y-%m-%dT%H:%M:%SZ") : g_strdup("never");
}

char *instant_age(gint64 seconds)
{
	static const struct {
		const char *unit;
		gint64 seconds;
	} units[] = {{"day", DAY}, {"hour", 3600}, {"minute", 60}, {"second", 1}};

	for (gsize i = 0; i < G_N_ELEMENTS(units); i++) {
		gint64 n = seconds / units[i].seconds;
		if (n > 0)
			return g_strdup_printf("%" G_GINT64_FORMAT " %s%s", n,
				units[i].unit, n == 1 ? "" : "s");
	}
	return g_strdup("a moment");
}
