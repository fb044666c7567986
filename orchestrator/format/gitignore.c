#include "format/gitignore.h"
#include "base/error.h"
#include "base/fs.h"
#include <lazy/git2.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_MAX (4u << 20)

typedef struct rule {
	char *pattern;
	gboolean keep;	  /* "!" before it */
	gboolean folders; /* "/" at its end */
	gboolean by_name; /* no other slash: the name counts, in whatever folder */
} rule;

typedef struct repository {
	char *top;
	git_index *index; /* read when something is ignored */
} repository;

/* A folder on the way. */
typedef struct frame {
	repository *repository; /* of the frame where it begins */
	gboolean owns;
	char *rel;	  /* from its top, "" or "a/b/" */
	GPtrArray *rules; /* rule *, or NULL: no .gitignore */
	gboolean ignored; /* and what lies in it */
} frame;

struct gitignore {
	GPtrArray *frames;
};

/* ---- patterns ---- */

static const struct {
	const char *name;
	GAsciiType type;
} classes[] = {
	{"alnum", G_ASCII_ALNUM},
	{"alpha", G_ASCII_ALPHA},
	{"cntrl", G_ASCII_CNTRL},
	{"digit", G_ASCII_DIGIT},
	{"graph", G_ASCII_GRAPH},
	{"lower", G_ASCII_LOWER},
	{"print", G_ASCII_PRINT},
	{"punct", G_ASCII_PUNCT},
	{"space", G_ASCII_SPACE},
	{"upper", G_ASCII_UPPER},
	{"xdigit", G_ASCII_XDIGIT},
};

/* "[:digit:]" at p, which ends at `close`; -1: there is no class of that name. */
static int in_class(const char *p, const char *close, guchar c)
{
	gsize n = (gsize)(close - p) - 3;

	for (gsize i = 0; i < G_N_ELEMENTS(classes); i++)
		if (strlen(classes[i].name) == n && !strncmp(classes[i].name, p + 2, n))
			return (g_ascii_table[c] & classes[i].type) != 0;
	return -1;
}

/* The bracket that ends a class at p; NULL: it is a plain "[". */
static const char *class_end(const char *p)
{
	const char *close = p[0] == '[' && p[1] == ':' ? strchr(p + 2, ']') : NULL;

	return close && close > p + 2 && close[-1] == ':' ? close : NULL;
}

/* A bracket expression whose inside is at p. NULL: it does not match, or has no end. */
static const char *bracket(const char *p, guchar c)
{
	gboolean negated = *p == '!' || *p == '^', found = FALSE;
	int previous = -1;

	if (negated)
		p++;
	for (gboolean first = TRUE; *p != ']' || first; first = FALSE) {
		const char *close = class_end(p);
		if (close) {
			int in = in_class(p, close, c);
			if (in < 0)
				return NULL;
			found |= in;
			previous = -1;
			p = close + 1;
			continue;
		}
		if (p[0] == '-' && previous >= 0 && p[1] && p[1] != ']') {
			p += p[1] == '\\' ? 2 : 1;
			if (!*p)
				return NULL;
			found |= c >= previous && c <= (guchar)*p;
			p++;
			previous = -1;
			continue;
		}
		if (*p == '\\')
			p++;
		if (!*p)
			return NULL;
		previous = (guchar)*p++;
		found |= c == previous;
	}
	return found != negated && c != '/' ? p + 1 : NULL;
}

static gboolean glob(const char *start, const char *p, const char *t);

/* `p` behind the stars that begin at `stars`. */
static gboolean glob_stars(
	const char *start, const char *stars, const char *p, const char *t)
{
	gboolean across = p - stars > 1 && (stars == start || stars[-1] == '/') &&
			  (!*p || *p == '/');

	if (across && *p == '/' && glob(start, p + 1, t)) /* no folder at all */
		return TRUE;
	if (!*p)
		return across || !strchr(t, '/');
	for (; *t; t++) {
		if (glob(start, p, t))
			return TRUE;
		if (!across && *t == '/')
			return FALSE;
	}
	return FALSE;
}

static gboolean glob(const char *start, const char *p, const char *t)
{
	for (; *p; t++) {
		const char *stars = p;
		switch (*p) {
		case '*':
			while (*p == '*')
				p++;
			return glob_stars(start, stars, p, t);
		case '?':
			if (!*t || *t == '/')
				return FALSE;
			p++;
			break;
		case '[':
			p = *t ? bracket(p + 1, (guchar)*t) : NULL;
			if (!p)
				return FALSE;
			break;
		case '\\':
			p++;
			G_GNUC_FALLTHROUGH;
		default:
			if (!*p || *p++ != *t)
				return FALSE;
		}
	}
	return !*t;
}

