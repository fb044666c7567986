#pragma once
#include <glib.h>

/* The file name of a wheel (PEP 427, PEP 425):
 *	NAME-VERSION(-BUILD)?-PYTHON-ABI-PLATFORM.whl
 * where the last three may each be a dot-separated set. */
typedef struct wheel_name {
	char *name, *version; /* as spelt in the file name */
	char *build;	      /* NULL or digits and a rest: "1", "2local" */
	char **pythons, **abis, **platforms;
} wheel_name;

/* `file` is a base name. NULL with EXIT_AUDIT/X0719: a path separator, control
 * characters, more than 255 bytes, a wrong number of parts, odd characters. */
wheel_name *wheel_name_parse(const char *file, GError **err);
void wheel_name_free(wheel_name *name);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(wheel_name, wheel_name_free)

/* The file name again; the sets are written sorted, each tag once (PEP 425). */
char *wheel_name_format(const wheel_name *name);
/* Every PYTHON-ABI-PLATFORM combination, sorted: the Tag: lines of WHEEL. */
GPtrArray *wheel_name_tags(const wheel_name *name);

/* Whether two spellings are one version as PEP 440 normalises them in file names:
 * case, leading v and zeros, separators, a1/alpha1/-alpha.1, rc/c/pre, post/rev. */
gboolean wheel_version_equal(const char *a, const char *b);
