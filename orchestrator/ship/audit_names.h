#pragma once
#include <glib.h>

/* Names the audit knows by heart. */

/* Functions of ISO C and POSIX that an extension module has no business to
 * export: a sign that libm.a or libc.a was linked in. */
gboolean audit_name_is_libc(const char *name);
/* Mangled names that only libstdc++ (or libsupc++) defines: namespace std, not
 * a template (those a module may instantiate or specialise itself). */
gboolean audit_name_is_libstdcxx(const char *name);

/* The stable ABI (PEP 384) as CPython's own test lists it: the minor version
 * since which a name belongs to it; AUDIT_ABI3_OLDEST for anything older than
 * the lists. 0: not in it. */
#define AUDIT_ABI3_OLDEST 2
#define AUDIT_ABI3_NEWEST 13 /* whose lists these are */
guint audit_abi3_since(const char *name);
