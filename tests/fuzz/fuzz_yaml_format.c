/* The formatter: whatever it takes comes out as the same tree with the same comments
 * (it proves that itself: X0231 is a find), and a second time nothing changes. A value
 * changed in place changes that value alone. */
#include "format/yaml_edit.h"
#include "format/yaml_format.h"
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const order[] = {"schema_version", "package", "name", "kind", "source",
	"requirements", "build", "tests", "about", NULL};

static void check_lines(const char *text)
{
	gsize len = strlen(text);

	g_assert(!len || text[0] != '\n');
	g_assert(!strchr(text, '\r'));
	g_assert(len < 2 || strcmp(text + len - 2, "\n\n") != 0 || strstr(text, "+"));
}

static void edit_one(const char *text)
{
	g_autoptr(yaml_edit) e = yaml_edit_open("fuzz.yaml", text, strlen(text), NULL);

	g_assert(e);
	const yaml_node *at = yaml_edit_doc(e)->root;
	while (at->kind != YAML_SCALAR) {
		const GPtrArray *below = at->kind == YAML_MAP ? at->values : at->items;
		if (!below->len)
			return;
		at = g_ptr_array_index(below, below->len - 1);
	}
	if (!yaml_edit_set(e, at, "it's: new #1", NULL))
		return;
	g_autofree char *out = yaml_edit_text(e, NULL);
	g_assert(out && yaml_edit_count(e) == 1 && strstr(out, "new #1"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(GError) err = NULL;
	const char *const *by = size && data[0] == '#' ? NULL : order;
	g_autofree char *once =
		yaml_format("fuzz.yaml", (const char *)data, size, by, &err);

	if (!once) {
		g_assert(!g_str_has_prefix(err->message, "[X0231]"));
		return 0;
	}
	check_lines(once);
	g_autofree char *twice = yaml_format("fuzz.yaml", once, strlen(once), by, &err);
	g_assert_cmpstr(once, ==, twice);
	edit_one(once);
	return 0;
}
