#include "build/starter_sysroot.h"
#include "base/error.h"
#include "build/debian_repo.h"
#include "build/debian_source.h"
#include "build/starter_headers.h"
#include "format/debian.h"
#include "plan/floor_range.h"
#include <string.h>

/* Versions of a suite are the same for all its architectures, but for rebuilds. */
#define ASKED "aarch64"
/* The one with the fewest sysroots. */
#define RAREST "armv7"

/* A sysroot whose index is open. */
typedef struct suite {
	sysroot_def *def;
	debian_repo *repo;   /* NULL: could not be asked */
	gboolean everywhere; /* for every target of the default one */
} suite;

typedef struct wish {
	const known_library *library;
	const char *name, *version, *where;
} wish;

void starter_sysroot_clear(starter_sysroot *s)
{
	g_clear_pointer(&s->def, sysroot_def_free);
	g_clear_pointer(&s->why, g_free);
}

static void suite_free(gpointer data)
{
	suite *s = data;

	sysroot_def_free(s->def);
	debian_repo_free(s->repo);
	g_free(s);
}

static int compare(const char *have, const char *want)
{
	g_autofree char *upstream = debian_upstream_version(have);

	return debian_version_compare(upstream, want);
}

/* The sysroots from the default one on, not asked yet. Element suite. */
static GPtrArray *suites(void)
{
	GPtrArray *out = g_ptr_array_new_with_free_func(suite_free);
	const platform *asked = platform_by_name(ASKED),
		       *rarest = platform_by_name(RAREST);
	g_autoptr(GPtrArray) newer = sysroots_newer(SYSROOT_DEFAULT, asked);
	suite *first = g_new0(suite, 1);

	first->def = sysroot_def_find(SYSROOT_DEFAULT, NULL);
	first->everywhere = TRUE;
	g_ptr_array_add(out, first);
	g_ptr_array_set_free_func(newer, NULL);
	for (guint i = 0; i < newer->len; i++) {
		suite *s = g_new0(suite, 1);
		s->def = g_ptr_array_index(newer, i);
		s->everywhere = sysroot_def_has(s->def, rarest, NULL);
		g_ptr_array_add(out, s);
	}
	return out;
}

static gboolean open_suite(const build_context *ctx, suite *s, GPtrArray *notes)
{
	g_autoptr(GError) error = NULL;

	if (s->repo)
		return TRUE;
	if (s->def && s->def->packages.debian.suite)
		s->repo = debian_repo_open(ctx, &s->def->packages.debian,
			platform_by_name(ASKED)->debian_arch, NULL, &error);
	if (!s->repo)
		g_ptr_array_add(notes,
			g_strdup_printf("which versions of libraries %s has could not be "
					"asked%s%s",
				s->def ? s->def->name : SYSROOT_DEFAULT,
				error ? ": " : "", error ? error->message : ""));
	return s->repo != NULL;
}

/* Version of the library's package there; NULL: it has none. New string. */
static char *version_in(suite *s, const wish *w)
{
	g_autoptr(solv_package) p = debian_repo_find(s->repo, w->library->deb, NULL);

	return p ? g_strdup(p->version) : NULL;
}

/* What the source asks for of the recipe's libraries. Element wish. */
static GPtrArray *wishes(const json_t *facts, const GPtrArray *libraries)
{
	GPtrArray *out = g_ptr_array_new_with_free_func(g_free);
	const json_t *wants = json_get_array(facts, "wants");

	for (gsize i = 0; i < json_array_size(wants); i++) {
		const json_t *row = json_array_get(wants, i);
		const char *name = json_get_string(row, "name");
		const char *version = json_get_string(row, "version");
		const char *where = json_get_string(row, "where");
		const known_library *h = name ? known_library_by_name(name) : NULL;
		if (!h || !version || !where ||
			!g_ptr_array_find((GPtrArray *)libraries, h, NULL))
			continue;
		wish *w = g_new0(wish, 1);
		*w = (wish){h, name, version, where};
		g_ptr_array_add(out, w);
	}
	return out;
}

static char *say(const wish *w, const suite *s, const char *have)
{
	g_autofree char *upstream = have ? debian_upstream_version(have) : NULL;

	return g_strdup_printf("%s wants %s %s, and %s has %s", w->where, w->name,
		w->version, s->def->name, upstream ? upstream : "none");
}

/* The first sysroot, from `from` on, that has it; all->len when none, or not to be
 * known. *why: what the one before lacks. */
static guint first_with(const build_context *ctx, const GPtrArray *all, guint from,
	const wish *w, char **why, GPtrArray *notes)
{
	for (guint i = from; i < all->len; i++) {
		suite *s = g_ptr_array_index(all, i);
		if (!open_suite(ctx, s, notes))
			return from;
		g_autofree char *have = version_in(s, w);
		if (have && compare(have, w->version) >= 0)
			return i;
		g_free(*why);
		*why = say(w, s, have);
	}
	return all->len;
}

