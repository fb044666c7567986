#include "format/go_module.h"
#include "base/error.h"
#include "format/go_buildinfo.h"
#include "format/go_hash.h"
#include "format/zip_writer.h"
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* What is expected follows the Go Modules Reference and semver.org 2.0; hashes are those
 * of go.sum files, or made with sha256sum and base64. */

static void escaping(void)
{
	static const struct {
		const char *plain, *escaped;
	} table[] = {
		{"github.com/Azure/azure-sdk", "github.com/!azure/azure-sdk"},
		{"github.com/BurntSushi/toml", "github.com/!burnt!sushi/toml"},
		{"gopkg.in/yaml.v3", "gopkg.in/yaml.v3"},
		{"v1.0.0-RC1", "v1.0.0-!r!c1"},
		{"v2.0.0+incompatible", "v2.0.0+incompatible"},
		{"a!b", NULL},
		{"", NULL},
		{"a//b", NULL},
		{"../b", NULL},
		{"a/./b", NULL},
		{"a b", NULL},
		{"caf\xc3\xa9", NULL},
	};

	for (guint i = 0; i < G_N_ELEMENTS(table); i++) {
		g_autofree char *escaped = go_module_escape(table[i].plain);
		g_assert_cmpstr(escaped, ==, table[i].escaped);
		if (escaped) {
			g_autofree char *back = go_module_unescape(escaped);
			g_assert_cmpstr(back, ==, table[i].plain);
		}
	}
	g_assert_null(go_module_unescape("github.com/Azure"));
	g_assert_null(go_module_unescape("a!"));
	g_assert_null(go_module_unescape("a!!b"));
	g_assert_null(go_module_unescape("a!B"));
}

static void versions(void)
{
	static const char *const good[] = {"v0.0.0", "v1.2.3", "v1.2.3-rc.1",
		"v0.0.0-20191109021931-daa7c04131f5", "v2.0.0+incompatible"};
	static const char *const bad[] = {"1.2.3", "v1.2", "v01.2.3", "v1.2.3-",
		"v1.2.3+x", "v1.2.3-a..b", "v1.2.3/../x", "v", ""};
	/* Ascending. */
	static const char *const order[] = {"v0.0.0-20191109021931-daa7c04131f5",
		"v0.0.1", "v0.9.0", "v0.10.0", "v1.0.0-alpha", "v1.0.0-alpha.1",
		"v1.0.0-alpha.beta", "v1.0.0-beta", "v1.0.0-beta.2", "v1.0.0-beta.11",
		"v1.0.0-rc.1", "v1.0.0", "v1.0.1"};
	static const char *const go[] = {
		"1.9", "1.21rc2", "go1.21", "1.21.1", "go1.22.5", "1.26.8"};

	for (guint i = 0; i < G_N_ELEMENTS(good); i++)
		g_assert_true(go_version_valid(good[i]));
	for (guint i = 0; i < G_N_ELEMENTS(bad); i++)
		g_assert_false(go_version_valid(bad[i]));
	for (guint i = 0; i < G_N_ELEMENTS(order); i++)
		for (guint j = 0; j < G_N_ELEMENTS(order); j++) {
			int sign = go_version_compare(order[i], order[j]);
			g_assert_cmpint((sign > 0) - (sign < 0), ==, (i > j) - (i < j));
		}
	for (guint i = 0; i < G_N_ELEMENTS(go); i++)
		for (guint j = 0; j < G_N_ELEMENTS(go); j++)
			g_assert_cmpint(
				go_release_compare(go[i], go[j]), ==, (i > j) - (i < j));
	g_assert_cmpint(go_release_compare("1.22", "go1.22.0"), ==, 0);
}

static void proxies(void)
{
	static const struct {
		const char *text, *shown;
	} table[] = {
		{"https://a.example,direct", "https://a.example, direct,"},
		{"https://a.example/|https://b.example//,off,https://c.example",
			"https://a.example| https://b.example, off,"},
		{" https://a.example , , ", "https://a.example,"},
		{"off", "off,"},
		{"", ""},
		{",|,", ""},
	};

	for (guint i = 0; i < G_N_ELEMENTS(table); i++) {
		g_autoptr(GPtrArray) list = go_proxy_list(table[i].text);
		g_autoptr(GString) shown = g_string_new(NULL);
		for (guint n = 0; n < list->len; n++) {
			const go_proxy *p = g_ptr_array_index(list, n);
			g_string_append_printf(shown, "%s%s%c", n ? " " : "", p->url,
				p->any_error ? '|' : ',');
		}
		g_assert_cmpstr(shown->str, ==, table[i].shown);
	}
}

