#pragma once
#include "build/context.h"
#include "format/solv.h"
#include "plan/rpm_def.h"

/* The repositories of a definition for one architecture, down the verified chain:
 * repomd.xml by a signature (repomd.xml.asc) of a key that the definition names, or by
 * the sha256 it pins; the index by the sums in it; every package is then named by its
 * sha256. So plain http will do for all but the machine's own trust. */
typedef struct rpm_repo {
	solv_index *index;
	char *date; /* of the youngest repomd.xml, as a Release has it; "" not known */
} rpm_repo;

/* `folder` is the definition's; `not_before` (may be NULL) the date of an earlier look: a
 * repomd.xml older than it is refused. Errors: EXIT_NETWORK X05…; EXIT_INTEGRITY X0601,
 * X0631 signature, X0632 index, X0635 too old, X0636 repomd.xml; EXIT_HOST X0840, X0841
 * without a keyring. */
rpm_repo *rpm_repo_open(const build_context *ctx, const char *name,
	const rpm_source *source, const char *folder, const char *architecture,
	const char *not_before, GError **err);
void rpm_repo_free(rpm_repo *r);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(rpm_repo, rpm_repo_free)
