#include "format/link_map.h"
#include <string.h>

/* Where GNU ld's memory map begins; what stands before are discarded sections, and who
 * asked for which member. gold has another heading. */
static const char *const headings[] = {
	"\nLinker script and memory map\n", "\nMemory map\n", NULL};

#define LLD "LMA"
#define LINE_LIMIT 65536

typedef struct reader {
	GPtrArray *lines;    /* of the layout */
	GPtrArray *archives; /* of the result */
	GHashTable *known;   /* set, borrowed from archives */
	gboolean counts;     /* the section of the output that lines are now of */
} reader;

static gboolean is_hex(const char *word, gsize n)
{
	for (gsize i = 0; i < n; i++)
		if (!g_ascii_isxdigit(word[i]))
			return FALSE;
	return n > 0;
}

/* The next word of *at, which ends at the blank or end after it. */
static gsize word(const char **at)
{
	*at += strspn(*at, " ");
	return strcspn(*at, " ");
}

/* "0x1c8" or "1c8". */
static gboolean number(const char **at, gboolean prefixed, guint64 *out)
{
	gsize n = word(at), skip = prefixed ? 2 : 0;

	if (n <= skip || (prefixed && strncmp(*at, "0x", 2)) ||
		!is_hex(*at + skip, n - skip))
		return FALSE;
	*out = g_ascii_strtoull(*at, NULL, 16);
	*at += n;
	return TRUE;
}

/* Tables of unwinding and notes stay of functions that do not. */
static gboolean counts(const char *section)
{
	static const char *const not [] = {".eh_frame", ".note", ".ARM.ex", ".comment",
		".gnu.", ".dyn", ".rel", ".hash", ".plt", ".got", NULL};

	for (gsize n = 0; not [n]; n++)
		if (g_str_has_prefix(section, not [n]))
			return FALSE;
	return TRUE;
}

static void add_section(reader *r, const char *name, guint64 address, guint64 size)
{
	r->counts = address && size && counts(name);
	if (address && size)
		g_ptr_array_add(
			r->lines, g_strdup_printf("%s %" G_GUINT64_FORMAT, name, size));
}

/* "/usr/lib/libgcc.a(_divdi3.o)". */
static void add_file(reader *r, const char *text, gsize length)
{
	g_autofree char *path = g_strndup(text, length);
	char *open = strrchr(path, '(');

	if (!r->counts || !length || path[length - 1] != ')' || !open || open == path)
		return;
	*open = '\0';
	if (g_hash_table_contains(r->known, path))
		return;
	g_ptr_array_add(r->archives, path);
	g_hash_table_add(r->known, g_steal_pointer(&path));
}

/* "VMA LMA Size Align" in hex, then the name of a section of the output, or, eight
 * columns further, FILE:(SECTION), or, eight more, a symbol. */
static void read_lld(reader *r, const char *line)
{
	guint64 address, load, size, align;

	if (!number(&line, FALSE, &address) || !number(&line, FALSE, &load) ||
		!number(&line, FALSE, &size) || !number(&line, FALSE, &align) ||
		*line != ' ')
		return;
	gsize blanks = strspn(line, " ");
	line += blanks;
	if (blanks == 1) {
		add_section(r, line, address, size);
	} else if (blanks == 9 && size) {
		const char *colon = g_strrstr(line, ":(");
		if (colon)
			add_file(r, line, (gsize)(colon - line));
	}
}

/* ".text 0x… 0x…" of the output at the first column, " .text.f 0x… 0x… FILE" of an
 * input at the second; a long name has a line for itself. `name` keeps that. */
static void read_gnu(reader *r, const char *line, GString *name)
{
	guint64 address, size;
	const char *at = line;

	if (*line && *line != ' ') {
		g_string_assign(name, line);
		g_string_truncate(name, word(&at));
		at += name->len;
		r->counts = FALSE;
	} else if (*line && line[1] != ' ') {
		g_string_truncate(name, 0);
		at = line + 1;
		at += word(&at);
	}
	if (!number(&at, TRUE, &address) || !number(&at, TRUE, &size))
		return;
	if (name->len) {
		add_section(r, name->str, address, size);
		g_string_truncate(name, 0);
		return;
	}
	at += strspn(at, " ");
	if (size)
		add_file(r, at, strlen(at));
}

static const char *gnu_start(const char *text)
{
	for (gsize n = 0; headings[n]; n++) {
		const char *at = strstr(text, headings[n]);
		if (at)
			return at + strlen(headings[n]);
	}
	return NULL;
}

static int by_text(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *layout_of(GPtrArray *lines)
{
	g_ptr_array_sort(lines, by_text);
	g_ptr_array_add(lines, NULL);
	return g_strjoinv("\n", (char **)lines->pdata);
}

link_map *link_map_parse(const char *text, gsize size)
{
	link_map *map = g_new0(link_map, 1);
	g_autofree char *copy = g_strndup(text, size); /* ends at a NUL, too */
	g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GHashTable) known = g_hash_table_new(g_str_hash, g_str_equal);
	g_autoptr(GString) name = g_string_new(NULL);
	reader r = {lines, NULL, known, FALSE};
	gsize first = strcspn(copy, "\n");
	gboolean lld = g_strstr_len(copy, (gssize)first, LLD) != NULL;
	const char *start = lld ? copy : gnu_start(copy);

	r.archives = map->archives = g_ptr_array_new_with_free_func(g_free);
	for (char *line = (char *)start, *next; line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (strlen(line) > LINE_LIMIT)
			continue;
		if (lld)
			read_lld(&r, line);
		else
			read_gnu(&r, line, name);
	}
	map->layout = layout_of(lines);
	return map;
}

void link_map_free(link_map *map)
{
	if (!map)
		return;
	g_free(map->layout);
	g_clear_pointer(&map->archives, g_ptr_array_unref);
	g_free(map);
}

char *link_map_layout(const elf_file *file)
{
	g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);

	for (guint n = 1; n < file->n_sections; n++) {
		const elf_section *s = &file->sections[n];
		if ((s->flags & SHF_ALLOC) && s->address && s->size)
			g_ptr_array_add(lines, g_strdup_printf("%s %" G_GUINT64_FORMAT,
						       s->name, s->size));
	}
	return layout_of(lines);
}
