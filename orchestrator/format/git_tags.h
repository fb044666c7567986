#pragma once
#include <glib.h>

/* The tags of a remote repository, without its objects. Like format/git_source.h it runs
 * in a child under limits. */
typedef struct git_tag {
	char *name;   /* "v1.2" */
	char *commit; /* 40 hex digits: what an annotated tag points at in the end */
} git_tag;

/* git_tag *, in the server's order; freed with the array. EXIT_INPUT X0553,
 * EXIT_NETWORK X0550. */
GPtrArray *git_tags_list(const char *url, GError **err);
