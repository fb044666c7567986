#pragma once
#include "build/python_host.h"

/* One spelling of a Python: "cp311", "3.11", "311", "3.13t", "cp313t", "3.11.7"
 * (its minor counts) -> "cp311". NULL with EXIT_INPUT, X0115. "all" is not one. */
char *python_tag_parse(const char *text, GError **err);

/* The Pythons that `wanted` names (each item may be a comma-separated list;
 * "all" stands for all that were found), in the order of their versions, each
 * once. NULL or empty: what `python3` names, else the newest found. Element
 * host_python, borrowed from `found`. NULL with X0115 or, when one is not on
 * this machine, EXIT_HOST, X0830 saying how to get it. */
GPtrArray *python_select(
	store *s, const GPtrArray *found, const char *const *wanted, GError **err);
