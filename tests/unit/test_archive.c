/* Rows A01 to A20 of the fault list: archives made byte by byte, each refused (or
 * mended) for its own reason, with nothing left behind. */
#include "base/error.h"
#include "base/fs.h"
#include "format/archive.h"
#include "tar_maker.h"
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define MEMBERS 8

typedef struct member {
	const char *name;
	char type; /* as in a tar header: 0 file, 1 hard link, 2 link, 5 folder … */
	const char *link, *data;
} member;

typedef struct row {
	const char *id;
	member members[MEMBERS];
	const char *code; /* NULL: accepted */
	const char *says; /* part of the message, or NULL */
	const char *file; /* then: a path that must exist … */
	const char *text; /* … with this text, or a link with it */
} row;

#define LONG50 "01234567890123456789012345678901234567890123456789"

static const row sdist_rows[] = {
	{"plain", {{"p-1/", '5'}, {"p-1/a", '0', NULL, "hello"}}, NULL, NULL, "a",
		"hello"},
	{"plain-no-folder-entry", {{"p-1/b/a", '0', NULL, "x"}}, NULL, NULL, "b/a", "x"},
	{"plain-dot-slash", {{"./", '5'}, {"./p-1/", '5'}, {"./p-1/./a", '0', NULL, "x"}},
		NULL, NULL, "a", "x"},
	{"A01-absolute", {{"/etc/passwd", '0', NULL, "x"}}, "X0620", "is absolute"},
	{"A02-dotdot", {{"p-1/../../x", '0', NULL, "x"}}, "X0620", "\"..\" component"},
	{"A02-dotdot-inside", {{"p-1/a/../b", '0', NULL, "x"}}, "X0620",
		"\"..\" component"},
	{"A03-through-symlink",
		{{"p-1/d/", '5'}, {"p-1/l", '2', "d"}, {"p-1/l/x", '0', NULL, "x"}},
		"X0620", "others go through it"},
	{"A03-through-file", {{"p-1/f", '0', NULL, "x"}, {"p-1/f/x", '0', NULL, "x"}},
		"X0620", "others go through it"},
	{"A04-symlink-absolute", {{"p-1/l", '2', "/etc"}}, "X0620", "absolute path"},
	{"A04-symlink-up", {{"p-1/a/l", '2', "../../.."}}, "X0620", "out of the archive"},
	{"A05-symlink-one-up", {{"p-1/l", '2', ".."}}, "X0620", "out of the archive"},
	{"A05-symlink-sibling", {{"p-1/a/l", '2', "../../p-2/x"}}, "X0620",
		"out of the archive"},
	{"A05-symlink-top-itself", {{"p-1/a/l", '2', ".."}, {"p-1/a/f", '0', NULL, "x"}},
		NULL, NULL, "a/l", ".."},
	{"A05-chain",
		{{"p-1/d/", '5'}, {"p-1/d/y", '2', ".."}, {"p-1/d/x", '2', "y/../.."}},
		"X0620", "out of the archive"},
	{"A05-chain-inside",
		{{"p-1/d/e/f", '0', NULL, "x"}, {"p-1/d/y", '2', "e"},
			{"p-1/d/x", '2', "y/../e/f"}},
		NULL, NULL, "d/x", "y/../e/f"},
	{"A05-chain-nowhere", {{"p-1/d/", '5'}, {"p-1/d/x", '2', "y/../z"}}, "X0620",
		"leads nowhere"},
	{"A05-empty-target", {{"p-1/l", '2', ""}}, NULL, NULL},
	{"A06-hardlink-absolute", {{"p-1/l", '1', "/etc/passwd"}}, "X0620",
		"is absolute"},
	{"A06-hardlink-up", {{"p-1/l", '1', "p-1/../../x"}}, "X0620", "\"..\" component"},
	{"A06-hardlink-other", {{"p-1/l", '1', "p-1/none"}}, "X0620",
		"not an earlier file"},
	{"A06-hardlink-symlink",
		{{"p-1/a", '0', NULL, "x"}, {"p-1/s", '2', "a"}, {"p-1/l", '1', "p-1/s"}},
		"X0620", "not an earlier file"},
	{"A06-hardlink-via-symlink",
		{{"p-1/d/a", '0', NULL, "x"}, {"p-1/s", '2', "d"},
			{"p-1/l", '1', "p-1/s/a"}},
		"X0620", "not an earlier file"},
	{"A06-hardlink-good", {{"p-1/a", '0', NULL, "x"}, {"p-1/d/l", '1', "p-1/a"}},
		NULL, NULL, "d/l", "x"},
	{"A07-fifo", {{"p-1/f", '6'}}, "X0620", "is a FIFO"},
	{"A07-char-device", {{"p-1/f", '3'}}, "X0620", "is a device"},
	{"A07-block-device", {{"p-1/f", '4'}}, "X0620", "is a device"},
	{"A09-twice", {{"p-1/f", '0', NULL, "x"}, {"p-1/f", '0', NULL, "y"}}, "X0620",
		"comes twice"},
	{"A09-twice-spelled", {{"p-1/f", '0', NULL, "x"}, {"p-1//./f", '0', NULL, "y"}},
		"X0620", "comes twice"},
	{"A09-folder-twice", {{"p-1/", '5'}, {"p-1/", '5'}, {"p-1/a", '0', NULL, "x"}},
		NULL, NULL, "a", "x"},
	{"A10-folder-then-link", {{"p-1/d/", '5'}, {"p-1/d", '2', "x"}}, "X0620",
		"comes twice"},
	{"A10-implied-folder-then-link",
		{{"p-1/d/x", '0', NULL, "x"}, {"p-1/d", '2', "x"}}, "X0620",
		"exists already"},
	{"A10-link-then-folder", {{"p-1/d", '2', "x"}, {"p-1/d/", '5'}}, "X0620",
		"comes twice"},
	{"A11-newline", {{"p-1/a\nb", '0', NULL, "x"}}, "X0620",
		"a\\x0ab\" holds a control"},
	{"A11-escape", {{"p-1/a\033[2J", '0', NULL, "x"}}, "X0620", "a\\x1b[2J"},
	{"A11-backslash", {{"p-1/a\\b", '0', NULL, "x"}}, "X0620", "backslash"},
	{"A11-drive", {{"C:/p-1/a", '0', NULL, "x"}}, "X0620", "drive letter"},
	{"A11-not-utf8", {{"p-1/a\xff", '0', NULL, "x"}}, "X06", NULL},
	{"A11-link-control", {{"p-1/l", '2', "a\033b"}}, "X0620", "control character"},
	{"A12-case", {{"p-1/Read", '0', NULL, "x"}, {"p-1/read", '0', NULL, "y"}}, NULL,
		NULL, "read", "y"},
	{"A18-two-tops", {{"p-1/a", '0', NULL, "x"}, {"q/b", '0', NULL, "y"}}, "X0623",
		"it begins with: p-1/a, q/b"},
	{"A18-file-at-top", {{"a", '0', NULL, "x"}}, "X0623", "it begins with: a"},
	{"A18-only-folder", {{"p-1/", '5'}}, "X0623", NULL},
	{"A19-marker", {{"p-1/.xorch-ok", '0', NULL, "x"}}, NULL, NULL, ".xorch-ok", "x"},
};

