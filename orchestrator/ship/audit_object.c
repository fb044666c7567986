#include "ship/audit_parts.h"
#include "base/error.h"
#include "plan/arm_feature.h"
#include "ship/rpath.h"
#include <string.h>

static const char *class_name(guint8 elf_class)
{
	return elf_class == ELFCLASS64 ? "64-bit" : "32-bit";
}

/* The name of an extension module: what Python would import is for its machine. */
static gboolean is_module_name(const char *base)
{
	return strstr(base, ".cpython-") || strstr(base, ".abi3.") ||
	       strstr(base, ".abi3t.");
}

/* Somebody said that this file is for another machine. */
static gboolean is_foreign(const audit_run *run, const audit_member *m)
{
	const GPtrArray *all = run->options->foreign;

	for (guint i = 0; all && i < all->len; i++)
		if (audit_matches(m, all->pdata[i]))
			return !is_module_name(m->base);
	return FALSE;
}

static void note_foreign(audit_run *run, const audit_member *m)
{
	const elf_file *f = m->elf;
	g_autofree char *line = g_strdup_printf(
		"it is %s, %s", elf_machine_name(f->machine), class_name(f->elf_class));

	audit_gather(run, AUDIT_NOTE, "X0703", m->name,
		"code for another machine, as wheel.foreign says", line);
}

/* Another machine than the wheel's: an interpreter would not load it. */
static void check_machine(audit_run *run, audit_member *m)
{
	const elf_file *f = m->elf;
	const platform *p = run->platform;
	audit_finding *found;

	if (!p) {
		if (run->wheel && !run->arch)
			audit_line(audit_add(run, AUDIT_ERROR, "X0703", m->name,
					   "machine code in a wheel for no machine xorch "
					   "knows"),
				"it is %s, %s", elf_machine_name(f->machine),
				class_name(f->elf_class));
		return;
	}
	gboolean here = f->machine == p->elf_machine && f->elf_class == p->elf_class;
	if (!here && is_foreign(run, m)) {
		note_foreign(run, m);
		return;
	}
	if (!here) {
		found = audit_add(run, AUDIT_ERROR, "X0703", m->name,
			"%s says %s, code is %s%s%s", run->wheel ? "wheel" : "target",
			p->wheel_arch ? p->wheel_arch : p->name,
			elf_machine_name(f->machine),
			f->machine == p->elf_machine ? ", " : "",
			f->machine == p->elf_machine ? class_name(f->elf_class) : "");
		audit_line(found, "e_machine %u (%s, %s)", f->machine,
			elf_machine_name(f->machine), class_name(f->elf_class));
		g_autofree char *have = g_strdup(elf_machine_name(p->elf_machine));
		audit_line(found, "want %u (%s, %s)", p->elf_machine, have,
			class_name(p->elf_class));
		audit_hint(found,
			"the build called a compiler by its own name (gcc, cc) or with "
			"a fixed path instead of $CC; a file that the source ships for "
			"other machines is named in wheel.foreign; see `xorch explain "
			"X0703`");
		return;
	}
	/* Data files may be for anything; an extension module is for this wheel. */
	if (m->other && f->machine != EM_ARM) {
		found = audit_add(run,
			is_module_name(m->base) ? AUDIT_ERROR
						: audit_grade(run, AUDIT_WARNING),
			"X0703", m->name,
			"made for another libc or byte order than the wheel is for");
		audit_line(found, "it is %s-endian%s%s, the wheel is %s",
			f->byte_order == ELFDATA2MSB ? "big" : "little",
			f->needed->len ? " and needs " : "",
			f->needed->len ? (char *)f->needed->pdata[0] : "",
			run->family->name);
	}
}

/* A program asks for the platform's loader or does not start; xorch gives another
 * one where a build might have run it (build/wrapper/cc.c). */
