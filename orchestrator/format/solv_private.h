#pragma once
#include "format/solv.h"
#include <lazy/solvext.h>

/* Shared by format/solv.c and format/solv_rpm.c. */
struct solv_index {
	Pool *pool;
	Repo *repo; /* Debian's suite; NULL: RPM repositories, whose names begin paths */
};

solv_index *solv_index_new(int disttype, const char *architecture);
/* After the last package was added. */
void solv_index_ready(solv_index *index);
/* X0632; FALSE. */
gboolean solv_damaged(const char *why, GError **err);
