#include "base/option.h"
#include "base/diag.h"
#include "base/error.h"
#include "base/words.h"
#include <string.h>

static const option *by_name(const option *rows, const char *name, size_t len)
{
	for (; rows->name; rows++)
		if (strlen(rows->name) == len && strncmp(rows->name, name, len) == 0)
			return rows;
	return NULL;
}

static const option *by_letter(const option *rows, char letter)
{
	for (; rows->name; rows++)
		if (rows->letter && rows->letter == letter)
			return rows;
	return NULL;
}

static gboolean takes_value(const option *o)
{
	return o->type != OPTION_FLAG && o->type != OPTION_COUNT;
}

static gboolean bad_value(
	const char *name, const char *value, const char *wants, GError **err)
{
	g_autofree char *shown = text_escape(value, -1);

	return error_set(
		err, EXIT_INPUT, "X0121", "%s wants %s, not `%s`", name, wants, shown);
}

static gboolean set_int(
	const option *o, const char *name, const char *value, int *out, GError **err)
{
	gint64 n;
	g_autofree char *wants =
		g_strdup_printf("a whole number from %d to %d", o->min, o->max);

	if (!g_ascii_string_to_signed(value, 10, o->min, o->max, &n, NULL))
		return bad_value(name, value, wants, err);
	*out = (int)n;
	return TRUE;
}

static gboolean set_choice(
	const option *o, const char *name, const char *value, int *out, GError **err)
{
	for (int i = 0; o->choices[i]; i++) {
		if (g_str_equal(o->choices[i], value)) {
			*out = i;
			return TRUE;
		}
	}
	g_autofree char *all = g_strjoinv(", ", (char **)o->choices);
	g_autofree char *wants = g_strconcat("one of ", all, NULL);
	bad_value(name, value, wants, err);
	const char *near = text_nearest(value, o->choices);
	if (near)
		error_help(err, "did you mean `%s`?", near);
	return FALSE;
}

static gboolean set_list(
	const char *name, const char *value, GPtrArray **out, GError **err)
{
	g_auto(GStrv) parts = g_strsplit(value, ",", -1);

	if (!*out)
		*out = g_ptr_array_new_with_free_func(g_free);
	for (char **p = parts; *p; p++) {
		g_strstrip(*p);
		if (!**p)
			return bad_value(name, value, "a value", err);
		g_ptr_array_add(*out, g_strdup(*p));
	}
	return parts[0] ? TRUE : bad_value(name, value, "a value", err);
}

static gboolean set_seconds(
	const char *name, const char *value, gint64 *out, GError **err)
{
	char *end;
	guint64 n = g_ascii_strtoull(value, &end, 10);
	gint64 factor = g_str_equal(end, "s") || !*end ? 1
			: g_str_equal(end, "m")	       ? 60
			: g_str_equal(end, "h")	       ? 3600
			: g_str_equal(end, "d")	       ? 86400
						       : 0;

	if (!g_ascii_isdigit(*value) || !n || !factor || n > 1000000)
		return bad_value(
			name, value, "a duration such as 90s, 45m, 1h or 30d", err);
	*out = (gint64)n * factor;
	return TRUE;
}

/* `name` is how the user wrote it: "--jobs", "-j" or "XORCH_JOBS". */
static gboolean set_value(
	const option *o, void *out, const char *name, const char *value, GError **err)
{
	void *field = (char *)out + o->offset;

	switch (o->type) {
	case OPTION_FLAG:
		*(gboolean *)field = TRUE;
		return TRUE;
	case OPTION_COUNT:
		++*(int *)field;
		return TRUE;
	case OPTION_STRING:
		if (!*value)
			return bad_value(name, value, "a value", err);
		g_free(*(char **)field);
		*(char **)field = g_strdup(value);
		return TRUE;
	case OPTION_INT:
		return set_int(o, name, value, field, err);
	case OPTION_CHOICE:
		return set_choice(o, name, value, field, err);
	case OPTION_LIST:
		return set_list(name, value, field, err);
	case OPTION_SECONDS:
		return set_seconds(name, value, field, err);
	}
	return FALSE;
}

/* An option that was misspelt or, as getopt would allow, cut short. */
static gboolean unknown(
	const option *rows, const char *shown, const char *name, size_t len, GError **err)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	g_autofree char *typed = g_strndup(name, len);
	g_autofree char *text = text_escape(shown, -1);
	const char *near = NULL;

	for (const option *o = rows; o->name; o++) {
		g_ptr_array_add(names, (gpointer)o->name);
		if (len > 1 && g_str_has_prefix(o->name, typed))
			near = o->name;
	}
	g_ptr_array_add(names, NULL);
	error_set(err, EXIT_INPUT, "X0120", "unknown option `%s`", text);
	if (!near && len > 1)
		near = text_nearest(typed, (const char *const *)names->pdata);
	if (near)
		error_help(err, "did you mean `--%s`?", near);
	return FALSE;
}

/* The value after an option, which may be the rest of the same argument. */
static const char *value_after(
	option_parser *p, const option *o, const char *name, GError **err)
{
	const char *next = p->at < p->argc ? p->argv[p->at] : NULL;

	if (next && !g_str_has_prefix(next, "--")) {
		p->at++;
		return next;
	}
	error_set(err, EXIT_INPUT, "X0122", "%s needs a value: %s %s", name, name,
		o->argument);
	if (next)
		error_help(
			err, "for a value that begins with `--` write %s=%s", name, next);
	return NULL;
}

static gboolean given(option_parser *p, const option *o, const char *name,
	const char *value, GError **err)
{
	if (!set_value(o, p->out, name, value, err))
		return FALSE;
	p->sources[o - p->rows] = OPTION_FROM_ARGUMENT;
	return TRUE;
}