static const row deb_rows[] = {
	{"plain", {{"./usr/a", '0', NULL, "x"}}, NULL, NULL, "usr/a", "x"},
	{"A04-absolute-made-relative",
		{{"./usr/lib/t/libm.so", '2', "/lib/t/libm.so.6"},
			{"./lib/t/libm.so.6", '0', NULL, "m"}},
		NULL, NULL, "usr/lib/t/libm.so", "libm.so.6"},
	{"A04-relative-recomputed",
		{{"./usr/lib/t/libm.so", '2', "../../../lib/t/libm.so.6"}}, NULL, NULL,
		"usr/lib/t/libm.so", "libm.so.6"},
	{"A04-relative-from-lib", {{"./lib/t/l.so", '2', "../../usr/share/x"}}, NULL,
		NULL, "usr/lib/t/l.so", "../../share/x"},
	{"A04-to-root", {{"./usr/l", '2', "/"}}, NULL, NULL, "usr/l", ".."},
	{"A04-escaping", {{"./usr/l", '2', "../../etc"}}, "X0620", "out of the archive"},
	{"merged-link", {{"./usr/lib/", '5'}, {"./lib", '2', "usr/lib"}}, NULL, NULL,
		NULL, NULL},
	{"merged-hardlink", {{"./lib/a", '0', NULL, "x"}, {"./lib/b", '1', "./lib/a"}},
		NULL, NULL, "usr/lib/b", "x"},
	{"A09-merged-twice",
		{{"./lib/a", '0', NULL, "x"}, {"./usr/lib/a", '0', NULL, "x"}}, "X0620",
		"comes twice"},
	{"A03-through-symlink", {{"./usr/l", '2', "/etc"}, {"./usr/l/x", '0', NULL, "x"}},
		"X0620", "others go through it"},
	{"A07-device", {{"./dev/null", '3'}}, "X0620", "is a device"},
	{"systemd-name", {{"./usr/a\\x2db", '0', NULL, "x"}}, NULL, NULL, "usr/a\\x2db",
		"x"},
};

