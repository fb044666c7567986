#include "format/solv_private.h"
#include "base/error.h"
#include "base/fs.h"
#include "format/decompress.h"
#include "format/repomd.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define INDEX_MAX (1ull << 30)
#define PART_SIZE (256u << 10)

void solv_package_free(solv_package *p)
{
	if (!p)
		return;
	g_free(p->name);
	g_free(p->version);
	g_free(p->architecture);
	g_free(p->path);
	g_free(p->sha256);
	g_free(p);
}

solv_index *solv_index_new(int disttype, const char *architecture)
{
	solv_index *index = g_new0(solv_index, 1);

	index->pool = pool_create();
	pool_setdisttype(index->pool, disttype);
	/* The architecture itself and noarch; RPM's own table lets i686 in, too. */
	if (disttype == DISTTYPE_RPM)
		pool_setarchpolicy(index->pool, architecture);
	else
		pool_setarch(index->pool, architecture);
	return index;
}

static solv_index *debian_new(const char *architecture)
{
	solv_index *index = solv_index_new(DISTTYPE_DEB, architecture);

	index->repo = repo_create(index->pool, "suite");
	return index;
}

void solv_index_free(solv_index *index)
{
	if (!index)
		return;
	pool_free(index->pool);
	g_free(index);
}

void solv_index_ready(solv_index *index)
{
	pool_addfileprovides(index->pool);
	pool_createwhatprovides(index->pool);
}

gboolean solv_damaged(const char *why, GError **err)
{
	return error_set(
		err, EXIT_INTEGRITY, "X0632", "the package index is damaged: %s", why);
}

/* Puts it behind `text`. */
static gboolean read_text(const char *path, GString *text, GError **err)
{
	FILE *f = decompress_open(path, INDEX_MAX, err);

	if (!f)
		return FALSE;
	for (;;) {
		char block[64 << 10];
		gsize n = fread(block, 1, sizeof(block), f);
		if (!n)
			break;
		g_string_append_len(text, block, n);
	}
	int fault = ferror(f) ? errno : 0;
	fclose(f);
	return !fault || solv_damaged(fault == EFBIG ? "it is larger than 1 GiB"
						     : "it cannot be unpacked",
				 err);
}

static GString *read_all(const GPtrArray *paths, GError **err)
{
	GString *text = g_string_sized_new(64 << 20);

	for (guint i = 0; i < paths->len; i++) {
		if (i) /* the last paragraph of the one before may lack its empty line */
			g_string_append(text, "\n\n");
		if (!read_text(paths->pdata[i], text, err)) {
			g_string_free(text, TRUE);
			return NULL;
		}
	}
	return text;
}

/* What dependencies are solved by and files are found by; the rest (descriptions, tags,
 * maintainers …) is two thirds of the text. */
static const char *const wanted[] = {"Package", "Version", "Architecture", "Multi-Arch",
	"Essential", "Depends", "Pre-Depends", "Provides", "Conflicts", "Breaks",
	"Replaces", "Filename", "Size", "SHA256", NULL};

static gboolean is_wanted(const char *line, gsize n)
{
	for (int i = 0; wanted[i]; i++) {
		gsize k = strlen(wanted[i]);
		if (n > k && line[k] == ':' && !g_ascii_strncasecmp(line, wanted[i], k))
			return TRUE;
	}
	return FALSE;
}

/* Keeps only those fields, in place. */
static void drop_fields(GString *text)
{
	char *out = text->str;
	const char *end = text->str + text->len;
	gboolean keep = FALSE;

	for (const char *line = text->str; line < end;) {
		const char *stop = memchr(line, '\n', end - line);
		gsize n = (stop ? stop : end) - line;
		if (!n)
			keep = TRUE;
		else if (*line != ' ' && *line != '\t')
			keep = is_wanted(line, n);
		if (keep) {
			memmove(out, line, n);
			out += n;
			*out++ = '\n';
		}
		line += n + 1;
	}
	g_string_truncate(text, MIN((gsize)(out - text->str), text->len));
}

