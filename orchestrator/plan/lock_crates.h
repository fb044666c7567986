#pragma once
#include "format/yaml_bind.h"

/* The `crates` section of a recipe's lock, for plan/lock.c: a line a crate, by name,
 * version and sha256. */
extern const bind_struct lock_crate_binding;

/* Rows bound by it as locked_file * (plan/lock.h), in their order. */
GPtrArray *lock_crates_take(const GPtrArray *rows);
/* The section as text; nothing for NULL (not locked). */
void lock_crates_text(GString *out, const GPtrArray *crates);
