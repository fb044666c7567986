#include "build/failure.h"
#include "base/error.h"
#include <string.h>

#define HINT_TARGET_CODE                                                                 \
	"give the answer it wanted instead: build.env with the autoconf cache variable " \
	"(ac_cv_…), a CMake cache entry in build.config_settings, a meson option, or " \
	"patch the step to use CC_FOR_BUILD for programs that run during the build"

static const failure_class classes[] = {
	{"other", EXIT_BUILD, "X0901", "",
		"no line of the log is known to name the cause: read it from the first "
		"error on, or up from its end"},
	/* libraries of the target */
	{"missing-header", EXIT_BUILD, "X0901", "a header is missing",
		"name the library it belongs to in requirements.host (deb:NAME from the "
		"sysroot's suite, or recipe:NAME); what the build machine has does not "
		"count. A setup.py that looks for it by itself finds it with "
		"`build: {env: {CPATH: \"${{ host.sysroot }}/usr/include\"}}`"},
	{"missing-library", EXIT_BUILD, "X0901", "a library of the target is missing",
		"name it in requirements.host (deb:NAME from the sysroot's suite, or "
		"recipe:NAME); what the build machine has does not count"},
	{"missing-dependency", EXIT_BUILD, "X0901",
		"the project did not find something it depends on",
		"name it in requirements.host (deb:NAME from the sysroot's suite, or "
		"recipe:NAME), or switch the feature off in build.config_settings"},
	{"library-too-old", EXIT_BUILD, "X0901",
		"a library of the target is older than the project wants",
		"take an older release of the project, or build the library by a recipe "
		"and name it in requirements.host (recipe:NAME)"},
	{"build-machine-library", EXIT_BUILD, "X0907",
		"a library or object of the build machine was to be linked",
		"name the target's library in requirements.host, and patch the place "
		"that "
		"names the build machine's file or folder"},
	{"host-header", EXIT_BUILD, "X0901", "a header of the build machine was used",
		"patch the place that adds its folder (-I/usr/include, a *-config "
		"program "
		"of the build machine); name the target's library in requirements.host"},
	/* code of the target */
	{"target-code-run", EXIT_BUILD, "X0904", "it tried to run code of the target",
		HINT_TARGET_CODE},
	{"configure-test-run", EXIT_BUILD, "X0904",
		"a configure check tried to run code of the target", HINT_TARGET_CODE},
	{"meson-exe-wrapper", EXIT_BUILD, "X0904",
		"meson tried to run code of the target",
		"build the program with `native: true` (a patch of meson.build), or give "
		"the answer as a meson option in build.config_settings"},
	{"tests-run", EXIT_BUILD, "X0904",
		"the build ran the tests of a library it brings: programs of the target",
		"build.env with GNUMAKEFLAGS: \"TESTS= check_PROGRAMS=\", so that `make "
		"check` has nothing to run"},
	{"target-module-imported", EXIT_BUILD, "X0904",
		"a Python module of the target was imported during the build",
		"the build machine cannot load it; patch the step that imports what was "
		"just built, or give what it computes in another way"},
	/* the build's own needs */
	{"missing-build-requirement", EXIT_BUILD, "X0901",
		"a Python module that the build imports is missing",
		"add the project that provides `{}` to requirements.build, then `xorch "
		"lock`"},
	{"missing-tool", EXIT_BUILD, "X0901",
		"a program that the build starts is missing",
		"list `{}` in requirements.tools when this machine has it, or add the "
		"project on the package index that carries it to requirements.build"},
	{"missing-fortran", EXIT_BUILD, "X0901",
		"it compiles Fortran, and this toolchain has no compiler for that",
		"`toolchain: {c: gcc}` has gfortran for aarch64 and armv7"},
	{"missing-source-file", EXIT_BUILD, "X0901", "a source file is not in the source",
		"it is generated (add the generator, such as cython, to "
		"requirements.build) or comes from a submodule (source.submodules)"},
	{"version-from-scm", EXIT_BUILD, "X0901",
		"the project takes its version from a repository that is not here",
		"give it in build.env: SETUPTOOLS_SCM_PRETEND_VERSION_FOR_NAME (or "
		"PBR_VERSION, …): ${{ version }}"},
	{"network", EXIT_BUILD, "X0905", "it wanted the network",
		"put what it fetches into the recipe (requirements, source, vendored "
		"files), or allow it with `build.network: true`, for one run with "
		"--allow-network, which makes the result depend on what is online today"},
	/* compilers */
	{"compile-error", EXIT_BUILD, "X0901", "",
		"the first error names file and line: mend them with a patch "
		"(source.patches), take a release that compiles, or try the other "
		"compiler (toolchain.c: gcc or clang)"},
	{"link-error", EXIT_BUILD, "X0901", "the linker failed",
		"it names the objects in the lines after that one; `toolchain.c` chooses "
		"clang (lld) or gcc (GNU ld)"},
	{"undefined-symbol", EXIT_BUILD, "X0901",
		"the linker found no definition of a name",
		"a library is missing on the link line (requirements.host, build.env "
		"LDFLAGS), or the name is newer than the floor: then raise "
		"toolchain.manylinux or patch its use away"},
	{"undeclared-name", EXIT_BUILD, "X0901", "a function is not declared",
		"a feature check guessed wrong, or the floor's C library does not have "
		"it: "
		"preset the check's answer in build.env or build.config_settings, or "
		"raise "
		"toolchain.manylinux"},
	{"refused-flag", EXIT_BUILD, "X0907",
		"a compiler flag that cannot be for this target",
		"switch it off by an option of the project (build.env, "
		"build.config_settings), or patch the place that adds it. A setup.py "
		"that asks platform.machine() gets the target's name, and may take every "
		"processor that it does not know for an x86: then it builds on no such "
		"machine either (build.skip with the reason)"},
	{"unknown-flag", EXIT_BUILD, "X0901", "the compiler does not know a flag",
		"`toolchain.c` chooses clang or gcc; or patch the place that adds the "
		"flag"},
	{"unknown-linker-flag", EXIT_BUILD, "X0901", "the linker does not know a flag",
		"`toolchain.c` chooses clang (lld) or gcc (GNU ld); or patch the place "
		"that adds the flag"},
	{"gcc-only", EXIT_BUILD, "X0901",
		"the code wants gcc: its own C, or the OpenMP that comes with it",
		"toolchain.c: gcc"},
	{"compiler-too-old", EXIT_BUILD, "X0901",
		"the project wants a newer compiler or language standard",
		"set the standard in build.env (CFLAGS, CXXFLAGS) when the compiler has "
		"it; toolchain.c chooses the other compiler; or take an older release"},
	{"compiler-crash", EXIT_BUILD, "X0901", "the compiler crashed",
		"try the other compiler (toolchain.c: gcc or clang) or a lower "
		"optimisation (build.env CFLAGS), and report it to the compiler's "
		"project"},
	{"compiler-cache", EXIT_BUILD, "X0901",
		"this machine's ccache failed, not the compiler",
		"`--no-ccache` builds without it; `xorch cache dir` names the folder "
		"that has v1/ccache/NAME, the package's cache, which may be removed"},
	{"word-size", EXIT_BUILD, "X0901", "the code assumes 64-bit words",
		"mend it with a patch (source.patches), or leave the target out: "
		"`targets`, or build.skip with the reason"},
	{"foreign-code", EXIT_BUILD, "X0901",
		"the code is for another processor (assembler, intrinsics)",
		"switch the optimised code off by an option of the project (build.env, "
		"build.config_settings), or allow a feature the target may have: "
		"wheel.cpu (a library: library.cpu)"},
	{"cython-error", EXIT_BUILD, "X0901", "Cython refused the code",
		"the release wants another Cython: pin it in requirements.build, such as "
		"\"cython<3\""},
	{"configure-error", EXIT_BUILD, "X0901", "the project's configure step refused",
		"which check it was stands in the first error, why it failed in that "
		"step's own log: config.log, CMakeFiles/CMakeConfigureLog.yaml, "
		"meson-logs/meson-log.txt. An answer that is wrong for the target is "
		"preset in build.env or build.config_settings"},
	/* Python and metadata */
	{"python-unsupported", EXIT_BUILD, "X0901",
		"the project does not support this version of Python",
		"take a newer release of the project, or leave this Python out: "
		"python.versions"},
	{"metadata", EXIT_BUILD, "X0901", "the project's metadata are refused",
		"mend pyproject.toml or setup.cfg with a patch (source.patches), or pin "
		"an "
		"older backend in requirements.build"},
	{"unsupported-platform", EXIT_BUILD, "X0901",
		"the project does not know the target",
		"mend its list of platforms with a patch (source.patches), or leave the "
		"target out: build.skip with the reason"},
	/* Rust and Go */
	{"rust-target-missing", EXIT_BUILD, "X0901",
		"Rust's standard library for the target is missing",
		"toolchain.rust names a toolchain that lacks it: leave it out, or "
		"install "
		"the target there"},
	{"rust-too-old", EXIT_BUILD, "X0901", "the project wants a newer Rust",
		"name a newer compiler of the catalogue in toolchain.rust "
		"(toolchains/rust-*.yaml), let crates that this one compiles be chosen "
		"by `cargo: {renew: true}`, or take an older release"},
	{"rust-nightly", EXIT_BUILD, "X0901", "the project wants a nightly Rust",
		"leave out the feature of the crate that asks for it, or let the stable "
		"compiler take the unstable features of its day: "
		"`build: {env: {RUSTC_BOOTSTRAP: \"1\"}}`"},
	{"crate-not-locked", EXIT_BUILD, "X0901",
		"a crate is not among those locked for this build",
		"`xorch lock --upgrade` resolves the crates anew; a Cargo.lock of the "
		"project that does not fit wants a patch"},
	{"go-module-missing", EXIT_BUILD, "X0901",
		"a Go module is not among those fetched",
		"its go.sum is incomplete: patch go.mod and go.sum, or take another "
		"version"},
	{"go-too-old", EXIT_BUILD, "X0901", "the module wants a newer Go",
		"name a newer one in toolchain.go, or take an older release"},
	{"go-needs-cgo", EXIT_BUILD, "X0901", "the package has only C parts",
		"allow cgo: `go.cgo: true`"},
	/* the machine and its limits */
	{"memory", EXIT_BUILD, "X0906", "memory or processes ran out",
		"fewer jobs at a time (-j 1, build.jobs, build.exclusive), a larger "
		"build.memory, or more memory"},
	{"disk-full", EXIT_HOST, "X0821", "no space left", NULL},
	{"silent", EXIT_TIME, "X0903", "",
		"a step that is silent for long on purpose needs a larger "
		"build.silent_timeout"},
	{"time-out", EXIT_TIME, "X0902", "", "a larger build.timeout, or --timeout"},
	/* found outside of build logs */
	{"patch-failed", EXIT_BUILD, NULL, "a patch does not apply", NULL},
	{"source-changed", EXIT_BUILD, NULL, "the source changed during the build", NULL},
	{"download", EXIT_NETWORK, NULL, "a download failed", NULL},
	{"integrity", EXIT_INTEGRITY, NULL, "a file is not the one locked", NULL},
	{"recipe", EXIT_INPUT, NULL, "the recipe cannot be built like this", NULL},
	{"lock", EXIT_LOCK, NULL, "something is not locked", NULL},
	{"requirements-unsolvable", EXIT_BUILD, NULL,
		"the build requirements cannot be met", NULL},
	{"no-target-wheel", EXIT_BUILD, NULL,
		"a build requirement has no wheel for the target", NULL},
	{"backend", EXIT_BUILD, NULL, "the build backend cannot be used", NULL},
	{"no-artefact", EXIT_BUILD, NULL, "the build left no usable artefact", NULL},
	{"wrong-machine", EXIT_AUDIT, NULL, "the artefact holds code for another machine",
		NULL},
	{"wrong-tag", EXIT_AUDIT, NULL, "names, tags and contents do not agree", NULL},
	{"recent-symbol", EXIT_AUDIT, NULL, "it needs newer libraries than its floor",
		NULL},
	{"unknown-library", EXIT_AUDIT, NULL,
		"it needs a library that is not on every system", NULL},
	{"lost-extension", EXIT_AUDIT, NULL, "an extension module was lost", NULL},
	{"audit", EXIT_AUDIT, NULL, "the artefact failed the audit", NULL},
	{"not-reproducible", EXIT_AUDIT, NULL, "two builds of the same inputs differ",
		NULL},
	{"file-exists", EXIT_AUDIT, NULL,
		"another file of that name is in the output folder", NULL},
	{"machine", EXIT_HOST, NULL, "this machine lacks something", NULL},
	{"stopped", EXIT_SIGNAL, NULL, "stopped by a signal", NULL},
	{"bug", EXIT_BUG, NULL, "a fault of xorch", NULL},
};

