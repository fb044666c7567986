/* Completion for shells, made from the tables of verbs and options. */
#include "cli/completion.h"
#include "base/words.h"
#include "cli/verbs.h"
#include <string.h>

/* What both have in common: which word is the verb. Values of options are none. */
#define FIND_VERB                                                                        \
	"\t\tcase $w in =) continue ;; esac\n"                                           \
	"\t\tcase $p in @TAKES@) p=; continue ;; esac\n"                                 \
	"\t\tcase $w in -*) p=$w ;; *) verb=$w; break ;; esac\n"
/* What to offer: values of the option before, else options or words of the verb. */
#define CHOOSE                                                                           \
	"\tcase $before in\n@VALUES@\tesac\n"                                            \
	"\tif [ -z \"$list\" ]; then\n"                                                  \
	"\t\tcase $verb,$word in\n"                                                      \
	"\t\t,-*) list='@GLOBAL@' ;;\n@OPTIONS@@WORDS@\t\tesac\n"                        \
	"\tfi\n"

/* Bash makes three words of --option=value. */
static const char bash_text[] =
	"_xorch() {\n"
	"\tlocal word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
	"\tlocal verb= p= list= w\n"
	"\tif [ \"$before\" = = ]; then before=${COMP_WORDS[COMP_CWORD-2]}; fi\n"
	"\tif [ \"$word\" = = ]; then word=; fi\n"
	"\tfor w in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n" FIND_VERB "\tdone\n" CHOOSE
	"\tif [ -z \"$list$verb\" ]; then list='@VERBS@'; fi\n"
	"\tmapfile -t COMPREPLY < <(compgen -W \"$list\" -- \"$word\")\n"
	"}\n"
	"complete -o default -F _xorch xorch\n";

/* The first line is for a file in zsh's site-functions, the last for both ways: read
 * as that file it is called, by eval it is told of. */
static const char zsh_text[] =
	"#compdef xorch\n"
	"_xorch() {\n"
	"\tlocal word=$words[CURRENT] before=$words[CURRENT-1] verb= p= list= w\n"
	"\tlocal -a verbs\n"
	"\tfor w in $words[2,CURRENT-1]; do\n" FIND_VERB "\tdone\n" CHOOSE
	"\tif [[ -z $list && -z $verb ]]; then\n"
	"\t\tverbs=(\n@DESCRIBED@\t\t)\n"
	"\t\t_describe verb verbs\n"
	"\t\treturn\n"
	"\tfi\n"
	"\tif [[ -n $list ]]; then compadd -- ${=list}; else _files; fi\n"
	"}\n"
	"if [[ $funcstack[1] == _xorch ]]; then _xorch \"$@\"; else compdef _xorch "
	"xorch; "
	"fi\n";

static gboolean takes_value(const option *o)
{
	return o->type != OPTION_FLAG && o->type != OPTION_COUNT;
}

/* Values of an option that are known beforehand. New string, or NULL. */
static char *values_of(const option *o)
{
	if (o->type == OPTION_CHOICE)
		return g_strjoinv(" ", (char **)o->choices);
	return g_strdup(o->words);
}

/* Options of a verb as they are typed; NULL: those of all. */
static char *options_of(const verb *v)
{
	g_autofree char *allowed = v ? verb_options(v) : g_strdup(OPTIONS_GLOBAL);
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

/* Words that a verb takes as they are: of its usage those between | that are no
 * placeholder, "dir|size|clean"; VERB stands for all verbs. New string, maybe empty. */
static char *words_of(const verb *v)
{
	g_auto(GStrv) words = g_strsplit_set(v->arguments, "[]| ", -1);
	GString *out = g_string_new(NULL);

	for (char **w = words; *w; w++) {
		g_autofree char *names = g_str_equal(*w, "VERB")       ? verb_names()
					 : **w && g_ascii_islower(**w) ? g_strdup(*w)
								       : NULL;
		if (names)
			g_string_append_printf(out, "%s%s", out->len ? " " : "", names);
	}
	return g_string_free(out, FALSE);
}

static void replace(GString *text, const char *mark, const char *by)
{
	g_string_replace(text, mark, by, 0);
}

/* The patterns of a `case` for each way to write an option: "--jobs|-j". */
static void add_pattern(GString *out, const option *o)
{
	g_string_append_printf(out, "%s--%s", out->len ? "|" : "", o->name);
	if (o->letter)
		g_string_append_printf(out, "|-%c", o->letter);
}

static void add_values(GString *out, const option *o)
{
	g_autofree char *all = values_of(o);
	g_autoptr(GString) name = g_string_new(NULL);

	add_pattern(name, o);
	if (all) {
		g_string_append_printf(out, "\t%s) list='%s' ;;\n", name->str, all);
	} else if (g_str_equal(o->name, "format")) {
		g_string_append_printf(out, "\t%s) case $verb in\n", name->str);
		for (const verb *v = verbs; v->name; v++)
			if (v->formats)
				g_string_append_printf(out, "\t\t%s) list='%s' ;;\n",
					v->name, v->formats);
		g_string_append(out, "\t\tesac ;;\n");
	}
}

/* The tables in the words that bash and zsh have in common. */
static char *filled(const char *text)
{
	GString *out = g_string_new(text);
	g_autoptr(GString) values = g_string_new(NULL);
	g_autoptr(GString) takes = g_string_new(NULL);
	g_autoptr(GString) cases = g_string_new(NULL);
	g_autoptr(GString) words = g_string_new(NULL);
	g_autoptr(GString) described = g_string_new(NULL);
	g_autofree char *names = verb_names();
	g_autofree char *global = options_of(NULL);

	for (const option *o = option_rows; o->name; o++) {
		if (!takes_value(o))
			continue;
		add_pattern(takes, o);
		add_values(values, o);
	}
	for (const verb *v = verbs; v->name; v++) {
		if (v->flags & VERB_HIDDEN)
			continue;
		g_autofree char *own = options_of(v);
		g_autofree char *taken = words_of(v);
		g_autofree char *quoted = g_shell_quote(v->summary);
		g_string_append_printf(cases, "\t\t%s,-*) list='%s' ;;\n", v->name, own);
		if (*taken)
			g_string_append_printf(
				words, "\t\t%s,*) list='%s' ;;\n", v->name, taken);
		g_string_append_printf(described, "\t\t\t%s:%s\n", v->name, quoted);
	}
	replace(out, "@TAKES@", takes->str);
	replace(out, "@VALUES@", values->str);
	replace(out, "@GLOBAL@", global);
	replace(out, "@OPTIONS@", cases->str);
	replace(out, "@WORDS@", words->str);
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
	g_autofree char *all = values_of(o);
	if (takes_value(o))
		g_string_append(out, " -r");
	if (all)
		g_string_append_printf(out, " -a '%s'", all);
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
	for (const verb *v = verbs; v->name; v++) {
		if (v->flags & VERB_HIDDEN)
			continue;
		g_autofree char *taken = words_of(v);
		if (*taken)
			g_string_append_printf(out,
				"complete -c xorch -n '__fish_seen_subcommand_from %s' "
				"-a '%s'\n",
				v->name, taken);
		if (v->formats)
			g_string_append_printf(out,
				"complete -c xorch -n '__fish_seen_subcommand_from %s' "
				"-l format -r -a '%s'\n",
				v->name, v->formats);
	}
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
