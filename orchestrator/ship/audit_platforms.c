#include "ship/audit_parts.h"
#include "base/error.h"
#include <string.h>

/* The platform tags of the file name: whether any installer asks for them, and whether
 * they name the machine whose code is inside (PEP 425, 600, 656). */

static gboolean of_other_system(const char *tag)
{
	static const char *const starts[] = {"macosx_", "win", "ios_", "android_",
		"pyodide_", "emscripten_", "wasi_", NULL};

	for (int i = 0; starts[i]; i++)
		if (g_str_has_prefix(tag, starts[i]))
			return TRUE;
	return FALSE;
}

/* Wheels of other systems hold no ELF file; "ok" must not sound like a verdict. */
static gboolean check_system(audit_run *run, char **tags)
{
	for (char **t = tags; *t; t++)
		if (of_other_system(*t)) {
			audit_finding *f = audit_add(run, AUDIT_NOTE, "X0703", NULL,
				"a wheel for another system than Linux");
			audit_line(f, "%s", *t);
			audit_hint(f, "only names and records were checked");
			return TRUE;
		}
	return FALSE;
}

static gboolean is_known(const char *arch)
{
	return policy_arch_find(&policy_manylinux, arch) ||
	       policy_arch_find(&policy_musllinux, arch);
}

/* A machine that has installers and no policy; piwheels' armv6l is the one in use. */
static gboolean is_other_arm(const audit_run *run, const char *arch)
{
	static const char *const names[] = {"armv6l", "armv8l", "armv5tel", NULL};

	if (!g_strv_contains(names, arch))
		return FALSE;
	for (guint i = 0; i < run->n_members; i++) {
		const elf_file *f = run->members[i].elf;
		if (f && (f->machine != EM_ARM || f->elf_class != ELFCLASS32))
			return FALSE;
	}
	return TRUE;
}

static void nobody_asks(audit_run *run, const char *tag, const char *arch)
{
	audit_finding *f = audit_add(run, AUDIT_ERROR, "X0703", NULL,
		"no installer asks for the platform tag %s", tag);

	if (run->arch) {
		g_autofree char *name =
			policy_tag(run->family, run->report->policy, run->arch->name);
		audit_line(f, "the code in it is that of %s", name);
	}
	if (g_strcmp0(arch, "arm") == 0)
		audit_hint(f,
			"that is what CPython's configure calls 32-bit ARM; installers "
			"there ask for armv7l: the build took the tag from sysconfig "
			"without _PYTHON_HOST_PLATFORM=linux-armv7l");
	else
		audit_hint(f, "tags are linux_ARCH, manylinux_X_Y_ARCH and "
			      "musllinux_X_Y_ARCH");
}

static gboolean has_code(const audit_run *run)
{
	for (guint i = 0; i < run->n_members; i++)
		if (audit_is_code(&run->members[i]))
			return TRUE;
	return FALSE;
}

/* A backend may be told a platform by setup.cfg and the like. What xorch built is tagged
 * by its code, which each file is asked about. */
static void labelled_by_backend(audit_run *run, const char *tag)
{
	audit_finding *f = audit_add(run, AUDIT_NOTE, "X0703", NULL,
		"its backend labelled it %s, the code is that of %s", tag,
		run->arch->name);

	audit_hint(f, "it is tagged anew");
}

void audit_platforms(audit_run *run)
{
	char **tags = run->wheel->name ? run->wheel->name->platforms : NULL;
	gboolean code = run->arch && has_code(run);

	if (!tags || run->options->retag || check_system(run, tags))
		return;
	for (char **t = tags; *t; t++) {
		const char *arch = policy_tag_arch(*t);
		if (g_str_equal(*t, "any"))
			continue;
		if (run->options->own && code) {
			if (g_strcmp0(arch, run->arch->name) != 0)
				labelled_by_backend(run, *t);
		} else if (!arch || (!is_known(arch) && !is_other_arm(run, arch))) {
			nobody_asks(run, *t, arch);
		} else if (code && is_known(arch) &&
			   !g_str_equal(arch, run->arch->name)) {
			audit_finding *f = audit_add(run, AUDIT_ERROR, "X0703", NULL,
				"the file name promises %s, the code is that of %s", *t,
				run->arch->name);
			audit_hint(f, "a wheel holds the code of one machine: build one "
				      "for each");
		}
	}
}
