#pragma once
#include "build/item_record.h"
#include "build/pipeline.h"

/* A wheel with the stable ABI (cp39-abi3) is built once and serves every later
 * CPython of the recipe and target, though not a free-threaded one. Which items could
 * share one is told by their keys, without what belongs to the one Python in them: its
 * headers, its build environment. Whether they do is known from the tag of the first
 * wheel, and kept in the store. */

/* The record of the wheel that serves the item, built for an earlier Python with the
 * same other inputs; NULL when there is none. The item has its key. `fresh`: only one
 * built in this run (--force). */
item_record *abi3_served(pipeline *p, const item *i, gboolean fresh);

/* Before a build: waits while another item of this run builds what may turn out to
 * serve this one too (recipes with python.abi3, and Rust). Then abi3_served is to be
 * asked again; *turn tells whether this item is the first: then abi3_done must follow
 * its build. */
void abi3_wait(pipeline *p, const item *i, gboolean *turn);
void abi3_done(pipeline *p, const item *i, gboolean turn, gboolean built);

/* A recipe that says python.abi3 must get such a wheel, `file` by its name: EXIT_AUDIT
 * X0955. */
gboolean abi3_as_asked(const item *i, const char *file, GError **err);

/* Says where the item's wheel comes from. */
void abi3_tell(item *i, const item_record *r);
