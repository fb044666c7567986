#include "plan/lock_text.h"
#include "base/error.h"
#include "format/digest.h"
#include <string.h>

/* A merge conflict or a newer format is said first: whatever else the parser
 * finds in such a file only hides it. */
static gboolean refuse_early(diag_list *l, const char *path, const char *text, gsize size)
{
	g_autoptr(diag_source) source = diag_source_new(path, text, size);
	int line = 1;

	for (const char *at = text; at; line++) {
		if (g_str_has_prefix(at, "<<<<<<< ") ||
			g_str_has_prefix(at, "=======\n") ||
			g_str_has_prefix(at, ">>>>>>> ")) {
			diag *d = diag_add(l, DIAG_ERROR, "X0401", source, line, 1, 7,
				"the lock holds a merge conflict");
			diag_label(d, "left by a merge");
			return TRUE;
		}
		at = strchr(at, '\n');
		at = at && at[1] ? at + 1 : NULL;
	}
	return FALSE;
}

static void parse(const char *path, const char *text, gsize size,
	const lock_text_kind *kind, void *out, diag_list *l)
{
	if (refuse_early(l, path, text, size))
		return;
	g_autoptr(yaml_doc) doc = yaml_parse(path, text, size, l);
	const yaml_node *v = doc ? yaml_map_get(doc->root, "lock_version") : NULL;
	gint64 found =
		v && v->kind == YAML_SCALAR ? g_ascii_strtoll(v->text, NULL, 10) : 0;
	if (found > kind->version) {
		diag *d = yaml_error(doc, l, v, "X0404",
			"the lock has format %" G_GINT64_FORMAT
			", this xorch (" XORCH_VERSION ") reads up to %" G_GINT64_FORMAT,
			found, kind->version);
		diag_help(d, "use the xorch that wrote it, or a newer one");
		return;
	}
	binder b = {.doc = doc, .l = l};
	if (doc && !diag_list_errors(l) && yaml_bind(&b, doc->root, kind->binding, out) &&
		kind->check)
		kind->check(doc, out, l);
}

static void not_readable(const char *path, const char *why, diag_list *l)
{
	g_autoptr(diag_source) source = diag_source_new(path, "", 0);

	diag_add(
		l, DIAG_ERROR, "X0402", source, 0, 0, 0, "cannot read the lock: %s", why);
}

lock_text_result lock_text_read(
	const char *path, const lock_text_kind *kind, void *out, diag_list *l)
{
	g_autofree char *text = NULL;
	gsize size;
	g_autoptr(GError) foreign = NULL;
	g_autoptr(diag_list) own = diag_list_new();

	if (g_file_get_contents(path, &text, &size, &foreign))
		parse(path, text, size, kind, out, own);
	else if (g_error_matches(foreign, G_FILE_ERROR, G_FILE_ERROR_NOENT))
		return LOCK_TEXT_ABSENT;
	else
		not_readable(path, foreign->message, own);
	gboolean bad = diag_list_errors(own) > 0;
	const GPtrArray *all = diag_list_sorted(own);
	for (guint i = 0; bad && i < all->len; i++)
		diag_help(g_ptr_array_index(all, i), "%s", kind->help);
	diag_list_take(l, own);
	return bad ? LOCK_TEXT_BAD : LOCK_TEXT_READ;
}

gboolean lock_text_to_error(diag_list *l, GError **err)
{
	if (diag_list_to_error(l, err))
		return TRUE;
	if (err && *err)
		(*err)->code = EXIT_INPUT;
	return FALSE;
}

void lock_text_value(GString *out, const char *lead, const char *name, const char *value)
{
	g_autofree char *quoted = yaml_quote(value);

	g_string_append_printf(out, "%s%s: %s\n", lead, name, quoted);
}

void lock_text_list(
	GString *out, const char *lead, const char *name, const GPtrArray *list)
{
	g_string_append_printf(out, "%s%s: [", lead, name);
	for (guint i = 0; i < list->len; i++) {
		g_autofree char *quoted = yaml_quote(g_ptr_array_index(list, i));
		/* A flow list splits at commas and brackets. */
		if (quoted[0] != '"' && strpbrk(quoted, ",[]{}"))
			g_string_append_printf(out, "%s\"%s\"", i ? ", " : "", quoted);
		else
			g_string_append_printf(out, "%s%s", i ? ", " : "", quoted);
	}
	g_string_append(out, "]\n");
}

const char *lock_check_sha256(const char *text)
{
	g_autofree char *normal = digest_normalise(text);

	return normal && g_str_equal(normal, text) ? NULL : "wants 64 hex digits";
}
