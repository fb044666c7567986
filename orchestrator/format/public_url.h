#pragma once
#include <glib.h>

/* An address as others may read it: without user name and password, query and fragment
 * (which may hold a secret); git's short form host:path becomes ssh://host/path. NULL
 * when it is no address that another machine understands (a folder, a file: URL). New
 * string. */
char *public_url(const char *url);
