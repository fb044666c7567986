#include "build/sandbox.h"
#include "build/embedded.h"
#include "build/sandbox_host.h"
#include "build/sandbox_view.h"
#include "base/error.h"
#include "base/fs.h"
#include "base/memory.h"
#include "base/terminal.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define INIT_INSIDE "/xorch/init"
#define PROCESS_LIMIT 8192 /* unless said otherwise: far above any honest build */

static const char *const level_names[] = {"auto", "bwrap", "landlock", "env"};

const char *sandbox_level_name(sandbox_level level)
{
	return level_names[level];
}

gboolean sandbox_level_parse(const char *text, sandbox_level *level, GError **err)
{
	for (guint i = 0; i < G_N_ELEMENTS(level_names); i++)
		if (strcmp(text, level_names[i]) == 0) {
			*level = (sandbox_level)i;
			return TRUE;
		}
	g_autofree char *shown = text_escape(text, -1);
	error_set(err, EXIT_INPUT, "X0805", "unknown sandbox level `%s`", shown);
	error_help(err, "auto, bwrap, landlock or env");
	return FALSE;
}

void sandbox_result_clear(sandbox_result *r)
{
	process_result_clear(&r->process);
}

/* One attempt: what has to be closed and freed after it. */
typedef struct run {
	const sandbox_spec *spec;
	sandbox_level level;
	gboolean capable;
	char *scratch;
	gboolean scratch_is_ours;
	int init; /* xorch-init in a memfd: never a file open for writing, which
		   * another thread's fork could keep busy */
	int status[2];
	int stop[2]; /* bwrap: how it is asked to end (process_spec.stop_fd) */
	GPtrArray *argv, *env;
} run;

static const char *bind_inside(const sandbox_bind *b)
{
	return b->inside ? b->inside : b->host;
}

static char *scratch_path(const char *scratch, const char *inside)
{
	static const struct {
		const char *inside, *name;
	} rows[] = {
		{SANDBOX_HOME, "home"}, {SANDBOX_TMP, "tmp"}, {SANDBOX_TOOLS, "tools"}};

	for (guint i = 0; scratch && i < G_N_ELEMENTS(rows); i++) {
		size_t n = strlen(rows[i].inside);
		if (strncmp(inside, rows[i].inside, n) == 0 &&
			(inside[n] == '\0' || inside[n] == '/'))
			return g_strconcat(scratch, "/", rows[i].name, inside + n, NULL);
	}
	return NULL;
}

static char *path_at(const sandbox_spec *spec, sandbox_level level, const char *scratch,
	const char *inside)
{
	if (level == SANDBOX_BWRAP)
		return g_strdup(inside);
	for (guint i = spec->n_binds; i-- > 0;) {
		const char *at = bind_inside(&spec->binds[i]);
		size_t n = strlen(at);
		if (strncmp(inside, at, n) == 0 &&
			(inside[n] == '\0' || inside[n] == '/'))
			return g_strconcat(spec->binds[i].host, inside + n, NULL);
	}
	char *path = scratch_path(scratch, inside);
	return path ? path : g_strdup(inside);
}

char *sandbox_path(const sandbox_spec *spec, sandbox_level level, const char *inside)
{
	g_assert(level != SANDBOX_AUTO);
	return path_at(spec, level, spec->scratch, inside);
}

static gboolean is_bound(const sandbox_spec *spec, const char *inside)
{
	for (guint i = 0; i < spec->n_binds; i++)
		if (strcmp(bind_inside(&spec->binds[i]), inside) == 0)
			return TRUE;
	return FALSE;
}

static char *default_path(const run *r)
{
	static const char *const folders[] = {
		SANDBOX_CROSS, SANDBOX_PYTHON, SANDBOX_ENV_DIR, NULL};
	GString *path = g_string_new(NULL);

	for (guint i = 0; r->spec->path_first && r->spec->path_first[i]; i++) {
		g_autofree char *at =
			path_at(r->spec, r->level, r->scratch, r->spec->path_first[i]);
		g_string_append_printf(path, "%s:", at);
	}
	for (guint i = 0; folders[i]; i++) {
		if (!is_bound(r->spec, folders[i]))
			continue;
		g_autofree char *at = path_at(r->spec, r->level, r->scratch, folders[i]);
		g_string_append_printf(path, "%s/bin:", at);
	}
	g_autofree char *tools = path_at(r->spec, r->level, r->scratch, SANDBOX_TOOLS);
	g_string_append(path, tools);
	return g_string_free(path, FALSE);
}

