#include "cli/rebuild.h"
#include "base/error.h"
#include "base/event.h"
#include "cli/output.h"
#include "ship/binary.h"
#include "ship/wheel_compare.h"
#include <string.h>

void rebuild_date(const provenance_file *f)
{
	const char *epoch = provenance_asked(f, "sourceDateEpoch");

	if (epoch)
		g_setenv("SOURCE_DATE_EPOCH", epoch, TRUE);
	else
		g_unsetenv("SOURCE_DATE_EPOCH");
}

gboolean rebuild_tell(const options *o, const provenance_file *f, const GPtrArray *list,
	const rebuild_words *words, GError **err)
{
	for (guint n = 0; n < list->len && !o->strict; n++) {
		g_autofree char *shown = text_escape(g_ptr_array_index(list, n), -1);
		event_log(EVENT_WARNING, f->name, "not as then: %s", shown);
	}
	if (!list->len || !o->strict)
		return TRUE;
	error_set(err, EXIT_LOCK, "X0694", "the inputs are not those of the %s",
		words->what);
	for (guint n = 0; n < list->len; n++) {
		g_autofree char *shown = text_escape(g_ptr_array_index(list, n), -1);
		error_line(err, "%s", shown);
	}
	error_help(err, "%s", words->strict);
	return FALSE;
}

/* The comparison says where; whether the inputs were the same is known here. */
static gboolean another(const provenance_file *f, const GError *where,
	const GPtrArray *list, const rebuild_words *words, GError **err)
{
	g_auto(GStrv) lines = g_strsplit(where->message, "\n", -1);
	g_autofree char *shown = text_escape(f->name, -1);

	if (!g_str_has_prefix(where->message, "[X0729]")) {
		g_propagate_error(err, g_error_copy(where));
		return FALSE;
	}
	error_set(
		err, EXIT_AUDIT, "X0695", "%s %s as another file now", shown, words->was);
	for (char **l = lines + 1; *l; l++)
		if (g_str_has_prefix(*l, "  first"))
			error_line(err, "%s", g_strchug(*l));
	for (guint n = 0; n < list->len; n++) {
		g_autofree char *change = text_escape(g_ptr_array_index(list, n), -1);
		error_note(err, "not as then: %s", change);
	}
	if (!list->len)
		error_note(err, "all inputs that the statement names are the same");
	error_help(err, "%s", list->len ? words->changed : words->same);
	return FALSE;
}

static void report(const options *o, const provenance_file *f, const GPtrArray *list)
{
	g_autofree char *shown = text_escape(f->name, -1);

	if (o->json)
		output_json(json_pack("{s:i, s:s, s:s, s:b, s:o}", "v", 1, "file",
			f->name, "sha256", f->sha256, "identical", TRUE, "differences",
			json_texts(list)));
	else
		output_line("%s: identical", shown);
}

gboolean rebuild_compare(const options *o, const provenance_file *f, const char *path,
	const GPtrArray *list, const rebuild_words *words, GError **err)
{
	g_autoptr(GError) e = NULL;
	gboolean same = g_str_has_suffix(path, ".whl")
				? wheel_same_bytes(f->artefact, path, &e)
				: binary_same_bytes(f->artefact, path, &e);

	if (!same)
		return another(f, e, list, words, err);
	report(o, f, list);
	return TRUE;
}
