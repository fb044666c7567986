#include "format/solv_private.h"
#include "format/decompress.h"
#include <errno.h>
#include <stdio.h>

#define INDEX_MAX (2ull << 30)

solv_index *solv_index_rpm(const char *architecture)
{
	return solv_index_new(DISTTYPE_RPM, architecture);
}

static gboolean add_file(
	Repo *repo, const char *path, const char *language, int flags, GError **err)
{
	FILE *f = decompress_open(path, INDEX_MAX, err);

	if (!f)
		return FALSE;
	gboolean ok = repo_add_rpmmd(repo, f, language, flags) == 0;
	int fault = ferror(f) ? errno : 0;
	fclose(f);
	if (fault)
		return solv_damaged(fault == EFBIG ? "it is larger than 2 GiB"
						   : "it cannot be unpacked",
			err);
	return ok || solv_damaged(pool_errstr(repo->pool), err);
}

gboolean solv_index_rpm_add(solv_index *index, const char *repository,
	const char *primary, const char *filelists, GError **err)
{
	/* libsolv keeps the name's pointer copied, and an error's text in the pool */
	Repo *repo = repo_create(index->pool, repository);

	return add_file(repo, primary, NULL, 0, err) &&
	       (!filelists || add_file(repo, filelists, "FL",
				      REPO_EXTEND_SOLVABLES | REPO_LOCALPOOL, err));
}

gboolean solv_index_rpm_ready(solv_index *index, GError **err)
{
	/* 2: the first two are libsolv's own */
	if (index->pool->nsolvables <= 2)
		return solv_damaged("it lists no packages", err);
	solv_index_ready(index);
	return TRUE;
}
