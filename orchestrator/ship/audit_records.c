#include "ship/audit_parts.h"
#include "base/error.h"
#include "format/project_name.h"
#include <openssl/evp.h>
#include <string.h>

static char *shown(const char *text)
{
	return text_escape(text, -1);
}

static gboolean digest_matches(
	audit_run *run, const audit_member *m, const wheel_record *r)
{
	guint8 digest[EVP_MAX_MD_SIZE];
	unsigned size = 0;
	gsize n;

	if (g_str_equal(r->algorithm, "sha256")) {
		g_autofree char *text = wheel_digest_text(m->sha256, 32);
		return g_str_equal(text, r->digest);
	}
	const EVP_MD *md = EVP_get_digestbyname(r->algorithm);
	g_autoptr(GBytes) bytes = md ? zip_read(run->zip, m->entry, NULL) : NULL;
	if (!bytes)
		return FALSE;
	const void *data = g_bytes_get_data(bytes, &n);
	if (!EVP_Digest(data, n, digest, &size, md, NULL))
		return FALSE;
	g_autofree char *text = wheel_digest_text(digest, size);
	return g_str_equal(text, r->digest);
}

/* Why a RECORD line does not hold, or NULL. */
static const char *line_problem(audit_run *run, const wheel_record *r)
{
	static const char *const good[] = {"sha256", "sha384", "sha512", NULL};
	const audit_member *m = g_hash_table_lookup(run->by_name, r->path);

	if (r->path[0] == '/')
		return "an absolute path";
	g_auto(GStrv) part = g_strsplit(r->path, "/", -1);
	if (g_strv_contains((const char *const *)part, ".."))
		return "a path with \"..\"";
	if (!m)
		return "names a file that is not in the wheel";
	if (wheel_is_record(run->wheel, r->path))
		return NULL;
	if (!r->algorithm)
		return "without a hash";
	if (!g_strv_contains(good, r->algorithm))
		return "a hash weaker than sha256";
	if (r->size >= 0 && (guint64)r->size != m->entry->size)
		return "another size than the file has";
	if (m->hashed && !digest_matches(run, m, r))
		return "another hash than the file has";
	return NULL;
}

static void check_record(audit_run *run)
{
	GError *e = NULL;
	gsize size;
	g_autoptr(GHashTable) listed = g_hash_table_new(g_str_hash, g_str_equal);

	/* Of a wheel that is about to be rewritten RECORD is not the last word. */
	audit_severity grade = run->options->own ? AUDIT_NOTE : AUDIT_ERROR;

	if (!run->wheel->record) {
		audit_add(run, grade, "X0718", NULL, "RECORD is missing");
		return;
	}
	g_autoptr(GBytes) bytes = zip_read(run->zip, run->wheel->record, NULL);
	if (!bytes)
		return; /* the scan reported it */
	const char *text = g_bytes_get_data(bytes, &size);
	g_autoptr(GPtrArray) lines = wheel_record_parse(text, size, &e);
	if (!lines) {
		audit_add(run, grade, "X0718", run->wheel->record->name, "%s",
			strchr(e->message, ' ') + 1);
		g_error_free(e);
		return;
	}
	audit_finding *f = NULL;
	for (guint i = 0; i < lines->len; i++) {
		const wheel_record *r = g_ptr_array_index(lines, i);
		const char *why = line_problem(run, r);
		if (!g_hash_table_add(listed, r->path))
			why = "listed twice";
		if (!why)
			continue;
		if (!f)
			f = audit_add(run, grade, "X0718", run->wheel->record->name,
				"RECORD does not tell the truth");
		g_autofree char *path = shown(r->path);
		audit_line(f, "%s: %s", path, why);
	}
	for (guint i = 0; i < run->n_members; i++) {
		const audit_member *m = &run->members[i];
		if (m->entry->folder || wheel_is_record(run->wheel, m->name) ||
			g_hash_table_contains(listed, m->name))
			continue;
		if (!f)
			f = audit_add(run, grade, "X0718", run->wheel->record->name,
				"RECORD does not tell the truth");
		audit_line(f, "%s: not listed", m->name);
	}
	if (f)
		audit_hint(f,
			"the wheel was changed after it was built; installers that check "
			"RECORD refuse it");
}

