#pragma once
#include <glib.h>

/* The versions of a Go module that its author took back: `retract` of a go.mod, that of
 * the newest version counts for all (Go Modules Reference, "retract directive"). */
typedef struct go_retraction {
	char *low, *high; /* inclusive, valid versions (format/go_module.h) */
	char *why;	  /* the comment at its line, or NULL */
} go_retraction;

/* go_retraction *, in the file's order; lines that are none are passed over, as the go
 * command does with directives of newer versions. */
GPtrArray *go_retractions(const char *mod);
/* Borrowed; NULL: it was not taken back. */
const go_retraction *go_retracted(const GPtrArray *retractions, const char *version);
