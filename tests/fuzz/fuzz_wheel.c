#include "format/wheel.h"
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte says which of a wheel's texts the rest is. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	g_autofree char *text = g_strndup((const char *)data + 1, size - 1);
	switch (data[0] % 4) {
	case 0: {
		g_autoptr(wheel_name) n = wheel_name_parse(text, NULL);
		if (!n)
			break;
		/* What is accepted can be written again and stays itself. */
		g_autofree char *again = wheel_name_format(n);
		g_autoptr(wheel_name) m = wheel_name_parse(again, NULL);
		g_assert_nonnull(m);
		g_autofree char *third = wheel_name_format(m);
		g_assert_cmpstr(again, ==, third);
		g_ptr_array_unref(wheel_name_tags(n));
		break;
	}
	case 1: {
		g_autoptr(GPtrArray) lines =
			wheel_record_parse((const char *)data + 1, size - 1, NULL);
		for (guint i = 0; lines && i < lines->len; i++)
			g_assert_nonnull(
				((wheel_record *)g_ptr_array_index(lines, i))->path);
		break;
	}
	case 2:
		g_ptr_array_unref(wheel_fields_parse((const char *)data + 1, size - 1));
		break;
	default:
		g_assert_true(wheel_version_equal(text, text));
	}
	return 0;
}
