#include "build/wrapper_log.h"
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

static GPtrArray *read_text(const char *text)
{
	g_autofree char *path = NULL;
	int fd = g_file_open_tmp("wrapper-log-XXXXXX", &path, NULL);

	g_assert_cmpint(fd, >=, 0);
	g_assert_true(g_file_set_contents(path, text, -1, NULL));
	close(fd);
	GPtrArray *out = wrapper_log_read(path);
	g_unlink(path);
	return out;
}

static void counts(void)
{
	g_autoptr(GPtrArray) e = read_text("dropped\tcc\t-I/usr/include\twhy\n"
					   "replaced\tcc\t-march=native\tbaseline\n"
					   "dropped\tcc\t-I/usr/include\twhy\n"
					   "dropped\tc++\t-I/usr/include\twhy\n"
					   "not a line of ours\n"
					   "dropped\tcc\t-L\033[31m/usr/lib\twhy");
	const wrapper_event *first = e->pdata[0], *last = e->pdata[3];

	g_assert_cmpuint(e->len, ==, 4);
	g_assert_cmpstr(first->flag, ==, "-I/usr/include");
	g_assert_cmpuint(first->count, ==, 2);
	g_assert_cmpstr(last->flag, ==, "-L\\x1b[31m/usr/lib");
}

static void limits(void)
{
	GString *text = g_string_new(NULL);

	for (int i = 0; i < 2000; i++)
		g_string_append_printf(text, "dropped\tcc\t-I/usr/include/%d\twhy\n", i);
	g_autoptr(GPtrArray) e = read_text(text->str);
	g_string_free(text, TRUE);
	g_assert_cmpuint(e->len, ==, 50);
}

static void absent(void)
{
	g_autoptr(GPtrArray) none = wrapper_log_read("/nonexistent/log");
	g_autoptr(GPtrArray) device = wrapper_log_read("/dev/zero");

	g_assert_cmpuint(none->len, ==, 0);
	g_assert_cmpuint(device->len, ==, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/wrapper-log/counts", counts);
	g_test_add_func("/wrapper-log/limits", limits);
	g_test_add_func("/wrapper-log/absent", absent);
	return g_test_run();
}
