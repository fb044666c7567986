#include "build/starter_private.h"
#include "base/error.h"
#include "base/event.h"
#include "build/rust.h"
#include "build/sdist_facts.h"
#include "plan/release.h"
#include <string.h>

#define OLDER_TRIED 40 /* releases that want a newer Rust, before giving up */
#define CRATES_TRIED 6 /* releases with crates that cannot be built */

/* A release, and what is known of it. */
typedef struct candidate {
	const char *version;
	json_t *facts;
} candidate;

/* Whether it is to be taken. TRUE for the oldest, too. */
static gboolean is_fit(const build_context *ctx, const char *name, const candidate *c,
	const char *rust, gboolean last, gboolean *newer)
{
	const char *wants = json_get_string(c->facts, "rust_version");

	*newer = release_rust_is_newer(wants, rust);
	if (last)
		return TRUE;
	if (*newer) {
		event_log(EVENT_NOTE, name, "%s wants Rust %s, there is %s", c->version,
			wants, rust);
		return FALSE;
	}
	const char *stuck = json_get_string(c->facts, "rust_nightly");
	if (!stuck)
		stuck = starter_rust_ask(ctx, c->facts);
	if (stuck)
		event_log(EVENT_NOTE, name, "%s is passed over: %s", c->version, stuck);
	return !stuck;
}

/* Of `all`, newest first. What only its crates speak against is taken after all when
 * those of the next releases do, too. */
static candidate choose_of(const build_context *ctx, const pypi_project *p,
	const GPtrArray *all, const host_python *python, const char *rust, GError **err)
{
	candidate first = {0};
	guint passed = 0;

	for (guint i = 0; i < all->len && i < OLDER_TRIED && passed < CRATES_TRIED; i++) {
		candidate c = {.version = all->pdata[i]};
		gboolean newer = FALSE;
		gboolean last = i + 1 == all->len && !first.facts;
		c.facts = sdist_facts_read(ctx, p, c.version, python, err);
		if (!c.facts && first.facts) {
			g_clear_error(err);
			break;
		}
		if (!c.facts || is_fit(ctx, p->name, &c, rust, last, &newer)) {
			json_decref(first.facts);
			return c;
		}
		passed += !newer;
		if (newer || first.facts)
			json_decref(c.facts);
		else
			first = c;
	}
	if (first.facts)
		event_log(EVENT_NOTE, p->name, "%s is taken all the same", first.version);
	return first;
}

/* The newest release that Python and Rust of this machine build, or the one asked
 * for. *version gets it. */
static json_t *choose(const build_context *ctx, const pypi_project *p,
	const starter_request *r, char **version, GError **err)
{
	g_autoptr(GPtrArray) all = NULL;
	g_autofree char *rust = rust_version_for(NULL);
	g_autoptr(GError) problem = NULL;

	if (r->version) {
		*version = g_strdup(r->version);
		return sdist_facts_read(ctx, p, r->version, r->python, err);
	}
	all = pypi_releases(p, r->python->version, err);
	if (!all)
		return NULL;
	candidate c = choose_of(ctx, p, all, r->python, rust, &problem);
	if (c.facts) {
		*version = g_strdup(c.version);
		return c.facts;
	}
	if (problem) {
		g_propagate_error(err, g_steal_pointer(&problem));
		return NULL;
	}
	error_set(err, EXIT_NOTHING, "X0981",
		"the newest releases of %s all want a newer Rust than %s", p->name, rust);
	error_help(err, "name a release: xorch new %s==VERSION", p->name);
	return NULL;
}

static gboolean check_native(const pypi_project *p, const char *version,
	const json_t *facts, const upstream_wheel *up, GError **err)
{
	if (starter_is_native(facts, up))
		return TRUE;
	error_set(err, EXIT_NOTHING, "X0981", "%s %s has no machine code to be built",
		p->name, version);
	error_note(err, "%s",
		up->pure ? "its wheel serves every platform as it is"
			 : "its source names no extension module that could be found");
	return FALSE;
}

static gboolean has_extension(const json_t *facts, const char *path)
{
	const json_t *own = json_get_array(facts, "extensions");

	for (gsize i = 0; i < json_array_size(own); i++)
		if (g_strcmp0(json_get_string(json_array_get(own, i), "name"), path) == 0)
			return TRUE;
	return FALSE;
}

/* Maturin lays a module X that no package holds into a package X (X/X); a setup.py that
 * names just X puts it at the top, and it is that which builds the sdist. */
static void unwrap_modules(upstream_wheel *up, const json_t *facts)
{
	if (!up->file || g_str_equal(starter_backend(facts), "maturin"))
		return;
	for (guint i = 0; i < up->extensions->len; i++) {
		char *path = g_ptr_array_index(up->extensions, i);
		char *slash = strchr(path, '/');
		guint at;
		if (!slash || strncmp(path, slash + 1, (gsize)(slash - path)) != 0 ||
			strlen(slash + 1) != (gsize)(slash - path) ||
			has_extension(facts, path) || !has_extension(facts, slash + 1))
			continue;
		*slash = '.';
		if (g_ptr_array_find_with_equal_func(up->modules, path, g_str_equal, &at))
			g_ptr_array_remove_index(up->modules, at);
		*slash = '\0';
	}
}

/* Those that lack a wheel; NULL: the usual ones. */
static void add_targets(GString *out, const GPtrArray *targets)
{
	if (!targets)
		return;
	g_string_append(out, "targets: # the index has no wheel for them\n");
	for (guint i = 0; i < targets->len; i++)
		g_string_append_printf(
			out, "  - %s\n", (char *)g_ptr_array_index(targets, i));
}

gboolean starter_pypi(
	const build_context *ctx, const starter_request *r, starter *out, GError **err)
{
	g_autoptr(pypi_project) p = pypi_project_get(ctx, r->name, err);
	g_auto(upstream_wheel) up = {0};
	g_autoptr(GString) text = g_string_new(NULL);

	memset(out, 0, sizeof *out);
	if (!p)
		return FALSE;
	g_autoptr(json_t) facts = choose(ctx, p, r, &out->version, err);
	if (!facts ||
		!upstream_wheel_read(ctx, p, out->version, r->python->minor, &up, err) ||
		!check_native(p, out->version, facts, &up, err))
		return FALSE;
	unwrap_modules(&up, facts);
	if (r->crates)
		starter_rust_crates_of(ctx, p, out->version, r->python, facts);
	out->name = g_strdup(p->name);
	out->notes = g_ptr_array_new_with_free_func(g_free);
	starter_rust(ctx, facts, out->notes);
	starter_head(text, out->name, out->version, "wheel", facts);
	g_string_append(text, "source:\n  pypi: ");
	starter_quote(text, p->name);
	g_string_append_c(text, '\n');
	add_targets(text, r->targets);
	starter_wheel_parts(ctx, text, facts, &up, out->notes);
	starter_about(text, facts);
	out->text = g_strdup(text->str);
	return TRUE;
}
