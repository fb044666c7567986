#include "plan/lock_crates.h"
#include "format/cargo_lock.h"
#include "plan/lock.h"
#include "plan/lock_text.h"
#include <string.h>

typedef struct crate_row {
	char *name, *version, *sha256;
} crate_row;

static const char *check_crate_name(const char *text)
{
	return cargo_is_name(text)
		       ? NULL
		       : "wants letters, digits, dashes and underscores, no dash first";
}

static const char *check_crate_version(const char *text)
{
	return cargo_is_version(text)
		       ? NULL
		       : "wants digits, letters, dots, dashes and plus signs, a digit "
			 "first";
}

static const bind_field crate_fields[] = {
	{"name", BIND_STRING, offsetof(crate_row, name), BIND_REQUIRED,
		.check = check_crate_name, .doc = "crate"},
	{"version", BIND_STRING, offsetof(crate_row, version), BIND_REQUIRED,
		.check = check_crate_version, .doc = "version"},
	{"sha256", BIND_STRING, offsetof(crate_row, sha256), BIND_REQUIRED,
		.check = lock_check_sha256, .doc = "of the .crate file"},
	{0}};
const bind_struct lock_crate_binding = {
	"a locked crate", sizeof(crate_row), crate_fields, NULL};

GPtrArray *lock_crates_take(const GPtrArray *rows)
{
	GPtrArray *crates =
		g_ptr_array_new_with_free_func((GDestroyNotify)locked_file_free);

	for (guint i = 0; i < rows->len; i++) {
		const crate_row *r = g_ptr_array_index(rows, i);
		g_autofree char *file =
			g_strdup_printf("%s-%s.crate", r->name, r->version);
		g_ptr_array_add(crates,
			locked_file_new(r->name, r->version, file, r->sha256, -1));
	}
	return crates;
}

/* One line a crate: there may be hundreds. */
void lock_crates_text(GString *out, const GPtrArray *crates)
{
	if (!crates)
		return;
	g_string_append(out, crates->len ? "crates:\n" : "crates: []\n");
	for (guint i = 0; i < crates->len; i++) {
		const locked_file *f = g_ptr_array_index(crates, i);
		g_autofree char *name = yaml_quote(f->name);
		g_autofree char *version = yaml_quote(f->version);
		g_autofree char *sha256 = yaml_quote(f->sha256);
		g_string_append_printf(out, "  - {name: %s, version: %s, sha256: %s}\n",
			name, version, sha256);
	}
}
