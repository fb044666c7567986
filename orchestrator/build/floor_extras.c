#include "build/floor_extras.h"
#include "base/fs.h"
#include "build/floor_link.h"
#include "format/ar.h"
#include "format/ar_write.h"
#include "format/elf.h"
#include <string.h>

#define ARCHIVE_MAX (256u << 20)

/* Given to an archive that asks for `name` where the floor's C library lacks it, or
 * `always`; with `beside` to one that defines that and has no `name`; with `instead` in
 * place of the member of that name which defines `name`. */
typedef struct extra {
	const char *name, *source, *beside;
	gboolean always;
	const char *instead;
} extra;

static const extra extras[] = {
	/* Four bytes are never given in part; without the system call (Linux before
	 * 3.17) there is nothing as good. */
	{"arc4random",
		"extern int getentropy(void *, __SIZE_TYPE__);\n"
		"__attribute__((visibility(\"hidden\"))) unsigned arc4random(void)\n"
		"{\n"
		"	unsigned value;\n"
		"	if (getentropy(&value, sizeof value) != 0)\n"
		"		__builtin_trap();\n"
		"	return value;\n"
		"}\n"},
	/* With 2.38's headers strtoul became another function, which reads 0b1010 too. */
	{"__isoc23_strtol",
		"extern long strtol(const char *, char **, int);\n"
		"__attribute__((visibility(\"hidden\")))\n"
		"long __isoc23_strtol(const char *text, char **end, int base)\n"
		"{\n"
		"	return strtol(text, end, base);\n"
		"}\n"},
	{"__isoc23_strtoul",
		"extern unsigned long strtoul(const char *, char **, int);\n"
		"__attribute__((visibility(\"hidden\")))\n"
		"unsigned long __isoc23_strtoul(const char *text, char **end, int base)\n"
		"{\n"
		"	return strtoul(text, end, base);\n"
		"}\n"},
	{"__isoc23_strtoull",
		"extern unsigned long long strtoull(const char *, char **, int);\n"
		"__attribute__((visibility(\"hidden\")))\n"
		"unsigned long long __isoc23_strtoull(\n"
		"	const char *text, char **end, int base)\n"
		"{\n"
		"	return strtoull(text, end, base);\n"
		"}\n"},
	/* The object around an address, as dl_iterate_phdr(3) tells of it. 64 bits only:
	 * 32-bit ARM finds its tables another way. GCC looks at `eh_frame` alone. */
	{"_dl_find_object",
		"_Static_assert(sizeof(void *) == 8, \"not for 32 bits\");\n"
		"typedef unsigned long word;\n"
		"struct header { unsigned type, flags; word offset, address, physical;\n"
		"	word in_file, in_memory, align; };\n"
		"struct object { word base; const char *name;\n"
		"	const struct header *headers; unsigned short n; };\n"
		"struct found { unsigned long long flags; void *start, *end, *map;\n"
		"	void *eh_frame; unsigned long long reserved[7]; };\n"
		"struct question { word address; struct found *answer; };\n"
		"extern int dl_iterate_phdr(\n"
		"	int (*)(struct object *, __SIZE_TYPE__, void *), void *);\n"
		"static int look(struct object *o, __SIZE_TYPE__ size, void *data)\n"
		"{\n"
		"	struct question *q = data;\n"
		"	word start = 0, end = 0, tables = 0, low = -1, high = 0;\n"
		"	(void)size;\n"
		"	for (unsigned i = 0; i < o->n; i++) {\n"
		"		const struct header *h = &o->headers[i];\n"
		"		word from = o->base + h->address, to = from + "
		"h->in_memory;\n"
		"		if (h->type == 0x6474e550)\n"
		"			tables = from;\n"
		"		if (h->type != 1)\n"
		"			continue;\n"
		"		low = from < low ? from : low;\n"
		"		high = to > high ? to : high;\n"
		"		if (from <= q->address && q->address < to) {\n"
		"			start = from;\n"
		"			end = to;\n"
		"		}\n"
		"	}\n"
		"	if (start == end)\n"
		"		return 0;\n"
		"	if (!tables)\n"
		"		return -1;\n"
		"	q->answer->start = (void *)low;\n"
		"	q->answer->end = (void *)high;\n"
		"	q->answer->eh_frame = (void *)tables;\n"
		"	return 1;\n"
		"}\n"
		"__attribute__((visibility(\"hidden\")))\n"
		"int _dl_find_object(void *address, struct found *answer)\n"
		"{\n"
		"	struct question q = {(word)address, answer};\n"
		"	*answer = (struct found){0};\n"
		"	return dl_iterate_phdr(look, &q) == 1 ? 0 : -1;\n"
		"}\n"},
	/* What libgfortran opens files and finds out about numbers by. fcntl64 has
	 * fcntl's own words: with files of 64 bits the constants are others, not the
	 * call. */
	{"fcntl64", "extern int fcntl(int, int, ...);\n"
		    "__attribute__((visibility(\"hidden\")))\n"
		    "int fcntl64(int file, int command, ...)\n"
		    "{\n"
		    "	__builtin_va_list more;\n"
		    "	__builtin_va_start(more, command);\n"
		    "	void *word = __builtin_va_arg(more, void *);\n"
		    "	__builtin_va_end(more);\n"
		    "	return fcntl(file, command, word);\n"
		    "}\n"},
	/* -1 where Linux is older than the call (3.17): who asks has another way then. */
	{"getentropy", "extern long syscall(long, ...);\n"
		       "#if defined __aarch64__\n"
		       "#define GETRANDOM 278\n"
		       "#elif defined __arm__\n"
		       "#define GETRANDOM 384\n"
		       "#else\n"
		       "#define GETRANDOM 318\n"
		       "#endif\n"
		       "__attribute__((visibility(\"hidden\")))\n"
		       "int getentropy(void *data, __SIZE_TYPE__ size)\n"
		       "{\n"
		       "	return size <= 256 && syscall(GETRANDOM, data, size, 0) "
		       "== (long)size\n"
		       "		? 0 : -1;\n"
		       "}\n"},
	/* IEEE 754: a NaN whose highest bit of the fraction is not set. Policies before
	 * 2.24 forbid them as glibc's own. */
	{"__issignaling",
		"__attribute__((visibility(\"hidden\"))) int __issignaling(double x)\n"
		"{\n"
		"	union { double x; unsigned long long u; } v = {x};\n"
		"	return (v.u & 0x7ff8000000000000) == 0x7ff0000000000000 &&\n"
		"		(v.u & 0x0007ffffffffffff);\n"
		"}\n",
		NULL, TRUE},
	{"__issignalingf",
		"__attribute__((visibility(\"hidden\"))) int __issignalingf(float x)\n"
		"{\n"
		"	union { float x; unsigned u; } v = {x};\n"
		"	return (v.u & 0x7fc00000) == 0x7f800000 && (v.u & 0x003fffff);\n"
		"}\n",
		NULL, TRUE},
	{"__issignalingl",
		"union number { long double x; unsigned long long u[2]; };\n"
		"__attribute__((visibility(\"hidden\"))) int __issignalingl(long double "
		"x)\n"
		"{\n"
		"	union number v = {x};\n"
		"#if __LDBL_MANT_DIG__ == 113\n"
		"	return (v.u[1] & 0x7fff800000000000) == 0x7fff000000000000 &&\n"
		"		((v.u[1] & 0x00007fffffffffff) | v.u[0]);\n"
		"#elif __LDBL_MANT_DIG__ == 64\n"
		"	return (v.u[1] & 0x7fff) == 0x7fff &&\n"
		"		!(v.u[0] & 0x4000000000000000) &&\n"
		"		(v.u[0] & 0x3fffffffffffffff);\n"
		"#else\n"
		"	return (v.u[0] & 0x7ff8000000000000) == 0x7ff0000000000000 &&\n"
		"		(v.u[0] & 0x0007ffffffffffff);\n"
		"#endif\n"
		"}\n",
		NULL, TRUE},
	/* The thread for asynchronous I/O was compiled for programs alone: the place of
	 * its variable (TLS, local exec) is none in a shared object. Fortran lets it be
	 * done at once (Fortran 2018, 9.5.6.4), which libgfortran does for a unit without
	 * what init_async_unit makes. */
	{"thread_unit",
		"#define HIDDEN __attribute__((visibility(\"hidden\")))\n"
		"HIDDEN __thread void *thread_unit;\n"
		"HIDDEN void _gfortrani_init_async_unit(void) {}\n"
		"HIDDEN void _gfortrani_async_close(void) {}\n"
		"HIDDEN int _gfortrani_async_wait(void) { return 0; }\n"
		"HIDDEN int _gfortrani_async_wait_id(void) { return 0; }\n"
		"HIDDEN int _gfortrani_collect_async_errors(void) { return 0; }\n"
		"HIDDEN void _gfortrani_enqueue_close(void) {}\n"
		"HIDDEN void _gfortrani_enqueue_data_transfer_init(void) {}\n"
		"HIDDEN void _gfortrani_enqueue_done(void) {}\n"
		"HIDDEN int _gfortrani_enqueue_done_id(void) { return 0; }\n"
		"HIDDEN void _gfortrani_enqueue_transfer(void) {}\n",
		NULL, FALSE, "async.o"},
	/* What clang calls to make a _Float16 of a double on 32-bit ARM, by the name in
	 * Arm's run-time ABI (RTABI32, 4.1.2); libgcc has it under GCC's own name. Both
	 * take the double in two core registers. */
	{"__aeabi_d2h",
		"extern unsigned short __gnu_d2h_ieee(unsigned long long);\n"
		"__attribute__((visibility(\"hidden\")))\n"
		"unsigned short __aeabi_d2h(unsigned long long value)\n"
		"{\n"
		"	return __gnu_d2h_ieee(value);\n"
		"}\n",
		"__gnu_d2h_ieee"},
};

