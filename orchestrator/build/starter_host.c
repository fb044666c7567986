#include "build/starter_private.h"
#include "plan/known_library.h"
#include <string.h>

/* `requirements.host` of a recipe that `xorch new` makes. */

static gboolean links(
	const json_t *rows, const known_library *h, const char **name, const char **where)
{
	for (gsize i = 0; i < json_array_size(rows); i++) {
		const json_t *row = json_array_get(rows, i);
		const char *n = json_get_string(row, "name");
		if (n && known_library_by_name(n) == h) {
			*name = n;
			*where = json_get_string(row, "where");
			return TRUE;
		}
	}
	return FALSE;
}

/* Whose header it is when another library that has one of that name is linked. */
static gboolean is_of_another(
	const json_t *facts, const known_library *h, const char *header)
{
	const char *name, *where;

	for (const known_library *k = known_libraries; k->deb; k++)
		if (k != h && known_library_has_header(k, header) &&
			links(json_get_array(facts, "links"), k, &name, &where))
			return TRUE;
	return FALSE;
}

/* `linked`: some libraries have a header of that name; the linked one is meant. */
static gboolean includes(const json_t *facts, const char *list, const known_library *h,
	gboolean linked, const char **name, const char **where)
{
	const json_t *rows = json_get_array(facts, list);

	for (gsize i = 0; i < json_array_size(rows); i++) {
		const json_t *row = json_array_get(rows, i);
		const char *n = json_get_string(row, "name");
		if (!n || !known_library_has_header(h, n))
			continue;
		if (!linked &&
			(known_library_by_header(n) != h || is_of_another(facts, h, n)))
			continue;
		*name = n;
		*where = json_get_string(row, "where");
		return TRUE;
	}
	return FALSE;
}

gboolean starter_has_copy(const json_t *facts, const known_library *h)
{
	const char *header, *in;

	return includes(facts, "bundled", h, TRUE, &header, &in) ||
	       includes(facts, "copies", h, TRUE, &header, &in);
}

/* By the build of a library that the source holds, which may take one of several. The
 * wheel of upstream shows which, when it brings libraries. */
static gboolean is_not_taken(const char *by, const upstream_wheel *up)
{
	gboolean nested = by && strchr(by, '/') &&
			  (g_str_has_suffix(by, "/CMakeLists.txt") ||
				  g_str_has_suffix(by, "/meson.build"));

	for (guint i = 0; nested && up->libraries && i < up->libraries->len; i++) {
		const known_library *h =
			known_library_by_soname(g_ptr_array_index(up->libraries, i));
		if (h && !g_str_equal(h->deb, "zlib1g-dev"))
			return TRUE;
	}
	return FALSE;
}

/* The first of these files that is of a library, or NULL. `files` may be NULL. */
static const char *file_of(const GPtrArray *files, const known_library *h)
{
	for (guint i = 0; files && i < files->len; i++)
		if (known_library_by_soname(g_ptr_array_index(files, i)) == h)
			return g_ptr_array_index(files, i);
	return NULL;
}

/* Why a library is wanted; NULL: it is not. New string. */
static char *why_host(
	const known_library *h, const json_t *facts, const upstream_wheel *up)
{
	const char *header = NULL, *link = NULL, *in = NULL, *by = NULL;
	gboolean link_said = links(json_get_array(facts, "links"), h, &link, &by);
	gboolean header_said = includes(facts, "headers", h, link_said, &header, &in);
	const char *crate = starter_rust_links(facts, h);

	if (crate)
		return g_strdup_printf("its Cargo.lock has %s", crate);
	/* cffi has copies of libffi for other systems; here it links this one's. */
	if (!header_said && link_said && g_strcmp0(by, "setup.py") == 0)
		header_said = includes(facts, "bundled", h, TRUE, &header, &in);
	/* In quotes it may be made by the build, unless something links the library. */
	if (!header_said && link_said)
		header_said = includes(facts, "quoted", h, TRUE, &header, &in);
	const char *has = header_said || link_said ? file_of(up->libraries, h) : NULL;
	if (has)
		return g_strdup_printf("upstream's wheel has %s", has);
	const char *linked = file_of(up->linked, h);
	if (linked && !starter_has_copy(facts, h))
		return g_strdup_printf("upstream's wheel links %s", linked);
	if (is_not_taken(by, up))
		return NULL;
	if (header_said && link_said)
		return g_strdup_printf("%s links %s, %s includes <%s>", by ? by : "?",
			link, in ? in : "?", header);
	/* The recipe sets this variable, too. */
	if (link_said && by && g_str_has_suffix(by, " of pyproject.toml"))
		return g_strdup_printf("%s names %s", by, link);
	/* What a script of cffi links is linked. */
	if (link_said && by && g_str_has_suffix(by, ".py") &&
		!g_str_equal(by, "setup.py"))
		return g_strdup_printf("%s links %s", by, link);
	/* What setup.py gives its extensions is linked too, whatever header declares it;
	 * upstream's wheel may hold a copy, or the source. */
	if (link_said && !up->file && g_strcmp0(by, "setup.py") == 0 &&
		!includes(facts, "copies", h, TRUE, &header, &in))
		return g_strdup_printf("%s links %s", by, link);
	/* Without a wheel to compare with, a header alone is a reason. */
	if (header_said && !up->file)
		return g_strdup_printf("%s includes <%s>", in ? in : "?", header);
	return NULL;
}

GPtrArray *starter_host_rows(const json_t *facts, const upstream_wheel *up,
	GPtrArray *chosen, gboolean *grafted)
{
	GPtrArray *host = g_ptr_array_new_with_free_func(g_free);

	*grafted = FALSE;
	for (const known_library *h = known_libraries; h->deb; h++) {
		g_autofree char *why = why_host(h, facts, up);
		g_autofree char *name = g_strconcat("deb:", h->deb, NULL);
		if (!why)
			continue;
		starter_row(host, name, why);
		g_ptr_array_add(chosen, (gpointer)h);
		*grafted |= !g_str_equal(h->deb, "zlib1g-dev");
	}
	return host;
}
