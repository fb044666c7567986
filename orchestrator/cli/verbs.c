#include "cli/verbs.h"
#include <string.h>

static const char build_details[] =
	"Recipes and folders of recipes (default: recipes/), times targets, times "
	"Pythons.\n"
	"Prints the path of each artefact. What is missing in a lock is written; what "
	"the\n"
	"cache has is not built again. Ids such as cwcwidth-0.1.12-cp311-aarch64 select\n"
	"single items of recipes/.";

static const char plan_details[] =
	"Runs nothing and asks nobody. An item is skipped, up to date, or built; with\n"
	"the inputs that changed since it was built last.\n\n"
	"--format text (default), json, dot (a graph), github-matrix (for >> "
	"\"$GITHUB_OUTPUT\": matrix and count), gitlab (a child pipeline; the job .xorch "
	"it "
	"extends is included beside it).";

static const char check_details[] =
	"Reports all errors and warnings, sorted by file and line. A folder stands for "
	"every *.yaml below it that has the key schema_version, definitions of sysroots "
	"and toolchains included; - is standard input; without arguments the working "
	"directory is checked. The locks beside them and the project file xorch.yaml are "
	"checked too. On GitHub Actions "
	"the findings become annotations.\n\n"
	"--fix mends what has just one remedy: a key or a choice that is one letter off, "
	"a "
	"version without quotes, yes and no for true and false, targets, Pythons and "
	"floors "
	"in another spelling (arm64, cp311, manylinux2014). Everything else in the file "
	"keeps "
	"its bytes; it says what it mended and reports what is left. Locks and files "
	"that are "
	"no YAML are not touched.";

static const char fetch_details[] = "With --sysroot or --toolchain and no recipe: makes "
				    "just that ready, for --target or\n"
				    "all targets it exists for, and prints the folders.";

static const char lock_details[] =
	"With --sysroot or --toolchain and no recipe: the lock of that definition. What "
	"is\n"
	"locked stays as it is; --upgrade takes what the suite holds now.";

static const char log_details[] =
	"Without an argument: what was built, how it ended and how long it took, the "
	"last "
	"50 builds, newest last. With the id of an item, or the beginning of one: the "
	"log "
	"of its last build. --json gives all that is known. Logs of an item's last 5 "
	"builds and records of 100 are kept below $XDG_STATE_HOME/xorch/builds.\n\n"
	"--format durations: how long each package took for each target, for "
	"--durations.";

/* To add a verb: cli/cmd_NAME.c with `int cmd_NAME(const options *, char **args,
 * GError **)`, its prototype in cli/verbs.h, a row here. The fourth column names
 * the options it takes, besides the global ones; a new option is a row in
 * cli/options.c and a field in cli/options.h. Usage, help and the refusal of
 * options that mean nothing for a verb follow from that. */
static const char env_details[] =
	"Makes compiler and sysroot of the target ready first, unless --no-fetch: then "
	"only what needs neither is printed (GOARM, PLAT, triples …).\n\n"
	"--format sh (default; for eval), json, github (for >> \"$GITHUB_ENV\"), dotenv, "
	"docker (ENV lines of a Dockerfile).";

static const char outdated_details[] =
	"Asks each recipe's source: the package index of Python, a repository's tags, "
	"the "
	"proxy of Go modules, a Debian suite. Which release counts is the recipe's: "
	"update.allow, update.prerelease, update.min_age (else minimum_age of "
	"xorch.yaml), its Pythons, and its Rust where recipe or lock speak of one; "
	"pre-releases and what was taken back are left out. The newest "
	"of all is named when something holds it back. A URL does not tell; update.from "
	"can name another place.\n\n"
	"Exit status: 0, also when there are updates (1 with --exit-code); when a "
	"recipe's "
	"source could not be asked, that error's.";

static const char update_details[] =
	"Raises the version of each recipe to what `xorch outdated` calls the newest, or "
	"of "
	"one to the VERSION that is named, which may be an older one: minimum ages and "
	"update.allow do not speak against it, --exclude-newer does. A release on the "
	"package index of Python whose Cargo.toml wants a newer Rust than the recipe "
	"gets "
	"is held back, or said to be one when it is named. With it change tag, "
	"commit, address and hashes that the recipe gives itself; all else in the file "
	"keeps "
	"its bytes. Then the lock is renewed for all Pythons and targets it had, or just "
	"those of --python and --target. When that fails, recipe and lock are as they "
	"were.\n\n"
	"-n shows what would be changed; --check too, with exit status 1 when there is "
	"something. A recipe's patches are applied while it is locked, so one that no "
	"longer fits is found then.";

