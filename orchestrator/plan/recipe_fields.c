#include "plan/recipe_fields.h"
#include <string.h>

#define IN(s, field) offsetof(s, field)

/* ---- values of more than one form ---- */

static void pair_free(gpointer data)
{
	bind_pair *p = data;

	g_free(p->name);
	g_free(p->value);
	g_free(p);
}

static void pair_add(GPtrArray *list, const char *name, const char *value)
{
	bind_pair *p = g_new(bind_pair, 1);

	*p = (bind_pair){g_strdup(name), g_strdup(value)};
	g_ptr_array_add(list, p);
}

static void clear_array(void *field)
{
	g_clear_pointer((GPtrArray **)field, g_ptr_array_unref);
}

static void bad(const binder *b, const yaml_node *at, const char *why)
{
	diag *d = yaml_error(
		b->doc, b->l, at, "X0213", "`%s` is not allowed here", at->text);

	diag_label(d, "%s", why);
}

static void floor_read(
	const binder *b, const char *target, const yaml_node *n, GPtrArray *to)
{
	const char *why;

	if (n->kind != YAML_SCALAR)
		bind_wrong_type(b, n, "a string such as \"2_17\"");
	else if (bind_is_open(b, n))
		return;
	else if ((why = check_floor(n->text))) {
		g_autofree char *meant = fix_floor(n->text);
		bad(b, n, why);
		if (!check_floor(meant))
			diag_fix(diag_list_last(b->l), n->text, meant);
	} else
		pair_add(to, target, n->text);
}

static void manylinux_read(const binder *b, const yaml_node *n, void *field)
{
	GPtrArray *list = g_ptr_array_new_with_free_func(pair_free);

	*(GPtrArray **)field = list;
	if (n->kind == YAML_SCALAR) {
		floor_read(b, "", n, list);
		return;
	}
	if (n->kind != YAML_MAP) {
		bind_wrong_type(b, n, "a string or a map by target");
		return;
	}
	for (guint i = 0; i < n->keys->len; i++) {
		const yaml_node *target = g_ptr_array_index(n->keys, i);
		const char *why = check_target(target->text);
		g_autofree char *meant = why ? fix_target(target->text) : NULL;
		if (why)
			bad(b, target, why);
		if (meant && !check_target(meant))
			diag_fix(diag_list_last(b->l), target->text, meant);
		if (!why)
			floor_read(
				b, target->text, g_ptr_array_index(n->values, i), list);
	}
}

/* A list in a map comes out as several pairs of one name, as PEP 517's front
 * ends pass them. */
static void settings_read(const binder *b, const yaml_node *n, void *field)
{
	GPtrArray *list = g_ptr_array_new_with_free_func(pair_free);

	*(GPtrArray **)field = list;
	if (n->kind != YAML_MAP) {
		bind_wrong_type(b, n, "a map");
		return;
	}
	for (guint i = 0; i < n->keys->len; i++) {
		const char *name = ((yaml_node *)g_ptr_array_index(n->keys, i))->text;
		const yaml_node *v = g_ptr_array_index(n->values, i);
		if (v->kind == YAML_SCALAR)
			pair_add(list, name, v->text);
		else if (v->kind == YAML_MAP)
			bind_wrong_type(b, v, "a string or a list of strings");
		for (guint j = 0; v->kind == YAML_SEQ && j < v->items->len; j++) {
			const yaml_node *item = g_ptr_array_index(v->items, j);
			if (item->kind == YAML_SCALAR)
				pair_add(list, name, item->text);
			else
				bind_wrong_type(b, item, "a string");
		}
	}
}

const bind_custom manylinux_custom = {"a string or a map by target", manylinux_read,
	clear_array,
	"{'anyOf': [{'$ref': '#/definitions/floor'}, {'type': 'object', 'propertyNames': "
	"{'$ref': '#/definitions/target-settled'}, 'additionalProperties': {'$ref': "
	"'#/definitions/floor'}}]}"};
