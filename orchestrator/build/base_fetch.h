#pragma once
#include <glib.h>

/* `--fetch-base`: brings what `--changed-since` compares with into a clone that lacks it,
 * as CI's often do. By the machine's own git, which has the credentials that the clone
 * was made with; it asks for none (GIT_TERMINAL_PROMPT=0), fetches no tags and no
 * submodules, and moves no branch but the one of the remote that was asked for.
 *
 * In the work tree `top`: `refspec` (main:refs/remotes/origin/main, or a commit) from
 * `remote`; with `unshallow` the rest of a shallow clone's history. XORCH_GIT_TIMEOUT
 * (seconds, 1800) is the longest it may take. FALSE: EXIT_HOST X0325 without git,
 * EXIT_NETWORK X0325 when git failed, EXIT_TIME. */
gboolean base_fetch(const char *top, const char *remote, const char *refspec,
	gboolean unshallow, GError **err);
