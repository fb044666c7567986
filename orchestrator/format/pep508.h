#pragma once
#include <glib.h>

/* Requirements of Python packages (PEP 508) and their environment markers. */

/* The variables of a marker; all set, "" where there is no better. */
typedef struct pep508_environment {
	const char *python_version;	 /* "3.11" */
	const char *python_full_version; /* "3.11.7" */
	const char *implementation_version;
	const char *implementation_name;	    /* "cpython" */
	const char *platform_python_implementation; /* "CPython" */
	const char *os_name, *sys_platform;	    /* "posix", "linux" */
	const char *platform_system;		    /* "Linux" */
	const char *platform_machine;		    /* "armv7l" */
	const char *platform_release, *platform_version;
	const char *extra;
} pep508_environment;

typedef struct pep508_requirement {
	char *name;	  /* as written */
	char *normalised; /* PEP 503: lower case, runs of -_. as one - */
	GStrv extras;	  /* normalised, sorted; empty: none */
	char *specifiers; /* ">=3.1,<4", "" when there are none */
	char *url;	  /* of "name @ url", else NULL */
	char *marker;	  /* text after the semicolon, NULL none */
} pep508_requirement;

/* NULL with EXIT_INPUT, X0240: the text, what is wrong and where. The marker
 * is checked too. */
pep508_requirement *pep508_parse(const char *text, GError **err);
void pep508_requirement_free(pep508_requirement *r);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(pep508_requirement, pep508_requirement_free)

/* Whether the marker holds (no marker: it does). */
gboolean pep508_applies(const pep508_requirement *r, const pep508_environment *e);
/* Without the marker, in one spelling: "name[extra]>=3.1,<4". New string. */
char *pep508_text(const pep508_requirement *r);

/* A marker alone. *result as evaluated; FALSE with X0240 when it is no marker. */
gboolean pep508_marker_evaluate(
	const char *marker, const pep508_environment *e, gboolean *result, GError **err);
