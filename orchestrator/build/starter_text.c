#include "build/starter_private.h"
#include "build/starter_sysroot.h"
#include "base/words.h"
#include "format/pep508.h"
#include "plan/floor_range.h"
#include "plan/known_library.h"
#include "plan/recipe_fields.h"
#include <stdlib.h>
#include <string.h>

#define COLUMNS 88

void starter_clear(starter *s)
{
	g_free(s->name);
	g_free(s->version);
	g_free(s->text);
	g_clear_pointer(&s->notes, g_ptr_array_unref);
	memset(s, 0, sizeof *s);
}

static gboolean is_plain(const char *text)
{
	static const char *const words[] = {
		"true", "false", "null", "yes", "no", "on", "off", "y", "n", NULL};
	g_autofree char *lower = g_ascii_strdown(text, -1);
	gsize n = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			       "0123456789._/+-");

	return n && !text[n] && g_ascii_isalpha(text[0]) &&
	       !g_strv_contains(words, lower);
}

/* One that a reader of YAML takes, and that does not change how others look. */
static gboolean is_shown(gunichar c)
{
	GUnicodeType type = g_unichar_type(c);

	return g_unichar_isprint(c) && type != G_UNICODE_FORMAT &&
	       type != G_UNICODE_LINE_SEPARATOR && type != G_UNICODE_PARAGRAPH_SEPARATOR;
}

void starter_append_shown(GString *out, const char *text)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);

	for (const char *p = valid; *p; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);
		g_string_append_unichar(out, is_shown(c) ? c : ' ');
	}
}

void starter_quote(GString *out, const char *text)
{
	/* "deb:x" is a plain scalar too: no blank follows the colon. */
	if (is_plain(text) || (g_str_has_prefix(text, "deb:") && is_plain(text + 4)))
		g_string_append(out, text);
	else
		starter_quote_always(out, text);
}

void starter_quote_always(GString *out, const char *text)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);

	g_string_append_c(out, '"');
	for (const char *p = valid; *p; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);
		if (c == '"' || c == '\\')
			g_string_append_c(out, '\\');
		/* `${{` would be an expression */
		if (!is_shown(c))
			g_string_append_c(out, ' ');
		else if (c == '$' && p[1] == '{')
			g_string_append(out, "$ ");
		else
			g_string_append_unichar(out, c);
	}
	g_string_append_c(out, '"');
}

void starter_comment(GString *out, const char *text)
{
	g_autoptr(GString) clean = g_string_new(NULL);
	g_autoptr(GString) folded = g_string_new(NULL);

	starter_append_shown(clean, text);
	words_fold(folded, clean->str, 0, 0, COLUMNS - 2);
	g_auto(GStrv) lines = g_strsplit(folded->str, "\n", -1);
	for (char **l = lines; *l; l++)
		g_string_append_printf(out, "# %s\n", *l);
}

static const char *fact(const json_t *facts, const char *name)
{
	const char *text = json_get_string(facts, name);

	return text && *text ? text : NULL;
}

void starter_head(GString *out, const char *name, const char *version, const char *kind,
	const json_t *facts)
{
	const char *summary = fact(facts, "summary");

	if (!summary)
		summary = fact(facts, "info_summary");
	if (summary && strlen(summary) < 400)
		starter_comment(out, summary);
	g_string_append(out,
		"# Made by `xorch new`; what is marked as guessed was not said "
		"by the project itself.\n");
	g_string_append(out, "schema_version: 1\npackage:\n  name: ");
	starter_quote(out, name);
	g_string_append(out, "\n  version: \"");
	g_string_append_printf(out, "%s\"\nkind: %s\n", version, kind);
}

void starter_about(GString *out, const json_t *facts)
{
	const char *license = fact(facts, "info_license_expression");
	const char *home = fact(facts, "info_home_page");

	if (!license || strlen(license) > 100 || check_line(license))
		license = NULL;
	if (home && (check_url(home) || strlen(home) > 200 ||
			    !g_str_has_prefix(home, "https://") ||
			    strpbrk(home, " \"\\<>${}")))
		home = NULL;
	if (!license && !home)
		return;
	g_string_append(out, "about:\n");
	if (home) {
		g_string_append(out, "  homepage: ");
		starter_quote(out, home);
		g_string_append_c(out, '\n');
	}
	if (license) {
		g_string_append(out, "  license: ");
		starter_quote(out, license);
		g_string_append_c(out, '\n');
	}
}