static gboolean long_option(option_parser *p, const char *arg, GError **err)
{
	const char *name = arg + 2;
	size_t len = strcspn(name, "=");
	const option *o = by_name(p->rows, name, len);
	const char *value = name[len] ? name + len + 1 : NULL;
	g_autofree char *shown = g_strndup(arg, len + 2);

	if (!o)
		return unknown(p->rows, shown, name, len, err);
	if (!takes_value(o) && value)
		return error_set(err, EXIT_INPUT, "X0123",
			"%s takes no value; leave `=%s` out", shown, value);
	if (takes_value(o) && !value && !(value = value_after(p, o, shown, err)))
		return FALSE;
	return given(p, o, shown, value, err);
}

static gboolean short_options(option_parser *p, const char *arg, GError **err)
{
	for (const char *c = arg + 1; *c; c++) {
		const option *o = by_letter(p->rows, *c);
		char shown[] = {'-', *c, '\0'};
		const char *value = NULL;
		if (!o)
			return unknown(p->rows,
				c == arg + 1 && g_ascii_isalnum(*c) ? shown : arg,
				arg + 1, strlen(arg + 1), err);
		if (takes_value(o)) {
			value = c[1] ? c + 1 + (c[1] == '=')
				     : value_after(p, o, shown, err);
			if (!value)
				return FALSE;
		}
		if (!given(p, o, shown, value, err))
			return FALSE;
		if (value)
			return TRUE;
	}
	return TRUE;
}

const char *option_next(option_parser *p, GError **err)
{
	while (p->at < p->argc) {
		const char *arg = p->argv[p->at++];
		if (p->literal || arg[0] != '-' || !arg[1])
			return arg;
		if (g_str_equal(arg, "--"))
			p->literal = TRUE;
		else if (arg[1] == '-' ? !long_option(p, arg, err)
				       : !short_options(p, arg, err))
			return NULL;
	}
	return NULL;
}

static gboolean truth(const char *name, const char *value, gboolean *out, GError **err)
{
	static const char *const yes[] = {"1", "true", "yes", "on", NULL};
	static const char *const no[] = {"0", "false", "no", "off", "", NULL};

	*out = g_strv_contains(yes, value);
	if (*out || g_strv_contains(no, value))
		return TRUE;
	return bad_value(name, value, "1 or 0", err);
}

static gboolean apply_env(
	option_parser *p, const option *o, const char *value, GError **err)
{
	void *field = (char *)p->out + o->offset;

	if (o->type == OPTION_FLAG)
		return truth(o->env, value, field, err);
	if (o->type == OPTION_COUNT) {
		gint64 n;
		if (!g_ascii_string_to_signed(value, 10, 0, 9, &n, NULL))
			return bad_value(o->env, value, "a number from 0 to 9", err);
		*(int *)field = (int)n;
		return TRUE;
	}
	return set_value(o, p->out, o->env, value, err);
}

gboolean option_environment(option_parser *p, const char *allowed, GError **err)
{
	for (const option *o = p->rows; o->name; o++) {
		const char *value = o->env ? g_getenv(o->env) : NULL;
		/* An empty variable is an unset one: CI files write `XORCH_OUT: ""`. */
		if (!value || !*value || p->sources[o - p->rows] != OPTION_UNSET ||
			!words_have(allowed, o->name))
			continue;
		if (!apply_env(p, o, value, err))
			return FALSE;
		p->sources[o - p->rows] = OPTION_FROM_ENV;
	}
	return TRUE;
}

gboolean option_applicable(
	const option_parser *p, const char *allowed, const char *what, GError **err)
{
	for (const option *o = p->rows; o->name; o++) {
		if (p->sources[o - p->rows] != OPTION_FROM_ARGUMENT ||
			words_have(allowed, o->name))
			continue;
		error_set(err, EXIT_INPUT, "X0124", "--%s has no meaning for `%s`",
			o->name, what);
		error_help(err, "`%s --help` lists its options", what);
		return FALSE;
	}
	return TRUE;
}

option_source option_given(const option_parser *p, const char *name)
{
	const option *o = by_name(p->rows, name, strlen(name));

	return o ? p->sources[o - p->rows] : OPTION_UNSET;
}

void option_clear(const option *rows, void *out)
{
	for (; rows->name; rows++) {
		void *field = (char *)out + rows->offset;
		if (rows->type == OPTION_STRING)
			g_clear_pointer((char **)field, g_free);
		else if (rows->type == OPTION_LIST)
			g_clear_pointer((GPtrArray **)field, g_ptr_array_unref);
	}
}

static char *left_column(const option *o)
{
	g_autofree char *letter =
		o->letter ? g_strdup_printf("-%c, ", o->letter) : g_strdup("    ");

	return g_strdup_printf("  %s--%s%s%s", letter, o->name, o->argument ? " " : "",
		o->argument ? o->argument : "");
}

#define HELP_INDENT 30

char *option_help(const option *rows, const char *allowed, int width)
{
	GString *out = g_string_new(NULL);

	for (; rows->name; rows++) {
		if (!words_have(allowed, rows->name))
			continue;
		g_autofree char *left = left_column(rows);
		g_autofree char *right =
			rows->env ? g_strdup_printf("%s [%s]", rows->help, rows->env)
				  : g_strdup(rows->help);
		if (strlen(left) >= HELP_INDENT)
			g_string_append_printf(out, "%s\n%*s", left, HELP_INDENT, "");
		else
			g_string_append_printf(out, "%-*s", HELP_INDENT, left);
		words_fold(out, right, HELP_INDENT, HELP_INDENT,
			MAX(width, HELP_INDENT + 20));
		g_string_append_c(out, '\n');
	}
	return g_string_free(out, FALSE);
}
