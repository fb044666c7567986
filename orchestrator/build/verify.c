#include "build/verify.h"
#include "base/error.h"
#include "base/event.h"
#include "base/fs.h"
#include "build/embedded.h"
#include "build/run_root_libraries.h"
#include "build/store.h"
#include "build/verify_private.h"
#include "build/verify_requires.h"
#include "build/wheel_install.h"
#include "format/elf.h"
#include "format/go_buildinfo.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define TIMEOUT 300
#define HELPER "xorch_verify.py"

const char *verify_state_name(verify_state s)
{
	static const char *const names[] = {"passed", "failed", "not run", "skipped"};

	return names[s];
}

static void check_free(gpointer data)
{
	verify_check *c = data;

	g_free(c->kind);
	g_free(c->subject);
	g_free(c->detail);
	g_free(c->output);
	g_free(c);
}

void verify_run_free(verify_run *r)
{
	if (!r)
		return;
	g_free(r->file);
	g_free(r->root);
	g_free(r->python);
	g_free(r->recipe);
	g_ptr_array_unref(r->checks);
	g_ptr_array_unref(r->with);
	g_free(r->reason);
	g_free(r);
}

static verify_run *new_run(const verify_spec *spec, const platform *p, GPtrArray *runs)
{
	verify_run *r = g_new0(verify_run, 1);

	r->file = g_strdup(spec->file);
	r->platform = p;
	r->checks = g_ptr_array_new_with_free_func(check_free);
	r->with = g_ptr_array_new_with_free_func(g_free);
	r->recipe = spec->recipe ? g_strdup(spec->recipe->path) : NULL;
	r->state = VERIFY_NOT_RUN;
	g_ptr_array_add(runs, r);
	return r;
}

/* Failed: any. Passed: some did. Else nothing was run, or all of it left out. */
static void settle(verify_run *r)
{
	gboolean seen[4] = {FALSE};

	for (guint i = 0; i < r->checks->len; i++)
		seen[((verify_check *)g_ptr_array_index(r->checks, i))->state] = TRUE;
	r->state = seen[VERIFY_FAILED]	  ? VERIFY_FAILED
		   : seen[VERIFY_PASSED]  ? VERIFY_PASSED
		   : seen[VERIFY_SKIPPED] ? VERIFY_SKIPPED
					  : VERIFY_NOT_RUN;
}

static gboolean write_helper(const char *dir, GError **err)
{
	const embedded_file *e = embedded_file_get(HELPER);
	g_autofree char *path = g_build_filename(dir, HELPER, NULL);

	return fs_write_atomic(path, e->bytes, e->size, 0644, err);
}

/* Folders of the run and the root itself. */
static gboolean place_open(const build_context *ctx, const verify_spec *spec,
	const sysroot_def *def, verify_run *r, verify_place *p, GError **err)
{
	g_autofree char *work = store_temp_dir(ctx->store, err);

	if (!work)
		return FALSE;
	p->timeout_s = spec->timeout_s > 0 ? spec->timeout_s : TIMEOUT;
	p->site = g_build_filename(work, "site", NULL);
	p->tool = g_build_filename(work, "tool", NULL);
	r->root = g_strdup(def->name);
	gboolean ok = fs_mkdir_p(p->site, 0755, err) && fs_mkdir_p(p->tool, 0755, err) &&
		      write_helper(p->tool, err) &&
		      run_root_prepare(ctx, def, r->platform, &p->root, err);
	/* Others than the owner run in there. */
	if (ok && chmod(work, 0755) != 0)
		ok = fs_fail(err, errno, "change", work, 0);
	r->emulated = p->root.qemu != NULL;
	return ok;
}

