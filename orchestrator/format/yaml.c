#include "format/yaml.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STDIN_SHOWN "<stdin>"

static void node_free(gpointer n)
{
	yaml_node_free(n);
}

yaml_node *yaml_node_new(yaml_kind kind, const yaml_node *like)
{
	yaml_node *n = g_new0(yaml_node, 1);

	if (like) {
		n->line = like->line;
		n->col = like->col;
		n->end_line = like->end_line;
		n->end_col = like->end_col;
	}
	n->kind = kind;
	if (kind == YAML_SEQ) {
		n->items = g_ptr_array_new_with_free_func(node_free);
	} else if (kind == YAML_MAP) {
		n->keys = g_ptr_array_new_with_free_func(node_free);
		n->values = g_ptr_array_new_with_free_func(node_free);
	}
	return n;
}

void yaml_node_free(yaml_node *n)
{
	if (!n)
		return;
	g_free(n->text);
	g_clear_pointer(&n->items, g_ptr_array_unref);
	g_clear_pointer(&n->keys, g_ptr_array_unref);
	g_clear_pointer(&n->values, g_ptr_array_unref);
	g_free(n);
}

void yaml_doc_free(yaml_doc *doc)
{
	if (!doc)
		return;
	diag_source_unref(doc->source);
	yaml_node_free(doc->root);
	g_free(doc);
}

static int map_index(const yaml_node *map, const char *key)
{
	if (!map || map->kind != YAML_MAP)
		return -1;
	for (guint i = 0; i < map->keys->len; i++) {
		const yaml_node *k = g_ptr_array_index(map->keys, i);
		if (k->text && g_str_equal(k->text, key))
			return (int)i;
	}
	return -1;
}

yaml_node *yaml_map_get(const yaml_node *map, const char *key)
{
	int i = map_index(map, key);

	return i < 0 ? NULL : g_ptr_array_index(map->values, i);
}

yaml_node *yaml_map_key(const yaml_node *map, const char *key)
{
	int i = map_index(map, key);

	return i < 0 ? NULL : g_ptr_array_index(map->keys, i);
}

yaml_node *yaml_path(const yaml_node *from, const char *path)
{
	const yaml_node *at = from;

	while (at && *path) {
		if (*path == '[') {
			char *end;
			unsigned long i = strtoul(path + 1, &end, 10);
			if (at->kind != YAML_SEQ || i >= at->items->len || *end != ']')
				return NULL;
			at = g_ptr_array_index(at->items, i);
			path = end + 1;
			continue;
		}
		path += *path == '.';
		g_autofree char *key = g_strndup(path, strcspn(path, ".["));
		at = yaml_map_get(at, key);
		path += strlen(key);
	}
	return (yaml_node *)at;
}

int yaml_span(const yaml_doc *doc, const yaml_node *n)
{
	gsize len;

	if (n->end_line == n->line)
		return MAX(1, n->end_col - n->col);
	const char *line = diag_source_line(doc->source, n->line, &len);
	return MAX(1, (int)g_utf8_strlen(line, (gssize)len) - n->col + 1);
}

static diag *add(const yaml_doc *doc, diag_list *l, diag_severity severity,
	const yaml_node *at, const char *code, const char *fmt, va_list ap)
{
	g_autofree char *text = g_strdup_vprintf(fmt, ap);

	return diag_add(l, severity, code, doc->source, at->line, at->col,
		yaml_span(doc, at), "%s", text);
}

diag *yaml_error(const yaml_doc *doc, diag_list *l, const yaml_node *at, const char *code,
	const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	diag *d = add(doc, l, DIAG_ERROR, at, code, fmt, ap);
	va_end(ap);
	return d;
}

diag *yaml_warning(const yaml_doc *doc, diag_list *l, const yaml_node *at,
	const char *code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	diag *d = add(doc, l, DIAG_WARNING, at, code, fmt, ap);
	va_end(ap);
	return d;
}

const char *yaml_kind_name(yaml_kind kind)
{
	static const char *const names[] = {"a string", "a list", "a map"};

	return names[kind];
}

static void refuse_file(diag_list *l, const char *path, const char *why)
{
	diag_add(l, DIAG_ERROR, "X0216", NULL, 0, 0, 0, "cannot read %s: %s", path, why);
}

