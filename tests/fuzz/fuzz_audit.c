#include "ship/audit.h"
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static audit_answer provides(
	const char *soname, const char *symbol, const char *version, void *data)
{
	(void)data;
	(void)version;
	return soname[0] == 'l' && symbol[0] == 'm' ? AUDIT_YES : AUDIT_NO;
}

/* A wheel (by its magic) or a bare ELF file, judged with everything switched on. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {
		"pkg-1.0-cp311-cp311-manylinux_2_17_aarch64.whl",
		"pkg-1.0-cp39-abi3-manylinux_2_31_armv7l.whl", "x"};
	audit_options o = {.strict = TRUE,
		.own = TRUE,
		.need_code = TRUE,
		.provides = provides,
		.jobs = 1};

	if (!size)
		return 0;
	g_autoptr(GBytes) bytes = g_bytes_new(data + 1, size - 1);
	g_autoptr(audit_report) r = audit_bytes(bytes, names[data[0] % 3], &o);
	g_autoptr(GString) text = g_string_new(NULL);
	audit_report_text(r, text);
	g_free(audit_report_line(r));
	json_decref(audit_report_json(r));
	return 0;
}
