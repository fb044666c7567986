/* Unpacks .debs into one folder the way a sysroot is made, nothing left out, for
 * unpack.py to time: unpack THREADS DEST FILE.deb ... */
#include "base/error.h"
#include "format/deb.h"
#include <stdlib.h>
#include <sys/stat.h>

static void one(gpointer file, gpointer dest)
{
	g_autoptr(GError) err = NULL;
	g_autofree char *label = g_path_get_basename(file);

	if (!deb_unpack(file, label, dest, &ARCHIVE_DEB_DATA, NULL, &err))
		g_error("%s", err->message);
}

static int by_size(gconstpointer a, gconstpointer b)
{
	struct stat x, y;

	stat(*(char *const *)a, &x);
	stat(*(char *const *)b, &y);
	return x.st_size < y.st_size ? 1 : x.st_size > y.st_size ? -1 : 0;
}

int main(int argc, char **argv)
{
	if (argc < 4)
		g_error("usage: unpack THREADS DEST FILE.deb ...");
	mkdir(argv[2], 0755);
	/* the largest first, so that no thread is left alone with one at the end */
	qsort(argv + 3, argc - 3, sizeof(char *),
		(int (*)(const void *, const void *))by_size);
	GThreadPool *pool = g_thread_pool_new(one, argv[2], atoi(argv[1]), TRUE, NULL);
	for (int i = 3; i < argc; i++)
		g_thread_pool_push(pool, argv[i], NULL);
	g_thread_pool_free(pool, FALSE, TRUE);
	return 0;
}