static char *fresh_folder(void)
{
	char *folder = g_dir_make_tmp("xorch-archive-XXXXXX", NULL);
	g_assert_nonnull(folder);
	return folder;
}

static void make(GByteArray *tar, const member *members)
{
	for (int i = 0; i < MEMBERS && members[i].name; i++)
		tar_add(tar, members[i].name, members[i].type, members[i].link,
			members[i].data, 0100777);
	tar_end(tar);
}

static gboolean unpack_bytes(
	GByteArray *bytes, const char *dest, const archive_policy *policy, GError **err)
{
	archive_slice slice = {.fd = -1, .data = bytes->data, .size = bytes->len};
	return archive_unpack_slice(&slice, "t.tar", dest, policy, NULL, err);
}

static void assert_refused(
	gboolean ok, GError *err, const char *code, const char *says, const char *dest)
{
	g_assert_false(ok);
	g_assert_error(err, XORCH_ERROR, EXIT_INTEGRITY);
	if (code && !strstr(err->message, code))
		g_error("want %s in: %s", code, err->message);
	if (says && !strstr(err->message, says))
		g_error("want '%s' in: %s", says, err->message);
	for (const char *c = err->message; *c; c++)
		g_assert_true(*c == '\n' || (guchar)*c >= 0x20);
	g_assert_cmpint(access(dest, F_OK), ==, -1);
}

static void check_row(const row *r, const archive_policy *policy)
{
	g_autofree char *folder = fresh_folder();
	g_autofree char *dest = g_build_filename(folder, "out", NULL);
	g_autoptr(GByteArray) tar = g_byte_array_new();
	g_autoptr(GError) err = NULL;

	make(tar, r->members);
	gboolean ok = unpack_bytes(tar, dest, policy, &err);
	if (r->code) {
		assert_refused(ok, err, r->code, r->says, dest);
	} else if (!strcmp(r->id, "A05-empty-target")) {
		/* a tar header cannot say "link to nothing": some reading is fine, an
		 * escape is not */
		g_assert_false(ok);
	} else {
		g_assert_no_error(err);
		g_assert_true(ok);
	}
	if (!r->code && r->file) {
		g_autofree char *path = g_build_filename(dest, r->file, NULL);
		g_autofree char *text = g_file_read_link(path, NULL);
		if (!text)
			g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
		g_assert_cmpstr(text, ==, r->text);
	}
	g_assert_true(fs_remove_tree(folder, NULL));
}

static void sdist_row(gconstpointer data)
{
	check_row(data, &ARCHIVE_SDIST);
}

static void deb_row(gconstpointer data)
{
	check_row(data, &ARCHIVE_DEB_DATA);
}

