#pragma once
#include <glib.h>

/* The manylinux and musllinux policies as data (policy_data.c): for each
 * architecture the symbol versions allowed, for all the libraries that may come
 * from the system, and private symbols of those libraries that may not be used.
 * A policy is named by its index in the family, 0 the oldest; a wheel that
 * satisfies one satisfies every later one. Sources: PEP 600, 656 and
 * auditwheel, whose JSON the data is made from. */
#define POLICY_NONE 1000 /* no policy allows it: the tag is linux_ARCH */

typedef struct policy {
	const char *name;  /* "manylinux_2_17" */
	const char *alias; /* "manylinux2014" or NULL */
} policy;

typedef struct policy_row {
	const char *name;
	int first; /* the first policy that allows it */
} policy_row;

typedef struct policy_private {
	const char *library, *symbol;
	int last; /* the last policy that forbids it */
} policy_private;

typedef struct policy_arch {
	const char *name;	    /* as in wheel tags: aarch64, armv7l */
	int first, last;	    /* the policies that exist for it */
	const char *prefixes;	    /* version names checked: "CXXABI GCC GLIBC …" */
	const policy_row *versions; /* by strcmp */
	int n_versions;
} policy_arch;

typedef struct policy_family {
	const char *name; /* "manylinux", "musllinux" */
	const policy *policies;
	int n_policies;
	const policy_arch *arches;
	int n_arches;
	const policy_row *libraries; /* by strcmp */
	int n_libraries;
	const policy_private *privates; /* by library, symbol */
	int n_privates;
} policy_family;

extern const policy_family policy_manylinux, policy_musllinux;

const policy_arch *policy_arch_find(const policy_family *f, const char *arch);

/* Index of "manylinux_2_17", "manylinux2014" or plain "2_17" (a trailing
 * "_ARCH" allowed); -1 when there is none. A glibc between two policies
 * ("2_30") gives the highest policy below it when `floor`, else -1. */
int policy_index(const policy_family *f, const char *name, gboolean floor);

/* The first policy that allows a symbol version such as "GLIBC_2.28":
 * POLICY_NONE when none does, 0 for version names the policies do not check
 * ("LIBXML2_2.4.30"). A matter of membership, not of "at most". */
int policy_version(const policy_arch *a, const char *version);
/* The first policy under which the library comes from the system. The dynamic
 * loader always does. */
int policy_library(const policy_family *f, const policy_arch *a, const char *soname);
/* Whether a recipe's wheel.exclude_libs (char *, patterns of glob(7); NULL: none) leaves
 * the library to the system. */
gboolean policy_excludes(const GPtrArray *patterns, const char *soname);
/* The first policy that allows an undefined `symbol` in an object that needs
 * `library`; 0 when it is not a private one. */
int policy_symbol(const policy_family *f, const char *library, const char *symbol);
gboolean policy_has_privates(const policy_family *f, const char *library);

/* "manylinux_2_17_aarch64"; "linux_aarch64" for POLICY_NONE. New string. */
char *policy_tag(const policy_family *f, int index, const char *arch);
/* Platform tags a wheel of that policy carries, sorted, legacy alias first as
 * PEP 425 sorts them: "manylinux2014_aarch64", "manylinux_2_17_aarch64". */
char **policy_tags(const policy_family *f, int index, const char *arch);
/* Whether a wheel's platform tag ("manylinux2014_aarch64") promises policy
 * `index` or a later one for `arch`; *claimed is its index, POLICY_NONE for
 * linux_ARCH, -1 for a tag of no policy. */
gboolean policy_tag_split(
	const policy_family *f, const char *tag, int *claimed, const char **arch);
/* "manylinux_2_30_aarch64" -> "aarch64", "linux_arm" -> "arm": of any tag of Linux's
 * forms (PEP 425, 513, 571, 599, 600, 656), whether there is such a policy or machine or
 * not. Points into `tag`; NULL for another form. */
const char *policy_tag_arch(const char *tag);