/* The host's qemu is registered and this level does not cut it off: the compiler
 * wrapper then gives programs a loader that does not exist. */
static gboolean target_code_could_run(const run *r)
{
	if (r->capable)
		return FALSE;
	g_auto(GStrv) handlers = sandbox_host_binfmt();
	return handlers[0] != NULL;
}

static void make_env(run *r)
{
	gboolean has_path = FALSE;

	r->env = g_ptr_array_new_with_free_func(g_free);
	for (guint i = 0; r->spec->env && r->spec->env[i]; i++) {
		const char *e = r->spec->env[i];
		if (g_str_has_prefix(e, "HOME=") || g_str_has_prefix(e, "TMPDIR="))
			continue;
		has_path = has_path || g_str_has_prefix(e, "PATH=");
		g_ptr_array_add(r->env, g_strdup(e));
	}
	g_autofree char *home = path_at(r->spec, r->level, r->scratch, SANDBOX_HOME);
	g_autofree char *tmp = path_at(r->spec, r->level, r->scratch, SANDBOX_TMP);
	g_ptr_array_add(r->env, g_strconcat("HOME=", home, NULL));
	g_ptr_array_add(r->env, g_strconcat("TMPDIR=", tmp, NULL));
	if (!has_path) {
		g_autofree char *path = default_path(r);
		g_ptr_array_add(r->env, g_strconcat("PATH=", path, NULL));
	}
	if (target_code_could_run(r))
		g_ptr_array_add(r->env, g_strdup("XORCH_CUT_LOADER=1"));
	g_ptr_array_add(r->env, NULL);
}

static gboolean make_init(run *r, GError **err)
{
	const embedded_file *f = embedded_file_get("xorch-init");
	int fd = memfd_create("xorch-init", MFD_CLOEXEC);

	if (fd >= 0 && fd <= 2) {
		int high = fcntl(fd, F_DUPFD_CLOEXEC, 3);
		close(fd);
		fd = high;
	}
	r->init = fd;
	if (fd < 0)
		return error_set_errno(err, EXIT_HOST, "X0802", errno,
			"cannot make the sandbox's first program");
	if (!fs_write_all(fd, f->bytes, f->size, "xorch-init (memory)", err))
		return FALSE;
	fchmod(fd, 0755);
	lseek(fd, 0, SEEK_SET);
	return TRUE;
}

static gboolean make_pipe(int fds[2], GError **err)
{
	if (pipe2(fds, O_CLOEXEC) != 0)
		return error_set_errno(
			err, EXIT_HOST, "X0802", errno, "cannot make a pipe");
	for (int i = 0; i < 2; i++)
		if (fds[i] <= 2) {
			int high = fcntl(fds[i], F_DUPFD_CLOEXEC, 3);
			close(fds[i]);
			fds[i] = high;
		}
	return TRUE;
}

static gboolean make_pipes(run *r, GError **err)
{
	if (!make_pipe(r->status, err) ||
		(r->level == SANDBOX_BWRAP && !make_pipe(r->stop, err)))
		return FALSE;
	fcntl(r->status[0], F_SETFL, O_NONBLOCK);
	return TRUE;
}

static gboolean make_scratch(run *r, GError **err)
{
	if (r->spec->scratch) {
		r->scratch = g_strdup(r->spec->scratch);
	} else {
		GError *inner = NULL;
		r->scratch = g_dir_make_tmp("xorch-step-XXXXXX", &inner);
		if (!r->scratch)
			return error_wrap(err, EXIT_HOST, "X0802", inner,
				"cannot make a temporary folder");
		r->scratch_is_ours = TRUE;
	}
	return sandbox_view_scratch(r->spec, r->scratch, err);
}

static void arg(run *r, const char *text)
{
	g_ptr_array_add(r->argv, g_strdup(text));
}

