#include "build/run_root.h"
#include "build/sysroot.h"
#include "format/elf.h"
#include <string.h>
#include <sys/utsname.h>

#define OUTPUT_MAX (1 << 20)

static gboolean is_native(const platform *p)
{
	struct utsname here;

	return uname(&here) == 0 && strcmp(here.machine, p->machine) == 0;
}

const platform *run_root_platform(const platform *p)
{
	return !p->builds_wheels && p->goarm ? platform_by_name("armv7") : p;
}

/* By each platform's name; the others have all that qemu knows. Signed return addresses
 * by aarch64's own cipher make qemu five times slower; its simpler one does. */
static const char *qemu_cpu(const platform *p)
{
	static const char *const rows[][2] = {{"aarch64", "max,pauth-impdef=on"},
		{"armv6", "arm1176"}, {"armv5", "arm926"}};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
		if (g_str_equal(p->name, rows[i][0]))
			return rows[i][1];
	return "max";
}

/* "aarch64", "arm", "x86_64": as qemu calls the machine. */
static const char *qemu_machine(const platform *p)
{
	return g_str_has_prefix(p->goarch, "arm") && p->elf_class == ELFCLASS32
		       ? "arm"
		       : p->machine;
}

/* Only a static one starts in a root that has no library of this machine. */
static gboolean is_static(const char *path)
{
	g_autoptr(elf_file) f = elf_file_open_path(path, 0, NULL);

	return f && !f->interp;
}

static char *find_qemu(const platform *p)
{

	for (guint i = 0; i < 2; i++) {
		g_autofree char *name = g_strdup_printf(
			i ? "qemu-%s" : "qemu-%s-static", qemu_machine(p));
		g_autofree char *path = process_find_program(name, NULL);
		if (path && is_static(path))
			return g_steal_pointer(&path);
	}
	return NULL;
}

char *run_root_problem(const platform *p)
{
	const char *help = NULL;
	const char *why = sandbox_level_problem(SANDBOX_BWRAP, &help);

	if (why)
		return g_strdup_printf("the sandbox level bwrap cannot be had: %s", why);
	if (is_native(p))
		return NULL;
	g_autofree char *qemu = find_qemu(p);
	return qemu ? NULL
		    : g_strdup_printf("qemu-%s-static is missing; install the package "
				      "qemu-user-static",
			      qemu_machine(p));
}

gboolean run_root_prepare(const build_context *ctx, const sysroot_def *def,
	const platform *p, run_root *out, GError **err)
{
	*out = (run_root){
		.def = def, .platform = run_root_platform(p), .cpu = qemu_cpu(p)};
	out->tree = sysroot_prepare(ctx, def, out->platform, NULL, NULL, err);
	if (out->tree && !is_native(p))
		out->qemu = find_qemu(p);
	return out->tree != NULL;
}

void run_root_clear(run_root *r)
{
	g_free(r->tree);
	g_clear_pointer(&r->more, g_ptr_array_unref);
	g_free(r->qemu);
	memset(r, 0, sizeof *r);
}

gboolean run_root_run(
	const run_root *r, const run_command *c, sandbox_result *result, GError **err)
{
	g_autoptr(GPtrArray) argv = g_ptr_array_new();
	g_autofree char *path =
		c->python_path ? g_strconcat("PYTHONPATH=", c->python_path, NULL) : NULL;
	g_autofree char *cpu = g_strconcat("QEMU_CPU=", r->cpu, NULL);
	const char *env[] = {"PATH=" RUN_SITE "/bin:/usr/bin:/bin", "LC_ALL=C.UTF-8",
		"PYTHONDONTWRITEBYTECODE=1", "PYTHONNOUSERSITE=1", "PYTHONUNBUFFERED=1",
		cpu, path, NULL};
	sandbox_bind binds[3];
	guint n = 0;

	if (c->site)
		binds[n++] = (sandbox_bind){c->site, RUN_SITE, FALSE};
	if (c->tool)
		binds[n++] = (sandbox_bind){c->tool, RUN_TOOL, FALSE};
	if (r->qemu) {
		binds[n++] = (sandbox_bind){r->qemu, RUN_QEMU, FALSE};
		g_ptr_array_add(argv, (gpointer)RUN_QEMU);
	}
	for (const char *const *a = c->argv; *a; a++)
		g_ptr_array_add(argv, (gpointer)*a);
	g_ptr_array_add(argv, NULL);
	sandbox_spec s = {.level = SANDBOX_BWRAP,
		.root = r->tree,
		.binds = binds,
		.n_binds = n,
		.argv = (const char *const *)argv->pdata,
		.env = env,
		.cwd = SANDBOX_TMP,
		.name = c->argv[0],
		.capture = TRUE,
		.capture_limit = OUTPUT_MAX,
		.timeout_s = c->timeout_s};
	return sandbox_run(&s, result, err);
}
