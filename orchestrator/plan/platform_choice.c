#include "plan/platform_choice.h"
#include "base/error.h"
#include <string.h>

docker_args docker_args_from_environment(void)
{
	return (docker_args){
		.target_platform = g_getenv("TARGETPLATFORM"),
		.target_os = g_getenv("TARGETOS"),
		.target_arch = g_getenv("TARGETARCH"),
		.target_variant = g_getenv("TARGETVARIANT"),
	};
}

static gboolean has_text(const char *s)
{
	return s && *s;
}

static void add_once(GPtrArray *list, const platform *p)
{
	if (!g_ptr_array_find(list, p, NULL))
		g_ptr_array_add(list, (gpointer)p);
}

static gboolean add_text(
	GPtrArray *list, const char *text, GPtrArray *notes, GError **err)
{
	g_autofree char *note = NULL;

	if (g_ascii_strcasecmp(text, "all") == 0) {
		for (const platform *p = platforms; p->name; p++)
			if (p->builds_wheels)
				add_once(list, p);
		return TRUE;
	}
	const platform *p = platform_parse(text, &note, err);
	if (!p)
		return FALSE;
	if (note)
		g_ptr_array_add(notes, g_steal_pointer(&note));
	add_once(list, p);
	return TRUE;
}

static const platform *from_docker(
	const docker_args *d, gboolean *found, char **note, GError **err)
{
	return platform_from_docker(d->target_platform, d->target_os, d->target_arch,
		d->target_variant, found, note, err);
}

static char *docker_text(const docker_args *d)
{
	if (has_text(d->target_platform))
		return g_strdup_printf("TARGETPLATFORM=%s", d->target_platform);
	return g_strdup_printf("TARGETARCH=%s%s%s", d->target_arch ? d->target_arch : "",
		has_text(d->target_variant) ? " TARGETVARIANT=" : "",
		has_text(d->target_variant) ? d->target_variant : "");
}

/* The flag wins, and says so when the stage's own platform is not among them. */
static void note_disagreement(
	GPtrArray *list, const docker_args *docker, GPtrArray *notes)
{
	gboolean found = FALSE;
	g_autofree char *unused = NULL;
	const platform *p = from_docker(docker, &found, &unused, NULL);

	if (!found || (p && g_ptr_array_find(list, p, NULL)))
		return;
	g_autofree char *raw = docker_text(docker);
	g_autofree char *shown = text_escape(raw, -1);
	g_ptr_array_add(notes,
		g_strdup_printf(
			"--target decides; %s in the environment is not used", shown));
}

GPtrArray *platforms_choose(const char *const *flags, const docker_args *docker,
	const char *const *fallback, GPtrArray *notes, GError **err)
{
	g_autoptr(GPtrArray) list = g_ptr_array_new();
	gboolean found = FALSE;
	g_autofree char *note = NULL;

	if (flags && *flags) {
		for (; *flags; flags++)
			if (!add_text(list, *flags, notes, err))
				return NULL;
		note_disagreement(list, docker, notes);
		return g_steal_pointer(&list);
	}
	const platform *p = from_docker(docker, &found, &note, err);
	if (found) {
		if (!p)
			return NULL;
		if (note)
			g_ptr_array_add(notes, g_steal_pointer(&note));
		add_once(list, p);
		return g_steal_pointer(&list);
	}
	for (; fallback && *fallback; fallback++)
		if (!add_text(list, *fallback, notes, err))
			return NULL;
	if (list->len)
		return g_steal_pointer(&list);
	error_set(err, EXIT_INPUT, "X0110", "no target given");
	error_help(err, "--target aarch64 (or armv7, x86_64, all), or set TARGETARCH and "
			"TARGETVARIANT as a Dockerfile stage has them");
	return NULL;
}
