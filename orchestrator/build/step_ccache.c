#include "build/step_ccache.h"
#include "base/event.h"
#include "base/error.h"
#include "base/fs.h"
#include "build/compiler_cache.h"
#include "build/pipeline_private.h"
#include "build/rust.h"
#include "build/rust_cargo.h"
#include "build/step_files.h"
#include "build/step_rust.h"
#include "build/store.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define CACHE "/xorch/ccache"
#define LOGS "/xorch/ccache-log"
#define LOG_FOLDER "ccache-log" /* of the scratch folder */
#define LOG_MAX (64 << 20)
/* Of one package; ccache's own default would be 5G. */
#define C_MAX "2G"
#define RUST_MAX "5G"

/* sccache as a build calls it. Its client listens for the server that it starts only
 * after it has started it (0.4.0), so on a busy machine the answer is lost and the client
 * ends with 2, as with everything of its own that fails; no compiler does. Then it is
 * tried again, finds the server or starts another, and what fails thrice is left out for
 * the rest of the build. */
#define SCCACHE_WRAPPER                                                                  \
	"#!/bin/sh\n"                                                                    \
	"%s"                                                                             \
	"[ ! -e {" LOGS "}/down ] || exec \"$@\"\n"                                      \
	"for try in 1 2 3; do\n"                                                         \
	"\t%s \"$@\"\n"                                                                  \
	"\tstatus=$?\n"                                                                  \
	"\t[ $status = 2 ] || exit $status\n"                                            \
	"done\n"                                                                         \
	": > {" LOGS "}/down\n"                                                          \
	"echo 'xorch: sccache fails, compiling without it' >&2\n"                        \
	"exec \"$@\"\n"
#define STARTUP_MS "20000"

/* For cargo, which tells each compilation where the crate's manifest is. */
#define CRATES_ONLY                                                                      \
	"case \"${CARGO_MANIFEST_DIR:-}\" in\n"                                          \
	"{" SANDBOX_CRATES "}/*) ;;\n"                                                   \
	"*) exec \"$@\" ;;\n"                                                            \
	"esac\n"

typedef struct programs {
	const compiler_cache *c, *rust; /* NULL: none that can be used */
	const compiler_cache *broken;	/* the first that is there and does not work */
} programs;

/* Each text once in a run, whoever comes to it first. */
static void tell_once(event_level level, const char *fmt, ...) G_GNUC_PRINTF(2, 3);
static void tell_once(event_level level, const char *fmt, ...)
{
	static GMutex mutex;
	static GHashTable *told;
	va_list ap;

	va_start(ap, fmt);
	g_autofree char *text = g_strdup_vprintf(fmt, ap);
	va_end(ap);
	g_mutex_lock(&mutex);
	if (!told)
		told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	gboolean first = g_hash_table_add(told, g_strdup(text));
	g_mutex_unlock(&mutex);
	if (first)
		event_log(level, NULL, "%s", text);
}

static const compiler_cache *working(const char *name, sandbox_level level, programs *p)
{
	const compiler_cache *c = compiler_cache_find(name, level);

	if (!c || !c->problem)
		return c;
	if (!p->broken)
		p->broken = c;
	return NULL;
}

/* sccache's server lives as long as the sandbox, which only bwrap's ends for sure. */
static programs find_programs(const step_site *site)
{
	programs p = {0};
	const compiler_cache *c = working("ccache", site->level, &p);
	const compiler_cache *s =
		site->level == SANDBOX_BWRAP ? working("sccache", site->level, &p) : NULL;

	p.c = c ? c : s;
	p.rust = s;
	return p;
}

static void tell_use(const programs *p, gboolean rust)
{
	const compiler_cache *c = p->c, *r = rust && p->rust != c ? p->rust : NULL;

	if (p->broken)
		tell_once(EVENT_WARNING, "%s is not used: %s: %s", p->broken->name,
			p->broken->host, p->broken->problem);
	if (c)
		tell_once(EVENT_NOTE,
			"compiling through %s %s (%s); --no-ccache leaves it out",
			c->name, c->version, c->host);
	if (r)
		tell_once(EVENT_NOTE, "crates are compiled through %s %s (%s) likewise",
			r->name, r->version, r->host);
}

static void bind_program(step_extras *x, const compiler_cache *c)
{
	g_autofree char *inside = g_strdup_printf(COMPILER_CACHE_BIN "/%s", c->name);

	if (c->bound)
		step_extras_bind(x, c->host, inside, FALSE);
}

/* ---- the programs' settings ---- */

static void set_ccache(const step_site *site, step_extras *x)
{
	g_autofree char *check = g_strconcat("string:", site->cross->key, NULL);

	step_extras_env(x, "CCACHE_DIR", "{" CACHE "}");
	step_extras_env(x, "CCACHE_MAXSIZE", C_MAX);
	step_extras_env(x, "CCACHE_COMPILERCHECK", check);
	step_extras_env(x, "CCACHE_NODIRECT", "1");
	step_extras_env(x, "CCACHE_CONFIGPATH", "/dev/null");
	step_extras_env(x, "CCACHE_STATSLOG", "{" LOGS "}/ccache");
}

/* It knows compilers by their files, and those of a build are wrappers: so there is a
 * cache for each set of toolchains. */