/* The headers' own words, where the source does not speak of versions: what is used in
 * any case, and is in the next suite's only. TRUE: *why says so. */
static gboolean next_is_needed(const build_context *ctx, suite *here, suite *next,
	const json_t *used, const known_library *h, char **why, GPtrArray *unsaid)
{
	if (!open_suite(ctx, here, unsaid) || !open_suite(ctx, next, unsaid))
		return FALSE;
	g_autoptr(GHashTable) older = starter_headers_names(ctx, here->repo, h->deb);
	g_autoptr(GHashTable) newer =
		older ? starter_headers_names(ctx, next->repo, h->deb) : NULL;
	const char *name = newer ? starter_headers_lacking(used, older, newer) : NULL;
	if (!name)
		return FALSE;
	g_free(*why);
	*why = g_strdup_printf("%s uses %s, which %s of %s does not have",
		json_get_string(used, name), name, h->deb, here->def->name);
	return TRUE;
}

/* The index of the sysroot that has what is used. */
static guint by_headers(const build_context *ctx, GPtrArray *all, guint at,
	const json_t *facts, const GPtrArray *libraries, char **why)
{
	const json_t *used = json_get_object(facts, "used");
	g_autoptr(GPtrArray) unsaid = g_ptr_array_new_with_free_func(g_free);

	for (guint n = 0; used && json_object_size(used) && n < libraries->len; n++) {
		const known_library *h = g_ptr_array_index(libraries, n);
		suite *next = at + 1 < all->len ? g_ptr_array_index(all, at + 1) : NULL;
		if (g_str_equal(h->deb, "zlib1g-dev"))
			continue; /* nothing new for years, and most common */
		if (starter_has_copy(facts, h))
			continue; /* the names are that copy's */
		if (!next || !next->everywhere || unsaid->len)
			return at;
		if (next_is_needed(
			    ctx, g_ptr_array_index(all, at), next, used, h, why, unsaid))
			at++;
	}
	return at;
}

static gint64 gcc_of(const suite *s)
{
	return s->def && s->def->gcc ? g_ascii_strtoll(s->def->gcc, NULL, 10) : 0;
}

/* The first sysroot, from `at` on, with the C++ library that the source is written for;
 * `at` where that one has it, or none for every target. */
static guint by_cxx(
	const GPtrArray *all, guint at, const json_t *facts, char **why, GPtrArray *notes)
{
	const json_t *cxx = json_get_object(facts, "cxx");
	const char *what = cxx ? json_get_string(cxx, "what") : NULL;
	const char *where = cxx ? json_get_string(cxx, "where") : NULL;
	json_int_t gcc = cxx ? json_integer_value(json_object_get(cxx, "gcc")) : 0;
	const suite *here = g_ptr_array_index(all, at);

	if (!what || !where || !gcc_of(here) || gcc_of(here) >= gcc)
		return at;
	char *said = g_strdup_printf("%s has %s, which the C++ library of GCC %d brings, "
				     "and %s has that of GCC %s",
		where, what, (int)gcc, here->def->name, here->def->gcc);
	for (guint i = at + 1; i < all->len; i++) {
		const suite *s = g_ptr_array_index(all, i);
		if (!s->everywhere || gcc_of(s) < gcc)
			continue;
		g_free(*why);
		*why = said;
		return i;
	}
	g_ptr_array_add(notes, said);
	return at;
}

void starter_sysroot_choose(const build_context *ctx, const json_t *facts,
	const GPtrArray *libraries, starter_sysroot *out, GPtrArray *notes)
{
	g_autoptr(GPtrArray) all = NULL, asked = wishes(facts, libraries);
	guint at = 0;

	memset(out, 0, sizeof *out);
	if (!libraries->len && !json_get_object(facts, "cxx"))
		return;
	all = suites();
	for (guint n = 0; n < asked->len; n++) {
		g_autofree char *why = NULL;
		guint i = first_with(
			ctx, all, at, g_ptr_array_index(asked, n), &why, notes);
		const suite *s = i < all->len ? g_ptr_array_index(all, i) : NULL;
		if (!s)
			g_ptr_array_add(
				notes, g_strdup_printf(
					       "%s, and no newer sysroot has it: take an "
					       "older release of the project, or build "
					       "the library by a recipe (recipe:NAME)",
					       why));
		else if (!s->everywhere)
			g_ptr_array_add(
				notes, g_strdup_printf(
					       "%s; %s has it, but not for every target: "
					       "--sysroot %s",
					       why, s->def->name, s->def->name));
		else if (i > at) {
			at = i;
			g_free(out->why);
			out->why = g_steal_pointer(&why);
		}
	}
	at = by_headers(ctx, all, at, facts, libraries, &out->why);
	at = by_cxx(all, at, facts, &out->why, notes);
	if (!at)
		return;
	suite *chosen = g_ptr_array_index(all, at);
	out->def = g_steal_pointer(&chosen->def);
}
