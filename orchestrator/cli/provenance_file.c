#include "cli/provenance_file.h"
#include "base/error.h"
#include "base/fs.h"
#include "build/pipeline_provenance.h"
#include "cli/repair_provenance.h"
#include "format/digest.h"
#include "format/intoto.h"
#include <string.h>

#define MAX_STATEMENT (64 << 20)

void provenance_file_clear(provenance_file *f)
{
	g_free(f->artefact);
	g_free(f->statement);
	g_free(f->name);
	g_free(f->sha256);
	json_decref(f->content);
	memset(f, 0, sizeof *f);
}

static gboolean is_file(const char *path)
{
	return g_file_test(path, G_FILE_TEST_IS_REGULAR);
}

static gboolean no_statement(const char *path, GError **err)
{
	g_autofree char *shown = text_escape(path, -1);

	if (!is_file(path))
		return error_set(err, EXIT_INPUT, "X0692", "there is no file %s", shown);
	error_set(err, EXIT_INPUT, "X0692", "%s has no provenance statement", shown);
	error_note(err, "there is no %s%s", shown, INTOTO_SUFFIX);
	error_help(err,
		"`xorch build` and `xorch repair` write one beside each result, unless "
		"--no-provenance was given; results of an older xorch get one by "
		"`build --force`, or when they are repaired again");
	return FALSE;
}

/* Which of the two was named, and where the other is. */
static gboolean find_both(const char *path, provenance_file *f, GError **err)
{
	g_autofree char *beside = g_strconcat(path, INTOTO_SUFFIX, NULL);

	if (g_str_has_suffix(path, INTOTO_SUFFIX) && is_file(path)) {
		f->statement = g_strdup(path);
		return TRUE;
	}
	if (!is_file(path) || !is_file(beside))
		return no_statement(path, err);
	f->artefact = g_strdup(path);
	f->statement = g_steal_pointer(&beside);
	return TRUE;
}

static gboolean read_statement(provenance_file *f, GError **err)
{
	g_autofree char *base = g_path_get_basename(f->statement);
	g_autofree char *shown = text_escape(base, -1);
	g_autoptr(GBytes) bytes = fs_read(f->statement, MAX_STATEMENT, err);
	gsize size;

	if (!bytes)
		return FALSE;
	const char *text = g_bytes_get_data(bytes, &size);
	f->content = intoto_read(text, size, shown, &f->sealed, err);
	if (!f->content)
		return FALSE;
	f->name = g_strdup(intoto_name(f->content));
	f->sha256 = g_strdup(intoto_sha256(f->content));
	const char *type = json_get_string(intoto_definition(f->content), "buildType");
	f->ours = g_strcmp0(type, PROVENANCE_BUILD_TYPE) == 0;
	f->repaired = g_strcmp0(type, PROVENANCE_REPAIR_TYPE) == 0;
	return TRUE;
}

static gboolean check(const provenance_file *f, GError **err)
{
	g_autofree char *hex = digest_file(f->artefact, NULL, err);
	g_autofree char *shown = text_escape(f->artefact, -1);

	if (!hex)
		return FALSE;
	if (g_str_equal(hex, f->sha256))
		return TRUE;
	error_set(err, EXIT_INTEGRITY, "X0691",
		"%s is not the file that its statement speaks of", shown);
	error_line(err, "stated: sha256 %s", f->sha256);
	error_line(err, "is:     sha256 %s", hex);
	error_note(err, "one of the two was changed or exchanged since the build");
	error_help(err, "take neither; get both again, or build it anew");
	return FALSE;
}

gboolean provenance_file_open(const char *path, provenance_file *f, GError **err)
{
	memset(f, 0, sizeof *f);
	if (!find_both(path, f, err) || !read_statement(f, err))
		return FALSE;
	if (!f->artefact) {
		g_autofree char *folder = g_path_get_dirname(f->statement);
		g_autofree char *beside = g_build_filename(folder, f->name, NULL);
		if (!is_file(beside))
			return TRUE;
		f->artefact = g_steal_pointer(&beside);
	}
	return check(f, err);
}

const json_t *provenance_external(const provenance_file *f)
{
	return json_get_object(intoto_definition(f->content), "externalParameters");
}

const json_t *provenance_internal(const provenance_file *f)
{
	return json_get_object(intoto_definition(f->content), "internalParameters");
}

const char *provenance_asked(const provenance_file *f, const char *name)
{
	return json_get_string(provenance_external(f), name);
}

const char *provenance_purpose(const json_t *row)
{
	const char *text = json_get_string(json_get_object(row, "annotations"), "for");

	return text ? text : "input";
}

const json_t *provenance_rows(const provenance_file *f)
{
	return json_get_array(intoto_definition(f->content), "resolvedDependencies");
}

const json_t *provenance_repository(const provenance_file *f)
{
	const json_t *rows = provenance_rows(f);
	gsize n;
	const json_t *row;

	json_array_foreach((json_t *)rows, n, row)
	{
		if (g_str_equal(provenance_purpose(row), "repository"))
			return row;
	}
	return NULL;
}