gboolean gitignore_glob(const char *pattern, const char *path)
{
	return glob(pattern, pattern, path);
}

static void rule_free(gpointer data)
{
	rule *r = data;

	g_free(r->pattern);
	g_free(r);
}

/* Blanks at the end count only behind a backslash. */
static void cut_blanks(char *line)
{
	char *end = line;

	for (char *p = line; *p; p++) {
		if (*p == '\\' && p[1])
			p++;
		else if (*p == ' ')
			continue;
		end = p + 1;
	}
	*end = '\0';
}

static rule *rule_parse(char *line)
{
	gsize n = strlen(line);

	if (n && line[n - 1] == '\r')
		line[--n] = '\0';
	if (!n || line[0] == '#')
		return NULL;
	cut_blanks(line);
	gboolean keep = line[0] == '!';
	line += keep;
	n = strlen(line);
	gboolean folders = n && line[n - 1] == '/';
	if (folders)
		line[--n] = '\0';
	if (!n)
		return NULL;
	rule *r = g_new0(rule, 1);
	r->keep = keep;
	r->folders = folders;
	r->by_name = !strchr(line, '/');
	r->pattern = g_strdup(line + (line[0] == '/'));
	return r;
}

/* Of the folder. A .gitignore that is a link is none, as for git. */
static gboolean read_rules(const char *dir, GPtrArray **out, GError **err)
{
	g_autofree char *path = g_build_filename(dir, ".gitignore", NULL);
	struct stat st;

	if (lstat(path, &st) != 0 || !S_ISREG(st.st_mode))
		return TRUE;
	g_autoptr(GBytes) bytes = fs_read(path, FILE_MAX, err);
	if (!bytes)
		return FALSE;
	gsize size;
	const char *data = g_bytes_get_data(bytes, &size);
	g_autofree char *text = g_strndup(size ? data : "", size);
	g_auto(GStrv) lines = g_strsplit(
		text + (g_str_has_prefix(text, "\xef\xbb\xbf") ? 3 : 0), "\n", -1);
	*out = g_ptr_array_new_with_free_func(rule_free);
	for (char **line = lines; *line; line++) {
		rule *r = rule_parse(*line);
		if (r)
			g_ptr_array_add(*out, r);
	}
	return TRUE;
}

/* ---- the index ---- */

static gboolean is_work_tree(const char *dir)
{
	g_autofree char *dot = g_build_filename(dir, ".git", NULL);

	return g_file_test(dot, G_FILE_TEST_EXISTS);
}

/* Where git keeps its own of a work tree: .git, or where a file of that name leads. */
static char *git_folder(const char *top)
{
	g_autofree char *dot = g_build_filename(top, ".git", NULL);
	g_autoptr(GBytes) bytes = fs_read(dot, 4096, NULL);
	gsize size = 0;
	const char *data = bytes ? g_bytes_get_data(bytes, &size) : NULL;
	g_autofree char *text = g_strndup(data ? data : "", size);

	if (!g_str_has_prefix(text, "gitdir:"))
		return g_steal_pointer(&dot);
	return g_canonicalize_filename(g_strstrip(text + strlen("gitdir:")), top);
}

static gboolean open_index(repository *r, GError **err)
{
	if (r->index)
		return TRUE;
	git_libgit2_init();
	g_autofree char *folder = git_folder(r->top);
	g_autofree char *path = g_build_filename(folder, "index", NULL);
	/* one that is not there is empty */
	if (git_index_open(&r->index, path) == 0 && git_index_read(r->index, 1) == 0)
		return TRUE;
	const git_error *e = git_error_last();
	g_autofree char *why =
		text_escape(e && e->message ? e->message : "no reason given", -1);
	error_set(err, EXIT_INPUT, "X0932", "what git tracks cannot be read");
	error_line(err, "%s: %s", path, why);
	error_help(err, "`use_gitignore: false` takes the folder with what is ignored");
	return FALSE;
}

static gboolean is_tracked(
	repository *r, const char *rel, gboolean folder, gboolean *tracked, GError **err)
{
	g_autofree char *below = g_strconcat(rel, "/", NULL);

	if (!open_index(r, err))
		return FALSE;
	/* a folder by its own name is a submodule */
	*tracked = git_index_find(NULL, r->index, rel) == 0 ||
		   (folder && git_index_find_prefix(NULL, r->index, below) == 0);
	return TRUE;
}

