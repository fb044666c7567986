#pragma once
#include "ship/audit.h"
#include "ship/place.h"
#include "ship/repair.h"
#include "ship/wheel_rewrite.h"
#include <glib.h>

/* From what a build left in its output folder to a wheel in the wheelhouse. The
 * builder is not trusted: its output is opened without following links, copied,
 * and only the copy is looked at; the wheel that is placed is written anew from
 * that copy, its bytes depending on the contents alone. */
typedef struct wheel_expect {
	const char *name, *version; /* the recipe's package; without the label */
	const char *python;	    /* "cp311"; "cp313t" for free-threaded ones */
	const platform *platform;
	const char *floor;  /* "2_17" */
	guint build_number; /* 0: no build tag */
	const char *label; /* ship/wheel_label.h, given to the builder's wheel; or NULL */
	gboolean allow_pure, strict, replace;
	guint cpu;		  /* bits of plan/arm_feature.h that wheel.cpu allows */
	const GPtrArray *foreign; /* wheel.foreign, or NULL */
	const char *const *extensions;	/* wheel.extensions, or NULL */
	const char *const *build_paths; /* see audit_options */
	audit_provides provides;
	void *provides_data;
	GHashTable *python_symbols;
	gint64 mtime; /* SOURCE_DATE_EPOCH */
	int jobs;
	const repair_options *repair; /* NULL: nothing is grafted */
	const place_beside *beside;   /* ship/place.h; NULL: nothing */
} wheel_expect;

typedef struct wheel_result {
	char *path, *file; /* the wheel in the wheelhouse; its base name */
	char *sha256;
	gint64 size;
	char **tags;	      /* platform tags, sorted */
	gboolean existed;     /* the same bytes were there already */
	audit_report *report; /* of the builder's wheel, grafted libraries in it: notes
			       * and warnings to show */
	GPtrArray *grafts;    /* repair_graft *; NULL: none */
	char *tag_before;     /* of a repair: report->tag of the wheel as it came */
} wheel_result;
void wheel_result_clear(wheel_result *result);

/* The one wheel in a build's output folder. NULL with EXIT_AUDIT/X0720 and a
 * listing when there is none, or several (W01). New string. */
char *wheel_find(const char *folder, GError **err);

/* Writes `w` anew with these platform tags and places it in `out_dir`: fills path, file,
 * sha256, size and existed of the result, which has `tags`. Errors of ship/place.h;
 * `hint` and `beside` are its. */
gboolean wheelhouse_place(const wheel *w, const wheel_rewrite *how, const char *out_dir,
	gboolean replace, const char *hint, const place_beside *beside,
	wheel_result *result, GError **err);

/* `path`: a wheel, or the folder to look in. Checks (W01 to W05), audits, sets the
 * platform tags the audit found with their legacy aliases, rewrites and places.
 * EXIT_AUDIT with the audit's first error, or X0719/X0720/X0723; EXIT_INTEGRITY/
 * X0651. On failure `result` holds at most the report; clear it in any case. */
gboolean wheel_finish(const char *path, const wheel_expect *expect, const char *out_dir,
	wheel_result *result, GError **err);
