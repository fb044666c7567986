#include "format/rpm_database.h"
#include "base/error.h"
#include "format/solv_private.h"
#include <solv/knownid.h>
#include <string.h>

static gboolean is_library(const char *path)
{
	return *path == '/' && (g_str_has_suffix(path, ".so") || strstr(path, ".so.") ||
				       g_str_has_suffix(path, ".a"));
}

static json_t *files_of(Pool *pool, Repo *repo, Id package)
{
	json_t *out = json_array();
	Dataiterator at;

	dataiterator_init(&at, pool, repo, package, SOLVABLE_FILELIST, NULL,
		SEARCH_FILES | SEARCH_COMPLETE_FILELIST);
	while (dataiterator_step(&at))
		if (is_library(at.kv.str) && g_utf8_validate(at.kv.str, -1, NULL))
			json_array_append_new(out, json_string(at.kv.str + 1));
	dataiterator_free(&at);
	return out;
}

static json_t *package_json(Pool *pool, Repo *repo, Id id)
{
	const Solvable *s = pool->solvables + id;

	return json_pack("{s:s, s:s, s:s, s:o}", "name", pool_id2str(pool, s->name),
		"version", pool_id2str(pool, s->evr), "arch", pool_id2str(pool, s->arch),
		"files", files_of(pool, repo, id));
}

json_t *rpm_database_read(const char *root, GError **err)
{
	Pool *pool = pool_create();
	json_t *out = NULL;

	pool_setdisttype(pool, DISTTYPE_RPM);
	pool_set_rootdir(pool, root);
	Repo *repo = repo_create(pool, "installed");
	if (repo_add_rpmdb(repo, NULL, REPO_USE_ROOTDIR)) {
		solv_damaged("RPM's database cannot be read", err);
	} else {
		Id id;
		const Solvable *s;
		out = json_array();
		FOR_REPO_SOLVABLES(repo, id, s)
		{
			json_t *row = package_json(pool, repo, id);
			if (row) /* else a name that is no text */
				json_array_append_new(out, row);
		}
	}
	pool_free(pool);
	return out;
}
