#include "base/event.h"
#include "build/crates_rust.h"
#include "build/registry.h"
#include "build/rust.h"
#include "build/sdist_facts.h"
#include "build/starter_private.h"
#include "format/cargo_lock.h"
#include "plan/recipe_fields.h"
#include "plan/release.h"
#include <string.h>

/* Which Rust a recipe is to name, where the one that is taken by itself is too old. */

/* Where neither settings nor an installed cargo say where the registry is, the cargo
 * that builds does. */
static gboolean ask_index(const build_context *ctx, const GPtrArray *crates,
	const json_t *least, crates_rust *out, GError **err)
{
	g_autoptr(GPtrArray) known = NULL;
	g_auto(rust_toolchain) rust = {0};
	g_autofree char *have = rust_version_for(NULL);

	if (!crates->len)
		return TRUE;
	if (!registry_crates(NULL, &known, NULL) &&
		!rust_prepare(ctx, NULL, platform_by_name("aarch64"), &rust, err))
		return FALSE;
	return crates_rust_ask(ctx, crates, rust.cargo, have, least, out, err);
}

static void put(json_t *facts, const char *name, const char *text)
{
	if (text)
		json_object_set_new(facts, name, json_string(text));
}

/* "[X0951] Cargo.lock: crate x 1.0 comes from a git repository" without the code. */
static char *first_line(const GError *error)
{
	const char *text = error->message;
	const char *end = text[0] == '[' ? strstr(text, "] ") : NULL;

	text = end ? end + 2 : text;
	return g_strndup(text, strcspn(text, "\n"));
}

/* That it cannot be known is no reason to have no recipe. */
const char *starter_rust_ask(const build_context *ctx, json_t *facts)
{
	const char *text = json_get_string(facts, "lock_text");
	g_autofree char *newest = rust_version_for(NULL);
	g_auto(crates_rust) found = {0};
	g_autoptr(GError) error = NULL;

	if (!text || json_object_get(facts, "crates_asked"))
		return json_get_string(facts, "crates_stuck");
	json_object_set_new(facts, "crates_asked", json_true());
	g_autoptr(GPtrArray) crates = cargo_lock_parse(text, "its Cargo.lock", &error);
	if (!crates) { /* nor could the recipe be locked */
		g_autofree char *why = first_line(error);
		put(facts, "crates_stuck", why);
	} else if (!ask_index(ctx, crates, json_get_array(facts, "crate_least"), &found,
			   &error)) {
		g_autofree char *why = first_line(error);
		event_log(EVENT_NOTE, NULL, "which Rust its crates want is not known: %s",
			why);
	}
	put(facts, "crates_rust", found.version);
	put(facts, "crates_which", found.which);
	if (found.stuck) {
		g_autofree char *why =
			g_strdup_printf("%s of its Cargo.lock wants a newer Rust than %s",
				found.stuck, newest);
		put(facts, "crates_stuck", why);
	}
	return json_get_string(facts, "crates_stuck");
}

/* The reason; by_crate: not the source itself. NULL: nothing is said. */
static char *why_newer(const json_t *facts, const char **wants, gboolean *by_crate)
{
	const char *own = json_get_string(facts, "rust_version");
	const char *crates = json_get_string(facts, "crates_rust");

	*by_crate = crates && (!own || release_rust_is_newer(crates, own));
	*wants = *by_crate ? crates : own;
	if (*by_crate)
		return g_strdup_printf("%s of its Cargo.lock wants Rust %s",
			json_get_string(facts, "crates_which"), crates);
	return own ? g_strdup_printf("its source wants Rust %s", own) : NULL;
}

/* A Cargo.toml somewhere in the source is no sign that anything of it is built. */
static gboolean builds_rust(const json_t *facts)
{
	const char *backend = starter_backend(facts);

	return g_str_equal(backend, "maturin") ||
	       g_str_equal(backend, "setuptools-rust") ||
	       json_get_string(facts, "cargo_manifest");
}

/* Who does not say which Rust it wants has tried the newest, and many crates do not say
 * it either. */
static void take_newest(json_t *facts, const char *have)
{
	g_autofree char *newest = rust_version_for(NULL);

	if (!builds_rust(facts) || json_is_true(json_object_get(facts, "rust_said")) ||
		!release_rust_is_newer(newest, have))
		return;
	put(facts, "toolchain_rust", newest);
	put(facts, "toolchain_rust_why",
		"its Cargo.toml does not say which Rust it wants; the newest there is");
}

