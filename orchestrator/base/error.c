#include "base/error.h"
#include "base/diag.h"
#include <string.h>

/* The domain's errors carry a table of facts. */
typedef struct xorch_errorPrivate {
	GHashTable *facts; /* char * -> char *; NULL none */
} xorch_errorPrivate;

static void xorch_error_private_init(xorch_errorPrivate *p)
{
	p->facts = NULL;
}

static void xorch_error_private_copy(
	const xorch_errorPrivate *from, xorch_errorPrivate *to)
{
	GHashTableIter i;
	gpointer name, value;

	if (!from->facts)
		return;
	to->facts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	g_hash_table_iter_init(&i, from->facts);
	while (g_hash_table_iter_next(&i, &name, &value))
		g_hash_table_insert(to->facts, g_strdup(name), g_strdup(value));
}

static void xorch_error_private_clear(xorch_errorPrivate *p)
{
	g_clear_pointer(&p->facts, g_hash_table_unref);
}

/* clang-format off */
G_DEFINE_EXTENDED_ERROR(xorch_error, xorch_error)
/* clang-format on */

void error_set_fact(GError **err, const char *name, const char *value)
{
	if (!err || !*err || (*err)->domain != XORCH_ERROR || !value)
		return;
	xorch_errorPrivate *p = xorch_error_get_private(*err);
	if (!p->facts)
		p->facts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	g_hash_table_insert(p->facts, g_strdup(name), g_strdup(value));
}

const char *error_fact(const GError *error, const char *name)
{
	if (!error || error->domain != XORCH_ERROR)
		return NULL;
	const xorch_errorPrivate *p = xorch_error_get_private(error);
	return p->facts ? g_hash_table_lookup(p->facts, name) : NULL;
}

static void set_text(GError **err, int code, const char *id, const char *text)
{
	if (!err)
		return;
	if (id)
		g_set_error(err, XORCH_ERROR, code, "[%s] %s", id, text);
	else
		g_set_error_literal(err, XORCH_ERROR, code, text);
}

gboolean error_set(GError **err, int code, const char *id, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	g_autofree char *text = g_strdup_vprintf(fmt, ap);
	va_end(ap);
	set_text(err, code, id, text);
	return FALSE;
}

gboolean error_set_errno(
	GError **err, int code, const char *id, int errno_value, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	g_autofree char *text = g_strdup_vprintf(fmt, ap);
	va_end(ap);
	g_autofree char *whole = g_strconcat(text, ": ", g_strerror(errno_value), NULL);
	set_text(err, code, id, whole);
	return FALSE;
}

static void append(GError **err, const char *lead, const char *fmt, va_list ap)
{
	if (!err || !*err)
		return;
	g_autofree char *text = g_strdup_vprintf(fmt, ap);
	char *whole = g_strconcat((*err)->message, "\n", lead, text, NULL);
	g_free((*err)->message);
	(*err)->message = whole;
}

#define APPEND(lead)                                                                     \
	va_list ap;                                                                      \
	va_start(ap, fmt);                                                               \
	append(err, lead, fmt, ap);                                                      \
	va_end(ap)

void error_line(GError **err, const char *fmt, ...)
{
	APPEND("  ");
}

void error_note(GError **err, const char *fmt, ...)
{
	APPEND("  = note: ");
}

void error_help(GError **err, const char *fmt, ...)
{
	APPEND("  = help: ");
}

void error_prefix(GError **err, const char *fmt, ...)
{
	if (!err || !*err)
		return;
	va_list ap;
	va_start(ap, fmt);
	g_autofree char *text = g_strdup_vprintf(fmt, ap);
	va_end(ap);
	const char *message = (*err)->message;
	const char *rest = message;
	if (message[0] == '[') {
		const char *end = strstr(message, "] ");
		if (end)
			rest = end + 2;
	}
	char *whole =
		g_strdup_printf("%.*s%s: %s", (int)(rest - message), message, text, rest);
	g_free((*err)->message);
	(*err)->message = whole;
}

gboolean error_wrap(
	GError **err, int code, const char *id, GError *foreign, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	g_autofree char *text = g_strdup_vprintf(fmt, ap);
	va_end(ap);
	g_autofree char *whole = g_strconcat(
		text, ": ", foreign ? foreign->message : "unknown error", NULL);
	set_text(err, code, id, whole);
	g_clear_error(&foreign);
	return FALSE;
}

char *text_escape(const char *text, gssize len)
{
	GString *out = g_string_new(NULL);
	const char *end = text + (len < 0 ? (gssize)strlen(text) : len);

	while (text < end) {
		gunichar c = g_utf8_get_char_validated(text, end - text);
		if (c == (gunichar)-1 || c == (gunichar)-2 || c < 0x20 ||
			(c >= 0x7f && c < 0xa0)) {
			g_string_append_printf(out, "\\x%02x", (unsigned char)*text);
			text++;
			continue;
		}
		const char *next = g_utf8_next_char(text);
		if (text_is_bidi(c)) {
			g_string_append_printf(out, "\\u{%04x}", c);
			text = next;
			continue;
		}
		g_string_append_len(out, text, next - text);
		text = next;
	}
	return g_string_free(out, FALSE);
}

char *error_in_short(const GError *error)
{
	const char *got = g_strrstr(error->message, "     got: ");
	const char *text = got ? got + strlen("     got: ") : error->message;
	const char *code = strstr(text, "] ");

	if (!got && text[0] == '[' && code)
		text = code + 2;
	return g_strndup(text, strcspn(text, "\n"));
}
