#include "base/error.h"
#include "base/fs.h"
#include "cli/completion.h"
#include "cli/manual.h"
#include <string.h>

/* Where the readers of each look, below a prefix's share/. */
static const struct {
	const char *shell, *folder, *name;
} shells[] = {{"bash", "bash-completion/completions", "xorch"},
	{"zsh", "zsh/site-functions", "_xorch"},
	{"fish", "fish/vendor_completions.d", "xorch.fish"}};

static gboolean write_file(const char *top, const char *folder, const char *name,
	const char *text, GError **err)
{
	g_autofree char *dir = g_build_filename(top, folder, NULL);
	g_autofree char *path = g_build_filename(dir, name, NULL);

	return fs_mkdir_p(dir, 0777, err) &&
	       fs_write_atomic(path, text, strlen(text), 0644, err);
}

/* `xorch __share DIR`, when xorch is compiled: manual pages and completions. */
int cmd_share(const options *o, char **args, GError **err)
{
	g_autoptr(GHashTable) pages = manual_pages();
	GHashTableIter iter;
	gpointer name, text;

	(void)o;
	if (!args[0]) {
		error_set(err, EXIT_INPUT, "X0112", "no folder given");
		error_help(err, "xorch __share DIR");
		return EXIT_INPUT;
	}
	g_hash_table_iter_init(&iter, pages);
	while (g_hash_table_iter_next(&iter, &name, &text)) {
		g_autofree char *folder =
			g_strdup_printf("man/man%s", strrchr(name, '.') + 1);
		if (!write_file(args[0], folder, name, text, err))
			return EXIT_HOST;
	}
	for (guint n = 0; n < G_N_ELEMENTS(shells); n++) {
		g_autofree char *body = completion_text(shells[n].shell);
		if (!write_file(args[0], shells[n].folder, shells[n].name, body, err))
			return EXIT_HOST;
	}
	return EXIT_DONE;
}
