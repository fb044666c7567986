#pragma once
#include "plan/platform.h"
#include "plan/policy.h"
#include <glib.h>
#include <jansson.h>

/* Judges a wheel of any architecture, or a bare ELF file, without running any of
 * it: what its machine code is and needs, against the policies, its own name and
 * its own records. Everything found is a finding with an X07 code; only a file
 * that cannot be read at all is an error. */
typedef enum audit_severity { AUDIT_NOTE, AUDIT_WARNING, AUDIT_ERROR } audit_severity;

typedef struct audit_finding {
	const char *code; /* "X0705"; static */
	audit_severity severity;
	char *title;	  /* one line */
	char *file;	  /* member of the wheel; NULL: the whole file */
	GPtrArray *lines; /* char *: "symbol@VERSION (from …)", facts; may be empty */
	char *tag;	  /* the lowest tag that would fit, or NULL */
	char *hint;	  /* or NULL */
} audit_finding;

/* Whether a library, at the floor wanted, offers a symbol; version NULL: any.
 * Must be thread-safe. AUDIT_UNKNOWN: nothing is known of that library. */
typedef enum audit_answer { AUDIT_UNKNOWN, AUDIT_NO, AUDIT_YES } audit_answer;
typedef audit_answer (*audit_provides)(
	const char *soname, const char *symbol, const char *version, void *data);

typedef struct audit_options {
	gboolean strict;     /* warnings and CPU notes become errors */
	gboolean own;	     /* this program's build made it: stricter on CPU, leaks */
	gboolean go_program; /* it has to be a Go program, with cgo or without: */
	gboolean go_cgo;
	gboolean need_code; /* a wheel without machine code is an error */
	guint cpu;	    /* armv7: what wheel.cpu allows, bits of plan/arm_feature.h */
	const platform *platform; /* what it has to be for; NULL: what its name says */
	const char *floor;	  /* policy promised, "2_17"; NULL: by the wheel's tag */
	gboolean retag; /* the wheel gets new platform tags: those of its name promise
			 * nothing */
	const GPtrArray *excluded; /* char *: sonames or patterns (fnmatch) of libraries
				    * that somebody else sees to; NULL none */
	const GPtrArray *foreign;  /* char *: members that may be for another machine,
				    * paths or patterns (fnmatch) of them in the wheel or
				    * below NAME.data/SCHEME/; NULL none */
	const char *const
		*extensions; /* modules that must be there: "markupsafe._speedups" */
	const char *const
		*build_paths;	 /* prefixes no object may hold; NULL: usual ones */
	audit_provides provides; /* NULL: system libraries' symbols stay unchecked */
	void *provides_data;
	/* Names a Python of the wheel's minor version exports; NULL: whatever begins
	 * with Py or _Py. Set of char *. */
	GHashTable *python_symbols;
	int jobs; /* threads; 0: one per processor */
} audit_options;

typedef struct audit_report {
	char *path;
	gboolean wheel, pure; /* pure: no machine code in it */
	char *tag; /* what auditwheel calls the overall tag; NULL when there is none */
	char *summary;	     /* bare files: "AArch64, 64-bit, shared object" */
	GPtrArray *findings; /* audit_finding, in order of the members */
	guint errors, warnings, notes;
	int exit_code; /* EXIT_DONE, EXIT_AUDIT or EXIT_INTEGRITY */
	/* What the tag stands for, for those who set it. */
	const policy_family *family;
	const char *arch;   /* "aarch64"; NULL when there is no tag */
	int policy;	    /* index, POLICY_NONE: linux_ARCH */
	GPtrArray *modules; /* char *: extension modules found, "markupsafe._speedups" */
} audit_report;

/* FALSE only when the file cannot be read (EXIT_INPUT); a refused container is a
 * finding and exit_code EXIT_INTEGRITY. *report is new. `options` may be NULL. */
gboolean audit_file(const char *path, const audit_options *options, audit_report **report,
	GError **err);
/* The same for bytes in memory; `path` gives the name to judge by. New report. */
audit_report *audit_bytes(GBytes *bytes, const char *path, const audit_options *options);
/* Several files at once, in parallel; reports[i] or errors[i] is set for each.
 * Arrays of n, zeroed by the caller. */
void audit_files(const char *const *paths, guint n, const audit_options *options,
	audit_report **reports, GError **errors);
void audit_report_free(audit_report *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(audit_report, audit_report_free)

/* For people: one block a finding ("error[X0705]: …"). */
void audit_report_text(const audit_report *report, GString *out);
/* "PATH: ok, manylinux_2_17_aarch64". New string. */
char *audit_report_line(const audit_report *report);
/* {"file","tag","findings":[{"code","severity","message","member","details",
 * "minimum_tag","hint"}]}; the caller owns it. */
json_t *audit_report_json(const audit_report *report);
/* The errors of a report as one GError (EXIT_AUDIT or EXIT_INTEGRITY); the first
 * in full, the others by title. FALSE; call only when errors > 0. */
gboolean audit_report_error(const audit_report *report, GError **err);
