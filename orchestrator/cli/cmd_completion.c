/* Completion for shells, made from the tables of verbs and options. */
#include "base/diag.h"
#include "base/error.h"
#include "base/words.h"
#include "cli/output.h"
#include "cli/verbs.h"
#include <string.h>

static const char bash_text[] =
	"_xorch() {\n"
	"\tlocal word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} verb= "
	"w\n"
	"\tfor w in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
	"\t\tcase $w in -*) ;; *) verb=$w; break ;; esac\n"
	"\tdone\n"
	"\tlocal words=\n"
	"\tcase $before in\n@VALUES@\tesac\n"
	"\tif [ -z \"$words\" ]; then\n"
	"\t\tcase $verb in\n\t\t\"\") words='@VERBS@' ;;\n@OPTIONS@\t\tesac\n"
	"\t\tcase $word in -*) ;; *) [ -z \"$verb\" ] || words= ;; esac\n"
	"\tfi\n"
	"\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
	"}\n";

/* Options of a verb as they are typed. */
static char *options_of(const verb *v)
{
	g_autofree char *allowed = verb_options(v);
	GString *out = g_string_new(NULL);

	for (const option *o = option_rows; o->name; o++)
		if (words_have(allowed, o->name))
			g_string_append_printf(
				out, "%s--%s", out->len ? " " : "", o->name);
	return g_string_free(out, FALSE);
}

static char *verb_names(void)
{
	GString *out = g_string_new(NULL);

	for (const verb *v = verbs; v->name; v++)
		if (!(v->flags & VERB_HIDDEN))
			g_string_append_printf(out, "%s%s", out->len ? " " : "", v->name);
	return g_string_free(out, FALSE);
}

static void replace(GString *text, const char *mark, const char *by)
{
	g_string_replace(text, mark, by, 0);
}

static char *bash(void)
{
	GString *out = g_string_new(bash_text);
	g_autoptr(GString) values = g_string_new(NULL);
	g_autoptr(GString) cases = g_string_new(NULL);
	g_autofree char *names = verb_names();

	for (const option *o = option_rows; o->name; o++) {
		if (o->type != OPTION_CHOICE)
			continue;
		g_autofree char *all = g_strjoinv(" ", (char **)o->choices);
		g_string_append_printf(values, "\t--%s) words='%s' ;;\n", o->name, all);
	}
	for (const verb *v = verbs; v->name; v++) {
		if (v->flags & VERB_HIDDEN)
			continue;
		g_autofree char *own = options_of(v);
		g_string_append_printf(cases, "\t\t%s) words='%s' ;;\n", v->name, own);
	}
	replace(out, "@VALUES@", values->str);
	replace(out, "@OPTIONS@", cases->str);
	replace(out, "@VERBS@", names);
	return g_string_free(out, FALSE);
}

/* A text between single quotes of fish. */
static char *fish_quote(const char *text)
{
	g_auto(GStrv) parts = g_strsplit(text, "\\", -1);
	g_autofree char *doubled = g_strjoinv("\\\\", parts);
	g_auto(GStrv) pieces = g_strsplit(doubled, "'", -1);
	g_autofree char *escaped = g_strjoinv("\\'", pieces);

	return g_strdup_printf("'%s'", escaped);
}

static void fish_option(GString *out, const option *o)
{
	g_autofree char *help = fish_quote(o->help);

	g_string_append(out, "complete -c xorch -n '__fish_seen_subcommand_from");
	for (const verb *v = verbs; v->name; v++) {
		g_autofree char *allowed = verb_options(v);
		if (!(v->flags & VERB_HIDDEN) && words_have(allowed, o->name))
			g_string_append_printf(out, " %s", v->name);
	}
	g_string_append_printf(out, "' -l %s", o->name);
	if (o->letter)
		g_string_append_printf(out, " -s %c", o->letter);
	if (o->type != OPTION_FLAG && o->type != OPTION_COUNT)
		g_string_append(out, " -r");
	if (o->type == OPTION_CHOICE) {
		g_autofree char *all = g_strjoinv(" ", (char **)o->choices);
		g_string_append_printf(out, " -a '%s'", all);
	}
	g_string_append_printf(out, " -d %s\n", help);
}

static char *fish(void)
{
	GString *out = g_string_new(NULL);

	for (const verb *v = verbs; v->name; v++) {
		if (v->flags & VERB_HIDDEN)
			continue;
		g_autofree char *summary = fish_quote(v->summary);
		g_string_append_printf(out,
			"complete -c xorch -n __fish_use_subcommand -a %s -d %s\n",
			v->name, summary);
	}
	for (const option *o = option_rows; o->name; o++)
		fish_option(out, o);
	return g_string_free(out, FALSE);
}

int cmd_completion(const options *o, char **args, GError **err)
{
	static const char *const shells[] = {"bash", "zsh", "fish", NULL};
	const char *shell = args[0] ? args[0] : "";
	g_autofree char *text = NULL;

	(void)o;
	if (g_str_equal(shell, "fish")) {
		text = fish();
	} else if (g_str_equal(shell, "zsh")) { /* which knows bash's way */
		g_autofree char *body = bash();
		/* its arrays are split differently, and mapfile is bash's */
		text = g_strconcat("autoload -Uz bashcompinit && bashcompinit\n", body,
			"complete -o default -F _xorch xorch", NULL);
		GString *own = g_string_new(text);
		replace(own,
			"mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")",
			"COMPREPLY=(${(f)\"$(compgen -W \"$words\" -- \"$word\")\"})");
		g_free(text);
		text = g_string_free(own, FALSE);
	} else if (g_str_equal(shell, "bash")) {
		g_autofree char *body = bash();
		text = g_strconcat(body, "complete -o default -F _xorch xorch", NULL);
	} else {
		g_autofree char *shown = text_escape(shell, -1);
		error_set(err, EXIT_INPUT, "X0133", "no completion for the shell `%s`",
			shown);
		const char *near = text_nearest(shell, shells);
		if (near)
			error_help(err, "did you mean `%s`?", near);
		else
			error_help(err, "there are: bash, zsh, fish");
		return EXIT_INPUT;
	}
	gsize len = strlen(text);
	if (len && text[len - 1] == '\n')
		text[len - 1] = '\0'; /* output_line ends it */
	output_line("%s", text);
	return EXIT_DONE;
}
