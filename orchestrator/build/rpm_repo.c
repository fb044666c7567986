#include "build/rpm_repo.h"
#include "base/error.h"
#include "base/event.h"
#include "base/fs.h"
#include "build/fetch.h"
#include "build/signature.h"
#include "build/store.h"
#include "format/debian.h"
#include "format/repomd.h"
#include <string.h>

#define REPOMD_MAX (1 << 20)
#define SIGNATURE_MAX (64 << 10)
#define INDEX_FILE_MAX (512ll << 20)
#define KEYRING_MAX (1 << 20)

/* What the steps below share. */
typedef struct opening {
	const build_context *ctx;
	const char *name; /* of the sysroot, for people */
	const rpm_source *source;
	const char *architecture, *not_before;
	char *keyring; /* file for gpgv, or NULL */
	char *scratch; /* folder of it, or NULL */
	gint64 newest;
} opening;

void rpm_repo_free(rpm_repo *r)
{
	if (!r)
		return;
	solv_index_free(r->index);
	g_free(r->date);
	g_free(r);
}

/* ---- keys ---- */

/* The base64 between the header and the checksum of an armored block (RFC 4880, 6.2). */
static GByteArray *dearmor(const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	g_autoptr(GString) body = g_string_new(NULL);
	GByteArray *out = g_byte_array_new();
	enum { OUTSIDE, HEADERS, BODY } state = OUTSIDE;

	for (char **l = lines; *l; l++) {
		const char *line = g_strstrip(*l);
		if (g_str_has_prefix(line, "-----BEGIN PGP PUBLIC KEY BLOCK")) {
			state = HEADERS;
			g_string_truncate(body, 0);
		} else if (state == HEADERS && !*line) {
			state = BODY;
		} else if (state == BODY && g_str_has_prefix(line, "-----END")) {
			gsize n;
			g_autofree guchar *part = g_base64_decode(body->str, &n);
			g_byte_array_append(out, part, (guint)n);
			state = OUTSIDE;
		} else if (state == BODY && *line != '=') {
			g_string_append(body, line);
		}
	}
	return out;
}

/* gpgv wants keys without armor. */
static gboolean keyring_prepare(opening *o, const char *folder, GError **err)
{
	gsize size;

	if (!o->source->keyring)
		return TRUE;
	g_autofree char *path = g_build_filename(folder, o->source->keyring, NULL);
	g_autoptr(GBytes) bytes = fs_read(path, KEYRING_MAX, NULL);
	if (!bytes) {
		error_set(err, EXIT_HOST, "X0841", "the keys of %s cannot be read",
			o->name);
		error_line(err, "%s", path);
		error_help(err,
			"put the distribution's public key there, as it publishes "
			"it (RPM-GPG-KEY-…)");
		return FALSE;
	}
	const char *data = g_bytes_get_data(bytes, &size);
	o->scratch = store_temp_dir(o->ctx->store, err);
	if (!o->scratch)
		return FALSE;
	g_autofree char *text = g_strndup(data, size);
	g_autoptr(GByteArray) plain =
		g_str_has_prefix(text, "-----BEGIN") ? dearmor(text) : NULL;
	o->keyring = g_build_filename(o->scratch, "keys.gpg", NULL);
	return fs_write_atomic(o->keyring, plain ? (const void *)plain->data : data,
		plain ? plain->len : size, 0600, err);
}

/* ---- repomd.xml ---- */

static char *file_url(const opening *o, const char *repository, const char *path)
{
	g_autofree char *base = rpm_def_url(o->source, repository, o->architecture);

	return g_strdup_printf("%s/%s", base, path);
}

static GBytes *document(const opening *o, const char *repository, const char *path,
	gsize max, GError **err)
{
	g_autofree char *url = file_url(o, repository, path);
	g_autofree char *label = g_strdup_printf("%s %s", repository, path);
	const char *const urls[] = {url, NULL};
	fetch_document d = {.label = label,
		.urls = urls,
		.max_size = max,
		.allow_http = TRUE,
		.offline = o->ctx->offline};

	if (!fetch_document_get(&d, err))
		return NULL;
	GBytes *body = g_bytes_ref(d.body);
	fetch_document_clear(&d);
	return body;
}

/* A file by its sum, in the store; new string. `size` -1: not known. */
static char *file_by_sum(const opening *o, const char *repository, const char *path,
	const char *sha256, gint64 size, GError **err)
{
	g_autofree char *label = g_strdup_printf("%s %s", repository, path);
	g_autofree char *url = file_url(o, repository, path);
	g_autoptr(fetch_item) item = fetch_item_new(label, sha256, size, err);
	g_autoptr(GPtrArray) items = g_ptr_array_new();
	fetch_options options = {.offline = o->ctx->offline};

	if (!item)
		return NULL;
	item->allow_http = TRUE;
	item->max_size = size < 0 ? REPOMD_MAX : INDEX_FILE_MAX;
	fetch_item_add_url(item, url);
	g_ptr_array_add(items, item);
	return fetch_blobs(o->ctx->store, items, &options, err) ? g_strdup(item->path)
								: NULL;
}

