#include "ship/audit_parts.h"
#include "base/error.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void finding_free(gpointer p)
{
	audit_finding *f = p;

	g_free(f->title);
	g_free(f->file);
	g_ptr_array_unref(f->lines);
	g_free(f->tag);
	g_free(f->hint);
	g_free(f);
}

void audit_report_free(audit_report *r)
{
	if (!r)
		return;
	g_free(r->path);
	g_free(r->tag);
	g_free(r->summary);
	g_ptr_array_unref(r->findings);
	g_ptr_array_unref(r->modules);
	g_free(r);
}

audit_finding *audit_add(audit_run *run, audit_severity severity, const char *code,
	const char *file, const char *fmt, ...)
{
	audit_finding *f = g_new0(audit_finding, 1);
	audit_report *r = run->report;
	va_list ap;

	f->code = code;
	f->severity = severity;
	f->file = g_strdup(file);
	f->lines = g_ptr_array_new_with_free_func(g_free);
	va_start(ap, fmt);
	f->title = g_strdup_vprintf(fmt, ap);
	va_end(ap);
	g_ptr_array_add(r->findings, f);
	if (severity == AUDIT_ERROR) {
		r->errors++;
		if (r->exit_code != EXIT_INTEGRITY)
			r->exit_code = g_str_has_prefix(code, "X06") ? EXIT_INTEGRITY
								     : EXIT_AUDIT;
	} else if (severity == AUDIT_WARNING) {
		r->warnings++;
	} else {
		r->notes++;
	}
	return f;
}

audit_finding *audit_gather(audit_run *run, audit_severity severity, const char *code,
	const char *file, const char *title, const char *line)
{
	GPtrArray *all = run->report->findings;

	for (guint i = all->len; i-- > 0;) {
		audit_finding *f = g_ptr_array_index(all, i);
		if (f->severity != severity || !g_str_equal(f->code, code) ||
			!g_str_equal(f->title, title))
			continue;
		for (guint k = 0; k < f->lines->len && f->file; k++) {
			g_autofree char *old = f->lines->pdata[k];
			f->lines->pdata[k] = g_strdup_printf("%s: %s", f->file, old);
		}
		g_clear_pointer(&f->file, g_free);
		audit_line(f, "%s: %s", file, line);
		return f;
	}
	audit_finding *f = audit_add(run, severity, code, file, "%s", title);
	audit_line(f, "%s", line);
	return f;
}

void audit_line(audit_finding *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	g_ptr_array_add(f->lines, g_strdup_vprintf(fmt, ap));
	va_end(ap);
}

void audit_hint(audit_finding *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	g_free(f->hint);
	f->hint = g_strdup_vprintf(fmt, ap);
	va_end(ap);
}

audit_severity audit_grade(const audit_run *run, audit_severity usual)
{
	return run->options->strict ? AUDIT_ERROR : usual;
}

/* A GError of the readers ("[X0651] text") as a finding. */
static void add_error(audit_run *run, const char *file, GError *e)
{
	const char *text = e->message;
	const char *code = "X0718";

	if (text[0] == '[' && strlen(text) > 8 && text[6] == ']') {
		g_autofree char *own = g_strndup(text + 1, 5);
		code = g_intern_string(own);
		text += 8;
	}
	audit_add(run, AUDIT_ERROR, code, file, "%s", text);
	g_error_free(e);
}

static gboolean looks_like_wheel(const char *path, const guint8 *data, gsize size)
{
	return g_str_has_suffix(path, ".whl") ||
	       (size >= 4 && (memcmp(data, "PK\3\4", 4) == 0 ||
				     memcmp(data, "PK\5\6", 4) == 0));
}

static void judge(audit_run *run)
{
	audit_target(run);
	for (guint i = 0; i < run->n_members; i++) {
		audit_member *m = &run->members[i];
		if (m->problem)
			add_error(run, m->entry ? m->name : NULL,
				g_steal_pointer(&m->problem));
		else if (m->elf)
			audit_object(run, m);
		else if (m->build_path)
			audit_text(run, m);
		if (m->elf && m->elf->type != ET_REL)
			audit_go(run, m);
	}
	audit_resolve(run);
	audit_policy(run);
	for (guint i = 0; i < run->n_members; i++)
		if (audit_is_code(&run->members[i]))
			audit_symbols(run, &run->members[i]);
	if (run->wheel) {
		audit_platforms(run);
		audit_layout(run);
		audit_records(run);
	}
}

static void run_wheel(audit_run *run, GBytes *bytes)
{
	GError *e = NULL;
	g_autofree char *file = g_path_get_basename(run->report->path);
	zip_file *zip = zip_open_bytes(bytes, file, &e);

	run->report->wheel = TRUE;
	run->wheel = zip ? wheel_open_zip(zip, file, FALSE, &e) : NULL;
	if (!run->wheel) {
		add_error(run, NULL, e);
		return;
	}
	run->zip = run->wheel->zip;
	run->n_members = run->zip->n_entries;
	run->members = g_new0(audit_member, run->n_members + 1);
	for (guint i = 0; i < run->n_members; i++) {
		audit_member *m = &run->members[i];
		m->entry = &run->zip->entries[i];
		m->name = m->entry->name;
		const char *slash = strrchr(m->name, '/');
		m->base = slash ? slash + 1 : m->name;
		g_hash_table_insert(run->by_name, (gpointer)m->name, m);
	}
	audit_scan(run);
	judge(run);
}

