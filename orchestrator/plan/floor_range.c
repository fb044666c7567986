#include "plan/floor_range.h"
#include "base/error.h"
#include <elf.h>
#include <string.h>

gboolean floor_parse(const char *text, int *minor, GError **err)
{
	g_autofree char *shown = text_escape(text, -1);
	char *end = NULL;
	guint64 n = 0;

	if (g_str_has_prefix(text, "2_") && g_ascii_isdigit(text[2]))
		n = g_ascii_strtoull(text + 2, &end, 10);
	if (!end || *end || n >= 100) {
		error_set(err, EXIT_INPUT, "X0330", "not a floor: %s", shown);
		error_help(err,
			"write glibc's version as in the wheel's tag: 2_17, 2_28, 2_31");
		return FALSE;
	}
	if (n < FLOOR_LOWEST) {
		error_set(err, EXIT_INPUT, "X0330", "the floor %s is below 2_%d", shown,
			FLOOR_LOWEST);
		error_note(
			err, "the headers of today's sysroots cannot be made fit for it");
		error_help(err,
			"take 2_%d: a wheel that needs less gets a lower tag by itself",
			FLOOR_LOWEST);
		return FALSE;
	}
	*minor = (int)n;
	return TRUE;
}

int sysroot_def_glibc(const sysroot_def *def)
{
	return g_str_has_prefix(def->glibc, "2.") ? atoi(def->glibc + 2) : 0;
}

int sysroot_def_lowest(const sysroot_def *def)
{
	return sysroot_def_glibc(def) < FLOOR_MERGED ? FLOOR_LOWEST : FLOOR_MERGED;
}

static gboolean has_floor(const sysroot_def *def, int minor)
{
	return sysroot_def_lowest(def) <= minor && minor <= sysroot_def_glibc(def);
}

static gboolean by_itself(const sysroot_def *def)
{
	return def->packages.debian.suite != NULL;
}

static int by_glibc(gconstpointer a, gconstpointer b)
{
	const sysroot_def *x = *(sysroot_def *const *)a, *y = *(sysroot_def *const *)b;

	return sysroot_def_glibc(x) - sysroot_def_glibc(y);
}

/* Those to link against for the target, the oldest C library first; a definition that
 * cannot be read is left to who names it. Element sysroot_def. */
static GPtrArray *sysroots_of(const platform *target)
{
	GPtrArray *found =
		g_ptr_array_new_with_free_func((GDestroyNotify)sysroot_def_free);
	g_autoptr(GPtrArray) names = catalog_names(CATALOG_SYSROOT);

	for (guint i = 0; i < names->len; i++) {
		g_autoptr(sysroot_def) def = sysroot_def_find(names->pdata[i], NULL);
		if (def && !def->python && sysroot_def_has(def, target, NULL))
			g_ptr_array_add(found, g_steal_pointer(&def));
	}
	g_ptr_array_sort(found, by_glibc);
	return found;
}

static void list_floors(GError **err, const GPtrArray *defs)
{
	for (guint i = 0; i < defs->len; i++) {
		const sysroot_def *def = g_ptr_array_index(defs, i);
		error_line(err, "%-16s 2_%d … 2_%d%s", def->name, sysroot_def_lowest(def),
			sysroot_def_glibc(def), by_itself(def) ? "" : " (by --sysroot)");
	}
}

/* The nearest lower floor that is taken without a name; 0: there is none. */
static int floor_below(const GPtrArray *defs, int minor)
{
	int best = 0;

	for (guint i = 0; i < defs->len; i++) {
		const sysroot_def *def = g_ptr_array_index(defs, i);
		int glibc = sysroot_def_glibc(def);
		if (by_itself(def) && glibc < minor)
			best = MAX(best, glibc);
	}
	return best;
}

