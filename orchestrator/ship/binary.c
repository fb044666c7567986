#include "ship/binary.h"
#include "base/error.h"
#include "base/fs.h"
#include "ship/place.h"
#include <string.h>

#define MAX_PROGRAM ((gsize)2 << 30)

char *binary_name(const binary_expect *e)
{
	const platform *p = e->platform;
	g_autofree char *number =
		e->build_number ? g_strdup_printf("-%u", e->build_number) : g_strdup("");

	return g_strdup_printf("%s-%s%s-linux-%s%s", e->name, e->version, number,
		p->docker_arch, p->docker_variant ? p->docker_variant : "");
}

gboolean binary_name_is(const char *file, const char *name, const char *version)
{
	g_autofree char *start = g_strdup_printf("%s-%s", name, version);

	if (!g_str_has_prefix(file, start))
		return FALSE;
	file += strlen(start);
	/* wheel_label_version */
	if ((*file == '+' || *file == '.') && file[1] == 'g')
		file += 1 + strcspn(file + 1, "-+");
	if (*file == '-' && g_ascii_isdigit(file[1]))
		file += 1 + strspn(file + 1, "0123456789");
	return g_str_has_prefix(file, "-linux-");
}

const platform *binary_name_platform(const char *file)
{
	for (const platform *p = platforms; p->name; p++) {
		g_autofree char *end = g_strdup_printf("-linux-%s%s", p->docker_arch,
			p->docker_variant ? p->docker_variant : "");
		if (p->builds_go && g_str_has_suffix(file, end))
			return p;
	}
	return NULL;
}

/* The one regular file of the folder. New string. */
static char *only_file(const char *folder, GError **err)
{
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	g_autofree char *found = NULL;
	const char *name;
	guint n = 0;

	while (dir && (name = g_dir_read_name(dir))) {
		g_free(found);
		found = g_build_filename(folder, name, NULL);
		n++;
	}
	if (n == 1 && g_file_test(found, G_FILE_TEST_IS_REGULAR) &&
		!g_file_test(found, G_FILE_TEST_IS_SYMLINK))
		return g_steal_pointer(&found);
	error_set(err, EXIT_AUDIT, "X0720",
		"the build left %u files where one program is "
		"meant",
		n);
	return NULL;
}

static gboolean put(GBytes *bytes, const binary_expect *e, const char *out_dir,
	wheel_result *result, GError **err)
{
	g_autofree char *name = binary_name(e);
	place *p = place_begin(out_dir, err);
	placed done = {0};

	if (!p)
		return FALSE;
	if (!fs_write_all(place_fd(p), g_bytes_get_data(bytes, NULL),
		    g_bytes_get_size(bytes), name, err)) {
		place_abort(p);
		return FALSE;
	}
	place_with(p, e->beside);
	if (!place_commit(p, name, 0755, e->replace, "raise build.number in the recipe",
		    &done, err))
		return FALSE;
	result->path = done.path;
	result->sha256 = done.sha256;
	result->file = g_steal_pointer(&name);
	result->size = done.size;
	result->existed = done.existed;
	return TRUE;
}

gboolean binary_finish(const char *folder, const binary_expect *e, const char *out_dir,
	wheel_result *result, GError **err)
{
	g_autofree char *path = only_file(folder, err);
	g_autoptr(GBytes) bytes = path ? fs_read(path, MAX_PROGRAM, err) : NULL;
	audit_options options = {.strict = e->strict,
		.own = TRUE,
		.go_program = TRUE,
		.go_cgo = e->cgo,
		.platform = e->platform,
		.floor = e->cgo ? e->floor : NULL,
		.build_paths = e->build_paths,
		.provides = e->provides,
		.provides_data = e->provides_data,
		.jobs = 1};

	memset(result, 0, sizeof *result);
	if (!bytes)
		return FALSE;
	result->report = audit_bytes(bytes, path, &options);
	if (result->report->errors)
		return audit_report_error(result->report, err);
	result->tags = g_new0(char *, 2);
	if (e->cgo && result->report->tag)
		result->tags[0] = g_strdup(result->report->tag);
	return put(bytes, e, out_dir, result, err);
}

gboolean binary_same_bytes(const char *first, const char *second, GError **err)
{
	g_autoptr(GBytes) a = fs_read(first, MAX_PROGRAM, err);
	g_autoptr(GBytes) b = a ? fs_read(second, MAX_PROGRAM, err) : NULL;
	gsize na, nb, n = 0;

	if (!b)
		return FALSE;
	if (g_bytes_equal(a, b))
		return TRUE;
	const guint8 *pa = g_bytes_get_data(a, &na), *pb = g_bytes_get_data(b, &nb);
	while (n < na && n < nb && pa[n] == pb[n])
		n++;
	error_set(err, EXIT_AUDIT, "X0729", "two builds of the same inputs differ");
	error_line(err,
		"first: from byte %" G_GSIZE_FORMAT " (%" G_GSIZE_FORMAT
		" and %" G_GSIZE_FORMAT " bytes)",
		n, na, nb);
	error_help(err, "usual causes: a time or a path in -ldflags, code that a "
			"generator writes; `--keep` keeps both build folders");
	return FALSE;
}