/* Names under console_scripts and gui_scripts become files in bin/. */
static void check_entry_points(audit_run *run)
{
	g_autofree char *name =
		g_strconcat(run->wheel->dist_info, "entry_points.txt", NULL);
	const zip_entry *e = zip_find(run->zip, name);
	gboolean scripts = FALSE;
	gsize size;

	if (!e || e->size > (1 << 20))
		return;
	g_autoptr(GBytes) bytes = zip_read(run->zip, e, NULL);
	if (!bytes)
		return;
	const char *data = g_bytes_get_data(bytes, &size);
	g_autofree char *text = g_strndup(data, size);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	for (char **l = lines; *l; l++) {
		g_strstrip(*l);
		if (**l == '[')
			scripts = g_str_equal(*l, "[console_scripts]") ||
				  g_str_equal(*l, "[gui_scripts]");
		char *equals = strchr(*l, '=');
		if (!scripts || **l == '#' || !equals)
			continue;
		g_autofree char *key = g_strndup(*l, (gsize)(equals - *l));
		g_strstrip(key);
		if (*key && !strpbrk(key, "/\\") && !g_str_equal(key, "..") &&
			!g_str_equal(key, "."))
			continue;
		g_autofree char *safe = shown(key);
		audit_finding *f = audit_add(run, AUDIT_ERROR, "X0726", name,
			"an entry point would be written outside the scripts folder");
		audit_line(f, "\"%s\"", safe);
	}
}

static void check_metadata(audit_run *run)
{
	const wheel *w = run->wheel;
	const char *name = wheel_header(w->metadata, "Name");
	const char *version = wheel_header(w->metadata, "Version");
	g_autofree char *folder = g_strndup(w->dist_info, strlen(w->dist_info) - 11);

	if (!name || !version) {
		audit_add(run, AUDIT_ERROR, "X0718", NULL, "METADATA names no %s",
			name ? "version" : "project");
		return;
	}
	if (!w->name) {
		audit_add(run, audit_grade(run, AUDIT_WARNING), "X0719", NULL,
			"the file name is not a wheel's");
		return;
	}
	g_autofree char *a = project_name_normalize(name);
	g_autofree char *b = project_name_normalize(w->name->name);
	char *dash = strchr(folder, '-');
	if (!g_str_equal(a, b) || !wheel_version_equal(version, w->name->version)) {
		g_autofree char *n = shown(name);
		g_autofree char *v = shown(version);
		audit_finding *f = audit_add(run, AUDIT_ERROR, "X0719", NULL,
			"file name and METADATA disagree");
		audit_line(f, "file name: %s %s", w->name->name, w->name->version);
		audit_line(f, "METADATA:  %s %s", n, v);
	} else if (dash) {
		*dash = 0;
		g_autofree char *c = project_name_normalize(folder);
		if (!g_str_equal(a, c) || !wheel_version_equal(version, dash + 1))
			audit_add(run, AUDIT_ERROR, "X0719", NULL,
				"the .dist-info folder is called %s-%s", folder,
				dash + 1);
	}
}

/* Tag: lines of WHEEL against the tags of the file name. */
static void check_tags(audit_run *run)
{
	const wheel *w = run->wheel;
	const char *format = wheel_header(w->info, "Wheel-Version");
	g_autoptr(GHashTable) have = g_hash_table_new(g_str_hash, g_str_equal);
	audit_finding *f = NULL;

	if (!format || !g_str_has_prefix(format, "1.")) {
		g_autofree char *v = shown(format ? format : "none");
		audit_add(run, AUDIT_ERROR, "X0718", NULL,
			"Wheel-Version is %s; installers know 1.x", v);
	}
	if (!w->name || run->options->retag)
		return;
	for (guint i = 0; i < w->info->len; i++) {
		const wheel_field *field = g_ptr_array_index(w->info, i);
		if (g_ascii_strcasecmp(field->key, "Tag") == 0)
			g_hash_table_add(have, field->value);
	}
	g_autoptr(GPtrArray) want = wheel_name_tags(w->name);
	gboolean same = g_hash_table_size(have) == want->len;
	for (guint i = 0; i < want->len; i++)
		same = same && g_hash_table_contains(have, g_ptr_array_index(want, i));
	if (same)
		return;
	f = audit_add(run,
		run->options->own ? AUDIT_NOTE : audit_grade(run, AUDIT_WARNING), "X0724",
		NULL, "the Tag: lines of WHEEL are not those of the file name");
	for (guint i = 0; i < want->len; i++)
		if (!g_hash_table_contains(have, g_ptr_array_index(want, i)))
			audit_line(f, "only in the file name: %s",
				(char *)g_ptr_array_index(want, i));
	GHashTableIter iter;
	gpointer tag;
	g_hash_table_iter_init(&iter, have);
	while (g_hash_table_iter_next(&iter, &tag, NULL))
		if (!g_ptr_array_find_with_equal_func(want, tag, g_str_equal, NULL)) {
			g_autofree char *safe = shown(tag);
			audit_line(f, "only in WHEEL: %s", safe);
		}
}

void audit_records(audit_run *run)
{
	check_metadata(run);
	check_tags(run);
	check_record(run);
	check_entry_points(run);
}
