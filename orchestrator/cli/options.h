#pragma once
#include "base/option.h"
#include "plan/project.h"

/* Every option of the program has one meaning, one row in option_rows and one
 * field here; a verb names those it takes (cli/verbs.c). */
typedef enum progress_mode {
	PROGRESS_AUTO,
	PROGRESS_TTY,
	PROGRESS_PLAIN,
	PROGRESS_JSON,
	PROGRESS_NONE
} progress_mode;
typedef enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON } log_format;
typedef enum color_mode { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER } color_mode;
typedef enum sandbox_choice {
	SANDBOX_CHOICE_AUTO,
	SANDBOX_CHOICE_BWRAP,
	SANDBOX_CHOICE_LANDLOCK,
	SANDBOX_CHOICE_ENV
} sandbox_choice;

typedef struct options {
	/* what to build */
	GPtrArray *targets, *pythons, *only, *skip; /* NULL: not given */
	char *toolchain, *sysroot, *floor;	    /* NULL: the recipe's */
	char *shard, *durations;		    /* NULL: not given */
	char *changed_since;			    /* a commit; NULL: all */
	gboolean fetch_base;			    /* of changed_since */
	gboolean exit_code, check;		    /* outdated, update */
	char *exclude_newer;			    /* as given; NULL: not given */
	gint64 cut; /* what it means, no row: see build_context */
	/* how */
	char *out;		  /* NULL: dist */
	int jobs;		  /* 0: not given; see common_jobs */
	int sandbox;		  /* sandbox_choice */
	gint64 timeout;		  /* seconds, 0: the recipe's */
	GPtrArray *allow_network; /* ids, patterns of ids; NULL: not given */
	gboolean locked, offline, force, keep, keep_going, fail_fast, dry_run, explain;
	gboolean allow_empty, replace, strict, upgrade, verify_cache, no_fetch;
	gboolean check_reproducible, ccache, no_ccache, no_provenance, snapshot;
	gboolean
		locked_unasked; /* set by `plan`, no row: locked, though nobody said so */
	gboolean renew; /* set by `lock` and `update`, no row: all that locks hold */
	gboolean lacks_untold; /* set by `new`, no row: X0990 is not shown */
	gboolean rebuild;      /* set by cmd_rebuild.c, no row: see pipeline_options */
	gboolean diff;	       /* fmt */
	gboolean fix;	       /* check */
	char *log_dir, *cache_dir;
	gboolean ci;	/* cache prune */
	gint64 max_age; /* seconds, 0: not given */
	char *format;
	GPtrArray *reports; /* "junit=FILE"; NULL: not given */
	char *metadata_file, *markdown_summary;
	/* how it looks */
	gboolean json, quiet;
	int verbose;
	int progress, color;	   /* progress_mode, color_mode */
	int log_format;		   /* log_format */
	char *log_file;		   /* NULL: standard error; "-": standard output */
	gboolean color_on_command; /* --color was given, not XORCH_COLOR */
	/* the rest */
	char *requirements;		    /* new */
	int from;			    /* starter_from of cli/cmd_new.c */
	char *recipe, *command;		    /* verify */
	char *lock;			    /* repair */
	GPtrArray *find_links;		    /* NULL: not given */
	GPtrArray *lib_dirs, *exclude_libs; /* repair; NULL: not given */
	char *directory;
	char *config;	   /* see project_load_all; NULL: not given */
	gboolean frozen;   /* sets locked and offline in main.c */
	gboolean no_input; /* shell */
	gboolean help, version;
	project *project; /* its file and the user's; NULL: not read */
} options;

extern const option option_rows[];
/* Accepted by every verb. */
#define OPTIONS_GLOBAL                                                                   \
	"directory config cache-dir offline locked frozen json quiet verbose progress "  \
	"color "                                                                         \
	"log-format "                                                                    \
	"log-file jobs no-input "                                                        \
	"help "                                                                          \
	"version"
