#include "ship/audit_parts.h"
#include "base/error.h"
#include <fnmatch.h>
#include <string.h>

#define ABI3T_SINCE 15 /* CPython 3.15: the stable ABI without a GIL (PEP 803) */

/* "markupsafe/_speedups.cpython-311-….so" -> "markupsafe._speedups"; the folders
 * of a .data part do not count. New string. */
static char *module_name(const audit_member *m)
{
	const char *path = m->name;
	const char *data = strstr(path, ".data/");

	if (data && (g_str_has_prefix(data, ".data/platlib/") ||
			    g_str_has_prefix(data, ".data/purelib/")))
		path = data + strlen(".data/platlib/");
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;
	char *name = g_strndup(path, (gsize)(base - path) + strcspn(base, "."));
	return g_strdelimit(name, "/", '.');
}

/* What stands between the first and the last dot: "cpython-311-aarch64-linux-gnu",
 * "abi3", "abi3t" or "" (plain .so). NULL when the name does not end in .so. New string.
 */
static char *suffix_of(const audit_member *m)
{
	const char *dot = strchr(m->base, '.');

	if (!dot || !g_str_has_suffix(m->base, ".so"))
		return NULL;
	gsize len = strlen(dot);
	return len <= 4 ? g_strdup("") : g_strndup(dot + 1, len - 4);
}

/* The tail of EXT_SUFFIX. New string or NULL. */
static char *multiarch_of(const audit_run *run)
{
	const platform *p = run->platform;

	if (!p || !p->multiarch)
		return NULL;
	if (run->family != &policy_musllinux)
		return g_strdup(p->multiarch);
	return g_str_equal(p->multiarch, "arm-linux-gnueabihf")
		       ? g_strdup("arm-linux-musleabihf")
		       : g_strconcat(p->machine, "-linux-musl", NULL);
}

/* Whether some tag of the wheel's name installs into "cpython-311" ("311", "313t",
 * "37m" for old ones). */
static gboolean tag_has(const audit_run *run, const char *version)
{
	const wheel_name *n = run->wheel->name;
	g_autofree char *abi = g_strconcat("cp", version, NULL);

	if (g_strv_contains((const char *const *)n->abis, abi))
		return TRUE;
	/* cp311-none: no ABI promised, the Python version decides. */
	return g_strv_contains((const char *const *)n->abis, "none") &&
	       g_strv_contains((const char *const *)n->pythons, abi);
}

static void wrong_suffix(
	audit_run *run, audit_member *m, const char *want, const char *why)
{
	audit_finding *f = audit_add(run, AUDIT_ERROR, "X0713", m->name,
		"no interpreter this wheel is for would import it");

	audit_line(f, "%s", why);
	if (want)
		audit_line(f, "wanted: .%s.so", want);
	audit_hint(f,
		"the extension's file name comes from EXT_SUFFIX (setuptools), SOABI "
		"(CMake) or sysconfig of the Python that built it: it was the build "
		"machine's");
}

/* EXT_SUFFIX of the wheel's first cpXY tag, for the message. New string. */
static char *wanted_suffix(const audit_run *run)
{
	g_autofree char *multiarch = multiarch_of(run);

	for (char **a = run->wheel->name->abis; *a && multiarch; a++)
		if (g_str_has_prefix(*a, "cp"))
			return g_strdup_printf("cpython-%s-%s", *a + 2, multiarch);
	return NULL;
}

/* Whether all Pythons that the wheel is for may be that new. */
static gboolean serves(const wheel_name *n, guint minor)
{
	for (char **p = n->pythons; *p; p++)
		if (g_str_has_prefix(*p, "cp3") &&
			g_ascii_strtoull(*p + 3, NULL, 10) < minor)
			return FALSE;
	return TRUE;
}

static void check_suffix(audit_run *run, audit_member *m, const char *suffix)
{
	g_autofree char *want = NULL;

	if (run->wheel->name && g_str_equal(suffix, "abi3t") &&
		!serves(run->wheel->name, ABI3T_SINCE)) {
		want = wanted_suffix(run);
		wrong_suffix(run, m, want, "CPython looks for .abi3t.so from 3.15 on");
		return;
	}
	if (!run->wheel->name || !*suffix || !g_str_has_prefix(suffix, "cpython-"))
		return;
	g_auto(GStrv) part = g_strsplit(suffix, "-", 3);
	g_autofree char *multiarch = multiarch_of(run);
	want = wanted_suffix(run);
	if (!part[1] || !tag_has(run, part[1])) {
		g_autofree char *why = g_strdup_printf(
			"it is for CPython ABI %s, the wheel's tag is not",
			part[1] ? part[1] : "?");
		wrong_suffix(run, m, want, why);
	} else if (part[2] && multiarch && !g_str_equal(part[2], multiarch)) {
		/* CPython before 3.11 said gnu on musl too. */
		if (run->family == &policy_musllinux && strstr(part[2], "-linux-gnu"))
			return;
		g_autofree char *why = g_strdup_printf(
			"its name says %s, the wheel is for %s", part[2], multiarch);
		wrong_suffix(run, m, want, why);
	}
}