/* The value of a field in the paragraph [at, end), up to its line's end. */
static const char *field_of(
	const char *at, const char *end, const char *name, gsize *size)
{
	gsize n = strlen(name);

	while (at < end) {
		const char *stop = memchr(at, '\n', end - at);
		stop = stop ? stop : end;
		if ((gsize)(stop - at) > n && at[n] == ':' &&
			!g_ascii_strncasecmp(at, name, n)) {
			const char *value = at + n + 1;
			while (value < stop && *value == ' ')
				value++;
			*size = stop - value;
			return value;
		}
		at = stop + 1;
	}
	return NULL;
}

/* libsolv reads all of an entry but the size of its file, so that is added: its
 * entries stand in the order of the paragraphs. */
static gboolean add_sizes(solv_index *index, const GString *text)
{
	Repodata *data = repo_add_repodata(index->repo, 0);
	const char *end = text->str + text->len, *at = text->str;
	Id id;
	Solvable *s;

	FOR_REPO_SOLVABLES(index->repo, id, s)
	{
		const char *name = pool_id2str(index->pool, s->name), *value = NULL;
		gsize n = 0;
		while (at < end && !value) {
			const char *stop = memmem(at, end - at, "\n\n", 2);
			stop = stop ? stop : end;
			value = field_of(at, stop, "Package", &n);
			if (value) {
				gsize digits;
				const char *size = field_of(at, stop, "Size", &digits);
				guint64 bytes =
					size ? g_ascii_strtoull(size, NULL, 10) : 0;
				repodata_set_num(data, id, SOLVABLE_DOWNLOADSIZE, bytes);
			}
			at = stop + 2;
		}
		if (!value || n != strlen(name) || memcmp(value, name, n))
			return FALSE;
	}
	repodata_internalize(data);
	return TRUE;
}

/* In parts: libsolv lets its table of a text's attributes grow by a kilobyte at a time,
 * and moves all of it each time where realloc cannot do it in place. */
static gboolean add_packages(solv_index *index, GString *text)
{
	const char *end = text->str + text->len;
	gboolean ok = text->len > 0;

	for (char *at = text->str; ok && at < end;) {
		gsize left = end - at;
		const char *cut = left > PART_SIZE ? memmem(at + PART_SIZE,
							     left - PART_SIZE, "\n\n", 2)
						   : NULL;
		gsize n = cut ? (gsize)(cut + 2 - at) : left;
		FILE *f = fmemopen(at, n, "r");
		ok = f && repo_add_debpackages(index->repo, f, 0) == 0;
		if (f)
			fclose(f);
		at += n;
	}
	return ok;
}

solv_index *solv_index_read(
	const GPtrArray *paths, const char *architecture, GError **err)
{
	g_autoptr(solv_index) index = debian_new(architecture);
	GString *text = read_all(paths, err);

	if (!text)
		return NULL;
	drop_fields(text);
	gboolean ok = add_packages(index, text);
	if (!ok || !index->repo->nsolvables)
		ok = solv_damaged("it lists no packages", err);
	else if (!add_sizes(index, text))
		ok = solv_damaged("its entries are not in order", err);
	g_string_free(text, TRUE);
	if (!ok)
		return NULL;
	solv_index_ready(index);
	return g_steal_pointer(&index);
}

solv_index *solv_index_load(const char *path, const char *architecture)
{
	g_autoptr(solv_index) index = debian_new(architecture);
	FILE *f = fopen(path, "re");

	if (!f)
		return NULL;
	gboolean ok = repo_add_solv(index->repo, f, 0) == 0 && index->repo->nsolvables;
	fclose(f);
	if (!ok)
		return NULL;
	solv_index_ready(index);
	return g_steal_pointer(&index);
}

gboolean solv_index_save(solv_index *index, const char *path, GError **err)
{
	FILE *f = fopen(path, "wxe");

	if (!f)
		return fs_fail(err, errno, "write", path, 0);
	gboolean ok = repo_write(index->repo, f) == 0;
	int saved = errno;
	if (fclose(f) && ok) {
		saved = errno;
		ok = FALSE;
	}
	return ok || fs_fail(err, saved, "write", path, 0);
}

static gboolean bad_entry(Pool *pool, Solvable *s, const char *why, GError **err)
{
	g_autofree char *shown = text_escape(pool_solvable2str(pool, s), -1);

	return error_set(err, EXIT_INTEGRITY, "X0632",
		"the package index is not to be trusted: %s %s", shown, why);
}