static const char new_details[] =
	"From what a project publishes: its sdist (--from pypi, the default), a Go "
	"module "
	"(--from gomod MODULE[@VERSION]) or a git repository (--from git URL[#TAG]; "
	"neither Python nor Go: a recipe of kind library). The "
	"newest release is taken that this machine's Python and Rust can build. Backend, "
	"extension modules and libraries are read from the source, nothing of it is run, "
	"and from upstream's own wheel where there is one; what is guessed is marked. "
	"The "
	"recipe goes to recipes/NAME.yaml or where -o says, and is never written over "
	"one "
	"that exists. --no-fetch: no lock.\n\n"
	"When the lock is made it turns out which build requirements carry headers or "
	"archives of one machine (numpy) and have no wheel for a target: each gets a "
	"recipe "
	"beside, for just these targets, unless one is there, and is built first by "
	"itself. "
	"What cannot be locked is told, and the exit status is that of `xorch lock`; the "
	"recipe stays, and its lock has what could be.\n\n"
	"-r requirements.txt --target T: a recipe for each package of its closure that "
	"publishes no wheel for the target.";

static const char repair_details[] =
	"Makes of a wheel that anybody built one that runs on every system of its "
	"policy, "
	"without running any of it: shared libraries that no such system has are put "
	"into "
	"the wheel with all they need, renamed by their hash, their licences and a list "
	"of "
	"parts (CycloneDX) beside them; then it gets the lowest tag that holds, or that "
	"of "
	"--floor. The input stays as it is; the result goes to --out, never over a file "
	"of "
	"other content.\n\n"
	"Libraries come from --lib-dir, the sysroot's packages, and the packages of the "
	"sysroot's suite that have a library of that name, with their dependencies, as "
	"the "
	"suite has them now (not with --locked or --offline); which ones these were is "
	"kept in a lock (--lock) and holds for the next time, until --upgrade. The "
	"target "
	"is that of the "
	"file name; --target is needed where that names none. Search paths that leave "
	"the "
	"wheel are taken out, and so is libpython. What needs nothing only gets its "
	"tag.\n\n"
	"Beside each result stands its provenance, FILE.intoto.jsonl: the wheel by its "
	"sha256, every package and library that went into it, the tags before and after "
	"(`xorch explain FILE`, `xorch rebuild FILE`; --no-provenance leaves it out). A "
	"wheel that needs nothing keeps the one that it has.";

static const char verify_details[] =
	"Runs the tests of the recipe (from recipes/, by name and version; or --recipe) "
	"in "
	"a Debian root of the target, under qemu-user where it is another machine, "
	"without "
	"network. Without a recipe every module of a wheel is imported. What a wheel "
	"needs is taken from --find-links (default: dist), then from the package "
	"index.\n\n"
	"Exit status: 0 something passed and nothing failed, 1 a test failed, 3 nothing "
	"could be run; --strict: 1 when anything could not be run.";

static const char explain_details[] =
	"A wheel or program that xorch built or repaired has its provenance beside it, "
	"FILE.intoto.jsonl, an in-toto statement (SLSA v1). It is checked that this is "
	"the file it speaks of (exit status 6 when not), then shown: recipe and commit "
	"(of a repair: the wheel, its tags, the libraries put in), "
	"what was asked for, and every input by name and sha256; -v lists all of them, "
	"--json gives the statement itself. Without arguments: all codes.";

static const char rebuild_details[] =
	"FILE is a wheel or program that xorch built, its provenance (FILE.intoto.jsonl) "
	"beside it. The recipe is looked for under the path that the provenance names, "
	"from the top of this repository, or is --recipe. It is built for the same "
	"target "
	"and Python, with the same toolchain, sysroot, floor and sandbox, in a private "
	"place: neither the output folder nor what the cache knows of earlier builds is "
	"touched, and no lock is written. With all inputs in the cache no network is "
	"needed (--offline).\n\n"
	"Inputs that are others now are named; with --strict they are an error and "
	"nothing is built.\n\n"
	"A wheel that `xorch repair` made is repaired again, with the very packages that "
	"the provenance names. The wheel that it was made of is found by its sha256 in "
	"--find-links (default: dist), beside FILE or here; libraries of folders need "
	"--lib-dir.\n\n"
	"Exit status: 0 the bytes are the same, 7 they are not (the first member that "
	"differs is named), 6 FILE is not what its provenance says, 2 there is no "
	"recipe, or no wheel to repair.";

