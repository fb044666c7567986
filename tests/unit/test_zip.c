#include "format/zip.h"
#include "format/zip_writer.h"
#include "base/error.h"
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

/* An archive of "a/x.txt" (deflated) and "b.txt" (stored). Its layout is fixed,
 * so that the cases below can name bytes by offset. */
static GByteArray *sample(void)
{
	g_autofree char *path = NULL;
	int fd = g_file_open_tmp("zip-XXXXXX", &path, NULL);
	g_autoptr(zip_writer) w = zip_writer_new(fd, "sample", 1700000000);
	g_autofree char *text = g_strnfill(200, 'x');
	GError *err = NULL;
	char *data;
	gsize size;

	zip_writer_add(w, "a/x.txt", text, 200, FALSE, &err);
	zip_writer_add(w, "b.txt", "ab", 2, TRUE, &err);
	zip_writer_finish(w, &err);
	g_assert_no_error(err);
	close(fd);
	g_assert_true(g_file_get_contents(path, &data, &size, NULL));
	g_unlink(path);
	return g_byte_array_new_take((guint8 *)data, size);
}

static zip_file *open_array(GByteArray *a, GError **err)
{
	g_autoptr(GBytes) bytes = g_bytes_new(a->data, a->len);

	return zip_open_bytes(bytes, "sample.whl", err);
}

static guint find(const GByteArray *a, const char *what, gsize n, guint from)
{
	for (guint i = from; i + n <= a->len; i++)
		if (memcmp(a->data + i, what, n) == 0)
			return i;
	g_assert_not_reached();
}

static void round_trip(void)
{
	g_autoptr(GByteArray) a = sample();
	g_autoptr(GByteArray) again = sample();
	g_autoptr(GError) err = NULL;
	g_autoptr(zip_file) zip = open_array(a, &err);

	g_assert_no_error(err);
	g_assert_cmpmem(a->data, a->len, again->data, again->len);
	g_assert_cmpuint(zip->n_entries, ==, 2);
	g_assert_cmpuint(zip->entries[0].method, ==, 8);
	g_assert_cmpuint(zip->entries[1].method, ==, 0);
	g_assert_cmpuint(zip->entries[0].mode, ==, 0644);
	g_assert_cmpuint(zip->entries[1].mode, ==, 0755);
	g_autoptr(GBytes) x = zip_read(zip, zip_find(zip, "a/x.txt"), &err);
	g_autoptr(GBytes) b = zip_read(zip, zip_find(zip, "b.txt"), &err);
	g_assert_cmpuint(g_bytes_get_size(x), ==, 200);
	g_assert_cmpmem(g_bytes_get_data(b, NULL), g_bytes_get_size(b), "ab", 2);
	g_assert_null(zip_find(zip, "a"));
}

/* One edit each; `text` must appear in the refusal. */
typedef struct edit {
	const char *id;
	const char *find; /* a signature: 'L' local 1, 'M' local 2, 'C' central 1, 'D' 2,
			     'E' end */
	guint offset;
	const char *bytes;
	guint n;
	const char *text;
} edit;

static const edit edits[] = {
	{"local-name", "L", 30, "A", 1, "differ in name"},
	{"central-name", "C", 46, "z", 1, "differ in name"},
	{"local-size", "L", 22, "\1", 1, "differ in size"},
	{"local-packed", "L", 18, "\1", 1, "differ in size"},
	{"local-crc", "L", 14, "\0\0\0\0", 4, "differ in CRC"},
	{"central-crc", "C", 16, "\0\0\0\0", 4, "differ in CRC"},
	{"local-method", "L", 8, "\0", 1, "differ in compression"},
	{"local-flags", "L", 6, "\2", 1, "differ in flags"},
	{"encrypted", "C", 8, "\1", 1, "encrypted"},
	{"unknown-method", "C", 10, "\14", 1, "unknown compression"},
	{"symlink", "D", 41, "\241", 1, "neither a file nor a folder"},
	{"device", "D", 41, "\041", 1, "neither a file nor a folder"},
	{"offset", "D", 42, "\0", 1, "share its place"},
	{"disk", "E", 4, "\1", 1, "several disks"},
	{"count", "E", 8, "\1\0\1\0", 4, "follow its central directory"},
	{"directory-offset", "E", 16, "\1", 1, "does not reach"},
	{"comment-length", "E", 20, "\1", 1, "bytes follow its end record"},
	{"dot-dot", "C", 46, "../b.tx", 7, "\"..\""},
	{"absolute", "C", 46, "/", 1, "absolute"},
	{"backslash", "C", 46, "a\\x", 3, "backslash"},
	{"escape", "C", 46, "\33[2", 3, "control character"},
	{"invalid-utf8", "C", 46, "\377", 1, "UTF-8"},
	{"drive", "C", 46, "C:", 2, "drive letter"},
	{"dot", "C", 46, "./x.txt", 7, "\".\""},
	{"empty-part", "C", 46, "a//x.tx", 7, "empty part"},
	{"cut-end", "E", 0, "X", 1, "no end record"},
};

