#include "plan/recipe_fields.h"

#define IN(s, field) offsetof(s, field)

static void source_init(void *out)
{
	recipe_source *s = out;

	s->extract = TRUE;
	s->use_gitignore = TRUE;
	s->strip_components = 1;
}

static const bind_field source_fields[] = {
	{"pypi", BIND_STRING, IN(recipe_source, pypi), .check = check_name,
		.doc = "project on PyPI; its sdist of this version"},
	{"url", BIND_STRLIST, IN(recipe_source, urls), BIND_ONE_OK, .check = check_url,
		.doc = "a file, or mirrors of it in order"},
	{"git", BIND_STRING, IN(recipe_source, git), .check = check_url,
		.doc = "a git repository; with rev, or tag and expected_commit"},
	{"gomod", BIND_STRING, IN(recipe_source, gomod), .check = check_gomod,
		.doc = "a Go module"},
	{"path", BIND_STRING, IN(recipe_source, path), .check = check_line,
		.doc = "a folder of this repository"},
	{"debsrc", BIND_STRING, IN(recipe_source, debsrc), .check = check_debian_name,
		.doc = "a Debian source package: its upstream tarball"},
	{"suite", BIND_STRING, IN(recipe_source, suite), .check = check_debian_name,
		.doc = "of debsrc (default the sysroot's)"},
	{"version", BIND_STRING, IN(recipe_source, version), .check = check_version,
		.doc = "when it is not the package's"},
	{"sha256", BIND_STRING, IN(recipe_source, sha256), .check = check_sha256,
		.doc = "64 hex digits; binding when given, else the lock's"},
	{"h1", BIND_STRING, IN(recipe_source, h1), .check = check_h1,
		.doc = "hash of a Go module, as in go.sum"},
	{"rev", BIND_STRING, IN(recipe_source, rev), .check = check_commit,
		.doc = "commit"},
	{"tag", BIND_STRING, IN(recipe_source, tag), .check = check_tag, .doc = "tag"},
	{"expected_commit", BIND_STRING, IN(recipe_source, expected_commit),
		.check = check_commit, .doc = "the commit the tag must name"},
	{"submodules", BIND_BOOL, IN(recipe_source, submodules),
		.doc = "with submodules (default false)"},
	{"subdirectory", BIND_STRING, IN(recipe_source, subdirectory),
		.check = check_path, .doc = "where the project is inside"},
	{"max_size", BIND_SIZE, IN(recipe_source, max_size), .doc = "largest download"},
	{"file_name", BIND_STRING, IN(recipe_source, file_name), .check = check_path,
		.doc = "name to store it under"},
	{"extract", BIND_BOOL, IN(recipe_source, extract),
		.doc = "unpack it (default true)"},
	{"strip_components", BIND_INT, IN(recipe_source, strip_components), .min = 0,
		.max = 8, .doc = "leading folders to drop (default 1)"},
	{"target_directory", BIND_STRING, IN(recipe_source, target_directory),
		.check = check_path, .doc = "where to unpack it (default .)"},
	{"use_gitignore", BIND_BOOL, IN(recipe_source, use_gitignore),
		.doc = "leave out what .gitignore files of the repository match and git "
		       "does "
		       "not track (default true); of no repository nothing is ignored"},
	{"patches", BIND_STRLIST, IN(recipe_source, patches), .check = check_path,
		.doc = "patches, relative to the recipe, in order"},
	{"publishers", BIND_STRLIST, IN(recipe_source, publishers),
		.check = check_publisher,
		.doc = "who must have published it, by what the index attests (PEP 740): "
		       "github:OWNER/NAME or gitlab:GROUP/NAME, one of them; of one "
		       "workflow alone github:OWNER/NAME/FILE.yml or "
		       "gitlab:GROUP/NAME//FILE.yml. The index answers for the "
		       "signatures; asked when the source is locked"},
	{"if", BIND_STRING, IN(recipe_source, condition),
		.doc = "condition for taking this source"},
	{"", BIND_NODE, IN(recipe_source, node)}, {0}};
const bind_struct source_binding = {
	"a source", sizeof(recipe_source), source_fields, source_init};

const char *const source_keys[SOURCE_DEBSRC + 1] = {
	"pypi version sha256 max_size subdirectory publishers patches target_directory "
	"if",
	"url sha256 max_size file_name extract strip_components subdirectory patches "
	"target_directory if",
	"git rev tag expected_commit submodules subdirectory patches target_directory if",
	"gomod version h1 patches if",
	"path use_gitignore subdirectory patches target_directory if",
	"debsrc suite version sha256 patches target_directory subdirectory if"};
