#include "build/build_log.h"
#include "base/error.h"
#include "base/fs.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define TAIL 30
#define LINE_MAX_BYTES 2000

/* An error line seen so far. */
typedef struct candidate {
	failure_match match; /* subject owned */
	char *line;
	guint64 number;
	int weight; /* of its rank and credibility; 0: none */
} candidate;

typedef struct scan {
	build_log *log;
	candidate best, compiler, network; /* the deciding one; the first of its kind */
	char *package;			   /* last thing a configure step did not find */
	GString *joined; /* "CMake Error at …" with the lines that belong to it */
	guint64 joined_line;
	guint joined_parts;
	gboolean in_warning; /* within "CMake Warning at …" */
	GString *line;
	char *ring[TAIL];
} scan;

/* Without terminal sequences and carriage returns; what else is odd is escaped
 * when it is shown. */
static void line_clean(GString *s)
{
	gsize to = 0;

	for (gsize i = 0; i < s->len; i++) {
		char c = s->str[i];
		if (c == '\033' && i + 1 < s->len && s->str[i + 1] == '[') {
			for (i += 2; i < s->len && !g_ascii_isalpha(s->str[i]); i++)
				;
			continue;
		}
		if (c == '\r')
			continue;
		s->str[to++] = c ? c : ' ';
	}
	g_string_truncate(s, to);
}

/* CMake lists "  NAME (advanced)", autoconf names ac_cv_…: what to preset. */
static char *line_preset(const char *line)
{
	const char *at = strstr(line, "ac_cv_");

	if (at) {
		size_t n = 0;
		while (g_ascii_isalnum(at[n]) || at[n] == '_')
			n++;
		return g_strndup(at, n);
	}
	at = strstr(line, "(advanced)");
	if (at && line[0] == ' ') {
		g_autofree char *name = g_strstrip(g_strndup(line, (gsize)(at - line)));
		if (*name && !strchr(name, ' '))
			return g_steal_pointer(&name);
	}
	return NULL;
}

/* Files of programs that a configure step only tries out. */
static gboolean is_probe(const char *line)
{
	static const char *const marks[] = {"conftest.", "_configtest.", "CMakeScratch",
		"CMakeTmp", "try_compile", "TryCompile", "meson-private/", "/tmp/",
		"testfile.c", "test_program", "cmTC_"};
	const char *end = strstr(line, "rror: ");

	for (guint i = 0; i < G_N_ELEMENTS(marks); i++) {
		const char *at = strstr(line, marks[i]);
		if (at && (!end || at < end))
			return TRUE;
	}
	return FALSE;
}

/* A configure step that ends well: what it tried out before does not matter. */
static gboolean is_configured(const char *line)
{
	return g_str_has_prefix(line, "-- Configuring done") ||
	       g_str_has_prefix(line, "-- Build files have been written to") ||
	       g_str_has_prefix(line, "config.status: creating ") ||
	       g_str_has_prefix(line, "Build targets in project: ");
}

#define CREDIBLE 10 /* above anything that was only tried out */

static int weight_of(failure_rank rank, gboolean probe)
{
	if (rank == FAILURE_CONSEQUENCE)
		return 1;
	return probe ? 1 + (int)rank : CREDIBLE + (int)rank;
}

static void candidate_clear(candidate *c)
{
	g_free(c->match.subject);
	g_free(c->line);
	*c = (candidate){0};
}

static void candidate_set(candidate *c, const failure_match *m, const char *line,
	guint64 number, int weight)
{
	candidate_clear(c);
	c->match = *m;
	c->match.subject = g_strdup(m->subject);
	c->line = g_strdup(line);
	c->number = number;
	c->weight = weight;
}

/* Everything so far was answers to questions. */
static void candidate_demote(candidate *c)
{
	if (c->weight > CREDIBLE)
		c->weight = weight_of(c->match.rank, TRUE);
}

static void consider(scan *s, const char *line, guint64 number)
{
	failure_match m;

	if (!failure_match_line(line, &m))
		return;
	int weight = weight_of(m.rank, is_probe(line));
	if (weight > s->best.weight)
		candidate_set(&s->best, &m, line, number, weight);
	if (m.rank == FAILURE_COMPILER && weight > s->compiler.weight)
		candidate_set(&s->compiler, &m, line, number, weight);
	if (m.kind && g_str_equal(m.kind->name, "network") && !s->network.line)
		candidate_set(&s->network, &m, line, number, weight);
	g_free(m.subject);
}

/* "--   Package 'frob', required by 'virtual:world', not found" and its like: not an
 * error by itself, but what an error that follows is about. */
static void scan_package(scan *s, const char *line)
{
	const char *at = strstr(line, "Package '"), *end;

	if (!at || !strstr(line, "not found"))
		at = strstr(line, "No package '");
	if (!at || !(at = strchr(at, '\'')) || !(end = strchr(at + 1, '\'')))
		return;
	g_free(s->package);
	s->package = g_strndup(at + 1, (gsize)(end - at - 1));
}

/* What rustc says under an error: the name exists for other word sizes only. */
static void scan_word_size(scan *s, const char *line)
{
	candidate *c = &s->best;

	if (c->match.rank == FAILURE_COMPILER && s->log->lines - c->number < 40 &&
		strstr(line, "target_pointer_width") && strstr(c->line, "error[E") &&
		!c->match.subject)
		c->match.kind = failure_class_by_name("word-size");
}

