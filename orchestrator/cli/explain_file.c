#include "cli/explain_file.h"
#include "base/error.h"
#include "cli/output.h"
#include "cli/provenance_file.h"
#include "cli/repair_provenance.h"
#include "format/intoto.h"
#include <string.h>

/* Of more inputs of one kind (the packages of a compiler) only their number is shown,
 * unless -v. */
#define MOST 8
#define LABEL 19

/* Text of a statement is a stranger's: nothing of it reaches the terminal raw. */
static void line(GString *out, const char *label, const char *text)
{
	g_autofree char *l = text_escape(label, -1);
	g_autofree char *t = text_escape(text, -1);

	g_string_append_printf(out, "  %-*s %s\n", LABEL, l, t);
}

static void add_checked(GString *out, const provenance_file *f)
{
	g_autofree char *statement = g_path_get_basename(f->statement);
	g_autofree char *how = g_strdup_printf("%s%s", statement,
		f->sealed ? ", in a signed envelope (its signature is not checked here)"
			  : ", unsigned");
	g_autofree char *hash = g_strdup_printf("%s%s", f->sha256,
		f->artefact ? ", as stated" : ", not checked: the file is not here");

	line(out, "sha256", hash);
	line(out, "statement", how);
}

static void add_builder(GString *out, const provenance_file *f)
{
	const json_t *builder = json_get_object(intoto_details(f->content), "builder");
	const char *version =
		json_get_string(json_get_object(builder, "version"), "xorch");
	const json_t *sandbox = json_get_object(provenance_internal(f), "sandbox");
	const char *level = json_get_string(sandbox, "level");
	const char *id = json_get_string(builder, "id");

	if (f->repaired) {
		g_autofree char *who =
			g_strdup_printf("xorch %s", version ? version : "of no version");
		line(out, "repaired by", who);
		return;
	}
	if (!f->ours) {
		line(out, "built by", id ? id : "unknown");
		return;
	}
	g_autofree char *text = g_strdup_printf("xorch %s, sandbox %s, network %s",
		version ? version : "of no version", level ? level : "unknown",
		json_get_string(sandbox, "network"));
	line(out, "built by", text);
}

static void add_recipe(GString *out, const provenance_file *f)
{
	const char *path = json_get_string(
		json_get_object(provenance_external(f), "recipe"), "path");
	const json_t *row = provenance_repository(f);
	const char *uri = json_get_string(row, "uri");
	const char *commit = json_get_string(json_get_object(row, "digest"), "gitCommit");
	const json_t *changed =
		json_get_array(json_get_object(row, "annotations"), "changed");
	gsize n;
	const json_t *name;

	if (path)
		line(out, "recipe", path);
	line(out, "repository",
		uri	 ? uri
		: commit ? commit
			 : "none: not in a git repository with a commit");
	json_array_foreach((json_t *)changed, n, name)
	{
		line(out, n ? "" : "not as committed",
			json_is_string(name) ? json_string_value(name) : "?");
	}
}

/* ---- a repair ---- */

static char *tags_of(const provenance_file *f, const char *when)
{
	const json_t *side = json_get_object(provenance_internal(f), when);
	const json_t *list = json_get_array(side, "platforms");
	const char *tag = json_get_string(side, "tag");
	GString *out = g_string_new(NULL);
	gsize n;
	const json_t *one;

	json_array_foreach((json_t *)list, n, one)
	{
		g_string_append_printf(out, "%s%s", n ? "." : "",
			json_is_string(one) ? json_string_value(one) : "?");
	}
	if (tag && !g_str_equal(tag, out->str))
		g_string_append_printf(out, " (by its code %s)", tag);
	return g_string_free(out, FALSE);
}

static void add_libraries(GString *out, const provenance_file *f)
{
	const json_t *rows = provenance_rows(f);
	const char *label = "libraries put in";
	gsize n, k;
	const json_t *row, *library;

	json_array_foreach((json_t *)rows, n, row)
	{
		const json_t *a = json_get_object(row, "annotations");
		const char *name = json_get_string(row, "name");
		const json_t *list = json_get_array(a, "libraries");
		json_array_foreach((json_t *)list, k, library)
		{
			const char *soname = json_get_string(library, "soname");
			const char *file = json_get_string(library, "file");
			g_autofree char *text = g_strdup_printf("%s as %s, of %s",
				soname ? soname : "?", file ? file : "?",
				g_str_equal(provenance_purpose(row), REPAIR_FOR_FOLDER)
					? "a folder (--lib-dir)"
				: name ? name
				       : "?");
			line(out, label, text);
			label = "";
		}
	}
	if (*label)
		line(out, label, "none");
}

