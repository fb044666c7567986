/* Completion for shells, made from the tables of verbs and options. */
#include "cli/completion.h"
#include "base/words.h"
#include "cli/verbs.h"
#include <string.h>

static const char bash_text[] =
	"_xorch() {\n"
	"\tlocal word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} verb= "
	"w\n"
	"\tfor w in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
	"\t\tcase $w in -*) ;; *) verb=$w; break ;; esac\n"
	"\tdone\n"
	"\tlocal list=\n"
	"\tcase $before in\n@VALUES@\tesac\n"
	"\tif [ -z \"$list\" ]; then\n"
	"\t\tcase $verb in\n\t\t\"\") list='@VERBS@' ;;\n@OPTIONS@\t\tesac\n"
	"\t\tcase $word in -*) ;; *) [ -z \"$verb\" ] || list= ;; esac\n"
	"\tfi\n"
	"\tmapfile -t COMPREPLY < <(compgen -W \"$list\" -- \"$word\")\n"
	"}\n"
	"complete -o default -F _xorch xorch\n";

/* The first line is for a file in zsh's site-functions, the last for both ways: read
 * as that file it is called, by eval it is told of. */
static const char zsh_text[] =
	"#compdef xorch\n"
	"_xorch() {\n"
	"\tlocal word=$words[CURRENT] before=$words[CURRENT-1] verb= w list=\n"
	"\tlocal -a verbs\n"
	"\tfor w in $words[2,CURRENT-1]; do\n"
	"\t\tcase $w in -*) ;; *) verb=$w; break ;; esac\n"
	"\tdone\n"
	"\tcase $before in\n@VALUES@\tesac\n"
	"\tif [[ -z $list && -z $verb && $word != -* ]]; then\n"
	"\t\tverbs=(\n@DESCRIBED@\t\t)\n"
	"\t\t_describe verb verbs\n"
	"\t\treturn\n"
	"\tfi\n"
	"\tif [[ -z $list && $word == -* ]]; then\n"
	"\t\tcase $verb in\n@OPTIONS@\t\tesac\n"
	"\tfi\n"
	"\tif [[ -n $list ]]; then compadd -- ${=list}; else _files; fi\n"
	"}\n"
	"if [[ $funcstack[1] == _xorch ]]; then _xorch \"$@\"; else compdef _xorch "
	"xorch; "
	"fi\n";

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

/* The tables in the words that bash and zsh have in common. */
static char *filled(const char *text)
{
	GString *out = g_string_new(text);
	g_autoptr(GString) values = g_string_new(NULL);
	g_autoptr(GString) cases = g_string_new(NULL);
	g_autoptr(GString) described = g_string_new(NULL);
	g_autofree char *names = verb_names();

	for (const option *o = option_rows; o->name; o++) {
		if (o->type != OPTION_CHOICE)
			continue;
		g_autofree char *all = g_strjoinv(" ", (char **)o->choices);
		g_string_append_printf(values, "\t--%s) list='%s' ;;\n", o->name, all);
	}
	for (const verb *v = verbs; v->name; v++) {
		if (v->flags & VERB_HIDDEN)
			continue;
		g_autofree char *own = options_of(v);
		g_autofree char *quoted = g_shell_quote(v->summary);
		g_string_append_printf(cases, "\t\t%s) list='%s' ;;\n", v->name, own);
		g_string_append_printf(described, "\t\t\t%s:%s\n", v->name, quoted);
	}
	replace(out, "@VALUES@", values->str);
	replace(out, "@OPTIONS@", cases->str);
	replace(out, "@DESCRIBED@", described->str);
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

char *completion_text(const char *shell)
{
	if (g_str_equal(shell, "bash"))
		return filled(bash_text);
	if (g_str_equal(shell, "zsh"))
		return filled(zsh_text);
	return g_str_equal(shell, "fish") ? fish() : NULL;
}