/* ---- on the way ---- */

static void frame_free(gpointer data)
{
	frame *f = data;

	if (f->owns && f->repository) {
		g_free(f->repository->top);
		if (f->repository->index)
			git_index_free(f->repository->index);
		g_free(f->repository);
	}
	if (f->rules)
		g_ptr_array_unref(f->rules);
	g_free(f->rel);
	g_free(f);
}

static frame *here(const gitignore *g)
{
	return g_ptr_array_index(g->frames, g->frames->len - 1);
}

/* The last rule of the innermost file counts; what none speaks of is as its folder. */
static gboolean is_ignored(
	const gitignore *g, const char *rel, const char *name, gboolean folder)
{
	const repository *r = here(g)->repository;

	if (here(g)->ignored) /* nothing below an ignored folder can be had back */
		return TRUE;
	for (guint n = g->frames->len; n-- > 0;) {
		const frame *f = g_ptr_array_index(g->frames, n);
		if (f->repository != r)
			break;
		for (guint k = f->rules ? f->rules->len : 0; k-- > 0;) {
			const rule *one = g_ptr_array_index(f->rules, k);
			const char *text = one->by_name ? name : rel + strlen(f->rel);
			if ((folder || !one->folders) &&
				gitignore_glob(one->pattern, text))
				return !one->keep;
		}
	}
	return FALSE;
}

gboolean gitignore_skips(
	gitignore *g, const char *name, gboolean folder, gboolean *skips, GError **err)
{
	const frame *f = here(g);
	g_autofree char *rel = g_strconcat(f->rel, name, NULL);
	gboolean tracked = FALSE;

	*skips = g_str_equal(name, ".git");
	if (*skips || !is_ignored(g, rel, name, folder))
		return TRUE;
	if (!is_tracked(f->repository, rel, folder, &tracked, err))
		return FALSE;
	*skips = !tracked;
	return TRUE;
}

/* `rel` from the top of the repository; NULL: it is the top of one. */
static gboolean push(
	gitignore *g, const char *dir, const char *rel, gboolean ignored, GError **err)
{
	frame *f = g_new0(frame, 1);

	if (rel) {
		f->repository = here(g)->repository;
		f->rel = *rel ? g_strconcat(rel, "/", NULL) : g_strdup("");
		f->ignored = ignored;
	} else {
		f->owns = TRUE;
		f->repository = g_new0(repository, 1);
		f->repository->top = g_strdup(dir);
		f->rel = g_strdup("");
	}
	g_ptr_array_add(g->frames, f);
	return read_rules(dir, &f->rules, err);
}

gboolean gitignore_enter(gitignore *g, const char *name, GError **err)
{
	const frame *f = here(g);
	g_autofree char *rel = g_strconcat(f->rel, name, NULL);
	g_autofree char *dir = g_build_filename(f->repository->top, rel, NULL);

	if (is_work_tree(dir))
		return push(g, dir, NULL, FALSE, err);
	return push(g, dir, rel, is_ignored(g, rel, name, TRUE), err);
}

void gitignore_leave(gitignore *g)
{
	g_ptr_array_set_size(g->frames, (gint)g->frames->len - 1);
}

gitignore *gitignore_new(const char *dir, GError **err)
{
	g_autofree char *top = g_strdup(dir);

	while (!is_work_tree(top)) {
		char *up = g_path_get_dirname(top);
		gboolean end = g_str_equal(up, top);
		g_free(top);
		top = up;
		if (end)
			return NULL;
	}
	g_autoptr(gitignore) g = g_new0(gitignore, 1);
	g->frames = g_ptr_array_new_with_free_func(frame_free);
	if (!push(g, top, NULL, FALSE, err))
		return NULL;
	gsize n = strlen(top);
	const char *below = dir + n + (dir[n] == '/');
	g_auto(GStrv) names = g_strsplit(below, "/", -1);
	g_autoptr(GString) rel = g_string_new(NULL);
	for (char **name = names; *name; name++) {
		g_string_append_printf(rel, "%s%s", rel->len ? "/" : "", *name);
		g_autofree char *at = g_build_filename(top, rel->str, NULL);
		if (!push(g, at, rel->str, FALSE, err))
			return NULL;
	}
	return g_steal_pointer(&g);
}

void gitignore_free(gitignore *g)
{
	if (!g)
		return;
	g_ptr_array_unref(g->frames);
	g_free(g);
}
