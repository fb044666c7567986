#include "base/error.h"
#include "format/go_buildinfo.h"
#include "ship/audit_parts.h"
#include <string.h>

/* Go programs, by what the go command wrote into them: the machine code alone does
 * not tell, because Go's static ARM programs carry neither a float ABI nor ARM
 * attributes, and the go command takes a wrong GOARM in silence. */

/* "7,hardfloat" -> "7". New string. */
static char *level(const char *value)
{
	return value ? g_strndup(value, strcspn(value, ",")) : NULL;
}

static const struct {
	guint16 machine;
	const char *goarch;
} machines[] = {{EM_AARCH64, "arm64"}, {EM_ARM, "arm"}, {EM_X86_64, "amd64"},
	{EM_386, "386"}, {EM_RISCV, "riscv64"}, {EM_PPC64, "ppc64le"}, {EM_S390, "s390x"},
	{EM_LOONGARCH, "loong64"}};

static void check_arch(audit_run *run, const audit_member *m, const go_buildinfo *info)
{
	const char *goarch = go_buildinfo_get(info, "GOARCH");
	const char *goos = go_buildinfo_get(info, "GOOS");

	for (gsize i = 0; goarch && i < G_N_ELEMENTS(machines); i++) {
		if (machines[i].machine != m->elf->machine ||
			g_str_equal(machines[i].goarch, goarch))
			continue;
		audit_line(audit_add(run, AUDIT_ERROR, "X0741", m->name,
				   "the build information is of another machine than the "
				   "code"),
			"GOARCH=%s, the code is %s", goarch,
			elf_machine_name(m->elf->machine));
	}
	if (goos && !g_str_equal(goos, "linux"))
		audit_add(run, AUDIT_ERROR, "X0741", m->name,
			"a program for %s, not for Linux", goos);
}

/* X09: GOARM and its kin, which decide whether it runs at all. */
static void check_level(audit_run *run, const audit_member *m, const go_buildinfo *info,
	const char *name, const char *want)
{
	const char *value = go_buildinfo_get(info, name);
	g_autofree char *have = level(value);
	audit_finding *found;

	if (!want || g_strcmp0(have, want) == 0)
		return;
	found = audit_add(run, AUDIT_ERROR, "X0740", m->name,
		"built with %s=%s, %s wants %s", name, value ? value : "(not stated)",
		run->platform->name, want);
	audit_line(found, "by %s", info->go);
	audit_hint(found,
		"something in build.env or the build script overrides what xorch sets");
}

/* Of a foreign program nobody said what it should be. */
static void check_goarm(audit_run *run, const audit_member *m, const go_buildinfo *info)
{
	const char *value = go_buildinfo_get(info, "GOARM");
	g_autofree char *have = level(value);

	if (have && have[0] && strchr("567", have[0]) && !have[1])
		return;
	audit_finding *found = audit_add(run, AUDIT_ERROR, "X0740", m->name,
		value ? "GOARM=%s is no level of ARM" : "GOARM is not stated", value);
	audit_hint(found, "the go command takes any GOARM in silence and then builds for "
			  "ARMv7; build it with GOARM 5, 6 or 7");
}

static void check_levels(audit_run *run, const audit_member *m, const go_buildinfo *info)
{
	const platform *p = run->options->platform ? run->platform : NULL;

	if (!p) {
		if (m->elf->machine == EM_ARM)
			check_goarm(run, m, info);
		return;
	}
	check_level(run, m, info, "GOARM", p->goarm);
	check_level(run, m, info, "GOAMD64", p->goamd64);
	/* Go before 1.23 does not know the variable. */
	if (go_buildinfo_get(info, "GOARM64") ||
		(p->goarm64 && strcmp(p->goarm64, "v8.0")))
		check_level(run, m, info, "GOARM64", p->goarm64);
}

static gboolean is_on(const go_buildinfo *info, const char *name, const char *value)
{
	return g_strcmp0(go_buildinfo_get(info, name), value) == 0;
}

