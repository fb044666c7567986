#include "format/debian.h"
#include "base/error.h"
#include <string.h>

#define BEGIN_MESSAGE "-----BEGIN PGP SIGNED MESSAGE-----"
#define BEGIN_SIGNATURE "-----BEGIN PGP SIGNATURE-----"
#define END_SIGNATURE "-----END PGP SIGNATURE-----"

/* The parts of a clear-signed message, line by line. */
typedef enum part { BEFORE, HEADERS, BODY, SIGNATURE, AFTER } part;

static gboolean refused(const char *label, int line, const char *why, GError **err)
{
	g_autofree char *shown = text_escape(label, -1);

	error_set(err, EXIT_INTEGRITY, "X0631", "%s is not one clear-signed message: %s",
		shown, why);
	if (line)
		error_line(err, "in line %d", line);
	error_note(err, "nothing of it was used");
	return FALSE;
}

static gboolean is_line(const char *line, gsize size, const char *want)
{
	return size == strlen(want) && !memcmp(line, want, size);
}

static const char *body_line(GString *out, gboolean first, const char *line, gsize size)
{
	if (size && *line == '-') {
		/* only "- " may begin with a dash: the escape */
		if (size < 2 || line[1] != ' ')
			return "a line that begins with a dash, unescaped";
		line += 2;
		size -= 2;
	}
	while (size && (line[size - 1] == ' ' || line[size - 1] == '\t'))
		size--;
	if (!first)
		g_string_append_c(out, '\n');
	g_string_append_len(out, line, size);
	return NULL;
}

gboolean clearsigned_split(const char *label, const char *text, gsize size, char **body,
	char **signature, GError **err)
{
	g_autoptr(GString) out = g_string_new(NULL);
	g_autoptr(GString) armor = g_string_new(NULL);
	const char *end = text + size, *why = NULL;
	part at = BEFORE;
	int number = 0;
	gboolean first = TRUE;

	if (memchr(text, '\0', size))
		return refused(label, 0, "it holds a NUL", err);
	for (const char *line = text; line < end && !why;) {
		const char *stop = memchr(line, '\n', end - line);
		const char *next = stop ? stop + 1 : end;
		gsize n = (stop ? stop : end) - line;
		number++;
		if (n && line[n - 1] == '\r')
			n--;
		switch (at) {
		case BEFORE:
			if (!is_line(line, n, BEGIN_MESSAGE))
				why = "it has no signature, or text before it";
			at = HEADERS;
			break;
		case HEADERS:
			if (!n)
				at = BODY;
			else if (n < 6 || memcmp(line, "Hash: ", 6))
				why = "a header other than Hash";
			break;
		case BODY:
			if (is_line(line, n, BEGIN_SIGNATURE)) {
				at = SIGNATURE;
				g_string_append(armor, BEGIN_SIGNATURE "\n");
			} else {
				why = body_line(out, first, line, n);
				first = FALSE;
			}
			break;
		case SIGNATURE:
			g_string_append_len(armor, line, n);
			g_string_append_c(armor, '\n');
			if (is_line(line, n, END_SIGNATURE))
				at = AFTER;
			else if (n && *line == '-')
				why = "a second message within the signature";
			break;
		case AFTER:
			if (n)
				why = "text after the signature";
			break;
		}
		line = next;
	}
	if (!why && at != AFTER)
		why = size ? "it ends before the signature does" : "it is empty";
	if (why)
		return refused(label, number, why, err);
	*body = g_string_free(g_steal_pointer(&out), FALSE);
	*signature = g_string_free(g_steal_pointer(&armor), FALSE);
	return TRUE;
}