static solv_package *package_of(const solv_index *index, Id id, GError **err)
{
	Pool *pool = index->pool;
	Solvable *s = pool_id2solvable(pool, id);
	unsigned media;
	Id type = 0;
	const char *path = solvable_get_location(s, &media);
	const char *sum = solvable_lookup_checksum(s, SOLVABLE_CHECKSUM, &type);
	guint64 size = solvable_lookup_num(s, SOLVABLE_DOWNLOADSIZE, 0);
	const char *why = repository_path_fault(path);

	if (!why && (!sum || type != REPOKEY_TYPE_SHA256 || strlen(sum) != 64))
		why = "has no SHA256";
	if (!why && (!size || size > G_MAXINT64))
		why = "has no size";
	if (why) {
		bad_entry(pool, s, why, err);
		return NULL;
	}
	solv_package *p = g_new0(solv_package, 1);
	p->name = g_strdup(pool_id2str(pool, s->name));
	p->version = g_strdup(pool_id2str(pool, s->evr));
	p->architecture = g_strdup(pool_id2str(pool, s->arch));
	p->path = index->repo ? g_strdup(path)
			      : g_strdup_printf("%s/%s", s->repo->name, path);
	p->sha256 = g_strdup(sum);
	p->size = size;
	return p;
}

/* Where the ids of those that provide dep begin in pool->whatprovidesdata, up to a 0:
 * pool_whatprovides(), whose inline body would link libsolv (format/lazy.h). */
static Offset providers(Pool *pool, Id dep)
{
	Offset known = ISRELDEP(dep) ? pool->whatprovides_rel[GETRELID(dep)]
				     : pool->whatprovides[dep];

	return known ? known : (Offset)pool_addrelproviders(pool, dep);
}

/* The newest entry of the name: its id, or 0. */
static Id newest(Pool *pool, const char *name)
{
	Id id = pool_str2id(pool, name, 0), best = 0;

	if (!id)
		return 0;
	const Id *p = pool->whatprovidesdata + providers(pool, id);
	for (; *p; p++) {
		Solvable *s = pool_id2solvable(pool, *p);
		if (s->name == id && (!best || pool_evrcmp(pool, s->evr,
						       pool_id2solvable(pool, best)->evr,
						       EVRCMP_COMPARE) > 0))
			best = *p;
	}
	return best;
}

solv_package *solv_index_find(solv_index *index, const char *name, GError **err)
{
	Id id = newest(index->pool, name);

	return id ? package_of(index, id, err) : NULL;
}

static gboolean unsolved(Solver *solver, int problems, GError **err)
{
	error_set(err, EXIT_INPUT, "X0633", "the packages' dependencies cannot be met");
	for (int i = 1; i <= problems && i <= 5; i++) {
		g_autofree char *text = text_escape(solver_problem2str(solver, i), -1);
		error_line(err, "%s", text);
	}
	return FALSE;
}

/* What the roots need as a whole, nothing left out: a map of solvables. */
static gboolean solve(
	solv_index *index, const GPtrArray *roots, Map *chosen, GError **err)
{
	Pool *pool = index->pool;
	Queue job;
	gboolean ok = FALSE;

	queue_init(&job);
	for (guint i = 0; i < roots->len; i++) {
		const char *name = g_ptr_array_index(roots, i);
		Id id = newest(pool, name);
		if (!id) {
			g_autofree char *shown = text_escape(name, -1);
			error_set(err, EXIT_INPUT, "X0633", "the suite has no package %s",
				shown);
			queue_free(&job);
			return FALSE;
		}
		queue_insert2(&job, job.count, SOLVER_SOLVABLE | SOLVER_INSTALL, id);
	}
	Solver *solver = solver_create(pool);
	solver_set_flag(solver, SOLVER_FLAG_IGNORE_RECOMMENDED, 1);
	int problems = solver_solve(solver, &job);
	if (problems) {
		unsolved(solver, problems, err);
	} else {
		Transaction *t = solver_create_transaction(solver);
		for (int i = 0; i < t->steps.count; i++)
			MAPSET(chosen, t->steps.elements[i]);
		transaction_free(t);
		ok = TRUE;
	}
	solver_free(solver);
	queue_free(&job);
	return ok;
}

