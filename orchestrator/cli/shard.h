#pragma once
#include "cli/options.h"
#include "cli/selection.h"
#include <jansson.h>

/* `--shard K/N`: the K-th of N parts of a selection, for N machines that do not know of
 * each other. Each item that was asked for is in exactly one part, because the division
 * depends on nothing but the selection and a file: what belongs together is a recipe and
 * a target with all its Pythons (which Pythons a machine has so makes no difference, one
 * lock is written by one machine, and an abi3 wheel is built once); the heaviest first,
 * each goes to the part that will then have least, with the libraries that it needs and
 * the part has not yet (`recipe:`; a library goes where it is built anyway).
 *
 * How heavy it is says --durations FILE, the same for all machines: seconds by package
 * and target, as `xorch log --format durations` writes them where everything was built;
 * what the file lacks counts as its median. Without a file, under --locked, it is guessed
 * from what the locks name: the size of the sources, the number of crates, a Go program.
 * A run that may write locks does not look at them, because the next part's machine may
 * not have what this one wrote: there all are alike. So `plan` shows the division of the
 * build with the same flags. What the machine's own history says plays no part. */

/* Leaves the items of the part; those that are needed are added later and may be in
 * several. FALSE: EXIT_INPUT X0121 (not K/N), X0323 (the file). */
gboolean shard_keep(selection *s, const options *o, GError **err);

/* What this machine's history knows, as such a file. New reference. */
json_t *durations_json(void);