static void place_clear(verify_place *p)
{
	if (p->site) {
		g_autofree char *work = g_path_get_dirname(p->site);
		fs_remove_tree(work, NULL);
	}
	g_free(p->site);
	g_free(p->tool);
	run_root_clear(&p->root);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(verify_place, place_clear)

/* Without those that cannot be had: an import then says in the loader's words what it
 * lacks. */
static gboolean add_libraries(const build_context *ctx, verify_place *p,
	const GPtrArray *sonames, const verify_run *run, GError **err)
{
	GError *problem = NULL;

	if (run_root_add(ctx, &p->root, sonames, &problem))
		return TRUE;
	if (process_cancelled()) {
		g_propagate_error(err, problem);
		return FALSE;
	}
	event_log(EVENT_WARNING, run->file,
		"the root %s stays without more libraries: %s", run->root,
		problem->message);
	g_error_free(problem);
	return TRUE;
}

/* Installs what the wheel asks for, or later on `more`, too, as far as it is not there
 * yet; the root gets the libraries that manylinux takes for granted. *missing gets what
 * cannot be had: nothing is installed then. */
static gboolean install_needed(const build_context *ctx, const verify_spec *spec,
	const wheel *w, const GPtrArray *more, verify_place *p, verify_run *run,
	char **missing, GError **err)
{
	g_autoptr(GPtrArray) libraries = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) needs =
		verify_requires(ctx, w, &p->root, spec->folders, more, missing, err);

	if (!needs)
		return *missing != NULL;
	if (!more)
		run_root_needed(w, libraries);
	for (guint i = 0; i < needs->len; i++) {
		const char *path = g_ptr_array_index(needs, i);
		g_autoptr(wheel) other = wheel_open(path, FALSE, err);
		if (!other)
			return FALSE;
		g_autofree char *what = g_strndup(other->dist_info,
			strlen(other->dist_info) - strlen(".dist-info/"));
		if (g_ptr_array_find_with_equal_func(run->with, what, g_str_equal, NULL))
			continue;
		if (!wheel_install(other, p->site, err))
			return FALSE;
		run_root_needed(other, libraries);
		g_ptr_array_add(run->with, g_steal_pointer(&what));
	}
	return add_libraries(ctx, p, libraries, run, err);
}

/* The recipe's tests, resolved for this run; `w` NULL for a program. */
static gboolean run_tests(const build_context *ctx, const verify_spec *spec,
	verify_place *p, const recipe *r, const wheel *w, verify_run *run, GError **err)
{
	for (guint i = 0; i < r->tests->len; i++) {
		const recipe_test *t = g_ptr_array_index(r->tests, i);
		g_autofree char *name = g_strdup_printf("tests[%u]", i);
		if (t->run == TEST_SKIP) {
			verify_add(run, "test", name, VERIFY_SKIPPED,
				g_strdup("the recipe says `run: skip`"));
			continue;
		}
		if (w)
			verify_contents(w, t, run);
		if (t->run == TEST_NATIVE && run->emulated) {
			verify_add(run, "test", name, VERIFY_NOT_RUN,
				g_strdup_printf("the recipe says `run: native`, and this "
						"machine is no %s",
					run->platform->name));
			continue;
		}
		g_autofree char *missing = NULL;
		if (w && t->requirements &&
			!install_needed(
				ctx, spec, w, t->requirements, p, run, &missing, err))
			return FALSE;
		if (missing) {
			verify_add(run, "test", name, VERIFY_NOT_RUN,
				g_steal_pointer(&missing));
			continue;
		}
		if (w && t->imports && t->imports->len &&
			!verify_imports(p, t->imports, run, err))
			return FALSE;
		for (guint n = 0; t->commands && n < t->commands->len; n++)
			if (!verify_command(
				    p, g_ptr_array_index(t->commands, n), run, err))
				return FALSE;
	}
	return TRUE;
}

static recipe *resolved(const verify_spec *spec, const verify_run *run, GError **err)
{
	g_autoptr(diag_list) l = diag_list_new();
	recipe_vars vars = {.target = run->platform->name,
		.triple = run->platform->triple,
		.python = run->python ? run->python : ""};
	recipe *r = recipe_resolve(spec->recipe, &vars, l);

	if (!r)
		diag_list_to_error(l, err);
	return r;
}

static gboolean has_tests(const recipe *r)
{
	return r && r->tests && r->tests->len;
}

static gboolean test_all(const build_context *ctx, const verify_spec *spec,
	verify_place *p, const wheel *w, verify_run *run, GError **err)
{
	gboolean ok = TRUE;

	if (has_tests(spec->recipe)) {
		g_autoptr(recipe) r = resolved(spec, run, err);
		ok = r && run_tests(ctx, spec, p, r, w, run, err);
	} else if (w) {
		g_autoptr(GPtrArray) modules = wheel_modules(w);
		ok = !modules->len || verify_imports(p, modules, run, err);
	}
	if (ok && spec->command)
		ok = verify_command(p, spec->command, run, err);
	if (ok && !run->checks->len)
		run->reason = g_strdup(
			w ? "the recipe has no tests and the wheel nothing to import"
			  : "no recipe says how it is tested; name a command by "
			    "--command");
	return ok;
}

/* ---- wheels ---- */

static gboolean install_all(const build_context *ctx, const verify_spec *spec,
	const wheel *w, verify_place *p, verify_run *run, gboolean *usable, GError **err)
{
	GError *problem = NULL;

	*usable = FALSE;
	if (!wheel_install(w, p->site, &problem)) {
		if (problem->code == EXIT_HOST) {
			g_propagate_error(err, problem);
			return FALSE;
		}
		verify_add(run, "install", "RECORD", VERIFY_FAILED,
			g_strdup(strstr(problem->message, "] ")
					 ? strstr(problem->message, "] ") + 2
					 : problem->message));
		g_error_free(problem);
		return TRUE;
	}
	if (!install_needed(ctx, spec, w, NULL, p, run, &run->reason, err))
		return FALSE;
	*usable = !run->reason;
	return TRUE;
}

