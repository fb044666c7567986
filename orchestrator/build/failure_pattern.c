#include "build/failure.h"
#include <string.h>

/* A line matches a row when it holds `text` and, if there is one, the expression
 * finds something; its group 1 is the subject. The first row that matches wins, so
 * what is special stands before what is general. */
typedef struct pattern {
	const char *text, *regex, *kind; /* kind NULL: not told */
	failure_rank rank;
} pattern;

#define TELLING FAILURE_TELLING
#define COMPILER FAILURE_COMPILER
#define SYSTEM FAILURE_SYSTEM
#define SUMMARY FAILURE_SUMMARY
#define CONSEQUENCE FAILURE_CONSEQUENCE

static const pattern patterns[] = {
	/* ---- code of the target ---- */
	{"Exec format error", NULL, "target-code-run", TELLING},
	{"cannot execute binary file", NULL, "target-code-run", TELLING},
	/* A shell that takes an ELF file for a script stumbles in its first lines. */
	{"Syntax error: ",
		"^(\\S+): \\d: Syntax error: (?:word|\"\\(\"|\"\\)\"|end of file|"
		"newline|EOF in|Unterminated|\"&\"|redirection)",
		"target-code-run", TELLING},
	{"ELF: not found", NULL, "target-code-run", TELLING},
	/* Automake's test suites: the tests, then a summary with "# ERROR: 0". */
	{"FAIL: ", "^FAIL: (\\S+)$", "tests-run", SYSTEM},
	{"# ERROR: ", "^# ERROR: +\\d+$", NULL, FAILURE_NONE},
	{"target-code-does-not-run-here", NULL, "target-code-run", TELLING},
	{"qemu-aarch64: Could not open", NULL, "target-code-run", TELLING},
	{"qemu-arm: Could not open", NULL, "target-code-run", TELLING},
	{"ImportError: /",
		"ImportError: (/\\S+?): (?:wrong ELF class|cannot open shared)",
		"target-module-imported", TELLING},
	{"wrong ELF class", NULL, "target-code-run", TELLING},
	{"cannot run C compiled programs", NULL, "configure-test-run", TELLING},
	{"cannot run C++ compiled programs", NULL, "configure-test-run", TELLING},
	{"cannot run test program while cross compiling", NULL, "configure-test-run",
		TELLING},
	{"TRY_RUN() invoked in cross-compiling mode", NULL, "configure-test-run",
		TELLING},
	{"try_run() invoked in cross-compiling mode", NULL, "configure-test-run",
		TELLING},
	{"are not runnable", "compiler (\\S+) are not runnable", "meson-exe-wrapper",
		TELLING},
	{"Can not run test applications in this cross environment", NULL,
		"meson-exe-wrapper", TELLING},
	{"exe_wrapper is needed for", "exe_wrapper is needed for (\\S+)",
		"meson-exe-wrapper", TELLING},

	/* ---- what the compiler wrapper refuses (build/wrapper/filter.c) ---- */
	{": a library of the build machine", "error: (\\S+): a library",
		"build-machine-library", TELLING},
	{": links a library of the build machine", "error: (\\S+): links",
		"build-machine-library", TELLING},
	{": a flag for x86 processors; ", "error: (\\S+): a flag", "refused-flag",
		TELLING},
	{": would build for another target than ", "error: (\\S+): would", "refused-flag",
		TELLING},
	{": the target passes floating point in registers", "error: (\\S+): the target",
		"refused-flag", TELLING},

	/* ---- limits of the machine ---- */
	{"No space left on device", NULL, "disk-full", TELLING},
	{"Disk quota exceeded", NULL, "disk-full", TELLING},
	{"File size limit exceeded", NULL, "disk-full", TELLING},
	{"virtual memory exhausted", NULL, "memory", TELLING},
	{"Cannot allocate memory", NULL, "memory", TELLING},
	{"Resource temporarily unavailable", NULL, "memory", TELLING}, /* fork */
	{"MemoryError", "^(?:\\w+\\.)*MemoryError", "memory", TELLING},
	{"std::bad_alloc", NULL, "memory", TELLING},
	{"memory allocation of ", "memory allocation of \\d+ bytes failed", "memory",
		TELLING},
	{"LLVM ERROR: out of memory", NULL, "memory", TELLING},
	{"out of memory", "(?i)(?:error|fatal): out of memory|^out of memory", "memory",
		TELLING},
	{"Killed signal terminated program", NULL, "memory", TELLING},
	{"unable to execute command: Killed", NULL, "memory", TELLING},
	{"Killed", "(?:^|: |\\d |\\] )Killed(?:$| )", "memory", SYSTEM},
	/* distutils, subprocess, cargo, go: whom they started */
	{"failed with exit code -9", "exit code -9$", "memory", SYSTEM},
	{"died with <Signals.SIGKILL", NULL, "memory", SYSTEM},
	{"(signal: 9, SIGKILL: kill)", NULL, "memory", SYSTEM},
	{": signal: killed", ": signal: killed$", "memory", SYSTEM},

	/* ---- the compiler itself ---- */
	{"internal compiler error", NULL, "compiler-crash", TELLING},
	{"PLEASE submit a bug report", NULL, "compiler-crash", TELLING},
	{"clang frontend command failed", NULL, "compiler-crash", TELLING},
	{"unable to execute command: Segmentation fault", NULL, "compiler-crash",
		TELLING},
	{"LLVM ERROR: ", NULL, "compiler-crash", TELLING},
	{"the compiler unexpectedly panicked", NULL, "compiler-crash", TELLING},

	/* ---- Rust and Go, before what they share words with ---- */
	{"error[E0658]", NULL, "rust-too-old", COMPILER},
	{"error[E0554]", NULL, "rust-nightly", COMPILER},
	{"error[E0463]", "crate for `(?:std|core)`", "rust-target-missing", COMPILER},
	/* It names the Rust there is, the lines below it the crates with what they want.
	 */
	{" is not supported by the following package", "rustc \\S+ is not",
		"rust-too-old", SYSTEM},
	{" requires rustc ", "^\\s*(\\S+@\\S+|\\S+(?: \\S+)?) requires rustc \\d",
		"rust-too-old", COMPILER},
	{" it requires rustc ", "package `([^`]+)` cannot be built", "rust-too-old",
		COMPILER},
	{"is required", "feature `(edition\\d+)` is required", "rust-too-old", COMPILER},
	{"supported edition values are", "but `(\\d+)` is unknown", "rust-too-old",
		COMPILER},
	{"lock file version", "lock file version `?(\\d+)`?.*(?:requires|understand)",
		"rust-too-old", COMPILER},
	{"error: no matching package", "no matching package (?:named )?`(\\S+)` found",
		"crate-not-locked", COMPILER},
	{"error: failed to select a version for", "requirement `([^`]+)`",
		"crate-not-locked", COMPILER},
	{"error: failed to get `", "failed to get `([^`]+)`", "crate-not-locked",
		COMPILER},
	{"error: failed to download `", "failed to download `([^`]+)`",
		"crate-not-locked", COMPILER},
	{"but --offline was specified", NULL, "crate-not-locked", TELLING},
	{"but --locked was passed", NULL, "crate-not-locked", COMPILER},
	{"error: the configured Python interpreter version",
		"interpreter version \\(([^)]+)\\)", "python-unsupported", TELLING},
	{"error: PyO3 does not support ", "selected Python version is ([\\w.]+)",
		"python-unsupported", TELLING},
	{"error: linker `", "linker `([^`]+)` not found", "missing-tool", COMPILER},
	/* of the crate cmake */
	{"` not installed?", "^\\s*is `([\\w.+-]+)` not installed\\?", "missing-tool",
		COMPILER},
	{"required by crate `", "system library `([^`]+)` required", "missing-dependency",
		SYSTEM},
	{"Could not find directory of OpenSSL installation", NULL, "missing-dependency",
		SYSTEM},
	{"error: literal out of range for `", "`([iu]size)`", "word-size", COMPILER},
	{"go.mod requires go >= ", "requires go >= ([\\w.]+)", "go-too-old", COMPILER},
	{"note: module requires Go ", "requires Go ([\\w.]+)", "go-too-old", COMPILER},
	{"no required module provides package", "provides package ([^;\\s]+)",
		"go-module-missing", COMPILER},
	{"missing go.sum entry", "module providing package (\\S+)", "go-module-missing",
		COMPILER},
	{"missing go.sum entry", NULL, "go-module-missing", COMPILER},
	{"module lookup disabled by GOPROXY=off",
		"^(?:go: )?(\\S+@\\S+?):", "go-module-missing", COMPILER},
	{"module lookup disabled by GOPROXY=off", NULL, "go-module-missing", COMPILER},
	{"updates to go.mod needed", NULL, "go-module-missing", COMPILER},
	{"cannot find module providing package", "package ([^;:\\s]+)",
		"go-module-missing", COMPILER},
	{"build constraints exclude all Go files", "package (\\S+):", "go-needs-cgo",
		COMPILER},
	{"executable file not found in $PATH", "exec: \"([^\"]+)\"", "missing-tool",
		COMPILER},
	{".go:", "\\.go:\\d+:\\d+: .*\\(overflows\\)", "word-size", COMPILER},
	{".go:", "\\.go:\\d+:\\d+: .*constant \\S+ overflows (u?int)\\b", "word-size",
		COMPILER},
	{".go:", "^[\\w./@-]+\\.go:\\d+:\\d+: ", "compile-error", COMPILER},

	/* ---- network ---- */
	{"Could not resolve host", "host:? ([\\w.-]+)", "network", TELLING},
	{"Couldn't resolve host", NULL, "network", TELLING},
	{"Temporary failure in name resolution", NULL, "network", TELLING},
	{"Name or service not known", NULL, "network", TELLING},
	{"failed to lookup address information", NULL, "network", TELLING},
	{"etwork is unreachable", NULL, "network", TELLING},
	{"No route to host", NULL, "network", TELLING},
	{"EAI_AGAIN", NULL, "network", TELLING},
	{"NewConnectionError", NULL, "network", TELLING},
	{"ConnectionRefusedError", NULL, "network", TELLING},
	{"kind: ConnectionRefused", NULL, "network", TELLING},	     /* Rust, {:?} */
	{"Connection refused (os error ", NULL, "network", TELLING}, /* Rust, {} */
	{"dial tcp", NULL, "network", TELLING},
	{"fatal: transport '", NULL, "network", TELLING}, /* git */
	{"error: downloading '", "downloading '([^']+)' failed", "network", TELLING},
	{"Failed to clone repository", "repository: '([^']+)'", "network", TELLING},
	{"Each download failed", NULL, "network", TELLING},
	{"ERROR: could not get http", "get (\\S+)", "network", TELLING},
	{"(from versions: none)", "the requirement (\\S+)", "network", TELLING}, /* pip */
	/* The end of a traceback: why something was to be fetched stands before it. */
	{"urlopen error", NULL, "network", SYSTEM},

	/* ---- headers ---- */
	{"LONG_BIT definition appears wrong", NULL, "host-header", COMPILER},
	{"gnu/stubs", "'?(gnu/stubs-\\w+\\.h)'?", "host-header", COMPILER},
	{"bits/", "error: '?(bits/(?:libc-header-start|wordsize)\\.h)'?", "host-header",
		COMPILER},
	{"error: ", "^(/usr/(?:local/)?include/[^:]+):\\d+", "host-header", COMPILER},
	{"only meant to be used on x86", NULL, "foreign-code", COMPILER},
	/* OpenMP: its header and library come with gcc */
	{"'omp.h' file not found", NULL, "gcc-only", COMPILER},
	{"unable to find library -lomp", NULL, "gcc-only", COMPILER},
	{"fatal error: ",
		"error: '?((?:\\w*mmintrin|x86intrin|immintrin|cpuid|intrin|"
		"x86gprintrin|arm_neon|arm_acle)\\.h)\\b",
		"foreign-code", COMPILER},
	{"fatal error: ", "error: '?(numpy|pybind11|nanobind)/",
		"missing-build-requirement", COMPILER},
	{"fatal error: ",
		"error: '?([^':]+\\.(?:c|cc|cpp|cxx|S|s|asm|pyx))'?(?: file not found|: "
		"No "
		"such file)",
		"missing-source-file", COMPILER},
	/* of the C++ library of GCC 11 to 15: that of the sysroot may be older */
	{"fatal error: ",
		"error: '?(barrier|expected|flat_map|flat_set|format|generator|latch|"
		"mdspan|print|semaphore|source_location|spanstream|stacktrace|stdfloat|"
		"syncstream)(?:' file not found|: No such file)",
		"library-too-old", COMPILER},
	{"std",
		"error: (?:no (?:member|type|template) named '|‘)"
		"(barrier|bit_cast|byteswap|counting_semaphore|expected|format|format_to|"
		"latch|make_unique_for_overwrite|move_only_function|osyncstream|print|"
		"println|source_location|to_underlying|unexpected|unreachable)"
		"(?:' in namespace 'std'|’ is not a member of ‘std’)",
		"library-too-old", COMPILER},
	{"fatal error: ", "error: '?([^':]+?)'?(?: file not found|: No such file)",
		"missing-header", COMPILER},
	{"error: no such file or directory: '",
		"directory: '([^']+\\.(?:c|cc|cpp|cxx|S|s|asm|pyx))'",
		"missing-source-file", COMPILER},

	/* ---- Python's own API ---- */
	{"error: ",
		/* not what the compiler proposes instead */
		"error: (?:(?!did you mean).)*(?:'|`|‘)(_?Py[A-Z_]\\w*|"
		"_?PyObject_\\w+|tp_print|ob_digit|"
		"curexc_\\w+|exc_type|use_tracing|co_varnames|co_code|f_code|f_"
		"localsplus|"
		"recursion_depth|_PyErr_StackItem)(?:'|`|’)",
		"python-unsupported", COMPILER},
	{"error: too few arguments to function call", NULL, "compile-error", COMPILER},

	/* ---- 32 bits ---- */
	{"static assertion failed", "sizeof|(?i)64.?bit", "word-size", COMPILER},
	{"__int128", "error: .*__u?int128", "word-size", COMPILER},
	{"error: ",
		"error: .*(?:shift count >= width|integer (?:constant|literal) is too "
		"large|overflow in (?:constant )?expression|SIZEOF_VOID_P|"
		"array size is negative|declared as an array with a negative size|"
		"size of array .* is negative)",
		"word-size", COMPILER},
	{"error: cast ", "error: cast (?:from|to) .*(?:different size|smaller integer)",
		"word-size", COMPILER},

	/* ---- another processor ---- */
	{"requires target feature '", "feature '([^']+)'", "foreign-code", COMPILER},
	{"target specific option mismatch", NULL, "foreign-code", COMPILER},
	{"constraint", "error: (?:invalid (?:in|out)put|impossible) constraint",
		"foreign-code", COMPILER},
	{"error: ",
		"error: (?:unknown|unrecognized|invalid) (?:instruction|register name|"
		"instruction mnemonic)|error: instruction requires: ",
		"foreign-code", COMPILER},
	{"Error: ",
		"Error: (?:no such instruction|bad instruction|selected processor does "
		"not support|unrecognized instruction)",
		"foreign-code", COMPILER},

	/* ---- what gcc alone compiles: functions inside functions, arrays of a variable
	 * length in structures, the standard of another language ---- */
	{"error: function definition is not allowed here", NULL, "gcc-only", COMPILER},
	{"' extension will never be supported", NULL, "gcc-only", COMPILER},
	/* one list of flags with -std for both */
	{"' not allowed with 'C", NULL, "gcc-only", COMPILER},

	/* ---- flags ---- */
	{"error: unknown argument", "error: unknown argument:? '(-Wl,[^']+)'",
		"unknown-linker-flag", COMPILER},
	{"ld.lld: error: unknown argument", "argument '([^']+)'", "unknown-linker-flag",
		COMPILER},
	{"unrecognized option '", "ld[.\\w]*: unrecognized option '([^']+)'",
		"unknown-linker-flag", COMPILER},
	{"error: invalid value '", "in '(-std=[^']+)'", "compiler-too-old", COMPILER},
	{"option ‘-std=", "option ‘(-std=[-A-Za-z0-9_+]+)", "compiler-too-old", COMPILER},
	{"error: unknown argument", "argument:? '([^']+)'", "unknown-flag", COMPILER},
	{"error: unrecognized command-line option", "option (?:‘|')([-A-Za-z0-9_=.+/]+)",
		"unknown-flag", COMPILER},
	{"error: unsupported option '", "option '([^']+)'", "unknown-flag", COMPILER},
	{"error: unsupported argument '", "to option '([^']+)'", "unknown-flag",
		COMPILER},
	{"error: unknown target CPU", "CPU '([^']+)'", "unknown-flag", COMPILER},
	{"error: unrecognized -m", "unrecognized (-m\\w+)", "unknown-flag", COMPILER},
	{"error: bad value", "bad value (?:\\(|‘|')([-A-Za-z0-9_=.+]+)", "unknown-flag",
		COMPILER},
	{"error: ",
		"(?i)error: .*(?:requires?|needs?) (?:a |at least |an? "
		")*(?:(?:C\\+\\+|C)\\d\\d|"
		"GCC|clang|(?:newer |recent |modern )?compiler)",
		"compiler-too-old", COMPILER},
	{"ERROR: Problem encountered: ",
		"(?i)(?:requires?|needs?) (?:a |at least )*(?:GCC|clang|C\\+\\+\\d\\d)",
		"compiler-too-old", SYSTEM},
	{"CMake Error", "unknown feature\\s+\"(\\w+)\"", "compiler-too-old", SYSTEM},
	{"CMake Error", "No known features for", "compiler-too-old", SYSTEM},

	/* ---- linking ---- */
	{"unable to find library -l", "library -l(\\S+)", "missing-library", COMPILER},
	{"cannot find -l", "cannot find -l([^:\\s]+)", "missing-library", COMPILER},
	{" is incompatible with ",
		"error: (\\S+) is incompatible with (?:elf|aarch64|arm)",
		"build-machine-library", COMPILER},
	{"ile format not recognized",
		"(\\S+): (?:error adding symbols: )?[Ff]ile (?:format )?not rec",
		"build-machine-library", COMPILER},
	{"ile format not recognized", NULL, "build-machine-library", COMPILER},
	{"ile in wrong format",
		"(\\S+): (?:(?:error adding|could not read) symbols: )?[Ff]ile in wrong",
		"build-machine-library", COMPILER},
	{"in archive is not an object", "member (\\S+) in archive",
		"build-machine-library", COMPILER},
	{"Relocations in generic ELF", "(\\S+): Relocations", "build-machine-library",
		COMPILER},
	{"undefined symbol: ", "ld: error: undefined symbol: (.+)$", "undefined-symbol",
		COMPILER},
	{"undefined symbol: ", "error: undefined (?:hidden |protected )?symbol: (.+)$",
		"undefined-symbol", COMPILER},
	{"undefined reference to", "reference to (?:`|‘|')(.+?)(?:'|’)",
		"undefined-symbol", COMPILER},
	{"duplicate symbol: ", "ld\\.lld: error: duplicate symbol: (.+)$", "link-error",
		COMPILER},
	{"multiple definition of", "definition of (?:`|‘|')(.+?)(?:'|’)", "link-error",
		COMPILER},
	{"ld.lld: error: ", NULL, "link-error", COMPILER},
	/* never the cause: the build goes on without it (step_ccache.c) */
	{"sccache: error: ", NULL, NULL, FAILURE_NONE},
	{"ccache: error: ", NULL, "compiler-cache", COMPILER},

	/* ---- other compilers' errors ---- */
	{"undeclared function '", "undeclared (?:library )?function '([^']+)'",
		"undeclared-name", COMPILER},
	{"implicit declaration of function",
		"error: implicit declaration of function (?:‘|')([-A-Za-z0-9_=.+/]+)",
		"undeclared-name", COMPILER},
	{"error: linking with", NULL, "link-error", SYSTEM},
	{"could not compile `", NULL, NULL, CONSEQUENCE},
	{"linker command failed", NULL, NULL, CONSEQUENCE},
	{"ld returned ", NULL, NULL, CONSEQUENCE},
	{"error: aborting due to", NULL, NULL, CONSEQUENCE},
	{"error[E", NULL, "compile-error", COMPILER},

	/* ---- Cython ---- */
	{"Cython.Compiler.Errors.CompileError", "CompileError: (\\S+)", "cython-error",
		SYSTEM},
	{": ", "^[\\w./+-]+\\.(?:pyx|pxd|pxi|pyx\\.in):\\d+:\\d+: ", "cython-error",
		COMPILER},

	/* ---- Python: modules, versions, metadata ---- */
	{"unable to detect version", NULL, "version-from-scm", SYSTEM},
	{"Error getting the version from source `vcs`", NULL, "version-from-scm", SYSTEM},
	{"Versioning for this project requires either an sdist tarball", NULL,
		"version-from-scm", SYSTEM},
	{"UnableToDetermineVersion", NULL, "version-from-scm", SYSTEM},
	{"ModuleNotFoundError: ",
		"No module named '(imp|asynchat|asyncore|smtpd|pipes|cgi|"
		"crypt|telnetlib|xdrlib|nntplib|lib2to3|msilib|spwd)'",
		"python-unsupported", SYSTEM},
	{"ModuleNotFoundError: ",
		"^(?:\\w+\\.)*ModuleNotFoundError: No module named "
		"'([^'.]+)",
		"missing-build-requirement", SYSTEM},
	{"ImportError: ", "^ImportError: cannot import name '([^']+)'",
		"missing-build-requirement", SYSTEM},
	{"has no attribute '", "module 'pkgutil' has no attribute '(ImpImporter)'",
		"python-unsupported", SYSTEM},
	{"has no attribute '",
		"module 'configparser' has no attribute '(SafeConfigParser)'",
		"python-unsupported", SYSTEM},
	{"requires a different Python", "Python: (\\S+)", "python-unsupported", SYSTEM},
	{"ython",
		"(?i)(?:error|exception|exit)\\b.*(?:unsupported python|python \\S* "
		"?(?:is "
		")?not supported|(?:does not|doesn't) support python|(?:requires|"
		"required|needs) python [<>=~3])",
		"python-unsupported", SYSTEM},
	{"configuration error: `", "error: `([^`]+)`", "metadata", SYSTEM},
	{"TOMLDecodeError", "^(?:\\w+\\.)*TOMLDecodeError: ", "metadata", SYSTEM},
	{"InvalidVersion", "^(?:\\w+\\.)*InvalidVersion: ", "metadata", SYSTEM},
	{"InvalidConfigError", NULL, "metadata", SYSTEM},
	{"ConfigurationError: ", "^(?:\\w+\\.)*ConfigurationError: ", "metadata", SYSTEM},
	{"invalid pyproject.toml config", NULL, "metadata", SYSTEM},
	{" setup command: ", "^error in \\S+ setup command: ", "metadata", SYSTEM},

	/* ---- programs ---- */
	{"can't find Rust compiler", NULL, "missing-tool", SYSTEM},
	{"No such file or directory: '",
		"rror: \\[Errno 2\\] No such file or directory: '([\\w.+-]+[-_]config)'",
		"missing-dependency", SYSTEM},
	{"No such file or directory: '",
		"^(?:FileNotFoundError|(?:SystemExit: )?error): \\[Errno 2\\] No such "
		"file or directory: '([\\w.+-]+)'",
		"missing-tool", SYSTEM},
	{"failed: No such file or directory",
		"^(?:SystemExit: )?error: command '([^']+)' failed: No such",
		"missing-tool", SYSTEM},
	{"unable to execute '", "unable to execute '([^']+)': No such", "missing-tool",
		SYSTEM},
	{"not found or not executable", "(?:Program|command)(?:\\(s\\))? \\[?'([^']+)'",
		"missing-tool", SYSTEM},
	{"Pkg-config for machine", NULL, "missing-tool", SYSTEM},
	{"ERROR: Unknown compiler", "Unknown compiler\\(s\\): \\[\\['([^']+)'",
		"missing-tool", SYSTEM},
	{"'fortran' compiler binary not defined in cross file", NULL, "missing-fortran",
		SYSTEM},
	{"compiler binary not defined in cross file", "ERROR: '(\\w+)' compiler",
		"missing-tool", SYSTEM},
	{"CMAKE_Fortran_COMPILER could be found", NULL, "missing-fortran", SYSTEM},
	{"unable to find a build program", "corresponding to \"([^\"]+)\"",
		"missing-tool", SYSTEM},
	{"CMakeNotFoundError", NULL, "missing-tool", SYSTEM},
	{"(find_program)", "using the following names: ([\\w.+-]+)", "missing-tool",
		SYSTEM},
	{"rror: ",
		"rror: (pg_config|mysql_config|krb5-config|curl-config|xml2-config|"
		"xslt-config|gdal-config|geos-config|nc-config|icu-config)\\b",
		"missing-dependency", SYSTEM},
	{"executable not found", "(?:^|: )[`'\"]?([\\w.+-]+)['\"`]? executable not found",
		"missing-dependency", SYSTEM},
	{"ot found",
		"(?:^|/)(?:ba)?sh: (?:(?:line )?\\d+: )?([\\w./+-]+): "
		"(?:command )?not found",
		"missing-tool", SUMMARY},
	{": ", "^g?make(?:\\[\\d+\\])?: ([\\w.+-]+): (?:Command not found|No such file)",
		"missing-tool", SYSTEM},
	{"configure: error: ",
		"(?i)error: .*?([\\w+-]+) (?:is )?(?:required|needed|not "
		"found).*(?:program|PATH|install)",
		"missing-tool", SYSTEM},

	/* ---- a library that is there, in an older version than is asked for ---- */
	{"Invalid version, need ", "need '([^']+)' \\[.* found '", "library-too-old",
		SYSTEM},
	{" found: NO found ",
		"^(?:Native |Run-time )?[Dd]ependency (\\S+) found: NO found",
		"library-too-old", SUMMARY},
	{"but version of ", "^(?:--   )?Requested '[^']+' but version of (\\S+) is",
		"library-too-old", SYSTEM},
	{"', required version is '",
		"^(?:--   )?Package '([^']+)' has version '[^']*', required",
		"library-too-old", SYSTEM},
	{"Found unsuitable version",
		"Could NOT find (\\w+): Found unsuitable version \"[^\"]*\", but "
		"required",
		"library-too-old", SYSTEM},
	{"that is compatible with requested version",
		"for package \"(\\w+)\" that is compatible", "library-too-old", SYSTEM},
	/* `#error`, setup.py and configure in their own words */
	{"rror: ",
		"(?i)error: .*?\\b(?:requires?|needs?|needed|wants?|at least)\\b.*?"
		"\\b(?!python|version|gcc|clang|rust|cmake)([a-z][\\w+-]*) "
		"(?:version )?(?:>=? ?)?v?\\d+(?:\\.\\d+)+[\\w.]* or "
		"(?:later|newer|greater|higher|above|more recent)",
		"library-too-old", COMPILER},
	{"rror: ",
		"(?i)error: .*?\\b(?!python|gcc|clang|rust|cmake)([a-z][\\w+-]*) "
		"(?:version )?>= ?v?\\d+(?:\\.\\d+)+[\\w.]* (?:is |are |was )?"
		"(?:required|needed|not found)",
		"library-too-old", COMPILER},
	{"ompatible ", "(?i)error: .*\\bneed an? compatible (\\w+) version",
		"library-too-old", COMPILER},

	/* ---- what a configure step looks for ---- */
	{"ERROR: Dependency ", "Dependency \"([^\"]+)\" not found", "missing-dependency",
		SYSTEM},
	{"ERROR: Dependency lookup for ", "lookup for (\\S+)", "missing-dependency",
		SYSTEM},
	{"shared or static library '", "library '([^']+)' not found", "missing-library",
		SYSTEM},
	{"ERROR: C", "header '([^']+)' not found", "missing-header", SYSTEM},
	{"Could NOT find ",
		"^CMake Error.*Could NOT find (Git|SWIG|BISON|FLEX|Cython|Perl|"
		"Doxygen|PkgConfig)\\b",
		"missing-tool", SYSTEM},
	{"Could NOT find ", "^CMake Error.*Could NOT find (\\w+)", "missing-dependency",
		SYSTEM},
	{"package configuration file provided by", "provided by\\s+\"([^\"]+)\"",
		"missing-dependency", SYSTEM},
	{"A required package was not found", NULL, "missing-dependency", SYSTEM},
	{"CMake Error", "By not providing \"Find(\\w+)\\.cmake\"", "missing-dependency",
		SYSTEM},
	{"required packages were not found", NULL, "missing-dependency", SYSTEM},
	{"configure: error: Package requirements",
		"requirements \\(([\\w.+-]+)[^)]*\\) were not met", "missing-dependency",
		SYSTEM},
	{"configure: error: ",
		"error: .*?\\b(lib\\w+|[\\w+-]+) (?:library |headers? )?"
		"(?:was |were |is )?(?:not found|missing|required)",
		"missing-dependency", SYSTEM},
	{"'pkg-config'", "CalledProcessError: .*'pkg-config'.*'([\\w.+-]+)[^']*'\\]",
		"missing-dependency", SYSTEM},
	{"pkg-config search path", "Package (\\S+) was not found", "missing-dependency",
		SUMMARY},
	{"No package '", "^(?!--|  )No package '([^']+)' found", "missing-dependency",
		SUMMARY},
	{", not found", "^Package '([^']+)', required by", "missing-dependency", SUMMARY},

	/* setup.py's own words, before it ends */
	{"pkg-config package '", "package '([\\w.+-]+)[^']*' not found",
		"missing-dependency", SUMMARY},
	{"clude files", "'([\\w/.+-]+\\.h)'.* include files$", "missing-header", SUMMARY},
	{"eader files", "'([\\w/.+-]+\\.h)'.* header files$", "missing-header", SUMMARY},

	/* ---- platforms, whoever says it ---- */
	{"",
		"(?i)^(?!\\s*raise "
		").*(?:error|exception)\\b.*(?:unsupported|unknown|unrecognized) "
		"(?:target |"
		"host |cpu )?(?:arch(?:itecture)?\\b|platform|processor|machine|"
		"system)",
		"unsupported-platform", SYSTEM},
	{"invalid configuration `", "configuration `([^']+)'", "unsupported-platform",
		SYSTEM}, /* an old config.sub */

	/* ---- the general ones ---- */
	{"Build step for ", NULL, NULL, CONSEQUENCE},
	{"CMake Error", NULL, "configure-error", SYSTEM},
	{"configure: error: in `", NULL, NULL, CONSEQUENCE},
	{"configure: error: ", NULL, "configure-error", SYSTEM},
	{": ERROR: ", "^\\S*meson\\S*:\\d+:\\d+: ERROR: ", "configure-error", SYSTEM},
	{"Configuring incomplete", NULL, NULL, CONSEQUENCE},
	{"failed to run custom build command", "command for `([^`]+)`", NULL,
		CONSEQUENCE},
	{"error: subprocess-exited-with-error", NULL, NULL, FAILURE_NONE},
	{"error: command ", NULL, NULL, CONSEQUENCE},
	{"error: Command ", NULL, NULL, CONSEQUENCE},
	{"SystemExit: error: ", NULL, NULL, SUMMARY},
	{"*** ", "^g?make", NULL, CONSEQUENCE},
	{"ninja: build stopped", NULL, NULL, CONSEQUENCE},
	{"CalledProcessError", NULL, NULL, CONSEQUENCE},
	{"FAILED: ", NULL, NULL, CONSEQUENCE},
	{"ninja: error: ", NULL, NULL, SYSTEM},
	{": fatal error: ", NULL, "compile-error", COMPILER},
	{": error: ", NULL, "compile-error", COMPILER},
	{": ERROR: ", NULL, NULL, SYSTEM},
	{"error: ", "^\\s*error: ", NULL, SUMMARY},
	{"ERROR: ", NULL, NULL, SUMMARY},
	{"Error: ", NULL, NULL, SUMMARY},
	{"Exception: ", NULL, NULL, SUMMARY},
	{"SystemExit: ", NULL, NULL, SUMMARY},
	/* a shell, and what a script calls most */
	{": parameter not set", "^\\S+: (?:line )?\\d+: (\\w+): parameter not set", NULL,
		SUMMARY},
	{": cannot ", "^(?:cp|mv|ln|mkdir|install|rm|touch|chmod): cannot ", NULL,
		SUMMARY},
};

