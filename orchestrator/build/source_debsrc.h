#pragma once
#include "plan/catalog.h"
#include "plan/recipe.h"

/* In which suite a `debsrc` source is looked for: its own, else the sysroot's. */
typedef struct debsrc_place {
	package_source where; /* points into the others and into the source */
	toolchain_def *keys;
	sysroot_def *sysroot;
} debsrc_place;

gboolean source_debsrc_place(
	const recipe *r, const recipe_source *source, debsrc_place *out, GError **err);
void debsrc_place_clear(debsrc_place *p);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(debsrc_place, debsrc_place_clear)
