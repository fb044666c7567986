#include "build/build_log.h"
#include "base/error.h"
#include "base/fs.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define TAIL 30
#define LINE_MAX_BYTES 2000

/* How sure a kind of line is to name the real cause; a later line of a higher
 * rank takes the place of an earlier one, the first of its rank stays. */
enum { RANK_NONE, RANK_SUMMARY, RANK_SYSTEM, RANK_COMPILER };

typedef struct pattern {
	const char *text;
	int rank;
} pattern;

/* Lines that are errors. "error: " with a position before it is a compiler's. */
static const pattern error_patterns[] = {
	{": error: ", RANK_COMPILER},
	{": fatal error: ", RANK_COMPILER},
	{"error: linking with", RANK_COMPILER},
	{"ld.lld: error: ", RANK_COMPILER},
	{"undefined reference to", RANK_COMPILER},
	{"cannot find -l", RANK_COMPILER},
	{"Error: no such instruction", RANK_COMPILER},
	{"error[E", RANK_COMPILER},
	{"CMake Error", RANK_SYSTEM},
	{": ERROR: ", RANK_SYSTEM}, /* meson.build:1:0 */
	{"configure: error: ", RANK_SYSTEM},
	{"Cython.Compiler.Errors.CompileError", RANK_SYSTEM},
	{"*** ", RANK_SUMMARY},
	{"error: command ", RANK_SUMMARY},
	{"error: subprocess-exited-with-error", RANK_NONE},
	{"error: ", RANK_SUMMARY},
	{"ERROR: ", RANK_SUMMARY},
	{"Error: ", RANK_SUMMARY},
	{"Exception: ", RANK_SUMMARY},
};

typedef struct kind {
	const char *text;
	build_failure failure;
} kind;

/* What betrays the kind of failure. Order counts: a build without network often
 * fails with a compiler error later, for want of what it could not get. */
static const kind kinds[] = {
	{"Exec format error", BUILD_FAILURE_TARGET_CODE},
	{"cannot execute binary file", BUILD_FAILURE_TARGET_CODE},
	/* A shell that takes an ELF file for a script. */
	{"Syntax error: word unexpected", BUILD_FAILURE_TARGET_CODE},
	{"Syntax error: \"(\" unexpected", BUILD_FAILURE_TARGET_CODE},
	{"Syntax error: end of file unexpected", BUILD_FAILURE_TARGET_CODE},
	{"ELF: not found", BUILD_FAILURE_TARGET_CODE},
	/* autoconf, meson, CMake. */
	{"cannot run C compiled programs", BUILD_FAILURE_TARGET_CODE},
	{"cannot run C++ compiled programs", BUILD_FAILURE_TARGET_CODE},
	{"cannot run test program while cross compiling", BUILD_FAILURE_TARGET_CODE},
	{"are not runnable", BUILD_FAILURE_TARGET_CODE},
	{"Can not run test applications in this cross environment",
		BUILD_FAILURE_TARGET_CODE},
	{"TRY_RUN() invoked in cross-compiling mode", BUILD_FAILURE_TARGET_CODE},
	{"try_run() invoked in cross-compiling mode", BUILD_FAILURE_TARGET_CODE},
	/* The host's qemu after all, without the target's loader. */
	{"target-code-does-not-run-here", BUILD_FAILURE_TARGET_CODE},
	{"qemu-aarch64: Could not open", BUILD_FAILURE_TARGET_CODE},
	{"qemu-arm: Could not open", BUILD_FAILURE_TARGET_CODE},
	{"wrong ELF class", BUILD_FAILURE_TARGET_CODE},

	{"Could not resolve host", BUILD_FAILURE_NETWORK},
	{"Couldn't resolve host", BUILD_FAILURE_NETWORK},
	{"Temporary failure in name resolution", BUILD_FAILURE_NETWORK},
	{"Name or service not known", BUILD_FAILURE_NETWORK},
	{"failed to lookup address information", BUILD_FAILURE_NETWORK},
	{"Network is unreachable", BUILD_FAILURE_NETWORK},
	{"network is unreachable", BUILD_FAILURE_NETWORK},
	{"No route to host", BUILD_FAILURE_NETWORK},
	{"EAI_AGAIN", BUILD_FAILURE_NETWORK},
	{"NewConnectionError", BUILD_FAILURE_NETWORK},
	{"ConnectionRefusedError", BUILD_FAILURE_NETWORK},
	{"urlopen error", BUILD_FAILURE_NETWORK},
	{"dial tcp", BUILD_FAILURE_NETWORK},
	{"fatal: transport '", BUILD_FAILURE_NETWORK}, /* git */
	{"Failed to clone repository", BUILD_FAILURE_NETWORK},
	{"Each download failed", BUILD_FAILURE_NETWORK},
	{"but --offline was specified", BUILD_FAILURE_NETWORK},
	{"ERROR: could not get http", BUILD_FAILURE_NETWORK}, /* meson wraps */
	{"(from versions: none)", BUILD_FAILURE_NETWORK},     /* pip within a build */

	{"No space left on device", BUILD_FAILURE_DISK},
	{"Disk quota exceeded", BUILD_FAILURE_DISK},
	{"File size limit exceeded", BUILD_FAILURE_DISK},

	{"virtual memory exhausted", BUILD_FAILURE_MEMORY},
	{"Cannot allocate memory", BUILD_FAILURE_MEMORY},
	{"Resource temporarily unavailable", BUILD_FAILURE_MEMORY}, /* fork */
	{"MemoryError", BUILD_FAILURE_MEMORY},
	{"std::bad_alloc", BUILD_FAILURE_MEMORY},
	{"out of memory", BUILD_FAILURE_MEMORY},
	{"Killed signal terminated program", BUILD_FAILURE_MEMORY},
	{"LLVM ERROR: out of memory", BUILD_FAILURE_MEMORY},

	/* build/wrapper/filter.c */
	{": a flag for x86 processors; ", BUILD_FAILURE_FLAG},
	{": would build for another target than ", BUILD_FAILURE_FLAG},
	{": a library of the build machine", BUILD_FAILURE_FLAG},
	{": links a library of the build machine", BUILD_FAILURE_FLAG},
	{": the target passes floating point in registers", BUILD_FAILURE_FLAG},
};