static void patterns(void)
{
	static const struct {
		const char *patterns, *path;
		gboolean matches;
	} table[] = {
		{"*.corp.example", "git.corp.example/team/x", TRUE},
		{"*.corp.example", "corp.example/team/x", FALSE},
		{"rsc.io/private,example.org", "rsc.io/private/deep", TRUE},
		{"rsc.io/private", "rsc.io/privateer", FALSE},
		{"rsc.io/private/", "rsc.io/private", TRUE},
		{"rsc.io/*/x", "rsc.io/y", FALSE},
		{"", "rsc.io/y", FALSE},
		{NULL, "rsc.io/y", FALSE},
	};

	for (guint i = 0; i < G_N_ELEMENTS(table); i++)
		g_assert_cmpint(go_module_matches(table[i].patterns, table[i].path), ==,
			table[i].matches);
}

static void sums(void)
{
	g_autoptr(GError) err = NULL;
	g_autoptr(GHashTable) sum =
		go_sum_parse("github.com/a/b v1.0.0 h1:AAA=\n"
			     "github.com/a/b v1.0.0/go.mod h1:BBB=\r\n"
			     "\n"
			     "github.com/a/b v1.0.0 h1:AAA=\n"
			     "github.com/a/b v1.0.0 h2:later\n",
			"go.sum", &err);

	g_assert_no_error(err);
	g_assert_cmpstr(
		go_sum_get(sum, "github.com/a/b", "v1.0.0", FALSE), ==, "h1:AAA=");
	g_assert_cmpstr(go_sum_get(sum, "github.com/a/b", "v1.0.0", TRUE), ==, "h1:BBB=");
	g_assert_null(go_sum_get(sum, "github.com/a/b", "v1.0.1", FALSE));

	static const char *const bad[] = {"github.com/a/b v1.0.0\n", "a b c d\n",
		"a v1.0.0 h1:A=\na v1.0.0 h1:B=\n", "<<<<<<< HEAD\n"};
	for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_assert_null(go_sum_parse(bad[i], "go.sum", &err));
		g_assert_error(err, XORCH_ERROR, EXIT_INTEGRITY);
		g_clear_error(&err);
	}
}

/* golang.org/x/xerrors v0.0.0-20191204190536-9bdfabe68543/go.mod, as go.sum files
 * everywhere have it. */
static void hash_of_mod(void)
{
	static const char mod[] = "module golang.org/x/xerrors\n\ngo 1.11\n";
	g_autofree char *h1 = go_hash_mod(mod, sizeof mod - 1);

	g_assert_cmpstr(h1, ==, "h1:I/5z698sn9Ka8TeJc9MKroUUfqBBauWjQqLJ2OPfmY0=");
}

static GBytes *make_zip(const char *const *members)
{
	g_autoptr(GError) err = NULL;
	int fd = memfd_create("zip", 0);
	g_autoptr(zip_writer) w = zip_writer_new(fd, "m.zip", 0);

	for (; *members; members += 2)
		zip_writer_add(
			w, members[0], members[1], strlen(members[1]), FALSE, &err);
	zip_writer_finish(w, &err);
	g_assert_no_error(err);
	gsize size = (gsize)lseek(fd, 0, SEEK_END);
	guint8 *data = g_malloc(size);
	g_assert_cmpint(pread(fd, data, size, 0), ==, (gssize)size);
	close(fd);
	return g_bytes_new_take(data, size);
}

static char *hash_members(const char *const *members, GError **err)
{
	g_autoptr(GBytes) bytes = make_zip(members);
	g_autoptr(zip_file) zip = zip_open_bytes(bytes, "m.zip", err);

	return zip ? go_hash_zip(zip, "example.org/m", "v1.0.0", err) : NULL;
}

static void hash_of_zip(void)
{
	g_autoptr(GError) err = NULL;
	const char *one[] = {"example.org/m@v1.0.0/go.mod", "module example.org/m\n",
		"example.org/m@v1.0.0/a/b.go", "package a\n", NULL};
	const char *other_order[] = {one[2], one[3], one[0], one[1], NULL};
	const char *foreign[] = {one[0], one[1], "example.org/m@v1.0.1/x.go", "", NULL};
	g_autofree char *first = hash_members(one, &err);
	g_autofree char *second = hash_members(other_order, &err);

	g_assert_no_error(err);
	/* sha256sum and base64 of the two lines, by hand. */
	g_assert_cmpstr(first, ==, "h1:Qnwoy2PNN9wDZUKDeD0GVCVRAm0n4uiwxnEn85Huq/A=");
	g_assert_cmpstr(second, ==, first);
	g_assert_null(hash_members(foreign, &err));
	g_assert_error(err, XORCH_ERROR, EXIT_INTEGRITY);
}