const char *starter_backend(const json_t *facts)
{
	static const struct {
		const char *begin, *name;
	} rows[] = {{"setuptools", "setuptools"}, {"maturin", "maturin"},
		{"scikit_build_core", "scikit-build-core"}, {"mesonpy", "meson-python"},
		{"poetry", "poetry-core"}, {"hatchling", "hatchling"}, {"flit", "flit"},
		{"pdm", "pdm"}, {"cffi", "cffi"}};
	const char *backend = fact(facts, "backend");
	const json_t *requires = json_get_array(facts, "requires");

	for (gsize i = 0; i < json_array_size(requires); i++) {
		const char *r = json_string_value(json_array_get(requires, i));
		if (r && g_str_has_prefix(r, "setuptools-rust"))
			return "setuptools-rust";
	}
	for (guint i = 0; backend && i < G_N_ELEMENTS(rows); i++)
		if (g_str_has_prefix(backend, rows[i].begin))
			return rows[i].name;
	return backend ? "its own" : "setuptools";
}

gboolean starter_is_native(const json_t *facts, const upstream_wheel *up)
{
	if (up->file || json_is_true(json_object_get(facts, "rust")))
		return TRUE;
	if (starter_switches_any(facts, up))
		return TRUE;
	return json_array_size(json_get_array(facts, "extensions")) > 0 &&
	       (!up->pure || g_str_equal(starter_backend(facts), "setuptools"));
}

static void add_list(GString *out, GPtrArray *rows)
{
	for (guint i = 0; i < rows->len; i++)
		g_string_append_printf(
			out, "    - %s\n", (char *)g_ptr_array_index(rows, i));
}

void starter_row(GPtrArray *rows, const char *value, const char *why)
{
	GString *line = g_string_new(NULL);

	starter_quote(line, value);
	g_string_append(line, "  # guessed: ");
	starter_append_shown(line, why);
	g_ptr_array_add(rows, g_string_free(line, FALSE));
}

static gboolean said_already(const json_t *requires, const char *name)
{
	for (gsize i = 0; i < json_array_size(requires); i++) {
		const char *text = json_string_value(json_array_get(requires, i));
		g_autoptr(pep508_requirement) r = text ? pep508_parse(text, NULL) : NULL;
		if (r && g_str_equal(r->normalised, name))
			return TRUE;
	}
	return FALSE;
}

/* A setup.py that compiles its Python where Cython happens to be there, as it was where
 * upstream's wheel with its modules was built: the source has no C to compile without. */
static gboolean wants_cython(const json_t *facts, const upstream_wheel *up)
{
	return up->file && up->extensions->len &&
	       json_is_true(json_object_get(facts, "only_cython"));
}

static GPtrArray *build_rows(const json_t *facts, const upstream_wheel *up)
{
	GPtrArray *build = g_ptr_array_new_with_free_func(g_free);
	const json_t *more = json_get_array(facts, "more_requires");
	const json_t *programs = json_get_array(facts, "programs");
	gboolean said = json_is_true(json_object_get(facts, "has_build_system"));

	for (gsize i = 0; i < json_array_size(more); i++) {
		const char *text = json_string_value(json_array_get(more, i));
		g_autoptr(pep508_requirement) r = text ? pep508_parse(text, NULL) : NULL;
		/* What pyproject.toml lists is complete, but for an upper bound. */
		gboolean bound = r && g_str_has_prefix(text, "setuptools<");
		gboolean cython = r && g_str_equal(r->normalised, "cython") &&
				  wants_cython(facts, up);
		if (!r || r->url || check_requirement(text) ||
			(said && !bound && !cython) ||
			(!bound && said_already(json_get_array(facts, "requires"),
					   r->normalised)))
			continue;
		starter_row(build, text,
			bound  ? "setup.py uses what newer ones lack"
			: said ? "setup.py imports it, and upstream's wheel has modules"
			       : "setup.py imports or names it");
	}
	for (gsize i = 0; i < json_array_size(programs); i++) {
		const json_t *program = json_array_get(programs, i);
		const char *name = json_get_string(program, "name");
		const char *where = json_get_string(program, "where");
		g_autofree char *starts =
			g_strdup_printf("%s starts it", where ? where : "?");
		/* pyproject.toml may leave it to the machine. */
		if (name && !check_requirement(name) &&
			!said_already(json_get_array(facts, "requires"), name) &&
			(said || !said_already(more, name)))
			starter_row(build, name, starts);
	}
	return build;
}

