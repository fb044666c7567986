#include "plan/project.h"
#include "base/error.h"
#include "base/words.h"
#include "format/yaml_bind.h"
#include "plan/project_fields.h"
#include "plan/recipe_fields.h"
#include <stdlib.h>
#include <string.h>

void project_free(project *p)
{
	if (!p)
		return;
	yaml_bind_clear(&project_binding, p);
	g_free(p->path);
	g_free(p->dir);
	g_free(p);
}

/* The top of the work tree that the folder lies in, by its name. New string, or NULL. */
static char *top_above(const char *folder)
{
	g_autofree char *at = g_strdup(folder);

	for (;;) {
		g_autofree char *git = g_build_filename(at, ".git", NULL);
		if (g_file_test(git, G_FILE_TEST_EXISTS))
			return g_steal_pointer(&at);
		char *parent = g_path_get_dirname(at);
		gboolean top = !strcmp(parent, at);
		g_free(at);
		at = parent;
		if (top)
			return NULL;
	}
}

char *project_file(void)
{
	g_autofree char *cwd = g_get_current_dir();
	g_autofree char *top = top_above(cwd);
	char *real = top ? NULL : realpath(".", NULL);

	/* the shell may have come here by a link from outside */
	if (real)
		top = top_above(real);
	free(real);
	return g_build_filename(top ? top : cwd, PROJECT_FILE, NULL);
}

gboolean project_is_file(const char *path)
{
	g_autofree char *name = g_path_get_basename(path);

	return g_str_equal(name, PROJECT_FILE);
}

/* Names that settings of trust have in this program and its like. */
#define TRUST                                                                            \
	"tls insecure verify ca_bundle cert certificates ssl token tokens auth "         \
	"password "                                                                      \
	"credentials netrc login registry_auth git user_config proxy trusted signed_by " \
	"sandbox env env_pass"

/* X0340 for what only the machine may decide; those keys are then left out of what the
 * binding sees, which would call them unknown. */
static void refuse_trust(const yaml_doc *doc, diag_list *l)
{
	yaml_node *root = doc->root;

	for (guint i = 0; root->kind == YAML_MAP && i < root->keys->len;) {
		const yaml_node *k = g_ptr_array_index(root->keys, i);
		if (!words_have(TRUST, k->text)) {
			i++;
			continue;
		}
		diag *d = yaml_error(
			doc, l, k, "X0340", "`%s` cannot be set for a project", k->text);
		diag_label(d, "only on the machine");
		diag_help(d,
			"such settings belong into ~/.config/xorch/config.yaml or the "
			"environment: a project file comes with every change that "
			"somebody proposes");
		g_ptr_array_remove_index(root->keys, i);
		g_ptr_array_remove_index(root->values, i);
	}
}

static void absolute(const project *p, char **path)
{
	if (!*path)
		return;
	char *full = g_canonicalize_filename(*path, p->dir);
	g_free(*path);
	*path = full;
}

/* The index leads the list of those that are asked. */
static void index_first(project *p)
{
	if (!p->index)
		return;
	if (!p->pypi)
		p->pypi = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_insert(p->pypi, 0, g_strdup(p->index));
}

project *project_load(const char *path, gboolean own, diag_list *l)
{
	unsigned before = diag_list_errors(l);
	yaml_doc *doc = yaml_load(path, l);
	g_autoptr(project) p = NULL;

	if (!doc)
		return NULL;
	p = g_new0(project, 1);
	if (own)
		refuse_trust(doc, l);
	yaml_bind(&(binder){doc, l, FALSE}, doc->root,
		own ? &project_binding : &config_binding, p);
	if (p->schema_version > 1) {
		diag *d = yaml_error(doc, l, yaml_map_get(doc->root, "schema_version"),
			"X0226",
			"schema_version %" G_GINT64_FORMAT " is not known to xorch %s",
			p->schema_version, XORCH_VERSION);
		diag_label(d, "wants 1");
	}
	yaml_doc_free(doc);
	p->path = g_strdup(path);
	p->dir = g_path_get_dirname(path);
	absolute(p, &p->cache);
	absolute(p, &p->out);
	absolute(p, &p->durations);
	index_first(p);
	return diag_list_errors(l) == before ? g_steal_pointer(&p) : NULL;
}

/* Values that `to` lacks move there. */
static void fill(project *to, project *from)
{
	char **texts[][2] = {{&to->sysroot, &from->sysroot}, {&to->cache, &from->cache},
		{&to->out, &from->out}, {&to->durations, &from->durations},
		{&to->exclude_newer, &from->exclude_newer},
		{&to->minimum_age, &from->minimum_age}};
	GPtrArray **lists[][2] = {{&to->targets, &from->targets},
		{&to->pythons, &from->pythons}, {&to->manylinux, &from->manylinux}};

	if (!to->c)
		to->c = from->c;
	/* off on any side: no project switches on what its user does not want */
	if (!to->ccache)
		to->ccache = from->ccache;
	to->git_config |= from->git_config;
	for (guint n = 0; n < G_N_ELEMENTS(texts); n++)
		if (!*texts[n][0])
			*texts[n][0] = g_steal_pointer(texts[n][1]);
	for (guint n = 0; n < G_N_ELEMENTS(lists); n++)
		if (!*lists[n][0])
			*lists[n][0] = g_steal_pointer(lists[n][1]);
}

project *project_load_all(const char *config, GError **err)
{
	g_autoptr(diag_list) l = diag_list_new();
	g_autofree char *own = project_file();
	g_autofree char *user =
		g_build_filename(g_get_user_config_dir(), "xorch", "config.yaml", NULL);
	const char *const usual[] = {user, "/etc/xorch/config.yaml"};
	gsize n_lower = config ? 1 : G_N_ELEMENTS(usual);
	gboolean none = g_strcmp0(config, PROJECT_NO_CONFIG) == 0;
	g_autoptr(project) all = NULL;

	if (g_file_test(own, G_FILE_TEST_EXISTS))
		all = project_load(own, TRUE, l);
	if (!all)
		all = g_new0(project, 1);
	for (gsize n = 0; !none && n < n_lower; n++) {
		const char *path = config ? config : usual[n];
		if (!config && !g_file_test(path, G_FILE_TEST_EXISTS))
			continue;
		g_autoptr(project) more = project_load(path, FALSE, l);
		if (more)
			fill(all, more);
	}
	return diag_list_to_error(l, err) ? g_steal_pointer(&all) : NULL;
}