static void advise(GError **err, const GPtrArray *defs, const sysroot_def *named,
	const platform *target, int minor)
{
	int below = floor_below(defs, minor);

	for (guint i = 0; named && i < defs->len; i++) {
		const sysroot_def *def = g_ptr_array_index(defs, i);
		if (!by_itself(def) || !has_floor(def, minor))
			continue;
		error_help(err, "take the sysroot %s, which has 2_%d, or none by name",
			def->name, minor);
		return;
	}
	if (below)
		error_help(err,
			"take 2_%d: what is built for it runs with glibc 2.%d as well",
			below, minor);
	else
		error_help(err, "write a definition in sysroots/ that has 2_%d for %s",
			minor, target->name);
}

/* X0331 or X0332; `named` NULL: of all sysroots. */
static sysroot_def *out_of_reach(
	const sysroot_def *named, const platform *target, int minor, GError **err)
{
	g_autoptr(GPtrArray) defs = sysroots_of(target);
	gboolean too_low = named && minor < sysroot_def_lowest(named);

	if (too_low)
		error_set(err, EXIT_INPUT, "X0332",
			"the sysroot %s (glibc %s) cannot be lowered to 2_%d",
			named->name, named->glibc, minor);
	else if (named)
		error_set(err, EXIT_INPUT, "X0331",
			"the floor 2_%d is above the sysroot %s, which has glibc %s",
			minor, named->name, named->glibc);
	else
		error_set(err, EXIT_INPUT, "X0331",
			"no sysroot for %s has the floor 2_%d", target->name, minor);
	list_floors(err, defs);
	if (too_low || (minor > FLOOR_LOWEST && minor < FLOOR_MERGED))
		error_note(err, "glibc 2.34 moved libpthread, libdl, librt and libutil "
				"into libc; "
				"what is left of them in a newer one is no guide to the "
				"old ones");
	else
		error_note(err,
			"names newer than its own glibc are neither in a sysroot's "
			"headers nor in its libraries");
	if (target->elf_machine == EM_ARM && !named && minor > FLOOR_TIME32)
		error_note(err,
			"Debian 13, which has it elsewhere, gives %s a 64-bit time_t: "
			"another ABI than that of the platform's wheels so far",
			target->name);
	advise(err, defs, named, target, minor);
	return NULL;
}

/* X0302. */
static gboolean fits(const sysroot_def *named, const platform *target, GError **err)
{
	if (!named->python)
		return sysroot_def_has(named, target, err);
	return error_set(err, EXIT_INPUT, "X0302",
		"sysroot %s is one to run in, not to link against", named->name);
}

sysroot_def *sysroot_for_floor(
	const char *name, const char *floor, const platform *target, GError **err)
{
	int minor;

	if (!floor_parse(floor, &minor, err))
		return NULL;
	g_autoptr(sysroot_def) def = sysroot_def_find(name ? name : SYSROOT_DEFAULT, err);
	if (!def)
		return NULL;
	if (name && !fits(def, target, err))
		return NULL;
	if (sysroot_def_has(def, target, NULL) && has_floor(def, minor))
		return g_steal_pointer(&def);
	if (name)
		return out_of_reach(def, target, minor, err);
	g_autoptr(GPtrArray) defs = sysroots_of(target);
	for (guint i = 0; i < defs->len; i++)
		if (by_itself(defs->pdata[i]) && has_floor(defs->pdata[i], minor))
			return sysroot_def_find(
				((sysroot_def *)defs->pdata[i])->name, err);
	/* X0302 names the targets that there are. */
	if (!defs->len && !sysroot_def_has(def, target, err))
		return NULL;
	return out_of_reach(NULL, target, minor, err);
}

GPtrArray *sysroots_newer(const char *name, const platform *target)
{
	g_autoptr(sysroot_def) old = sysroot_def_find(name, NULL);
	g_autoptr(GPtrArray) all = sysroots_of(target);
	GPtrArray *newer =
		g_ptr_array_new_with_free_func((GDestroyNotify)sysroot_def_free);

	g_ptr_array_set_free_func(all, NULL);
	for (guint i = 0; i < all->len; i++) {
		sysroot_def *def = g_ptr_array_index(all, i);
		if (old && by_itself(def) &&
			sysroot_def_glibc(def) > sysroot_def_glibc(old))
			g_ptr_array_add(newer, def);
		else
			sysroot_def_free(def);
	}
	return newer;
}
