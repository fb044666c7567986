#include "build/starter_private.h"
#include "base/error.h"
#include "base/event.h"
#include "build/rust.h"
#include "build/sdist_facts.h"
#include "plan/release.h"
#include <string.h>

#define OLDER_TRIED 40 /* releases that want a newer Rust, before giving up */

/* The newest release that Python and Rust of this machine build, or the one asked
 * for. *version gets it. */
static json_t *choose(const build_context *ctx, const pypi_project *p,
	const starter_request *r, char **version, GError **err)
{
	g_autoptr(GPtrArray) all = NULL;
	g_autofree char *rust = rust_version_of(NULL);

	if (r->version) {
		*version = g_strdup(r->version);
		return sdist_facts_read(ctx, p, r->version, r->python, err);
	}
	all = pypi_releases(p, r->python->version, err);
	if (!all)
		return NULL;
	for (guint i = 0; i < all->len && i < OLDER_TRIED; i++) {
		const char *v = g_ptr_array_index(all, i);
		json_t *facts = sdist_facts_read(ctx, p, v, r->python, err);
		if (!facts)
			return NULL;
		const char *wants = json_get_string(facts, "rust_version");
		if (!release_rust_is_newer(wants, rust) || i + 1 == all->len) {
			*version = g_strdup(v);
			return facts;
		}
		event_log(EVENT_NOTE, p->name, "%s wants Rust %s, there is %s", v, wants,
			rust);
		json_decref(facts);
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
	out->name = g_strdup(p->name);
	out->notes = g_ptr_array_new_with_free_func(g_free);
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
