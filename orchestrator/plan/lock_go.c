#include "plan/lock_go.h"
#include "format/go_module.h"
#include "plan/lock_text.h"
#include "plan/recipe_fields.h"
#include <string.h>

#define AT(type, member) offsetof(type, member)

void lock_module_free(lock_module *m)
{
	if (!m)
		return;
	g_free(m->path);
	g_free(m->version);
	g_free(m->h1);
	g_free(m->sha256);
	g_free(m->mod_h1);
	g_free(m->mod_sha256);
	g_free(m);
}

void lock_go_clear(lock_go *g)
{
	g_clear_pointer(&g->inputs, g_free);
	g_clear_pointer(&g->modules, g_ptr_array_unref);
}

static lock_module *module_copy(const lock_module *m)
{
	lock_module *c = g_new0(lock_module, 1);

	c->path = g_strdup(m->path);
	c->version = g_strdup(m->version);
	c->mod_h1 = g_strdup(m->mod_h1);
	c->mod_sha256 = g_strdup(m->mod_sha256);
	c->mod_size = m->mod_size;
	if (m->h1 && m->sha256) {
		c->h1 = g_strdup(m->h1);
		c->sha256 = g_strdup(m->sha256);
		c->size = m->size;
	}
	return c;
}

void lock_go_copy(lock_go *to, const lock_go *from)
{
	to->inputs = g_strdup(from->inputs);
	to->modules = g_ptr_array_new_with_free_func((GDestroyNotify)lock_module_free);
	for (guint i = 0; from->modules && i < from->modules->len; i++)
		g_ptr_array_add(
			to->modules, module_copy(g_ptr_array_index(from->modules, i)));
}

static int by_name(const void *a, const void *b)
{
	const lock_module *x = *(const lock_module *const *)a;
	const lock_module *y = *(const lock_module *const *)b;
	int order = strcmp(x->path, y->path);

	return order ? order : strcmp(x->version, y->version);
}

void lock_go_sort(lock_go *g)
{
	if (g->modules)
		g_ptr_array_sort(g->modules, by_name);
}

/* Both become file names. */
static const char *check_path_text(const char *text)
{
	g_autofree char *escaped = go_module_escape(text);

	return escaped ? NULL : "wants the path of a Go module";
}

static const char *check_version_text(const char *text)
{
	return go_version_valid(text) ? NULL : "wants a module's version: v1.2.3";
}

static const bind_field module_fields[] = {
	{"path", BIND_STRING, AT(lock_module, path), BIND_REQUIRED,
		.check = check_path_text, .doc = "module"},
	{"version", BIND_STRING, AT(lock_module, version), BIND_REQUIRED,
		.check = check_version_text, .doc = "its version"},
	{"h1", BIND_STRING, AT(lock_module, h1), .check = check_h1,
		.doc = "Go's hash of its files"},
	{"size", BIND_INT, AT(lock_module, size), .min = 0, .max = G_MAXINT64,
		.doc = "bytes of its zip"},
	{"sha256", BIND_STRING, AT(lock_module, sha256), .check = lock_check_sha256,
		.doc = "of its zip"},
	{"mod_h1", BIND_STRING, AT(lock_module, mod_h1), BIND_REQUIRED, .check = check_h1,
		.doc = "Go's hash of its go.mod"},
	{"mod_size", BIND_INT, AT(lock_module, mod_size), BIND_REQUIRED, .min = 0,
		.max = G_MAXINT64, .doc = "bytes of its go.mod"},
	{"mod_sha256", BIND_STRING, AT(lock_module, mod_sha256), BIND_REQUIRED,
		.check = lock_check_sha256, .doc = "of its go.mod"},
	{0}};
static const bind_struct module_binding = {
	"a locked module", sizeof(lock_module), module_fields, NULL};

static const bind_field go_fields[] = {
	{"inputs", BIND_STRING, AT(lock_go, inputs), BIND_REQUIRED,
		.doc = "what it was resolved from"},
	{"modules", BIND_STRUCTS, AT(lock_go, modules), 0, &module_binding,
		.doc = "the modules needed"},
	{0}};
const bind_struct lock_go_binding = {
	"the modules of a Go program", sizeof(lock_go), go_fields, NULL};

static void add_size(GString *out, const char *name, gint64 size)
{
	g_string_append_printf(out, "      %s: %" G_GINT64_FORMAT "\n", name, size);
}

void lock_go_text(const lock_go *g, GString *out)
{
	if (!g->inputs)
		return;
	g_string_append(out, "go:\n");
	lock_text_value(out, "  ", "inputs", g->inputs);
	if (g->modules && g->modules->len)
		g_string_append(out, "  modules:\n");
	for (guint i = 0; g->modules && i < g->modules->len; i++) {
		const lock_module *m = g_ptr_array_index(g->modules, i);
		lock_text_value(out, "    - ", "path", m->path);
		lock_text_value(out, "      ", "version", m->version);
		if (m->sha256) {
			lock_text_value(out, "      ", "h1", m->h1);
			add_size(out, "size", m->size);
			lock_text_value(out, "      ", "sha256", m->sha256);
		}
		lock_text_value(out, "      ", "mod_h1", m->mod_h1);
		add_size(out, "mod_size", m->mod_size);
		lock_text_value(out, "      ", "mod_sha256", m->mod_sha256);
	}
}
