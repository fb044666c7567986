#pragma once
#include "format/elf.h"
#include "format/wheel.h"
#include "ship/audit.h"

/* Inside ship/audit*.c only. */

/* One member of the wheel (or the bare file itself) as the scan left it. */
typedef struct audit_member {
	const zip_entry *entry; /* NULL for a bare file */
	const char *name;	/* within the wheel */
	const char *base;	/* after the last '/' */
	GError *problem;	/* could not be inflated, or is a damaged ELF file */
	guint8 sha256[32];
	gboolean hashed;
	elf_file *elf;	     /* NULL: not machine code */
	char *build_path;    /* first build path found in it, or NULL */
	gboolean other;	     /* of another machine: out of the policy's sight */
	gboolean module;     /* defines PyInit_NAME (or its like): an extension */
	gboolean needed;     /* another member's DT_NEEDED names it */
	GHashTable *exports; /* names it defines; made when first asked for */
} audit_member;

typedef struct audit_run {
	const audit_options *options;
	audit_report *report;
	wheel *wheel; /* NULL for a bare file */
	zip_file *zip;
	audit_member *members;
	guint n_members;
	GHashTable *by_name; /* name -> audit_member * */
	const policy_family *family;
	const policy_arch *arch; /* NULL: unknown */
	const platform *platform;
	int claimed; /* policy index promised; POLICY_NONE: linux_ARCH; -1: nothing */
	char *claim; /* how it is called: "manylinux_2_17_aarch64" */
} audit_run;

/* New finding, kept by the report; file may be NULL. `code` must be static. */
audit_finding *audit_add(audit_run *run, audit_severity severity, const char *code,
	const char *file, const char *fmt, ...) G_GNUC_PRINTF(5, 6);
/* The same, but one finding for all members with this title: from the second on
 * its lines say whose they are. */
audit_finding *audit_gather(audit_run *run, audit_severity severity, const char *code,
	const char *file, const char *title, const char *line);
void audit_line(audit_finding *f, const char *fmt, ...) G_GNUC_PRINTF(2, 3);
void audit_hint(audit_finding *f, const char *fmt, ...) G_GNUC_PRINTF(2, 3);
/* `usual`, or AUDIT_ERROR under --strict. */
audit_severity audit_grade(const audit_run *run, audit_severity usual);
/* A path of the sandbox, which is the same on every machine, and what that makes of it.
 */
gboolean audit_path_is_constant(const char *path);
audit_severity audit_path_grade(const char *path);

/* The architecture a wheel tag would name for this ELF file, or NULL: unknown,
 * or ARM that is not EABI5 with hard float. */
const char *audit_elf_arch(const elf_file *f);
/* By its path in the wheel, or that below NAME.data/SCHEME/ (fnmatch). */
gboolean audit_matches(const audit_member *m, const char *pattern);
/* Lies in the NAME.libs/ folder where repaired wheels keep foreign libraries. */
gboolean audit_is_grafted(const audit_member *m);

/* Inflates, hashes and parses every member, in parallel. */
void audit_scan(audit_run *run);
/* Which family, architecture and platform this is about, and what is claimed. */
void audit_target(audit_run *run);
/* One object by itself: machine, float ABI, CPU, stack, RPATH, build paths. */
void audit_object(audit_run *run, audit_member *m);
/* A file of text with a build path in it. */
void audit_text(audit_run *run, audit_member *m);
/* What the go command wrote into a program or library it linked. */
void audit_go(audit_run *run, audit_member *m);
/* Finds out which members are extension modules and which are needed by others. */
void audit_resolve(audit_run *run);
/* What a module of that file is called: the name up to the first dot, its folder's for
 * `__init__` (a package that is compiled itself). New string. */
char *audit_module_name(const audit_member *m);
/* Follows DT_NEEDED from `root` through the wheel's own libraries, as ld.so would
 * find them, each name once; `found` is NULL for what comes from outside. Names
 * that policy `index` takes from the system are left out (-1: none is). */
typedef void (*audit_visit)(
	const audit_member *from, const char *name, audit_member *found, void *data);
void audit_walk(const audit_run *run, const audit_member *root, int index,
	audit_visit visit, void *data);
/* Members whose needs have to be met: extension modules, and what no other needs. */
static inline gboolean audit_is_root(const audit_member *m)
{
	return m->module || !m->needed;
}
/* The tag: symbol versions, private symbols, libraries; sets report->policy. */
void audit_policy(audit_run *run);
/* Undefined, leaked and exported names; the stable ABI. */
void audit_symbols(audit_run *run, audit_member *m);
/* File names and suffixes against the tag, PyInit, lost extensions, purelib. */
void audit_layout(audit_run *run);
/* The platform tags of the file name. */
void audit_platforms(audit_run *run);
/* METADATA, WHEEL, RECORD, entry points. */
void audit_records(audit_run *run);

/* An ELF file of the platform at hand. */
static inline gboolean audit_is_code(const audit_member *m)
{
	return m->elf && !m->other;
}

/* A program that takes nothing from the system it runs on but the kernel. */
static inline gboolean audit_is_static(const elf_file *f)
{
	return !f->interp && f->needed->len == 0 &&
	       (f->type == ET_EXEC || (f->type == ET_DYN && f->pie));
}
