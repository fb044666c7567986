#include "build/sysroot_check.h"
#include "base/error.h"
#include "build/tree_walk.h"
#include "format/elf.h"
#include "format/member_name.h"
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FAULTS_SHOWN 10
#define ELF_MAX (256 << 20)

typedef struct checking {
	const platform *target;
	const char *dir;
	GHashTable *files;  /* base names of all files and links: a set */
	GHashTable *needed; /* library -> who needs it */
	GPtrArray *faults;
} checking;

static void fault(checking *c, const char *fmt, ...) G_GNUC_PRINTF(2, 3);
static void fault(checking *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	char *text = g_strdup_vprintf(fmt, ap);
	va_end(ap);
	g_ptr_array_add(c->faults, text_escape(text, -1));
	g_free(text);
}

/* In a part of the system that a sysroot goes without as a whole, such as etc or usr/bin:
 * rgb.txt of X11, the local time zone, configuration of programs. Nothing is linked
 * there. */
static gboolean is_left_out(const checking *c, const char *to)
{
	gsize skipped = g_str_has_prefix(to, "usr/") ? strlen("usr/") : 0;
	const char *end = strchr(to + skipped, '/');
	g_autofree char *part = end ? g_strndup(to, (gsize)(end - to)) : g_strdup(to);
	g_autofree char *path = g_build_filename(c->dir, part, NULL);

	return !g_str_has_prefix(to + skipped, "lib") &&
	       !g_file_test(path, G_FILE_TEST_EXISTS);
}

/* Where the bindings of a library to other languages lie, which link to the interpreter
 * that a sysroot goes without: usr/lib/lua/gv.so. Nothing is linked there. */
static gboolean is_for_interpreter(const checking *c, const char *path)
{
	static const char *const names[] = {"guile", "jni", "lua", "node", "ocaml",
		"octave", "perl", "php", "ruby", "tcl"};
	g_autofree char *own = g_strdup_printf("usr/lib/%s/", c->target->triple);
	const char *rest = path;

	if (g_str_has_prefix(path, own))
		rest += strlen(own);
	else if (g_str_has_prefix(path, "usr/lib/"))
		rest += strlen("usr/lib/");
	gsize length = strcspn(rest, "/0123456789.");
	gboolean folder = rest != path && strchr(rest, '/');
	for (gsize i = 0; folder && i < G_N_ELEMENTS(names); i++)
		if (strlen(names[i]) == length && !strncmp(rest, names[i], length))
			return TRUE;
	return FALSE;
}

static void check_link(checking *c, const tree_entry *e)
{
	g_autofree char *target = g_file_read_link(e->full, NULL);
	const char *why = NULL;
	struct stat st;

	if (!target)
		return;
	g_autofree char *to = member_link_resolve(e->path, target, FALSE, NULL, &why);
	if (!to)
		fault(c, "%s -> %s %s", e->path, target, why);
	else if (stat(e->full, &st) && !is_left_out(c, to) &&
		 !is_for_interpreter(c, e->path))
		fault(c, "%s -> %s leads nowhere", e->path, target);
}

static gboolean begins_as_elf(const char *path)
{
	char head[64];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	gboolean is = fd >= 0 && read(fd, head, sizeof(head)) == sizeof(head) &&
		      elf_magic(head, sizeof(head));

	if (fd >= 0)
		close(fd);
	return is;
}

static void check_elf(checking *c, const tree_entry *e)
{
	g_autoptr(GError) error = NULL;
	const platform *t = c->target;

	if (e->size < 64 || e->size > ELF_MAX || !begins_as_elf(e->full))
		return;
	g_autoptr(elf_file) f = elf_file_open_path(e->full, 0, &error);
	if (!f) {
		fault(c, "%s: %s", e->path, error->message);
		return;
	}
	if (f->machine != t->elf_machine || f->elf_class != t->elf_class) {
		fault(c, "%s is for %s, not %s", e->path, elf_machine_name(f->machine),
			elf_machine_name(t->elf_machine));
		return;
	}
	if (f->machine == EM_ARM && t->float_abi == FLOAT_HARD && f->arm.present &&
		f->arm.vfp_args == 0 && f->type == ET_DYN)
		fault(c, "%s has the soft-float calling convention", e->path);
	if (is_for_interpreter(c, e->path))
		return;
	for (guint i = 0; i < f->needed->len; i++) {
		const char *name = f->needed->pdata[i];
		if (!g_hash_table_contains(c->needed, name))
			g_hash_table_insert(c->needed, g_strdup(name), g_strdup(e->path));
	}
}

static gboolean check_entry(const tree_entry *e, void *data, GError **err)
{
	checking *c = data;

	(void)err;
	if (e->type == TREE_FILE || e->type == TREE_LINK)
		g_hash_table_add(c->files, g_path_get_basename(e->path));
	if (e->type == TREE_LINK)
		check_link(c, e);
	else if (e->type == TREE_FILE)
		check_elf(c, e);
	else if (e->type == TREE_OTHER)
		fault(c, "%s is neither file, folder nor link", e->path);
	return TRUE;
}

static void check_needed(checking *c)
{
	GHashTableIter iter;
	gpointer library, user;

	g_hash_table_iter_init(&iter, c->needed);
	while (g_hash_table_iter_next(&iter, &library, &user))
		if (!g_hash_table_contains(c->files, library))
			fault(c, "%s needs %s, which is not there", (char *)user,
				(char *)library);
}

static gboolean tell(const checking *c, GError **err)
{
	if (!c->faults->len)
		return TRUE;
	error_set(err, EXIT_INTEGRITY, "X0640", "the sysroot for %s is not whole",
		c->target->name);
	for (guint i = 0; i < c->faults->len && i < FAULTS_SHOWN; i++)
		error_line(err, "%s", (char *)c->faults->pdata[i]);
	if (c->faults->len > FAULTS_SHOWN)
		error_line(err, "and %u more", c->faults->len - FAULTS_SHOWN);
	error_help(err, "add what is missing to `packages` of its definition, or what is "
			"left over to `prune`");
	return FALSE;
}

gboolean sysroot_check(const char *dir, const platform *target, GError **err)
{
	checking c = {.target = target, .dir = dir};

	c.files = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	c.needed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	c.faults = g_ptr_array_new_with_free_func(g_free);
	gboolean ok = tree_walk(dir, check_entry, &c, err);
	if (ok) {
		check_needed(&c);
		ok = tell(&c, err);
	}
	g_hash_table_unref(c.files);
	g_hash_table_unref(c.needed);
	g_ptr_array_unref(c.faults);
	return ok;
}
