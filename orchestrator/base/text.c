#include "base/diag.h"
#include <string.h>

#define LONGEST 64

char *text_mask(const char *text, gsize len)
{
	char *out = g_malloc(len + 1);

	memcpy(out, text, len);
	out[len] = '\0';
	for (char *p = out; (p = memmem(p, len - (gsize)(p - out), "://", 3));) {
		p += 3;
		size_t host = strcspn(p, "/?# \t\"'`");
		char *at = memrchr(p, '@', host);
		for (; at && p < at; p++)
			*p = (unsigned char)*p < 0x80 ? '*' : *p;
	}
	return out;
}

/* Optimal string alignment: insert, delete, replace, swap two neighbours. */
static unsigned distance(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b);
	unsigned row[3][LONGEST + 1];

	if (la > LONGEST || lb > LONGEST)
		return LONGEST;
	for (size_t j = 0; j <= lb; j++)
		row[0][j] = (unsigned)j;
	for (size_t i = 1; i <= la; i++) {
		unsigned *now = row[i % 3], *up = row[(i - 1) % 3],
			 *up2 = row[(i + 1) % 3];
		now[0] = (unsigned)i;
		for (size_t j = 1; j <= lb; j++) {
			unsigned cost =
				g_ascii_tolower(a[i - 1]) != g_ascii_tolower(b[j - 1]);
			unsigned best = MIN(now[j - 1] + 1, up[j] + 1);
			best = MIN(best, up[j - 1] + cost);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
				a[i - 2] == b[j - 1])
				best = MIN(best, up2[j - 2] + 1);
			now[j] = best;
		}
	}
	return row[la % 3][lb];
}

const char *text_only_near(const char *text, const char *const *candidates)
{
	const char *only = NULL;

	for (; strlen(text) > 3 && *candidates; candidates++) {
		if (distance(text, *candidates) != 1)
			continue;
		if (only)
			return NULL;
		only = *candidates;
	}
	return only;
}

const char *text_nearest(const char *text, const char *const *candidates)
{
	const char *best = NULL;
	unsigned least = LONGEST;

	for (; *candidates; candidates++) {
		unsigned d = distance(text, *candidates);
		size_t longer = MAX(strlen(text), strlen(*candidates));
		if (d < least && d <= MAX(1, (longer + 1) / 3) && d < longer) {
			least = d;
			best = *candidates;
		}
	}
	return best;
}
