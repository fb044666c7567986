#include "format/debian.h"
#include <string.h>

/* Letters before other characters, "~" before everything, even the end. */
static int order_of(char c)
{
	if (c == '~')
		return -1;
	if (!c || g_ascii_isdigit(c))
		return 0;
	return g_ascii_isalpha(c) ? (guchar)c : (guchar)c + 256;
}

/* One part, without epoch and revision: runs of non-digits and of digits in turn. */
static int compare_part(const char *a, gsize na, const char *b, gsize nb)
{
	g_autofree char *left = g_strndup(a, na), *right = g_strndup(b, nb);
	const char *x = left, *y = right;

	while (*x || *y) {
		while ((*x && !g_ascii_isdigit(*x)) || (*y && !g_ascii_isdigit(*y))) {
			int d = order_of(*x) - order_of(*y);
			if (d)
				return d;
			x += *x != '\0';
			y += *y != '\0';
		}
		while (*x == '0')
			x++;
		while (*y == '0')
			y++;
		gsize dx = strspn(x, "0123456789"), dy = strspn(y, "0123456789");
		if (dx != dy)
			return dx < dy ? -1 : 1;
		int d = strncmp(x, y, dx);
		if (d)
			return d;
		x += dx;
		y += dy;
	}
	return 0;
}

static gint64 epoch_of(const char **version)
{
	const char *colon = strchr(*version, ':');
	gint64 epoch = 0;

	if (colon) {
		epoch = g_ascii_strtoll(*version, NULL, 10);
		*version = colon + 1;
	}
	return epoch;
}

int debian_version_compare(const char *a, const char *b)
{
	gint64 ea = epoch_of(&a), eb = epoch_of(&b);

	if (ea != eb)
		return ea < eb ? -1 : 1;
	const char *da = strrchr(a, '-'), *db = strrchr(b, '-');
	gsize na = da ? (gsize)(da - a) : strlen(a),
	      nb = db ? (gsize)(db - b) : strlen(b);
	int d = compare_part(a, na, b, nb);
	if (d)
		return d;
	da = da ? da + 1 : "";
	db = db ? db + 1 : "";
	return compare_part(da, strlen(da), db, strlen(db));
}