static const bind_custom settings_custom = {"a map", settings_read, clear_array,
	"{'type': 'object', 'additionalProperties': {'anyOf': [{'$ref': "
	"'#/definitions/text'}, {'type': 'array', 'items': {'$ref': "
	"'#/definitions/text'}}]}}"};

/* ---- the other maps ---- */

static const bind_field package_fields[] = {
	{"name", BIND_STRING, IN(recipe, package.name), BIND_REQUIRED,
		.check = check_name, .doc = "name of the package"},
	{"version", BIND_STRING, IN(recipe, package.version), BIND_REQUIRED,
		.check = check_version, .doc = "its version, in quotes"},
	{0}};

static const bind_field python_fields[] = {
	{"versions", BIND_STRLIST, IN(recipe, python.versions), BIND_UNIQUE,
		.check = check_python, .fix = fix_python,
		.doc = "Python versions; 3.13t is free-threaded"},
	{"abi3", BIND_STRING, IN(recipe, python.abi3), .check = check_python,
		.fix = fix_python,
		.doc = "the wheel is abi3 from this Python on: built once, it serves the "
		       "later ones"},
	{0}};

const char *const recipe_compilers[] = {"auto", "clang", "gcc", NULL};
static const bind_field toolchain_fields[] = {
	{"c", BIND_CHOICE, IN(recipe, toolchain.c), .arg = recipe_compilers,
		.doc = "C and C++ compiler: auto, clang, gcc"},
	{"manylinux", BIND_CUSTOM, IN(recipe, toolchain.manylinux),
		.arg = &manylinux_custom,
		.doc = "oldest glibc to run on, \"2_17\", or a map by target"},
	{"sysroot", BIND_STRING, IN(recipe, toolchain.sysroot), .check = check_name,
		.doc = "sysroot definition"},
	{"rust", BIND_STRING, IN(recipe, toolchain.rust), .check = check_version,
		.doc = "Rust: a version of the catalogue or of rustup, or rustup "
		       "(default: xorch's own)"},
	{"go", BIND_STRING, IN(recipe, toolchain.go), .check = check_version,
		.doc = "Go: at least this version (of a Go program, or where a source "
		       "is a Go module)"},
	{"cflags", BIND_STRLIST, IN(recipe, toolchain.cflags), .check = check_flag,
		.doc = "more for CFLAGS and CXXFLAGS, in what is built for the target"},
	{"ldflags", BIND_STRLIST, IN(recipe, toolchain.ldflags), .check = check_flag,
		.doc = "more for LDFLAGS, for the target"},
	{0}};

static const bind_field requirements_fields[] = {
	{"build", BIND_STRLIST, IN(recipe, requirements.build),
		BIND_UNIQUE | BIND_EMPTY_OK | BIND_NAMES, .check = check_requirement,
		.doc = "PEP 508 requirements that run on the build machine, added to "
		       "pyproject's"},
	{"host", BIND_STRLIST, IN(recipe, requirements.host), BIND_UNIQUE | BIND_EMPTY_OK,
		.check = check_host_requirement,
		.doc = "libraries for the target: deb:libxml2-dev"},
	{"tools", BIND_STRLIST, IN(recipe, requirements.tools),
		BIND_UNIQUE | BIND_EMPTY_OK, .check = check_program,
		.doc = "host programs allowed on PATH"},
	{0}};

static const bind_field skip_fields[] = {{"if", BIND_STRING, IN(recipe_skip, condition),
						 BIND_REQUIRED, .doc = "condition"},
	{"reason", BIND_STRING, IN(recipe_skip, reason), BIND_REQUIRED,
		.check = check_line, .doc = "why, for those who wait for it"},
	{"", BIND_NODE, IN(recipe_skip, node)}, {0}};
static const bind_struct skip_binding = {
	"a skip rule", sizeof(recipe_skip), skip_fields, NULL};

static const char *const backend_names[] = {"auto", "pep517", "setuptools",
	"setuptools-rust", "maturin", "scikit-build-core", "meson-python", "script",
	"autotools", "cmake", "meson", "openssl", NULL};

