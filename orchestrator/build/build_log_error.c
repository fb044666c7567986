#include "build/build_log.h"
#include "base/error.h"
#include "base/memory.h"
#include "plan/floor_range.h"
#include <signal.h>
#include <string.h>

static char *how_it_ended(const sandbox_result *r, const build_log_context *c)
{
	process_spec p = {.timeout_s = c->spec ? c->spec->timeout_s : 0,
		.silent_timeout_s = c->spec ? c->spec->silent_timeout_s : 0};

	return process_describe(&p, &r->process);
}

static char *bytes_text(guint64 n)
{
	return g_format_size_full(n, G_FORMAT_SIZE_IEC_UNITS);
}

/* What the process was held to, where that may be why it ended. */
static void note_limits(const build_log_context *c, GError **err)
{
	const sandbox_spec *s = c->spec;

	if (s && s->memory_limit) {
		g_autofree char *n = bytes_text(s->memory_limit);
		error_note(err, "memory limit of a process: %s (build.memory)", n);
	}
	if (s && s->process_limit)
		error_note(
			err, "limit of processes: %" G_GUINT64_FORMAT, s->process_limit);
}

/* Whether it was the kernel. */
static void note_kills(const sandbox_result *r, GError **err)
{
	guint64 limit = memory_limit();
	g_autofree char *most = limit ? bytes_text(limit) : NULL;

	if (r->memory_kills > 0)
		error_note(err,
			"meanwhile the kernel ended %" G_GINT64_FORMAT
			" process%s for want of memory%s%s%s",
			r->memory_kills, r->memory_kills > 1 ? "es" : "",
			most ? "; the cgroup that xorch runs in has " : "",
			most ? most : "", most ? " in all" : "");
	else if (r->memory_kills == 0 && r->process.signal == SIGKILL)
		error_note(err, "it was not the kernel, which counts what it ends for "
				"want of memory: a program that watches memory "
				"(systemd-oomd, earlyoom) or a person sent signal 9");
}

/* What the log says, unless how it ended says more. */
static const failure_class *failure_of(const build_log *l, const sandbox_result *r)
{
	const process_result *p = &r->process;
	gboolean unclear = g_str_equal(l->kind->name, "other");

	if (p->silent_out)
		return failure_class_by_name("silent");
	if (p->timed_out)
		return failure_class_by_name("time-out");
	if (unclear && (p->signal == SIGKILL || r->memory_kills > 0))
		return failure_class_by_name("memory");
	if (unclear && p->signal == SIGXFSZ)
		return failure_class_by_name("disk-full");
	return l->kind;
}

static void add_line(GError **err, const char *lead, const char *line, guint64 number)
{
	g_autofree char *shown = text_escape(line, -1);

	error_line(err, "%s %s   (log line %" G_GUINT64_FORMAT ")", lead, shown, number);
}

static void add_tail(const build_log *l, GError **err)
{
	if (!l->tail->len)
		return;
	error_line(err, "last lines of the log:");
	for (guint i = 0; i < l->tail->len; i++) {
		g_autofree char *shown = text_escape(g_ptr_array_index(l->tail, i), -1);
		error_line(err, "| %s", shown);
	}
}

/* Whether the recipe asks for the package already. */
static gboolean is_listed(const build_log_context *c, const char *package)
{
	for (guint i = 0; package && c->host && i < c->host->len; i++) {
		const char *text = g_ptr_array_index(c->host, i);
		gsize n = strlen(package);
		if (g_str_has_prefix(text, "deb:") && !strncmp(text + 4, package, n) &&
			(!text[4 + n] || text[4 + n] == '='))
			return TRUE;
	}
	return FALSE;
}

/* Which newer sysroot to try. New string, or NULL: there is none. */
static char *hint_newer(const build_log_context *c)
{
	g_autoptr(GPtrArray) newer = c->sysroot && c->platform
					     ? sysroots_newer(c->sysroot, c->platform)
					     : NULL;

	if (!newer || !newer->len)
		return NULL;
	const sysroot_def *def = g_ptr_array_index(newer, 0);
	g_autofree char *floor = g_strdelimit(g_strdup(def->glibc), ".", '_');
	return g_strdup_printf(
		"`--sysroot %s --floor %s`, for `xorch lock --upgrade` and "
		"then for the build, tries newer libraries (in the "
		"recipe: `toolchain: {sysroot: %s, manylinux: \"%s\"}`); "
		"else take an older release "
		"of the project, or build the library by a recipe "
		"(recipe:NAME)",
		def->name, floor, def->name, floor);
}

static gboolean has_packages(const build_log_context *c)
{
	for (guint i = 0; c->host && i < c->host->len; i++)
		if (g_str_has_prefix(g_ptr_array_index(c->host, i), "deb:"))
			return TRUE;
	return FALSE;
}

/* What the class says of the libraries that the recipe asks for: the start of a hint, ""
 * when it needs none. New string; NULL: they are not what failed. */
static char *blame_libraries(
	const failure_class *f, const char *subject, const build_log_context *c)
{
	const char *sysroot = c->sysroot ? c->sysroot : "used";
	const char *package = failure_package_of(subject);

	if (g_str_equal(f->name, "library-too-old"))
		return g_strdup("");
	if (f->hint && strstr(f->hint, "requirements.host") && is_listed(c, package))
		return g_strdup_printf(
			"requirements.host has deb:%s already: that of the sysroot %s is "
			"too old, or does not have it; ",
			package, sysroot);
	if (g_str_equal(f->name, "compile-error") && has_packages(c))
		return g_strdup_printf("when it is about a name of a library in "
				       "requirements.host, that of the sysroot %s may be "
				       "too old for it: ",
			sysroot);
	return NULL;
}