static gboolean verify_wheel_in(const build_context *ctx, const verify_spec *spec,
	const wheel *w, const sysroot_def *def, verify_run *run, GError **err)
{
	g_auto(verify_place) p = {0};
	gboolean usable;
	gint64 begun = event_step_begin(run->file, "verify");
	gboolean ok = place_open(ctx, spec, def, run, &p, err) &&
		      install_all(ctx, spec, w, &p, run, &usable, err) &&
		      (!usable || test_all(ctx, spec, &p, w, run, err));

	settle(run);
	run->seconds = (double)(g_get_monotonic_time() - begun) / 1e6;
	event_step_end(run->file, "verify", begun, ok && run->state != VERIFY_FAILED);
	return ok;
}

/* The platform of a wheel; NULL and a reason when there is none for it. */
static const platform *platform_of(const wheel_name *name, char **reason)
{
	for (char **p = name->platforms; *p; p++) {
		if (g_str_has_prefix(*p, "musllinux"))
			continue;
		if (g_str_equal(*p, "any"))
			return platform_by_name("x86_64");
		for (const platform *row = platforms; row->name; row++) {
			g_autofree char *tail =
				row->wheel_arch && row->builds_wheels
					? g_strconcat("_", row->wheel_arch, NULL)
					: NULL;
			if (tail && g_str_has_suffix(*p, tail))
				return row;
		}
	}
	g_autofree char *all = g_strjoinv(".", name->platforms);
	*reason = g_strdup_printf("there is no Debian root for %s", all);
	return NULL;
}

static gboolean wanted(const verify_spec *spec, const sysroot_def *def)
{
	return !spec->pythons || !spec->pythons->len ||
	       g_ptr_array_find_with_equal_func(
		       (GPtrArray *)spec->pythons, def->python, g_str_equal, NULL);
}

static char *no_root(const wheel_name *name, const verify_spec *spec, GPtrArray *roots)
{
	g_autoptr(GString) list = g_string_new(NULL);
	g_autofree char *pythons = g_strjoinv(".", name->pythons);
	g_autofree char *abis = g_strjoinv(".", name->abis);
	g_autofree char *platforms_text = g_strjoinv(".", name->platforms);

	for (guint i = 0; i < roots->len; i++) {
		const sysroot_def *d = g_ptr_array_index(roots, i);
		g_string_append_printf(
			list, "%s%s with glibc %s", i ? ", " : "", d->python, d->glibc);
	}
	return g_strdup_printf("no Debian root runs %s-%s-%s%s (there are Python %s)",
		pythons, abis, platforms_text,
		spec->pythons && spec->pythons->len ? " with the --python asked for" : "",
		list->len ? list->str : "none");
}

static gboolean verify_wheel(
	const build_context *ctx, const verify_spec *spec, GPtrArray *runs, GError **err)
{
	g_autoptr(wheel) w = wheel_open(spec->file, TRUE, err);
	g_autoptr(GPtrArray) roots = w ? sysroot_defs_to_run(err) : NULL;
	guint before = runs->len;
	char *reason = NULL;

	if (!roots)
		return FALSE;
	const platform *p = platform_of(w->name, &reason);
	if (p && !reason)
		reason = run_root_problem(p);
	for (guint i = 0; !reason && i < roots->len; i++) {
		const sysroot_def *def = g_ptr_array_index(roots, i);
		run_root look = {.def = def, .platform = p};
		wheel_host host = run_root_host(&look);
		if (!wanted(spec, def) || !wheel_tags_rank(w->name, &host))
			continue;
		verify_run *r = new_run(spec, p, runs);
		r->python = g_strdup(def->python);
		if (!verify_wheel_in(ctx, spec, w, def, r, err))
			return FALSE;
	}
	if (runs->len == before) {
		verify_run *r = new_run(spec, p, runs);
		r->reason = reason ? reason : no_root(w->name, spec, roots);
	}
	return TRUE;
}

/* ---- programs ---- */

/* A Go program of an older ARM than `p`; the code says nothing of it, the go command
 * does (GOARM=6,softfloat). NULL: none. */
