#include "ship/audit_parts.h"
#include "format/digest.h"
#include "base/error.h"
#include <string.h>

/* Below this a second thread costs more than it saves. */
#define SMALL (G_GUINT64_CONSTANT(1) << 20)

/* Where builds happen: xorch's own constant paths; and, where the caller names
 * none, pip's and build's temporary folders and home folders. These last are only
 * guesses, so they must stand at the beginning of a path: "/opt/rh/root/usr" is
 * none. */
static const char *const own_paths[] = {"/xorch/", NULL};
static const char *const guessed_paths[] = {
	"/tmp/pip-", "/tmp/build-", "/tmp/tmp", "/home/", "/root/", NULL};

static gboolean path_byte(guint8 c)
{
	return c > 0x20 && c < 0x7f && !strchr("\"'<>|:;,()`", c);
}

static gboolean begins(const guint8 *p, const guint8 *end, const char *prefix)
{
	gsize len = strlen(prefix);

	/* "/home/" alone is a constant of many programs. */
	return (gsize)(end - p) > len + 1 && memcmp(p, prefix, len) == 0 &&
	       path_byte(p[len]) && path_byte(p[len + 1]);
}

gboolean audit_path_is_constant(const char *path)
{
	return g_str_has_prefix(path, own_paths[0]);
}

/* The first build path in [start, end), as text; a constant one only where there is no
 * other, and instead of none before (*constant). */
static char *find_path(const guint8 *start, const guint8 *end, const char *const *exact,
	gboolean guess, char **constant)
{
	for (const guint8 *p = start; (p = memchr(p, '/', (gsize)(end - p))); p++) {
		gboolean found = FALSE;
		for (const char *const *x = exact; *x && !found; x++)
			found = begins(p, end, *x);
		if (!found && guess && (p == start || !path_byte(p[-1]) || p[-1] == '.'))
			for (const char *const *x = guessed_paths; *x && !found; x++)
				found = begins(p, end, *x);
		if (!found)
			continue;
		gsize n = 0;
		while (p + n < end && n < 200 && path_byte(p[n]))
			n++;
		g_autofree char *path = g_strndup((const char *)p, n);
		if (!audit_path_is_constant(path))
			return g_steal_pointer(&path);
		if (!*constant)
			*constant = g_steal_pointer(&path);
	}
	return NULL;
}

/* In a text: only what is known to be a build's, a home folder may be an example. */
static char *find_text_path(const guint8 *data, gsize size, const char *const *exact)
{
	for (const char *const *x = exact; *x; x++) {
		const guint8 *at = memmem(data, size, *x, strlen(*x));
		gsize n = 0;
		if (!at || !begins(at, data + size, *x))
			continue;
		while (at + n < data + size && n < 200 && path_byte(at[n]))
			n++;
		return g_strndup((const char *)at, n);
	}
	return NULL;
}

/* Prose about a package may name any path. */
static gboolean is_prose(const char *name)
{
	return g_str_has_suffix(name, ".dist-info/METADATA") ||
	       g_str_has_suffix(name, ".md") || g_str_has_suffix(name, ".rst") ||
	       g_str_has_suffix(name, ".txt");
}

/* Code, unwind tables and relocations hold no text; the rest is searched. */
static char *find_build_path(const elf_file *f, const char *const *given)
{
	const char *const *exact = given ? given : own_paths;
	g_autofree char *constant = NULL;
	char *found = NULL;

	if (!f->n_sections)
		found = find_path(f->data, f->data + f->size, exact, !given, &constant);
	for (guint i = 1; i < f->n_sections && !found; i++) {
		const elf_section *s = &f->sections[i];
		if ((s->type != SHT_PROGBITS && s->type != SHT_STRTAB) ||
			(s->flags & SHF_EXECINSTR) ||
			g_str_has_prefix(s->name, ".eh_frame") ||
			g_str_has_prefix(s->name, ".gcc_except"))
			continue;
		found = find_path(f->data + s->offset, f->data + s->offset + s->size,
			exact, !given, &constant);
	}
	return found ? found : g_steal_pointer(&constant);
}

static void scan_member(gpointer item, gpointer data)
{
	audit_member *m = item;
	audit_run *run = data;
	const audit_options *o = run->options;
	gsize size;

	g_autoptr(GBytes) bytes = zip_read(run->zip, m->entry, &m->problem);
	if (!bytes)
		return;
	const guint8 *content = g_bytes_get_data(bytes, &size);
	digest_raw(content, size, m->sha256);
	m->hashed = TRUE;
	if (!elf_magic(content, size) || g_str_has_suffix(m->name, ".py")) {
		if (!is_prose(m->name))
			m->build_path = find_text_path(content, size,
				o->build_paths ? o->build_paths : own_paths);
		return;
	}
	m->elf = elf_file_open(bytes, m->name, 0, &m->problem);
	if (m->elf)
		m->build_path = find_build_path(m->elf, o->build_paths);
}

static int largest_first(gconstpointer a, gconstpointer b)
{
	const audit_member *x = *(audit_member *const *)a, *y = *(audit_member *const *)b;

	return x->entry->size > y->entry->size ? -1 : x->entry->size < y->entry->size;
}

void audit_scan(audit_run *run)
{
	g_autoptr(GPtrArray) work = g_ptr_array_new();
	int jobs =
		run->options->jobs > 0 ? run->options->jobs : (int)g_get_num_processors();
	guint64 total = 0;

	for (guint i = 0; i < run->n_members; i++)
		if (!run->members[i].entry->folder) {
			g_ptr_array_add(work, &run->members[i]);
			total += run->members[i].entry->size;
		}
	if (jobs < 2 || total < SMALL) {
		g_ptr_array_foreach(work, scan_member, run);
		return;
	}
	g_ptr_array_sort(work, largest_first);
	GThreadPool *pool = g_thread_pool_new(scan_member, run, jobs, TRUE, NULL);
	for (guint i = 0; i < work->len; i++)
		g_thread_pool_push(pool, g_ptr_array_index(work, i), NULL);
	g_thread_pool_free(pool, FALSE, TRUE);
}
