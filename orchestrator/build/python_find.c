#include "build/python_find.h"
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* python3 first: it is the user's choice among equals. */
static const char *const names[] = {"python3", "python3.9", "python3.10", "python3.11",
	"python3.12", "python3.13", "python3.13t", "python3.14", "python3.14t", NULL};

typedef struct finder {
	GPtrArray *places;
	GHashTable *seen; /* real paths; owned by the places */
	gboolean pyenv_done;
} finder;

static void place_free(gpointer data)
{
	python_place *p = data;

	g_free(p->path);
	g_free(p);
}

static gboolean is_program(const char *path)
{
	char magic[4];
	int fd = access(path, X_OK) == 0 ? open(path, O_RDONLY | O_CLOEXEC) : -1;

	if (fd < 0)
		return FALSE;
	gboolean elf = read(fd, magic, 4) == 4 && memcmp(magic, "\177ELF", 4) == 0;
	close(fd);
	return elf;
}

static char *real_program(const char *folder, const char *name)
{
	g_autofree char *path = g_build_filename(folder, name, NULL);
	char *real = realpath(path, NULL);
	char *copy = real && is_program(real) ? g_strdup(real) : NULL;

	free(real);
	return copy;
}

static void look_in(finder *f, const char *folder, const char *origin)
{
	/* Most folders of PATH have none of them: one look each, no link followed. */
	int fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);

	for (const char *const *name = names; fd >= 0 && *name; name++) {
		char *path = faccessat(fd, *name, X_OK, 0) == 0
				     ? real_program(folder, *name)
				     : NULL;
		if (!path)
			continue;
		if (g_hash_table_contains(f->seen, path)) {
			g_free(path);
			continue;
		}
		python_place *p = g_new0(python_place, 1);
		p->path = path;
		p->origin = origin;
		g_ptr_array_add(f->places, p);
		g_hash_table_add(f->seen, path);
	}
	if (fd >= 0)
		close(fd);
}

static int newest_first(gconstpointer a, gconstpointer b)
{
	return -strverscmp(*(char *const *)a, *(char *const *)b);
}

/* FOLDER/<each>/bin, the newest version first. */
static void look_below(finder *f, const char *folder, const char *origin)
{
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	g_autoptr(GPtrArray) entries = g_ptr_array_new_with_free_func(g_free);
	const char *name;

	while (dir && (name = g_dir_read_name(dir)))
		g_ptr_array_add(entries, g_strdup(name));
	g_ptr_array_sort(entries, newest_first);
	for (guint i = 0; i < entries->len; i++) {
		g_autofree char *bin = g_build_filename(
			folder, g_ptr_array_index(entries, i), "bin", NULL);
		look_in(f, bin, origin);
	}
}

static gboolean is_shims(const char *folder)
{
	g_autofree char *base = g_path_get_basename(folder);

	return g_str_equal(base, "shims");
}

/* PYENV_ROOT, else the folder of a shims entry of PATH, else ~/.pyenv. */
static char *pyenv_root(void)
{
	const char *root = g_getenv("PYENV_ROOT");

	if (root && *root)
		return g_strdup(root);
	g_auto(GStrv) path = g_strsplit(g_getenv("PATH") ?: "", ":", -1);
	for (char **p = path; *p; p++) {
		if (!is_shims(*p))
			continue;
		g_autofree char *parent = g_path_get_dirname(*p);
		g_autofree char *versions = g_build_filename(parent, "versions", NULL);
		if (g_file_test(versions, G_FILE_TEST_IS_DIR))
			return g_steal_pointer(&parent);
	}
	return g_build_filename(g_get_home_dir(), ".pyenv", NULL);
}

static void look_in_pyenv(finder *f)
{
	if (f->pyenv_done)
		return;
	f->pyenv_done = TRUE;
	g_autofree char *root = pyenv_root();
	g_autofree char *versions = g_build_filename(root, "versions", NULL);
	look_below(f, versions, "pyenv");
}

static void look_in_uv(finder *f)
{
	const char *own = g_getenv("UV_PYTHON_INSTALL_DIR");
	const char *data = g_getenv("XDG_DATA_HOME");
	g_autofree char *folder = own && *own ? g_strdup(own)
				  : data && *data
					  ? g_build_filename(data, "uv", "python", NULL)
					  : g_build_filename(g_get_home_dir(), ".local",
						    "share", "uv", "python", NULL);

	look_below(f, folder, "uv");
}

GPtrArray *python_find_places(void)
{
	finder f = {.places = g_ptr_array_new_with_free_func(place_free),
		.seen = g_hash_table_new(g_str_hash, g_str_equal)};
	g_auto(GStrv) path = g_strsplit(g_getenv("PATH") ?: "", ":", -1);

	for (char **p = path; *p; p++) {
		if (!g_path_is_absolute(*p))
			continue;
		if (is_shims(*p))
			look_in_pyenv(&f);
		else
			look_in(&f, *p, "PATH");
	}
	look_in_pyenv(&f);
	look_in_uv(&f);
	look_below(&f, "/opt/python", "/opt/python");
	g_hash_table_unref(f.seen);
	return f.places;
}

/* First python3 of the versions that a pyenv list ("3.11.7:3.9.18", or one a
 * line) names. */
static char *pyenv_version(const char *root, const char *list)
{
	g_auto(GStrv) versions = g_strsplit_set(list, ":\n \t\r", -1);

	for (char **v = versions; *v; v++) {
		if (!**v || strchr(*v, '/') || g_str_equal(*v, "system"))
			continue;
		g_autofree char *bin =
			g_build_filename(root, "versions", *v, "bin", NULL);
		char *path = real_program(bin, "python3");
		if (path)
			return path;
	}
	return NULL;
}

static char *pyenv_file(const char *root, const char *folder, const char *name)
{
	g_autofree char *path = g_build_filename(folder, name, NULL);
	g_autofree char *text = NULL;

	if (!g_file_get_contents(path, &text, NULL, NULL))
		return NULL;
	return pyenv_version(root, text);
}

static char *pyenv_default(void)
{
	g_autofree char *root = pyenv_root();
	const char *shell = g_getenv("PYENV_VERSION");

	if (shell && *shell)
		return pyenv_version(root, shell);
	g_autofree char *folder = g_get_current_dir();
	for (;;) {
		char *found = pyenv_file(root, folder, ".python-version");
		if (found)
			return found;
		char *parent = g_path_get_dirname(folder);
		gboolean top = g_str_equal(parent, folder);
		g_free(folder);
		folder = parent;
		if (top)
			break;
	}
	return pyenv_file(root, root, "version");
}

char *python_find_default(void)
{
	g_auto(GStrv) path = g_strsplit(g_getenv("PATH") ?: "", ":", -1);

	for (char **p = path; *p; p++) {
		if (!g_path_is_absolute(*p))
			continue;
		char *found =
			is_shims(*p) ? pyenv_default() : real_program(*p, "python3");
		if (found)
			return found;
	}
	return NULL;
}
