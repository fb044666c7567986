#include "build/builder_wheel.h"
#include "base/error.h"
#include "base/event.h"
#include "base/fault.h"
#include <string.h>

static int by_name(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* What lies in `folder`, sorted. */
static GPtrArray *listing(const char *folder)
{
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	/* The build may have put a link to somewhere else in its place. */
	g_autoptr(GDir) dir = g_file_test(folder, G_FILE_TEST_IS_SYMLINK)
				      ? NULL
				      : g_dir_open(folder, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir)))
		g_ptr_array_add(names, g_strdup(name));
	g_ptr_array_sort(names, by_name);
	return names;
}

/* `said` NULL: the script did not say its name. */
static char *only_wheel(const python_step *s, const char *said, GError **err)
{
	g_autofree char *dist = g_build_filename(s->base.out, "dist", NULL);
	g_autoptr(GPtrArray) names = listing(dist);
	const char *wheel = NULL;
	guint n = 0;

	for (guint i = 0; i < names->len; i++) {
		const char *name = g_ptr_array_index(names, i);
		if (g_str_has_suffix(name, ".whl")) {
			wheel = name;
			n++;
		}
	}
	g_autofree char *path = wheel ? g_build_filename(dist, wheel, NULL) : NULL;
	if (n == 1 && (!said || g_str_equal(wheel, said)) &&
		g_file_test(path, G_FILE_TEST_IS_REGULAR) &&
		!g_file_test(path, G_FILE_TEST_IS_SYMLINK))
		return g_steal_pointer(&path);
	error_set(err, EXIT_BUILD, "X0916", "%s: the %s made %s", s->base.item,
		said ? "backend" : "script",
		n == 0	? "no wheel"
		: n > 1 ? "several wheels"
		: said	? "a wheel of another name than it said"
			: "a wheel that is no plain file");
	if (said) {
		g_autofree char *quoted = text_escape(said, -1);
		error_line(err, "it said: %s", quoted);
	} else {
		error_help(err, "leave exactly one wheel in $XORCH_OUT");
	}
	for (guint i = 0; i < names->len && i < 20; i++) {
		g_autofree char *name = text_escape(g_ptr_array_index(names, i), -1);
		error_line(err, "there is: %s", name);
	}
	error_line(err, "log: %s", s->base.log_path ? s->base.log_path : "none");
	return NULL;
}

gboolean builder_wheel_is_script(const recipe *r)
{
	return r->build.script || r->build.script_file;
}

static char *by_backend(const python_step *s, GError **err)
{
	g_autoptr(json_t) result = python_step_call(s, "build_wheel", err);
	const char *said = json_string_value(result);

	return result ? only_wheel(s, said ? said : "no name", err) : NULL;
}

char *builder_wheel_run(const python_step *s, const recipe *r, GError **err)
{
	gint64 begun = event_step_begin(s->base.item, "build");

	fault_point("build");
	char *wheel = !builder_wheel_is_script(r)     ? by_backend(s, err)
		      : python_step_script(s, r, err) ? only_wheel(s, NULL, err)
						      : NULL;
	event_step_end(s->base.item, "build", begun, wheel != NULL);
	return wheel;
}
