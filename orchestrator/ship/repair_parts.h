#pragma once
#include "plan/policy.h"
#include "ship/repair.h"

/* Inside ship/repair*.c only. */

/* A library to be grafted. */
typedef struct foreign {
	char *soname, *file, *sha256; /* sha256: of `bytes` */
	const repair_owner *owner;
	GBytes *bytes;
	GPtrArray *needed;   /* char *: of its needs those that are grafted too */
	gboolean exec_stack; /* it asks for one */
} foreign;

/* A member of the wheel that is code of the target. */
typedef struct user {
	const zip_entry *entry;
	GBytes *bytes;
	GPtrArray *needed;  /* char *: of its needs those that are grafted */
	GPtrArray *removed; /* char *: those that go: libpython */
	char *rpath;	    /* as it is; NULL none */
} user;

typedef struct repairing {
	const repair_options *o;
	wheel *wheel;
	const policy_arch *arch;
	int claimed;
	GHashTable *own;      /* base names of the wheel's members: a set */
	GPtrArray *grafts;    /* foreign *, in the order found */
	GPtrArray *users;     /* user * */
	GPtrArray *missing;   /* repair_missing * */
	GHashTable *contents; /* name -> GBytes: new and changed members */
	char *folder;	      /* "psycopg2.libs" */
} repairing;

foreign *repair_find_graft(const repairing *r, const char *soname);

/* Where an installer puts a member, from the top of the folder that modules are in: a
 * part of `name`. NULL: elsewhere (programs, headers, data). */
const char *repair_installed(const wheel *w, const char *name);
/* A program of .data/scripts: installed into a bin/ that is nowhere in particular. */
gboolean repair_is_script(const wheel *w, const char *name);
/* NAME.scripts/PROGRAM beside the modules, where a program goes that needs libraries of
 * the wheel; and the text that takes its place. New strings. */
char *repair_script_member(const wheel *w, const char *name);
char *repair_script_text(const char *member);

/* Licences of what was grafted and of o->licences; the list of parts. Both after the
 * objects are edited. */
gboolean repair_add_licences(repairing *r, GError **err);
void repair_add_sbom(repairing *r);
