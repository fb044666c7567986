#pragma once
#include <glib.h>

/* Two builds of the same inputs have to make the same wheel, byte by byte. FALSE with
 * EXIT_AUDIT/X0729 naming the first member that differs and where in it, or that only
 * one of them has; EXIT_INTEGRITY/X0651 when one is no wheel. */
gboolean wheel_same_bytes(const char *first, const char *second, GError **err);