/* Codes that say more than their exit status does. */
static const struct {
	const char *codes, *name;
} by_code[] = {
	{"X0920 X0921", "patch-failed"},
	{"X0908", "source-changed"},
	{"X0912 X0913 X0914", "requirements-unsolvable"},
	{"X0915", "backend"},
	{"X0990", "no-target-wheel"},
	{"X0916 X0720 X0944 X0971", "no-artefact"},
	{"X0703 X0704 X0728 X0741 X0972", "wrong-machine"},
	{"X0713 X0719 X0722 X0724 X0955", "wrong-tag"},
	{"X0705", "recent-symbol"},
	{"X0706 X0707", "unknown-library"},
	{"X0714 X0715 X0716", "lost-extension"},
	{"X0721 X0740", "foreign-code"},
	{"X0729", "not-reproducible"},
	{"X0723", "file-exists"},
	{"X0821", "disk-full"},
	{"X0902", "time-out"},
	{"X0903", "silent"},
	{"X0904", "target-code-run"},
	{"X0905", "network"},
	{"X0906", "memory"},
	{"X0907", "refused-flag"},
};

static const struct {
	int exit;
	const char *name;
} by_exit[] = {
	{EXIT_INPUT, "recipe"},
	{EXIT_LOCK, "lock"},
	{EXIT_NETWORK, "download"},
	{EXIT_INTEGRITY, "integrity"},
	{EXIT_AUDIT, "audit"},
	{EXIT_HOST, "machine"},
	{EXIT_TIME, "time-out"},
	{EXIT_BUG, "bug"},
};

