#include "plan/plat_wish.h"
#include "base/error.h"
#include <string.h>

/* What one variable says. */
typedef struct statement {
	const char *variable, *value;
	plat_wish wish;
} statement;

plat_args plat_args_from_environment(void)
{
	return (plat_args){g_getenv("PLAT"), g_getenv("AUDITWHEEL_PLAT")};
}

void plat_wish_clear(plat_wish *w)
{
	g_clear_pointer(&w->text, g_free);
	*w = (plat_wish){0};
}

static gboolean cannot(const statement *s, GError **err, const char *why)
{
	error_set(err, EXIT_INPUT, "X0131", "%s: %s", s->wish.text, why);
	error_help(err,
		"such as %s=manylinux_2_28_aarch64; or unset it and give --floor and "
		"--target",
		s->variable);
	return FALSE;
}

/* "manylinux_2_35" or an old name: the floor; *rest gets "_armv7l" or "". */
static gboolean read_floor(const char *value, char floor[8], const char **rest)
{
	static const struct {
		const char *name, *floor;
	} old[] = {{"manylinux1", "2_5"}, {"manylinux2010", "2_12"},
		{"manylinux2014", "2_17"}};
	size_t digits;

	for (gsize i = 0; i < G_N_ELEMENTS(old); i++)
		if (g_str_has_prefix(value, old[i].name) &&
			strchr("_", value[strlen(old[i].name)])) {
			g_strlcpy(floor, old[i].floor, 8);
			*rest = value + strlen(old[i].name);
			return TRUE;
		}
	if (!g_str_has_prefix(value, "manylinux_2_"))
		return FALSE;
	value += strlen("manylinux_");
	digits = strspn(value + 2, "0123456789");
	if (digits < 1 || digits > 2 || !strchr("_", value[2 + digits]))
		return FALSE;
	g_snprintf(floor, 8, "%.*s", (int)(2 + digits), value);
	*rest = value + 2 + digits;
	return TRUE;
}

static gboolean statement_read(statement *s, GError **err)
{
	const char *rest = "";
	plat_wish *w = &s->wish;

	if (!s->value || (!g_str_has_prefix(s->value, "manylinux") &&
				 !g_str_has_prefix(s->value, "musllinux")))
		return TRUE;
	g_autofree char *raw = g_strdup_printf("%s=%s", s->variable, s->value);
	w->text = text_escape(raw, -1);
	w->own = g_str_equal(s->variable, "AUDITWHEEL_PLAT") &&
		 g_str_has_suffix(s->value, "_x86_64");
	if (g_str_has_prefix(s->value, "musllinux"))
		return w->own || cannot(s, err, "xorch builds for glibc, not for musl");
	if (!read_floor(s->value, w->floor, &rest))
		return cannot(s, err, "not the platform tag of a wheel");
	w->target = *rest ? platform_by_wheel_arch(rest + 1) : NULL;
	if (*rest && (!w->target || !w->target->builds_wheels))
		return cannot(s, err, "no wheels can be built for that architecture");
	return TRUE;
}

static gboolean contradict(const plat_wish *a, const plat_wish *b)
{
	if (!*a->floor || !*b->floor || b->own)
		return FALSE;
	return strcmp(a->floor, b->floor) ||
	       (a->target && b->target && a->target != b->target);
}

gboolean plat_wish_read(const plat_args *args, plat_wish *out, GError **err)
{
	statement plat = {"PLAT", args->plat, {{0}}},
		  wheel = {"AUDITWHEEL_PLAT", args->auditwheel_plat, {{0}}};
	gboolean ok = statement_read(&plat, err) && statement_read(&wheel, err);

	if (ok && contradict(&plat.wish, &wheel.wish)) {
		error_set(err, EXIT_INPUT, "X0108", "%s and %s contradict each other",
			plat.wish.text, wheel.wish.text);
		error_help(err, "unset one of the two, or give --floor");
		ok = FALSE;
	}
	*out = (plat_wish){{0}};
	if (ok) {
		/* The one that says more; an image's word on itself comes last. */
		gboolean first =
			*plat.wish.floor && (plat.wish.target || !*wheel.wish.floor ||
						    !wheel.wish.target || wheel.wish.own);
		statement *s = first ? &plat : &wheel;
		*out = s->wish;
		s->wish = (plat_wish){{0}};
	}
	plat_wish_clear(&plat.wish);
	plat_wish_clear(&wheel.wish);
	return ok;
}

const char *plat_wish_floor(const plat_wish *w, const platform *target, GError **err)
{
	if (!*w->floor || !target->builds_wheels)
		return NULL;
	if (!w->target || w->target == target)
		return w->floor;
	if (w->own)
		return NULL;
	error_set(err, EXIT_INPUT, "X0108", "%s is for %s, the target is %s", w->text,
		w->target->name, target->name);
	error_help(err, "unset it, or give the floor of %s by --floor", target->name);
	return NULL;
}
