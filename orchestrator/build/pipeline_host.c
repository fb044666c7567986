#include "build/pipeline_host.h"
#include "base/error.h"
#include "base/event.h"
#include "build/pipeline_private.h"
#include "build/sysroot.h"
#include <string.h>

static int by_text(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The item's own entries and those of the libraries it needs, without "deb:". */
static void collect(const item *i, GPtrArray *out)
{
	const GPtrArray *list = i->recipe->requirements.host;

	for (guint n = 0; list && n < list->len; n++) {
		const char *text = g_ptr_array_index(list, n);
		if (g_str_has_prefix(text, "deb:") &&
			!g_ptr_array_find_with_equal_func(
				out, text + 4, g_str_equal, NULL))
			g_ptr_array_add(out, g_strdup(text + 4));
	}
	for (guint n = 0; n < i->needs->len; n++) {
		const item *other = g_ptr_array_index(i->needs, n);
		if (other->recipe && other->recipe->kind == RECIPE_LIBRARY)
			collect(other, out);
	}
}

static GPtrArray *wanted(const item *i)
{
	GPtrArray *out = g_ptr_array_new_with_free_func(g_free);

	collect(i, out);
	g_ptr_array_sort(out, by_text);
	return out;
}

static gboolean same(const GPtrArray *a, const GPtrArray *b)
{
	if (a->len != b->len)
		return FALSE;
	for (guint n = 0; n < a->len; n++)
		if (!g_str_equal(g_ptr_array_index(a, n), g_ptr_array_index(b, n)))
			return FALSE;
	return TRUE;
}

static gboolean fits(const item *i, const package_section *s, const GPtrArray *names,
	const sysroot_def *def, GError **err)
{
	const char *suite = def->packages.debian.suite;

	if (same(s->roots, names) && g_str_equal(s->suite, suite))
		return TRUE;
	if (same(s->roots, names))
		error_set(err, EXIT_LOCK, "X0408",
			"the sysroot changed since the lock was written: its suite is "
			"%s, "
			"not %s",
			suite, s->suite);
	else
		error_set(err, EXIT_LOCK, "X0408",
			"requirements.host changed since the lock was written");
	error_note(err, "%s: section host, %s", i->source->lock->path, i->platform->name);
	item_help_lock(err, i);
	return FALSE;
}

static gboolean not_locked(const item *i, GError **err)
{
	error_set(err, EXIT_LOCK, "X0407", "the host packages for %s are not locked",
		i->platform->name);
	error_note(err,
		i->source->lock_text ? "%s has no such section" : "there is no %s",
		i->source->lock->path);
	item_help_lock(err, i);
	return FALSE;
}

/* "libssl-dev=1.1.1w-0+deb11u1": the suite must have that very one. */
static gboolean version_is(const item *i, const char *name, const char *version,
	const package_section *s, const sysroot_def *def, GError **err)
{
	const locked_package *p = package_section_find(s, name);

	if (!p || g_str_equal(p->version, version))
		return TRUE;
	error_set(err, EXIT_INPUT, "X0335", "%s has %s in version %s, not %s",
		def->packages.debian.suite, name, p->version, version);
	error_line(err, "--> %s", i->source->recipe->path);
	error_help(err,
		"change or leave out the version in requirements.host: the lock keeps "
		"the one that was resolved");
	return FALSE;
}

static package_section *resolve(pipeline *p, const item *i, const GPtrArray *names,
	const sysroot_def *def, GError **err)
{
	g_autoptr(GPtrArray) bare = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(package_section) s = package_section_new(i->platform->name,
		def->packages.debian.suite, i->platform->debian_arch, NULL);

	for (guint n = 0; n < names->len; n++) {
		const char *text = g_ptr_array_index(names, n);
		g_ptr_array_add(bare, g_strndup(text, strcspn(text, "=")));
		g_ptr_array_add(s->roots, g_strdup(text));
	}
	g_autoptr(GPtrArray) more = sysroot_more(p->ctx, def, i->platform, bare, err);
	if (!more) {
		error_line(err, "--> %s", i->source->recipe->path);
		return NULL;
	}
	for (guint n = 0; n < more->len; n++)
		g_ptr_array_add(
			s->packages, locked_package_copy(g_ptr_array_index(more, n)));
	for (guint n = 0; n < names->len; n++) {
		const char *equals = strchr(g_ptr_array_index(names, n), '=');
		if (equals && !version_is(i, g_ptr_array_index(bare, n), equals + 1, s,
				      def, err))
			return NULL;
	}
	return g_steal_pointer(&s);
}

gboolean host_packages_lock(pipeline *p, item *i, GError **err)
{
	cross_request request;
	const pipeline_options *o = &p->options;
	g_autoptr(GPtrArray) names = wanted(i);
	recipe_lock *lock = i->source->lock;
	const package_section *s = recipe_lock_host(lock, i->platform->name);

	if (!names->len) {
		if (s && o->renew)
			recipe_lock_set_host(lock, i->platform->name, NULL);
		return TRUE;
	}
	if (!pipeline_cross_bare(p, i, &request, err))
		return FALSE;
	const sysroot_def *def = request.sysroot;
	if (s && !o->upgrade) {
		g_autoptr(GError) why = NULL;
		if (fits(i, s, names, def, &why))
			return TRUE;
		if (!o->renew || p->ctx->locked) {
			g_propagate_error(err, g_steal_pointer(&why));
			return FALSE;
		}
	}
	if (p->ctx->locked)
		return not_locked(i, err);
	if (p->ctx->cut)
		event_log(EVENT_NOTE, i->id,
			"--exclude-newer does not hold for packages of Debian: a suite "
			"has them as they are now");
	gint64 begun = event_step_begin(i->id, "lock host packages");
	package_section *made = resolve(p, i, names, def, err);
	event_step_end(i->id, "lock host packages", begun, made != NULL);
	if (!made)
		return FALSE;
	recipe_lock_set_host(lock, i->platform->name, made);
	return TRUE;
}

const GPtrArray *host_packages_locked(const item *i)
{
	const package_section *s = NULL;
	g_autoptr(GPtrArray) names = wanted(i);

	if (names->len)
		s = recipe_lock_host(i->source->lock, i->platform->name);
	return s && s->packages->len ? s->packages : NULL;
}

gboolean host_packages_add_to_key(const item *i, key *k, GError **err)
{
	g_autoptr(GPtrArray) names = wanted(i);
	const GPtrArray *packages = host_packages_locked(i);

	if (names->len && !recipe_lock_host(i->source->lock, i->platform->name))
		return not_locked(i, err);
	for (guint n = 0; packages && n < packages->len; n++) {
		const locked_package *p = g_ptr_array_index(packages, n);
		g_autofree char *name = g_strdup_printf("host %s", p->name);
		g_autofree char *value =
			g_strdup_printf("%s %.16s", p->version, p->sha256);
		key_add(k, name, value);
	}
	return TRUE;
}
