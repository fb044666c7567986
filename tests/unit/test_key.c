#include "plan/key.h"
#include <string.h>

static char *digest_of(const char *a, const char *b)
{
	g_autoptr(key) k = key_new("step", 1);

	key_add(k, "a", a);
	key_add(k, "b", b);
	return g_strdup(key_digest(k));
}

static void framing(void)
{
	g_autofree char *x = digest_of("1", "23");
	g_autofree char *y = digest_of("12", "3");
	g_autofree char *none = digest_of(NULL, "");
	g_autofree char *empty = digest_of("", NULL);

	g_assert_cmpstr(x, !=, y);
	g_assert_cmpstr(none, !=, empty);
	g_assert_cmpuint(strlen(x), ==, 64);
}

static void lists(void)
{
	g_autoptr(key) a = key_new("step", 1);
	g_autoptr(key) b = key_new("step", 1);

	key_add_list(a, "l", (const char *const[]){"x", "y z", NULL});
	key_add_list(b, "l", (const char *const[]){"x y", "z", NULL});
	g_assert_cmpstr(key_digest(a), !=, key_digest(b));
	key_input *i = g_ptr_array_index(key_inputs(a), 1);
	g_assert_cmpstr(i->name, ==, "l");
	g_assert_cmpstr(i->value, ==, "x y z");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/key/framing", framing);
	g_test_add_func("/key/lists", lists);
	return g_test_run();
}
