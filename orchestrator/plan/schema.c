#include "plan/schema.h"
#include "plan/project_fields.h"
#include "plan/recipe_fields.h"
#include <string.h>

/* Written once, referred to by name: {"$ref": "#/definitions/NAME"}. */
typedef struct maker {
	json_t *definitions;
	gboolean open; /* values may hold ${{ … }} and lists {if, then, else} */
} maker;

#define EXPRESSION "expression"

static json_t *parse(const char *text)
{
	json_error_t why;
	g_autofree char *plain = g_strdelimit(g_strdup(text), "'", '"');
	json_t *out = json_loads(plain, 0, &why);

	if (!out)
		g_error("a part of a schema: %s: %s", why.text, text);
	return out;
}

static json_t *reference(const char *name)
{
	return json_pack("{s:s+}", "$ref", "#/definitions/", name);
}

static json_t *either(json_t *one, json_t *other)
{
	return json_pack("{s:[o, o]}", "anyOf", one, other);
}

/* The definition of a check or of a plain type, made at its first use. */
static json_t *value(maker *m, const char *name, gboolean open)
{
	g_autofree char *full = g_strconcat(name, open ? "" : "-settled", NULL);

	if (!json_object_get(m->definitions, full)) {
		json_t *o = schema_check_json(name);
		if (!o)
			g_error("no schema for the check %s", name);
		if (open && !g_str_equal(name, "text") && !g_str_equal(name, "string"))
			o = either(o, reference(EXPRESSION));
		json_object_set_new(m->definitions, full, o);
	}
	return reference(full);
}

static json_t *string(maker *m, const bind_field *f, gboolean open)
{
	const char *name = schema_check_name(f->check);

	if (f->check && !name)
		g_error("no schema for the check of `%s`", f->key);
	if (!name)
		name = f->flags & BIND_EMPTY_OK ? "text" : "string";
	return value(m, name, open);
}

static json_t *list_of(json_t *item)
{
	return json_pack("{s:s, s:o}", "type", "array", "items", item);
}

/* An item, or {if, then, else} that stands for one or several, each of which may be such
 * a choice again. */
static json_t *item(maker *m, json_t *one, const char *name, gboolean open)
{
	if (!open)
		return one;
	g_autofree char *full = g_strconcat(name, "-item", NULL);
	if (!json_object_get(m->definitions, full)) {
		json_t *some = either(json_incref(one), list_of(reference(full)));
		json_t *choice = json_pack("{s:s, s:[s, s], s:b, s:{s:o, s:O, s:o}}",
			"type", "object", "required", "if", "then",
			"additionalProperties", 0, "properties", "if",
			value(m, "string", TRUE), "then", some, "else", some);
		json_object_set_new(
			m->definitions, full, either(json_incref(one), choice));
	}
	json_decref(one);
	return reference(full);
}

static json_t *structure(maker *m, const bind_struct *s, gboolean open);

static json_t *string_list(maker *m, const bind_field *f, gboolean open)
{
	json_t *one = string(m, f, open);
	const char *ref = json_string_value(json_object_get(one, "$ref"));
	g_autofree char *name = g_strdup(strrchr(ref, '/') + 1);
	json_t *single = f->flags & BIND_ONE_OK ? json_incref(one) : NULL;
	json_t *o = list_of(item(m, one, name, open));

	if (!(f->flags & BIND_EMPTY_OK))
		json_object_set_new(o, "minItems", json_integer(1));
	if (f->flags & BIND_UNIQUE)
		json_object_set_new(o, "uniqueItems", json_true());
	return single ? either(single, o) : o;
}

static json_t *string_map(maker *m, const bind_field *f, gboolean open)
{
	bind_field content = *f;
	const char *name = schema_check_name(f->name_check);

	content.flags |= BIND_EMPTY_OK;
	json_t *o = json_pack("{s:s, s:o}", "type", "object", "additionalProperties",
		string(m, &content, open));
	if (name)
		json_object_set_new(o, "propertyNames", value(m, name, FALSE));
	return o;
}

/* "a skip rule" -> "skip-rule". New string. */
static char *structure_name(const bind_struct *s)
{
	const char *text = s->what;
	char *name = g_strdup(g_str_has_prefix(text, "a ") ? text + 2 : text);

	return g_strdelimit(name, " `", '-');
}

