#include "base/instant.h"
#include "base/error.h"

/* Seconds as date(1) gives them: `date -u -d 2026-11-01T10:00:00Z +%s`. */
#define NOV_1 1793491200
#define TEN_O_CLOCK (NOV_1 + 36000)

static void test_times(void)
{
	static const struct {
		const char *text;
		gint64 want;
	} rows[] = {{"2026-11-01T10:00:00Z", TEN_O_CLOCK},
		{"2026-11-01t10:00:00z", TEN_O_CLOCK},
		{"2026-11-01 10:00:00Z", TEN_O_CLOCK},
		{"2026-11-01T10:00:00.999999Z", TEN_O_CLOCK},
		{"2026-11-01T12:30:00+02:30", TEN_O_CLOCK},
		{"2026-11-01T08:00:00-02:00", TEN_O_CLOCK}, {"1970-01-01T00:00:00Z", 0},
		/* no zone, no such day, no such hour, before all time, something after */
		{"2026-11-01T10:00:00", -1}, {"2026-02-30T10:00:00Z", -1},
		{"2026-11-01T25:00:00Z", -1}, {"1969-12-31T23:59:59Z", -1},
		{"2026-11-01T10:00:00Z ", -1}, {"2026-11-01T10:00:00.Z", -1},
		{"2026-11-01T10:00Z", -1}, {"2026-W44-7T10:00:00Z", -1},
		{"2026-11-01", -1}, {"", -1}, {"2026-11-01T10:00:00+2:00", -1},
		{"2026-11-01T10:00:00+0200", -1}};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		gint64 got = instant_parse(rows[i].text);
		if (got != rows[i].want)
			g_error("%s: %" G_GINT64_FORMAT, rows[i].text, got);
	}
	g_autofree char *text = instant_text(TEN_O_CLOCK);
	g_assert_cmpstr(text, ==, "2026-11-01T10:00:00Z");
}

static void test_limits(void)
{
	static const struct {
		const char *text;
		gint64 want;
	} rows[] = {{"2026-11-01T10:00:00Z", TEN_O_CLOCK},
		/* a date counts until its end */
		{"2026-10-31", NOV_1}, {"7d", NOV_1 - 7 * 86400},
		{"36h", NOV_1 - 36 * 3600}, {"2w", NOV_1 - 14 * 86400},
		{"90m", NOV_1 - 5400}, {"30s", NOV_1 - 30}, {"0d", NOV_1},
		{"36500d", 0} /* before 1970 everything is newer */};
	static const char *const bad[] = {"", "d", "7", "7 d", "7D", "-7d", "7dd",
		"2026-13-01", "2026-11-1", "yesterday", "9999999999d", "999999999d",
		"99999w"};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		gint64 got = instant_limit(rows[i].text, NOV_1, "x", NULL);
		if (got != rows[i].want)
			g_error("%s: %" G_GINT64_FORMAT, rows[i].text, got);
	}
	for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autoptr(GError) err = NULL;
		gint64 got = instant_limit(bad[i], NOV_1, "--exclude-newer", &err);
		if (got != -1)
			g_error("%s: %" G_GINT64_FORMAT, bad[i], got);
		g_assert_error(err, XORCH_ERROR, EXIT_INPUT);
		g_assert_nonnull(strstr(err->message, "--exclude-newer"));
	}
}

static void test_ages(void)
{
	static const struct {
		gint64 seconds;
		const char *want;
	} rows[] = {{0, "a moment"}, {1, "1 second"}, {59, "59 seconds"},
		{60, "1 minute"}, {7199, "1 hour"}, {86400, "1 day"},
		{86400 * 400, "400 days"}};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *got = instant_age(rows[i].seconds);
		g_assert_cmpstr(got, ==, rows[i].want);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/instant/times", test_times);
	g_test_add_func("/instant/limits", test_limits);
	g_test_add_func("/instant/ages", test_ages);
	return g_test_run();
}