static void check_loader(audit_run *run, audit_member *m)
{
	const elf_file *f = m->elf;
	const platform *p = run->platform;

	if (!p || !p->loader || !f->interp || f->machine != p->elf_machine)
		return;
	const char *slash = strrchr(f->interp, '/');
	const char *name = slash ? slash + 1 : f->interp;
	/* Whether musl is right is a question of the tag, asked elsewhere. */
	if (strcmp(name, p->loader) == 0 || g_str_has_prefix(name, "ld-musl"))
		return;
	g_autofree char *shown = text_escape(f->interp, -1);
	audit_finding *found = audit_add(run, AUDIT_ERROR, "X0728", m->name,
		"a program that asks for a loader the target does not have");
	audit_line(found, "it asks for %s, wanted is %s", shown, p->loader);
	if (g_str_has_prefix(f->interp, "/xorch/"))
		audit_hint(found,
			"made so because the host's qemu could have run it during the "
			"build; a sandbox level that cuts qemu off (bwrap on Linux 6.7 "
			"or "
			"newer) builds it as it should be");
}

static void check_arm_abi(audit_run *run, audit_member *m)
{
	const elf_file *f = m->elf;
	guint32 eabi = f->flags & EF_ARM_EABIMASK;
	gboolean hard = (f->flags & EF_ARM_ABI_FLOAT_HARD) != 0;
	gboolean soft = (f->flags & EF_ARM_ABI_FLOAT_SOFT) != 0;
	const platform *p = run->platform;
	platform_float want = p ? p->float_abi : FLOAT_HARD;
	audit_finding *found = NULL;

	/* Objects say nothing in e_flags; Go's static programs neither. */
	if (f->type == ET_REL || (!f->dynamic && !hard && !soft && !run->wheel))
		return;
	if (eabi != EF_ARM_EABI_VER5)
		found = audit_add(run, AUDIT_ERROR, "X0704", m->name,
			"ARM EABI version %u, wanted is 5", eabi >> 24);
	else if (want == FLOAT_HARD && !hard)
		found = audit_add(run, AUDIT_ERROR, "X0704", m->name,
			"soft-float code where hard float is needed");
	else if (want == FLOAT_SOFT && hard)
		found = audit_add(run, AUDIT_ERROR, "X0704", m->name,
			"hard-float code where soft float is needed");
	else if (want == FLOAT_HARD && f->arm.present && f->arm.vfp_args == 0 &&
		 f->arm.fp_arch == 0 && f->arm.cpu_arch == 0)
		return; /* linker-made attributes that say nothing */
	if (!found)
		return;
	audit_line(found, "e_flags 0x%x%s", f->flags,
		hard   ? " (hard float)"
		: soft ? " (soft float)"
		       : " (float ABI not stated)");
	if (want == FLOAT_HARD)
		audit_hint(found,
			"compile and link with -mfloat-abi=hard "
			"(xorch's $CC does); armhf and armel objects do not mix");
}

gboolean audit_is_grafted(const audit_member *m)
{
	const char *slash = strchr(m->name, '/');

	return slash && slash - m->name > 5 && strncmp(slash - 5, ".libs", 5) == 0;
}

static void check_arm_cpu(audit_run *run, audit_member *m)
{
	const elf_arm *a = &m->elf->arm;
	guint level = run->platform && g_str_equal(run->platform->name, "armv6")   ? 9
		      : run->platform && g_str_equal(run->platform->name, "armv5") ? 5
										   : 10;
	guint needed = arm_features_needed(a, level), allowed = run->options->cpu;

	if (!a->present && run->options->own && m->elf->dynamic)
		audit_gather(run, AUDIT_NOTE, "X0721", m->name,
			"does not say which CPU it needs", "it has no ARM attributes");
	if (!(needed & ~allowed))
		return;
	audit_severity usual =
		run->options->own && !audit_is_grafted(m) ? AUDIT_ERROR : AUDIT_NOTE;
	g_autofree char *title =
		g_strdup_printf("attributes that ask for more than %s with %s",
			elf_arm_arch_name(level), level == 10 ? "VFPv3-D16" : "VFPv2");
	g_autofree char *line =
		g_strdup_printf("CPU %s, FP %s, SIMD %s", elf_arm_arch_name(a->cpu_arch),
			elf_arm_fp_name(a->fp_arch), elf_arm_simd_name(a->simd_arch));
	audit_finding *found =
		audit_gather(run, audit_grade(run, usual), "X0721", m->name, title, line);
	g_autofree char *want = arm_features_text(needed | allowed);
	if (run->options->own && level == 10)
		audit_hint(found,
			"a -march or -mfpu of the package overrides the platform's; "
			"where such code runs only after the processor was asked, or on "
			"machines that all have it, say `wheel: {cpu: [%s]}`",
			want);
	else
		audit_hint(found, "harmless where such code runs only after the "
				  "processor was asked");
}

