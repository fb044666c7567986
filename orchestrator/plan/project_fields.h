#pragma once
#include "format/yaml_bind.h"
#include "plan/project.h"

/* The keys of xorch.yaml, and of the user's and the system's configuration, as tables. */
extern const bind_struct project_binding, config_binding;

/* quay.io=https://HOST/PREFIX, or a URL for all of them: NULL or why not. */
const char *check_oci_mirror(const char *text);
/* exclude_newer: what instant_limit (base/instant.h) takes. */
const char *check_limit(const char *text);
