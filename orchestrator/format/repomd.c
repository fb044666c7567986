#include "format/repomd.h"
#include "base/error.h"
#include <string.h>

#define DEPTH_MAX 16

/* Where the parser is. */
typedef struct reading {
	repomd *out;
	repomd_file *file; /* within <data type="primary"> or "filelists" */
	const char *wants; /* element whose text counts, or NULL */
	gboolean sha256;   /* that of <checksum> */
	int depth;
} reading;

static void file_clear(repomd_file *f)
{
	g_free(f->path);
	g_free(f->sha256);
}

void repomd_free(repomd *r)
{
	if (!r)
		return;
	file_clear(&r->primary);
	file_clear(&r->filelists);
	g_free(r);
}

const char *repository_path_fault(const char *path)
{
	const char *end = path ? path + strlen(path) : NULL;

	if (!path || !*path)
		return "has no file name";
	if (*path == '/' || strstr(path, "..") || strstr(path, "//") ||
		strpbrk(path, "\\?#%") || end[-1] == '/' || strlen(path) > 1000)
		return "has a file name that leads elsewhere";
	for (const char *p = path; *p; p++)
		if (*p <= ' ' || (guchar)*p >= 0x7f)
			return "has a file name with characters it must not have";
	return NULL;
}

static const char *attribute(const char **names, const char **values, const char *name)
{
	for (int i = 0; names[i]; i++)
		if (!strcmp(names[i], name))
			return values[i];
	return "";
}

static void on_start(GMarkupParseContext *context, const char *element,
	const char **names, const char **values, gpointer data, GError **err)
{
	reading *r = data;

	(void)context;
	r->wants = NULL;
	if (++r->depth > DEPTH_MAX) {
		g_set_error(err, G_MARKUP_ERROR, G_MARKUP_ERROR_INVALID_CONTENT,
			"it is nested too deep");
		return;
	}
	if (!strcmp(element, "data")) {
		const char *type = attribute(names, values, "type");
		r->file = !strcmp(type, "primary")     ? &r->out->primary
			  : !strcmp(type, "filelists") ? &r->out->filelists
						       : NULL;
	} else if (!strcmp(element, "revision")) {
		r->wants = "revision";
	} else if (r->file && !strcmp(element, "location")) {
		g_free(r->file->path);
		r->file->path = g_strdup(attribute(names, values, "href"));
	} else if (r->file && !strcmp(element, "checksum")) {
		r->sha256 = !strcmp(attribute(names, values, "type"), "sha256");
		r->wants = r->sha256 ? "checksum" : NULL;
	} else if (r->file && !strcmp(element, "size")) {
		r->wants = "size";
	}
}

static void on_end(GMarkupParseContext *context, const char *element, gpointer data,
	G_GNUC_UNUSED GError **err)
{
	reading *r = data;

	(void)context;
	r->depth--;
	r->wants = NULL;
	if (!strcmp(element, "data"))
		r->file = NULL;
}

static void on_text(GMarkupParseContext *context, const char *text, gsize size,
	gpointer data, G_GNUC_UNUSED GError **err)
{
	reading *r = data;
	g_autofree char *word = g_strstrip(g_strndup(text, size));

	(void)context;
	if (!r->wants)
		return;
	if (!strcmp(r->wants, "revision")) {
		r->out->revision = g_ascii_strtoll(word, NULL, 10);
	} else if (!strcmp(r->wants, "checksum") && r->file) {
		g_free(r->file->sha256);
		r->file->sha256 = g_ascii_strdown(word, -1);
	} else if (r->file) {
		r->file->size = g_ascii_strtoll(word, NULL, 10);
	}
}

static const char *file_fault(const repomd_file *f)
{
	const char *why = repository_path_fault(f->path);
	gsize digits = f->sha256 ? strspn(f->sha256, "0123456789abcdef") : 0;

	if (!why && (digits != 64 || f->sha256[64]))
		why = "has no sha256";
	if (!why && f->size <= 0)
		why = "has no size";
	return why;
}

static repomd *damaged(const char *label, const char *what, const char *why, GError **err)
{
	g_autofree char *shown = text_escape(label, -1);
	g_autofree char *text = text_escape(why, -1);

	error_set(err, EXIT_INTEGRITY, "X0636", "%s is refused: %s%s", shown, what, text);
	return NULL;
}

repomd *repomd_parse(const char *label, const char *text, gsize size, GError **err)
{
	static const GMarkupParser parser = {
		.start_element = on_start, .end_element = on_end, .text = on_text};
	g_autoptr(repomd) out = g_new0(repomd, 1);
	reading r = {.out = out};
	g_autoptr(GError) fault = NULL;
	g_autoptr(GMarkupParseContext) context = g_markup_parse_context_new(
		&parser, G_MARKUP_TREAT_CDATA_AS_TEXT, &r, NULL);

	if (!g_markup_parse_context_parse(context, text, (gssize)size, &fault) ||
		!g_markup_parse_context_end_parse(context, &fault))
		return damaged(label, "", fault->message, err);
	if (file_fault(&out->primary))
		return damaged(
			label, "its list of packages ", file_fault(&out->primary), err);
	if (out->filelists.path && file_fault(&out->filelists))
		return damaged(
			label, "its list of files ", file_fault(&out->filelists), err);
	return g_steal_pointer(&out);
}
