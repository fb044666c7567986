#include "base/diag.h"
#include "base/error.h"
#include "cli/completion.h"
#include "cli/output.h"
#include "cli/verbs.h"
#include <string.h>

int cmd_completion(const options *o, char **args, GError **err)
{
	static const char *const shells[] = {"bash", "zsh", "fish", NULL};
	const char *shell = args[0] ? args[0] : "";
	g_autofree char *text = completion_text(shell);

	(void)o;
	if (text) {
		g_strchomp(text); /* output_line ends it */
		output_line("%s", text);
		return EXIT_DONE;
	}
	g_autofree char *shown = text_escape(shell, -1);
	error_set(err, EXIT_INPUT, "X0133", "no completion for the shell `%s`", shown);
	const char *near = text_nearest(shell, shells);
	if (near)
		error_help(err, "did you mean `%s`?", near);
	else
		error_help(err, "there are: bash, zsh, fish");
	return EXIT_INPUT;
}