static void modes(void)
{
	static const struct {
		unsigned mode, want;
	} rows[] = {{06777, 0755}, {0, 0644}, {01666, 0644}, {0100, 0755}, {0444, 0644}};
	g_autofree char *folder = fresh_folder();
	g_autofree char *dest = g_build_filename(folder, "out", NULL);
	g_autoptr(GByteArray) tar = g_byte_array_new();
	g_autoptr(GError) err = NULL;
	mode_t outer = umask(022);

	tar_header(tar, "p-1/", '5', NULL, 0, 0);
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *name = g_strdup_printf("p-1/%u", i);
		tar_add(tar, name, '0', NULL, "x", rows[i].mode);
	}
	tar_end(tar);
	g_assert_true(unpack_bytes(tar, dest, &ARCHIVE_SDIST, &err));
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *name = g_strdup_printf("%s/%u", dest, i);
		struct stat st;
		g_assert_cmpint(stat(name, &st), ==, 0);
		g_assert_cmpuint(st.st_mode & 07777, ==, rows[i].want);
		g_assert_cmpuint(st.st_uid, ==, geteuid());
		g_assert_cmpint(st.st_mtime, ==, 1700000000);
	}
	umask(outer);
	fs_remove_tree(folder, NULL);
}

static void long_names(void)
{
	static const struct {
		int parts, part_size;
		gboolean ok;
	} rows[] = {{1, 255, TRUE}, {1, 256, FALSE}, {1, 300, FALSE}, {20, 200, TRUE},
		{21, 200, FALSE}};
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *folder = fresh_folder();
		g_autofree char *dest = g_build_filename(folder, "out", NULL);
		g_autoptr(GByteArray) tar = g_byte_array_new();
		g_autoptr(GError) err = NULL;
		g_autoptr(GString) name = g_string_new("p-1");
		for (int k = 0; k < rows[i].parts; k++) {
			g_string_append_c(name, '/');
			for (int n = 0; n < rows[i].part_size; n++)
				g_string_append_c(name, 'a' + k);
		}
		/* GNU's long name: a member of type L whose data is the name */
		tar_header(tar, "././@LongLink", 'L', NULL, name->len + 1, 0644);
		tar_data(tar, name->str, name->len + 1);
		tar_add(tar, "cut", '0', NULL, "x", 0644);
		tar_end(tar);
		gboolean ok = unpack_bytes(tar, dest, &ARCHIVE_SDIST, &err);
		if (rows[i].ok)
			g_assert_no_error(err);
		else
			assert_refused(ok, err, "X0620", "longer than", dest);
		fs_remove_tree(folder, NULL);
	}
}

/* gzip by libarchive; the tests judge what is read, not how it was packed. */
static GByteArray *compress(GByteArray *tar, int filter)
{
	struct archive *a = archive_write_new();
	gsize size = tar->len + (1 << 20), used;
	guint8 *out = g_malloc(size);
	struct archive_entry *e = archive_entry_new();

	archive_write_add_filter(a, filter);
	archive_write_set_format_raw(a);
	archive_write_set_bytes_in_last_block(a, 1);
	g_assert_cmpint(archive_write_open_memory(a, out, size, &used), ==, ARCHIVE_OK);
	archive_entry_set_filetype(e, AE_IFREG);
	archive_write_header(a, e);
	archive_write_data(a, tar->data, tar->len);
	archive_write_close(a);
	archive_write_free(a);
	archive_entry_free(e);
	return g_byte_array_new_take(out, used);
}

static const struct {
	const char *name;
	int filter;
} filters[] = {{"gz", ARCHIVE_FILTER_GZIP}, {"bz2", ARCHIVE_FILTER_BZIP2},
	{"xz", ARCHIVE_FILTER_XZ}, {"zst", ARCHIVE_FILTER_ZSTD}};

