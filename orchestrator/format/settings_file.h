#pragma once
#include <glib.h>

/* The settings files of other programs, line by line: pip.conf (INI as Python's
 * RawConfigParser takes it: `key = value` or `key: value`, comments by # or ;,
 * indented lines go on) and the simple part of TOML that uv.toml is written in
 * (`key = "value"`, `[table]`, `[[table]]`). Nothing is rejected: what is not
 * understood is left out. */
typedef struct settings_entry {
	char *section;	/* "global", "index"; "" before the first */
	unsigned block; /* counts the section headers: two [[index]] differ in it */
	char *key;	/* pip: lower case, _ as -, without leading dashes */
	char *value;	/* unquoted */
} settings_entry;

/* Element type settings_entry. */
GPtrArray *settings_parse_ini(const char *text);
GPtrArray *settings_parse_toml(const char *text);

/* The value of the last entry with that key in the section, or NULL. */
const char *settings_get(const GPtrArray *entries, const char *section, const char *key);