static const platform *older_arm(const elf_file *f, const platform *p)
{
	g_autoptr(go_buildinfo) info = p->goarm ? go_buildinfo_read(f, NULL) : NULL;
	const char *value = info ? go_buildinfo_get(info, "GOARM") : NULL;

	for (const platform *row = platforms; value && row->name; row++)
		if (row->goarm && !row->builds_wheels &&
			g_str_has_prefix(value, row->goarm) &&
			(!value[1] || value[1] == ','))
			return row;
	return NULL;
}

static const platform *platform_of_elf(const elf_file *f)
{
	static const char *const names[] = {"aarch64", "armv7", "x86_64"};

	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		const platform *p = platform_by_name(names[i]), *older;
		if (p->elf_machine == f->machine && p->elf_class == f->elf_class)
			return (older = older_arm(f, p)) ? older : p;
	}
	return NULL;
}

static gboolean copy_program(const verify_spec *spec, const verify_place *p, GError **err)
{
	g_autofree char *bin = g_build_filename(p->site, "bin", NULL);
	g_autofree char *to = g_build_filename(bin, p->program, NULL);

	return fs_mkdir_p(bin, 0755, err) && fs_copy_tree(spec->file, to, FS_COPY, err) &&
	       (chmod(to, 0755) == 0 || fs_fail(err, errno, "change", to, 0));
}

/* "fzf-0.65.2-1-linux-arm64" -> "fzf"; what the recipe calls it. New string. */
static char *program_name(const verify_spec *spec, const platform *p)
{
	g_autofree char *base = g_path_get_basename(spec->file);
	recipe_vars vars = {.target = p->name, .triple = p->triple, .python = ""};

	if (spec->recipe)
		return recipe_program_name(spec->recipe, &vars);
	char *end = strstr(base, "-linux-");
	if (end) {
		*end = '\0';
		char *last = strrchr(base, '-');
		gboolean number = last && !last[1 + strspn(last + 1, "0123456789")];
		if (last && g_ascii_isdigit(last[1]))
			*last = '\0';
		/* a build number follows the version */
		char *version = number ? strrchr(base, '-') : NULL;
		if (version && g_ascii_isdigit(version[1]))
			*version = '\0';
	}
	return g_steal_pointer(&base);
}

static gboolean verify_program(
	const build_context *ctx, const verify_spec *spec, GPtrArray *runs, GError **err)
{
	g_autoptr(elf_file) f = elf_file_open_path(spec->file, 0, err);
	g_autoptr(GPtrArray) roots = f ? sysroot_defs_to_run(err) : NULL;

	if (!roots)
		return FALSE;
	const platform *p = platform_of_elf(f);
	verify_run *r = new_run(spec, p, runs);
	if (!p)
		r->reason = g_strdup_printf(
			"there is no Debian root for %s", elf_machine_name(f->machine));
	else if (f->interp && run_root_platform(p) != p)
		r->reason = g_strdup_printf("it is no static program, and there is no "
					    "Debian root for %s",
			p->name);
	else if (!roots->len)
		r->reason = g_strdup("there is no definition of a root to run in");
	else
		r->reason = run_root_problem(p);
	if (!r->reason && !has_tests(spec->recipe) && !spec->command)
		r->reason = g_strdup("no recipe says how it is tested; name a command by "
				     "--command");
	if (r->reason)
		return TRUE;
	g_autofree char *name = program_name(spec, p);
	/* The oldest: what runs there runs on the others. */
	g_auto(verify_place) place = {.program = name};
	gint64 begun = event_step_begin(r->file, "verify");
	gboolean ok =
		place_open(ctx, spec, g_ptr_array_index(roots, 0), r, &place, err) &&
		copy_program(spec, &place, err) &&
		add_libraries(ctx, &place, f->needed, r, err) &&
		test_all(ctx, spec, &place, NULL, r, err);
	settle(r);
	r->seconds = (double)(g_get_monotonic_time() - begun) / 1e6;
	event_step_end(r->file, "verify", begun, ok && r->state != VERIFY_FAILED);
	return ok;
}

gboolean verify_file(
	const build_context *ctx, const verify_spec *spec, GPtrArray *runs, GError **err)
{
	char head[64] = "";
	FILE *f = fopen(spec->file, "re");

	if (!f)
		return error_set_errno(
			err, EXIT_INPUT, "X0963", errno, "cannot read %s", spec->file);
	size_t n = fread(head, 1, sizeof head, f);
	fclose(f);
	if (g_str_has_suffix(spec->file, ".whl"))
		return verify_wheel(ctx, spec, runs, err);
	if (elf_magic(head, n))
		return verify_program(ctx, spec, runs, err);
	error_set(err, EXIT_INPUT, "X0963", "%s is neither a wheel nor a program",
		spec->file);
	error_help(err, "xorch verify takes files *.whl and ELF programs");
	return FALSE;
}