/* What this program's build promises of a program it made. */
static void check_own(audit_run *run, const audit_member *m, const go_buildinfo *info)
{
	gboolean cgo = is_on(info, "CGO_ENABLED", "1");
	audit_finding *found;

	if (cgo != run->options->go_cgo) {
		found = audit_add(run, AUDIT_ERROR, "X0742", m->name,
			cgo ? "built with cgo, which the recipe does not allow"
			    : "built without cgo, which the recipe asks for");
		audit_hint(found,
			"go.cgo in the recipe decides; CGO_ENABLED in build.env "
			"does not go with it");
	}
	if (!run->options->go_cgo && m->elf->interp) {
		found = audit_add(run, AUDIT_ERROR, "X0743", m->name,
			"a dynamic program where a static one is meant");
		audit_line(found, "it asks for %s", m->elf->interp);
	}
	if (!is_on(info, "-trimpath", "true"))
		audit_hint(
			audit_add(run, AUDIT_ERROR, "X0711", m->name,
				"built without -trimpath: it holds paths of the build"),
			"GOFLAGS in build.env must keep it");
	if (go_buildinfo_get(info, "vcs.revision"))
		audit_add(run, AUDIT_NOTE, "X0742", m->name,
			"stamped with a version control state (vcs.revision)");
}

static void tell_path(
	audit_run *run, const audit_member *m, const char *path, const char *title)
{
	audit_hint(audit_gather(run, audit_grade(run, audit_path_grade(path)), "X0711",
			   m->name, title, path),
		"debug information of C code, usually; `go: {ldflags: [-s, -w]}` "
		"leaves it out");
}

static void check_paths(audit_run *run, const audit_member *m)
{
	const char *const *paths = run->options->build_paths;
	g_autofree char *constant = NULL;

	for (; paths && *paths; paths++) {
		const guint8 *at =
			memmem(m->elf->data, m->elf->size, *paths, strlen(*paths));
		if (!at)
			continue;
		gsize left = (gsize)(m->elf->data + m->elf->size - at), n = 0;
		while (n < left && n < 120 && g_ascii_isprint(at[n]))
			n++;
		g_autofree char *text = g_strndup((const char *)at, n);
		if (audit_path_is_constant(text)) {
			g_free(constant);
			constant = g_steal_pointer(&text);
			continue;
		}
		tell_path(run, m, text, "holds a path of the machine it was built on");
		return;
	}
	if (constant)
		tell_path(run, m, constant,
			"holds a path of the sandbox, the same on every machine");
}

static void add_summary(audit_run *run, const audit_member *m, const go_buildinfo *info)
{
	static const char *const names[] = {"GOARM", "GOARM64", "GOAMD64", NULL};
	g_autoptr(GString) text = g_string_new(run->report->summary);

	g_string_append_printf(text, ", %s", info->go);
	for (int i = 0; names[i]; i++) {
		const char *value = go_buildinfo_get(info, names[i]);
		if (value)
			g_string_append_printf(text, ", %s=%s", names[i], value);
	}
	g_string_append(text, is_on(info, "CGO_ENABLED", "1") ? ", cgo" : ", no cgo");
	g_autofree char *shown = text_escape(text->str, -1);
	g_free(run->report->summary);
	run->report->summary = g_steal_pointer(&shown);
	(void)m;
}

void audit_go(audit_run *run, audit_member *m)
{
	gboolean damaged;
	g_autoptr(go_buildinfo) info = go_buildinfo_read(m->elf, &damaged);

	if (!info) {
		if (run->options->go_program)
			audit_add(run, AUDIT_ERROR, "X0742", m->name,
				damaged ? "its build information is damaged"
					: "no Go program: it has no build information");
		return;
	}
	check_arch(run, m, info);
	check_levels(run, m, info);
	if (run->options->go_program) {
		check_own(run, m, info);
		check_paths(run, m);
	}
	if (!run->wheel)
		add_summary(run, m, info);
}