typedef struct script_target {
	GPtrArray *lines;
	char *file;
} script_target;

/* Fills build.script or, for {file: …}, build.script_file, which follows it. */
static void script_read(const binder *b, const yaml_node *n, void *field)
{
	static const bind_field fields[] = {
		{"file", BIND_STRING, IN(script_target, file), BIND_REQUIRED,
			.check = check_path, .doc = "a shell script beside the recipe"},
		{0}};
	static const bind_struct file_binding = {
		"a script", sizeof(script_target), fields, NULL};
	static const bind_field lines_field[] = {
		{"script", BIND_STRLIST, IN(script_target, lines)}, {0}};
	static const bind_struct lines_binding = {
		"a script", sizeof(script_target), lines_field, NULL};
	script_target out = {0};

	G_STATIC_ASSERT(G_STRUCT_OFFSET(recipe, build.script_file) ==
			G_STRUCT_OFFSET(recipe, build.script) + sizeof(GPtrArray *));
	if (n->kind == YAML_MAP) {
		yaml_bind(b, n, &file_binding, &out);
	} else if (n->kind == YAML_SEQ) {
		g_autoptr(yaml_node) map = yaml_node_new(YAML_MAP, n);
		yaml_node *name = yaml_node_new(YAML_SCALAR, n);
		name->text = g_strdup("script");
		g_ptr_array_add(map->keys, name);
		g_ptr_array_add(map->values, (gpointer)n);
		yaml_bind(b, map, &lines_binding, &out);
		g_ptr_array_steal_index(map->values, 0);
	} else {
		bind_wrong_type(b, n, "a list of commands or a map with `file`");
	}
	memcpy(field, &out, sizeof out);
}

static void script_clear(void *field)
{
	script_target *s = field;

	g_clear_pointer(&s->lines, g_ptr_array_unref);
	g_clear_pointer(&s->file, g_free);
}

static const bind_custom script_custom = {"a list of commands", script_read, script_clear,
	"{'anyOf': [{'type': 'array', 'minItems': 1, 'items': {'anyOf': [{'$ref': "
	"'#/definitions/string'}, {'type': 'object', 'required': ['if', 'then']}]}}, "
	"{'type': 'object', 'additionalProperties': false, 'required': ['file'], "
	"'properties': {'file': {'$ref': '#/definitions/path'}}}]}"};

static const bind_field build_fields[] = {
	{"number", BIND_INT, IN(recipe, build.number), .min = 0, .max = 1000000,
		.doc = "above 0 it becomes the wheel's build tag"},
	{"backend", BIND_CHOICE, IN(recipe, build.backend), .arg = backend_names,
		.doc = "of a library what it is built by (auto: what its source shows). "
		       "Of a wheel pyproject.toml decides: maturin and setuptools-rust "
		       "bring Rust here, other backends' names do nothing"},
	{"config_settings", BIND_CUSTOM, IN(recipe, build.config_settings),
		.arg = &settings_custom, .doc = "settings for the PEP 517 backend"},
	{"options", BIND_STRLIST, IN(recipe, build.options), .check = check_line,
		.doc = "of a library: arguments of configure, cmake, meson, Configure"},
	{"env", BIND_STRMAP, IN(recipe, build.env), .name_check = check_env_name,
		.doc = "environment variables"},
	{"env_pass", BIND_STRLIST, IN(recipe, build.env_pass), BIND_UNIQUE | BIND_NAMES,
		.check = check_env_name,
		.doc = "variables passed from outside; their values are secrets"},
	{"script", BIND_CUSTOM, IN(recipe, build.script), .arg = &script_custom,
		.doc = "commands instead of a backend, or {file: …}"},
	{"network", BIND_BOOL, IN(recipe, build.network),
		.doc = "let the build use the network (default false)"},
	{"exclusive", BIND_BOOL, IN(recipe, build.exclusive),
		.doc = "build nothing else at the same time (default false)"},
	{"timeout", BIND_DURATION, IN(recipe, build.timeout),
		.doc = "longest time (default 1h)"},
	{"silent_timeout", BIND_DURATION, IN(recipe, build.silent_timeout),
		.doc = "longest time without output (default 20m)"},
	{"memory", BIND_SIZE, IN(recipe, build.memory), .doc = "memory of one process"},
	{"jobs", BIND_INT, IN(recipe, build.jobs), .min = 1, .max = 1024,
		.doc = "parallel jobs inside the build"},
	{"skip", BIND_STRUCTS, IN(recipe, build.skip), .arg = &skip_binding,
		.doc = "what is not built, and why"},
	{0}};

