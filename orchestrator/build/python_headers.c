#include "base/error.h"
#include "build/python_host.h"
#include "format/digest.h"
#include <string.h>
#include <sys/stat.h>

/* The digest over the headers is kept with a fingerprint of the folder (names,
 * sizes, times), so that a later run reads none of them. */
#define KIND "python-headers"

static int by_name(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Only CPython's own: *.h, cpython/, internal/. What packages put beside them
 * (numpy, greenlet …) is the build machine's and stays away from targets. */
static void list_headers(GPtrArray *files, const char *folder, const char *prefix)
{
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(folder, name, NULL);
		g_autofree char *rel = g_strconcat(prefix, name, NULL);
		struct stat st;
		if (lstat(path, &st) != 0)
			continue;
		if (S_ISDIR(st.st_mode) && (*prefix || g_str_equal(name, "cpython") ||
						   g_str_equal(name, "internal"))) {
			g_autofree char *deeper = g_strconcat(rel, "/", NULL);
			list_headers(files, path, deeper);
		} else if (S_ISREG(st.st_mode) && g_str_has_suffix(name, ".h")) {
			g_ptr_array_add(files, g_steal_pointer(&rel));
		}
	}
}

GPtrArray *host_python_headers(const host_python *p, GError **err)
{
	g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_free);

	if (!host_python_has_headers(p)) {
		error_set(
			err, EXIT_HOST, "X0831", "Python %s has no headers", p->version);
		error_line(err, "interpreter: %s", p->executable);
		error_line(err, "looked for:  %s/Python.h", p->include);
		error_help(err,
			"install them (`apt-get install libpython3.%u-dev`), or another "
			"Python 3.%u: `pyenv install 3.%u`, `uv python install 3.%u`",
			p->minor, p->minor, p->minor, p->minor);
		return NULL;
	}
	list_headers(files, p->include, "");
	g_ptr_array_sort(files, by_name);
	return g_steal_pointer(&files);
}

/* Names, sizes, times of the files and of config_h. */
static char *fingerprint(const host_python *p, const GPtrArray *files)
{
	g_autoptr(GString) text = g_string_new(NULL);
	struct stat st;

	for (guint i = 0; i <= files->len; i++) {
		const char *rel = i < files->len ? g_ptr_array_index(files, i) : NULL;
		g_autofree char *path = rel ? g_build_filename(p->include, rel, NULL)
					    : g_strdup(p->config_h);
		if (stat(path, &st) != 0)
			continue;
		g_string_append_printf(text, "%s %lu %ld %ld.%09ld\n", path,
			(unsigned long)st.st_ino, (long)st.st_size,
			(long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
	}
	return digest_bytes(text->str, text->len);
}

static gboolean add_file(digest *d, const char *name, const char *path, GError **err)
{
	g_autofree char *contents = NULL;
	g_autoptr(GError) cause = NULL;
	gsize size;

	if (!g_file_get_contents(path, &contents, &size, &cause))
		return error_wrap(err, EXIT_HOST, "X0832", g_steal_pointer(&cause),
			"cannot read a header");
	g_autofree char *hash = digest_bytes(contents, size);
	g_autofree char *line = g_strdup_printf("%s %s\n", hash, name);
	digest_update(d, line, strlen(line));
	return TRUE;
}

char *host_python_header_digest(store *s, const host_python *p, GError **err)
{
	g_autoptr(GPtrArray) files = host_python_headers(p, err);

	if (!files)
		return NULL;
	g_autofree char *now = fingerprint(p, files);
	g_autofree char *name = digest_bytes(p->config_h, strlen(p->config_h));
	g_autofree char *old = store_record_get_text(s, KIND, name);
	if (old && strlen(old) == 2 * DIGEST_HEX && g_str_has_prefix(old, now))
		return g_strdup(old + DIGEST_HEX);
	g_autoptr(digest) d = digest_new();
	for (guint i = 0; i < files->len; i++) {
		const char *rel = g_ptr_array_index(files, i);
		g_autofree char *path = g_build_filename(p->include, rel, NULL);
		if (!add_file(d, rel, path, err))
			return NULL;
	}
	if (!add_file(d, "the pyconfig.h behind it", p->config_h, err))
		return NULL;
	char *result = digest_finish(d);
	g_autofree char *record = g_strconcat(now, result, NULL);
	store_record_put(s, KIND, name, record, strlen(record), NULL);
	return result;
}
