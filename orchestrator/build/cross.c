#include "build/cross.h"
#include "base/error.h"
#include "base/fs.h"
#include "build/embedded.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

void cross_clear(cross *c)
{
	g_free(c->dir);
	g_free(c->key);
	g_free(c->toolchain_tree);
	g_free(c->sysroot_tree);
	g_free(c->build_toolchain_tree);
	g_free(c->build_sysroot_tree);
	g_free(c->gcc_version);
	memset(c, 0, sizeof *c);
}

gboolean cross_fill(const wrapper_spec *spec, const char *dir, GError **err)
{
	const embedded_file *program = embedded_file_get("xorch-cc");
	g_autofree char *bin = g_build_filename(dir, "bin", NULL);
	g_autofree char *libexec = g_build_filename(dir, "libexec", NULL);
	g_autofree char *conf = g_build_filename(dir, "wrapper.conf", NULL);
	g_autofree char *first = NULL;
	g_auto(wrapper_set) set = {0};

	wrapper_set_make(spec, &set);
	if (!fs_mkdir_p(bin, 0755, err) || !fs_mkdir_p(libexec, 0755, err) ||
		!fs_write_atomic(conf, set.conf, strlen(set.conf), 0644, err))
		return FALSE;
	for (guint i = 0; i < set.names->len; i++) {
		char *path = g_build_filename(dir, set.names->pdata[i], NULL);
		if (!first) {
			first = path;
			if (!fs_write_atomic(
				    path, program->bytes, program->size, 0755, err))
				return FALSE;
			continue;
		}
		g_autofree char *free_path = path;
		/* The wrapper knows its name by /proc/self/exe, so these are names of
		 * one file, not symbolic links. */
		if (link(first, path) != 0)
			return error_set_errno(err, EXIT_HOST, "X0820", errno,
				"cannot make the link %s", path);
	}
	return TRUE;
}