static guint place(const GByteArray *a, const char *which)
{
	guint c = find(a, "PK\1\2", 4, 0), l2 = find(a, "PK\3\4", 4, 4);

	switch (*which) {
	case 'L':
		return 0;
	case 'M':
		return l2;
	case 'C':
		return c;
	case 'D':
		return find(a, "PK\1\2", 4, c + 4);
	default:
		return find(a, "PK\5\6", 4, 0);
	}
}

static void refused(gconstpointer data)
{
	const edit *e = data;
	g_autoptr(GByteArray) a = sample();
	g_autoptr(GError) err = NULL;

	memcpy(a->data + place(a, e->find) + e->offset, e->bytes, e->n);
	g_autoptr(zip_file) zip = open_array(a, &err);
	g_assert_null(zip);
	g_assert_error(err, XORCH_ERROR, EXIT_INTEGRITY);
	if (!strstr(err->message, e->text))
		g_error("%s: \"%s\" lacks \"%s\"", e->id, err->message, e->text);
	g_assert_null(strchr(err->message, '\33'));
}

static void insert(GByteArray *a, guint at, const char *bytes, guint n)
{
	g_byte_array_set_size(a, a->len + n);
	memmove(a->data + at + n, a->data + at, a->len - n - at);
	memcpy(a->data + at, bytes, n);
}

static void shift32(GByteArray *a, guint at, int by)
{
	guint32 v;

	memcpy(&v, a->data + at, 4);
	v = GUINT32_TO_LE(GUINT32_FROM_LE(v) + (guint32)by);
	memcpy(a->data + at, &v, 4);
}

static void assert_refused(GByteArray *a, const char *text)
{
	g_autoptr(GError) err = NULL;
	g_autoptr(zip_file) zip = open_array(a, &err);

	g_assert_null(zip);
	if (!strstr(err->message, text))
		g_error("\"%s\" lacks \"%s\"", err->message, text);
}

/* A local member that the directory does not list, offsets mended. */
static void hidden_entry(void)
{
	g_autoptr(GByteArray) a = sample();
	g_autoptr(GByteArray) original = sample();
	guint second = place(a, "M"), first_size = second;

	insert(a, second, (const char *)original->data, first_size);
	shift32(a, place(a, "D") + 42, (int)first_size);
	shift32(a, place(a, "E") + 16, (int)first_size);
	assert_refused(a, "bytes follow it");
}

static void surroundings(void)
{
	g_autoptr(GByteArray) before = sample();
	g_autoptr(GByteArray) after = sample();
	g_autoptr(GByteArray) comment = sample();
	g_autoptr(GByteArray) plain = sample();
	g_autoptr(GByteArray) between = sample();
	g_autoptr(GError) err = NULL;
	guint len = plain->len;

	insert(before, 0, "#!/bin/sh\n", 10);
	shift32(before, place(before, "E") + 16, 10);
	shift32(before, place(before, "C") + 42, 10);
	shift32(before, place(before, "D") + 42, 10);
	assert_refused(before, "stand before");

	g_byte_array_append(after, (const guint8 *)"tail", 4);
	assert_refused(after, "follow its end record");

	g_byte_array_append(comment, plain->data, len);
	comment->data[len - 2] = len & 0xff;
	comment->data[len - 1] = (guint8)(len >> 8);
	assert_refused(comment, "does not reach");
	g_byte_array_set_size(comment, len + 8);
	memcpy(comment->data + len - 2, "\10\0..PK\3\4..", 10);
	assert_refused(comment, "comment holds parts");

	insert(between, place(between, "E"), "gap!", 4);
	assert_refused(between, "does not reach");

	/* A harmless comment is allowed. */
	g_byte_array_append(plain, (const guint8 *)"hello", 5);
	plain->data[len - 2] = 5;
	g_autoptr(zip_file) zip = open_array(plain, &err);
	g_assert_no_error(err);
}

