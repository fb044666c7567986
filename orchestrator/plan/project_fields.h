#pragma once
#include "format/yaml_bind.h"
#include "plan/project.h"

/* The keys of xorch.yaml, and of the user's and the system's configuration, as tables. */
extern const bind_struct project_binding, config_binding;
