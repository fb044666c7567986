#include "format/go_buildinfo.h"
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static guint64 sum;

static void read_all(const elf_file *f)
{
	gboolean damaged = FALSE;
	g_autoptr(go_buildinfo) info = go_buildinfo_read(f, &damaged);

	g_assert_false(info && damaged);
	if (!info)
		return;
	sum += strlen(info->go) + (info->path ? strlen(info->path) : 0) +
	       (info->module ? strlen(info->module) + strlen(info->version) : 0);
	for (guint i = 0; i < info->settings->len; i++) {
		const go_setting *s = g_ptr_array_index(info->settings, i);
		sum += strlen(s->name) + strlen(s->value);
		g_assert_nonnull(go_buildinfo_get(info, s->name));
	}
}

/* A whole ELF file; else the bytes of its .go.buildinfo section, so that the fuzzer
 * need not find out how to write an ELF file around them. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(GBytes) bytes = g_bytes_new(data, size);
	g_autoptr(elf_file) f = elf_file_open(bytes, "fuzz", 0, NULL);
	elf_section section = {.name = ".go.buildinfo", .size = size};
	elf_section both[] = {{.name = ""}, section};
	elf_file bare = {.data = data, .size = size, .sections = both, .n_sections = 2};

	if (f)
		read_all(f);
	else
		read_all(&bare);
	return 0;
}