static void arg_number(run *r, const char *option, guint64 n)
{
	if (!n)
		return;
	arg(r, option);
	g_ptr_array_add(r->argv, g_strdup_printf("%" G_GUINT64_FORMAT, n));
}

static gboolean make_argv(run *r, GError **err)
{
	const sandbox_spec *s = r->spec;
	const char *cwd = s->cwd;

	if (!cwd)
		cwd = is_bound(s, SANDBOX_SRC) ? SANDBOX_SRC : SANDBOX_TMP;
	g_autofree char *fd = g_strdup_printf("%d", r->init);
	r->argv = g_ptr_array_new_with_free_func(g_free);
	if (r->level == SANDBOX_BWRAP) {
		arg(r, sandbox_host_bwrap());
		if (!sandbox_view_bwrap(r->argv, s, r->scratch, r->capable, err))
			return FALSE;
		/* What is left of the root is bwrap's own tmpfs. */
		const char *const tail[] = {"--perms", "0755", "--ro-bind-data", fd,
			INIT_INSIDE, "--remount-ro", "/", "--chdir", cwd, "--",
			INIT_INSIDE, NULL};
		for (guint i = 0; tail[i]; i++)
			arg(r, tail[i]);
		arg(r, "--account");
		if (r->capable)
			arg(r, "--namespace");
	} else {
		g_ptr_array_add(r->argv, g_strdup_printf("/proc/self/fd/%d", r->init));
		arg(r, "--supervise");
		if (r->level == SANDBOX_LANDLOCK) {
			arg(r, "--landlock");
			if (s->network)
				arg(r, "--tcp");
			if (!sandbox_view_landlock(r->argv, s, r->scratch, err))
				return FALSE;
		}
	}
	arg(r, "--status");
	g_ptr_array_add(r->argv, g_strdup_printf("%d", r->status[1]));
	if (r->level == SANDBOX_BWRAP) {
		/* Outside a user namespace all processes of the user would count. */
		guint64 n = s->process_limit ? s->process_limit : PROCESS_LIMIT;
		arg_number(r, "--pids", n);
		arg_number(r, "--nproc", n);
		arg_number(r, "--stop", (guint64)r->stop[0]);
	}
	arg_number(r, "--data", s->memory_limit);
	arg_number(r, "--fsize", s->file_limit);
	arg(r, "--");
	for (guint i = 0; s->argv[i]; i++)
		arg(r, s->argv[i]);
	g_ptr_array_add(r->argv, NULL);
	return TRUE;
}

/* How far xorch-init came; what was used is counted and taken off. */
static char *status_read(run *r)
{
	char text[1024];

	close(r->status[1]);
	r->status[1] = -1;
	ssize_t n = read(r->status[0], text, sizeof text - 1);
	text[MAX(n, 0)] = '\0';
	if (text[0] == 's' && text[1] == 'u') {
		char *kib;
		gint64 micro = g_ascii_strtoll(text + 2, &kib, 10);
		guint64 peak = g_ascii_strtoull(kib, NULL, 10) * 1024;
		process_usage_add((double)micro / 1e6, peak);
		text[1] = '\0';
	}
	return g_strdup(text);
}

/* "s": the command was reached. "se…": it could not be executed. "e…": a step of
 * xorch-init failed. "": bwrap itself. */
static gboolean status_check(
	const run *r, const char *status, const process_result *p, GError **err)
{
	if (strcmp(status, "s") == 0)
		return TRUE;
	if (process_cancelled())
		return process_cancelled_error(err);
	const char *e = strchr(status, 'e');
	if (*status == 's' && e) {
		g_autofree char *shown = text_escape(e + 1, -1);
		error_set(err, EXIT_HOST, "X0810", "%s", shown);
		error_note(err, "the build sees cross/bin, python/bin, env/bin and the "
				"host's usual tools, "
				"nothing else of this machine's PATH");
		return FALSE;
	}
	if (e) {
		g_autofree char *shown = text_escape(e + 1, -1);
		return error_set(err, EXIT_HOST, "X0802",
			"the sandbox (%s) did not start: %s",
			sandbox_level_name(r->level), shown);
	}
	if (p->timed_out || p->silent_out)
		return TRUE;
	g_autofree char *said = g_strdup(p->err ? p->err : "");
	g_strchomp(said);
	char *line = strrchr(said, '\n');
	g_autofree char *shown = text_escape(line ? line + 1 : said, -1);
	g_autofree char *how = process_describe(&(process_spec){0}, p);
	error_set(err, EXIT_HOST, "X0802", "the sandbox (%s) did not start: %s",
		sandbox_level_name(r->level), *shown ? shown : how);
	if (!p->err && r->spec->log_path)
		error_note(err, "bubblewrap's own message is in %s", r->spec->log_path);
	return FALSE;
}

