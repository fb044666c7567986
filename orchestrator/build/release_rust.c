#include "base/error.h"
#include "base/event.h"
#include "build/release_find.h"
#include "build/rust.h"
#include "build/sdist_facts.h"
#include "plan/lock.h"

/* Which Rust the releases of a project want, and which there is. */

static gboolean says_rust(const recipe *r)
{
	static const char *const backends[] = {"maturin", "setuptools-rust"};
	g_autofree char *path = recipe_lock_path(r->path);
	g_autoptr(recipe_lock) lock = recipe_lock_load(path, NULL);

	if (r->build.backend == BACKEND_MATURIN ||
		r->build.backend == BACKEND_SETUPTOOLS_RUST || r->toolchain.rust ||
		r->cargo.manifest || (lock && lock->crates))
		return TRUE;
	for (guint n = 0; lock && n < lock->environments->len; n++) {
		const lock_environment *e = g_ptr_array_index(lock->environments, n);
		for (guint i = 0; i < e->packages->len; i++) {
			const locked_file *f = g_ptr_array_index(e->packages, i);
			for (gsize b = 0; b < G_N_ELEMENTS(backends); b++)
				if (g_str_equal(f->name, backends[b]))
					return TRUE;
		}
	}
	return FALSE;
}

char *release_find_rust(const release_find *f, const recipe *r, gboolean any)
{
	if (r->kind != RECIPE_WHEEL || !f->project || (!any && !says_rust(r)))
		return NULL;
	return rust_version_of(r->toolchain.rust);
}

gboolean release_ask_rust(release *r, void *data, GError **err)
{
	const release_find *f = data;
	g_autoptr(GPtrArray) found = host_python_find_all(f->ctx->store, NULL);
	GError *problem = NULL;

	r->rust_asked = TRUE;
	if (!found->len)
		return TRUE;
	/* The newest: it reads the newest syntax. */
	const host_python *python = g_ptr_array_index(found, found->len - 1);
	json_t *facts =
		sdist_facts_read(f->ctx, f->project, r->version, python, &problem);
	if (facts) {
		r->rust = g_strdup(json_get_string(facts, "rust_version"));
		json_decref(facts);
		return TRUE;
	}
	/* What is wrong with a source is for who takes it to find. */
	if (problem->code != EXIT_INPUT && problem->code != EXIT_INTEGRITY) {
		g_propagate_error(err, problem);
		return FALSE;
	}
	event_log(EVENT_DEBUG, r->version, "which Rust it wants: %s", problem->message);
	g_error_free(problem);
	return TRUE;
}
