#pragma once
#include <glib.h>

/* The files that a verb over wheels was given. `verb` is for the message.
 * Files stand for themselves; a folder for every *.whl below it, in order, without hidden
 * folders and links. EXIT_INPUT X0731 when nothing was named, X0730; EXIT_NOTHING X0732
 * when no folder has any. Adds char * to `paths`. */
gboolean wheel_files(
	GPtrArray *paths, char **args, const char *verb, const char *help, GError **err);
