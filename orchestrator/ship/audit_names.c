#include "ship/audit_names.h"
#include "ship/abi3_data.h"
#include <stdlib.h>
#include <string.h>

/* ISO C's math functions, each also with f and l behind it. */
static const char *const math_names[] = {"acos", "acosh", "asin", "asinh", "atan",
	"atan2", "atanh", "cbrt", "ceil", "cos", "cosh", "erf", "erfc", "exp", "exp2",
	"expm1", "fabs", "fdim", "floor", "fma", "fmax", "fmin", "fmod", "hypot", "ilogb",
	"ldexp", "lgamma", "llrint", "llround", "log", "log10", "log1p", "log2", "logb",
	"lrint", "lround", "nearbyint", "nextafter", "pow", "remainder", "remquo", "rint",
	"round", "scalbln", "scalbn", "sin", "sincos", "sinh", "sqrt", "tan", "tanh",
	"tgamma", "trunc"};

static const char *const libc_names[] = {"abort", "atexit", "bsearch", "calloc",
	"clock_gettime", "close", "dladdr", "dlclose", "dlerror", "dlopen", "dlsym",
	"execve", "exit", "fclose", "fflush", "fgets", "fopen", "fork", "fprintf",
	"fputs", "fread", "free", "fseek", "fwrite", "getenv", "gettimeofday", "isalpha",
	"lseek", "malloc", "mbstowcs", "memchr", "memcmp", "memcpy", "memmove", "memset",
	"mmap", "munmap", "nanosleep", "open", "printf", "pthread_cond_wait",
	"pthread_create", "pthread_join", "pthread_mutex_lock", "pthread_mutex_unlock",
	"puts", "qsort", "read", "realloc", "setlocale", "signal", "snprintf", "sprintf",
	"stat", "strchr", "strcmp", "strcpy", "strdup", "strerror", "strlen", "strncmp",
	"strncpy", "strrchr", "strstr", "strtod", "strtol", "strtoul", "time", "vfprintf",
	"vsnprintf", "wcscmp", "wcslen", "write"};

static int compare(const void *key, const void *item)
{
	return strcmp(key, *(const char *const *)item);
}

static gboolean listed(const char *name, const char *const *list, gsize n)
{
	return bsearch(name, list, n, sizeof *list, compare) != NULL;
}

gboolean audit_name_is_libc(const char *name)
{
	gsize len = strlen(name);
	char stem[16];

	if (listed(name, libc_names, G_N_ELEMENTS(libc_names)) ||
		listed(name, math_names, G_N_ELEMENTS(math_names)))
		return TRUE;
	if (len < 2 || len >= sizeof stem || !strchr("fl", name[len - 1]))
		return FALSE;
	memcpy(stem, name, len - 1);
	stem[len - 1] = 0;
	return listed(stem, math_names, G_N_ELEMENTS(math_names));
}

gboolean audit_name_is_libstdcxx(const char *name)
{
	const char *p = name;

	if (g_str_has_prefix(name, "__cxa_") ||
		g_str_has_prefix(name, "__gxx_personality_"))
		return TRUE;
	if (g_str_has_prefix(p, "_ZTV") || g_str_has_prefix(p, "_ZTI") ||
		g_str_has_prefix(p, "_ZTS"))
		p += 4;
	else if (g_str_has_prefix(p, "_Z"))
		p += 2;
	else
		return FALSE;
	if (*p == 'N')
		p++;
	while (*p == 'K' || *p == 'V')
		p++;
	if (strncmp(p, "St", 2) != 0)
		return FALSE;
	/* Names of std, one after the other; an 'I' after one begins template
	 * arguments. */
	if (!g_ascii_isdigit(p[2]))
		return FALSE;
	for (p += 2; g_ascii_isdigit(*p);) {
		char *end;
		gsize len = strtoul(p, &end, 10);
		if (strlen(end) < len)
			return FALSE;
		p = end + len;
	}
	return *p != 'I';
}

static int compare_abi3(const void *key, const void *item)
{
	return strcmp(key, ((const abi3_name *)item)->name);
}

guint audit_abi3_since(const char *name)
{
	const abi3_name *n =
		bsearch(name, abi3_names, abi3_count, sizeof *abi3_names, compare_abi3);

	return n ? n->since : 0;
}