/* The chosen package that meets a dependency, of alternatives the first that is
 * met; 0 if none is. */
static Id provider(Pool *pool, Id dep, const Map *chosen)
{
	if (ISRELDEP(dep)) {
		Reldep *rel = GETRELDEP(pool, dep);
		if (rel->flags == REL_OR) {
			Id left = provider(pool, rel->name, chosen);
			return left ? left : provider(pool, rel->evr, chosen);
		}
		/* (a if b), (a unless b): what is there of a */
		if (rel->flags == REL_COND || rel->flags == REL_UNLESS)
			return provider(pool, rel->name, chosen);
	}
	const Id *p = pool->whatprovidesdata + providers(pool, dep);
	for (; *p; p++)
		if (MAPTST(chosen, *p))
			return *p;
	return 0;
}

static gboolean is_without(const GPtrArray *without, const char *name)
{
	for (guint i = 0; without && i < without->len; i++)
		if (!strcmp(g_ptr_array_index(without, i), name))
			return TRUE;
	return FALSE;
}

static void visit(Pool *pool, Id id, const Map *chosen, const GPtrArray *without,
	Map *seen, Queue *todo)
{
	const char *name = pool_id2str(pool, pool_id2solvable(pool, id)->name);

	if (!MAPTST(chosen, id) || MAPTST(seen, id) || is_without(without, name))
		return;
	MAPSET(seen, id);
	queue_insert(todo, todo->count, id);
}

/* To the package that meets a dependency; of RPM's (a and b) to both. */
static void follow(Pool *pool, Id dep, const Map *chosen, const GPtrArray *without,
	Map *seen, Queue *todo)
{
	const Reldep *rel = ISRELDEP(dep) ? GETRELDEP(pool, dep) : NULL;

	if (rel && rel->flags == REL_AND) {
		follow(pool, rel->name, chosen, without, seen, todo);
		follow(pool, rel->evr, chosen, without, seen, todo);
		return;
	}
	Id by = provider(pool, dep, chosen);
	if (by)
		visit(pool, by, chosen, without, seen, todo);
}

static int by_name(gconstpointer a, gconstpointer b)
{
	return strcmp(
		(*(solv_package *const *)a)->name, (*(solv_package *const *)b)->name);
}

/* Walks from the roots over what was chosen, around those left out: so nothing stays
 * that only they wanted. */
static GPtrArray *walk(const solv_index *index, const GPtrArray *roots,
	const GPtrArray *without, const Map *chosen, GError **err)
{
	g_autoptr(GPtrArray) list =
		g_ptr_array_new_with_free_func((GDestroyNotify)solv_package_free);
	Pool *pool = index->pool;
	Queue todo, requires;
	gboolean ok = TRUE;
	Map seen;

	queue_init(&todo);
	queue_init(&requires);
	map_init(&seen, pool->nsolvables);
	for (guint i = 0; i < roots->len; i++)
		visit(pool, newest(pool, g_ptr_array_index(roots, i)), chosen, without,
			&seen, &todo);
	for (int i = 0; ok && i < todo.count; i++) {
		Id id = todo.elements[i];
		solv_package *p = package_of(index, id, err);
		ok = p != NULL;
		if (!ok)
			break;
		g_ptr_array_add(list, p);
		solvable_lookup_deparray(
			pool_id2solvable(pool, id), SOLVABLE_REQUIRES, &requires, 0);
		for (int n = 0; n < requires.count; n++)
			if (requires.elements[n] != SOLVABLE_PREREQMARKER)
				follow(pool, requires.elements[n], chosen, without, &seen,
					&todo);
	}
	map_free(&seen);
	queue_free(&requires);
	queue_free(&todo);
	if (!ok)
		return NULL;
	g_ptr_array_sort(list, by_name);
	return g_steal_pointer(&list);
}

GPtrArray *solv_index_closure(
	solv_index *index, const GPtrArray *roots, const GPtrArray *without, GError **err)
{
	GPtrArray *list = NULL;
	Map chosen;

	map_init(&chosen, index->pool->nsolvables);
	if (solve(index, roots, &chosen, err))
		list = walk(index, roots, without, &chosen, err);
	map_free(&chosen);
	return list;
}
