#pragma once
#include "plan/platform.h"

/* What the environment asks of the wheels in the words of the manylinux images and of
 * scripts written for them (PEP 600 tags):
 *
 *	PLAT=manylinux_2_35_armv7l AUDITWHEEL_PLAT=manylinux2014_aarch64
 *
 * It says the floor, and the target where nothing else does. Without _ARCH it holds for
 * every target. Other values (multibuild's PLAT=x86_64, auditwheel's "auto") say nothing.
 * AUDITWHEEL_PLAT of x86_64 is what an image says of itself, not of what is built in it:
 * it counts for that target alone. */
typedef struct plat_args {
	const char *plat, *auditwheel_plat; /* values of the variables, or NULL */
} plat_args;

plat_args plat_args_from_environment(void);

typedef struct plat_wish {
	char floor[8];		/* "2_35"; empty: nothing is asked */
	const platform *target; /* NULL: any */
	gboolean own;		/* an image's word on itself */
	char *text;		/* "PLAT=manylinux_2_35_armv7l", fit for a terminal */
} plat_wish;

void plat_wish_clear(plat_wish *w);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(plat_wish, plat_wish_clear)

/* Errors (exit 2): X0131 a tag that xorch cannot build for; X0108 the two contradict each
 * other. */
gboolean plat_wish_read(const plat_args *args, plat_wish *out, GError **err);

/* The floor asked for `target`: NULL without error when none is. X0108 when the wish is
 * for another target. The string is the wish's. */
const char *plat_wish_floor(const plat_wish *w, const platform *target, GError **err);
