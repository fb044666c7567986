#include "build/kept.h"
#include "base/error.h"
#include "base/fs.h"
#include "base/process_secret.h"
#include "build/history.h"
#include "format/json.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOTE "sandbox.json"
#define USE ".use"
#define NOTE_MAX (4 << 20)

/* ---- writing ---- */

static json_t *list(const char *const *values)
{
	json_t *out = json_array();

	for (; values && *values; values++)
		json_array_append_new(out, json_text(*values));
	return out;
}

/* Without what is secret: of that the names. */
static void set_env(json_t *o, const char *const *env)
{
	json_t *open = json_array(), *secret = json_array();

	for (; env && *env; env++) {
		g_autofree char *masked = process_secrets_mask(*env);
		g_autofree char *name = g_strndup(*env, strcspn(*env, "="));
		if (g_str_equal(masked, *env))
			json_array_append_new(open, json_text(*env));
		else
			json_array_append_new(secret, json_text(name));
	}
	json_object_set_new(o, "env", open);
	json_object_set_new(o, "secret", secret);
}

static json_t *binds_json(const sandbox_spec *s)
{
	json_t *out = json_array();

	for (guint n = 0; n < s->n_binds; n++)
		json_array_append_new(out,
			json_pack("{s:o, s:o, s:b}", "host", json_text(s->binds[n].host),
				"inside", json_text(s->binds[n].inside), "writable",
				s->binds[n].writable));
	return out;
}

gboolean kept_note(const char *folder, const sandbox_spec *s, GError **err)
{
	g_autofree char *path = g_build_filename(folder, NOTE, NULL);
	json_t *o = json_pack(
		"{s:i, s:o, s:s, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "v", 1,
		"folder", json_text(folder), "level", sandbox_level_name(s->level),
		"network", s->network, "name", json_text(s->name), "cwd",
		json_text(s->cwd), "scratch", json_text(s->scratch), "argv",
		list(s->argv), "binds", binds_json(s), "hide", list(s->hide), "tools",
		list(s->tools), "path_first", list(s->path_first));

	set_env(o, s->env);
	char *dump = json_dumps(o, JSON_INDENT(1));
	json_decref(o);
	gboolean ok = fs_write_atomic(path, dump, strlen(dump), 0600, err);
	free(dump);
	return ok;
}

static char *kept_parent(void)
{
	g_autofree char *state = history_dir();

	return g_build_filename(state, "kept", NULL);
}

char *kept_add(const char *id, const char *folder, GError **err)
{
	g_autofree char *parent = kept_parent();
	g_autofree char *name = g_strdup_printf(
		"%s-%" G_GINT64_FORMAT, id, g_get_real_time() / G_USEC_PER_SEC);
	g_autofree char *hidden = g_strdup_printf(".%s-%d", name, (int)getpid());
	g_autofree char *temp = g_build_filename(parent, hidden, NULL);
	g_autofree char *place = g_build_filename(parent, name, NULL);

	if (!fs_mkdir_p(parent, 0755, err))
		return NULL;
	if (fs_copy_tree(folder, temp, FS_COPY, err)) {
		/* The copy has the time of what it is made of. */
		utimensat(AT_FDCWD, temp, NULL, 0);
		if (rename(temp, place) == 0)
			return g_steal_pointer(&place);
		error_set_errno(err, EXIT_HOST, "X0820", errno, "cannot keep %s", place);
	}
	fs_remove_tree(temp, NULL);
	return NULL;
}

/* ---- looking after them ---- */

static gint64 mtime_of(const char *folder, const char *name)
{
	g_autofree char *path = g_build_filename(folder, name, NULL);
	struct stat st;

	return lstat(path, &st) < 0 ? 0 : st.st_mtime;
}

/* The lock's file is the mark of the last visit, and to look is none. */
static gboolean is_free(const char *folder)
{
	g_autofree char *path = g_build_filename(folder, USE, NULL);
	struct stat st;

	if (lstat(path, &st) < 0)
		return TRUE;
	g_autoptr(lockfile) alone = lockfile_try(path, FALSE, NULL);
	if (!alone)
		return FALSE;
	const struct timespec times[] = {st.st_atim, st.st_mtim};
	utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW);
	return TRUE;
}

/* Moved away first, so that half of one is not found; back when somebody entered in the
 * meantime. */
static void drop(const char *parent, const char *name, kept_pruned *out)
{
	g_autofree char *folder = g_build_filename(parent, name, NULL);
	g_autofree char *hidden = g_strdup_printf(".%s-%d", name, (int)getpid());
	g_autofree char *away = g_build_filename(parent, hidden, NULL);
	g_autofree char *use = g_build_filename(away, USE, NULL);
	guint64 bytes = fs_tree_bytes(folder);

	if (rename(folder, away) < 0)
		return;
	g_autoptr(lockfile) alone = lockfile_try(use, FALSE, NULL);
	if (!alone && rename(away, folder) == 0) {
		out->in_use++;
		return;
	}
	if (!fs_remove_tree(away, NULL))
		return;
	out->count++;
	out->bytes += bytes;
}