static GBytes *signed_repomd(const opening *o, const char *repository, GError **err)
{
	g_autofree char *label = g_strdup_printf("%s repomd.xml", repository);
	g_autoptr(GBytes) body =
		document(o, repository, "repodata/repomd.xml", REPOMD_MAX, err);
	g_autoptr(GBytes) signature =
		body ? document(o, repository, "repodata/repomd.xml.asc", SIGNATURE_MAX,
			       err)
		     : NULL;
	gsize n, m;

	if (body && !signature && err && fetch_not_found(*err)) {
		g_clear_error(err);
		error_set(err, EXIT_INTEGRITY, "X0631", "%s is refused: it is not signed",
			label);
		error_line(err, "the repository has no repomd.xml.asc");
		error_help(err, "pin it by its digest instead: `sha256` in the "
				"definition's `rpm`");
	}
	if (!signature)
		return NULL;
	const char *text = g_bytes_get_data(body, &n);
	const char *armor = g_bytes_get_data(signature, &m);
	g_autofree char *text_copy = g_strndup(text ? text : "", n);
	g_autofree char *armor_copy = g_strndup(armor ? armor : "", m);
	/* a NUL would hide from the check what follows it */
	if (strlen(text_copy) != n || strlen(armor_copy) != m) {
		error_set(err, EXIT_INTEGRITY, "X0636", "%s is refused: it is no text",
			label);
		return NULL;
	}
	return signature_check(o->ctx->store, label, text_copy, armor_copy, o->keyring,
		       o->source->signed_by, err)
		       ? g_steal_pointer(&body)
		       : NULL;
}

static GBytes *repomd_bytes(const opening *o, const char *repository, GError **err)
{
	const char *pinned = rpm_def_pinned(o->source, repository);

	if (!pinned)
		return signed_repomd(o, repository, err);
	g_autofree char *path =
		file_by_sum(o, repository, "repodata/repomd.xml", pinned, -1, err);
	return path ? fs_read(path, REPOMD_MAX, err) : NULL;
}

static gboolean check_age(
	opening *o, const char *repository, const repomd *r, GError **err)
{
	gint64 before;

	o->newest = MAX(o->newest, r->revision);
	if (!o->not_before || !r->revision || !debian_date(o->not_before, &before) ||
		r->revision >= before || rpm_def_pinned(o->source, repository))
		return TRUE;
	error_set(err, EXIT_INTEGRITY, "X0635",
		"%s repomd.xml is refused: it is older than the one known", repository);
	error_line(err, "its revision is %" G_GINT64_FORMAT, r->revision);
	error_line(err, "the lock has %s", o->not_before);
	error_help(err, "the mirror is out of date, or somebody hides updates");
	return FALSE;
}

static gboolean add_repository(
	opening *o, solv_index *index, const char *repository, GError **err)
{
	g_autofree char *label = g_strdup_printf("%s repomd.xml", repository);
	g_autoptr(GBytes) body = repomd_bytes(o, repository, err);
	gsize size;

	if (!body)
		return FALSE;
	const char *text = g_bytes_get_data(body, &size);
	g_autoptr(repomd) r = repomd_parse(label, text ? text : "", size, err);
	if (!r || !check_age(o, repository, r, err))
		return FALSE;
	g_autofree char *primary = file_by_sum(
		o, repository, r->primary.path, r->primary.sha256, r->primary.size, err);
	g_autofree char *files =
		primary && r->filelists.path
			? file_by_sum(o, repository, r->filelists.path,
				  r->filelists.sha256, r->filelists.size, err)
			: NULL;
	if (!primary || (r->filelists.path && !files))
		return FALSE;
	if (solv_index_rpm_add(index, repository, primary, files, err))
		return TRUE;
	error_line(err, "of the repository %s", repository);
	return FALSE;
}

/* As Debian's Release has its Date, so that a lock has one form of it. */
static char *date_text(gint64 seconds)
{
	g_autoptr(GDateTime) t =
		seconds > 0 ? g_date_time_new_from_unix_utc(seconds) : NULL;
	static const char *const days[] = {
		"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
	static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
		"Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

	if (!t)
		return g_strdup("");
	return g_strdup_printf("%s, %02d %s %d %02d:%02d:%02d UTC",
		days[g_date_time_get_day_of_week(t) - 1], g_date_time_get_day_of_month(t),
		months[g_date_time_get_month(t) - 1], g_date_time_get_year(t),
		g_date_time_get_hour(t), g_date_time_get_minute(t),
		g_date_time_get_second(t));
}

rpm_repo *rpm_repo_open(const build_context *ctx, const char *name,
	const rpm_source *source, const char *folder, const char *architecture,
	const char *not_before, GError **err)
{
	g_autoptr(rpm_repo) repo = g_new0(rpm_repo, 1);
	opening o = {.ctx = ctx,
		.name = name,
		.source = source,
		.architecture = architecture,
		.not_before = not_before && *not_before ? not_before : NULL};
	gint64 begun = event_step_begin(name, "index");
	gboolean ok = keyring_prepare(&o, folder, err);

	repo->index = solv_index_rpm(architecture);
	for (guint i = 0; ok && i < source->repositories->len; i++) {
		const bind_pair *p = g_ptr_array_index(source->repositories, i);
		ok = add_repository(&o, repo->index, p->name, err);
	}
	ok = ok && solv_index_rpm_ready(repo->index, err);
	repo->date = date_text(o.newest);
	if (o.scratch)
		fs_remove_tree(o.scratch, NULL);
	g_free(o.scratch);
	g_free(o.keyring);
	event_step_end(name, "index", begun, ok);
	return ok ? g_steal_pointer(&repo) : NULL;
}