/* ---- build info ---- */

static void put_string(GByteArray *to, const char *text, gsize len)
{
	for (gsize n = len;; n >>= 7) {
		guint8 byte = (n & 0x7f) | (n > 0x7f ? 0x80 : 0);
		g_byte_array_append(to, &byte, 1);
		if (n <= 0x7f)
			break;
	}
	g_byte_array_append(to, (const guint8 *)text, (guint)len);
}

/* A program of one segment that holds the information at an aligned place. */
static GBytes *make_program(const char *go, const char *text, gboolean cut)
{
	Elf64_Ehdr e = {
		.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
		.e_type = ET_EXEC,
		.e_machine = EM_AARCH64,
		.e_version = EV_CURRENT,
		.e_phoff = sizeof e,
		.e_ehsize = sizeof e,
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 1};
	Elf64_Phdr p = {.p_type = PT_LOAD, .p_flags = PF_R, .p_vaddr = 0x10000};
	GByteArray *file = g_byte_array_new();
	guint8 header[32] = "\xff Go buildinf:";
	g_autofree char *framed =
		g_strconcat("0123456789abcdef", text, "0123456789abcdef", NULL);

	header[14] = 8;
	header[15] = 2;
	g_byte_array_append(file, (const guint8 *)&e, sizeof e);
	g_byte_array_append(file, (const guint8 *)&p, sizeof p);
	g_byte_array_set_size(file, 256);
	memset(file->data + 120, 0, 136);
	g_byte_array_append(file, header, sizeof header);
	put_string(file, go, strlen(go));
	put_string(file, framed, strlen(framed));
	if (cut)
		g_byte_array_set_size(file, file->len - 8);
	p.p_filesz = p.p_memsz = file->len;
	memcpy(file->data + sizeof e, &p, sizeof p);
	return g_byte_array_free_to_bytes(file);
}

static void build_information(void)
{
	static const char text[] = "path\texample.org/m/cmd\n"
				   "mod\texample.org/m\tv1.2.3\th1:x=\n"
				   "dep\texample.org/d\tv0.1.0\n"
				   "build\t-trimpath=true\n"
				   "build\t-ldflags=\"-X main.v=\\\"1 2\\\"\"\n"
				   "build\tCGO_ENABLED=0\n"
				   "build\tGOARM=7\n";
	g_autoptr(GError) err = NULL;
	gboolean damaged;
	g_autoptr(GBytes) whole = make_program("go1.26.8", text, FALSE);
	g_autoptr(elf_file) file = elf_file_open(whole, "p", 0, &err);

	g_assert_no_error(err);
	g_autoptr(go_buildinfo) info = go_buildinfo_read(file, &damaged);
	g_assert_nonnull(info);
	g_assert_cmpstr(info->go, ==, "go1.26.8");
	g_assert_cmpstr(info->path, ==, "example.org/m/cmd");
	g_assert_cmpstr(info->module, ==, "example.org/m");
	g_assert_cmpstr(info->version, ==, "v1.2.3");
	g_assert_cmpstr(go_buildinfo_get(info, "GOARM"), ==, "7");
	g_assert_cmpstr(go_buildinfo_get(info, "-trimpath"), ==, "true");
	g_assert_cmpstr(go_buildinfo_get(info, "-ldflags"), ==, "-X main.v=\"1 2\"");
	g_assert_null(go_buildinfo_get(info, "GOARM64"));

	g_autoptr(GBytes) cut = make_program("go1.26.8", text, TRUE);
	g_autoptr(elf_file) short_file = elf_file_open(cut, "p", 0, &err);
	g_assert_no_error(err);
	g_assert_null(go_buildinfo_read(short_file, &damaged));
	g_assert_true(damaged);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/go_module/escaping", escaping);
	g_test_add_func("/go_module/versions", versions);
	g_test_add_func("/go_module/proxies", proxies);
	g_test_add_func("/go_module/patterns", patterns);
	g_test_add_func("/go_module/sums", sums);
	g_test_add_func("/go_module/hash_of_mod", hash_of_mod);
	g_test_add_func("/go_module/hash_of_zip", hash_of_zip);
	g_test_add_func("/go_module/build_information", build_information);
	return g_test_run();
}
