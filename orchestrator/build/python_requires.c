#include "base/error.h"
#include "build/python_project.h"
#include <stdlib.h>
#include <string.h>

void python_markers_init(python_markers *m, const host_python *python, const platform *p)
{
	m->version = g_strdup_printf("3.%u", python->minor);
	m->environment = (pep508_environment){
		.python_version = m->version,
		.python_full_version = python->version,
		.implementation_version = python->version,
		.implementation_name = "cpython",
		.platform_python_implementation = "CPython",
		.os_name = "posix",
		.sys_platform = "linux",
		.platform_system = "Linux",
		.platform_machine = p->machine,
		/* As xorch_identity.py has os.uname answer. */
		.platform_release = "5.10.0",
		.platform_version = "#1",
		.extra = "",
	};
}

void python_markers_clear(python_markers *m)
{
	g_free(m->version);
	memset(m, 0, sizeof *m);
}

/* "name[a]>=1" under its normalised name, so that two spellings are one. */
static char *spelling(const pep508_requirement *r)
{
	g_autofree char *text = pep508_text(r);

	return g_strconcat(r->normalised, text + strlen(r->name), NULL);
}

static gboolean add_one(GHashTable *out, const char *text, const char *who,
	const python_markers *m, GError **err)
{
	g_autoptr(pep508_requirement) r = pep508_parse(text, err);

	if (!r) {
		error_prefix(err, "%s", who);
		return FALSE;
	}
	if (!pep508_applies(r, &m->environment))
		return TRUE;
	if (r->url) {
		g_autofree char *quoted = text_escape(text, -1);
		error_set(err, EXIT_INPUT, "X0242",
			"%s: a build requirement names a URL: `%s`", who, quoted);
		error_help(err, "patch it to a version, as in `%s==1.2.3`", r->name);
		return FALSE;
	}
	g_hash_table_add(out, spelling(r));
	return TRUE;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

GStrv python_requirements(
	const python_requires *lists, const python_markers *m, GError **err)
{
	g_autoptr(GHashTable) all =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (; lists->who; lists++)
		for (const char *const *text = lists->list; text && *text; text++)
			if (!add_one(all, *text, lists->who, m, err))
				return NULL;
	guint n = 0;
	GStrv out = g_new0(char *, g_hash_table_size(all) + 1);
	GHashTableIter iter;
	gpointer text;
	g_hash_table_iter_init(&iter, all);
	while (g_hash_table_iter_next(&iter, &text, NULL))
		out[n++] = g_strdup(text);
	qsort(out, n, sizeof *out, by_text);
	return out;
}