/* Of a library that is there, but not as the project wants it. New string; NULL: that
 * is not what failed, or there is nothing newer to try. */
static char *hint_of_listed(
	const failure_class *f, const char *subject, const build_log_context *c)
{
	g_autofree char *blame = blame_libraries(f, subject, c);
	g_autofree char *newer = blame ? hint_newer(c) : NULL;

	if (newer)
		return g_strconcat(blame, newer, NULL);
	if (!blame || !*blame || g_str_equal(f->name, "compile-error"))
		return NULL;
	blame[strlen(blame) - strlen("; ")] = '\0';
	return g_steal_pointer(&blame);
}

/* Whether no more is known than that it failed: then the sandbox has to be looked into.
 */
static gboolean is_unclear(const failure_class *f)
{
	static const char *const names[] = {
		"other", "compile-error", "configure-error", NULL};

	return g_strv_contains(names, f->name);
}

/* The hint of the class with its subject put in, and what is known about it. */
static char *hint_of(
	const failure_class *f, const char *subject, const build_log_context *c)
{
	const char *package = failure_package_of(subject);
	char *special = hint_of_listed(f, subject, c);

	if (special || !f->hint)
		return special;
	g_autoptr(GString) hint = g_string_new(f->hint);
	g_autofree char *shown = text_escape(subject ? subject : "NAME", -1);
	g_string_replace(hint, "{}", shown, 0);
	if (package && strstr(hint->str, "requirements.host"))
		g_string_append_printf(
			hint, "; in Debian `%s` belongs to deb:%s", shown, package);
	if (c->reproduce && is_unclear(f))
		g_string_append_printf(hint,
			"; after `xorch build %s --keep`, `xorch shell %s` opens the "
			"step's sandbox as it was left",
			c->item, c->item);
	return g_string_free(g_steal_pointer(&hint), FALSE);
}

static void add_notes(const failure_class *f, const build_log *l, const sandbox_result *r,
	const build_log_context *c, GError **err)
{
	if (g_strcmp0(f->code, "X0904") == 0) {
		error_note(err,
			"code for the target never runs on this machine, also where "
			"qemu is registered: results would depend on it");
		if (l->preset)
			error_note(
				err, "the build asks for `%s` to be preset", l->preset);
	} else if (g_str_equal(f->name, "network")) {
		error_note(err, "builds have no network");
	} else if (g_str_equal(f->name, "memory")) {
		note_kills(r, err);
		note_limits(c, err);
	}
}

static void set_facts(const failure_class *f, const build_log *l,
	const build_log_context *c, const char *subject, const char *hint, GError **err)
{
	g_autofree char *line = l->first_error ? text_escape(l->first_error, -1) : NULL;
	g_autofree char *number =
		line ? g_strdup_printf("%" G_GUINT64_FORMAT, l->first_error_line) : NULL;

	error_set_fact(err, "class", f->name);
	error_set_fact(err, "subject", subject);
	error_set_fact(err, "first-error", line);
	error_set_fact(err, "first-error-line", number);
	error_set_fact(err, "hint", hint);
	error_set_fact(err, "log", c->log_path);
}

gboolean build_log_error(const build_log *l, const sandbox_result *r,
	const build_log_context *c, GError **err)
{
	const failure_class *f = failure_of(l, r);
	const char *subject = f == l->kind ? l->subject : NULL;
	g_autofree char *how = how_it_ended(r, c);
	g_autofree char *about = subject ? text_escape(subject, -1) : NULL;
	g_autofree char *hint = hint_of(f, subject, c);

	error_set(err, f->exit, f->code, "%s: %s %s%s%s%s%s%s", c->item, c->step, how,
		*f->cause ? ": " : "", f->cause, *f->cause && about ? ": `" : "",
		*f->cause && about ? about : "", *f->cause && about ? "`" : "");
	if (c->where)
		error_line(err, "--> %s", c->where);
	if (l->first_error)
		add_line(err, "first error:", l->first_error, l->first_error_line);
	if (l->other_error)
		add_line(err,
			l->other_error_line < l->first_error_line ? "before it:  "
								  : "after it:   ",
			l->other_error, l->other_error_line);
	add_tail(l, err);
	if (c->log_path)
		error_note(err, "whole log: %s", c->log_path);
	error_note(err, "class of failure: %s", f->name);
	add_notes(f, l, r, c, err);
	if (hint)
		error_help(err, "%s", hint);
	if (c->reproduce)
		error_help(err, "to see it again: %s", c->reproduce);
	set_facts(f, l, c, about, hint, err);
	return FALSE;
}

gboolean build_log_fail(const sandbox_result *r, const build_log_context *c, GError **err)
{
	g_auto(build_log) l = {0};
	g_autoptr(GError) unread = NULL;

	if (!build_log_read(c->log_path, &l, &unread))
		build_log_scan("", 0, &l);
	build_log_error(&l, r, c, err);
	if (unread)
		error_note(err, "%s", unread->message);
	return FALSE;
}

gboolean build_log_is_lost(const GError *error)
{
	return g_str_has_prefix(error->message, "[X0715]") ||
	       g_str_has_prefix(error->message, "[X0716]");
}

void build_log_tell(const char *path, const build_log_context *c, GError **err)
{
	g_auto(build_log) l = {0};

	if (!err || !*err || !path || !build_log_is_lost(*err) ||
		!build_log_read(path, &l, NULL) || !l.first_error)
		return;
	g_autofree char *line = text_escape(l.first_error, -1);
	g_autofree char *hint = hint_of(l.kind, l.subject, c);
	error_note(err,
		"the build went on after an error (log line %" G_GUINT64_FORMAT "): %s",
		l.first_error_line, line);
	if (hint)
		error_help(err, "%s", hint);
}
