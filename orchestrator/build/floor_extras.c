#include "build/floor_extras.h"
#include "base/fs.h"
#include "build/floor_link.h"
#include "format/ar.h"
#include "format/ar_write.h"
#include "format/elf.h"
#include <string.h>

#define ARCHIVE_MAX (256u << 20)

/* Given to an archive that asks for `name` where the floor's C library lacks it; with
 * `beside` to one that defines that and has no `name`. */
typedef struct extra {
	const char *name, *source, *beside;
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
} editing;

static void editing_clear(editing *e)
{
	g_clear_pointer(&e->bytes, g_bytes_unref);
	g_clear_pointer(&e->writer, ar_writer_free);
	g_clear_pointer(&e->asked, g_hash_table_unref);
	g_clear_pointer(&e->defined, g_hash_table_unref);
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
	for (guint i = 0; members && i < members->len; i++) {
		const ar_member *m = g_ptr_array_index(members, i);
		g_autoptr(GBytes) part =
			g_bytes_new_from_bytes(e->bytes, m->offset, m->size);
		if (!member_add(e, m->name, part, err))
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
	if (x->beside)
		return g_hash_table_contains(e->defined, x->beside) &&
		       !g_hash_table_contains(e->defined, x->name);
	return g_hash_table_contains(lacking, x->name) &&
	       g_hash_table_contains(e->asked, x->name);
}

gboolean floor_extras_add(const floor_spec *spec, const char *path, GHashTable *lacking,
	const char *work, GError **err)
{
	g_auto(editing) e = {0};
	guint added = 0;

	if (!any_for(path, lacking) || !g_file_test(path, G_FILE_TEST_IS_REGULAR))
		return TRUE;
	if (!archive_read(&e, path, err))
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
	if (!added)
		return TRUE;
	g_autoptr(GBytes) made = ar_writer_finish(e.writer, err);
	return made && fs_write_atomic(path, g_bytes_get_data(made, NULL),
			       g_bytes_get_size(made), 0644, err);
}