static void joined_end(scan *s)
{
	if (!s->joined_line)
		return;
	consider(s, s->joined->str, s->joined_line);
	s->joined_line = 0;
}

/* CMake tells over several lines: the first is where, the indented ones are what.
 * TRUE when the line belongs to such a message. */
static gboolean scan_cmake(scan *s, const char *line)
{
	if (g_str_has_prefix(line, "CMake Error")) {
		joined_end(s);
		g_string_assign(s->joined, line);
		s->joined_line = s->log->lines;
		s->joined_parts = 0;
		s->in_warning = FALSE;
		return TRUE;
	}
	if (g_str_has_prefix(line, "CMake Warning") ||
		g_str_has_prefix(line, "CMake Deprecation Warning")) {
		joined_end(s);
		s->in_warning = TRUE;
		return TRUE;
	}
	gboolean inside = g_str_has_prefix(line, "  ") || !*line;
	if (s->joined_line && inside) {
		if (*line && s->joined_parts++ < 2)
			g_string_append_printf(s->joined, " %s", line + 2);
		else if (s->joined_parts)
			joined_end(s);
		return TRUE;
	}
	joined_end(s);
	s->in_warning = s->in_warning && inside;
	return s->in_warning;
}

static void scan_line(scan *s)
{
	build_log *l = s->log;

	line_clean(s->line);
	l->lines++;
	const char *line = s->line->str;
	if (is_configured(line)) {
		candidate_demote(&s->best);
		candidate_demote(&s->compiler);
	}
	scan_package(s, line);
	scan_word_size(s, line);
	if (!scan_cmake(s, line))
		consider(s, line, l->lines);
	if (!l->preset && s->best.match.kind &&
		g_str_equal(s->best.match.kind->code ?: "", "X0904"))
		l->preset = line_preset(line);
	guint slot = (guint)((l->lines - 1) % TAIL);
	g_free(s->ring[slot]);
	s->ring[slot] = g_strdup(line);
	g_string_truncate(s->line, 0);
}

static void scan_bytes(scan *s, const char *bytes, gsize size)
{
	while (size) {
		const char *end = memchr(bytes, '\n', size);
		gsize n = end ? (gsize)(end - bytes) : size;
		gsize room = LINE_MAX_BYTES - MIN(LINE_MAX_BYTES, s->line->len);
		g_string_append_len(s->line, bytes, (gssize)MIN(n, room));
		if (end) {
			scan_line(s);
			n++;
		}
		bytes += n;
		size -= n;
	}
}

static void scan_begin(scan *s, build_log *out)
{
	memset(out, 0, sizeof *out);
	memset(s, 0, sizeof *s);
	s->log = out;
	s->line = g_string_new(NULL);
	s->joined = g_string_new(NULL);
	out->tail = g_ptr_array_new_with_free_func(g_free);
	out->kind = failure_class_by_name("other");
}

/* Beside the deciding line: the first compiler error, or that it wanted the network
 * long before. */
static void scan_other(scan *s)
{
	candidate *c = s->compiler.weight > CREDIBLE ? &s->compiler : &s->network;

	if (!c->line || c->number == s->best.number)
		c = &s->network;
	if (!c->line || c->number == s->best.number)
		return;
	s->log->other_error = g_steal_pointer(&c->line);
	s->log->other_error_line = c->number;
}

static void scan_end(scan *s)
{
	build_log *l = s->log;

	if (s->line->len)
		scan_line(s);
	joined_end(s);
	for (guint64 i = l->lines > TAIL ? l->lines - TAIL : 0; i < l->lines; i++)
		g_ptr_array_add(l->tail, s->ring[i % TAIL]);
	scan_other(s);
	if (s->best.match.kind)
		l->kind = s->best.match.kind;
	l->subject = g_steal_pointer(&s->best.match.subject);
	if (!l->subject && g_str_equal(l->kind->name, "missing-dependency"))
		l->subject = g_steal_pointer(&s->package);
	l->first_error = g_steal_pointer(&s->best.line);
	l->first_error_line = s->best.number;
	candidate_clear(&s->best);
	candidate_clear(&s->compiler);
	candidate_clear(&s->network);
	g_free(s->package);
	g_string_free(s->line, TRUE);
	g_string_free(s->joined, TRUE);
}

void build_log_scan(const char *text, gsize size, build_log *out)
{
	scan s;

	scan_begin(&s, out);
	scan_bytes(&s, text, size);
	scan_end(&s);
}

gboolean build_log_read(const char *path, build_log *out, GError **err)
{
	FILE *f = fopen(path, "re");
	char bytes[65536];
	size_t n;
	scan s;

	memset(out, 0, sizeof *out);
	if (!f)
		return fs_fail(err, errno, "read the log", path, 0);
	scan_begin(&s, out);
	while ((n = fread(bytes, 1, sizeof bytes, f)) > 0)
		scan_bytes(&s, bytes, n);
	fclose(f);
	scan_end(&s);
	return TRUE;
}

void build_log_clear(build_log *l)
{
	g_free(l->subject);
	g_free(l->first_error);
	g_free(l->other_error);
	g_free(l->preset);
	g_clear_pointer(&l->tail, g_ptr_array_unref);
	memset(l, 0, sizeof *l);
}