/* Compiled when first needed. */
static GRegex *expression(guint i)
{
	static GRegex *compiled[G_N_ELEMENTS(patterns)];
	static GMutex lock;

	g_mutex_lock(&lock);
	if (!compiled[i]) {
		GError *error = NULL;
		compiled[i] = g_regex_new(
			patterns[i].regex, G_REGEX_OPTIMIZE | G_REGEX_RAW, 0, &error);
		if (!compiled[i])
			g_error("pattern %u: %s", i, error->message);
	}
	GRegex *r = compiled[i];
	g_mutex_unlock(&lock);
	return r;
}

/* CMake's word for what it did not find stands where the name should:
 * "CYTHON_EXECUTABLE-NOTFOUND" is cython. */
static char *without_notfound(char *subject)
{
	static const char *const kinds[] = {"_EXECUTABLE", "_PROGRAM", "_COMMAND",
		"_COMPILER", "_LIBRARY", "_LIBRARIES", "_PATH"};

	if (!subject || !g_str_has_suffix(subject, "-NOTFOUND"))
		return subject;
	subject[strlen(subject) - strlen("-NOTFOUND")] = '\0';
	for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++)
		if (g_str_has_suffix(subject, kinds[i]))
			subject[strlen(subject) - strlen(kinds[i])] = '\0';
	char *name = g_ascii_strdown(subject, -1);
	g_free(subject);
	return name;
}

