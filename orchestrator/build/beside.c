#include "build/beside.h"
#include "base/event.h"
#include "base/fs.h"
#include "format/digest.h"
#include "format/wheel.h"
#include <string.h>

#define RECORD_MAX (1 << 20)
#define PROGRAM_MAX (512 << 20)
/* Where orchestrator/wheel.py puts this program. */
#define PLACE "/xorch/bin/xorch"

char *beside_site(void)
{
	g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);

	if (!self || !g_str_has_suffix(self, PLACE))
		return NULL;
	self[strlen(self) - strlen(PLACE)] = '\0';
	g_autofree char *info =
		g_build_filename(self, "xorch-" XORCH_VERSION ".dist-info", NULL);
	return g_file_test(info, G_FILE_TEST_IS_DIR) ? g_steal_pointer(&self) : NULL;
}

/* The digest of a lock as RECORD writes it. */
static char *record_digest(const char *hex)
{
	guint8 raw[32];

	if (strlen(hex) != DIGEST_HEX)
		return NULL;
	for (gsize n = 0; n < sizeof raw; n++)
		raw[n] = (guint8)(g_ascii_xdigit_value(hex[2 * n]) << 4 |
				  g_ascii_xdigit_value(hex[2 * n + 1]));
	return wheel_digest_text(raw, sizeof raw);
}

/* Where RECORD says that this program of the release stands. New string, or NULL. */
static char *place_of(const char *site, const locked_package *p, const char *program)
{
	g_autofree char *folder = g_strdup_printf("%s-%s.dist-info", p->name, p->version);
	g_autofree char *path = g_build_filename(site, folder, "RECORD", NULL);
	g_autofree char *tail = g_strconcat("bin/", program, NULL);
	g_autofree char *wanted = p->program ? record_digest(p->program) : NULL;
	g_autoptr(GBytes) text = wanted ? fs_read(path, RECORD_MAX, NULL) : NULL;
	gsize size = 0;
	const char *data = text ? g_bytes_get_data(text, &size) : NULL;
	g_autoptr(GPtrArray) rows = data ? wheel_record_parse(data, size, NULL) : NULL;

	for (guint n = 0; rows && n < rows->len; n++) {
		const wheel_record *r = g_ptr_array_index(rows, n);
		if (g_str_has_suffix(r->path, tail) &&
			g_strcmp0(r->algorithm, "sha256") == 0 &&
			g_strcmp0(r->digest, wanted) == 0)
			return g_canonicalize_filename(r->path, site);
	}
	return NULL;
}

const locked_package *beside_choose(
	const package_section *s, const char *program, char **path)
{
	g_autofree char *site = beside_site();

	for (guint n = 0; site && n < s->packages->len; n++) {
		const locked_package *p = g_ptr_array_index(s->packages, n);
		g_autofree char *place = place_of(site, p, program);
		if (!place || !g_file_test(place, G_FILE_TEST_IS_REGULAR))
			continue;
		if (path)
			*path = g_steal_pointer(&place);
		return p;
	}
	return g_ptr_array_index(s->packages, 0);
}

GBytes *beside_read(const locked_package *p, const char *program, char **path)
{
	g_autofree char *site = beside_site();
	g_autofree char *place = site ? place_of(site, p, program) : NULL;
	g_autoptr(GBytes) bytes = place ? fs_read(place, PROGRAM_MAX, NULL) : NULL;
	gsize size = 0;
	const void *data = bytes ? g_bytes_get_data(bytes, &size) : NULL;
	g_autofree char *sum = data ? digest_bytes(data, size) : NULL;

	if (!sum)
		return NULL;
	if (strcmp(sum, p->program) != 0) {
		event_log(EVENT_WARNING, NULL,
			"%s is not the program that %s %s brought: the locked one is "
			"fetched",
			place, p->name, p->version);
		return NULL;
	}
	*path = g_steal_pointer(&place);
	return g_steal_pointer(&bytes);
}
