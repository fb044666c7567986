#include "build/python_host.h"
#include "base/error.h"
#include "base/fs.h"
#include "base/process.h"
#include "build/embedded.h"
#include "build/python_find.h"
#include "format/digest.h"
#include <jansson.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

/* Records: python/<sha256 of the path> holds {"stat", "answer"} or {"stat",
 * "refused"}; python-vars/<sha256 of the text> the sysconfig data. */
#define KIND "python"
#define KIND_VARS "python-vars"

void host_python_free(host_python *p)
{
	if (!p)
		return;
	g_free(p->executable);
	g_free(p->origin);
	g_free(p->version);
	g_free(p->tag);
	g_free(p->abiflags);
	g_free(p->base_prefix);
	g_free(p->stdlib);
	g_free(p->include);
	g_free(p->config_h);
	g_free(p->multiarch);
	g_free(p->soabi);
	g_free(p->ext_suffix);
	g_free(p->sysconfigdata);
	g_free(p->pip);
	g_free(p->vars_digest);
	g_free(p);
}

void host_python_refusal_free(host_python_refusal *r)
{
	g_free(r->executable);
	g_free(r->reason);
	g_free(r);
}

/* What the answer of another run holds for: this file, asked by this probe. */
static char *fingerprint(const char *path)
{
	struct stat st;
	const embedded_file *probe = embedded_file_get("xorch_probe.py");

	if (stat(path, &st) != 0)
		return NULL;
	return g_strdup_printf("%lu %lu %ld.%09ld %ld %.16s", (unsigned long)st.st_dev,
		(unsigned long)st.st_ino, (long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec,
		(long)st.st_size, probe->sha256);
}

static char *text_of(const json_t *object, const char *name)
{
	return g_strdup(json_string_value(json_object_get(object, name)));
}

/* NULL, or why the answer is not one of a Python that can be used. */
static char *refuse(const json_t *a)
{
	struct utsname here;
	const char *implementation =
		json_string_value(json_object_get(a, "implementation"));
	const char *version = json_string_value(json_object_get(a, "version"));
	const char *machine = json_string_value(json_object_get(a, "machine"));
	unsigned major = 0, minor = 0;

	uname(&here);
	if (!implementation || !version || !machine ||
		sscanf(version, "%u.%u", &major, &minor) != 2)
		return g_strdup("its answer cannot be read");
	if (!g_str_equal(implementation, "cpython"))
		return g_strdup_printf("%s is not CPython", implementation);
	if (major != 3 || minor < 9 || minor > 14)
		return g_strdup_printf("Python %s is not one of 3.9 to 3.14", version);
	if (!json_is_true(json_object_get(a, "release")))
		return g_strdup("not a final release");
	if (json_is_true(json_object_get(a, "debug")))
		return g_strdup("a debug build: its extensions have another ABI");
	if (json_integer_value(json_object_get(a, "bits")) != 64 ||
		!g_str_equal(machine, here.machine))
		return g_strdup("it is not built for this machine");
	if (!json_is_string(json_object_get(a, "soabi")) ||
		!json_is_string(json_object_get(a, "include")) ||
		!json_is_string(json_object_get(a, "executable")))
		return g_strdup("its sysconfig data is not complete");
	return NULL;
}

static host_python *from_answer(const json_t *a)
{
	host_python *p = g_new0(host_python, 1);

	p->executable = text_of(a, "executable");
	p->version = text_of(a, "version");
	sscanf(p->version, "3.%u", &p->minor);
	p->free_threaded = json_is_true(json_object_get(a, "free_threaded"));
	p->tag = g_strdup_printf("cp3%u%s", p->minor, p->free_threaded ? "t" : "");
	p->abiflags = text_of(a, "abiflags");
	p->base_prefix = text_of(a, "base_prefix");
	p->stdlib = text_of(a, "stdlib");
	p->include = text_of(a, "include");
	p->config_h = text_of(a, "config_h");
	p->multiarch = text_of(a, "multiarch");
	p->soabi = text_of(a, "soabi");
	p->ext_suffix = text_of(a, "ext_suffix");
	p->sysconfigdata = text_of(a, "sysconfigdata");
	p->pip = text_of(a, "pip");
	p->vars_digest = text_of(a, "vars_digest");
	return p;
}

/* Runs the probe; the answer without "vars" (which become a record of their
 * own), or NULL with *reason. */
static json_t *ask(store *s, const char *path, char **reason)
{
	const embedded_file *probe = embedded_file_get("xorch_probe.py");
	const char *argv[] = {path, "-I", "-S", "-c", (const char *)probe->bytes, NULL};
	const char *env[] = {"PATH=/usr/bin:/bin", "HOME=/", "LC_ALL=C.UTF-8", NULL};
	process_spec spec = {
		.argv = argv, .env = env, .cwd = "/", .capture = TRUE, .timeout_s = 30};
	g_auto(process_result) result = {0};
	g_autoptr(GError) err = NULL;

	if (!process_check(&spec, &result, EXIT_HOST, &err)) {
		*reason = g_strdup(err->message);
		return NULL;
	}
	json_t *a = json_loadb(result.out, result.out_size, JSON_REJECT_DUPLICATES, NULL);
	json_t *vars = json_object_get(a, "vars");
	if (!json_is_object(vars)) {
		json_decref(a);
		*reason = g_strdup("its answer cannot be read");
		return NULL;
	}
	char *text = json_dumps(vars, JSON_SORT_KEYS | JSON_COMPACT);
	g_autofree char *sha256 = digest_bytes(text, strlen(text));
	gboolean kept = store_record_put(s, KIND_VARS, sha256, text, strlen(text), &err);
	free(text);
	json_object_del(a, "vars");
	json_object_set_new(a, "vars_digest", json_string(sha256));
	if (!kept) {
		json_decref(a);
		*reason = g_strdup(err->message);
		return NULL;
	}
	return a;
}

static host_python *from_record(const json_t *record, char **reason)
{
	const char *refused = json_string_value(json_object_get(record, "refused"));

	if (!refused)
		return from_answer(json_object_get(record, "answer"));
	*reason = g_strdup(refused);
	return NULL;
}

host_python *host_python_probe(store *s, const char *path, char **reason)
{
	g_autofree char *now = fingerprint(path);
	g_autofree char *name = digest_bytes(path, strlen(path));
	g_autofree char *old = store_record_get_text(s, KIND, name);
	host_python *python = NULL;

	*reason = NULL;
	json_t *record = old ? json_loads(old, JSON_REJECT_DUPLICATES, NULL) : NULL;
	const char *was = json_string_value(json_object_get(record, "stat"));
	if (now && was && g_str_equal(now, was)) {
		python = from_record(record, reason);
		json_decref(record);
		return python;
	}
	json_decref(record);
	json_t *answer = ask(s, path, reason);
	if (answer)
		*reason = refuse(answer);
	record = json_object();
	json_object_set_new(record, "stat", json_string(now ? now : ""));
	if (*reason)
		json_object_set_new(record, "refused", json_string(*reason));
	else
		json_object_set(record, "answer", answer);
	if (answer && !*reason)
		python = from_answer(answer);
	char *text = json_dumps(record, JSON_SORT_KEYS | JSON_INDENT(1));
	/* A failure to run may pass (a time limit on a busy machine): not kept. */
	if (text && answer)
		store_record_put(s, KIND, name, text, strlen(text), NULL);
	free(text);
	json_decref(record);
	json_decref(answer);
	return python;
}

gboolean host_python_has_headers(const host_python *p)
{
	g_autofree char *python_h = g_build_filename(p->include, "Python.h", NULL);

	return g_file_test(python_h, G_FILE_TEST_IS_REGULAR) &&
	       g_file_test(p->config_h, G_FILE_TEST_IS_REGULAR);
}

static int by_tag(gconstpointer x, gconstpointer y)
{
	const host_python *a = *(host_python *const *)x, *b = *(host_python *const *)y;

	return a->minor != b->minor ? (int)a->minor - (int)b->minor
				    : a->free_threaded - b->free_threaded;
}

static host_python *with_tag(const GPtrArray *all, const char *tag, guint *index)
{
	for (guint i = 0; i < all->len; i++) {
		host_python *p = g_ptr_array_index(all, i);
		if (g_str_equal(p->tag, tag)) {
			*index = i;
			return p;
		}
	}
	return NULL;
}

static void add(GPtrArray *all, host_python *p)
{
	guint i;
	host_python *other = with_tag(all, p->tag, &i);

	if (!other) {
		g_ptr_array_add(all, p);
	} else if (host_python_has_headers(p) && !host_python_has_headers(other)) {
		host_python_free(other);
		all->pdata[i] = p;
	} else {
		host_python_free(p);
	}
}

GPtrArray *host_python_find_all(store *s, GPtrArray *refused)
{
	GPtrArray *all = g_ptr_array_new_with_free_func((GDestroyNotify)host_python_free);
	g_autoptr(GPtrArray) places = python_find_places();

	for (guint i = 0; i < places->len; i++) {
		const python_place *place = g_ptr_array_index(places, i);
		g_autofree char *reason = NULL;
		host_python *p = host_python_probe(s, place->path, &reason);
		if (p) {
			p->origin = g_strdup(place->origin);
			add(all, p);
		} else if (refused) {
			host_python_refusal *r = g_new0(host_python_refusal, 1);
			r->executable = g_strdup(place->path);
			r->reason = g_steal_pointer(&reason);
			g_ptr_array_add(refused, r);
		}
	}
	g_ptr_array_sort(all, by_tag);
	return all;
}

char *host_python_default(store *s, const GPtrArray *found)
{
	g_autofree char *path = python_find_default();
	g_autofree char *reason = NULL;
	guint index;

	if (!path)
		return NULL;
	g_autoptr(host_python) p = host_python_probe(s, path, &reason);
	return p && with_tag(found, p->tag, &index) ? g_strdup(p->tag) : NULL;
}

char *host_python_vars(store *s, const host_python *p, GError **err)
{
	char *text = store_record_get_text(s, KIND_VARS, p->vars_digest);

	if (text)
		return text;
	/* The record was removed or damaged: ask again. */
	g_autofree char *reason = NULL;
	json_t *answer = ask(s, p->executable, &reason);
	json_decref(answer);
	text = answer ? store_record_get_text(s, KIND_VARS, p->vars_digest) : NULL;
	if (!text)
		error_set(err, EXIT_HOST, "X0832",
			"%s does not answer as it did before: %s", p->executable,
			reason ? reason : "its sysconfig data changed");
	return text;
}
