#include "cli/options.h"

static const char *const progress_names[] = {
	"auto", "tty", "plain", "json", "none", NULL};
static const char *const log_format_names[] = {"text", "json", NULL};
static const char *const color_names[] = {"auto", "always", "never", NULL};
static const char *const sandbox_names[] = {"auto", "bwrap", "landlock", "env", NULL};

static const char *const from_names[] = {"pypi", "git", "gomod", NULL};

#define AT(field) offsetof(options, field)

/* In the order of the help. */
const option option_rows[] = {
	{"target", 0, "T", OPTION_LIST, AT(targets), "XORCH_TARGET",
		"platform to build for: aarch64, armv7, linux/arm/v7, a triple, all; "
		"repeatable (default: Docker's TARGETPLATFORM, TARGETARCH and "
		"TARGETVARIANT, then PLAT=manylinux_2_28_aarch64, then the recipe's "
		"targets)",
		.words = "aarch64 armv7 x86_64 armv6 armv5 all"},
	{"python", 0, "V", OPTION_LIST, AT(pythons), "XORCH_PYTHON",
		"Python version: cp311, 3.11, 3.13t, all; repeatable (default: the "
		"recipe's, then what python3 names)",
		.words = "3.9 3.10 3.11 3.12 3.13 3.13t 3.14 3.14t all"},
	{"only", 0, "ID", OPTION_LIST, AT(only), "XORCH_ONLY",
		"only the items with these ids (`xorch plan` lists them); `*` and `?` "
		"stand for any text, any character"},
	{"skip", 0, "ID", OPTION_LIST, AT(skip), "XORCH_SKIP",
		"all but these items; patterns too"},
	{"changed-since", 0, "REF", OPTION_STRING, AT(changed_since),
		"XORCH_CHANGED_SINCE",
		"only what changed, or depends on what changed, since the work here left "
		"this commit or branch: origin/main; what is not committed counts"},
	{"fetch-base", 0, NULL, OPTION_FLAG, AT(fetch_base), "XORCH_FETCH_BASE",
		"let git fetch what --changed-since compares with, where this clone "
		"lacks it"},
	{"shard", 0, "K/N", OPTION_STRING, AT(shard), "XORCH_SHARD",
		"the K-th of N parts, 2/5, which together are everything, each item "
		"once; balanced by --durations, else with --locked by what the locks say "
		"is compiled"},
	{"durations", 0, "FILE", OPTION_STRING, AT(durations), "XORCH_DURATIONS",
		"seconds of earlier builds, the same file for every part; `xorch log "
		"--format durations` writes it"},
	{"toolchain", 0, "NAME", OPTION_STRING, AT(toolchain), "XORCH_TOOLCHAIN",
		"C and C++ compiler: clang or gcc (default: the recipe's)",
		.words = "clang gcc"},
	{"sysroot", 0, "NAME", OPTION_STRING, AT(sysroot), "XORCH_SYSROOT",
		"sysroot definition (default: the recipe's, else the one that has the "
		"floor)"},
	{"floor", 0, "2_NN", OPTION_STRING, AT(floor), "XORCH_FLOOR",
		"oldest glibc to run on, as in manylinux_2_17 (default: what PLAT or "
		"AUDITWHEEL_PLAT say, then the recipe's)",
		.words = "2_17 2_24 2_28 2_31 2_34 2_35 2_39"},
	{"out", 'o', "DIR", OPTION_STRING, AT(out), "XORCH_OUT",
		"folder for the results (default: dist); for `new` the recipe's file"},
	{"from", 0, "KIND", OPTION_CHOICE, AT(from), "XORCH_FROM",
		"where the source is: pypi, git, gomod", from_names},
	{"requirements", 'r', "FILE", OPTION_STRING, AT(requirements),
		"XORCH_REQUIREMENTS",
		"a requirements.txt: recipes for what lacks a wheel"},
	{"recipe", 0, "FILE", OPTION_STRING, AT(recipe), "XORCH_RECIPE",
		"the recipe whose tests are run (default: by name and version in "
		"recipes/)"},
	{"find-links", 0, "DIR", OPTION_LIST, AT(find_links), "XORCH_FIND_LINKS",
		"folder of own wheels, for what a wheel needs, or for the one that a "
		"repair was made of; repeatable (default: dist)"},
	{"lib-dir", 0, "DIR", OPTION_LIST, AT(lib_dirs), "XORCH_LIB_DIR",
		"folder of shared libraries for the target, looked at before the "
		"sysroot; repeatable"},
	{"lock", 0, "FILE", OPTION_STRING, AT(lock), "XORCH_LOCK",
		"where repair records packages of the suite that it took libraries from, "
		"and finds them again (default: repair.lock in the output folder)"},
	{"exclude-lib", 0, "NAME", OPTION_LIST, AT(exclude_libs), "XORCH_EXCLUDE_LIB",
		"library not to graft, because another package brings it: "
		"libfoo.so.1, libcu*.so.*; repeatable"},
	{"command", 0, "TEXT", OPTION_STRING, AT(command), "XORCH_COMMAND",
		"one more command to run as a test"},
	{"dry-run", 'n', NULL, OPTION_FLAG, AT(dry_run), "XORCH_DRY_RUN",
		"show what would be done and do nothing"},
	{"fix", 0, NULL, OPTION_FLAG, AT(fix), "XORCH_FIX",
		"mend in the files what has just one remedy, and report the rest"},
	{"diff", 0, NULL, OPTION_FLAG, AT(diff), "XORCH_DIFF",
		"change nothing, show what would change; exit status 1 when there is "
		"anything"},
	{"explain", 0, NULL, OPTION_FLAG, AT(explain), "XORCH_EXPLAIN",
		"say why each step runs: which of its inputs changed"},
	{"force", 'f', NULL, OPTION_FLAG, AT(force), "XORCH_FORCE",
		"build even what is there already"},
	{"check-reproducible", 0, NULL, OPTION_FLAG, AT(check_reproducible),
		"XORCH_CHECK_REPRODUCIBLE",
		"build once more in another folder and compare the bytes"},
	{"snapshot", 0, NULL, OPTION_FLAG, AT(snapshot), "XORCH_SNAPSHOT",
		"versions of what `path` sources make get the commit as a label, "
		"1.0+g0123456789ab, and a hash of what is not committed"},
	{"no-provenance", 0, NULL, OPTION_FLAG, AT(no_provenance), "XORCH_NO_PROVENANCE",
		"place no provenance statement (FILE.intoto.jsonl) beside each result"},
	{"ccache", 0, NULL, OPTION_FLAG, AT(ccache), "XORCH_CCACHE",
		"compile through ccache, as is done anyway where it is there; an error "
		"where it is not"},
	{"no-ccache", 0, NULL, OPTION_FLAG, AT(no_ccache), "XORCH_NO_CCACHE",
		"compile everything, though this machine has ccache or sccache"},
	{"keep", 0, NULL, OPTION_FLAG, AT(keep), "XORCH_KEEP",
		"keep the build folders and say where they are"},
	{"keep-going", 'k', NULL, OPTION_FLAG, AT(keep_going), "XORCH_KEEP_GOING",
		"go on with other items after a failure (default with several recipes)"},
	{"fail-fast", 0, NULL, OPTION_FLAG, AT(fail_fast), "XORCH_FAIL_FAST",
		"stop at the first failure"},
	{"replace", 0, NULL, OPTION_FLAG, AT(replace), "XORCH_REPLACE",
		"replace a file of other content under the same name"},
	{"allow-empty", 0, NULL, OPTION_FLAG, AT(allow_empty), "XORCH_ALLOW_EMPTY",
		"nothing selected is no error"},
	{"sandbox", 0, "LEVEL", OPTION_CHOICE, AT(sandbox), "XORCH_SANDBOX",
		"isolation of builds: auto, bwrap, landlock, env", sandbox_names},
	{"allow-network", 0, "ID", OPTION_LIST, AT(allow_network), "XORCH_ALLOW_NETWORK",
		"let the builds of these items reach the network, as `build.network: "
		"true` of a recipe does; patterns too; repeatable"},
	{"timeout", 0, "D", OPTION_SECONDS, AT(timeout), "XORCH_TIMEOUT",
		"longest time for one build: 90s, 45m, 1h"},
	{"log-dir", 0, "DIR", OPTION_STRING, AT(log_dir), "XORCH_LOG_DIR",
		"folder for build logs"},
	{"strict", 0, NULL, OPTION_FLAG, AT(strict), "XORCH_STRICT",
		"warnings are errors"},
	{"upgrade", 0, NULL, OPTION_FLAG, AT(upgrade), "XORCH_UPGRADE",
		"take the newest versions instead of the locked ones"},
	{"exclude-newer", 0, "DATE", OPTION_STRING, AT(exclude_newer),
		"XORCH_EXCLUDE_NEWER",
		"choose no file that the package index of Python got later: a date, a "
		"time (2026-11-01T10:00:00Z), or how long ago: 7d"},
	{"exit-code", 0, NULL, OPTION_FLAG, AT(exit_code), "XORCH_EXIT_CODE",
		"exit status 1 when there are updates"},
	{"check", 0, NULL, OPTION_FLAG, AT(check), "XORCH_CHECK",
		"change nothing; exit status 1 when there is anything to change"},
	{"no-fetch", 0, NULL, OPTION_FLAG, AT(no_fetch), "XORCH_NO_FETCH",
		"prepare nothing"},
	{"verify-cache", 0, NULL, OPTION_FLAG, AT(verify_cache), "XORCH_VERIFY_CACHE",
		"check every file of the cache that is used against its hash"},
	{"ci", 0, NULL, OPTION_FLAG, AT(ci), "XORCH_CI",
		"for a cache that CI keeps: drop downloads, keep what was made of them"},
	{"max-age", 0, "D", OPTION_SECONDS, AT(max_age), "XORCH_MAX_AGE",
		"what was not used for so long is unused: 12h, 90d (default: 30d)"},
	{"format", 0, "F", OPTION_STRING, AT(format), "XORCH_FORMAT",
		"form of the output"},
	{"report", 0, "KIND=FILE", OPTION_LIST, AT(reports), "XORCH_REPORT",
		"write what came out to a file for CI: junit, sarif, gitlab (code "
		"quality); repeatable; FILE - is standard output, which then carries "
		"nothing else",
		.words = "junit= sarif= gitlab="},
	{"metadata-file", 0, "FILE", OPTION_STRING, AT(metadata_file),
		"XORCH_METADATA_FILE",
		"write what --json prints to a file, and print as usual"},
	{"markdown-summary", 0, "FILE", OPTION_STRING, AT(markdown_summary),
		"XORCH_MARKDOWN_SUMMARY",
		"write the table of items as Markdown to a file"},
	{"jobs", 'j', "N", OPTION_INT, AT(jobs), "XORCH_JOBS",
		"parallel jobs (default: the processors this process may use)", NULL, 1,
		1024},
	{"offline", 0, NULL, OPTION_FLAG, AT(offline), "XORCH_OFFLINE",
		"do not touch the network"},
	{"locked", 0, NULL, OPTION_FLAG, AT(locked), "XORCH_LOCKED",
		"write no lock; fail when one is missing or out of date"},
	{"frozen", 0, NULL, OPTION_FLAG, AT(frozen), "XORCH_FROZEN",
		"--locked and --offline"},
	{"directory", 'C', "DIR", OPTION_STRING, AT(directory), NULL,
		"work in this folder"},
	{"config", 0, "FILE", OPTION_STRING, AT(config), "XORCH_CONFIG",
		"read this in place of the user's and the system's config.yaml; "
		"/dev/null for none"},
	{"cache-dir", 0, "DIR", OPTION_STRING, AT(cache_dir), "XORCH_CACHE_DIR",
		"the cache (default: xorch below $XDG_CACHE_HOME or ~/.cache)"},
	{"json", 0, NULL, OPTION_FLAG, AT(json), "XORCH_JSON",
		"the result on standard output as JSON"},
	{"quiet", 'q', NULL, OPTION_FLAG, AT(quiet), "XORCH_QUIET",
		"only warnings and errors"},
	{"verbose", 'v', NULL, OPTION_COUNT, AT(verbose), "XORCH_VERBOSE",
		"more detail; twice for still more"},
	{"progress", 0, "MODE", OPTION_CHOICE, AT(progress), "XORCH_PROGRESS",
		"auto, tty, plain, json, none", progress_names},
	{"color", 0, "WHEN", OPTION_CHOICE, AT(color), "XORCH_COLOR",
		"auto, always, never; NO_COLOR is obeyed", color_names},
	{"log-format", 0, "FORM", OPTION_CHOICE, AT(log_format), "XORCH_LOG_FORMAT",
		"form of what is told: text, json (an object a line)", log_format_names},
	{"log-file", 0, "FILE", OPTION_STRING, AT(log_file), "XORCH_LOG_FILE",
		"where it goes in place of standard error; - is standard output"},
	{"no-input", 0, NULL, OPTION_FLAG, AT(no_input), "XORCH_NO_INPUT",
		"ask nothing: a shell without a command is an error"},
	{"help", 'h', NULL, OPTION_FLAG, AT(help), NULL, "show this help"},
	{"version", 'V', NULL, OPTION_FLAG, AT(version), NULL, "show the version"}, {0}};