/* What clang does not compile; NULL: nothing. New string. */
static char *why_gcc(const json_t *facts, const upstream_wheel *up)
{
	const char *pragma = fact(facts, "gcc"), *nested = fact(facts, "nested");
	const char *mixed = fact(facts, "mixed_std"), *openmp = fact(facts, "openmp");
	const char *fortran = fact(facts, "fortran"), *unwinds = fact(facts, "unwinds");

	if (pragma)
		return g_strdup_printf(
			"%s names CPU features by a pragma that clang does not know",
			pragma);
	if (nested)
		return g_strdup_printf("%s has functions inside functions, which clang "
				       "does not compile",
			nested);
	if (fortran)
		return g_strdup_printf("%s compiles Fortran", fortran);
	if (unwinds)
		return g_strdup_printf("%s calls _Unwind_GetIPInfo, for armv7 a macro of "
				       "gcc's header",
			unwinds);
	if (openmp)
		return g_strdup_printf(
			"%s asks for OpenMP, whose library is gcc's", openmp);
	for (guint i = 0; up->linked && i < up->linked->len; i++) {
		const char *file = g_ptr_array_index(up->linked, i);
		if (g_str_has_prefix(file, "libgomp-"))
			return g_strdup_printf(
				"upstream's wheel links %s, which is gcc's", file);
	}
	if (mixed)
		return g_strdup_printf("setup.py asks for a standard of %s, too, which "
				       "clang refuses",
			mixed);
	return NULL;
}

static void toolchain(GString *out, const json_t *facts, const upstream_wheel *up,
	gboolean grafted, const starter_sysroot *sysroot)
{
	g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(sysroot_def) usual =
		grafted ? sysroot_def_find(SYSROOT_DEFAULT, NULL) : NULL;
	const sysroot_def *def = sysroot->def ? sysroot->def : usual;
	const char *rust = fact(facts, "toolchain_rust");
	g_autofree char *gcc = why_gcc(facts, up);

	if (!gcc && !def && !rust)
		return;
	g_string_append(out, "toolchain:\n");
	if (gcc) {
		starter_row(rows, "gcc", gcc);
		g_string_append_printf(
			out, "  c: %s\n", (char *)g_ptr_array_index(rows, 0));
	}
	if (sysroot->def) {
		starter_row(rows, sysroot->def->name, sysroot->why);
		g_string_append_printf(out, "  sysroot: %s\n",
			(char *)g_ptr_array_index(rows, rows->len - 1));
	}
	if (rust)
		starter_rust_compiler(out, facts);
	if (def && grafted) {
		g_autofree char *floor = g_strdelimit(g_strdup(def->glibc), ".", '_');
		g_string_append_printf(out,
			"  manylinux: \"%s\"  # guessed: the libraries of %s that go "
			"into the wheel need its glibc\n",
			floor, def->name);
	} else if (def) {
		g_string_append_printf(out,
			"  manylinux: \"2_%d\"  # guessed: the lowest that %s can have\n",
			sysroot_def_lowest(def), def->name);
	}
}

static void requirements(GString *out, GPtrArray *build, GPtrArray *host)
{
	if (!build->len && !host->len)
		return;
	g_string_append(out, "requirements:\n");
	if (build->len) {
		g_string_append(out, "  build:\n");
		add_list(out, build);
	}
	if (host->len) {
		g_string_append(out, "  host:\n");
		add_list(out, host);
	}
}

/* ---- extensions ---- */

static gboolean is_module_path(const char *path)
{
	return strspn(path,
		       "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"
		       "/") == strlen(path) &&
	       *path && strlen(path) < 200 && !g_ascii_isdigit(*path) && *path != '/' &&
	       path[strlen(path) - 1] != '/' && !strstr(path, "//");
}

/* None of them may be a path that a recipe takes (x.prefix/lib/x.so). */
static void upstream_extensions(GString *out, const upstream_wheel *up)
{
	g_autoptr(GString) rows = g_string_new(NULL);

	for (guint i = 0; i < up->extensions->len; i++) {
		const char *path = g_ptr_array_index(up->extensions, i);
		if (!is_module_path(path))
			continue;
		g_string_append(rows, "    - ");
		starter_quote(rows, path);
		g_string_append_c(rows, '\n');
	}
	if (rows->len)
		g_string_append_printf(out,
			"  extensions: # guessed: those of upstream's %s\n%s",
			up->compared ? "wheels for x86_64 and aarch64" : "x86_64 wheel",
			rows->str);
}

