#include "plan/release.h"
#include "base/instant.h"
#include "format/pep440.h"
#include <string.h>

release *release_new(const char *version)
{
	release *r = g_new0(release, 1);

	r->version = g_strdup(version);
	r->published = RELEASE_UNDATED;
	return r;
}

void release_free(release *r)
{
	if (!r)
		return;
	g_free(r->version);
	g_free(r->yanked_why);
	g_free(r->requires_python);
	g_free(r->tag);
	g_free(r->commit);
	g_free(r->rust);
	g_free(r);
}

release_list *release_list_new(int (*compare)(const char *a, const char *b))
{
	release_list *l = g_new0(release_list, 1);

	l->releases = g_ptr_array_new_with_free_func((GDestroyNotify)release_free);
	l->compare = compare;
	return l;
}

void release_list_free(release_list *l)
{
	if (!l)
		return;
	g_ptr_array_unref(l->releases);
	g_free(l);
}

static int newest_first(gconstpointer a, gconstpointer b, gpointer list)
{
	const release *x = *(release *const *)a, *y = *(release *const *)b;

	return ((const release_list *)list)->compare(y->version, x->version);
}

void release_list_sort(release_list *l)
{
	g_ptr_array_sort_with_data(l->releases, newest_first, l);
}

release *release_list_get(const release_list *l, const char *version)
{
	for (guint i = 0; i < l->releases->len; i++) {
		release *r = g_ptr_array_index(l->releases, i);
		if (l->compare(r->version, version) == 0)
			return r;
	}
	return NULL;
}

void release_choice_clear(release_choice *c)
{
	g_free(c->why);
	g_free(c->dropped);
	memset(c, 0, sizeof *c);
}

/* ---- judging ---- */

static gboolean serves(const release *r, const char *python)
{
	/* "3.13t" is the same language. */
	g_autofree char *version = g_strndup(python, strcspn(python, "t"));

	return !r->requires_python || pep440_python_matches(r->requires_python, version);
}

/* The Pythons it does not serve, ", " between them; NULL: it serves all. */
static char *not_served(const release *r, const GPtrArray *pythons, gboolean *any)
{
	GString *out = g_string_new(NULL);

	*any = !pythons || !pythons->len;
	for (guint i = 0; pythons && i < pythons->len; i++) {
		const char *python = g_ptr_array_index(pythons, i);
		if (serves(r, python))
			*any = TRUE;
		else
			g_string_append_printf(out, "%s%s", out->len ? ", " : "", python);
	}
	return g_string_free(out, !out->len);
}

static char *too_new(const release *r, const release_wish *w)
{
	gint64 age = w->now - r->published;

	if (r->published == RELEASE_UNDATED)
		return g_strdup("it is not known when it was published");
	g_autofree char *shown = instant_age(MAX(age, 0));
	if (w->cut && r->published >= w->cut) {
		g_autofree char *cut = instant_text(w->cut);
		return g_strdup_printf(
			"published %s ago, --exclude-newer is %s", shown, cut);
	}
	if (age < w->min_age) {
		g_autofree char *least = instant_age(w->min_age);
		return g_strdup_printf(
			"published %s ago, minimum age is %s", shown, least);
	}
	return NULL;
}

gboolean release_rust_is_newer(const char *wanted, const char *have)
{
	g_autoptr(pep440_version) a = wanted ? pep440_version_parse(wanted) : NULL;
	g_autoptr(pep440_version) b = have ? pep440_version_parse(have) : NULL;

	return a && b && pep440_version_compare(a, b) > 0;
}

/* Why not this one; NULL: it may be taken. */
static char *objection(const release_list *l, release *r, const release_wish *w,
	const pep440_specifiers *allow, GError **err)
{
	gboolean any;

	if (allow && !pep440_specifiers_match(allow, r->version))
		return g_strdup_printf("update.allow is %s", w->allow);
	if (r->no_source)
		return g_strdup("it has no source archive (sdist)");
	g_autofree char *missing = not_served(r, w->pythons, &any);
	if (!any)
		return g_strdup_printf(
			"it is for Python %s, not %s", r->requires_python, missing);
	if ((w->cut || w->min_age) && !l->dateless) {
		if (r->published == RELEASE_NOT_ASKED &&
			(!l->ask_date || !l->ask_date(r, l->data, err)))
			return NULL;
		char *why = too_new(r, w);
		if (why)
			return why;
	}
	if (!w->rust || !l->ask_rust)
		return NULL;
	if (!r->rust_asked && !l->ask_rust(r, l->data, err))
		return NULL;
	return release_rust_is_newer(r->rust, w->rust)
		       ? g_strdup_printf(
				 "it wants Rust %s, there is %s", r->rust, w->rust)
		       : NULL;
}

gboolean release_choose(
	const release_list *l, const release_wish *w, release_choice *out, GError **err)
{
	g_autoptr(pep440_specifiers) allow = NULL;
	g_autoptr(pep440_version) current = pep440_version_parse(w->current);
	gboolean early =
		w->prerelease || (current && pep440_version_is_prerelease(current));

	memset(out, 0, sizeof *out);
	if (w->allow && !(allow = pep440_specifiers_parse(w->allow, err)))
		return FALSE;
	for (guint i = 0; i < l->releases->len; i++) {
		release *r = g_ptr_array_index(l->releases, i);
		GError *problem = NULL;
		if (l->compare(r->version, w->current) <= 0)
			return TRUE;
		if (r->yanked || (r->prerelease && !early))
			continue;
		g_autofree char *why = objection(l, r, w, allow, &problem);
		if (problem) {
			g_propagate_error(err, problem);
			return FALSE;
		}
		if (!why) {
			gboolean any;
			out->take = r;
			out->dropped = not_served(r, w->pythons, &any);
			return TRUE;
		}
		if (!out->held) {
			out->held = r;
			out->why = g_steal_pointer(&why);
		}
	}
	return TRUE;
}
