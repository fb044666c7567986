#pragma once
#include "cli/options.h"

/* A verb's function gets its arguments (NULL-terminated, options taken out) and
 * returns the exit status. With *err set that error is printed and its status
 * counts; without, the verb has said what there was to say. */
typedef int (*verb_run)(const options *o, char **args, GError **err);

enum verb_flags {
	VERB_COMMAND = 1 << 0, /* the first argument ends the options (`exec`) */
	VERB_HIDDEN = 1 << 1,  /* not in the help: xorch calling itself */
	VERB_PLAIN = 1 << 2,   /* no matter of a project: its file is not read */
};

typedef struct verb {
	const char *name;
	const char *arguments; /* for the usage line */
	const char *summary;   /* one line */
	const char *options; /* names of rows in cli/options.c besides the global ones */
	verb_run run;
	unsigned flags;
	const char *details; /* paragraphs for `help VERB`, or NULL */
	const char *formats; /* what --format takes, for completions; or NULL */
} verb;

extern const verb verbs[]; /* ends with name NULL */
const verb *verb_by_name(const char *name);
/* The global and the verb's own options in one list of names. New string. */
char *verb_options(const verb *v);

int cmd_audit(const options *o, char **args, GError **err);
int cmd_cache(const options *o, char **args, GError **err);
int cmd_build(const options *o, char **args, GError **err);
int cmd_check(const options *o, char **args, GError **err);
int cmd_completion(const options *o, char **args, GError **err);
int cmd_doctor(const options *o, char **args, GError **err);
int cmd_env(const options *o, char **args, GError **err);
int cmd_exec(const options *o, char **args, GError **err);
int cmd_explain(const options *o, char **args, GError **err);
int cmd_fetch(const options *o, char **args, GError **err);
int cmd_fetch_files(const options *o, char **args, GError **err);
int cmd_fmt(const options *o, char **args, GError **err);
int cmd_git(const options *o, char **args, GError **err);
int cmd_rpmdb(const options *o, char **args, GError **err);
int cmd_help(const options *o, char **args, GError **err);
int cmd_log(const options *o, char **args, GError **err);
int cmd_index_page(const options *o, char **args, GError **err);
int cmd_lock(const options *o, char **args, GError **err);
int cmd_python_target(const options *o, char **args, GError **err);
int cmd_rebuild(const options *o, char **args, GError **err);
int cmd_sandbox(const options *o, char **args, GError **err);
int cmd_new(const options *o, char **args, GError **err);
int cmd_outdated(const options *o, char **args, GError **err);
int cmd_plan(const options *o, char **args, GError **err);
int cmd_repair(const options *o, char **args, GError **err);
int cmd_schema(const options *o, char **args, GError **err);
int cmd_shell(const options *o, char **args, GError **err);
int cmd_share(const options *o, char **args, GError **err);
int cmd_sysroot(const options *o, char **args, GError **err);
int cmd_update(const options *o, char **args, GError **err);
int cmd_verify(const options *o, char **args, GError **err);
int cmd_version(const options *o, char **args, GError **err);

/* The part of `lock` and `fetch` that is about recipes; exit status. */
int items_lock(const options *o, char **args, GError **err);
int items_fetch(const options *o, char **args, GError **err);

/* What `xorch VERB --help` prints; NULL: the overview. New string. */
char *help_text(const verb *v);
/* The keys of a recipe. New string. */
char *help_recipe_text(void);