static gboolean run_level(run *r, process_result *result, GError **err)
{
	const sandbox_spec *s = r->spec;
	g_autofree char *cwd = NULL;
	int fds[4] = {-1, -1, -1, -1};

	if (!make_scratch(r, err) || !make_init(r, err) || !make_pipes(r, err) ||
		!make_argv(r, err))
		return FALSE;
	make_env(r);
	if (r->level != SANDBOX_BWRAP)
		cwd = path_at(s, r->level, r->scratch,
			s->cwd			   ? s->cwd
			: is_bound(s, SANDBOX_SRC) ? SANDBOX_SRC
						   : SANDBOX_TMP);
	fds[0] = r->init;
	fds[1] = r->status[1];
	fds[2] = r->stop[0];
	process_spec p = {
		.argv = (const char *const *)r->argv->pdata,
		.env = (const char *const *)r->env->pdata,
		.cwd = cwd,
		.name = s->name ? s->name : s->argv[0],
		.log_path = s->log_path,
		.log_limit = s->log_limit,
		.capture = s->capture,
		.capture_limit = s->capture_limit,
		.on_output = s->on_output,
		.on_output_data = s->on_output_data,
		.timeout_s = s->timeout_s,
		.silent_timeout_s = s->silent_timeout_s,
		.fds = fds,
		.supervises = r->level != SANDBOX_BWRAP,
		.stop_fd = r->stop[1],
		.child_setup = s->terminal ? terminal_attach : NULL,
		.child_setup_data = (void *)s->terminal,
	};
	if (!process_run(&p, result, err))
		return FALSE;
	/* bwrap hands on a death by signal the way shells do. */
	if (result->exit_code > 128 && result->exit_code <= 128 + 64) {
		result->signal = result->exit_code - 128;
		result->exit_code = -1;
	}
	g_autofree char *status = status_read(r);
	return status_check(r, status, result, err);
}

static gboolean run_finish(run *r, gboolean ok, GError **err)
{
	int fds[] = {r->init, r->status[0], r->status[1], r->stop[0], r->stop[1]};

	for (guint i = 0; i < G_N_ELEMENTS(fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	if (r->scratch_is_ours)
		ok = fs_remove_tree(r->scratch, ok ? err : NULL) && ok;
	g_clear_pointer(&r->argv, g_ptr_array_unref);
	g_clear_pointer(&r->env, g_ptr_array_unref);
	g_free(r->scratch);
	return ok;
}

gboolean sandbox_attempt(const sandbox_spec *spec, sandbox_level level, gboolean capable,
	process_result *result, GError **err)
{
	run r = {.spec = spec,
		.level = level,
		.capable = capable,
		.init = -1,
		.status = {-1, -1},
		.stop = {-1, -1}};

	memset(result, 0, sizeof *result);
	return run_finish(&r, run_level(&r, result, err), err);
}

gboolean sandbox_run(const sandbox_spec *spec, sandbox_result *result, GError **err)
{
	memset(result, 0, sizeof *result);
	const sandbox_info *info = sandbox_choose(spec->level, err);
	if (!info)
		return FALSE;
	result->level = info->level;
	if (spec->root && info->level != SANDBOX_BWRAP) {
		error_set(err, EXIT_HOST, "X0801",
			"another system's root needs the sandbox level bwrap");
		error_note(err, "here it is %s", sandbox_level_name(info->level));
		return FALSE;
	}
	gint64 before = memory_kills();
	gboolean ran = sandbox_attempt(
		spec, info->level, info->binfmt_cut, &result->process, err);
	result->memory_kills = before < 0 ? -1 : MAX(memory_kills() - before, 0);
	return ran;
}
