#pragma once
#include "cli/selection.h"

/* Decides an item's floor (cli/floor_option.h), compiler and sysroot: --sysroot, the
 * recipe's, else that of the item which asks for this library (`asks`, may be NULL) if it
 * has the floor, else the one that plan/floor_range.h chooses. What cannot be is an error
 * of the item (ITEM_FAILED); then it has the defaults, so that it can be shown. A Go
 * program without cgo has no use for a C library: anything will do. */
void selection_settle(selection *s, const options *o, item *i, const char *asks);
