#include "cli/codes.h"
#include <stddef.h>

#define CODE(id, title, text) {#id, title, text},
const code_entry codes[] = {
#include "base/codes.def"
	{NULL, NULL, NULL}};