static gboolean is_machine_code(const elf_file *f)
{
	return f->type == ET_DYN || f->type == ET_EXEC;
}

static void check_memory(audit_run *run, audit_member *m)
{
	const elf_file *f = m->elf;
	audit_severity grade =
		audit_grade(run, run->options->own ? AUDIT_ERROR : AUDIT_WARNING);
	gboolean by_default =
		f->machine == EM_386 || f->machine == EM_X86_64 || f->machine == EM_ARM;

	if (f->exec_stack)
		audit_hint(audit_gather(run, grade, "X0712", m->name,
				   "asks for an executable stack", "PT_GNU_STACK is RWE"),
			"an assembler file lacks `.section "
			".note.GNU-stack,\"\",%%progbits`; "
			"newer glibc refuses to load such a library");
	if (f->text_relocations)
		audit_hint(audit_gather(run, grade, "X0712", m->name,
				   "has relocations in its code", "DT_TEXTREL is set"),
			"some object was compiled without -fPIC");
	if (f->writable_code)
		audit_gather(run, grade, "X0712", m->name,
			"has memory both writable and executable", "PT_LOAD is RWE");
	if (!f->stack_note && f->dynamic && by_default)
		audit_gather(run, audit_grade(run, AUDIT_NOTE), "X0712", m->name,
			"does not say whether its stack is executable",
			"PT_GNU_STACK is missing");
}

static void check_rpath(
	audit_run *run, audit_member *m, const char *name, const char *value)
{
	if (!value || !*value)
		return;
	g_auto(GStrv) entries = g_strsplit(value, ":", -1);
	for (char **e = entries; *e; e++) {
		const char *why = rpath_problem(m->entry ? m->name : NULL, *e);
		if (!why)
			continue;
		g_autofree char *title = g_strdup_printf("%s points outside the %s", name,
			run->wheel ? "wheel" : "program's own folder");
		g_autofree char *line = g_strdup_printf("%s: %s", *e, why);
		audit_finding *found = audit_gather(run,
			run->wheel || run->options->own ? AUDIT_ERROR
							: audit_grade(run, AUDIT_WARNING),
			"X0710", m->name, title, line);
		audit_hint(found, "link without -rpath, or with -Wl,-rpath,'$ORIGIN/…'");
	}
}

/* The constant paths of a build tell nothing of the machine and make no two builds
 * differ, only of those who made the wheel. */
audit_severity audit_path_grade(const char *path)
{
	return audit_path_is_constant(path) ? AUDIT_NOTE : AUDIT_WARNING;
}

static void check_path(audit_run *run, audit_member *m)
{
	gboolean constant = audit_path_is_constant(m->build_path);

	audit_hint(audit_gather(run, audit_grade(run, audit_path_grade(m->build_path)),
			   "X0711", m->name,
			   constant ? "holds a path of the sandbox, the same on every "
				      "machine"
				    : "holds a path of the machine it was built on",
			   m->build_path),
		"map it away: -ffile-prefix-map=OLD=NEW, for Rust "
		"--remap-path-prefix, and strip debug information");
}

void audit_object(audit_run *run, audit_member *m)
{
	const elf_file *f = m->elf;

	check_machine(run, m);
	check_loader(run, m);
	if (f->machine == EM_ARM &&
		(!run->platform || run->platform->elf_machine == EM_ARM)) {
		check_arm_abi(run, m);
		check_arm_cpu(run, m);
	}
	if (!is_machine_code(f))
		return;
	check_memory(run, m);
	check_rpath(run, m, "RPATH", f->rpath);
	check_rpath(run, m, "RUNPATH", f->runpath);
	if (m->build_path && run->wheel)
		check_path(run, m);
}

/* Lists of parts (PEP 770) and numpy's configuration hold them. */
void audit_text(audit_run *run, audit_member *m)
{
	audit_hint(
		audit_gather(run, audit_grade(run, audit_path_grade(m->build_path)),
			"X0711", m->name, "a text in the wheel names a path of the build",
			m->build_path),
		"a list of parts or a record of the configuration, usually: the "
		"backend's settings leave it out, or a patch takes the path away");
}