/* An archive read, and on its way to be written anew. */
typedef struct editing {
	GBytes *bytes;
	ar_writer *writer;
	GHashTable *asked, *defined; /* names, char * */
	GHashTable *replaced;	     /* extra *: those in place of a member */
} editing;

static void editing_clear(editing *e)
{
	g_clear_pointer(&e->bytes, g_bytes_unref);
	g_clear_pointer(&e->writer, ar_writer_free);
	g_clear_pointer(&e->asked, g_hash_table_unref);
	g_clear_pointer(&e->defined, g_hash_table_unref);
	g_clear_pointer(&e->replaced, g_hash_table_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(editing, editing_clear)

static gboolean member_add(editing *e, const char *name, GBytes *content, GError **err)
{
	g_autoptr(elf_file) object = elf_file_open(content, name, ELF_SYMTAB, err);
	g_autoptr(GPtrArray) symbols = g_ptr_array_new();

	if (!object)
		return FALSE;
	for (guint i = 0; i < object->n_symtab; i++) {
		const elf_symbol *s = &object->symtab[i];
		if (s->bind == STB_LOCAL || !*s->name)
			continue;
		g_hash_table_add(s->defined ? e->defined : e->asked, g_strdup(s->name));
		if (s->defined)
			g_ptr_array_add(symbols, (void *)s->name);
	}
	g_ptr_array_add(symbols, NULL);
	ar_writer_add(e->writer, name, content, (const char *const *)symbols->pdata);
	return TRUE;
}

/* The extra that takes the member's place, or NULL. */
static const extra *in_place_of(const ar_member *m, GBytes *content)
{
	for (gsize i = 0; i < G_N_ELEMENTS(extras); i++) {
		const extra *x = &extras[i];
		if (!x->instead || strcmp(x->instead, m->name) != 0)
			continue;
		g_autoptr(elf_file) object =
			elf_file_open(content, m->name, ELF_SYMTAB, NULL);
		for (guint n = 0; object && n < object->n_symtab; n++)
			if (object->symtab[n].defined &&
				strcmp(object->symtab[n].name, x->name) == 0)
				return x;
	}
	return NULL;
}

static gboolean archive_read(editing *e, const char *path, GError **err)
{
	gsize size;

	e->bytes = fs_read(path, ARCHIVE_MAX, err);
	if (!e->bytes)
		return FALSE;
	const guint8 *data = g_bytes_get_data(e->bytes, &size);
	g_autoptr(GPtrArray) members = ar_list(data, size, path, err);
	e->writer = ar_writer_new();
	e->asked = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	e->defined = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	e->replaced = g_hash_table_new(NULL, NULL);
	for (guint i = 0; members && i < members->len; i++) {
		const ar_member *m = g_ptr_array_index(members, i);
		g_autoptr(GBytes) part =
			g_bytes_new_from_bytes(e->bytes, m->offset, m->size);
		const extra *other = in_place_of(m, part);
		if (other)
			g_hash_table_add(e->replaced, (gpointer)other);
		else if (!member_add(e, m->name, part, err))
			return FALSE;
	}
	return members != NULL;
}

/* Whether some extra may be for an archive of this name at all. */
static gboolean any_for(const char *path, GHashTable *lacking)
{
	g_autofree char *name = g_path_get_basename(path);

	if (g_str_equal(name, "libgcc.a"))
		return TRUE;
	for (gsize i = 0; i < G_N_ELEMENTS(extras); i++)
		if (g_hash_table_contains(lacking, extras[i].name))
			return TRUE;
	return FALSE;
}

static gboolean wanted(const extra *x, const editing *e, GHashTable *lacking)
{
	if (x->instead)
		return g_hash_table_contains(e->replaced, x);
	if (x->beside)
		return g_hash_table_contains(e->defined, x->beside) &&
		       !g_hash_table_contains(e->defined, x->name);
	return (x->always || g_hash_table_contains(lacking, x->name)) &&
	       g_hash_table_contains(e->asked, x->name);
}

/* `from` with its extras at `to`, when it gets any, or `always`. */
static gboolean edit(const floor_spec *spec, const char *from, const char *to,
	gboolean always, GHashTable *lacking, const char *work, GError **err)
{
	g_auto(editing) e = {0};
	guint added = 0;

	if (!archive_read(&e, from, err))
		return FALSE;
	for (gsize i = 0; i < G_N_ELEMENTS(extras); i++) {
		const extra *x = &extras[i];
		if (!wanted(x, &e, lacking))
			continue;
		g_autofree char *name = g_strdup_printf("xorch_%s.o", x->name);
		g_autoptr(GBytes) object =
			floor_compile(spec, x->source, x->name, work, err);
		if (!object || !member_add(&e, name, object, err))
			return FALSE;
		added++;
	}
	if (!added && !always)
		return TRUE;
	g_autoptr(GBytes) made = ar_writer_finish(e.writer, err);
	return made && fs_write_atomic(to, g_bytes_get_data(made, NULL),
			       g_bytes_get_size(made), 0644, err);
}

gboolean floor_extras_add(const floor_spec *spec, const char *path, GHashTable *lacking,
	const char *work, GError **err)
{
	return !any_for(path, lacking) || !g_file_test(path, G_FILE_TEST_IS_REGULAR) ||
	       edit(spec, path, path, FALSE, lacking, work, err);
}

/* Of the extras' names those that FLOOR_NAMES does not have. NULL with an error. */
static GHashTable *lacking_of(const char *floor, GError **err)
{
	g_autofree char *path = g_build_filename(floor, FLOOR_NAMES, NULL);
	g_autoptr(GBytes) bytes = fs_read(path, ARCHIVE_MAX, err);
	GHashTable *lacking = bytes ? g_hash_table_new(g_str_hash, g_str_equal) : NULL;

	if (!bytes)
		return NULL;
	g_autofree char *text =
		g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
	for (gsize i = 0; i < G_N_ELEMENTS(extras); i++) {
		g_autofree char *row = g_strdup_printf("\n%s ", extras[i].name);
		if (!strstr(text, row))
			g_hash_table_add(lacking, (gpointer)extras[i].name);
	}
	return lacking;
}

gboolean floor_extras_copy(
	const floor_spec *spec, const char *from, const char *to, GError **err)
{
	g_autoptr(GHashTable) lacking = lacking_of(spec->base, err);
	g_autofree char *work = g_strconcat(to, ".work", NULL);
	gboolean ok = lacking && fs_mkdir_p(work, 0755, err) &&
		      edit(spec, from, to, TRUE, lacking, work, err);

	fs_remove_tree(work, NULL);
	return ok;
}
