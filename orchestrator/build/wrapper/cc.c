/* xorch-cc: stands under the names of compiler, linker and binutils in the bin
 * folder of a cross tree and starts the real one, through the loader of the
 * tool's own tree, with the flags that wrapper.conf has for it. Started for
 * every compilation, so: static, no library, one file read, one exec. */
#include "conf.h"
#include "filter.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void args_add_all(args *to, const args *from)
{
	for (size_t i = 0; i < from->n; i++)
		args_add(to, from->v[i]);
}

/* The command line with its response files opened; *opened when there were. */
static void collect(int argc, char **argv, args *out, int *opened)
{
	for (int i = 1; i < argc; i++) {
		if (argv[i][0] == '@' && args_add_response(out, argv[i] + 1, 0))
			*opened = 1;
		else
			args_add(out, argv[i]);
	}
}

static void run(const tool *t, const args *words)
{
	args cmd = {0};

	if (t->loader) {
		args_add(&cmd, t->loader);
		args_add(&cmd, "--inhibit-cache");
		if (t->library_path) {
			args_add(&cmd, "--library-path");
			args_add(&cmd, t->library_path);
		}
		args_add(&cmd, "--argv0");
		args_add(&cmd, t->argv0 ? t->argv0 : t->self);
		args_add(&cmd, t->program);
		/* A preloaded library of the host does not fit the tree's libc. */
		unsetenv("LD_PRELOAD");
		unsetenv("LD_AUDIT");
	} else {
		args_add(&cmd, t->argv0 ? t->argv0 : t->self);
	}
	args_add_all(&cmd, words);
	args_end(&cmd);
	for (size_t i = 0; i < t->env.n; i++)
		putenv(t->env.v[i]);
	for (size_t i = 0; i < t->defaults.n; i++) {
		size_t n = strcspn(t->defaults.v[i], "=");
		char *name = strndup(t->defaults.v[i], n);
		if (name && !getenv(name))
			putenv(t->defaults.v[i]);
	}
	execv(t->loader ? t->loader : t->program, cmd.v);
	die("cannot start %s: %s", t->loader ? t->loader : t->program, strerror(errno));
}

/* What a program of the target is linked with where qemu could run it (see
 * build/sandbox.h): a loader that nobody has. Not shared libraries, which name
 * none; a wheel that carries such a program is refused by the audit. */
static void cut_loader(const tool *t, const args *in, args *words)
{
	static const char *const without[] = {"-shared", "-static", "-static-pie", "-r",
		"-nostdlib", "--shared", "--static", NULL};

	if (!getenv("XORCH_CUT_LOADER") || t->cpu == CPU_X86_64)
		return;
	for (size_t i = 0; i < in->n; i++)
		for (size_t k = 0; without[k]; k++)
			if (!strcmp(in->v[i], without[k]))
				return;
	args_add(words, "-Wl,--dynamic-linker=/xorch/target-code-does-not-run-here");
}

/* What of the archives became part of an output only the linker knows: with
 * XORCH_LINK_MAPS, a folder, each link for the target leaves its map there, under a name
 * of its own (build/linked_archives.h). A project that wants a map itself gets it. */
static void add_map(const tool *t, const args *in, args *words)
{
	const char *folder = getenv("XORCH_LINK_MAPS");
	struct timespec now;
	int output = 0;

	if (!folder || !*folder || t->kind != TOOL_LINKER ||
		!strncmp(t->name, "build-", 6) || access(folder, W_OK | X_OK))
		return;
	for (size_t i = 0; i < in->n; i++) {
		const char *arg = in->v[i];
		if (!strncmp(arg, "-o", 2) || !strncmp(arg, "--output", 8))
			output = 1;
		if (!strncmp(arg, "-Map", 4) || !strncmp(arg, "--Map", 5) ||
			!strcmp(arg, "-r") || !strcmp(arg, "--relocatable") ||
			!strcmp(arg, "-i"))
			return;
	}
	if (!output)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	args_add(words, text_format("-Map=%s/%d-%lld-%ld.map", folder, (int)getpid(),
				(long long)now.tv_sec, now.tv_nsec));
}

/* clang starts itself again as `-cc1 …`: those flags are complete. */
static int is_inner(int argc, char **argv)
{
	return argc > 1 && !strncmp(argv[1], "-cc1", 4);
}

/* With XORCH_CCACHE a compilation is left to that program, which starts this one again
 * (without the variable) for what it has not. So a build sees the compiler under the
 * same name with and without it, whatever way it found it. */
static void try_ccache(const tool *t, int argc, char **argv)
{
	const char *program = getenv("XORCH_CCACHE");
	args cmd = {0};
	int compiles = 0;

	if (!program || !*program || !tool_is_driver(t))
		return;
	for (int i = 1; i < argc; i++)
		compiles |= !strcmp(argv[i], "-c");
	if (!compiles)
		return;
	args_add(&cmd, program);
	args_add(&cmd, t->self);
	for (int i = 1; i < argc; i++)
		args_add(&cmd, argv[i]);
	args_end(&cmd);
	unsetenv("XORCH_CCACHE");
	execv(program, cmd.v);
}

int main(int argc, char **argv)
{
	tool t;
	filter_result r = {0};
	args in = {0}, kept = {0}, words = {0};
	int opened = 0;

	tool_find(&t);
	if (!is_inner(argc, argv))
		try_ccache(&t, argc, argv);
	if (t.kind == TOOL_PLAIN || is_inner(argc, argv)) {
		if (!is_inner(argc, argv))
			args_add_all(&words, &t.before);
		for (int i = 1; i < argc; i++)
			args_add(&words, argv[i]);
		run(&t, &words);
	}
	collect(argc, argv, &in, &opened);
	filter_args(&t, &in, &kept, &r);
	if (tool_is_driver(&t))
		filter_environment(&t);
	args_add_all(&words, &t.before);
	if (r.links)
		args_add_all(&words, &t.prelink);
	if (!opened)
		args_add_all(&words, &kept);
	else if (!r.changed)
		/* The response files are fine as they are. */
		for (int i = 1; i < argc; i++)
			args_add(&words, argv[i]);
	else
		args_add(&words, args_to_response(&kept));
	if (r.cxx)
		args_add_all(&words, &t.cxx);
	if (r.links || t.kind == TOOL_LINKER)
		args_add_all(&words, &t.link);
	if (r.links)
		cut_loader(&t, &in, &words);
	add_map(&t, &in, &words);
	run(&t, &words);
}
