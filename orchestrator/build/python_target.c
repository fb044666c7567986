#include "build/python_target.h"
#include "base/error.h"
#include "base/event.h"
#include "base/fault.h"
#include "base/fs.h"
#include "build/embedded.h"
#include "build/python_config.h"
#include "build/python_found.h"
#include "build/python_sysconfig.h"
#include "plan/key.h"
#include <elf.h>
#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <unistd.h>

#define KIND "python"
/* Of what is written; raise it with every change of the rules. */
#define VERSION 3
/* Debian 11's, and in python_requires.c: builds must not see the build machine's. */
#define KERNEL "5.10.0"

void python_target_clear(python_target *t)
{
	g_free(t->tree);
	g_free(t->key);
	g_free(t->include);
	g_free(t->sysconfigdata);
	g_free(t->soabi);
	g_free(t->ext_suffix);
	memset(t, 0, sizeof *t);
}

gboolean python_target_describe(
	store *s, const python_target_spec *spec, python_target *out, GError **err)
{
	const host_python *p = spec->python;
	g_autofree char *headers = host_python_header_digest(s, p, err);

	memset(out, 0, sizeof *out);
	if (!headers)
		return FALSE;
	g_autoptr(key) k = key_new("python-target", VERSION);
	key_add(k, "python", p->tag);
	key_add(k, "headers", headers);
	key_add(k, "sysconfig", p->vars_digest);
	key_add(k, "platform", spec->platform->name);
	key_add(k, "floor", spec->floor);
	key_add(k, "compiler", spec->clang->key);
	key_add(k, "sysroot", spec->sysroot_key);
	out->key = g_strdup(key_digest(k));
	out->include = g_strdup_printf("include/python3.%u%s", p->minor, p->abiflags);
	out->soabi = g_strdup_printf(
		"cpython-3%u%s-%s", p->minor, p->abiflags, spec->platform->multiarch);
	out->ext_suffix = g_strdup_printf(".%s.so", out->soabi);
	out->sysconfigdata = g_strdup_printf(
		"_sysconfigdata_%s_linux_%s", p->abiflags, spec->platform->multiarch);
	return TRUE;
}

static gboolean write_text(
	const char *dir, const char *rel, const char *text, GError **err)
{
	g_autofree char *path = g_build_filename(dir, rel, NULL);
	g_autofree char *folder = g_path_get_dirname(path);

	return fs_mkdir_p(folder, 0755, err) &&
	       fs_write_atomic(path, text, strlen(text), 0644, err);
}

static gboolean copy_headers(
	const host_python *p, const char *dir, const char *include, GError **err)
{
	g_autoptr(GPtrArray) files = host_python_headers(p, err);

	if (!files)
		return FALSE;
	for (guint i = 0; i < files->len; i++) {
		const char *rel = g_ptr_array_index(files, i);
		g_autofree char *from = g_build_filename(p->include, rel, NULL);
		g_autofree char *to = g_build_filename(dir, include, rel, NULL);
		g_autofree char *folder = g_path_get_dirname(to);
		if (!fs_mkdir_p(folder, 0755, err) ||
			!fs_copy_tree(from, to, FS_COPY, err))
			return FALSE;
	}
	return TRUE;
}

static char *identity(const python_target_spec *spec, const python_target *t)
{
	const platform *p = spec->platform;
	g_autofree char *libc = g_strdelimit(g_strdup(spec->floor), "_", '.');
	g_autofree char *data = g_strdup_printf("lib/%s.py", t->sysconfigdata);
	json_t *j = json_pack("{s:s s:s s:s s:i s:[s,s] s:s s:s s:s s:s s:s}", "root",
		"/xorch/python", "machine", p->machine, "multiarch", p->multiarch, "bits",
		p->elf_class == ELFCLASS32 ? 32 : 64, "libc", "glibc", libc, "abiflags",
		spec->python->abiflags, "kernel", KERNEL, "ext_suffix", t->ext_suffix,
		"include", t->include, "sysconfigdata", data);
	char *text = json_dumps(j, JSON_SORT_KEYS | JSON_INDENT(1));
	char *copy = g_strconcat(text, "\n", NULL);

	free(text);
	json_decref(j);
	return copy;
}