/* That it cannot be known is no reason to have no recipe. */
void starter_rust_crates_of(const build_context *ctx, const pypi_project *p,
	const char *version, const host_python *python, json_t *facts)
{
	g_autoptr(GError) error = NULL;

	if (!builds_rust(facts) || json_get_string(facts, "lock_text") || ctx->offline ||
		sdist_facts_add_crates(ctx, p, version, python, facts, &error))
		return;
	g_autofree char *why = first_line(error);
	event_log(EVENT_NOTE, NULL, "which crates it takes is not known: %s", why);
}

void starter_rust(const build_context *ctx, json_t *facts, GPtrArray *notes)
{
	g_autofree char *have = rust_version_of(NULL);
	const char *wants;
	gboolean by_crate;

	if (!json_is_true(json_object_get(facts, "rust")))
		return;
	const char *nightly = json_get_string(facts, "rust_nightly");
	if (nightly)
		g_ptr_array_add(notes, g_strdup_printf("%s, which only a nightly Rust "
						       "has, and there is %s",
					       nightly, have));
	const char *stuck = starter_rust_ask(ctx, facts);
	g_autofree char *why = why_newer(facts, &wants, &by_crate);
	if (!release_rust_is_newer(wants, have)) {
		take_newest(facts, have);
		return;
	}
	g_autofree char *newer = rust_version_for(wants);
	if (newer) {
		put(facts, "toolchain_rust", newer);
		put(facts, "toolchain_rust_why", why);
		return;
	}
	g_autofree char *all = g_strdup_printf("%s, and there is %s", why, have);
	if (by_crate && !stuck &&
		!release_rust_is_newer(json_get_string(facts, "rust_version"), have))
		put(facts, "cargo_renew_why", all);
	else
		g_ptr_array_add(notes, g_steal_pointer(&all));
}

/* By its name, or by that of what it binds: alsa-sys, cairo-sys-rs. */
static const known_library *library_of(const char *crate)
{
	const known_library *h = known_library_by_name(crate);
	const char *end = strstr(crate, "-sys");
	g_autofree char *bound = end ? g_strndup(crate, (gsize)(end - crate)) : NULL;

	return h || !bound ? h : known_library_by_name(bound);
}

const char *starter_rust_links(const json_t *facts, const known_library *h)
{
	const json_t *rows = json_get_array(facts, "crate_links");

	for (gsize i = 0; i < json_array_size(rows); i++) {
		const char *name = json_get_string(json_array_get(rows, i), "name");
		const known_library *found = name ? library_of(name) : NULL;
		if (found && g_str_equal(found->deb, h->deb))
			return name;
	}
	return NULL;
}

/* Both reasons hold words of Cargo.lock and versions alone, each read strictly. */
void starter_rust_compiler(GString *out, const json_t *facts)
{
	const char *version = json_get_string(facts, "toolchain_rust");

	if (version)
		g_string_append_printf(out, "  rust: \"%s\"  # guessed: %s\n", version,
			json_get_string(facts, "toolchain_rust_why"));
}

static gboolean is_feature(const char *text)
{
	return g_ascii_isalnum(*text) && strlen(text) < 100 &&
	       !text[strspn(text, "abcdefghijklmnopqrstuvwxyz"
				  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+./")];
}

/* maturin takes either the features of its command line or those of pyproject.toml, and
 * python.abi3 is one of its command line. */
void starter_rust_crates(GString *out, const json_t *facts, gboolean abi3)
{
	const char *why = json_get_string(facts, "cargo_renew_why");
	const json_t *features = abi3 ? json_get_array(facts, "maturin_features") : NULL;
	gsize n = json_array_size(features);
	g_autoptr(GString) names = g_string_new(NULL);

	for (gsize i = 0; i < n; i++) {
		const char *name = json_string_value(json_array_get(features, i));
		if (!name || !is_feature(name))
			continue;
		g_string_append(names, "    - ");
		starter_quote(names, name);
		g_string_append_c(names, '\n');
	}
	const char *manifest = json_get_string(facts, "cargo_manifest");
	const char *starts = json_get_string(facts, "cargo_why");
	g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(g_free);

	if (manifest && starts && !check_path(manifest)) {
		g_autofree char *said = g_strdup_printf("%s starts cargo", starts);
		starter_row(rows, manifest, said);
	}
	if (why || names->len || rows->len)
		g_string_append(out, "cargo:\n");
	if (rows->len)
		g_string_append_printf(out, "  manifest: %s\n",
			(const char *)g_ptr_array_index(rows, 0));
	if (why)
		g_string_append_printf(out, "  renew: true  # guessed: %s\n", why);
	if (names->len)
		g_string_append_printf(out,
			"  features: # those of pyproject.toml, which maturin leaves out "
			"for python.abi3's\n%s",
			names->str);
}