static const bind_field cargo_fields[] = {
	{"locked", BIND_BOOL, IN(recipe, cargo.locked),
		.doc = "a Cargo.lock in the source names all crates (default true); "
		       "false lets `xorch lock` complete it"},
	{"renew", BIND_BOOL, IN(recipe, cargo.renew),
		.doc = "put that Cargo.lock aside: `xorch lock` chooses all crates anew, "
		       "if it can those that this Rust compiles"},
	{"features", BIND_STRLIST, IN(recipe, cargo.features), .check = check_line,
		.doc = "features"},
	{"no_default_features", BIND_BOOL, IN(recipe, cargo.no_default_features),
		.doc = "without the default features"},
	{"manifest", BIND_STRING, IN(recipe, cargo.manifest), .check = check_path,
		.doc = "Cargo.toml"},
	{0}};

static const bind_field go_fields[] = {
	{"package", BIND_STRING, IN(recipe, go.package), .check = check_go_package,
		.fix = fix_go_package, .doc = "package to build (default .)"},
	{"cgo", BIND_BOOL, IN(recipe, go.cgo), .doc = "with cgo (default false)"},
	{"tags", BIND_STRLIST, IN(recipe, go.tags), .check = check_program,
		.doc = "build tags"},
	{"ldflags", BIND_STRLIST, IN(recipe, go.ldflags), .check = check_line,
		.doc = "linker flags"},
	{"output", BIND_STRING, IN(recipe, go.output), .check = check_path,
		.doc = "file name of the binary"},
	{0}};

static const char *const repair_names[] = {"auto", "off", NULL};
static const char *const pure_names[] = {"error", "allow", NULL};
static const bind_field wheel_fields[] = {
	{"repair", BIND_CHOICE, IN(recipe, wheel.repair_off), .arg = repair_names,
		.doc = "take libraries into the wheel: auto, off"},
	{"exclude_libs", BIND_STRLIST, IN(recipe, wheel.exclude_libs),
		.check = check_library, .doc = "libraries to leave out: libz.so.1"},
	{"link_static", BIND_STRLIST, IN(recipe, wheel.link_static), BIND_UNIQUE,
		.check = check_library,
		.doc = "host libraries to link statically, by link name: xml2"},
	{"strip", BIND_BOOL, IN(recipe, wheel.strip), .doc = "strip (default true)"},
	{"sbom", BIND_BOOL, IN(recipe, wheel.sbom),
		.doc = "a list of parts where foreign code is in it (default true)"},
	{"pure", BIND_CHOICE, IN(recipe, wheel.pure_allowed), .arg = pure_names,
		.doc = "a wheel without extensions: error, allow"},
	{"extensions", BIND_STRLIST, IN(recipe, wheel.extensions),
		BIND_UNIQUE | BIND_NAMES, .check = check_module_path,
		.doc = "extension modules the wheel must hold: pkg/mod"},
	{"cpu", BIND_STRLIST, IN(recipe, wheel.cpu), BIND_UNIQUE, .check = check_cpu,
		.doc = "what armv7 code may ask for that not all have: neon, vfpv4, "
		       "armv8"},
	{"foreign", BIND_STRLIST, IN(recipe, wheel.foreign), BIND_UNIQUE,
		.check = check_path,
		.doc = "files for other machines that belong into it, as the source has "
		       "them: pkg/attach_*.so"},
	{0}};