void kept_usage(guint64 *count, guint64 *bytes)
{
	g_autofree char *parent = kept_parent();
	g_autoptr(GDir) dir = g_dir_open(parent, 0, NULL);

	*count = 0;
	while (dir && g_dir_read_name(dir))
		(*count)++;
	*bytes = fs_tree_bytes(parent);
}

/* Being made or removed, by somebody who may have died of it. */
#define BUSY_SECONDS 86400

void kept_prune(gint64 max_age, gboolean dry_run, kept_pruned *out)
{
	g_autofree char *parent = kept_parent();
	g_autoptr(GDir) dir = g_dir_open(parent, 0, NULL);
	gint64 now = g_get_real_time() / G_USEC_PER_SEC;
	const char *name;

	*out = (kept_pruned){0};
	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *folder = g_build_filename(parent, name, NULL);
		gint64 used = MAX(mtime_of(parent, name), mtime_of(folder, USE));
		gint64 limit = *name == '.' ? MIN(BUSY_SECONDS, max_age) : max_age;
		if (used > now - limit)
			continue;
		if (!is_free(folder)) {
			out->in_use++;
		} else if (dry_run) {
			out->count++;
			out->bytes += fs_tree_bytes(folder);
		} else {
			drop(parent, name, out);
		}
	}
}

/* ---- reading ---- */

/* Is it of the item, or of one whose id begins so? 0, or when it was made. */
static gint64 time_of(const char *name, const char *id, gboolean *exact)
{
	const char *dash = strrchr(name, '-');
	gint64 when = dash ? g_ascii_strtoll(dash + 1, NULL, 10) : 0;

	if (!g_str_has_prefix(name, id))
		return 0;
	*exact = dash == name + strlen(id);
	return when;
}

static char *newest(const char *id)
{
	g_autofree char *parent = kept_parent();
	g_autoptr(GDir) dir = g_dir_open(parent, 0, NULL);
	g_autofree char *best = NULL;
	gint64 best_when = 0;
	gboolean best_exact = FALSE;
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		gboolean exact;
		gint64 when = time_of(name, id, &exact);
		if (!when || (best_exact && !exact) ||
			(best_exact == exact && when < best_when))
			continue;
		g_autofree char *note = g_build_filename(parent, name, NOTE, NULL);
		if (access(note, R_OK) != 0)
			continue;
		g_free(best);
		best = g_strdup(name);
		best_when = when;
		best_exact = exact;
	}
	return best ? g_build_filename(parent, best, NULL) : NULL;
}

/* Owned by *k, the folder of the build replaced by that of today. */
static const char *take(kept *k, const json_t *value, const char *folder)
{
	const char *raw = json_string_value(value);

	if (!raw)
		return NULL;
	GString *s = g_string_new(raw);
	g_string_replace(s, folder, k->folder, 0);
	char *out = g_string_free(s, FALSE);
	g_ptr_array_add(k->texts, out);
	return out;
}

static const char *const *take_list(
	kept *k, const json_t *o, const char *name, const char *folder)
{
	const json_t *values = json_object_get(o, name);
	GPtrArray *out = g_ptr_array_new();

	for (size_t n = 0; n < json_array_size(values); n++) {
		const char *one = take(k, json_array_get(values, n), folder);
		if (one)
			g_ptr_array_add(out, (gpointer)one);
	}
	g_ptr_array_add(out, NULL);
	g_ptr_array_add(k->lists, out);
	return (const char *const *)out->pdata;
}

static void take_secrets(kept *k, const json_t *o, GPtrArray *env)
{
	const json_t *names = json_object_get(o, "secret");

	for (size_t n = 0; n < json_array_size(names); n++) {
		const char *name = json_string_value(json_array_get(names, n));
		const char *value = name ? g_getenv(name) : NULL;
		if (!value) {
			g_ptr_array_add(k->missing, g_strdup(name));
			continue;
		}
		char *entry = g_strconcat(name, "=", value, NULL);
		g_ptr_array_add(k->texts, entry);
		g_ptr_array_insert(env, 0, entry);
	}
}

static gboolean is_gone(const kept *k, const char *id, GError **err)
{
	for (guint n = 0; n < k->binds->len; n++) {
		const sandbox_bind *b = &g_array_index(k->binds, sandbox_bind, n);
		if (access(b->host, F_OK) == 0)
			continue;
		error_set(err, EXIT_INPUT, "X0853",
			"%s was kept, but not all that it was built with is still there",
			id);
		error_line(err, "missing: %s, %s in the build", b->host,
			b->inside ? b->inside : b->host);
		error_help(err, "xorch build %s --force --keep", id);
		return TRUE;
	}
	return FALSE;
}

/* A program that was started by its path (go) has its folder in PATH, for whoever types
 * its name; what a build environment has is there anyway. */
