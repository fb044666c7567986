#include "format/debian.h"
#include "base/error.h"
#include <string.h>

#define PARAGRAPHS_MAX 1000000

struct deb822 {
	GPtrArray *fields;
};

static void field_free(gpointer data)
{
	deb822_field *f = data;

	g_free(f->name);
	g_free(f->value);
	g_free(f);
}

static deb822 *deb822_new(void)
{
	deb822 *p = g_new0(deb822, 1);

	p->fields = g_ptr_array_new_with_free_func(field_free);
	return p;
}

void deb822_free(deb822 *p)
{
	if (!p)
		return;
	g_ptr_array_unref(p->fields);
	g_free(p);
}

const char *deb822_get(const deb822 *p, const char *name)
{
	for (guint i = 0; i < p->fields->len; i++) {
		const deb822_field *f = g_ptr_array_index(p->fields, i);
		if (!g_ascii_strcasecmp(f->name, name))
			return f->value;
	}
	return NULL;
}

const GPtrArray *deb822_fields(const deb822 *p)
{
	return p->fields;
}

static gboolean bad_line(const char *label, int line, const char *why, GError **err)
{
	g_autofree char *shown = text_escape(label, -1);

	return error_set(err, EXIT_INTEGRITY, "X0630", "%s is malformed in line %d: %s",
		shown, line, why);
}

static gboolean has_control(const char *line, gsize size)
{
	for (gsize i = 0; i < size; i++)
		if ((guchar)line[i] < 0x20 && line[i] != '\t' && line[i] != '\r')
			return TRUE;
	return FALSE;
}

/* A value in the making: fields can have thousands of lines. */
typedef struct open_field {
	GString *value;
	deb822_field *field;
} open_field;

static void close_field(open_field *open)
{
	if (open->field)
		open->field->value = g_string_free(open->value, FALSE);
	open->field = NULL;
	open->value = NULL;
}

static const char *begin_field(deb822 *p, open_field *open, const char *line, gsize size)
{
	const char *colon = memchr(line, ':', size);

	if (!colon || colon == line)
		return "neither a field nor its continuation";
	for (const char *c = line; c < colon; c++)
		if (*c <= ' ' || (guchar)*c >= 0x7f)
			return "a field name with characters it must not have";
	deb822_field *f = g_new0(deb822_field, 1);
	f->name = g_strndup(line, colon - line);
	gboolean twice = deb822_get(p, f->name) != NULL;
	const char *value = colon + 1, *end = line + size;
	while (value < end && g_ascii_isspace(*value))
		value++;
	while (end > value && g_ascii_isspace(end[-1]))
		end--;
	f->value = NULL;
	open->field = f;
	open->value = g_string_new_len(value, end - value);
	g_ptr_array_add(p->fields, f);
	return twice ? "a field comes twice" : NULL;
}

GPtrArray *deb822_parse(const char *label, const char *text, gsize size, GError **err)
{
	g_autoptr(GPtrArray) all =
		g_ptr_array_new_with_free_func((GDestroyNotify)deb822_free);
	const char *end = text + size, *why = NULL;
	open_field open = {0};
	deb822 *p = NULL;
	int number = 0;

	for (const char *line = text; line < end && !why;) {
		const char *stop = memchr(line, '\n', end - line);
		const char *next = stop ? stop + 1 : end;
		gsize n = (stop ? stop : end) - line;
		number++;
		while (n && line[n - 1] == '\r')
			n--;
		gsize blank = 0;
		while (blank < n && (line[blank] == ' ' || line[blank] == '\t'))
			blank++;
		if (has_control(line, n)) {
			why = "a control character";
		} else if (blank == n) {
			close_field(&open);
			p = NULL;
		} else if (*line == '#') {
			;
		} else if (blank) {
			if (!open.field)
				why = "a continuation line without a field";
			else {
				g_string_append_c(open.value, '\n');
				g_string_append_len(open.value, line + 1, n - 1);
			}
		} else {
			close_field(&open);
			if (!p) {
				p = deb822_new();
				g_ptr_array_add(all, p);
			}
			why = all->len > PARAGRAPHS_MAX ? "too many paragraphs"
							: begin_field(p, &open, line, n);
		}
		line = next;
	}
	close_field(&open);
	if (why) {
		bad_line(label, number, why, err);
		return NULL;
	}
	return g_steal_pointer(&all);
}

static gboolean take_number(const char **p, int digits, int *out)
{
	*out = 0;
	for (int i = 0; i < digits; i++, (*p)++) {
		if (!g_ascii_isdigit(**p))
			return FALSE;
		*out = *out * 10 + (**p - '0');
	}
	return TRUE;
}