const failure_class *failure_class_all(guint *n)
{
	*n = G_N_ELEMENTS(classes);
	return classes;
}

const failure_class *failure_class_by_name(const char *name)
{
	for (guint i = 0; name && i < G_N_ELEMENTS(classes); i++)
		if (g_str_equal(classes[i].name, name))
			return &classes[i];
	return NULL;
}

static const char *name_by_code(const char *message)
{
	if (message[0] != '[' || strlen(message) < 7)
		return NULL;
	g_autofree char *code = g_strndup(message + 1, 5);
	for (guint i = 0; i < G_N_ELEMENTS(by_code); i++)
		if (strstr(by_code[i].codes, code))
			return by_code[i].name;
	return NULL;
}

const failure_class *failure_class_of_error(const GError *error)
{
	const failure_class *known = failure_class_by_name(error_fact(error, "class"));

	if (known)
		return known;
	if (error->domain != XORCH_ERROR)
		return failure_class_by_name("bug");
	if (error->code > EXIT_SIGNAL)
		return failure_class_by_name("stopped");
	const char *name = name_by_code(error->message);
	for (guint i = 0; !name && i < G_N_ELEMENTS(by_exit); i++)
		if (by_exit[i].exit == error->code)
			name = by_exit[i].name;
	return failure_class_by_name(name ? name : "other");
}
