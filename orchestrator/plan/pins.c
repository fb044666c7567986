#include "plan/pins.h"
#include "base/error.h"
#include "format/pep440.h"
#include "format/project_name.h"
#include "format/yaml_bind.h"

static gboolean is_version(const char *text)
{
	g_autoptr(pep440_version) v = pep440_version_parse(text);

	return v != NULL;
}

/* ">=1,<2" of a pin. New string. */
static char *specifiers(const bind_pair *pin)
{
	return is_version(pin->value) ? g_strconcat("==", pin->value, NULL)
				      : g_strdup(pin->value);
}

char *pins_text(const GPtrArray *pins)
{
	GString *out = g_string_new(NULL);

	for (guint n = 0; pins && n < pins->len; n++) {
		const bind_pair *pin = g_ptr_array_index(pins, n);
		g_autofree char *text = specifiers(pin);
		g_string_append_printf(out, "%s%s\n", pin->name, text);
	}
	return g_string_free(out, FALSE);
}

static const bind_pair *pin_of(const GPtrArray *pins, const char *normalised)
{
	for (guint n = 0; n < pins->len; n++) {
		const bind_pair *pin = g_ptr_array_index(pins, n);
		g_autofree char *name = project_name_normalize(pin->name);
		if (g_str_equal(name, normalised))
			return pin;
	}
	return NULL;
}

gboolean pins_hold(const GPtrArray *pins, const lock_environment *e, GError **err)
{
	for (guint n = 0; pins && n < e->packages->len; n++) {
		const locked_file *f = g_ptr_array_index(e->packages, n);
		const bind_pair *pin = pin_of(pins, f->name);
		g_autofree char *text = pin ? specifiers(pin) : NULL;
		g_autoptr(pep440_specifiers) s =
			text ? pep440_specifiers_parse(text, NULL) : NULL;
		if (!s || pep440_specifiers_match(s, f->version))
			continue;
		g_autofree char *wanted = g_strconcat(pin->name, text, NULL);
		error_set(err, EXIT_LOCK, "X0408",
			"%s %s is locked, and the pins of this project want `%s`",
			f->name, f->version, wanted);
		return FALSE;
	}
	return TRUE;
}
