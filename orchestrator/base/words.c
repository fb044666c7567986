#include "base/words.h"
#include <string.h>

gboolean words_have(const char *words, const char *word)
{
	size_t len = strlen(word);

	if (!len)
		return FALSE;
	for (const char *p = words; (p = strstr(p, word)); p += len)
		if ((p == words || p[-1] == ' ') && (!p[len] || p[len] == ' '))
			return TRUE;
	return FALSE;
}
