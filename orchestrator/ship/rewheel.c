#include "ship/rewheel.h"
#include "base/error.h"
#include "base/fs.h"
#include "plan/policy.h"
#include "ship/place.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

/* What the search paths do not keep from repairing. */
static gboolean is_mended(const audit_finding *f)
{
	return g_str_equal(f->code, "X0710");
}

static audit_options options_of(const rewheel *how, const char *floor)
{
	return (audit_options){.strict = how->strict,
		.platform = how->repair->platform,
		.floor = floor,
		.retag = TRUE,
		.excluded = how->repair->exclude,
		.jobs = how->jobs};
}

/* The wheel as it came: whether it is one, for this machine, with a sound RECORD. */
static gboolean sound(GBytes *bytes, const char *file, const rewheel *how,
	wheel_result *result, GError **err)
{
	audit_options o = options_of(how, NULL);
	audit_report *r = result->report = audit_bytes(bytes, file, &o);

	result->tag_before = g_strdup(r->tag);
	for (guint n = r->findings->len; n-- > 0;) {
		const audit_finding *f = g_ptr_array_index(r->findings, n);
		if (f->severity != AUDIT_ERROR || !is_mended(f))
			continue;
		g_ptr_array_remove_index(r->findings, n);
		r->errors--;
	}
	return !r->errors || audit_report_error(r, err);
}

static const char *lowest_floor(const rewheel *how)
{
	const policy_arch *a =
		policy_arch_find(&policy_manylinux, how->repair->platform->wheel_arch);

	return policy_manylinux.policies[a->first].name;
}

/* What a policy above the lowest takes from the system is not grafted for it. */
static gboolean grafted_in_vain(
	const rewheel *how, const GPtrArray *grafts, const audit_report *r)
{
	const policy_arch *a =
		policy_arch_find(&policy_manylinux, how->repair->platform->wheel_arch);

	for (guint n = 0; n < grafts->len; n++) {
		const repair_graft *g = g_ptr_array_index(grafts, n);
		if (policy_library(&policy_manylinux, a, g->soname) <= r->policy)
			return TRUE;
	}
	return FALSE;
}

static GBytes *graft(GBytes *bytes, const char *file, const rewheel *how,
	const char *floor, GPtrArray *grafts, GError **err)
{
	repair_options o = *how->repair;

	o.floor = floor;
	g_ptr_array_set_size(grafts, 0);
	return wheel_repair(bytes, file, &o, grafts, err);
}

static void judge(GBytes *bytes, const char *file, const rewheel *how, const char *floor,
	wheel_result *result)
{
	audit_options o = options_of(how, floor);

	g_clear_pointer(&result->report, audit_report_free);
	result->report = audit_bytes(bytes, file, &o);
}

/* The repaired bytes with result->grafts and result->report of them. Without a floor it
 * is the lowest that the symbols allow: known when the libraries are in the wheel. */
static GBytes *repaired(GBytes *bytes, const char *file, const rewheel *how,
	wheel_result *result, GError **err)
{
	const char *floor = how->repair->floor;
	g_autoptr(GBytes) out = graft(
		bytes, file, how, floor ? floor : lowest_floor(how), result->grafts, err);

	if (!out)
		return NULL;
	judge(out, file, how, floor, result);
	const audit_report *r = result->report;
	if (!floor && r->tag && r->policy != POLICY_NONE &&
		grafted_in_vain(how, result->grafts, r)) {
		g_bytes_unref(out);
		out = graft(bytes, file, how, policy_manylinux.policies[r->policy].name,
			result->grafts, err);
		if (!out)
			return NULL;
		judge(out, file, how, NULL, result);
	}
	return g_steal_pointer(&out);
}

/* No policy: held against the newest, the audit says why. */
static gboolean no_policy(GBytes *bytes, const char *file, const rewheel *how,
	wheel_result *result, GError **err)
{
	const policy_arch *a =
		policy_arch_find(&policy_manylinux, how->repair->platform->wheel_arch);

	judge(bytes, file, how, policy_manylinux.policies[a->last].name, result);
	if (result->report->errors)
		return audit_report_error(result->report, err);
	return error_set(
		err, EXIT_AUDIT, "X0746", "no manylinux policy fits the wheel %s", file);
}

static gboolean same_tags(char **a, char **b)
{
	if (g_strv_length(a) != g_strv_length(b))
		return FALSE;
	for (; *a; a++)
		if (!g_strv_contains((const char *const *)b, *a))
			return FALSE;
	return TRUE;
}

/* Byte by byte as it came. */
static gboolean copy(GBytes *bytes, const char *file, const rewheel *how,
	const char *out_dir, wheel_result *result, GError **err)
{
	g_autoptr(place) p = place_begin(out_dir, err);
	placed done = {0};
	gsize size, at = 0;
	const char *data = g_bytes_get_data(bytes, &size);

	if (p)
		place_with(p, how->beside);
	while (p && at < size) {
		ssize_t n = write(place_fd(p), data + at, size - at);
		if (n < 0 && errno != EINTR)
			return fs_fail(err, errno, "write in", out_dir, size);
		at += n > 0 ? (gsize)n : 0;
	}
	if (!p || !place_commit(g_steal_pointer(&p), file, 0644, how->replace, NULL,
			  &done, err))
		return FALSE;
	result->file = g_strdup(file);
	result->path = done.path;
	result->sha256 = done.sha256;
	result->size = done.size;
	result->existed = done.existed;
	return TRUE;
}

static gboolean place_new(GBytes *bytes, const char *file, const rewheel *how,
	const char *out_dir, wheel_result *result, GError **err)
{
	zip_file *zip = zip_open_bytes(bytes, file, err);
	g_autoptr(wheel) w = zip ? wheel_open_zip(zip, file, TRUE, err) : NULL;

	if (!w)
		return FALSE;
	wheel_rewrite rewrite = {.platforms = result->tags,
		.build = w->name->build,
		.mtime = how->repair->mtime};
	return wheelhouse_place(w, &rewrite, out_dir, how->replace,
		"take another folder (--out)", how->beside, result, err);
}

gboolean rewheel_missing(GBytes *bytes, const char *file, const rewheel *how,
	GPtrArray *missing, gboolean *edits, GError **err)
{
	repair_options o = *how->repair;

	if (!o.floor)
		o.floor = lowest_floor(how);
	return wheel_repair_missing(bytes, file, &o, missing, edits, err);
}

gboolean rewheel_finish(GBytes *bytes, const char *file, const rewheel *how,
	const char *out_dir, wheel_result *result, GError **err)
{
	*result = (wheel_result){0};
	result->grafts =
		g_ptr_array_new_with_free_func((GDestroyNotify)repair_graft_free);
	g_autoptr(wheel_name) name = wheel_name_parse(file, err);
	if (!name || !sound(bytes, file, how, result, err))
		return FALSE;
	if (result->report->pure) {
		result->tags = g_strdupv(name->platforms);
		return copy(bytes, file, how, out_dir, result, err);
	}
	g_autoptr(GBytes) out = repaired(bytes, file, how, result, err);
	if (!out)
		return FALSE;
	const audit_report *r = result->report;
	if (r->errors)
		return audit_report_error(r, err);
	if (!r->tag || r->policy == POLICY_NONE)
		return no_policy(out, file, how, result, err);
	result->tags = policy_tags(r->family, r->policy, r->arch);
	if (g_bytes_equal(out, bytes) && same_tags(result->tags, name->platforms))
		return copy(bytes, file, how, out_dir, result, err);
	return place_new(out, file, how, out_dir, result, err);
}