typedef struct scan {
	build_log *log;
	int rank;
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

static int line_rank(const char *line)
{
	for (guint i = 0; i < G_N_ELEMENTS(error_patterns); i++) {
		const char *at = strstr(line, error_patterns[i].text);
		if (!at)
			continue;
		/* "make: *** [x] Error 1" says where, never what. */
		if (error_patterns[i].text[0] == '*' && strncmp(line, "make", 4) != 0)
			continue;
		return error_patterns[i].rank;
	}
	return RANK_NONE;
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

static void scan_kind(build_log *l, const char *line)
{
	for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
		if (!strstr(line, kinds[i].text))
			continue;
		/* The first telling line stands: what follows is its consequence. */
		if (l->failure != BUILD_FAILURE_OTHER)
			return;
		l->failure = kinds[i].failure;
		l->cause = g_strdup(line);
		l->cause_line = l->lines;
		return;
	}
}

static void scan_line(scan *s)
{
	build_log *l = s->log;

	line_clean(s->line);
	l->lines++;
	const char *line = s->line->str;
	int rank = line_rank(line);
	if (rank > s->rank) {
		s->rank = rank;
		g_free(l->first_error);
		l->first_error = g_strdup(line);
		l->first_error_line = l->lines;
	}
	scan_kind(l, line);
	if (!l->preset && l->failure == BUILD_FAILURE_TARGET_CODE)
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
	out->tail = g_ptr_array_new_with_free_func(g_free);
}

static void scan_end(scan *s)
{
	build_log *l = s->log;

	if (s->line->len)
		scan_line(s);
	for (guint64 i = l->lines > TAIL ? l->lines - TAIL : 0; i < l->lines; i++)
		g_ptr_array_add(l->tail, s->ring[i % TAIL]);
	g_string_free(s->line, TRUE);
	if (l->failure == BUILD_FAILURE_OTHER && s->rank == RANK_COMPILER)
		l->failure = BUILD_FAILURE_COMPILER;
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
	g_free(l->first_error);
	g_free(l->cause);
	g_free(l->preset);
	g_clear_pointer(&l->tail, g_ptr_array_unref);
	memset(l, 0, sizeof *l);
}