static void extensions(GString *out, const json_t *facts, const upstream_wheel *up)
{
	g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(g_free);
	const json_t *own = json_get_array(facts, "extensions");

	if (up->file) {
		upstream_extensions(out, up);
		return;
	}
	for (gsize i = 0; i < json_array_size(own); i++) {
		const json_t *e = json_array_get(own, i);
		const char *name = json_get_string(e, "name");
		const char *where = json_get_string(e, "where");
		/* A bare name of CMake or meson does not say the package it is put in. */
		gboolean placed = where && (g_str_has_suffix(where, ".py") ||
						   g_str_equal(where, "pyproject.toml"));
		if (name && placed && is_module_path(name))
			starter_row(rows, name, where);
	}
	if (rows->len) {
		g_string_append(out, "  extensions:\n");
		add_list(out, rows);
	}
}

/* Is "3.9" a version that the project itself names? 3.9 also stands for older ones. */
static gboolean says_abi3(const json_t *facts, const char *abi3)
{
	const json_t *said = json_get_array(facts, "abi3_said");
	int minor = atoi(abi3 + strlen("3."));

	if (json_is_true(json_object_get(facts, "abi3_varies")))
		return FALSE;
	for (gsize i = 0; i < json_array_size(said); i++) {
		int n = (int)json_integer_value(json_array_get(said, i));
		if (n == minor || (minor == 9 && n < minor))
			return TRUE;
	}
	return FALSE;
}

void starter_wheel_parts(const build_context *ctx, GString *out, const json_t *facts,
	const upstream_wheel *up, GPtrArray *notes)
{
	const json_t *warnings = json_get_array(facts, "warnings");
	/* The source's own, since upstream may build others of it by options. */
	const char *own = fact(facts, "abi3"), *abi3 = own ? own : up->abi3;
	const char *rust = fact(facts, "rust_version");
	gboolean grafted;
	g_autoptr(GPtrArray) build = build_rows(facts, up);
	g_autoptr(GPtrArray) chosen = g_ptr_array_new();
	g_autoptr(GPtrArray) host = starter_host_rows(facts, up, chosen, &grafted);
	g_autoptr(GString) keys = g_string_new(NULL);
	g_auto(starter_sysroot) sysroot = {0};
	GString *line = g_string_new(NULL);

	g_string_append_printf(line, "Backend: %s", starter_backend(facts));
	if (rust)
		g_string_append_printf(line, ", wants Rust %s", rust);
	g_string_append_printf(line, " (%s).",
		fact(facts, "backend") ? "pyproject.toml" : "guessed: no build-backend");
	starter_comment(out, line->str);
	g_string_free(line, TRUE);
	gboolean stable = abi3 && !check_python(abi3) && says_abi3(facts, abi3);
	if (stable) {
		g_string_append_printf(out, "python:\n  abi3: \"%s\" # guessed: %s\n",
			abi3,
			own ? "a feature in Cargo.toml" : "the tag of upstream's wheel");
	}
	if (ctx)
		starter_sysroot_choose(ctx, facts, chosen, &sysroot, notes);
	toolchain(out, facts, up, grafted, &sysroot);
	starter_note_downloads(facts, notes);
	requirements(out, build, host);
	starter_rust_crates(
		out, facts, stable && g_str_equal(starter_backend(facts), "maturin"));
	starter_build_env(out, facts, up);
	starter_cpu(keys, facts);
	extensions(keys, facts, up);
	starter_foreign(keys, facts, up);
	if (up->file && !up->code)
		g_string_append(keys,
			"  pure: allow # guessed: upstream's wheel for Linux "
			"has no machine code\n");
	if (keys->len)
		g_string_append_printf(out, "wheel:\n%s", keys->str);
	starter_tests(out, facts, up);
	for (gsize i = 0; i < json_array_size(warnings); i++) {
		const char *text = json_string_value(json_array_get(warnings, i));
		if (text)
			g_ptr_array_add(
				notes, g_strdup_printf("%s: look at what it decides "
						       "for the target",
					       text));
	}
}
