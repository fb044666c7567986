/* The checks of single values (plan/recipe_values.c) once more, as patterns of a JSON
 * schema. tests/cli/test_schema.py holds both against each other. */
#include "base/error.h"
#include "plan/project_fields.h"
#include "plan/recipe_fields.h"
#include "plan/schema.h"
#include "plan/platform.h"
#include <string.h>

typedef struct row {
	bind_check check;
	const char *name;
	const char *pattern; /* for strings; NULL: see made() */
	int longest;	     /* characters; 0 any */
	int scalar; /* a YAML number or boolean is fine as text: 2 unless it is negative
		     */
} row;

#define NAME "[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?"
#define DEBIAN "[a-z0-9][a-z0-9+.-]+"
#define PART "[A-Za-z0-9._-]+"
#define NO_DOTS "(?!(.*/)?\\.\\.(/|$))"
/* printable ASCII without quotes, <>, \, ^, `, {, | and } */
#define IN_URL "[!#$%&()*+,./0-9:;=?@A-Z\\[\\]_a-z~-]"
#define LOOPBACK "http://(127\\.0\\.0\\.1|localhost|\\[::1\\])([:/]|$)"
#define URL                                                                              \
	"(?![a-z]+://[^/?#]*@)(https://[!$%&()*+,.0-9:;=A-Z\\[\\]_a-z~]|" LOOPBACK       \
	")" IN_URL "*"

static const row rows[] = {{check_name, "name", "^" NAME "$", 200, 2},
	{check_version, "version", "^[A-Za-z0-9][A-Za-z0-9.+!_-]*$", 100, 2},
	{check_path, "path", "^(?!/)" NO_DOTS "[^\\\\\\n\\t]+$", 1024, TRUE},
	{check_sha256, "sha256", "^[0-9A-Fa-f]{64}$", 0, FALSE},
	{check_h1, "h1", "^h1:[A-Za-z0-9+/]{43}=$", 0, FALSE},
	{check_commit, "commit", "^([0-9a-f]{40}|[0-9a-f]{64})$", 0, FALSE},
	{check_tag, "tag", "^(?![-/])(?!.*(\\.\\.|@\\{))[^ ~^:?*\\[\\\\\\n\\t]+$", 200,
		TRUE},
	{check_url, "url", "^" URL "$", 2048, FALSE},
	{check_oci_mirror, "oci-mirror", "^([^=]*=)?" URL "$", 2048, FALSE},
	{check_gomod, "gomod", "^[A-Za-z0-9](?!.*//)(?!.*\\.\\.)[A-Za-z0-9._~/-]*$", 500,
		2},
	{check_debian_name, "debian-name", "^" DEBIAN "$", 200, 3},
	{check_publisher, "publisher",
		"^(github:" PART "/" PART "(/" PART ")?|gitlab:" PART "(/" PART "){1,29}"
		"(//" PART "(/" PART "){0,29})?)$",
		0, FALSE},
	{check_target, "target", NULL, 0, FALSE},
	{check_python, "python", "^3\\.([7-9]|[1-9][0-9])t?$", 0, FALSE},
	{check_floor, "floor", "^2_[1-9][0-9]?$", 0, FALSE},
	{check_env_name, "env-name", "^[A-Za-z_][A-Za-z0-9_]*$", 0, FALSE},
	{check_context_name, "context-name",
		"^(?!(name|version|target|triple|python|host|and|or|not|true|false)$)"
		"[a-z_][a-z0-9_]*$",
		0, FALSE},
	{check_requirement, "requirement", "^[A-Za-z0-9](?!.*://)[^\\n\\t]*$", 1000,
		FALSE},
	{check_host_requirement, "host-requirement",
		"^(recipe:" NAME "|deb:" DEBIAN "(=[0-9][A-Za-z0-9.+~:-]*)?)$", 0, FALSE},
	{check_program, "program", "^[A-Za-z0-9_+][A-Za-z0-9._+-]*$", 0, 2},
	{check_library, "library", "^[A-Za-z0-9._+*][A-Za-z0-9._+*-]*$", 0, 2},
	{check_module_path, "module-path", "^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*$", 0,
		FALSE},
	{check_import, "import", "^[A-Za-z_][A-Za-z0-9_]*(\\.[A-Za-z0-9_]+)*$", 0, FALSE},
	{check_cpu, "cpu", "^(neon|vfpv4|armv8)$", 0, FALSE},
	{check_go_package, "go-package", "^(\\.|\\./" NO_DOTS "[^\\\\\\n\\t ]*)$", 1024,
		FALSE},
	{check_pin_name, "pin-name", "^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$", 0,
		FALSE},
	{check_pin, "pin",
		"^(( *(===|[<>=!~]=|[<>]) *v?[0-9][A-Za-z0-9.!+*_-]* *(,(?! *$)|$))+|"
		"v?[0-9][A-Za-z0-9.!+_-]*)$",
		0, 2},
	{check_limit, "limit",
		"^([0-9]{1,9}[smhdw]|[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ][0-9]{2}:[0-9]{2}:"
		"[0-9]{2}(\\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2}))?)$",
		0, FALSE},
	{check_days, "days", "^[0-9]{1,5}d$", 0, FALSE},
	{check_flag, "flag", "^[^ \\n\\t'\"\\\\`$]+$", 0, TRUE},
	{check_line, "line", "^[^\\n\\t]+$", 0, TRUE},
	{NULL, "string", "^[^]+$", 0, TRUE}, /* any, but not empty */
	{NULL, "text", "", 0, TRUE},
	{NULL, "size", "^[1-9][0-9]*(KiB|MiB|GiB)$", 0, FALSE},
	{NULL, "duration", "^[1-9][0-9]*[smh]$", 0, FALSE}, {NULL, NULL, NULL, 0, FALSE}};

