#pragma once
#include "base/process.h"

/* A build step held apart from this machine (DESIGN: "the build step"). Code of
 * packages runs nowhere else. The levels, strongest first:
 *
 *	bwrap     own user, mount, network, pid, ipc, uts and cgroup namespaces by
 *	          bubblewrap; constant paths; no network but loopback; the host's
 *	          binfmt_misc (qemu) out of reach on Linux >= 6.7
 *	landlock  the host's paths, but only those of the spec writable and only
 *	          those and the system's programs readable; TCP refused from ABI 4
 *	env       an environment from scratch, nothing else
 *
 * Where the host's qemu is registered and cannot be cut off, XORCH_CUT_LOADER=1 in
 * the step's environment makes the compiler wrapper link programs to a loader that
 * does not exist.
 *
 * At every level: stdin empty, own session, HOME and TMPDIR thrown away, limits
 * on time and output, and no process outlives the step. A step that is to end (a
 * limit, Ctrl-C) is asked by a signal to all that it started, and half a second later
 * ended; a second Ctrl-C ends it at once. */
typedef enum sandbox_level {
	SANDBOX_AUTO,
	SANDBOX_BWRAP,
	SANDBOX_LANDLOCK,
	SANDBOX_ENV
} sandbox_level;

const char *sandbox_level_name(sandbox_level level);
/* FALSE for an unknown word (EXIT_INPUT, X0805). */
gboolean sandbox_level_parse(const char *text, sandbox_level *level, GError **err);

/* Where things lie inside, always the same, so that what a compiler writes into
 * its output does not depend on the machine. */
#define SANDBOX_SRC "/xorch/src"
#define SANDBOX_OUT "/xorch/out"
#define SANDBOX_ENV_DIR "/xorch/env"
#define SANDBOX_PYTHON "/xorch/python"
#define SANDBOX_CROSS "/xorch/cross"
#define SANDBOX_TOOLCHAIN "/xorch/toolchain"
#define SANDBOX_SYSROOT "/xorch/sysroot"
#define SANDBOX_BUILD_TOOLCHAIN "/xorch/build-toolchain" /* with gcc: build-cc's */
#define SANDBOX_BUILD_SYSROOT "/xorch/build-sysroot"
#define SANDBOX_TOOLS "/xorch/tools"
#define SANDBOX_HOME "/xorch/home"
#define SANDBOX_TMP "/xorch/tmp"

typedef struct sandbox_bind {
	const char *host;   /* absolute; must exist */
	const char *inside; /* absolute; NULL: the same as host (an interpreter) */
	gboolean writable;
} sandbox_bind;

typedef struct sandbox_spec {
	sandbox_level level;
	const char *root; /* host folder: its top-level folders stand for the system in
			   * place of this machine's; bwrap only. NULL: this machine */
	const sandbox_bind *binds; /* read-only unless writable; later ones lie over
				    * earlier ones */
	guint n_binds;
	const char *const *hide;  /* paths inside that appear empty (bwrap), over the
				   * binds: the interpreter's include folder.
				   * NULL-terminated  or NULL; absent ones are skipped */
	const char *const *tools; /* names of further host programs for /xorch/tools
				   * beside the usual ones (sandbox_tools); NULL none */
	const char *scratch;	  /* host folder for home, tmp and tools, kept after the
				   * run; NULL: a temporary one, removed afterwards */
	gboolean resume;	  /* home and tmp of scratch stay as they are */
	/* A pseudo-terminal (base/terminal.h) that becomes the command's own, in place
	 * of output that is read; NULL none. */
	const int *terminal;
	gboolean network; /* build.network, --allow-network: leave it open */

	const char *const *argv; /* looked up in the step's own PATH */
	/* The whole environment. HOME and TMPDIR are always added; PATH, when it is
	 * not there, becomes cross/bin, python/bin (uname), env/bin and
	 * tools. */
	const char *const *env;
	/* Folders inside, put before that default PATH; NULL-terminated or NULL. */
	const char *const *path_first;
	const char *cwd; /* path inside (SANDBOX_SRC/…); NULL: SANDBOX_SRC if bound, else
			  * SANDBOX_TMP */
	const char *name; /* for messages: "setuptools" */

	/* As in process_spec. process_limit counts the processes of the step (bwrap
	 * only; 0: 8192). */
	const char *log_path;
	guint64 log_limit;
	gboolean capture;
	gsize capture_limit;
	void (*on_output)(const char *bytes, gsize size, gboolean is_stderr, void *data);
	void *on_output_data;
	double timeout_s, silent_timeout_s;
	guint64 memory_limit, process_limit, file_limit;
} sandbox_spec;

typedef struct sandbox_result {
	process_result process; /* how the command ended; death by signal n as such */
	sandbox_level level;	/* what it really was */
	/* Processes that the kernel ended for want of memory meanwhile, this step's or
	 * others' (memory_kills); -1 when it does not tell. */
	gint64 memory_kills;
} sandbox_result;

void sandbox_result_clear(sandbox_result *r);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(sandbox_result, sandbox_result_clear)

/* TRUE when the command ran, however it ended. FALSE: EXIT_HOST X0801 (level not
 * to be had), X0802 (the sandbox did not start), X0803 (a bound path is missing),
 * X0810 (the command cannot be executed); EXIT_SIGNAL + n when cancelled. */
gboolean sandbox_run(const sandbox_spec *spec, sandbox_result *result, GError **err);

/* The path under which the command sees `inside` at `level`: itself for bwrap,
 * below the bound host folder otherwise, `inside` unchanged when nothing is bound
 * there. For values of the environment. `spec` needs binds and scratch only. New
 * string. `level` is never AUTO: ask sandbox_choose first. */
char *sandbox_path(const sandbox_spec *spec, sandbox_level level, const char *inside);

/* What a level gives on this machine. */
typedef struct sandbox_info {
	sandbox_level level;
	gboolean network_cut; /* no packet leaves */
	gboolean binfmt_cut;  /* target code cannot run through the host's qemu */
	const char *summary;  /* one line, for the log and the provenance */
} sandbox_info;

/* Settles AUTO and checks a named level; probes once per process, then is free.
 * The first answer for AUTO is also told as an event: which level, and for less
 * than bwrap a warning why and what is open. X0801 for a level that cannot be
 * had, with what to change. Never NULL for AUTO. */
const sandbox_info *sandbox_choose(sandbox_level level, GError **err);

/* The same for a concrete level that works, without telling anybody. */
const sandbox_info *sandbox_describe(sandbox_level level);
/* For doctor: NULL when the level works, else why not (static) and in *help what
 * to do about it. */
const char *sandbox_level_problem(sandbox_level level, const char **help);
/* 0 when the kernel has none. */
int sandbox_landlock_abi(void);
/* Names of foreign-code handlers registered and enabled on this machine
 * ("qemu-aarch64"); NULL-terminated, maybe empty; for doctor and for the failure
 * class "target code was run". */
char **sandbox_host_binfmt(void);
