#pragma once
#include "build/step_extras.h"

/* Rust in a wheel's build (setuptools-rust, maturin): toolchain, crates fetched
 * before, cargo's and PyO3's settings for the target. */
extern const step_part step_rust;

/* Is the item's wheel built with Rust? Its locked build requirements name a Rust
 * backend, or the recipe says so (build.backend, toolchain.rust, cargo.manifest). */
gboolean step_rust_used(const item *i);
