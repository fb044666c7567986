#pragma once
#include "format/wheel.h"

/* Writes a wheel anew so that its bytes depend on its members' contents alone:
 * sorted members with .dist-info last and RECORD at the very end, one time stamp,
 * modes 0644 and 0755, WHEEL with the wanted tags, a fresh RECORD. Signatures of
 * the old RECORD are dropped. */
typedef struct wheel_rewrite {
	char **platforms;  /* platform tags */
	const char *build; /* build tag or NULL */
	gboolean pure;	   /* keeps Root-Is-Purelib as it is */
	gint64 mtime;
	/* Members that are new or changed: name -> GBytes *; or NULL. */
	GHashTable *contents;
} wheel_rewrite;

/* The file name it then has. New string. */
char *wheel_rewrite_name(const wheel *w, const wheel_rewrite *how);
gboolean wheel_rewrite_to(const wheel *w, const wheel_rewrite *how, int fd, GError **err);