static const char fmt_details[] =
	"Recipes, definitions of sysroots and toolchains, and xorch.yaml; a folder "
	"stands "
	"for every *.yaml below it that has the key schema_version, - is standard input, "
	"written to standard output; without arguments the working directory. Prints the "
	"files that were changed.\n\n"
	"The form: two blanks of indentation, the outermost keys in the order of `xorch "
	"help "
	"recipe`, each with the comments above it, one blank line at most, no quotes "
	"where "
	"no "
	"YAML reader needs them, no blanks at the ends of lines. Lists and maps stay on "
	"lines "
	"or in brackets as they are, and so do comments. The result is read again: "
	"values "
	"and "
	"comments are those of the file, or it is left alone. It causes no rebuild. "
	"`xorch check --fix` mends mistakes.";

static const char schema_details[] =
	"For editors. A recipe with\n\n"
	"  # yaml-language-server: $schema=recipe-1.schema.json\n\n"
	"in its first line is completed and checked while it is written, where that file "
	"holds the output. It is made from the same table as the checks.";

static const char shell_details[] =
	"After `xorch build ID --keep`, whether the build went well or not: a shell, or "
	"a "
	"command, where its last step ran, with the same folders, variables, compilers "
	"and "
	"isolation, its source and output as it left them. What is changed there stays "
	"there and touches no later build. The newest folder that was kept counts; ID "
	"may "
	"be the beginning of one. Values of build.env_pass are not kept: they are taken "
	"from the environment again.\n\n"
	"Exit status: that of the shell or command.";