/* bin/uname and bin/arch of the target. */
static gboolean write_uname(const platform *p, const char *dir, GError **err)
{
	static const char *const names[] = {"uname", "arch"};
	const embedded_file *template = embedded_file_get("uname");
	g_autoptr(GString) text =
		g_string_new_len((const char *)template->bytes, (gssize) template->size);
	g_autofree char *bin = g_build_filename(dir, "bin", NULL);

	g_string_replace(text, "@MACHINE@", p->machine, 0);
	g_string_replace(text, "@RELEASE@", KERNEL, 0);
	if (!fs_mkdir_p(bin, 0755, err))
		return FALSE;
	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *path = g_build_filename(bin, names[i], NULL);
		if (!fs_write_atomic(path, text->str, text->len, 0755, err))
			return FALSE;
	}
	return TRUE;
}

/* The target's pyconfig.h, derived from the build machine's. */
static char *derive_config(
	store *s, const python_target_spec *spec, GHashTable *changed, GError **err)
{
	g_auto(pyconfig_facts) facts = {0};
	g_autofree char *work = store_temp_dir(s, err);
	g_autofree char *old = NULL;
	g_autoptr(GError) cause = NULL;

	if (!work)
		return NULL;
	if (!g_file_get_contents(spec->python->config_h, &old, NULL, &cause)) {
		error_wrap(err, EXIT_HOST, "X0832", g_steal_pointer(&cause),
			"cannot read a header");
		return NULL;
	}
	gboolean measured = pyconfig_measure(
		&facts, old, spec->clang, spec->platform, spec->sysroot, work, err);
	fs_remove_tree(work, NULL);
	return measured ? pyconfig_rewrite(old, &facts, spec->platform, changed) : NULL;
}

/* The one of the target's own Python. */
static char *read_config(const char *include, GHashTable *changed, GError **err)
{
	g_autofree char *path = g_build_filename(include, "pyconfig.h", NULL);
	g_autoptr(GError) cause = NULL;
	char *text = NULL;

	if (g_file_get_contents(path, &text, NULL, &cause))
		python_found_macros(text, changed);
	else
		error_wrap(err, EXIT_HOST, "X0832", g_steal_pointer(&cause),
			"cannot read a header");
	return text;
}

/* `found`: the headers of a Python in the sysroot, or NULL. */
static gboolean write_config(store *s, const python_target_spec *spec,
	const python_target *t, const char *found, const char *dir, GError **err)
{
	g_autoptr(GHashTable) changed =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	g_autofree char *header = g_build_filename(t->include, "pyconfig.h", NULL);
	g_autofree char *data = g_strdup_printf("lib/%s.py", t->sysconfigdata);
	g_autofree char *text = found ? read_config(found, changed, err)
				      : derive_config(s, spec, changed, err);
	if (!text)
		return FALSE;
	g_autofree char *vars = host_python_vars(s, spec->python, err);
	g_autofree char *module =
		vars ? python_sysconfig_module(vars, changed, spec, t, err) : NULL;
	g_autofree char *who = identity(spec, t);
	/* lib/python3.11, from where some find the headers as PREFIX/include/python3.11
	 * (the build script of cryptography): the same folder. */
	g_autofree char *name = g_path_get_basename(t->include);
	g_autofree char *inner = g_build_filename(dir, "lib", name, NULL);
	return module && write_text(dir, header, text, err) &&
	       write_text(dir, data, module, err) &&
	       write_text(dir, "identity.json", who, err) &&
	       write_uname(spec->platform, dir, err) &&
	       (symlink(".", inner) == 0 ||
		       fs_fail(err, errno, "make the link", inner, 0));
}

gboolean python_target_prepare(const build_context *ctx, const python_target_spec *spec,
	python_target *out, GError **err)
{
	if (!python_target_describe(ctx->store, spec, out, err))
		return FALSE;
	store_tree *tree = store_tree_begin(ctx->store, KIND, out->key, &out->tree, err);
	if (!tree)
		return out->tree != NULL;
	g_autofree char *subject =
		g_strdup_printf("%s-%s", spec->python->tag, spec->platform->name);
	gint64 begun = event_step_begin(subject, "target Python");
	const char *dir = store_tree_dir(tree);
	fault_point("python");
	g_autofree char *found =
		python_found_include(spec->sysroot, spec->python, spec->platform);
	g_autofree char *config =
		g_build_filename(found ? found : "", "pyconfig.h", NULL);
	host_python own = *spec->python;
	if (found) {
		own.include = found;
		own.config_h = config;
		event_log(EVENT_INFO, subject, "the headers of the sysroot's own Python");
	}
	gboolean ok = copy_headers(&own, dir, out->include, err) &&
		      write_config(ctx->store, spec, out, found, dir, err);
	event_step_end(subject, "target Python", begun, ok);
	out->tree = store_tree_finish(tree, ok, err);
	return out->tree != NULL;
}
