#include "build/starter_private.h"
#include "plan/recipe_fields.h"

/* `build.env` of a recipe that `xorch new` makes: what setup.py wants to be told. */

static gboolean has_module(const json_t *rows, const char *path)
{
	for (gsize i = 0; i < json_array_size(rows); i++)
		if (g_strcmp0(json_get_string(json_array_get(rows, i), "name"), path) ==
			0)
			return TRUE;
	return FALSE;
}

static gboolean in_upstream(const upstream_wheel *up, const char *path)
{
	return up->extensions && path &&
	       g_ptr_array_find_with_equal_func(up->extensions, path, g_str_equal, NULL);
}

/* Is one of upstream's modules compiled without any variable? */
static gboolean compiles_some(const json_t *facts, const upstream_wheel *up)
{
	const json_t *own = json_get_array(facts, "extensions");

	for (gsize i = 0; i < json_array_size(own); i++)
		if (in_upstream(up, json_get_string(json_array_get(own, i), "name")))
			return TRUE;
	return FALSE;
}

/* Does upstream's wheel have what is compiled only when the variable is set? */
static gboolean brings_modules(
	const json_t *s, const json_t *facts, const upstream_wheel *up)
{
	const json_t *own = json_get_array(facts, "extensions");
	const json_t *more = json_get_array(s, "modules");

	if (!up->file)
		return !up->pure && !json_array_size(own);
	for (gsize i = 0; i < json_array_size(more); i++) {
		const char *path = json_string_value(json_array_get(more, i));
		if (in_upstream(up, path) && !has_module(own, path))
			return TRUE;
	}
	return up->extensions->len && !compiles_some(facts, up);
}

gboolean starter_switch_wanted(
	const json_t *s, const json_t *facts, const upstream_wheel *up)
{
	const char *name = json_get_string(s, "name"), *why = json_get_string(s, "why");
	const char *value = json_get_string(s, "value");

	if (!name || !value || !*value || check_env_name(name) || check_line(value))
		return FALSE;
	if (g_strcmp0(why, "extensions") == 0)
		return brings_modules(s, facts, up);
	return g_strcmp0(why, "loud") == 0 || g_strcmp0(why, "profile") == 0 ||
	       g_strcmp0(why, "upstream") == 0;
}

gboolean starter_switches_any(const json_t *facts, const upstream_wheel *up)
{
	const json_t *all = json_get_array(facts, "switches");

	for (gsize i = 0; i < json_array_size(all); i++) {
		const json_t *s = json_array_get(all, i);
		if (g_strcmp0(json_get_string(s, "why"), "extensions") == 0 &&
			starter_switch_wanted(s, facts, up))
			return TRUE;
	}
	return FALSE;
}

/* "pkg/a, pkg/b and 3 more". New string. */
static char *some(const json_t *modules)
{
	GString *out = g_string_new(NULL);
	gsize n = json_array_size(modules);

	for (gsize i = 0; i < n && i < 2; i++) {
		const char *name = json_string_value(json_array_get(modules, i));
		g_string_append_printf(out, "%s%s", i ? ", " : "", name ? name : "?");
	}
	if (n > 2)
		g_string_append_printf(out, " and %u more", (guint)(n - 2));
	return g_string_free(out, FALSE);
}

static char *why(const json_t *s)
{
	const char *kind = json_get_string(s, "why"),
		   *where = json_get_string(s, "where");
	const json_t *modules = json_get_array(s, "modules");
	g_autofree char *names = some(modules);

	if (!where)
		where = "setup.py";
	if (g_str_equal(kind, "loud"))
		return g_strdup_printf(
			"without it %s goes on when its modules cannot be compiled",
			where);
	if (g_str_equal(kind, "profile"))
		return g_strdup_printf("%s would run what it compiled", where);
	if (g_str_equal(kind, "upstream"))
		return g_strdup("upstream's wheels are built with it");
	return g_strdup_printf("%s compiles %s only when it is set", where,
		json_array_size(modules) ? names : "its modules");
}

static void line(GString *out, gboolean *begun, const char *text)
{
	if (!*begun)
		g_string_append(out, "build:\n  env:\n");
	*begun = TRUE;
	g_string_append_printf(out, "    %s\n", text);
}

static void switches(
	GString *out, gboolean *begun, const json_t *facts, const upstream_wheel *up)
{
	const json_t *all = json_get_array(facts, "switches");
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

	for (gsize i = 0; i < json_array_size(all); i++) {
		const json_t *s = json_array_get(all, i);
		if (!starter_switch_wanted(s, facts, up) ||
			!g_hash_table_add(seen, (gpointer)json_get_string(s, "name")))
			continue;
		g_autoptr(GString) text = g_string_new(json_get_string(s, "name"));
		g_autofree char *reason = why(s);
		g_string_append(text, ": ");
		starter_quote_always(text, json_get_string(s, "value"));
		g_string_append(text, "  # guessed: ");
		starter_append_shown(text, reason);
		line(out, begun, text->str);
	}
}

/* Answers that the project itself takes in a cross build without an emulator. There is
 * one here, which runs nothing, so that no wrong answer is taken. */
static void presets(GString *out, gboolean begun, const json_t *facts)
{
	const json_t *rows = json_get_array(facts, "cmake_presets");
	g_autoptr(GString) text = g_string_new(NULL);

	for (gsize i = 0; i < json_array_size(rows); i++) {
		const json_t *row = json_array_get(rows, i);
		const char *name = json_get_string(row, "name");
		const char *value = json_get_string(row, "value");
		const char *where = json_get_string(row, "where");
		if (!name || !value || !where || check_env_name(name))
			continue;
		g_string_append_printf(text, "    cmake.define.%s: ", name);
		starter_quote_always(text, value);
		g_string_append(text, "  # guessed: what ");
		starter_append_shown(text, where);
		g_string_append(text, " takes where nothing can be run\n");
	}
	if (text->len)
		g_string_append_printf(out, "%s  config_settings:\n%s",
			begun ? "" : "build:\n", text->str);
}

void starter_build_env(GString *out, const json_t *facts, const upstream_wheel *up)
{
	static const struct {
		const char *fact, *line;
	} rows[] = {
		{"cpath",
			"CPATH: \"${{ host.sysroot }}/usr/include\"  # guessed: setup.py "
			"looks for headers there, and those of this machine are not "
			"the target's"},
		/* Automake's names for the programs of `make check`; make takes them as
		 * if given on its command line. They would be built for the target and
		 * run here. */
		{"make_check", "GNUMAKEFLAGS: \"TESTS= check_PROGRAMS=\"  # guessed: "
			       "setup.py runs `make check`, whose programs are the "
			       "target's"},
		{"rust_bootstrap",
			"RUSTC_BOOTSTRAP: \"1\"  # guessed: rust-toolchain asks for a "
			"nightly Rust; the stable one takes the features of its day"},
	};
	gboolean begun = FALSE;

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
		if (json_is_true(json_object_get(facts, rows[i].fact)))
			line(out, &begun, rows[i].line);
	switches(out, &begun, facts, up);
	presets(out, begun, facts);
}
