#pragma once
#include "build/registry.h"

/* Shared by the registry_*.c files only. */

/* The text of a settings file of at most 1 MiB; NULL when there is none. */
char *registry_read(const char *path);
/* $XDG_CONFIG_HOME (~/.config) / FOLDER / NAME. */
char *registry_config_file(const char *folder, const char *name);
/* `mirrors: {NAME: …}` of the user's and the system's configuration; NULL when
 * not said. FALSE with an error when a file is broken. */
gboolean registry_configured(const char *name, GPtrArray **urls, GError **err);
/* uv's and pip's settings files; NULL when they say nothing. */
char *registry_pip_settings(void);
/* The index the installed pip would use by itself; NULL when there is no pip. */
char *registry_pip_builtin(void);
/* A variable with URLs separated by blanks; NULL when it has none. */
GPtrArray *registry_variable(const char *name);
/* Adds a URL without its trailing slashes, once. */
void registry_add_url(GPtrArray *urls, const char *url);