static json_t *structures(maker *m, const bind_field *f, gboolean open)
{
	const bind_struct *s = f->arg;
	g_autofree char *name = structure_name(s);

	if (!json_object_get(m->definitions, name)) {
		json_t *o = structure(m, s, open);
		json_object_set_new(m->definitions, name, o);
	}
	json_t *o = list_of(item(m, reference(name), name, open));
	if (f->flags & BIND_REQUIRED)
		json_object_set_new(o, "minItems", json_integer(1));
	return f->flags & BIND_ONE_OK ? either(reference(name), o) : o;
}

static json_t *open_or(json_t *o, gboolean open)
{
	return open ? either(o, reference(EXPRESSION)) : o;
}

static json_t *integer(const bind_field *f)
{
	json_t *o = json_pack("{s:s}", "type", "integer");

	if (f->min || f->max) {
		json_object_set_new(o, "minimum", json_integer(f->min));
		json_object_set_new(o, "maximum", json_integer(f->max));
	}
	return o;
}

static json_t *choice(const char *const *names)
{
	json_t *list = json_array();

	for (; *names; names++)
		json_array_append_new(list, json_string(*names));
	return json_pack("{s:o}", "enum", list);
}

/* A part written by hand refers to definitions that nobody may have used yet. */
static json_t *custom(maker *m, const bind_custom *c)
{
	for (const char *const *name = schema_check_names; *name; name++) {
		g_autofree char *ref = g_strdup_printf("'#/definitions/%s'", *name);
		g_autofree char *settled =
			g_strdup_printf("'#/definitions/%s-settled'", *name);
		if (strstr(c->schema, ref))
			json_decref(value(m, *name, TRUE));
		if (strstr(c->schema, settled))
			json_decref(value(m, *name, FALSE));
	}
	return parse(c->schema);
}

static json_t *field(maker *m, const bind_field *f, gboolean open)
{
	switch (f->type) {
	case BIND_STRING:
		return string(m, f, open);
	case BIND_BOOL:
		return open_or(json_pack("{s:s}", "type", "boolean"), open);
	case BIND_INT:
		return open_or(integer(f), open);
	case BIND_SIZE:
		return value(m, "size", open);
	case BIND_DURATION:
		return value(m, "duration", open);
	case BIND_CHOICE:
		return open_or(choice(f->arg), open);
	case BIND_STRLIST:
		return string_list(m, f, open);
	case BIND_STRMAP:
		return string_map(m, f, open);
	case BIND_STRUCT:
		return structure(m, f->arg, open);
	case BIND_STRUCTS:
		return structures(m, f, open);
	case BIND_CUSTOM:
		return custom(m, f->arg);
	default:
		return json_object();
	}
}

/* Keys whose values hold no expression (plan/recipe.c). */
static gboolean is_raw(const bind_struct *s, const char *name)
{
	static const char *const raw[] = {"schema_version", "package", "kind", NULL};

	return s == &recipe_binding && g_strv_contains(raw, name);
}

static json_t *structure(maker *m, const bind_struct *s, gboolean open)
{
	json_t *properties = json_object(), *required = json_array();
	json_t *o = json_pack("{s:s, s:b, s:o}", "type", "object", "additionalProperties",
		0, "properties", properties);

	for (const bind_field *f = s->fields; f->key; f++) {
		if (!*f->key)
			continue;
		json_t *content = field(m, f, open && !is_raw(s, f->key));
		/* beside a $ref nothing else counts */
		if (f->doc && json_object_get(content, "$ref"))
			content = json_pack("{s:[o]}", "allOf", content);
		if (f->doc)
			json_object_set_new(content, "description", json_string(f->doc));
		json_object_set_new(properties, f->key, content);
		if (f->flags & BIND_REQUIRED)
			json_array_append_new(required, json_string(f->key));
	}
	if (json_array_size(required))
		json_object_set(o, "required", required);
	json_decref(required);
	return o;
}

/* ---- what must hold between keys (plan/recipe_check.c) ---- */