/* "b.txt" renamed to "a/x.t", then both members have one name or prefix. */
static void same_name(void)
{
	g_autoptr(GByteArray) a = sample();
	g_autofree char *path = NULL;
	int fd = g_file_open_tmp("zip-XXXXXX", &path, NULL);
	g_autoptr(zip_writer) w = zip_writer_new(fd, "twice", 0);
	char *data;
	gsize size;

	zip_writer_add(w, "same", "1", 1, FALSE, NULL);
	zip_writer_add(w, "same", "2", 1, FALSE, NULL);
	zip_writer_finish(w, NULL);
	close(fd);
	g_file_get_contents(path, &data, &size, NULL);
	g_unlink(path);
	g_autoptr(GByteArray) twice = g_byte_array_new_take((guint8 *)data, size);
	assert_refused(twice, "there twice");

	memcpy(a->data + place(a, "M") + 30, "a", 1);
	memcpy(a->data + place(a, "D") + 46, "a", 1);
	g_autoptr(zip_file) fine = open_array(a, NULL);
	g_assert_nonnull(fine);
}

/* Damaged content is found when it is read. */
static void damaged_content(void)
{
	g_autoptr(GByteArray) a = sample();
	g_autoptr(GError) err = NULL;
	guint b = place(a, "M") + 30 + 5;

	a->data[b] = 'X';
	a->data[30 + 7] ^= 0xff;
	g_autoptr(zip_file) zip = open_array(a, &err);
	g_assert_no_error(err);
	g_assert_null(zip_read(zip, zip_find(zip, "b.txt"), &err));
	g_assert_nonnull(strstr(err->message, "CRC"));
	g_clear_error(&err);
	g_assert_null(zip_read(zip, zip_find(zip, "a/x.txt"), &err));
	g_assert_nonnull(err);
}

static void bad_names_not_written(void)
{
	static const char *const names[] = {"/x", "../x", "a\nb", "", "a/", "a//b"};
	g_autofree char *path = NULL;
	int fd = g_file_open_tmp("zip-XXXXXX", &path, NULL);
	g_autoptr(zip_writer) w = zip_writer_new(fd, "names", 0);

	for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autoptr(GError) err = NULL;
		g_assert_false(zip_writer_add(w, names[i], "", 0, FALSE, &err));
		g_assert_error(err, XORCH_ERROR, EXIT_INPUT);
	}
	close(fd);
	g_unlink(path);
}

/* Every truncation is refused, every changed byte leaves a sound reader. */
static void every_byte(void)
{
	g_autoptr(GByteArray) a = sample();

	for (guint cut = 0; cut < a->len; cut++) {
		g_autoptr(GBytes) part = g_bytes_new(a->data, cut);
		g_assert_null(zip_open_bytes(part, "cut", NULL));
	}
	for (guint i = 0; i < a->len; i++)
		for (guint v = 1; v < 256; v += 51) {
			g_autoptr(GBytes) part = g_bytes_new(a->data, a->len);
			guint8 *p = (guint8 *)(guintptr)g_bytes_get_data(part, NULL);
			p[i] ^= (guint8)v;
			g_autoptr(zip_file) zip = zip_open_bytes(part, "edited", NULL);
			for (guint k = 0; zip && k < zip->n_entries; k++)
				g_bytes_unref(zip_read(zip, &zip->entries[k], NULL));
		}
}

static void not_regular(void)
{
	g_autofree char *dir = g_dir_make_tmp("zip-XXXXXX", NULL);
	g_autofree char *link = g_build_filename(dir, "link.whl", NULL);
	g_autoptr(GError) err = NULL;

	g_assert_cmpint(symlink("/etc/passwd", link), ==, 0);
	g_assert_null(zip_open(link, &err));
	g_clear_error(&err);
	g_assert_null(zip_open(dir, &err));
	g_assert_nonnull(strstr(err->message, "regular file"));
	g_unlink(link);
	g_rmdir(dir);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/zip/round-trip", round_trip);
	for (gsize i = 0; i < G_N_ELEMENTS(edits); i++) {
		g_autofree char *path = g_strdup_printf("/zip/A22-%s", edits[i].id);
		g_test_add_data_func(path, &edits[i], refused);
	}
	g_test_add_func("/zip/A22-hidden-entry", hidden_entry);
	g_test_add_func("/zip/A22-surroundings", surroundings);
	g_test_add_func("/zip/A22-same-name", same_name);
	g_test_add_func("/zip/damaged-content", damaged_content);
	g_test_add_func("/zip/bad-names-not-written", bad_names_not_written);
	g_test_add_func("/zip/every-byte", every_byte);
	g_test_add_func("/zip/W04-not-regular", not_regular);
	return g_test_run();
}
