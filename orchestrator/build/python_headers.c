#include "base/error.h"
#include "build/python_host.h"
#include "format/digest.h"
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The digest over the headers is kept with a fingerprint of the folder (names,
 * sizes, times), so that a later run reads none of them. */
#define KIND "python-headers"

typedef struct header {
	char *name; /* below the include folder: "cpython/abstract.h" */
	struct stat st;
} header;

static void header_free(void *data)
{
	header *h = data;

	g_free(h->name);
	g_free(h);
}

static int by_name(gconstpointer a, gconstpointer b)
{
	return strcmp((*(header *const *)a)->name, (*(header *const *)b)->name);
}

/* Only CPython's own: *.h, cpython/, internal/. What packages put beside them
 * (numpy, greenlet …) is the build machine's and stays away from targets. Each is
 * looked at once, by its folder: a build with nothing to do spends a good part here. */
static void list_headers(GPtrArray *files, int folder, const char *prefix)
{
	DIR *dir = folder < 0 ? NULL : fdopendir(folder);
	const struct dirent *e;

	if (!dir && folder >= 0)
		close(folder);
	while (dir && (e = readdir(dir))) {
		const char *name = e->d_name;
		struct stat st;
		if (*name == '.' || fstatat(dirfd(dir), name, &st, AT_SYMLINK_NOFOLLOW))
			continue;
		if (S_ISDIR(st.st_mode) && (*prefix || g_str_equal(name, "cpython") ||
						   g_str_equal(name, "internal"))) {
			g_autofree char *deeper = g_strconcat(prefix, name, "/", NULL);
			list_headers(files,
				openat(dirfd(dir), name,
					O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
				deeper);
		} else if (S_ISREG(st.st_mode) && g_str_has_suffix(name, ".h")) {
			header *h = g_new(header, 1);
			h->name = g_strconcat(prefix, name, NULL);
			h->st = st;
			g_ptr_array_add(files, h);
		}
	}
	if (dir)
		closedir(dir);
}

static GPtrArray *headers_of(const host_python *p, GError **err)
{
	g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(header_free);

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
	list_headers(files, open(p->include, O_RDONLY | O_DIRECTORY | O_CLOEXEC), "");
	g_ptr_array_sort(files, by_name);
	return g_steal_pointer(&files);
}

GPtrArray *host_python_headers(const host_python *p, GError **err)
{
	g_autoptr(GPtrArray) files = headers_of(p, err);
	GPtrArray *names = files ? g_ptr_array_new_with_free_func(g_free) : NULL;

	for (guint i = 0; names && i < files->len; i++)
		g_ptr_array_add(names,
			g_steal_pointer(&((header *)g_ptr_array_index(files, i))->name));
	return names;
}

static void add_fingerprint(digest *d, const char *name, const struct stat *st)
{
	const gint64 facts[] = {
		(gint64)st->st_ino, st->st_size, st->st_mtim.tv_sec, st->st_mtim.tv_nsec};

	digest_update(d, name, strlen(name) + 1);
	digest_update(d, facts, sizeof facts);
}

/* Names, sizes, times of the files and of config_h. */
static char *fingerprint(const host_python *p, const GPtrArray *files)
{
	g_autoptr(digest) d = digest_new();
	struct stat st;

	add_fingerprint(d, p->include, &(struct stat){0});
	for (guint i = 0; i < files->len; i++) {
		const header *h = g_ptr_array_index(files, i);
		add_fingerprint(d, h->name, &h->st);
	}
	if (stat(p->config_h, &st) == 0)
		add_fingerprint(d, p->config_h, &st);
	return digest_finish(d);
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
	g_autoptr(GPtrArray) files = headers_of(p, err);

	if (!files)
		return NULL;
	g_autofree char *now = fingerprint(p, files);
	g_autofree char *name = digest_bytes(p->config_h, strlen(p->config_h));
	g_autofree char *old = store_record_get_text(s, KIND, name);
	if (old && strlen(old) == 2 * DIGEST_HEX && g_str_has_prefix(old, now))
		return g_strdup(old + DIGEST_HEX);
	g_autoptr(digest) d = digest_new();
	for (guint i = 0; i < files->len; i++) {
		const header *h = g_ptr_array_index(files, i);
		g_autofree char *path = g_build_filename(p->include, h->name, NULL);
		if (!add_file(d, h->name, path, err))
			return NULL;
	}
	if (!add_file(d, "the pyconfig.h behind it", p->config_h, err))
		return NULL;
	char *result = digest_finish(d);
	g_autofree char *record = g_strconcat(now, result, NULL);
	store_record_put(s, KIND, name, record, strlen(record), NULL);
	return result;
}