static void add_repair(GString *out, const provenance_file *f)
{
	const json_t *asked = json_get_object(provenance_external(f), "wheel");
	const char *name = json_get_string(asked, "name");
	const json_t *left = json_get_array(provenance_external(f), "excludeLibraries");
	g_autofree char *before = tags_of(f, "before"), *after = tags_of(f, "after");
	gsize n;
	const json_t *pattern;

	line(out, "wheel", name ? name : "?");
	line(out, "tags before", before);
	line(out, "tags after", after);
	add_libraries(out, f);
	json_array_foreach((json_t *)left, n, pattern)
	{
		line(out, n ? "" : "left out",
			json_is_string(pattern) ? json_string_value(pattern) : "?");
	}
}

/* ---- what was asked for ---- */

static void add_asked(GString *out, const provenance_file *f)
{
	static const char *const names[] = {
		"target", "python", "floor", "toolchain", "sysroot", "sourceDateEpoch"};
	const char *id = json_get_string(provenance_internal(f), "id");
	const char *hex = json_get_string(provenance_internal(f), "key");

	if (id)
		line(out, "item", id);
	for (gsize n = 0; n < G_N_ELEMENTS(names); n++)
		if (provenance_asked(f, names[n]))
			line(out, names[n], provenance_asked(f, names[n]));
	if (hex)
		line(out, "key", hex);
}

/* ---- inputs ---- */

static char *row_text(const json_t *row)
{
	const char *name = json_get_string(row, "name");
	const json_t *digest = json_get_object(row, "digest");
	const char *hex = json_get_string(digest, "sha256");
	const char *uri = json_get_string(row, "uri");

	if (!hex)
		hex = json_get_string(digest, "gitCommit");
	if (!hex) /* installed: the version is all there is */
		return g_strdup(uri ? uri : name ? name : "?");
	return g_strdup_printf("%s  %.12s", name ? name : uri ? uri : "?", hex);
}

static guint count(const json_t *rows, const char *purpose)
{
	gsize n;
	const json_t *row;
	guint found = 0;

	json_array_foreach((json_t *)rows, n, row)
	{
		found += g_str_equal(provenance_purpose(row), purpose);
	}
	return found;
}

static void add_group(GString *out, const json_t *rows, const char *purpose)
{
	gsize n;
	const json_t *row;
	const char *label = purpose;

	json_array_foreach((json_t *)rows, n, row)
	{
		if (!g_str_equal(provenance_purpose(row), purpose))
			continue;
		g_autofree char *text = row_text(row);
		line(out, label, text);
		label = "";
	}
}

static void add_inputs(GString *out, const provenance_file *f, gboolean all)
{
	const json_t *rows = provenance_rows(f);
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
	gsize n;
	const json_t *row;

	g_string_append(out, "  inputs:\n");
	json_array_foreach((json_t *)rows, n, row)
	{
		const char *purpose = provenance_purpose(row);
		guint members = count(rows, purpose);
		if (g_str_equal(purpose, "repository") ||
			!g_hash_table_add(seen, (char *)purpose))
			continue;
		if (all || members <= MOST) {
			add_group(out, rows, purpose);
			continue;
		}
		g_autofree char *text =
			g_strdup_printf("%u files (-v lists them)", members);
		line(out, purpose, text);
	}
}

gboolean explain_file(const options *o, const char *path, GError **err)
{
	g_auto(provenance_file) f = {0};

	if (!provenance_file_open(path, &f, err))
		return FALSE;
	if (o->json) {
		g_autofree char *name = g_utf8_make_valid(f.statement, -1);
		output_json(json_pack("{s:i, s:s, s:s, s:s, s:b, s:b, s:O}", "v", 1,
			"file", f.name, "sha256", f.sha256, "statement_file", name,
			"checked", f.artefact != NULL, "sealed", f.sealed, "statement",
			f.content));
		return TRUE;
	}
	g_autoptr(GString) out = g_string_new(NULL);
	g_autofree char *name = text_escape(f.name, -1);
	g_string_append_printf(out, "%s\n", name);
	add_checked(out, &f);
	add_builder(out, &f);
	(f.repaired ? add_repair : add_recipe)(out, &f);
	add_asked(out, &f);
	add_inputs(out, &f, o->verbose > 0);
	output_text(out->str);
	return TRUE;
}