static gboolean has_init(const audit_member *m)
{
	g_autofree char *stem = g_strndup(m->base, strcspn(m->base, "."));
	gboolean ascii = g_str_is_ascii(stem);

	if (m->module)
		return TRUE;
	/* Of a foreign libc the scan for modules knows nothing. */
	g_autofree char *init = g_strconcat("PyInit_", stem, NULL);
	g_autofree char *hook = g_strconcat("PyModExport_", stem, NULL); /* PEP 793 */
	for (guint i = 0; m->other && i < m->elf->n_symbols; i++)
		if (m->elf->symbols[i].defined &&
			(g_str_equal(m->elf->symbols[i].name, init) ||
				g_str_equal(m->elf->symbols[i].name, hook)))
			return TRUE;
	/* Names beyond ASCII: PyInitU_ and punycode (PEP 489). */
	for (guint i = 0; i < m->elf->n_symbols; i++)
		if (!ascii && m->elf->symbols[i].defined &&
			g_str_has_prefix(m->elf->symbols[i].name, "PyInitU_"))
			return TRUE;
	return FALSE;
}

/* CPython imports NAME.so whatever it was built for: nothing but luck keeps another
 * version's interpreter from calling into it. */
static void no_suffix(audit_run *run, audit_member *m)
{
	g_autofree char *want = wanted_suffix(run);
	audit_finding *f = audit_add(run, audit_grade(run, AUDIT_WARNING), "X0727",
		m->name, "an extension module without an ABI in its file name");

	audit_line(f, "every CPython would import it, also one it was not built for");
	if (want)
		audit_line(f, "usual: .%s.so", want);
	audit_hint(f, "the build made up the name itself, or CMake's Python_SOABI was "
		      "empty; it should come from EXT_SUFFIX of the target's Python");
}

/* Whether all the ABIs of the name are free-threaded CPythons'. */
static gboolean only_free_threaded(const wheel_name *n)
{
	gboolean any = FALSE;

	for (char **a = n->abis; *a; a++) {
		if (!g_str_equal(*a, "abi3t") &&
			(!g_str_has_prefix(*a, "cp") || !g_str_has_suffix(*a, "t")))
			return FALSE;
		any = TRUE;
	}
	return any;
}

/* CPython 3.13t imports NAME.abi3.so, but its objects are laid out another way than
 * abi3 promises. The name alone does not prove that the module was compiled so. */
static void free_threaded_abi3(audit_run *run, audit_member *m)
{
	g_autofree char *want = wanted_suffix(run);
	audit_finding *f = audit_add(run, audit_grade(run, AUDIT_WARNING), "X0713",
		m->name,
		"a module of the stable ABI in a wheel for the free-threaded CPython");

	if (want)
		audit_line(f, "usual: .%s.so", want);
	audit_hint(f, "abi3 is not the ABI of free-threaded CPythons; the suffix comes "
		      "from the Python that built it: it was another one");
}

static void check_module(audit_run *run, audit_member *m)
{
	g_autofree char *suffix = suffix_of(m);

	if (!suffix)
		return;
	gboolean named = g_str_has_prefix(suffix, "cpython-") ||
			 g_str_equal(suffix, "abi3") || g_str_equal(suffix, "abi3t");
	if (run->wheel->name && g_str_equal(suffix, "abi3") &&
		only_free_threaded(run->wheel->name))
		free_threaded_abi3(run, m);
	if (!*suffix && m->module)
		no_suffix(run, m);
	if (m->elf->type == ET_DYN && named && !has_init(m) &&
		!elf_file_is_plain_library(m->elf)) {
		g_autofree char *stem = audit_module_name(m);
		audit_finding *f = audit_add(run, AUDIT_ERROR, "X0714", m->name,
			"named like an extension module, but has no PyInit_%s", stem);
		audit_hint(f,
			"the module's initialisation was not linked in, is hidden "
			"(-fvisibility=hidden without PyMODINIT_FUNC), or is another "
			"module's");
	}
	if (named || m->module) {
		check_suffix(run, m, suffix);
		g_ptr_array_add(run->report->modules, module_name(m));
	}
}

