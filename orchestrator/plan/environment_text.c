#include "plan/environment.h"
#include "base/error.h"
#include <jansson.h>
#include <string.h>

static const char *const format_names[] = {"sh", "json", "github", "dotenv", "docker"};

gboolean environment_format_parse(
	const char *text, environment_format *format, GError **err)
{
	for (guint i = 0; i < G_N_ELEMENTS(format_names); i++)
		if (strcmp(format_names[i], text) == 0) {
			*format = (environment_format)i;
			return TRUE;
		}
	g_autofree char *shown = text_escape(text, -1);
	error_set(err, EXIT_INPUT, "X0111", "unknown format `%s`", shown);
	error_help(err, "sh, json, github, dotenv or docker");
	return FALSE;
}

/* Within '…' nothing is special but the quote itself. */
static void quote_sh(GString *out, const char *value)
{
	g_string_append_c(out, '\'');
	for (; *value; value++) {
		if (*value == '\'')
			g_string_append(out, "'\\''");
		else
			g_string_append_c(out, *value);
	}
	g_string_append_c(out, '\'');
}

/* Within "…" of a Dockerfile and of dotenv files. */
static void quote_double(GString *out, const char *value)
{
	g_string_append_c(out, '"');
	for (; *value; value++) {
		if (*value == '\n') {
			g_string_append(out, "\\n");
			continue;
		}
		if (strchr("\"\\$`", *value))
			g_string_append_c(out, '\\');
		g_string_append_c(out, *value);
	}
	g_string_append_c(out, '"');
}

/* Readable without quotes by every dotenv reader and by docker. A value with
 * blanks is as well, as long as none stands at an end and no comment begins. */
static gboolean dotenv_plain(const char *value)
{
	size_t n = strlen(value);

	if (n && (value[0] == ' ' || value[n - 1] == ' '))
		return FALSE;
	for (; *value; value++)
		if (!g_ascii_isalnum(*value) && !strchr(" _-+=:,./@%", *value))
			return FALSE;
	return TRUE;
}

static void add_dotenv(GString *out, const environment_variable *e)
{
	g_string_append_printf(out, "%s=", e->name);
	if (dotenv_plain(e->value))
		g_string_append(out, e->value);
	else if (!strpbrk(e->value, "'\n"))
		g_string_append_printf(out, "'%s'", e->value);
	else
		quote_double(out, e->value);
	g_string_append_c(out, '\n');
}

/* Several lines are given between two lines of a word that is in none of them. */
static void add_github(GString *out, const environment_variable *e)
{
	if (!strchr(e->value, '\n')) {
		g_string_append_printf(out, "%s=%s\n", e->name, e->value);
		return;
	}
	g_autofree char *word = g_strdup("XORCH_END");
	while (strstr(e->value, word)) {
		char *longer = g_strconcat(word, "_", NULL);
		g_free(word);
		word = longer;
	}
	g_string_append_printf(out, "%s<<%s\n%s\n%s\n", e->name, word, e->value, word);
}

static char *as_json(const GPtrArray *env)
{
	json_t *o = json_object();

	for (guint i = 0; i < env->len; i++) {
		const environment_variable *e = g_ptr_array_index(env, i);
		json_object_set_new(o, e->name, json_string(e->value));
	}
	char *text = json_dumps(o, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	char *line = g_strconcat(text, "\n", NULL);
	free(text);
	json_decref(o);
	return line;
}

char *environment_text(const GPtrArray *env, environment_format format)
{
	GString *out;

	if (format == ENVIRONMENT_JSON)
		return as_json(env);
	out = g_string_new(NULL);
	for (guint i = 0; i < env->len; i++) {
		const environment_variable *e = g_ptr_array_index(env, i);
		if (format == ENVIRONMENT_GITHUB) {
			add_github(out, e);
		} else if (format == ENVIRONMENT_DOTENV) {
			add_dotenv(out, e);
		} else if (format == ENVIRONMENT_DOCKER) {
			g_string_append_printf(out, "ENV %s=", e->name);
			quote_double(out, e->value);
			g_string_append_c(out, '\n');
		} else {
			g_string_append_printf(out, "export %s=", e->name);
			quote_sh(out, e->value);
			g_string_append_c(out, '\n');
		}
	}
	return g_string_free(out, FALSE);
}