static void take_program(kept *k)
{
	const char *program = k->spec.argv[0];
	g_autofree char *own =
		sandbox_path(&k->spec, k->spec.level, SANDBOX_ENV_DIR "/bin");

	if (!program || *program != '/')
		return;
	char *folder = g_path_get_dirname(program);
	GPtrArray *path = g_ptr_array_new();
	g_ptr_array_add(k->texts, folder);
	g_ptr_array_add(k->lists, path);
	for (guint n = 0; k->spec.path_first[n]; n++)
		g_ptr_array_add(path, (gpointer)k->spec.path_first[n]);
	if (!g_str_equal(folder, own))
		g_ptr_array_add(path, folder);
	g_ptr_array_add(path, NULL);
	k->spec.path_first = (const char *const *)path->pdata;
}

static gboolean read_note(kept *k, const char *id, GError **err)
{
	g_autofree char *path = g_build_filename(k->folder, NOTE, NULL);
	g_autoptr(GBytes) bytes = fs_read(path, NOTE_MAX, err);
	gsize size;
	const char *data = bytes ? g_bytes_get_data(bytes, &size) : NULL;
	g_autoptr(json_t) o = data ? json_parse(data, size, path, err) : NULL;
	const char *folder = o ? json_get_string(o, "folder") : NULL;
	const char *level = o ? json_get_string(o, "level") : NULL;
	const json_t *binds = json_object_get(o, "binds");

	if (!folder || !*folder || !level ||
		!sandbox_level_parse(level, &k->spec.level, NULL)) {
		g_clear_error(err);
		error_set(err, EXIT_INPUT, "X0853", "%s cannot be read", path);
		error_help(err, "xorch build %s --force --keep", id);
		return FALSE;
	}
	for (size_t n = 0; n < json_array_size(binds); n++) {
		const json_t *one = json_array_get(binds, n);
		sandbox_bind b = {take(k, json_object_get(one, "host"), folder),
			take(k, json_object_get(one, "inside"), folder),
			json_is_true(json_object_get(one, "writable"))};
		if (b.host)
			g_array_append_val(k->binds, b);
	}
	k->spec.binds = (const sandbox_bind *)k->binds->data;
	k->spec.n_binds = k->binds->len;
	k->spec.network = json_is_true(json_object_get(o, "network"));
	k->spec.name = take(k, json_object_get(o, "name"), folder);
	k->spec.cwd = take(k, json_object_get(o, "cwd"), folder);
	k->spec.scratch = take(k, json_object_get(o, "scratch"), folder);
	k->spec.argv = take_list(k, o, "argv", folder);
	k->spec.hide = take_list(k, o, "hide", folder);
	k->spec.tools = take_list(k, o, "tools", folder);
	k->spec.path_first = take_list(k, o, "path_first", folder);
	(void)take_list(k, o, "env", folder);
	GPtrArray *env = g_ptr_array_index(k->lists, k->lists->len - 1);
	take_secrets(k, o, env);
	k->spec.env = (const char *const *)env->pdata;
	k->spec.resume = TRUE;
	take_program(k);
	return !is_gone(k, id, err);
}

/* Where nothing can be written nothing is removed either. */
static gboolean hold(kept *k, const char *id, GError **err)
{
	g_autofree char *path = g_build_filename(k->folder, USE, NULL);
	g_autoptr(GError) problem = NULL;

	k->use = lockfile_try(path, TRUE, &problem);
	if (k->use) {
		lockfile_touch(k->use);
		return TRUE;
	}
	if (problem)
		return TRUE;
	error_set(err, EXIT_INPUT, "X0853",
		"the build folder of %s is being removed by `xorch cache prune`", id);
	error_help(err, "xorch build %s --force --keep", id);
	return FALSE;
}

kept *kept_open(const char *id, GError **err)
{
	g_autofree char *folder = newest(id);

	if (!folder) {
		g_autofree char *shown = text_escape(id, -1);
		error_set(err, EXIT_INPUT, "X0852",
			"no build folder of `%s` was kept here", shown);
		error_help(err,
			"xorch build %s --keep, or --force --keep when it is up to "
			"date; then xorch shell %s",
			shown, shown);
		return NULL;
	}
	kept *k = g_new0(kept, 1);
	k->folder = g_steal_pointer(&folder);
	k->missing = g_ptr_array_new_with_free_func(g_free);
	k->texts = g_ptr_array_new_with_free_func(g_free);
	k->lists = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
	k->binds = g_array_new(FALSE, TRUE, sizeof(sandbox_bind));
	if (hold(k, id, err) && read_note(k, id, err))
		return k;
	kept_free(k);
	return NULL;
}

void kept_free(kept *k)
{
	if (!k)
		return;
	lockfile_release(k->use);
	g_free(k->folder);
	g_ptr_array_unref(k->missing);
	g_ptr_array_unref(k->texts);
	g_ptr_array_unref(k->lists);
	g_array_unref(k->binds);
	g_free(k);
}
