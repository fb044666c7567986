#include "base/fs.h"
#include "build/item_record.h"
#include <string.h>

static key *make(const char *floor, const char *extra)
{
	key *k = key_new("wheel", 1);

	key_add(k, "floor", floor);
	key_add(k, "source", "x\ty");
	if (extra)
		key_add(k, extra, "1");
	return k;
}

static void round_trip(void)
{
	g_autofree char *dir = g_dir_make_tmp("xorch-record-XXXXXX", NULL);
	g_autoptr(GError) err = NULL;
	g_autoptr(store) s = store_open(dir, &err);
	g_autoptr(key) k = make("2_17", NULL);
	g_autoptr(item_record) r = item_record_new();

	g_assert_no_error(err);
	r->key = g_strdup(key_digest(k));
	r->file = g_strdup("a-1-py3-none-any.whl");
	r->sha256 = g_strdup(key_digest(k));
	r->size = 5;
	item_record_take_inputs(r, k);
	g_assert_true(item_record_put(s, "a-1-cp311-aarch64", r, &err));
	g_autoptr(item_record) back = item_record_find(s, key_digest(k));
	g_assert_nonnull(back);
	g_assert_cmpstr(back->file, ==, r->file);
	g_assert_cmpint(back->size, ==, 5);
	g_autoptr(item_record) last = item_record_last(s, "a-1-cp311-aarch64");
	g_autoptr(GPtrArray) same = item_record_differences(last, k);
	g_assert_cmpuint(same->len, ==, 0);

	g_autoptr(key) other = make("2_28", "patch a.patch");
	g_autoptr(GPtrArray) differ = item_record_differences(last, other);
	g_assert_cmpuint(differ->len, ==, 2);
	g_assert_cmpstr(g_ptr_array_index(differ, 0), ==, "floor: 2_17 -> 2_28");
	g_assert_cmpstr(g_ptr_array_index(differ, 1), ==, "patch a.patch: 1 (new)");
	g_assert_null(item_record_find(s, "00"));
	g_clear_pointer(&s, store_free);
	g_assert_true(fs_remove_tree(dir, &err));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/item-record/round-trip", round_trip);
	return g_test_run();
}