static json_t *source_kinds(void)
{
	json_t *kinds = json_array();

	for (guint n = 0; n < G_N_ELEMENTS(source_keys); n++) {
		g_auto(GStrv) keys = g_strsplit(source_keys[n], " ", -1);
		json_t *names = choice((const char *const *)keys);
		json_t *kind = json_pack(
			"{s:[s], s:o}", "required", keys[0], "propertyNames", names);
		if (g_str_equal(keys[0], "git"))
			json_object_set_new(kind, "oneOf",
				parse("[{'required': ['rev'], 'not': {'anyOf':"
				      "   [{'required': ['expected_commit']},"
				      "    {'required': ['tag']}]}},"
				      " {'required': ['tag'],"
				      "  'not': {'required': ['rev']}}]"));
		json_array_append_new(kinds, kind);
	}
	return kinds;
}

static const char between[] =
	"[{'if': {'properties': {'kind': {'const': 'wheel'}}},"
	"  'then': {'not': {'anyOf': [{'required': ['go']}, {'required': ['library']}]},"
	"    'properties': {'build': {'not': {'required': ['options']}, 'properties':"
	"      {'backend': {'not': {'enum':"
	"        ['autotools', 'cmake', 'meson', 'openssl']}}}}}}},"
	" {'if': {'properties': {'kind': {'const': 'go-binary'}}},"
	"  'then': {'not': {'anyOf': [{'required': ['python']},"
	"      {'required': ['wheel']}, {'required': ['cargo']},"
	"      {'required': ['library']}]},"
	"    'properties': {'requirements': {'not': {'required': ['build']}},"
	"      'toolchain': {'not': {'required': ['rust']}},"
	"      'build': {'not': {'anyOf': [{'required': ['script']},"
	"          {'required': ['options']}, {'required': ['config_settings']}]},"
	"        'properties': {'backend': {'const': 'auto'}}}}}},"
	" {'if': {'properties': {'kind': {'const': 'library'}}},"
	"  'then': {'not': {'anyOf': [{'required': ['python']},"
	"      {'required': ['wheel']}, {'required': ['go']}, {'required': ['cargo']}]},"
	"    'properties': {'requirements': {'not': {'required': ['build']}},"
	"      'toolchain': {'not': {'required': ['rust']}},"
	"      'build': {'not': {'required': ['config_settings']}, 'properties':"
	"        {'backend': {'not': {'enum': ['pep517', 'setuptools', 'setuptools-rust',"
	"          'maturin', 'scikit-build-core', 'meson-python']}}}}}}}]";

static const char of_build[] =
	"[{'if': {'required': ['script']},"
	"  'then': {'properties': {'backend': {'enum': ['auto', 'script']}}}},"
	" {'if': {'properties': {'backend': {'const': 'script'}},"
	"         'required': ['backend']},"
	"  'then': {'required': ['script']}}]";

static json_t *document(maker *m, const bind_struct *s, gboolean open, const char *title)
{
	m->open = open;
	m->definitions = json_object();
	if (open)
		json_object_set_new(m->definitions, EXPRESSION,
			parse("{'type': 'string', 'pattern': '[$][{][{]'}"));
	json_t *body = structure(m, s, open);
	json_t *o = json_pack("{s:s, s:s}", "$schema",
		"http://json-schema.org/draft-07/schema#", "title", title);
	json_object_update(o, body);
	json_decref(body);
	return o;
}

json_t *schema_of_recipe(void)
{
	maker m;
	json_t *o = document(&m, &recipe_binding, TRUE, "A recipe of xorch");
	json_t *source = json_object_get(m.definitions, "source");
	json_t *build = json_object_get(json_object_get(o, "properties"), "build");

	json_object_set_new(
		json_object_get(json_object_get(o, "properties"), "schema_version"),
		"const", json_integer(1));
	json_object_set_new(source, "oneOf", source_kinds());
	json_object_set_new(build, "allOf", parse(of_build));
	json_object_set_new(o, "allOf", parse(between));
	json_object_set_new(o, "definitions", m.definitions);
	return o;
}

json_t *schema_of_project(void)
{
	maker m;
	json_t *o = document(&m, &project_binding, FALSE, "A project file of xorch");

	json_object_set_new(
		json_object_get(json_object_get(o, "properties"), "schema_version"),
		"const", json_integer(1));
	json_object_set_new(o, "definitions", m.definitions);
	return o;
}