static gboolean row_matches(guint i, const char *line, char **subject)
{
	const pattern *p = &patterns[i];
	g_autoptr(GMatchInfo) m = NULL;

	if (!strstr(line, p->text))
		return FALSE;
	if (!p->regex)
		return TRUE;
	if (!g_regex_match(expression(i), line, 0, &m))
		return FALSE;
	*subject = without_notfound(g_match_info_fetch(m, 1));
	if (*subject && !**subject)
		g_clear_pointer(subject, g_free);
	return TRUE;
}

/* A program of a command line that was echoed: what it is given may look like an
 * error ("-DTEXT=\": error: \""), and names of files may. */
static gboolean is_command(const char *line)
{
	static const char *const programs[] = {"cc", "c++", "gcc", "g++", "clang",
		"clang++", "ar", "ld", "as", "ranlib", "strip", "rustc", "cargo",
		"libtool", "moc", "nvcc", "gfortran", "ccache", "cython", NULL};

	if (*line == '[' && strchr(line, ']')) /* "[3/14] cc …" of ninja */
		for (line = strchr(line, ']') + 1; *line == ' '; line++)
			;
	const char *end = strchr(line, ' ');
	if (!end || end[-(end > line)] == ':')
		return FALSE;
	g_autofree char *word = g_strndup(line, (gsize)(end - line));
	char *name = strrchr(word, '/') ? strrchr(word, '/') + 1 : word;
	const char *dash = strrchr(name, '-'); /* aarch64-linux-gnu-gcc */
	const char *const *list = (const char *const *)programs;
	return (g_strv_contains(list, name) ||
		       (dash && g_strv_contains(list, dash + 1))) &&
	       strstr(end, " -");
}

/* "   12 | #error …" and what stands under it: the compiler shows the source. */
static gboolean is_excerpt(const char *line)
{
	while (*line == ' ' || g_ascii_isdigit(*line))
		line++;
	return *line == '|' && (line[1] == ' ' || !line[1]);
}

static gboolean is_no_error(const char *line)
{
	const char *warning = strstr(line, "warning: "), *error = strstr(line, "rror: ");

	if (warning && (!error || warning < error))
		return TRUE;
	return is_excerpt(line) || is_command(line);
}

gboolean failure_match_line(const char *line, failure_match *out)
{
	*out = (failure_match){0};
	if (!*line || is_no_error(line))
		return FALSE;
	for (guint i = 0; i < G_N_ELEMENTS(patterns); i++) {
		g_autofree char *subject = NULL;
		if (!row_matches(i, line, &subject))
			continue;
		if (patterns[i].rank == FAILURE_NONE)
			return FALSE;
		out->rank = patterns[i].rank;
		out->kind = failure_class_by_name(patterns[i].kind);
		if (out->kind)
			out->subject = g_steal_pointer(&subject);
		return TRUE;
	}
	return FALSE;
}
