#pragma once
#include <glib.h>

/* Versions and version specifiers of Python packages (PEP 440, as the
 * `packaging` library reads them). Numbers above 2^63 are refused. */
typedef struct pep440_version pep440_version;

pep440_version *pep440_version_parse(const char *text); /* NULL: no version */
void pep440_version_free(pep440_version *v);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(pep440_version, pep440_version_free)

/* <0, 0, >0; a total order in which 1.0 == 1.0.0. */
int pep440_version_compare(const pep440_version *a, const pep440_version *b);
/* Alpha, beta, candidate or development release. */
gboolean pep440_version_is_prerelease(const pep440_version *v);
/* The n-th number of the release part, 0 when there are fewer. */
guint64 pep440_version_release(const pep440_version *v, guint n);
/* Both texts are versions and equal, or are the same text. */
gboolean pep440_equal(const char *a, const char *b);

/* A comma-separated set, all of which must hold: ">=3.9,!=3.10.1,<4". Empty
 * matches everything. */
typedef struct pep440_specifiers pep440_specifiers;

/* NULL with EXIT_INPUT, X0241, which quotes the clause. */
pep440_specifiers *pep440_specifiers_parse(const char *text, GError **err);
void pep440_specifiers_free(pep440_specifiers *s);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(pep440_specifiers, pep440_specifiers_free)

/* Whether `version` (text: === compares text) is in the set; prereleases count
 * like any other. A text that is no version matches only ===. */
gboolean pep440_specifiers_match(const pep440_specifiers *s, const char *version);
guint pep440_specifiers_count(const pep440_specifiers *s);

/* A requires-python as packages really write it: what cannot be parsed holds
 * for every Python, as in pip. */
gboolean pep440_python_matches(const char *requires_python, const char *python);