const char *const schema_check_names[] = {"name", "version", "path", "sha256", "h1",
	"commit", "tag", "url", "oci-mirror", "gomod", "debian-name", "publisher",
	"target", "python", "floor", "env-name", "context-name", "requirement",
	"host-requirement", "program", "library", "module-path", "import", "cpu",
	"go-package", "limit", "days", "flag", "line", "string", "text", "size",
	"duration", NULL};

const char *schema_check_name(bind_check check)
{
	for (const row *r = rows; check && r->name; r++)
		if (r->check == check)
			return r->name;
	return NULL;
}

static json_t *targets(void)
{
	json_t *list = json_array();

	for (const platform *p = platforms; p->name; p++)
		if (p->builds_wheels || p->builds_go)
			json_array_append_new(list, json_string(p->name));
	return json_pack("{s:o}", "enum", list);
}

/* Unquoted, an editor sees a number: 3.11, and 3.1 for 3.10. */
static json_t *python(const char *pattern)
{
	json_t *numbers = json_array();

	for (int minor = 7; minor < 30; minor++)
		json_array_append_new(numbers,
			json_real(minor < 10 ? 3 + minor / 10. : 3 + minor / 100.));
	return json_pack("{s:[{s:s, s:s}, {s:o}]}", "anyOf", "type", "string", "pattern",
		pattern, "enum", numbers);
}

json_t *schema_check_json(const char *name)
{
	const row *r = rows;

	while (r->name && !g_str_equal(r->name, name))
		r++;
	if (!r->name)
		return NULL;
	if (g_str_equal(name, "target"))
		return targets();
	if (g_str_equal(name, "python"))
		return python(r->pattern);
	json_t *o = r->scalar ? json_pack("{s:[s, s, s]}", "type", "string", "number",
					"boolean")
			      : json_pack("{s:s}", "type", "string");
	if (g_str_equal(name, "string"))
		json_object_set_new(o, "minLength", json_integer(1));
	else if (*r->pattern)
		json_object_set_new(o, "pattern", json_string(r->pattern));
	if (r->scalar >= 2) /* no minus in front; 3: no single digit either */
		json_object_set_new(o, "minimum", json_integer(r->scalar == 2 ? 0 : 10));
	if (r->longest)
		json_object_set_new(o, "maxLength", json_integer(r->longest));
	return o;
}
