#pragma once
#include "plan/catalog.h"

/* Which definition a compiler's name stands for with a sysroot. gcc takes the sysroot's
 * C++ library, and an older one cannot read a newer one's headers: where the sysroot is
 * of a later GCC than the definition `gcc` and there is one `gcc-N` of that very version
 * N, it is that. New string; `name` itself in every other case. */
char *compiler_for_sysroot(const char *name, const char *sysroot_gcc);
