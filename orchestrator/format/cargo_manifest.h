#pragma once
#include <glib.h>

/* Whether a Cargo.toml has PyO3 build for the stable ABI: by features of its dependency
 * pyo3, or of its own that are on by default ("pyo3/abi3-py38"). *minor: from CPython
 * 3.minor on, 0 where it leaves that open. The text is looked through, not parsed: what
 * is said in another way is not seen. */
gboolean cargo_manifest_abi3(const char *text, guint *minor);