static void truncated(void)
{
	g_autofree char *body = g_strnfill(300000, 'q');
	for (gsize i = 0; i < 300000; i++)
		body[i] = 'a' + (i * i / 7) % 26;
	for (guint i = 0; i <= G_N_ELEMENTS(filters); i++) {
		g_autoptr(GByteArray) tar = g_byte_array_new();
		tar_add(tar, "p-1/a", '0', NULL, "first", 0644);
		tar_add(tar, "p-1/b", '0', NULL, body, 0644);
		tar_end(tar);
		g_autoptr(GByteArray) packed = i < G_N_ELEMENTS(filters)
						       ? compress(tar, filters[i].filter)
						       : g_byte_array_ref(tar);
		for (int part = 0; part < 10; part++) {
			g_autofree char *folder = fresh_folder();
			g_autofree char *dest = g_build_filename(folder, "out", NULL);
			g_autoptr(GByteArray) cut = g_byte_array_new();
			g_autoptr(GError) err = NULL;
			g_byte_array_append(cut, packed->data,
				part < 9 ? packed->len * part / 9 : packed->len);
			gboolean ok = unpack_bytes(cut, dest, &ARCHIVE_SDIST, &err);
			if (part == 9)
				g_assert_no_error(err);
			else
				assert_refused(ok, err, "X0622", NULL, dest);
			fs_remove_tree(folder, NULL);
		}
	}
}

static void bomb(void)
{
	g_autofree char *folder = fresh_folder();
	g_autofree char *dest = g_build_filename(folder, "out", NULL);
	g_autoptr(GByteArray) tar = g_byte_array_new();
	g_autofree guint8 *zero = g_malloc0(64 << 20);
	g_autoptr(GError) err = NULL;
	archive_policy policy = ARCHIVE_SDIST;

	tar_header(tar, "p-1/zero", '0', NULL, 64 << 20, 0644);
	g_byte_array_append(tar, zero, 64 << 20);
	tar_end(tar);
	g_autoptr(GByteArray) packed = compress(tar, ARCHIVE_FILTER_GZIP);
	policy.max_bytes = 8 << 20; /* by default 512 MiB or 20 times the archive */
	gboolean ok = unpack_bytes(packed, dest, &policy, &err);
	assert_refused(ok, err, "X0621", "more than 8 MiB", dest);
	fs_remove_tree(folder, NULL);
}

/* The default limit itself, with a member that only says it is large. */
static void bomb_default(void)
{
	g_autofree char *folder = fresh_folder();
	g_autoptr(GError) err = NULL;
	g_autoptr(unpack) u = unpack_new(folder, &ARCHIVE_DEB_DATA, "t", 1000, &err);
	g_autofree guint8 *zero = g_malloc0(1 << 20);
	guint written = 0;

	g_assert_true(unpack_member(u, UNPACK_FILE, "f", NULL, 0644, &err));
	/* count without filling the disk: the file is written to, then cut to nothing */
	g_autofree char *path = g_build_filename(folder, "f", NULL);
	while (unpack_write(u, zero, 1 << 20, &err)) {
		written++;
		g_assert_cmpint(truncate(path, 0), ==, 0);
	}
	g_assert_cmpuint(written, ==, 512);
	g_assert_error(err, XORCH_ERROR, EXIT_INTEGRITY);
	g_assert_nonnull(strstr(err->message, "X0621"));
	fs_remove_tree(folder, NULL);
}

static void many_members(void)
{
	g_autofree char *folder = fresh_folder();
	g_autofree char *dest = g_build_filename(folder, "out", NULL);
	g_autoptr(GByteArray) tar = g_byte_array_new();
	g_autoptr(GError) err = NULL;

	tar_header(tar, "p-1/", '5', NULL, 0, 0755);
	guint8 folder_header[512];
	memcpy(folder_header, tar->data, 512);
	for (int i = 0; i < 200001; i++)
		g_byte_array_append(tar, folder_header, 512);
	tar_end(tar);
	gboolean ok = unpack_bytes(tar, dest, &ARCHIVE_SDIST, &err);
	assert_refused(ok, err, "X0621", "more than 200000 members", dest);
	fs_remove_tree(folder, NULL);
}

