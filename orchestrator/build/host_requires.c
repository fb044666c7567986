#include "build/host_requires.h"
#include "base/error.h"
#include <elf.h>
#include <string.h>

/* The first glibc that a Debian or Ubuntu release with 64-bit time_t came with. */
#define TIME64_GLIBC 39

static gboolean has_time64(const platform *target, const sysroot_def *def)
{
	const char *dot = strchr(def->glibc, '.');

	return target->elf_class == ELFCLASS64 ||
	       (dot && g_ascii_strtoull(dot + 1, NULL, 10) >= TIME64_GLIBC);
}

gboolean host_requires_check(
	const recipe *r, const platform *target, const sysroot_def *def, GError **err)
{
	const GPtrArray *list = r->requirements.host;

	if (has_time64(target, def))
		return TRUE;
	for (guint n = 0; list && n < list->len; n++) {
		const char *text = g_ptr_array_index(list, n);
		g_auto(GStrv) parts = g_strsplit(text, "=", 2);
		if (!g_str_has_prefix(parts[0], "deb:") ||
			!g_str_has_suffix(parts[0], "t64"))
			continue;
		error_set(err, EXIT_INPUT, "X0333",
			"%s has a 64-bit time_t, the sysroot %s on %s a 32-bit one",
			parts[0], def->name, target->name);
		error_line(err, "--> %s", r->path);
		error_note(err, "structures that hold a time would have two sizes in one "
				"process");
		error_help(err,
			"one suite a build: name the package as the sysroot's suite has "
			"it (without t64)");
		return FALSE;
	}
	return TRUE;
}
