#include "format/go_buildinfo.h"
#include <string.h>

#define MAGIC "\xff Go buildinf:"
#define MAGIC_SIZE 14
#define HEADER_SIZE 32
#define FLAG_INLINE 2
#define ALIGN 16
#define MAX_TEXT (16u << 20)

void go_buildinfo_free(go_buildinfo *info)
{
	if (!info)
		return;
	g_free(info->go);
	g_free(info->path);
	g_free(info->module);
	g_free(info->version);
	g_ptr_array_unref(info->settings);
	g_free(info);
}

static void setting_free(void *data)
{
	go_setting *s = data;

	g_free(s->name);
	g_free(s->value);
	g_free(s);
}

const char *go_buildinfo_get(const go_buildinfo *info, const char *name)
{
	for (guint i = 0; i < info->settings->len; i++) {
		const go_setting *s = g_ptr_array_index(info->settings, i);
		if (g_str_equal(s->name, name))
			return s->value;
	}
	return NULL;
}

/* The header among the loaded bytes of `from` .. `to`; the section's first, because
 * other data may hold the magic as well (the linker's own, say). */
static const guint8 *find_in(const elf_file *f, guint64 from, guint64 to)
{
	to = MIN(to, f->size);
	for (guint64 at = from; at + HEADER_SIZE <= to; at += ALIGN)
		if (memcmp(f->data + at, MAGIC, MAGIC_SIZE) == 0)
			return f->data + at;
	return NULL;
}

static const guint8 *find_header(const elf_file *f)
{
	const elf_section *s = elf_file_section(f, ".go.buildinfo");
	const guint8 *found = NULL;

	if (s && s->offset <= f->size && s->size <= f->size - s->offset)
		found = find_in(f, s->offset, s->offset + s->size);
	for (guint i = 0; !found && !s && i < f->n_loads; i++)
		if (f->loads[i].offset <= f->size &&
			f->loads[i].size <= f->size - f->loads[i].offset)
			found = find_in(f, f->loads[i].offset,
				f->loads[i].offset + f->loads[i].size);
	return found;
}

/* A string behind its length as a base-128 number; NULL when it leaves the file. */
static const char *inline_string(const guint8 **p, const guint8 *end, gsize *len)
{
	guint64 n = 0;

	for (int shift = 0;; shift += 7) {
		if (*p == end || shift > 28)
			return NULL;
		guint8 byte = *(*p)++;
		n |= (guint64)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			break;
	}
	if (n > MAX_TEXT || n > (guint64)(end - *p))
		return NULL;
	const char *text = (const char *)*p;
	*p += n;
	*len = n;
	return text;
}

/* A value that Go's strconv.Quote wrote; what it was, or NULL. */
static char *unquote(const char *text)
{
	gsize len = strlen(text);

	if (text[0] == '`' && len >= 2 && text[len - 1] == '`')
		return g_strndup(text + 1, len - 2);
	if (text[0] != '"' || len < 2 || text[len - 1] != '"')
		return g_strdup(text);
	g_autofree char *inner = g_strndup(text + 1, len - 2);
	return g_strcompress(inner);
}

static void build_line(go_buildinfo *info, const char *text)
{
	const char *equals = NULL;

	if (text[0] == '"' || text[0] == '`') {
		const char *close = strchr(text + 1, text[0]);
		equals = close && close[1] == '=' ? close + 1 : NULL;
	} else {
		equals = strchr(text, '=');
	}
	if (!equals)
		return;
	g_autofree char *name = g_strndup(text, (gsize)(equals - text));
	go_setting *s = g_new0(go_setting, 1);
	s->name = unquote(name);
	s->value = unquote(equals + 1);
	g_ptr_array_add(info->settings, s);
}

static void text_line(go_buildinfo *info, const char *line)
{
	g_auto(GStrv) word = g_strsplit(line, "\t", 4);
	guint n = g_strv_length(word);

	if (n < 2)
		return;
	if (g_str_equal(word[0], "path") && !info->path) {
		info->path = g_strdup(word[1]);
	} else if (g_str_equal(word[0], "mod") && n >= 3 && !info->module) {
		info->module = g_strdup(word[1]);
		info->version = g_strdup(word[2]);
	} else if (g_str_equal(word[0], "build")) {
		build_line(info, line + strlen("build\t"));
	}
}

go_buildinfo *go_buildinfo_read(const elf_file *file, gboolean *damaged)
{
	const guint8 *header = find_header(file), *end = file->data + file->size;
	gsize go_size, text_size;

	if (damaged)
		*damaged = FALSE;
	if (!header)
		return NULL;
	const guint8 *p = header + HEADER_SIZE;
	const char *go =
		header[15] & FLAG_INLINE ? inline_string(&p, end, &go_size) : NULL;
	const char *text = go ? inline_string(&p, end, &text_size) : NULL;
	if (!text || !go_size || !g_utf8_validate(go, (gssize)go_size, NULL)) {
		if (damaged)
			*damaged = TRUE;
		return NULL;
	}
	go_buildinfo *info = g_new0(go_buildinfo, 1);
	info->go = g_strndup(go, go_size);
	info->settings = g_ptr_array_new_with_free_func(setting_free);
	/* Sixteen bytes on either side mark the text for older readers. */
	if (text_size >= 33 && text[text_size - 17] == '\n') {
		g_autofree char *plain = g_strndup(text + 16, text_size - 32);
		g_autofree char *valid = g_utf8_make_valid(plain, -1);
		g_auto(GStrv) lines = g_strsplit(valid, "\n", -1);
		for (char **line = lines; *line; line++)
			text_line(info, *line);
	}
	return info;
}