static void looks(void)
{
	static const struct {
		const char *bytes;
		int size;
		const char *says;
	} rows[] = {
		{"", 0, "an empty file"},
		{"\n<!DOCTYPE html><title>x", 24, "an HTML page"},
		{"404 not found\n", 14, "plain text"},
		{"{\"error\": 1}", 12, "a JSON text"},
		{"Rar!\x1a\x07\x00xx", 9, "a RAR archive"},
		{"7z\xbc\xaf\x27\x1c..", 8, "a 7-Zip archive"},
		{"MSCF\0\0\0\0", 8, "a CAB archive"},
		{"!<arch>\nx", 9, "an ar archive"},
		{"070701000", 9, "a cpio archive"},
		{"\x01\x02\x03", 3, "unknown data"},
	};
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *folder = fresh_folder();
		g_autofree char *dest = g_build_filename(folder, "out", NULL);
		g_autofree char *path = g_build_filename(folder, "x-1.tar.gz", NULL);
		g_autoptr(GError) err = NULL;
		g_assert_true(
			g_file_set_contents(path, rows[i].bytes, rows[i].size, NULL));
		gboolean ok = archive_unpack(path, dest, &ARCHIVE_SDIST, NULL, &err);
		assert_refused(ok, err, "X0622", rows[i].says, dest);
		g_assert_nonnull(strstr(err->message, "x-1.tar.gz"));
		fs_remove_tree(folder, NULL);
	}
}

static void pax_faults(void)
{
	static const struct {
		const char *key, *value;
	} rows[] = {
		{"GNU.sparse.map", "0,5"}, {"size", "3"}, /* the header says 5 */
	};
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *folder = fresh_folder();
		g_autofree char *dest = g_build_filename(folder, "out", NULL);
		g_autoptr(GByteArray) tar = g_byte_array_new();
		g_autoptr(GError) err = NULL;
		tar_pax(tar, rows[i].key, rows[i].value);
		tar_add(tar, "p-1/a", '0', NULL, "hello", 0644);
		tar_end(tar);
		gboolean ok = unpack_bytes(tar, dest, &ARCHIVE_SDIST, &err);
		assert_refused(ok, err, "X06", NULL, dest);
		fs_remove_tree(folder, NULL);
	}
}

static void tar_faults(void)
{
	static const struct {
		const char *id, *record;
		char type;
	} rows[] = {
		{"short length", "3 a=b\n", 'x'},
		{"long length", "99 path=a\n", 'x'},
		{"no equals sign", "8 abcd\n\n", 'x'},
		{"no line end", "9 path=ab", 'x'},
		{"size for all", "9 size=5\n", 'g'},
		{"old sparse", "", 'S'},
		{"link with contents", "12345", '2'},
		{"hard link with contents", "12345", '1'},
		{"folder with contents", "12345", '5'},
	};
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *folder = fresh_folder();
		g_autofree char *dest = g_build_filename(folder, "out", NULL);
		g_autoptr(GByteArray) tar = g_byte_array_new();
		g_autoptr(GError) err = NULL;
		tar_add(tar, "p-1/a", '0', NULL, "hello", 0644);
		tar_header(tar, "p-1/b", rows[i].type, "a", strlen(rows[i].record), 0644);
		tar_data(tar, rows[i].record, strlen(rows[i].record));
		tar_add(tar, "p-1/c", '0', NULL, "hello", 0644);
		tar_end(tar);
		g_test_message("%s", rows[i].id);
		gboolean ok = unpack_bytes(tar, dest, &ARCHIVE_SDIST, &err);
		assert_refused(ok, err, "X06", NULL, dest);
		fs_remove_tree(folder, NULL);
	}
}

/* A tar that ends at a member's border has no end mark: it may be half of one. */
static void no_end_mark(void)
{
	g_autofree char *folder = fresh_folder();
	g_autofree char *dest = g_build_filename(folder, "out", NULL);
	g_autoptr(GByteArray) tar = g_byte_array_new();
	g_autoptr(GError) err = NULL;

	tar_add(tar, "p-1/a", '0', NULL, "hello", 0644);
	gboolean ok = unpack_bytes(tar, dest, &ARCHIVE_SDIST, &err);
	assert_refused(ok, err, "X0622", "cut short", dest);
	fs_remove_tree(folder, NULL);
}

