#include "filter.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void event(const tool *t, const char *action, const char *flag, const char *reason)
{
	const char *log = getenv("XORCH_WRAPPER_LOG");
	char *line;
	int fd;

	if (!log || !*log)
		return;
	line = text_format("%s\t%s\t%s\t%s\n", action, t->name, flag, reason);
	fd = open(log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0)
		return; /* a log that cannot be written must not fail a build */
	/* One write: lines of parallel compilers do not mix. */
	if (write(fd, line, strlen(line)) < 0)
		perror("xorch-cc: XORCH_WRAPPER_LOG");
	close(fd);
}

static void refuse(const tool *t, const char *flag, const char *reason)
{
	event(t, "refused", flag, reason);
	fprintf(stderr, "%s: error: %s: %s\n", t->name, flag, reason);
	exit(1);
}

static int starts(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

/* Is `path` `folder` or below it? Doubled slashes and /./ do not hide it. */
static int below(const char *path, const char *folder)
{
	while (*folder) {
		if (*path == '/' &&
			(path[1] == '/' || (path[1] == '.' && path[2] == '/'))) {
			path += path[1] == '/' ? 1 : 2;
			continue;
		}
		if (*path++ != *folder++)
			return 0;
	}
	return !*path || *path == '/';
}

static int in_trees(const tool *t, const char *path)
{
	for (size_t i = 0; i < t->dirs.n; i++)
		if (below(path, t->dirs.v[i]))
			return 1;
	return 0;
}

static int host_path(const tool *t, const char *path, const char *const *folders)
{
	if (path[0] != '/' || in_trees(t, path))
		return 0;
	for (; *folders; folders++)
		if (below(path, *folders))
			return 1;
	return 0;
}

static const char *const include_folders[] = {"/usr/include", "/usr/local/include",
	"/usr/lib/python3", "/usr/lib/gcc", "/usr/lib/llvm", NULL};
static const char *const library_folders[] = {"/usr/lib", "/usr/lib32", "/usr/lib64",
	"/usr/libx32", "/lib", "/lib32", "/lib64", "/libx32", "/usr/local/lib",
	"/usr/local/lib64", NULL};

/* A library of the build machine given by its file name. */
static int host_library_file(const tool *t, const char *path)
{
	const char *name = strrchr(path, '/');

	return name && host_path(t, path, library_folders) &&
	       (strstr(name, ".so") || strstr(name, ".a"));
}

/* The header folder of a Python: …/include/pythonX.Y, its ABI letters and
 * subfolders included. */
static int python_headers(const char *path)
{
	const char *p = strstr(path, "/include/python");
	const char *q;

	if (!p)
		return 0;
	q = p + strlen("/include/python");
	return q[0] >= '2' && q[0] <= '9' && q[1] == '.' && q[2] >= '0' && q[2] <= '9';
}

static const char *host_include(const tool *t, const char *path)
{
	const char *python = getenv("XORCH_TARGET_PYTHON");

	if (host_path(t, path, include_folders))
		return "header folder of the build machine";
	if (python_headers(path) && !in_trees(t, path) && !below(path, "/xorch/python") &&
		!(python && *python && below(path, python)))
		return "headers of the build machine's Python";
	return NULL;
}

static const char *host_library(const tool *t, const char *path)
{
	return host_path(t, path, library_folders) ? "library folder of the build machine"
						   : NULL;
}

int tool_is_driver(const tool *t)
{
	return t->kind == TOOL_COMPILER || t->kind == TOOL_CXX;
}

typedef const char *(*path_check)(const tool *t, const char *path);

static const struct {
	const char *flag;
	path_check check;
} path_flags[] = {
	{"-I", host_include},
	{"-isystem", host_include},
	{"-idirafter", host_include},
	{"-iquote", host_include},
	{"-cxx-isystem", host_include},
	{"-L", host_library},
	{"-B", host_library},
};

/* Flags whose value is the next argument (besides path_flags). */
static const char *const valued[] = {"-o", "-x", "-D", "-U", "-include", "-imacros",
	"-MF", "-MT", "-MQ", "-MJ", "-T", "-u", "-z", "-e", "-G", "-Xlinker", "-Xclang",
	"-Xassembler", "-Xpreprocessor", "-Xarch_host", "-target", "--target", "-arch",
	"-aux-info", "-iprefix", "-iwithprefix", "-iwithprefixbefore", "-isysroot",
	"-imultilib", "--param", "-mllvm", "-dumpbase", "-dumpdir", "-wrapper", "-specs",
	"-rpath", "-soname", "-dynamic-linker", "--dynamic-linker", "-plugin", "-R",
	"-rpath-link", "-h", "-m", "-y", "-include-pch", "--sysroot", "-framework", NULL};

static int takes_value(const tool *t, const char *flag)
{
	for (size_t i = 0; valued[i]; i++)
		if (!strcmp(valued[i], flag)) {
			/* -h and -m are ld's; the drivers know no such flag. */
			return t->kind == TOOL_LINKER ||
			       (strcmp(flag, "-h") && strcmp(flag, "-m"));
		}
	return 0;
}

/* NULL, or why this flag cannot be meant for the target. */
static const char *foreign_flag(const tool *t, const char *arg)
{
	static const char *const x86[] = {"-msse", "-mno-sse", "-mavx", "-mno-avx",
		"-mssse3", "-mfpmath=sse", "-mpclmul", "-mfma", "-mbmi", "-mmmx",
		"-mpopcnt", "-mf16c", "-mf16c", "-mlzcnt", "-mrdrnd", "-mamx", NULL};

	if (t->cpu == CPU_X86_64)
		return !strcmp(arg, "-m32") || !strcmp(arg, "-mx32") ||
				       !strcmp(arg, "-m16")
			       ? "would build for another target than x86_64"
			       : NULL;
	if (!strcmp(arg, "-m32") || !strcmp(arg, "-m64") || !strcmp(arg, "-mx32") ||
		!strcmp(arg, "-m16"))
		return "a flag for x86 processors; the target is ARM";
	for (size_t i = 0; x86[i]; i++)
		if (starts(arg, x86[i]))
			return "a flag for x86 processors; the target is ARM";
	if (starts(arg, "-march=x86-64") || starts(arg, "-mtune=x86-64"))
		return "a flag for x86 processors; the target is ARM";
	if (t->cpu == CPU_ARM &&
		(!strcmp(arg, "-mfloat-abi=soft") || !strcmp(arg, "-mfloat-abi=softfp") ||
			!strcmp(arg, "-msoft-float")))
		return "the target passes floating point in registers (-mfloat-abi=hard)";
	return NULL;
}

static int native_flag(const char *arg)
{
	return !strcmp(arg, "-march=native") || !strcmp(arg, "-mtune=native") ||
	       !strcmp(arg, "-mcpu=native");
}

/* In an environment of build scripts CFLAGS is the target's, and the cc crate gives it to
 * the build machine's compiler as well, which knows no processor of ARM's. */
static int target_flag(const tool *t, const char *arg)
{
	static const char *const arm[] = {"-march=arm", "-mcpu=", "-mtune=cortex-",
		"-mtune=arm", "-mtune=neoverse-", "-mfpu=", "-mfloat-abi=", "-mthumb",
		"-marm", "-mbranch-protection=", "-moutline-atomics",
		"-mno-outline-atomics", "-mfix-cortex-", NULL};

	if (!starts(t->name, "build-"))
		return 0;
	for (size_t i = 0; arm[i]; i++)
		if (starts(arg, arm[i]))
			return 1;
	return 0;
}

/* The tool's own system root, or NULL. */
static const char *root_of(const tool *t)
{
	static const char flag[] = "--sysroot=";

	for (size_t i = 0; i < t->before.n; i++)
		if (starts(t->before.v[i], flag))
			return t->before.v[i] + sizeof flag - 1;
	return NULL;
}

/* A folder that scripts have by heart and that the system root has, too: the root's,
 * else NULL. /usr/include and /usr/lib themselves are searched anyway, and Python's
 * headers are not the root's to give. */
static char *same_in_root(const tool *t, const char *flag, const char *path)
{
	static const char *const folders[] = {"/usr/include", "/usr/lib"};
	const char *root = root_of(t);
	struct stat s;

	if (!root || !strcmp(flag, "-B") || strstr(path, "/..") ||
		strstr(path, "/python"))
		return NULL;
	for (size_t k = 0; k < sizeof folders / sizeof *folders; k++) {
		const char *rest = path + strlen(folders[k]);
		char *there;
		if (!starts(path, folders[k]) || !rest[strspn(rest, "/.")])
			continue;
		there = text_format("%s%s", root, path);
		if (!stat(there, &s) && S_ISDIR(s.st_mode))
			return there;
	}
	return NULL;
}

/* -I DIR and -IDIR alike, with a folder of the build machine: its like of the system
 * root is added to `out`, or nothing. The number of arguments taken; 0 when the flag may
 * stay. */
static size_t change_path(const tool *t, const args *in, size_t i, args *out)
{
	for (size_t k = 0; k < sizeof path_flags / sizeof *path_flags; k++) {
		const char *flag = path_flags[k].flag, *arg = in->v[i], *why;
		size_t n = strlen(flag), taken = 1;
		const char *path = arg + n;
		if (strncmp(arg, flag, n))
			continue;
		if (!*path) {
			if (i + 1 >= in->n)
				return 0;
			path = in->v[i + 1];
			taken = 2;
		}
		why = path_flags[k].check(t, path);
		if (!why)
			return 0;
		char *there = same_in_root(t, flag, path);
		event(t, there ? "replaced" : "dropped",
			taken == 2 ? text_format("%s %s", flag, path) : arg,
			there ? "the target's folder of that name is used" : why);
		if (there)
			args_add(out, text_format("%s%s", flag, there));
		return taken;
	}
	return 0;
}

static int path_flag_alone(const char *arg)
{
	for (size_t k = 0; k < sizeof path_flags / sizeof *path_flags; k++)
		if (!strcmp(arg, path_flags[k].flag))
			return 1;
	return 0;
}

/* -Wl,a,b: only what would bring the host in is looked for. */
static void check_linker_words(const tool *t, const char *arg)
{
	char *copy = strdup(arg + strlen("-Wl,")), *save, *word;

	for (word = strtok_r(copy, ",", &save); word; word = strtok_r(NULL, ",", &save))
		if (host_library_file(t, word))
			refuse(t, arg, "links a library of the build machine");
}

static int no_link_flag(const char *arg)
{
	static const char *const names[] = {"-c", "-S", "-E", "-M", "-MM",
		"-fsyntax-only", "-emit-ast", "--analyze", "--precompile", NULL};

	for (size_t i = 0; names[i]; i++)
		if (!strcmp(names[i], arg))
			return 1;
	return 0;
}

/* What a source is, by -x and its name: 1 C++, -1 another language or no source,
 * 0 C, which a C++ driver takes for C++. */
static int is_cxx(const char *name, const char *language)
{
	static const char *const cxx[] = {".cc", ".cpp", ".cxx", ".c++", ".C", ".cp",
		".CPP", ".ii", ".hpp", ".hh", ".hxx", ".H", ".tcc", ".cppm", NULL};
	const char *dot = strrchr(name, '.');

	if (language && strcmp(language, "none"))
		return starts(language, "c++") ? 1 : !strcmp(language, "c") ? 0 : -1;
	for (size_t i = 0; dot && cxx[i]; i++)
		if (!strcmp(dot, cxx[i]))
			return 1;
	return dot && (!strcmp(dot, ".c") || !strcmp(dot, ".h") || !strcmp(dot, ".i"))
		       ? 0
		       : -1;
}

void filter_args(const tool *t, const args *in, args *out, filter_result *r)
{
	const char *language = NULL;
	int no_link = 0, has_input = 0;

	memset(r, 0, sizeof *r);
	for (size_t i = 0; i < in->n; i++) {
		const char *arg = in->v[i], *why;
		size_t taken;
		int kind;

		if (tool_is_driver(t) && (why = foreign_flag(t, arg)))
			refuse(t, arg, why);
		if (tool_is_driver(t) && native_flag(arg)) {
			event(t, "replaced", arg,
				"the target's baseline processor is used");
			r->changed = 1;
			continue;
		}
		if (tool_is_driver(t) && target_flag(t, arg)) {
			event(t, "dropped", arg,
				"for the target; this compiler is the build machine's");
			r->changed = 1;
			continue;
		}
		if (!strcmp(arg, "--sysroot=/") || !strcmp(arg, "--sysroot=")) {
			event(t, "dropped", arg, "root folder of the build machine");
			r->changed = 1;
			continue;
		}
		if ((taken = change_path(t, in, i, out))) {
			r->changed = 1;
			i += taken - 1;
			continue;
		}
		args_add(out, arg);
		if (starts(arg, "-x") && arg[2])
			language = arg + 2;
		if (starts(arg, "-Wl,"))
			check_linker_words(t, arg);
		if (no_link_flag(arg))
			no_link = 1;
		if (path_flag_alone(arg) || takes_value(t, arg)) {
			if (i + 1 < in->n)
				args_add(out, in->v[++i]);
			if (!strcmp(arg, "-x"))
				language = in->v[i];
			continue;
		}
		if (arg[0] != '-' || !arg[1] || starts(arg, "-l")) {
			if (host_library_file(t, arg))
				refuse(t, arg, "a library of the build machine");
			has_input = 1;
			kind = arg[0] == '-' && arg[1] ? -1 : is_cxx(arg, language);
			r->cxx |= kind > 0 || (!kind && t->kind == TOOL_CXX && !language);
		}
	}
	r->links = has_input && !no_link && tool_is_driver(t);
	args_end(out);
}

static void filter_path_list(const tool *t, const char *name, path_check check)
{
	const char *value = getenv(name), *why;
	char *copy, *save, *dir, *kept = NULL;

	if (!value)
		return;
	copy = strdup(value);
	for (dir = strtok_r(copy, ":", &save); dir; dir = strtok_r(NULL, ":", &save)) {
		if ((why = check(t, dir))) {
			event(t, "dropped", text_format("%s=%s", name, dir), why);
			continue;
		}
		kept = kept ? text_format("%s:%s", kept, dir) : strdup(dir);
	}
	if (kept)
		setenv(name, kept, 1);
	else
		unsetenv(name);
}

void filter_environment(const tool *t)
{
	static const char *const redirects[] = {"GCC_EXEC_PREFIX", "COMPILER_PATH",
		"CCC_OVERRIDE_OPTIONS", "CCC_ADD_ARGS", "COLLECT_GCC",
		"GCC_COMPARE_DEBUG", "SDKROOT", "LD_RUN_PATH", NULL};

	for (size_t i = 0; redirects[i]; i++)
		if (getenv(redirects[i])) {
			event(t, "dropped", redirects[i], "would redirect the compiler");
			unsetenv(redirects[i]);
		}
	filter_path_list(t, "CPATH", host_include);
	filter_path_list(t, "C_INCLUDE_PATH", host_include);
	filter_path_list(t, "CPLUS_INCLUDE_PATH", host_include);
	filter_path_list(t, "OBJC_INCLUDE_PATH", host_include);
	filter_path_list(t, "LIBRARY_PATH", host_library);
}
