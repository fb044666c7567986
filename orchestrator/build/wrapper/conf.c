#include "conf.h"
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Where the sandbox mounts the trees (build/sandbox.h): constant, so that the
 * bytes built do not depend on the cache's place. */
#define INSIDE "/xorch/"

typedef struct variable {
	const char *name, *value;
} variable;

static variable variables[16];
static size_t n_variables;

static void variable_set(const char *name, const char *value)
{
	if (n_variables == sizeof variables / sizeof *variables)
		die("wrapper.conf: too many folders");
	variables[n_variables++] = (variable){name, value};
}

static const char *expand(const char *text)
{
	const char *start;
	char *out = strdup("");

	while ((start = strstr(text, "${"))) {
		const char *end = strchr(start, '}'), *value = NULL;
		if (!end)
			break;
		for (size_t i = 0; i < n_variables; i++)
			if (!strncmp(variables[i].name, start + 2, end - start - 2) &&
				!variables[i].name[end - start - 2])
				value = variables[i].value;
		if (!value)
			die("wrapper.conf: unknown variable in %s", text);
		out = text_format("%s%.*s%s", out, (int)(start - text), text, value);
		text = end + 1;
	}
	return text_format("%s%s", out, text);
}

static int has_word(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = list; (p = strstr(p, word)); p += n)
		if ((p == list || p[-1] == ' ') && (!p[n] || p[n] == ' '))
			return 1;
	return 0;
}

static int set_enum(const char *value, const char *const *names, int *out)
{
	for (int i = 0; names[i]; i++)
		if (!strcmp(names[i], value)) {
			*out = i;
			return 1;
		}
	return 0;
}

static int tool_set(tool *t, const char *key, const char *value)
{
	static const char *const kinds[] = {"plain", "compiler", "cxx", "linker", NULL};
	static const char *const cpus[] = {"other", "arm", "aarch64", "x86_64", NULL};
	const struct {
		const char *key;
		const char **text;
		args *list;
	} keys[] = {
		{"program", &t->program, NULL},
		{"loader", &t->loader, NULL},
		{"library_path", &t->library_path, NULL},
		{"argv0", &t->argv0, NULL},
		{"before", NULL, &t->before},
		{"prelink", NULL, &t->prelink},
		{"cxx", NULL, &t->cxx},
		{"link", NULL, &t->link},
		{"env", NULL, &t->env},
		{"default", NULL, &t->defaults},
	};
	int n;

	if (!strcmp(key, "kind") && set_enum(value, kinds, &n)) {
		t->kind = (tool_kind)n;
		return 1;
	}
	if (!strcmp(key, "cpu") && set_enum(value, cpus, &n)) {
		t->cpu = (tool_cpu)n;
		return 1;
	}
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		if (strcmp(keys[i].key, key))
			continue;
		if (keys[i].text)
			*keys[i].text = expand(value);
		else
			args_add(keys[i].list, expand(value));
		return 1;
	}
	return 0;
}

/* `path` as seen from `root`, each leading ../ taking a folder off it: a cache
 * may be moved or restored elsewhere as a whole. */
static const char *from_root(const char *root, const char *path)
{
	char *base = strdup(root), *slash;

	if (path[0] == '/')
		return path;
	while (!strncmp(path, "../", 3) && (slash = strrchr(base, '/'))) {
		*slash = 0;
		path += 3;
	}
	return text_format("%s/%s", base, path);
}

static char *own_path(void)
{
	static char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);

	if (n <= 0)
		die("cannot find this program's own folder: /proc/self/exe: %s",
			strerror(errno));
	path[n] = 0;
	return path;
}

void tool_find(tool *t)
{
	char *self = own_path();
	char *name = strrchr(self, '/');
	char *root = strndup(self, (size_t)(name - self));
	char *slash = strrchr(root, '/');
	const char *conf;
	char *text, *line, *next;
	int inside, mine = 0, found = 0;

	memset(t, 0, sizeof *t);
	t->self = self;
	t->name = name + 1;
	if (!slash)
		die("no wrapper.conf beside %s", root);
	*slash = 0;
	conf = text_format("%s/wrapper.conf", root);
	text = file_read(conf, NULL);
	if (!text)
		die("%s: %s", conf, strerror(errno));
	inside = !strncmp(root, INSIDE, strlen(INSIDE));
	variable_set("cross", root);
	variable_set("self", self);
	args_add(&t->dirs, root);
	for (line = text; *line; line = next) {
		char *key = line, *value;
		next = line + strcspn(line, "\n");
		if (*next)
			*next++ = 0;
		value = line + strcspn(line, " ");
		if (*value)
			*value++ = 0;
		if (!*key || *key == '#' || !strcmp(key, "xorch-wrapper"))
			continue;
		if (!strcmp(key, "dir")) {
			char *path = value + strcspn(value, " ");
			if (!*path)
				die("%s: dir without a path", conf);
			*path++ = 0;
			if (inside)
				path = text_format(INSIDE "%s", value);
			variable_set(value, from_root(root, path));
			args_add(&t->dirs, variables[n_variables - 1].value);
		} else if (!strcmp(key, "tool")) {
			mine = has_word(value, t->name);
			found |= mine;
		} else if (mine && !tool_set(t, key, value)) {
			die("%s: line not understood: %s %s", conf, key, value);
		}
	}
	if (!found)
		die("%s: no tool named %s", conf, t->name);
	if (!t->program)
		die("%s: tool %s has no program", conf, t->name);
	args_end(&t->dirs);
}
