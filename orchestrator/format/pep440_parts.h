#pragma once
#include "format/pep440.h"

/* Inside of a version, for format/pep440*.c only. */
struct pep440_version {
	guint64 epoch;
	guint n;
	guint64 *release;
	char pre; /* 'a', 'b', 'r' (rc) or 0 */
	guint64 pre_n;
	gboolean post, dev;
	guint64 post_n, dev_n;
	GStrv local; /* parts in lower case; NULL none */
};

/* Epoch and release numbers alone. */
int pep440_compare_base(const pep440_version *a, const pep440_version *b);
/* All but the local part. */
int pep440_compare_public(const pep440_version *a, const pep440_version *b);