gboolean debian_date(const char *text, gint64 *seconds)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	int day, year, hour, minute, second, month = 0;
	const char *p = strchr(text, ',');

	if (!p || p - text != 3 || p[1] != ' ')
		return FALSE;
	p += 2;
	if (*p == ' ') /* " 9 Aug" */
		p++;
	if (!take_number(
		    &p, g_ascii_isdigit(p[0]) && g_ascii_isdigit(p[1]) ? 2 : 1, &day) ||
		*p++ != ' ')
		return FALSE;
	for (month = 0; month < 12; month++)
		if (!strncmp(p, months + 3 * month, 3))
			break;
	if (month == 12 || p[3] != ' ')
		return FALSE;
	p += 4;
	if (!take_number(&p, 4, &year) || *p++ != ' ' || !take_number(&p, 2, &hour) ||
		*p++ != ':' || !take_number(&p, 2, &minute) || *p++ != ':' ||
		!take_number(&p, 2, &second))
		return FALSE;
	if (strcmp(p, " UTC") && strcmp(p, " GMT") && strcmp(p, " +0000"))
		return FALSE;
	g_autoptr(GDateTime) t =
		g_date_time_new_utc(year, month + 1, day, hour, minute, second);
	if (!t)
		return FALSE;
	*seconds = g_date_time_to_unix(t);
	return TRUE;
}

static gboolean release_fault(const char *label, const char *why, GError **err)
{
	g_autofree char *shown = text_escape(label, -1);

	return error_set(err, EXIT_INTEGRITY, "X0630", "%s is malformed: %s", shown, why);
}

static void release_file_free(gpointer data)
{
	release_file *f = data;

	g_free(f->path);
	g_free(f->sha256);
	g_free(f);
}

void debian_release_free(debian_release *r)
{
	if (!r)
		return;
	g_free(r->origin);
	g_free(r->suite);
	g_free(r->codename);
	g_free(r->version);
	g_free(r->date);
	if (r->files)
		g_hash_table_unref(r->files);
	g_free(r);
}

/* " <64 hex> <size> <path>", blanks between. */
static gboolean take_files(debian_release *r, const char *list)
{
	g_auto(GStrv) lines = g_strsplit(list, "\n", -1);

	r->files =
		g_hash_table_new_full(g_str_hash, g_str_equal, NULL, release_file_free);
	for (char **line = lines; *line; line++) {
		char *sha = g_strstrip(*line);
		if (!*sha)
			continue;
		gsize n = strspn(sha, "0123456789abcdef");
		char *size = sha + n;
		while (*size == ' ' || *size == '\t')
			size++;
		char *path = size + strcspn(size, " \t");
		guint64 bytes;
		if (n != 64 || size == sha + n || !*path)
			return FALSE;
		*path++ = '\0';
		sha[n] = '\0';
		while (*path == ' ' || *path == '\t')
			path++;
		if (!g_ascii_string_to_unsigned(size, 10, 0, G_MAXINT64, &bytes, NULL) ||
			!*path || *path == '/' || strstr(path, "..") ||
			strpbrk(path, " \t\\?#%"))
			return FALSE;
		release_file *f = g_new0(release_file, 1);
		f->path = g_strdup(path);
		f->sha256 = g_strdup(sha);
		f->size = bytes;
		g_hash_table_replace(r->files, f->path, f);
	}
	return TRUE;
}

debian_release *debian_release_parse(
	const char *label, const char *text, gsize size, GError **err)
{
	g_autoptr(GPtrArray) all = deb822_parse(label, text, size, err);

	if (!all)
		return NULL;
	if (all->len != 1) {
		release_fault(label, "it is not one paragraph", err);
		return NULL;
	}
	const deb822 *p = g_ptr_array_index(all, 0);
	const char *date = deb822_get(p, "Date"), *until = deb822_get(p, "Valid-Until");
	const char *files = deb822_get(p, "SHA256");
	g_autoptr(debian_release) r = g_new0(debian_release, 1);
	const char *why = NULL;
	if (!date || !debian_date(date, &r->time))
		why = "it has no proper Date";
	else if (until && !debian_date(until, &r->valid_until))
		why = "it has no proper Valid-Until";
	else if (!files)
		why = "it has no SHA256 list (weaker sums are not taken)";
	else if (!take_files(r, files))
		why = "its SHA256 list has a line that is not sum, size and path";
	if (why) {
		release_fault(label, why, err);
		return NULL;
	}
	r->date = g_strdup(date);
	r->origin = g_strdup(deb822_get(p, "Origin"));
	r->suite = g_strdup(deb822_get(p, "Suite"));
	r->codename = g_strdup(deb822_get(p, "Codename"));
	r->version = g_strdup(deb822_get(p, "Version"));
	const char *by_hash = deb822_get(p, "Acquire-By-Hash");
	r->by_hash = by_hash && !g_ascii_strcasecmp(by_hash, "yes");
	return g_steal_pointer(&r);
}