static const bind_field library_fields[] = {
	{"cpu", BIND_STRLIST, IN(recipe, library.cpu), BIND_UNIQUE, .check = check_cpu,
		.doc = "what its armv7 code may ask for that not all have: neon, vfpv4, "
		       "armv8; who links it says the same in wheel.cpu"},
	{0}};

static const char *const run_names[] = {"skip", "native", "emulated", NULL};

static void test_init(void *out)
{
	((recipe_test *)out)->run = TEST_EMULATED;
}

static const bind_field contents_fields[] = {
	{"has", BIND_STRLIST, IN(recipe_test, has), .check = check_line,
		.doc = "patterns that must match a file"},
	{"not", BIND_STRLIST, IN(recipe_test, has_not), .check = check_line,
		.doc = "patterns that must match none"},
	{0}};

/* Its fields lie in the test itself. */
static void contents_read(const binder *b, const yaml_node *n, void *field)
{
	static const bind_struct binding = {
		"`contents`", sizeof(recipe_test), contents_fields, NULL};
	recipe_test *to = field, found;

	yaml_bind(b, n, &binding, &found);
	to->has = found.has;
	to->has_not = found.has_not;
}

static void contents_clear(void *field)
{
	recipe_test *t = field;

	g_clear_pointer(&t->has, g_ptr_array_unref);
	g_clear_pointer(&t->has_not, g_ptr_array_unref);
}

#define PATTERNS                                                                         \
	"{'type': 'array', 'minItems': 1, 'items': {'anyOf': [{'$ref': "                 \
	"'#/definitions/line'}, {'type': 'object', 'required': ['if', 'then']}]}}"
static const bind_custom contents_custom = {"a map with has and not", contents_read,
	contents_clear,
	"{'type': 'object', 'additionalProperties': false, 'properties': "
	"{'has': " PATTERNS ", 'not': " PATTERNS "}}"};

static const bind_field test_fields[] = {
	{"imports", BIND_STRLIST, IN(recipe_test, imports), BIND_NAMES,
		.check = check_import, .doc = "modules that must import"},
	{"commands", BIND_STRLIST, IN(recipe_test, commands), .doc = "commands to run"},
	{"contents", BIND_CUSTOM, 0, .arg = &contents_custom,
		.doc = "files that must, or must not, be inside"},
	{"requirements", BIND_STRLIST, IN(recipe_test, requirements),
		BIND_UNIQUE | BIND_EMPTY_OK, .check = check_requirement,
		.doc = "PEP 508: what this test of a wheel needs that the wheel does not "
		       "ask for"},
	{"run", BIND_CHOICE, IN(recipe_test, run), .arg = run_names,
		.doc = "where: emulated (everywhere, the default), native, skip"},
	{0}};
static const bind_struct test_binding = {
	"a test", sizeof(recipe_test), test_fields, test_init};

static const bind_field about_fields[] = {
	{"summary", BIND_STRING, IN(recipe, about.summary), .check = check_line,
		.doc = "one line"},
	{"homepage", BIND_STRING, IN(recipe, about.homepage), .check = check_url,
		.doc = "URL"},
	{"license", BIND_STRING, IN(recipe, about.license), .check = check_line,
		.doc = "SPDX expression"},
	{"license_files", BIND_STRLIST, IN(recipe, about.license_files),
		.check = check_path, .doc = "licence files in the source"},
	{0}};

static const char *const from_names[] = {
	"source", "pypi", "git-tags", "gomod", "none", NULL};
static const bind_field update_fields[] = {
	{"enabled", BIND_BOOL, IN(recipe, update.enabled),
		.doc = "look for new versions"},
	{"from", BIND_CHOICE, IN(recipe, update.from), .arg = from_names, .doc = "where"},
	{"allow", BIND_STRING, IN(recipe, update.allow), .check = check_line,
		.doc = "versions to consider: <3"},
	{"prerelease", BIND_BOOL, IN(recipe, update.prerelease),
		.doc = "pre-releases too"},
	{"tag_prefix", BIND_STRING, IN(recipe, update.tag_prefix), .check = check_line,
		.doc = "what stands before the version in a tag"},
	{"reason", BIND_STRING, IN(recipe, update.reason), .check = check_line,
		.doc = "why it is not updated"},
	{"min_age", BIND_STRING, IN(recipe, update.min_age), .check = check_days,
		.fix = fix_days, .doc = "days a release must be old: 7d"},
	{0}};