static gboolean set_sccache(
	const step_site *site, const char *rust_key, step_extras *x, GError **err)
{
	g_autofree char *dir = g_strdup_printf(
		"{" CACHE "}/sccache/%.16s-%.16s", rust_key, site->cross->key);

	step_extras_env(x, "SCCACHE_DIR", dir);
	step_extras_env(x, "SCCACHE_CACHE_SIZE", RUST_MAX);
	step_extras_env(x, "SCCACHE_CONF", "{" STEP_FILES "}/sccache.toml");
	step_extras_env(x, "SCCACHE_DIRECT", "false");
	step_extras_env(x, "SCCACHE_IGNORE_SERVER_IO_ERROR", "1");
	step_extras_env(x, "SCCACHE_LOG", "sccache::compiler::compiler=debug");
	step_extras_env(x, "SCCACHE_ERROR_LOG", "{" LOGS "}/sccache");
	return step_file_add(site, x, "sccache.toml",
		"server_startup_timeout_ms = " STARTUP_MS "\n", FALSE, err);
}

/* A program among the step's files that calls sccache, and the variable that names it. */
static gboolean set_wrapper(const step_site *site, const compiler_cache *c,
	const char *variable, const char *name, const char *first, step_extras *x,
	GError **err)
{
	g_autofree char *form = g_strdup_printf(SCCACHE_WRAPPER, first, c->inside);
	g_autofree char *text = step_site_expand(site, form);
	g_autofree char *path = g_strconcat("{" STEP_FILES "}/", name, NULL);

	step_extras_env(x, variable, path);
	return step_file_add(site, x, name, text, TRUE, err);
}

/* Its name is not sccache's, by which the cc crate would know it and leave compilations
 * of C to it too. */
static gboolean set_rust(
	const step_site *site, const compiler_cache *c, step_extras *x, GError **err)
{
	return set_wrapper(site, c, "RUSTC_WRAPPER", "rustc-cached", CRATES_ONLY, x, err);
}

static gboolean set_up(pipeline *p, const step_site *site, const programs *use,
	gboolean rust, step_extras *x, GError **err)
{
	const compiler_cache *s = rust ? use->rust : NULL;
	g_auto(rust_toolchain) compiler = {0};

	if (use->c && g_str_equal(use->c->name, "sccache"))
		s = use->c;
	if (use->c) {
		bind_program(x, use->c);
		if (s == use->c) {
			if (!set_wrapper(
				    site, s, "XORCH_CCACHE", "cc-cached", "", x, err))
				return FALSE;
		} else {
			step_extras_env(x, "XORCH_CCACHE", use->c->inside);
			set_ccache(site, x);
		}
	}
	if (!s)
		return TRUE;
	if (s != use->c)
		bind_program(x, s);
	if (rust && !rust_describe(p->ctx, site->item->recipe->toolchain.rust,
			    site->item->platform, &compiler, err))
		return FALSE;
	return set_sccache(site, compiler.key ? compiler.key : "c", x, err) &&
	       (!rust || set_rust(site, s, x, err));
}

/* ---- the folders ---- */

/* Of the package, to be written to. FALSE: it cannot be. */
static gboolean make_cache(const char *cache, GError **err)
{
	if (!fs_mkdir_p(cache, 0700, err))
		return FALSE;
	if (access(cache, R_OK | W_OK | X_OK) != 0)
		return fs_fail(err, errno, "write into", cache, 0);
	utimensat(AT_FDCWD, cache, NULL, 0); /* `cache prune` goes by it */
	return TRUE;
}

static gboolean bind_folders(
	pipeline *p, const step_site *site, step_extras *x, GError **err)
{
	const char *name = site->item->source->recipe->package.name;
	g_autofree char *cache =
		g_build_filename(store_dir(p->ctx->store), "ccache", name, NULL);
	g_autofree char *logs = g_build_filename(site->scratch, LOG_FOLDER, NULL);

	if (!make_cache(cache, err) || !fs_mkdir_p(logs, 0755, err))
		return FALSE;
	step_extras_bind(x, cache, CACHE, TRUE);
	step_extras_bind(x, logs, LOGS, TRUE);
	return TRUE;
}

/* ---- the part ---- */

static gboolean nothing_works(const programs *p, GError **err)
{
	error_set(err, EXIT_HOST, "X0842", "--ccache: there is no ccache %s",
		p->broken ? "that works" : "on this machine");
	if (p->broken)
		error_line(err, "%s: %s", p->broken->host, p->broken->problem);
	return FALSE;
}

static gboolean ccache_prepare(pipeline *p, step_site *site, step_extras *x, GError **err)
{
	gboolean asked = p->options.ccache == CCACHE_ASKED;
	g_autoptr(GError) error = NULL;

	if (p->options.ccache == CCACHE_OFF || site->compared ||
		(!asked && site->level != SANDBOX_BWRAP))
		return TRUE;
	programs use = find_programs(site);
	gboolean rust = use.rust && site->env && step_rust_used(site->item);
	if (!use.c && !use.rust && asked)
		return nothing_works(&use, err);
	if ((use.c || rust) && !bind_folders(p, site, x, &error)) {
		if (asked)
			return g_propagate_error(err, g_steal_pointer(&error)), FALSE;
		tell_once(EVENT_WARNING, "compiling without %s: %s",
			use.c ? use.c->name : use.rust->name, error->message);
		return TRUE;
	}
	tell_use(&use, rust);
	return set_up(p, site, &use, rust, x, err);
}

void step_ccache_count(item *i, const char *scratch)
{
	static const char *const names[] = {"ccache", "sccache"};

	for (gsize n = 0; n < G_N_ELEMENTS(names); n++) {
		g_autofree char *path =
			g_build_filename(scratch, LOG_FOLDER, names[n], NULL);
		g_autoptr(GBytes) bytes = fs_read(path, LOG_MAX, NULL);
		if (!bytes)
			continue;
		gsize size;
		const char *data = g_bytes_get_data(bytes, &size);
		g_autofree char *text = g_strndup(data ? data : "", size);
		compiler_cache_count(text, &i->cache_hits, &i->cache_misses);
	}
}

const step_part step_ccache = {.name = "ccache", .prepare = ccache_prepare};
