#pragma once
#include "build/pipeline.h"

/* The key of an item's artefact: over every input that decides its bytes, each
 * under a name that --explain can show. Needs complete locks; makes nothing and
 * starts nothing. NULL with an error when an input is missing or contradictory. */
key *item_key(pipeline *p, item *i, GError **err);
