#pragma once
#include "plan/lock.h"

/* `pins` of xorch.yaml: what all recipes of a repository agree on for their build
 * requirements, as pip's constraints do: a package that nobody asks for is not added, one
 * that is asked for is taken in a version that the pin allows.
 *
 *	pins: {setuptools: "<81", cython: "3.1.4"}
 *
 * A value is a PEP 440 specifier, or a version for ==VERSION. */

/* A line for each, "setuptools<81\n", for uv's --constraints; `pins` holds bind_pair,
 * NULL none. New string. */
char *pins_text(const GPtrArray *pins);

/* Whether every package of the section is in a version that its pin allows. FALSE:
 * EXIT_LOCK, X0408, naming the first that is not. */
gboolean pins_hold(const GPtrArray *pins, const lock_environment *e, GError **err);
