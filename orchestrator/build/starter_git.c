#include "build/starter_private.h"
#include "base/error.h"
#include "build/builder_library.h"
#include "build/release_find.h"
#include "build/source_facts.h"
#include "build/source_git.h"
#include "format/pep508.h"
#include "format/project_name.h"
#include <string.h>

typedef struct chosen {
	char *tag, *commit, *version;
} chosen;

static void chosen_clear(chosen *c)
{
	g_free(c->tag);
	g_free(c->commit);
	g_free(c->version);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(chosen, chosen_clear)

static void take(chosen *out, const char *tag, const char *commit, const char *version)
{
	*out = (chosen){g_strdup(tag), g_strdup(commit), g_strdup(version)};
}

/* The tag asked for, which need be no version. */
static void take_named(const json_t *tags, const char *name, chosen *out)
{
	for (gsize i = 0; i < json_array_size(tags) && !out->tag; i++) {
		const json_t *row = json_array_get(tags, i);
		const char *tag = json_string_value(json_array_get(row, 0));
		const char *commit = json_string_value(json_array_get(row, 1));
		if (!tag || !commit || !g_str_equal(tag, name))
			continue;
		const char *at = strpbrk(tag, "0123456789");
		take(out, tag, commit, at ? at : "0");
	}
}

/* The one with the highest version, of those that --exclude-newer allows. */
static gboolean take_newest(const build_context *ctx, const char *url, const json_t *tags,
	chosen *out, GError **err)
{
	recipe_source source = {.kind = SOURCE_GIT, .git = (char *)url};
	g_auto(release_find) f = {.ctx = ctx, .source = &source};
	g_auto(release_choice) c = {0};

	release_find_tags(&f, tags, NULL, NULL);
	if (!release_find_newest(&f, &c, err))
		return FALSE;
	if (c.take)
		take(out, c.take->tag, c.take->commit, c.take->version);
	return TRUE;
}

static gboolean choose(const build_context *ctx, const json_t *tags,
	const starter_request *r, chosen *out, GError **err)
{
	if (r->version)
		take_named(tags, r->version, out);
	else if (!take_newest(ctx, r->name, tags, out, err))
		return FALSE;
	if (out->tag)
		return TRUE;
	error_set(err, EXIT_NETWORK, "X0551", "the repository has no tag %s",
		r->version ? r->version : "that is a version");
	error_line(err, "from: %s", r->name);
	if (!r->version)
		error_help(err, "name one: xorch new --from git URL#TAG");
	return FALSE;
}

/* "https://host/team/thing.git" -> "thing". New string. */
static char *name_of(const char *url)
{
	g_autofree char *trimmed = g_strdup(url);

	for (gsize n = strlen(trimmed); n && trimmed[n - 1] == '/'; n--)
		trimmed[n - 1] = '\0';
	if (g_str_has_suffix(trimmed, ".git"))
		trimmed[strlen(trimmed) - strlen(".git")] = '\0';
	return g_path_get_basename(trimmed);
}

static void source_part(GString *text, const char *url, const chosen *c)
{
	g_string_append(text, "source:\n  git: ");
	starter_quote(text, url);
	g_string_append(text, "\n  tag: ");
	starter_quote(text, c->tag);
	g_string_append_printf(text, "\n  expected_commit: %s\n", c->commit);
}

/* A go.mod and no Python project: a program. */
static gboolean is_go(const json_t *facts)
{
	return json_get_string(facts, "go_module") &&
	       !json_get_string(facts, "backend") &&
	       !json_array_size(json_get_array(facts, "extensions"));
}

/* No Python project, and built by something that builds libraries. */
static gboolean is_library(const char *tree)
{
	const recipe none = {.kind = RECIPE_LIBRARY};
	g_autofree char *pyproject = g_build_filename(tree, "pyproject.toml", NULL);
	g_autofree char *setup = g_build_filename(tree, "setup.py", NULL);

	return !g_file_test(pyproject, G_FILE_TEST_EXISTS) &&
	       !g_file_test(setup, G_FILE_TEST_EXISTS) &&
	       builder_library_backend(&none, tree) != BACKEND_AUTO;
}

static void go_part(GString *text, const json_t *facts)
{
	const json_t *mains = json_get_array(facts, "go_mains");
	const char *first = NULL;

	for (gsize i = 0; i < json_array_size(mains); i++) {
		const char *dir = json_string_value(json_array_get(mains, i));
		if (dir && g_str_equal(dir, "."))
			return;
		if (!first)
			first = dir;
	}
	if (!first)
		return;
	g_autofree char *package = g_strconcat("./", first, NULL);
	g_string_append(text, "go:\n  package: ");
	starter_quote(text, package);
	g_string_append(text, " # guessed: the folder of a package main\n");
}

/* What asks git for the version, and the variable that it takes it from instead. */
static const struct {
	const char *project, *variable;
} from_git[] = {
	{"setuptools-scm", "SETUPTOOLS_SCM_PRETEND_VERSION"},
	{"hatch-vcs", "SETUPTOOLS_SCM_PRETEND_VERSION"},
	{"pbr", "PBR_VERSION"},
};

static gboolean version_of(GString *text, const json_t *requires)
{
	for (gsize i = 0; i < json_array_size(requires); i++) {
		const char *one = json_string_value(json_array_get(requires, i));
		g_autoptr(pep508_requirement) q = one ? pep508_parse(one, NULL) : NULL;
		for (guint n = 0; q && n < G_N_ELEMENTS(from_git); n++) {
			if (!g_str_equal(q->normalised, from_git[n].project))
				continue;
			g_string_append_printf(text,
				"build:\n  env:\n"
				"    # guessed: %s asks git for the version\n"
				"    %s: ${{ version }}\n",
				q->normalised, from_git[n].variable);
			return TRUE;
		}
	}
	return FALSE;
}

/* Without a repository around it a project cannot ask git for its version. The second
 * list is what a setup.py requires. */
static void version_part(GString *text, const json_t *facts)
{
	if (!version_of(text, json_get_array(facts, "requires")))
		version_of(text, json_get_array(facts, "more_requires"));
}

gboolean starter_git(
	const build_context *ctx, const starter_request *r, starter *out, GError **err)
{
	const upstream_wheel none = {0};
	g_auto(chosen) c = {0};
	g_autoptr(GString) text = g_string_new(NULL);

	memset(out, 0, sizeof *out);
	out->notes = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(json_t) tags = source_git_tags(ctx, r->name, err);
	if (!tags || !choose(ctx, tags, r, &c, err))
		return FALSE;
	recipe_source source = {.kind = SOURCE_GIT,
		.git = (char *)r->name,
		.tag = c.tag,
		.expected_commit = c.commit};
	g_autofree char *tree = source_git_tree(ctx, &source, c.commit, err);
	g_autoptr(json_t) facts =
		tree ? source_facts_read(ctx, r->python, tree, err) : NULL;
	if (!facts)
		return FALSE;
	g_autofree char *own = name_of(r->name);
	out->name = project_name_normalize(own);
	out->version = g_steal_pointer(&c.version);
	gboolean go = is_go(facts), library = !go && is_library(tree);
	if (!go && !library && !starter_is_native(facts, &none))
		return error_set(err, EXIT_NOTHING, "X0981",
			"%s has no machine code to be built", r->name);
	starter_head(text, out->name, out->version,
		go	  ? "go-binary"
		: library ? "library"
			  : "wheel",
		facts);
	source_part(text, r->name, &c);
	if (go) {
		go_part(text, facts);
	} else if (!library) {
		version_part(text, facts);
		starter_rust(ctx, facts, out->notes);
		starter_wheel_parts(ctx, text, facts, &none, out->notes);
	}
	starter_about(text, facts);
	out->text = g_strdup(text->str);
	return TRUE;
}