/* FALSE after saying why. */
static gboolean read_fd(int fd, const char *shown, GString *out, diag_list *l)
{
	char buffer[65536];
	ssize_t n;

	while ((n = read(fd, buffer, sizeof buffer)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			refuse_file(l, shown, g_strerror(errno));
			return FALSE;
		}
		g_string_append_len(out, buffer, n);
		if (out->len > YAML_BYTES_MAX) /* yaml_parse refuses it with the size */
			return TRUE;
	}
	return TRUE;
}

/* O_NONBLOCK so that opening a FIFO nobody writes to does not wait. */
static int open_regular(const char *path, diag_list *l)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0) {
		refuse_file(l, path,
			errno == ENOENT ? "there is no such file" : g_strerror(errno));
		return -1;
	}
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		return fd;
	refuse_file(l, path,
		S_ISDIR(st.st_mode) ? "it is a directory" : "it is not a regular file");
	close(fd);
	return -1;
}

GString *yaml_read(const char *path, diag_list *l)
{
	gboolean from_stdin = g_str_equal(path, "-");
	int fd = from_stdin ? STDIN_FILENO : open_regular(path, l);

	if (fd < 0)
		return NULL;
	GString *text = g_string_new(NULL);
	gboolean ok = read_fd(fd, from_stdin ? STDIN_SHOWN : path, text, l);
	if (!from_stdin)
		close(fd);
	if (ok)
		return text;
	g_string_free(text, TRUE);
	return NULL;
}

yaml_doc *yaml_load(const char *path, diag_list *l)
{
	g_autoptr(GString) text = yaml_read(path, l);
	const char *shown = g_str_equal(path, "-") ? STDIN_SHOWN : path;

	return text ? yaml_parse(shown, text->str, text->len, l) : NULL;
}

const char *yaml_boolean(const char *text)
{
	static const char *const words[2][4] = {
		{"true", "yes", "on", NULL}, {"false", "no", "off", NULL}};

	for (guint i = 0; i < G_N_ELEMENTS(words); i++)
		for (const char *const *w = words[i]; *w; w++)
			if (g_ascii_strcasecmp(text, *w) == 0)
				return words[i][0];
	return NULL;
}

/* Words YAML 1.1 or 1.2 readers take for something else than a string. */
static gboolean is_word(const char *text)
{
	static const char *const words[] = {"null", "y", "n", ".nan", ".inf", NULL};

	for (int i = 0; words[i]; i++)
		if (g_ascii_strcasecmp(text, words[i]) == 0)
			return TRUE;
	return yaml_boolean(text) != NULL;
}

gboolean yaml_is_typed(const char *text)
{
	char *end;

	if (g_str_equal(text, "~") || is_word(text))
		return TRUE;
	/* letters would be read as inf or nan, which stand with a dot in YAML */
	if (!*text || g_ascii_isalpha(text[strspn(text, "+-")]))
		return FALSE;
	g_ascii_strtod(text, &end);
	return !*end;
}

static gboolean plain_is_safe(const char *text)
{
	size_t len = strlen(text);

	/* A letter in front excludes numbers, dates and every indicator. */
	if (!g_ascii_isalpha(*text) || is_word(text) || text[len - 1] == ':')
		return FALSE;
	for (const char *p = text; *p; p++)
		if (!g_ascii_isalnum(*p) && !strchr("._-+/:@=<>~!*()", *p))
			return FALSE;
	return TRUE;
}

char *yaml_quote(const char *text)
{
	if (plain_is_safe(text))
		return g_strdup(text);
	GString *out = g_string_new("\"");
	for (const char *p = text; *p; p++) {
		if (*p == '"' || *p == '\\')
			g_string_append_printf(out, "\\%c", *p);
		else if (*p == '\n')
			g_string_append(out, "\\n");
		else if (*p == '\t')
			g_string_append(out, "\\t");
		else if ((unsigned char)*p < 0x20 || *p == 0x7f)
			g_string_append_printf(out, "\\x%02X", (unsigned char)*p);
		else
			g_string_append_c(out, *p);
	}
	g_string_append_c(out, '"');
	return g_string_free(out, FALSE);
}