static void pax_utf8_name(void)
{
	g_autofree char *folder = fresh_folder();
	g_autofree char *dest = g_build_filename(folder, "out", NULL);
	g_autofree char *file = g_build_filename(dest, "größe-コ", NULL);
	g_autoptr(GByteArray) tar = g_byte_array_new();
	g_autoptr(GError) err = NULL;

	tar_pax(tar, "path", "p-1/größe-コ");
	tar_add(tar, "p-1/cut", '0', NULL, "x", 0644);
	tar_end(tar);
	unpack_bytes(tar, dest, &ARCHIVE_SDIST, &err);
	g_assert_no_error(err);
	g_assert_true(g_file_test(file, G_FILE_TEST_IS_REGULAR));
	fs_remove_tree(folder, NULL);
}

static gboolean no_docs(const char *path, G_GNUC_UNUSED gpointer data)
{
	return !g_str_has_prefix(path, "usr/share/doc");
}

static void filter(void)
{
	g_autofree char *folder = fresh_folder();
	g_autofree char *dest = g_build_filename(folder, "out", NULL);
	g_autofree char *doc = g_build_filename(dest, "usr/share", NULL);
	g_autofree char *kept = g_build_filename(dest, "usr/a", NULL);
	g_autoptr(GByteArray) tar = g_byte_array_new();
	g_autoptr(GError) err = NULL;
	archive_policy policy = ARCHIVE_DEB_DATA;

	policy.keep = no_docs;
	tar_add(tar, "./usr/share/doc/x/copyright", '0', NULL, "x", 0644);
	tar_add(tar, "./usr/a", '0', NULL, "x", 0644);
	tar_end(tar);
	g_assert_true(unpack_bytes(tar, dest, &policy, &err));
	g_assert_false(g_file_test(doc, G_FILE_TEST_EXISTS));
	g_assert_true(g_file_test(kept, G_FILE_TEST_EXISTS));
	fs_remove_tree(folder, NULL);
}

static void existing_folder(void)
{
	g_autofree char *folder = fresh_folder();
	g_autofree char *file = g_build_filename(folder, "mine", NULL);
	g_autoptr(GByteArray) tar = g_byte_array_new();
	g_autoptr(GError) err = NULL;

	g_assert_true(g_file_set_contents(file, "x", 1, NULL));
	tar_add(tar, "p-1/a", '0', NULL, "x", 0644);
	tar_end(tar);
	g_assert_false(unpack_bytes(tar, folder, &ARCHIVE_SDIST, &err));
	g_assert_error(err, XORCH_ERROR, EXIT_HOST);
	g_assert_true(g_file_test(file, G_FILE_TEST_EXISTS));
	fs_remove_tree(folder, NULL);
}

static void add_rows(
	const char *prefix, const row *rows, guint n, void (*test)(gconstpointer))
{
	for (guint i = 0; i < n; i++) {
		g_autofree char *path = g_strdup_printf("%s/%s", prefix, rows[i].id);
		g_test_add_data_func(path, &rows[i], test);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	add_rows("/archive/sdist", sdist_rows, G_N_ELEMENTS(sdist_rows), sdist_row);
	add_rows("/archive/deb", deb_rows, G_N_ELEMENTS(deb_rows), deb_row);
	g_test_add_func("/archive/A08-modes", modes);
	g_test_add_func("/archive/A11-long-names", long_names);
	g_test_add_func("/archive/A13-bomb", bomb);
	g_test_add_func("/archive/A13-default-limit", bomb_default);
	g_test_add_func("/archive/A14-many-members", many_members);
	g_test_add_func("/archive/A15-truncated", truncated);
	g_test_add_func("/archive/A17-A23-not-an-archive", looks);
	g_test_add_func("/archive/A20-pax", pax_faults);
	g_test_add_func("/archive/A20-tar", tar_faults);
	g_test_add_func("/archive/A15-no-end-mark", no_end_mark);
	g_test_add_func("/archive/pax-utf8-name", pax_utf8_name);
	g_test_add_func("/archive/filter", filter);
	g_test_add_func("/archive/existing-folder", existing_folder);
	return g_test_run();
}