const verb verbs[] = {
	{"__fetch", "[URL [MAX]]", "fetch the files listed on standard input", "",
		cmd_fetch_files, VERB_HIDDEN},
	{"__git", "", "a commit of a repository as a folder, for source_git", "", cmd_git,
		VERB_HIDDEN},
	{"__index", "NAME [VERSION]", "show what the package index says", "",
		cmd_index_page, VERB_HIDDEN},
	{"__python", "", "make target Pythons and print their folders",
		"target python toolchain sysroot floor", cmd_python_target, VERB_HIDDEN},
	{"__rpmdb", "DIR", "what RPM's database below a folder says, for sysroot_parts",
		"", cmd_rpmdb, VERB_HIDDEN},
	{"__sandbox", "COMMAND…", "run a command the way build steps run",
		"sandbox timeout", cmd_sandbox, VERB_COMMAND | VERB_HIDDEN},
	{"__share", "DIR", "write manual pages and completions, to be installed", "",
		cmd_share, VERB_HIDDEN | VERB_PLAIN},
	{"__sysroot", "NAME [PACKAGE…]", "make a sysroot with further packages", "target",
		cmd_sysroot, VERB_HIDDEN},
	{"audit", "FILE|DIR…", "judge wheels and ELF files without running them",
		"strict", cmd_audit, VERB_PLAIN},
	{"build", "[RECIPE|DIR|ID…]", "build, audit and place what recipes describe",
		"target python only skip shard durations changed-since fetch-base "
		"toolchain sysroot "
		"floor out "
		"dry-run explain "
		"force verify-cache check-reproducible snapshot no-provenance ccache "
		"no-ccache keep "
		"keep-going "
		"fail-fast "
		"replace "
		"allow-empty "
		"sandbox allow-network timeout "
		"log-dir strict report metadata-file markdown-summary exclude-newer",
		cmd_build, 0, build_details},
	{"cache", "dir|size|verify|prune|clean", "look after the cache",
		"ci max-age dry-run", cmd_cache, 0,
		"dir prints where it is, size what takes how much. verify reads every "
		"file, sets aside what is damaged and exits 6 if anything was. prune "
		"removes what has not been used for --max-age and what failed downloads "
		"left, also the folders that `xorch build --keep` left (size calls them "
		"kept) when no `xorch shell` was in them for so long; prune --ci removes "
		"all downloads and keeps results, as a cache "
		"carried between CI runs should. clean removes the whole cache, after "
		"waiting for running builds, and leaves kept folders. All but clean are "
		"safe beside running builds."},
	{"check", "[RECIPE|DIR…]", "check recipes, catalogues and locks without building",
		"changed-since fetch-base explain fix strict report", cmd_check,
		VERB_PLAIN, check_details},
	{"completion", "bash|zsh|fish", "print what completes xorch in a shell", "",
		cmd_completion, VERB_PLAIN,
		"bash: eval \"$(xorch completion bash)\" in ~/.bashrc; zsh: the same in "
		"~/.zshrc; "
		"fish: xorch completion fish | source."},
	{"doctor", "", "show what this machine has and lacks for building", "",
		cmd_doctor},
	{"env", "", "print the variables that build systems read, for a target",
		"target toolchain sysroot floor format no-fetch", cmd_env, 0, env_details,
		"sh json github dotenv docker"},
	{"exec", "[--] COMMAND…", "run a command with the variables of a target",
		"target toolchain sysroot floor no-fetch", cmd_exec, VERB_COMMAND},
	{"explain", "[CODE|FILE…]",
		"explain an error code such as X0201, or what a result was made from", "",
		cmd_explain, VERB_PLAIN, explain_details},
	{"fetch", "[RECIPE|DIR…]", "fetch all that a build will need",
		"target python only skip shard durations changed-since fetch-base "
		"toolchain sysroot "
		"floor explain "
		"allow-empty metadata-file exclude-newer",
		cmd_fetch, 0, fetch_details},
	{"fmt", "[FILE|DIR…]", "write recipes, definitions and xorch.yaml in one form",
		"check diff", cmd_fmt, VERB_PLAIN, fmt_details},
	{"help", "[VERB|recipe]", "show help, or the keys of a recipe", "", cmd_help,
		VERB_PLAIN},
	{"lock", "[RECIPE|DIR…]", "write what is missing in locks, or renew them",
		"target python only skip shard durations changed-since fetch-base "
		"toolchain sysroot "
		"floor upgrade "
		"explain allow-empty sandbox metadata-file exclude-newer",
		cmd_lock, 0, lock_details},
	{"log", "[ID]", "show the builds of this machine, or the log of one", "format",
		cmd_log, 0, log_details, "durations"},
	{"new", "NAME[==VERSION]…", "write a first recipe, with its lock",
		"from requirements out target python no-fetch sandbox exclude-newer",
		cmd_new, 0, new_details},
	{"outdated", "[NAME|RECIPE|DIR…]",
		"show of which recipes there are newer releases",
		"python exclude-newer exit-code", cmd_outdated, 0, outdated_details},
	{"plan", "[RECIPE|DIR|ID…]", "show what would be built, and why or why not",
		"target python only skip shard durations changed-since fetch-base "
		"toolchain sysroot "
		"floor out "
		"explain format force snapshot allow-empty sandbox allow-network "
		"metadata-file "
		"markdown-summary",
		cmd_plan, 0, plan_details, "text json github-matrix gitlab dot"},
	{"rebuild", "FILE",
		"build or repair a result once more from its provenance and compare",
		"recipe sandbox keep timeout log-dir find-links lib-dir strict",
		cmd_rebuild, 0, rebuild_details},
	{"repair", "WHEEL|DIR…", "put the libraries a wheel lacks into it, and its tag",
		"target sysroot floor out lib-dir lock upgrade exclude-lib no-provenance "
		"replace strict",
		cmd_repair, 0, repair_details},
	{"schema", "[recipe|project]",
		"print the JSON schema of a recipe, or of xorch.yaml", "", cmd_schema,
		VERB_PLAIN, schema_details},
	{"shell", "ID [-- COMMAND…]", "open the sandbox of a build that was kept", "",
		cmd_shell, VERB_COMMAND, shell_details},
	{"update", "[NAME[@VERSION]|RECIPE|DIR]…",
		"raise versions in recipes, with their locks",
		"target python exclude-newer check dry-run sandbox", cmd_update, 0,
		update_details},
	{"verify", "[WHEEL|PROGRAM|DIR]…", "run the tests of what was built",
		"python out recipe find-links command timeout strict allow-empty "
		"exclude-newer",
		cmd_verify, 0, verify_details},
	{"version", "", "show the version of xorch and of its libraries", "", cmd_version,
		VERB_PLAIN},
	{0}};

const verb *verb_by_name(const char *name)
{
	for (const verb *v = verbs; v->name; v++)
		if (g_str_equal(v->name, name))
			return v;
	return NULL;
}

char *verb_options(const verb *v)
{
	return g_strjoin(" ", v->options, OPTIONS_GLOBAL, NULL);
}
