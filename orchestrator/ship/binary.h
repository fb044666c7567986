#pragma once
#include "ship/wheelhouse.h"

/* From what a Go build left in its output folder to a program in the output folder:
 * NAME-VERSION-linux-arm64, -armv7, -armv6 …, by Docker's names. As with wheels the
 * builder is not trusted: the file is opened without following links, audited from
 * memory, and just those bytes are placed, mode 0755. */
typedef struct binary_expect {
	const char *name, *version; /* the recipe's */
	const platform *platform;
	gboolean cgo;
	const char *floor;  /* with cgo: "2_17" */
	guint build_number; /* above 0 it follows the version: NAME-VERSION-1-linux-… */
	gboolean strict, replace;
	const char *const *build_paths; /* see audit_options */
	audit_provides provides;	/* with cgo */
	void *provides_data;
	const place_beside *beside; /* ship/place.h; NULL: nothing */
} binary_expect;

/* The file name it gets. New string. */
char *binary_name(const binary_expect *expect);

/* Is it the name of such a program, of whatever platform, build number and snapshot? */
gboolean binary_name_is(const char *file, const char *name, const char *version);
/* The platform that a file name ends in (-linux-armv7); NULL: none that Go builds for. */
const platform *binary_name_platform(const char *file);

/* `folder` holds the program alone. `result->tags` is the policy's tag for a dynamic
 * program and empty for a static one. EXIT_AUDIT with the audit's first error, X0720
 * (no program, several), X0723. On failure `result` holds at most the report. */
gboolean binary_finish(const char *folder, const binary_expect *expect,
	const char *out_dir, wheel_result *result, GError **err);

/* W19 for programs: FALSE with EXIT_AUDIT/X0729 and the first place that differs. */
gboolean binary_same_bytes(const char *first, const char *second, GError **err);
