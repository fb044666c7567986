#include "cli/live_text.h"
#include "cli/rate.h"
#include <string.h>

/* Rates and lines of live progress. */

#define SECOND G_USEC_PER_SEC

static void near(double got, double want)
{
	g_assert_cmpfloat_with_epsilon(got, want, want / 50);
}

static void test_rate_steady(void)
{
	rate r = {0};
	gint64 now = 5 * SECOND;

	g_assert_cmpfloat(rate_get(&r, now), <, 0);
	rate_add(&r, now, 0);
	for (int n = 0; n < 100; n++) {
		now += SECOND / 10;
		rate_add(&r, now, 100000);
		double speed = rate_get(&r, now);
		if (n < 8)
			g_assert_cmpfloat(speed, <, 0);
		if (n > 10)
			near(speed, 1e6);
	}
}

/* Neither a burst nor a pause moves it far; a stall does in the end. */
static void test_rate_smooth(void)
{
	rate r = {0};
	gint64 now = SECOND;

	rate_add(&r, now, 0);
	for (int n = 0; n < 50; n++) {
		now += SECOND / 5;
		rate_add(&r, now, 200000);
		rate_get(&r, now);
	}
	now += SECOND / 5;
	rate_add(&r, now, 2000000);
	g_assert_cmpfloat(rate_get(&r, now), <, 1.6e6);
	for (int n = 0; n < 100; n++)
		rate_get(&r, now += SECOND / 5);
	g_assert_cmpfloat(rate_get(&r, now), <, 50000);
}

/* It does not matter how often it is asked. */
static void test_rate_asked_often(void)
{
	rate often = {0}, seldom = {0};
	gint64 now = SECOND;

	rate_add(&often, now, 0);
	rate_add(&seldom, now, 0);
	for (int n = 0; n < 400; n++) {
		now += SECOND / 50;
		rate_add(&often, now, 1000);
		rate_add(&seldom, now, 1000);
		rate_get(&often, now);
	}
	near(rate_get(&often, now), 50000);
	near(rate_get(&seldom, now), 50000);
}

static char *line(const char *what, int columns)
{
	live_fact facts[] = {{g_strdup("12.0 MB of 60.0 MB"), 2}, {g_strdup("20%"), 0},
		{NULL, 0}, {g_strdup("1.2 MB/s"), 3}, {g_strdup("about 40 s left"), 1}};

	return live_line(what, facts, G_N_ELEMENTS(facts), columns, FALSE);
}

static void test_lines(void)
{
	static const struct {
		const char *what;
		int columns;
		const char *text;
	} rows[] = {
		{"linux.deb", 79,
			"  linux.deb  12.0 MB of 60.0 MB  20%  1.2 MB/s  about 40 s "
			"left"},
		{"libstdc++-10-dev_10.2.1-6_arm64.deb", 79,
			"  libstdc++-10-dev_10.2.1-…  12.0 MB of 60.0 MB  20%  1.2 MB/s  "
			"about "
			"40 s left"},
		{"libstdc++-10-dev_10.2.1-6_arm64.deb", 69,
			"  libstdc++-10-dev_10.2.1-…  12.0 MB of 60.0 MB  20%  about 40 "
			"s "
			"left"},
		{"libstdc++-10-dev_10.2.1-6_arm64.deb", 49,
			"  libstdc++-10-dev_10.2.1-…  20%  about 40 s left"},
		{"libstdc++-10-dev_10.2.1-6_arm64.deb", 39,
			"  libstdc++-10-dev_10.2.1-6_arm64…  20%"},
		{"libstdc++-10-dev_10.2.1-6_arm64.deb", 10, "  libstdc…"},
	};

	for (guint n = 0; n < G_N_ELEMENTS(rows); n++) {
		g_autofree char *got = line(rows[n].what, rows[n].columns);
		g_assert_cmpstr(got, ==, rows[n].text);
	}
}

/* No line is ever wider, whatever the width and the name. */
static void test_never_wider(void)
{
	static const char *const names[] = {"", "a",
		"cwcwidth-0.1.12-cp312-aarch64: build",
		"コンコンコンコンコンコンコンコンコンコン",
		"e\xcc\x81\xcc\x81 \xcc\x81te",
		"0123456789012345678901234567890123456789012345678901234567890123456789"};

	for (int columns = 1; columns < 130; columns++) {
		for (guint n = 0; n < G_N_ELEMENTS(names); n++) {
			g_autofree char *got = line(names[n], columns);
			g_assert_cmpint(live_columns(got), <=, columns);
			g_assert_true(g_utf8_validate(got, -1, NULL));
			g_assert_null(strchr(got, '\n'));
		}
	}
}

static void test_left(void)
{
	static const struct {
		double seconds;
		const char *text;
	} rows[] = {{-1, NULL}, {0, "about 1 s left"}, {3.4, "about 3 s left"},
		{11, "about 10 s left"}, {57, "about 55 s left"},
		{59, "about 1 min left"}, {150, "about 3 min left"},
		{3500, "about 58 min left"}, {3590, "about 1 h 00 min left"},
		{5000, "about 1 h 25 min left"}};

	for (guint n = 0; n < G_N_ELEMENTS(rows); n++) {
		g_autofree char *got = live_left(rows[n].seconds);
		g_assert_cmpstr(got, ==, rows[n].text);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/live/rate/steady", test_rate_steady);
	g_test_add_func("/live/rate/smooth", test_rate_smooth);
	g_test_add_func("/live/rate/asked-often", test_rate_asked_often);
	g_test_add_func("/live/lines", test_lines);
	g_test_add_func("/live/never-wider", test_never_wider);
	g_test_add_func("/live/left", test_left);
	return g_test_run();
}
