#pragma once
#include <glib.h>

/* What every step of a run shares; made once by cli/, read-only afterwards
 * (the store does its own locking). Pointers are borrowed. */
typedef struct store store;

typedef struct build_context {
	store *store;
	gboolean offline; /* nothing may touch the network */
	gboolean locked;  /* no lock may be written or changed */
	int jobs;	  /* parallel jobs, at least 1 */
	/* --exclude-newer, seconds since 1970: what an index got from then on is not
	 * seen when something is chosen; 0: everything is. */
	gint64 cut;
	gboolean git_config;   /* sources by git heed the user's configuration of git */
	const GPtrArray *pins; /* of xorch.yaml, see plan/pins.h; NULL none */
} build_context;