/* Maps whose fields lie in the recipe itself: offset 0, never cleared by their
 * own table but through recipe_binding. */
#define PART(variable, what, table)                                                      \
	static const bind_struct variable = {what, 0, table, NULL}
PART(package_binding, "`package`", package_fields);
PART(python_binding, "`python`", python_fields);
PART(toolchain_binding, "`toolchain`", toolchain_fields);
PART(requirements_binding, "`requirements`", requirements_fields);
PART(build_binding, "`build`", build_fields);
PART(cargo_binding, "`cargo`", cargo_fields);
PART(go_binding, "`go`", go_fields);
PART(wheel_binding, "`wheel`", wheel_fields);
PART(library_binding, "`library`", library_fields);
PART(about_binding, "`about`", about_fields);
PART(update_binding, "`update`", update_fields);

static void recipe_init(void *out)
{
	recipe *r = out;

	r->build.timeout = 3600;
	r->build.silent_timeout = 1200;
	r->cargo.locked = TRUE;
	r->wheel.strip = TRUE;
	r->wheel.sbom = TRUE;
	r->update.enabled = TRUE;
}

static const char *const kind_names[] = {"wheel", "go-binary", "library", NULL};
static const bind_field recipe_fields[] = {
	{"schema_version", BIND_INT, IN(recipe, schema_version), BIND_REQUIRED,
		.doc = "1, the version of this format"},
	{"package", BIND_STRUCT, 0, BIND_REQUIRED, .arg = &package_binding,
		.doc = "name and version"},
	{"kind", BIND_CHOICE, IN(recipe, kind), BIND_REQUIRED, .arg = kind_names,
		.doc = "wheel, go-binary or library"},
	{"context", BIND_STRMAP, IN(recipe, context), BIND_EMPTY_OK,
		.name_check = check_context_name, .doc = "own variables for ${{ name }}"},
	{"source", BIND_STRUCTS, IN(recipe, sources), BIND_REQUIRED | BIND_ONE_OK,
		.arg = &source_binding,
		.doc = "where the source comes from: one, or a list"},
	{"targets", BIND_STRLIST, IN(recipe, targets), BIND_UNIQUE, .check = check_target,
		.fix = fix_target, .doc = "platforms (default aarch64, armv7)"},
	{"python", BIND_STRUCT, 0, .arg = &python_binding, .doc = "Python versions"},
	{"toolchain", BIND_STRUCT, 0, .arg = &toolchain_binding,
		.doc = "compiler, floor, sysroot, flags"},
	{"requirements", BIND_STRUCT, 0, .arg = &requirements_binding,
		.doc = "what the build needs"},
	{"build", BIND_STRUCT, 0, .arg = &build_binding, .doc = "how it is built"},
	{"cargo", BIND_STRUCT, 0, .arg = &cargo_binding, .doc = "Rust"},
	{"go", BIND_STRUCT, 0, .arg = &go_binding, .doc = "Go"},
	{"wheel", BIND_STRUCT, 0, .arg = &wheel_binding, .doc = "the finished wheel"},
	{"library", BIND_STRUCT, 0, .arg = &library_binding,
		.doc = "the finished library"},
	{"tests", BIND_STRUCTS, IN(recipe, tests), .arg = &test_binding,
		.doc = "what must hold of it"},
	{"about", BIND_STRUCT, 0, .arg = &about_binding, .doc = "for people"},
	{"update", BIND_STRUCT, 0, .arg = &update_binding, .doc = "new versions"},
	{"extra", BIND_IGNORE, 0, .doc = "not read by xorch"}, {0}};
const bind_struct recipe_binding = {
	"a recipe", sizeof(recipe), recipe_fields, recipe_init};
