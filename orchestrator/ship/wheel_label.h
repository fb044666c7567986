#pragma once
#include <glib.h>

/* The same wheel of a version with a local label (PEP 440): 1.0 becomes 1.0+LABEL, and
 * 1.0+x becomes 1.0+x.LABEL, in METADATA, in the names of its .dist-info and .data
 * folders and in the file's. RECORD is written anew, signatures of it are dropped.
 * `label`: lower case letters and digits between dots. *name is the new file name; both
 * are new. Errors: format/wheel.h. */
GBytes *wheel_label(GBytes *bytes, const char *file, const char *label, gint64 mtime,
	char **name, GError **err);

/* "1.0" and "g0123" -> "1.0+g0123". New string. */
char *wheel_label_version(const char *version, const char *label);
