#pragma once
#include "base/diag.h"
#include <yaml.h>

/* libyaml's syntax error said in the words of someone editing a recipe: what
 * it stumbles over is often far from the mistake, an unclosed quote say. */
void yaml_syntax_report(const yaml_parser_t *parser, diag_source *s, diag_list *l);