static const char *elf_kind_name(const elf_file *f)
{
	if (f->type == ET_REL)
		return "object file";
	if (audit_is_static(f))
		return "static program";
	if (f->type == ET_EXEC || f->interp)
		return "program";
	return f->needed->len || f->soname ? "shared object"
					   : "shared object or static program";
}

static void run_elf(audit_run *run, GBytes *bytes)
{
	GError *e = NULL;
	audit_member *m;

	run->n_members = 1;
	run->members = m = g_new0(audit_member, 2);
	g_autofree char *base = g_path_get_basename(run->report->path);
	m->name = m->base = g_intern_string(base);
	m->elf = elf_file_open(bytes, base, 0, &e);
	if (!m->elf) {
		add_error(run, NULL, e);
		return;
	}
	run->report->summary =
		g_strdup_printf("%s, %d-bit, %s", elf_machine_name(m->elf->machine),
			m->elf->elf_class == ELFCLASS64 ? 64 : 32, elf_kind_name(m->elf));
	judge(run);
}

static void run_clear(audit_run *run)
{
	for (guint i = 0; i < run->n_members; i++) {
		audit_member *m = &run->members[i];
		g_clear_error(&m->problem);
		elf_file_free(m->elf);
		g_free(m->build_path);
		g_clear_pointer(&m->exports, g_hash_table_unref);
	}
	g_free(run->members);
	g_hash_table_unref(run->by_name);
	wheel_close(run->wheel);
	g_free(run->claim);
}

/* A regular file, or a link to one that the user named; mapped. */
static GBytes *map_file(const char *path, GError **err)
{
	struct stat st;
	GError *e = NULL;
	g_autofree char *shown = text_escape(path, -1);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0) {
		error_set_errno(err, EXIT_INPUT, "X0730", errno, "cannot open %s", shown);
		return NULL;
	}
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		error_set(err, EXIT_INPUT, "X0730", "%s is not a regular file", shown);
		return NULL;
	}
	g_autoptr(GMappedFile) map = g_mapped_file_new_from_fd(fd, FALSE, &e);
	close(fd);
	if (!map) {
		error_wrap(err, EXIT_INPUT, "X0730", e, "cannot read %s", shown);
		return NULL;
	}
	return g_mapped_file_get_bytes(map);
}

audit_report *audit_bytes(GBytes *bytes, const char *path, const audit_options *options)
{
	static const audit_options defaults;
	audit_run run = {.options = options ? options : &defaults, .claimed = -1};
	gsize size;
	const guint8 *data = g_bytes_get_data(bytes, &size);

	run.report = g_new0(audit_report, 1);
	run.report->path = g_strdup(path);
	run.report->findings = g_ptr_array_new_with_free_func(finding_free);
	run.report->modules = g_ptr_array_new_with_free_func(g_free);
	run.by_name = g_hash_table_new(g_str_hash, g_str_equal);
	if (looks_like_wheel(path, data, size))
		run_wheel(&run, bytes);
	else
		run_elf(&run, bytes);
	run_clear(&run);
	return run.report;
}

gboolean audit_file(const char *path, const audit_options *options, audit_report **report,
	GError **err)
{
	gsize size;

	g_autoptr(GBytes) bytes = map_file(path, err);
	if (!bytes)
		return FALSE;
	const guint8 *data = g_bytes_get_data(bytes, &size);
	if (!looks_like_wheel(path, data, size) && !elf_magic(data, size)) {
		g_autofree char *shown = text_escape(path, -1);
		return error_set(err, EXIT_INPUT, "X0730",
			"%s is neither a wheel nor an ELF file", shown);
	}
	*report = audit_bytes(bytes, path, options);
	return TRUE;
}

/* What the workers of audit_files share. */
typedef struct batch {
	const char *const *paths;
	const audit_options *options;
	audit_report **reports;
	GError **errors;
} batch;

static void batch_one(gpointer index, gpointer data)
{
	batch *b = data;
	guint i = GPOINTER_TO_UINT(index) - 1;

	audit_file(b->paths[i], b->options, &b->reports[i], &b->errors[i]);
}

void audit_files(const char *const *paths, guint n, const audit_options *options,
	audit_report **reports, GError **errors)
{
	audit_options own = options ? *options : (audit_options){0};
	int jobs = own.jobs > 0 ? own.jobs : (int)g_get_num_processors();
	batch b = {paths, &own, reports, errors};

	/* Enough files keep every thread busy by themselves; few ones are each
	 * scanned by all threads. */
	if (n < 2 * (guint)jobs || jobs == 1) {
		for (guint i = 0; i < n; i++)
			batch_one(GUINT_TO_POINTER(i + 1), &b);
		return;
	}
	own.jobs = 1;
	GThreadPool *pool = g_thread_pool_new(batch_one, &b, jobs, TRUE, NULL);
	for (guint i = 0; i < n; i++)
		g_thread_pool_push(pool, GUINT_TO_POINTER(i + 1), NULL);
	g_thread_pool_free(pool, FALSE, TRUE);
}
