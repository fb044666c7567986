#include "build/starter_headers.h"
#include "base/fs.h"
#include "build/package_files.h"
#include "build/store.h"
#include "format/deb.h"
#include "format/unpack.h"
#include "plan/package_lock.h"
#include <string.h>

#define PACKAGE_MAX (4 << 20) /* larger ones are not worth the guess */
#define HEADER_MAX (4 << 20)
#define DEPTH_MAX 8
#define FEW 10 /* names of a prefix that make it the library's own */

static gboolean is_word(char c)
{
	return g_ascii_isalnum(c) || c == '_';
}

/* Words, and "sk_##" or "##_num" for those that a macro pastes to another. */
static void add_names(GHashTable *set, const char *text)
{
	const char *p = text;

	while (*p) {
		const char *begin = p, *after = p;
		while (is_word(*p))
			p++;
		for (after = p; *after == ' '; after++)
			;
		if (p - begin >= 3 && p - begin < 80) {
			char *word = g_strndup(begin, (gsize)(p - begin));
			if (g_str_has_prefix(after, "##"))
				g_hash_table_add(set, g_strconcat(word, "##", NULL));
			if (begin - text >= 2 && begin[-1] == '#' && begin[-2] == '#')
				g_hash_table_add(set, g_strconcat("##", word, NULL));
			g_hash_table_add(set, word);
		}
		while (*p && !is_word(*p))
			p++;
	}
}

/* `rel`: the folder as #include names it. */
static void read_folder(GHashTable *set, const char *dir, const char *rel, guint depth)
{
	g_autoptr(GDir) d = depth < DEPTH_MAX ? g_dir_open(dir, 0, NULL) : NULL;
	const char *name;

	while (d && (name = g_dir_read_name(d))) {
		g_autofree char *path = g_build_filename(dir, name, NULL);
		if (g_file_test(path, G_FILE_TEST_IS_SYMLINK))
			continue;
		g_autofree char *as = g_build_filename(rel, name, NULL);
		if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
			/* The compiler looks in the architecture's own folder too. */
			read_folder(set, path, strstr(name, "-linux-gnu") ? "" : as,
				depth + 1);
			continue;
		}
		g_hash_table_add(set, g_strdup(as));
		g_autoptr(GBytes) bytes = fs_read(path, HEADER_MAX, NULL);
		if (!bytes)
			continue;
		gsize size;
		const char *data = g_bytes_get_data(bytes, &size);
		g_autofree char *text = g_strndup(data ? data : "", size);
		add_names(set, text);
	}
}

static gboolean keep(const char *path, gpointer data)
{
	(void)data;
	return g_str_has_prefix(path, "usr/include/");
}

/* Below `dir`, an empty folder. */
static gboolean unpack_headers(
	const build_context *ctx, const solv_package *p, const char *dir)
{
	g_autoptr(GPtrArray) one =
		g_ptr_array_new_with_free_func((GDestroyNotify)locked_package_free);
	g_autoptr(GPtrArray) gone = g_ptr_array_new();
	archive_policy policy = ARCHIVE_DEB_DATA;

	policy.keep = keep;
	g_ptr_array_add(one, locked_package_new(p->name, p->version, p->path, p->sha256,
				     p->size, FALSE));
	if (!package_files_fetch(ctx, one, gone, NULL))
		return FALSE;
	g_autofree char *blob = store_blob_find(ctx->store, p->sha256, p->size);
	return blob && deb_unpack(blob, p->name, dir, &policy, NULL, NULL);
}

GHashTable *starter_headers_names(
	const build_context *ctx, debian_repo *repo, const char *package)
{
	g_autoptr(solv_package) p = debian_repo_find(repo, package, NULL);
	g_autofree char *work =
		p && p->size <= PACKAGE_MAX ? store_temp_dir(ctx->store, NULL) : NULL;
	GHashTable *set = NULL;

	if (!work)
		return NULL;
	g_autofree char *dir = g_build_filename(work, "deb", NULL);
	if (fs_mkdir_p(dir, 0755, NULL) && unpack_headers(ctx, p, dir)) {
		g_autofree char *include = g_build_filename(dir, "usr/include", NULL);
		set = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
		read_folder(set, include, "", 0);
	}
	fs_remove_tree(work, NULL);
	return set;
}

/* "mpc_" of mpc_agm, "xml" of xmlSecKeyCreate; 0: the name has none. */
static gsize prefix_of(const char *name)
{
	const char *underscore = strchr(name, '_');

	if (underscore)
		return (gsize)(underscore - name) + 1;
	for (const char *p = name + 1; *p; p++)
		if (g_ascii_islower(p[-1]) && g_ascii_isupper(*p))
			return (gsize)(p - name);
	return 0;
}

static gboolean has_pasted(
	GHashTable *names, const char *name, const char *from, const char *to)
{
	g_autofree char *head = g_strdup_printf("%.*s##", (int)(from - name), name);
	g_autofree char *tail = g_strconcat("##", to, NULL);
	g_autofree char *middle = g_strndup(from, (gsize)(to - from));

	return g_hash_table_contains(names, head) && g_hash_table_contains(names, tail) &&
	       g_hash_table_contains(names, middle);
}

/* sk_X509_num: an older header may make it by a macro, of X509. */
static gboolean is_pasted(GHashTable *names, const char *name)
{
	for (const char *a = strchr(name, '_'); a; a = strchr(a + 1, '_'))
		for (const char *b = strchr(a + 1, '_'); b; b = strchr(b + 1, '_'))
			if (b > a + 1 && has_pasted(names, name, a + 1, b))
				return TRUE;
	return FALSE;
}

static gboolean is_own(GHashTable *names, const char *name)
{
	gsize n = prefix_of(name);
	guint few = 0;
	GHashTableIter i;
	gpointer other;

	if (strpbrk(name, "./"))
		return TRUE; /* a header */
	if (n < 3)
		return FALSE;
	g_hash_table_iter_init(&i, names);
	while (few < FEW && g_hash_table_iter_next(&i, &other, NULL))
		few += strncmp(other, name, n) == 0;
	return few == FEW;
}

const char *starter_headers_lacking(
	const json_t *used, GHashTable *older, GHashTable *newer)
{
	const char *name, *first = NULL;
	json_t *where;

	json_object_foreach((json_t *)used, name,
		where) if (g_hash_table_contains(newer, name) &&
			   !g_hash_table_contains(older, name) && is_own(older, name) &&
			   !is_pasted(older, name) && (!first || strcmp(name, first) < 0))
		first = name;
	return first;
}
