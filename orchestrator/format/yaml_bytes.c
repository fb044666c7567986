#include "format/yaml_bytes.h"
#include "format/yaml.h"
#include <string.h>

static diag *at_offset(diag_list *l, diag_severity severity, const char *code,
	diag_source *s, gsize offset, const char *what)
{
	int line, col;

	diag_source_locate(s, offset, &line, &col);
	diag *d = diag_add(l, severity, code, s, line, col, 1, "%s", what);
	d->offset = (gint64)offset;
	return d;
}

static const char *control_name(unsigned char c)
{
	switch (c) {
	case 0:
		return "NUL";
	case 0x07:
		return "BEL";
	case 0x08:
		return "backspace";
	case 0x0b:
		return "vertical tab";
	case 0x0c:
		return "form feed";
	case 0x1b:
		return "ESC";
	case 0x7f:
		return "DEL";
	default:
		return "control character";
	}
}

static gboolean is_utf16(const char *text, gsize len)
{
	return len >= 2 &&
	       (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0);
}

static gboolean refuse_byte(
	diag_source *s, const char *text, gsize len, gsize at, diag_list *l)
{
	g_autofree char *what = NULL;
	diag *d;

	if (at == 0 && is_utf16(text, len)) {
		d = at_offset(l, DIAG_ERROR, "X0214", s, 0, "this is UTF-16, not UTF-8");
		diag_help(d, "save the file as UTF-8");
		return FALSE;
	}
	what = g_strdup_printf("not valid UTF-8 (byte 0x%02x)", (unsigned char)text[at]);
	d = at_offset(l, DIAG_ERROR, "X0214", s, at, what);
	diag_help(d, "save the file as UTF-8");
	return FALSE;
}

static gboolean refuse_control(diag_source *s, const char *text, gsize at, diag_list *l)
{
	unsigned char c = (unsigned char)text[at];
	g_autofree char *what =
		g_strdup_printf("%s (byte 0x%02x) in the text", control_name(c), c);

	at_offset(l, DIAG_ERROR, "X0214", s, at, what);
	return FALSE;
}

/* Line breaks to YAML 1.1, ordinary characters to YAML 1.2 and to editors. */
static gboolean is_odd_break(gunichar c)
{
	return c == 0x85 || c == 0x2028 || c == 0x2029;
}

static gboolean check_char(diag_source *s, gunichar c, gsize at, diag_list *l)
{
	g_autofree char *what = NULL;

	if (is_odd_break(c)) {
		what = g_strdup_printf("line separator U+%04X in the text", c);
		diag *d = at_offset(l, DIAG_ERROR, "X0214", s, at, what);
		diag_note(d, "YAML readers disagree whether it ends a line");
		return FALSE;
	}
	if ((c >= 0x80 && c < 0xa0) || c == 0xfeff || c == 0xfffe || c == 0xffff) {
		what = g_strdup_printf("character U+%04X in the text", c);
		at_offset(l, DIAG_ERROR, "X0214", s, at, what);
		return FALSE;
	}
	if (text_is_bidi(c)) {
		what = g_strdup_printf("bidirectional control U+%04X in the text", c);
		diag *d = at_offset(l, DIAG_WARNING, "X0217", s, at, what);
		diag_note(d, "it makes a line look different from what it says");
	}
	return TRUE;
}

static gboolean check_size(diag_source *s, gsize len, diag_list *l)
{
	if (len <= YAML_BYTES_MAX)
		return TRUE;
	diag *d = diag_add(
		l, DIAG_ERROR, "X0215", s, 0, 0, 0, "the file is larger than 1 MiB");
	diag_note(d, "a recipe has some dozen lines; is this another kind of file?");
	return FALSE;
}

gboolean yaml_bytes_check(diag_source *s, const char *text, gsize len, diag_list *l)
{
	gboolean ok = check_size(s, len, l);

	for (gsize at = 0; ok && at < len;) {
		unsigned char b = (unsigned char)text[at];
		if (b < 0x80) {
			if ((b < 0x20 && b != '\t' && b != '\n' && b != '\r') ||
				b == 0x7f)
				return refuse_control(s, text, at, l);
			at++;
			continue;
		}
		gunichar c = g_utf8_get_char_validated(text + at, (gssize)(len - at));
		if (c == (gunichar)-1 || c == (gunichar)-2)
			return refuse_byte(s, text, len, at, l);
		ok = check_char(s, c, at, l);
		at += (gsize)(g_utf8_next_char(text + at) - (text + at));
	}
	return ok;
}
