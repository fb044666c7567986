#include "build/compiler_cache.h"
#include "base/error.h"
#include <stdlib.h>
#include <string.h>

/* A busy machine may take long to start anything. */
#define TRY_SECONDS 60

static GMutex mutex;
static GPtrArray *tried; /* attempt * */

typedef struct attempt {
	char *name;
	sandbox_level level;
	compiler_cache *found; /* NULL: none in PATH */
} attempt;

/* Steps see the system's folders but not /usr/local (build/sandbox_view.c). */
static gboolean is_seen(const char *path)
{
	return g_str_has_prefix(path, "/usr/") && !g_str_has_prefix(path, "/usr/local/");
}

static char *first_line(const char *text)
{
	g_autofree char *line = g_strndup(text, strcspn(text, "\n"));

	return text_escape(g_strstrip(line), -1);
}

/* Why it is of no use; NULL: it said its version. */
static char *judge(compiler_cache *c, const process_result *r)
{
	const char *out = r->out ? r->out : "";
	g_autofree char *line = first_line(r->err && *r->err ? r->err : out);

	if (r->timed_out)
		return g_strdup_printf("it gave no answer in %d s", TRY_SECONDS);
	if (r->signal)
		return g_strdup_printf("it ended by signal %d", r->signal);
	if (r->exit_code != 0)
		return g_strdup_printf("it ended with status %d%s%s", r->exit_code,
			*line ? ": " : "", line);
	g_autofree char *own = first_line(out);
	const char *blank = strrchr(own, ' ');
	if (!g_str_has_prefix(own, c->name) || !blank)
		return g_strdup_printf("it does not say which version it is: %s", own);
	c->version = g_strdup(blank + 1);
	return NULL;
}

static void try_it(compiler_cache *c, sandbox_level level)
{
	g_autofree char *there = g_strdup_printf(COMPILER_CACHE_BIN "/%s", c->name);
	const sandbox_bind bind = {c->host, there, FALSE};
	sandbox_spec spec = {.level = level,
		.binds = &bind,
		.n_binds = c->bound ? 1 : 0,
		.name = c->name,
		.capture = TRUE,
		.timeout_s = TRY_SECONDS};
	g_autofree char *program =
		c->bound ? sandbox_path(&spec, level, there) : g_strdup(c->host);
	const char *const argv[] = {program, "--version", NULL};
	static const char *const env[] = {"LC_ALL=C", NULL};
	g_auto(sandbox_result) r = {0};
	g_autoptr(GError) error = NULL;

	spec.argv = argv;
	spec.env = env;
	if (sandbox_run(&spec, &r, &error))
		c->problem = judge(c, &r.process);
	else
		c->problem = first_line(error->message);
}

static compiler_cache *look_for(const char *name, sandbox_level level)
{
	g_autofree char *path = process_find_program(name, NULL);
	char *real = path ? realpath(path, NULL) : NULL;

	if (!real)
		return NULL;
	compiler_cache *c = g_new0(compiler_cache, 1);
	c->name = g_intern_string(name);
	c->host = g_strdup(real);
	free(real);
	c->bound = !is_seen(c->host);
	c->inside = c->bound ? g_strdup_printf("{" COMPILER_CACHE_BIN "/%s}", name)
			     : g_strdup(c->host);
	try_it(c, level);
	return c;
}

const compiler_cache *compiler_cache_find(const char *name, sandbox_level level)
{
	g_autoptr(GMutexLocker) lock = g_mutex_locker_new(&mutex);

	if (!tried)
		tried = g_ptr_array_new();
	for (guint n = 0; n < tried->len; n++) {
		const attempt *a = g_ptr_array_index(tried, n);
		if (a->level == level && g_str_equal(a->name, name))
			return a->found;
	}
	attempt *a = g_new0(attempt, 1);
	*a = (attempt){g_strdup(name), level, look_for(name, level)};
	g_ptr_array_add(tried, a);
	return a->found;
}

void compiler_cache_count(const char *log, guint *hits, guint *misses)
{
	g_auto(GStrv) lines = g_strsplit(log, "\n", -1);

	for (char **l = lines; *l; l++) {
		if (g_str_equal(*l, "direct_cache_hit") ||
			g_str_equal(*l, "preprocessed_cache_hit") ||
			strstr(*l, "]: Cache hit in "))
			++*hits;
		else if (g_str_equal(*l, "cache_miss") || strstr(*l, "]: Cache miss in "))
			++*misses;
	}
}