static void check_lost(audit_run *run)
{
	const char *const *want = run->options->extensions;

	for (; want && *want; want++) {
		if (g_ptr_array_find_with_equal_func(
			    run->report->modules, *want, g_str_equal, NULL))
			continue;
		audit_finding *f = audit_add(run, AUDIT_ERROR, "X0715", NULL,
			"the extension module %s is missing", *want);
		for (guint i = 0; i < run->report->modules->len; i++)
			audit_line(f, "there is: %s",
				(char *)g_ptr_array_index(run->report->modules, i));
		audit_hint(f,
			"setup scripts often treat a compiler error as \"build without "
			"it\": the build log shows the error; wheel.extensions lists "
			"what "
			"has to be there");
	}
}

gboolean audit_matches(const audit_member *m, const char *pattern)
{
	const char *below = wheel_below_scheme(m->name);

	return fnmatch(pattern, m->name, 0) == 0 ||
	       (below && fnmatch(pattern, below, 0) == 0);
}

/* What is said of a file that is not there may be meant of another. */
static void check_foreign(audit_run *run)
{
	const GPtrArray *all = run->options->foreign;

	for (guint i = 0; all && i < all->len; i++) {
		gboolean found = FALSE;
		for (guint n = 0; n < run->n_members && !found; n++)
			found = audit_matches(&run->members[n], all->pdata[i]);
		if (!found)
			audit_add(run, audit_grade(run, AUDIT_WARNING), "X0703", NULL,
				"wheel.foreign names %s, which is not in the wheel",
				(char *)all->pdata[i]);
	}
}

/* Shared libraries belong into the platform part. */
static void check_place(audit_run *run, audit_member *m)
{
	const char *root = wheel_header(run->wheel->info, "Root-Is-Purelib");
	gboolean pure_root = root && g_ascii_strcasecmp(root, "true") == 0;
	gboolean in_data = strstr(m->name, ".data/") != NULL;

	if (m->elf->type != ET_DYN || g_strcmp0(m->base, "") == 0)
		return;
	gboolean in_purelib = strstr(m->name, ".data/purelib/") != NULL;
	if ((pure_root && !in_data) || in_purelib) {
		/* Root-Is-Purelib of an own build is written anew. */
		audit_finding *f = audit_add(run,
			run->options->own && !in_purelib ? AUDIT_NOTE : AUDIT_ERROR,
			"X0717", m->name,
			"machine code in the part for pure Python (purelib)");
		audit_hint(f, "WHEEL must say Root-Is-Purelib: false for a wheel with "
			      "extension modules");
	}
}

/* The tag is for one CPython (or its stable ABI) and Linux: nobody tags pure Python so,
 * but a build that went on without its extensions does. */
static gboolean is_for_code(const wheel_name *n)
{
	for (char **abi = n->abis; *abi; abi++)
		if (!g_str_has_prefix(*abi, "cp") && !g_str_equal(*abi, "abi3") &&
			!g_str_equal(*abi, "abi3t"))
			return FALSE;
	for (char **p = n->platforms; *p; p++)
		if (!g_str_has_prefix(*p, "linux_") &&
			!g_str_has_prefix(*p, "manylinux") &&
			!g_str_has_prefix(*p, "musllinux"))
			return FALSE;
	return TRUE;
}

static void check_pure(audit_run *run)
{
	const wheel_name *n = run->wheel->name;
	gboolean any = n && g_strv_contains((const char *const *)n->platforms, "any");

	if (run->report->pure && run->options->need_code) {
		audit_finding *f = audit_add(run, AUDIT_ERROR, "X0716", NULL,
			"a pure-Python wheel where machine code was expected");
		audit_hint(f,
			"the build skipped its extension modules (see the log), or the "
			"package has none for this Python: `wheel: {pure: allow}`");
	}
	if (run->report->pure && !run->options->own && n && is_for_code(n)) {
		audit_finding *f = audit_add(run, AUDIT_ERROR, "X0716", NULL,
			"tagged for machine code, and there is none in it");
		audit_line(f, "the tag is %s-%s", n->abis[0], n->platforms[0]);
		audit_hint(f, "the build went on without its extension modules: its log "
			      "has the compiler's error; what has none is tagged "
			      "py3-none-any");
	}
	if (!run->report->pure && any) {
		audit_finding *f = audit_add(run, AUDIT_ERROR, "X0716", NULL,
			"machine code in a wheel tagged for any platform");
		audit_hint(f, "pip would install it on machines that cannot run it");
	}
}

void audit_layout(audit_run *run)
{
	for (guint i = 0; i < run->n_members; i++) {
		audit_member *m = &run->members[i];
		if (!m->elf)
			continue;
		check_place(run, m);
		check_module(run, m);
	}
	check_pure(run);
	check_lost(run);
	check_foreign(run);
}
