#pragma once
#include "format/wheel_name.h"

/* Which wheel an interpreter would install (PEP 425, 600, 656). */
typedef struct wheel_host {
	guint minor; /* CPython 3.minor */
	gboolean free_threaded;
	const char *arch;  /* "x86_64" */
	guint glibc_minor; /* glibc 2.N of the machine; 0: it has musl */
	guint musl_minor;  /* musl 1.N; 0: it has glibc */
} wheel_host;

/* How well a wheel fits; 0: it cannot be installed. More is better: compiled for
 * this very ABI, then abi3 by age, then pure; for any machine last. Other than
 * installers, among wheels for this machine the one that asks for the *oldest* C
 * library wins, so that a lock made here serves older machines too. */
guint64 wheel_tags_rank(const wheel_name *w, const wheel_host *h);
