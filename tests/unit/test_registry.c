#include "base/error.h"
#include "base/fs.h"
#include "build/registry.h"
#include "format/apt_sources.h"
#include "format/http_url.h"
#include "format/settings_file.h"
#include <string.h>
#include <unistd.h>

static char *dir;

static void put(const char *rel, const char *text)
{
	g_autofree char *path = g_build_filename(dir, rel, NULL);
	g_autofree char *up = g_path_get_dirname(path);

	g_assert_true(fs_mkdir_p(up, 0755, NULL));
	g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

/* A machine without any setting of its own. */
static void begin(void)
{
	static const char *const clear[] = {"XORCH_MIRROR_DEBIAN", "XORCH_MIRROR_PYPI",
		"UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL", "UV_CONFIG_FILE",
		"UV_NO_CONFIG", "VIRTUAL_ENV", "PYENV_ROOT", "XORCH_MIRROR_CRATES"};

	dir = g_dir_make_tmp("xorch-registry-XXXXXX", NULL);
	for (gsize i = 0; i < G_N_ELEMENTS(clear); i++)
		g_unsetenv(clear[i]);
	g_setenv("PIP_CONFIG_FILE", "/dev/null", TRUE);
	g_autofree char *config = g_build_filename(dir, "config", NULL);
	g_autofree char *apt = g_build_filename(dir, "apt", NULL);
	g_autofree char *bin = g_build_filename(dir, "py", "bin", NULL);
	g_autofree char *cargo = g_build_filename(dir, "cargo", NULL);
	g_autofree char *rustup = g_build_filename(dir, "rustup", NULL);
	g_setenv("XDG_CONFIG_HOME", config, TRUE);
	g_setenv("CARGO_HOME", cargo, TRUE);
	g_setenv("RUSTUP_HOME", rustup, TRUE);
	g_setenv("XORCH_APT_DIR", apt, TRUE);
	g_setenv("PATH", bin, TRUE);
}

static void end(void)
{
	g_assert_true(fs_remove_tree(dir, NULL));
	g_clear_pointer(&dir, g_free);
}

static char *join(GPtrArray *urls)
{
	g_ptr_array_add(urls, NULL);
	char *all = g_strjoinv(" ", (char **)urls->pdata);
	g_ptr_array_unref(urls);
	return all;
}

static char *debian(void)
{
	GPtrArray *urls = NULL;
	g_autoptr(GError) err = NULL;

	if (!registry_debian(&urls, &err)) {
		g_assert_error(err, XORCH_ERROR, EXIT_INPUT);
		return g_strdup(err->message);
	}
	return join(urls);
}

static char *security(void)
{
	GPtrArray *urls = NULL;

	g_assert_true(registry_debian_security(&urls, NULL));
	return join(urls);
}

static char *pypi(void)
{
	GPtrArray *urls = NULL;
	g_autoptr(GError) err = NULL;

	if (!registry_pypi_all(&urls, &err)) {
		g_assert_error(err, XORCH_ERROR, EXIT_INPUT);
		return g_strdup(err->message);
	}
	return join(urls);
}

#define EQUAL(call, want)                                                                \
	do {                                                                             \
		g_autofree char *got_ = call;                                            \
		g_assert_cmpstr(got_, ==, want);                                         \
	} while (0)

static void apt(void)
{
	begin();
	g_autofree char *none = debian();
	g_assert_nonnull(strstr(none, "[X0506]"));
	g_assert_nonnull(strstr(none, "XORCH_MIRROR_DEBIAN"));
	put("apt/sources.list",
		"# comment\n"
		"deb cdrom:[Debian]/ bookworm main\n"
		"deb https://third.example/apt nodistro main # theirs\n"
		"deb [arch=amd64 "
		"signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] "
		"http://mirror.example/deb/ bookworm main contrib\n"
		"deb http://a.example/debian-security bookworm-security main\n"
		"#deb http://off.example/debian bookworm main\n"
		"deb-src http://a.example/debian/ bookworm main\n");
	put("apt/sources.list.d/x.sources", "Types: deb deb-src\n"
					    "# a comment within\n"
					    "URIs: http://b.example/debian\n"
					    "  http://c.example/debian/\n"
					    "Suites: bookworm bookworm-updates\n"
					    "Components: main\n"
					    "\n"
					    "Enabled: no\n"
					    "Types: deb\n"
					    "URIs: http://disabled.example/debian\n"
					    "Suites: bookworm\n"
					    "\n"
					    "Types: deb\n"
					    "URIs: http://a.example/debian-security\n"
					    "Suites: bookworm-security\n");
	put("apt/sources.list.d/ignored.save",
		"deb http://saved.example/debian bookworm main\n");
	EQUAL(debian(), "http://a.example/debian http://b.example/debian "
			"http://c.example/debian http://mirror.example/deb "
			"https://third.example/apt");
	EQUAL(security(), "http://a.example/debian-security "
			  "http://b.example/debian-security "
			  "http://c.example/debian-security http://a.example/debian "
			  "http://b.example/debian http://c.example/debian "
			  "http://mirror.example/deb https://third.example/apt");
	g_setenv("XORCH_MIRROR_DEBIAN", "http://own.example/debian", TRUE);
	EQUAL(security(), "http://own.example/debian-security http://own.example/debian");
	end();
}

static void apt_mirror_file(void)
{
	begin();
	g_autofree char *list = g_build_filename(dir, "mirrors", NULL);
	g_autofree char *line = g_strdup_printf(
		"Types: deb\nURIs: mirror+file:%s\nSuites: bookworm\n", list);
	put("apt/sources.list.d/debian.sources", line);
	put("mirrors", "# mirrors\nhttp://second.example/debian\tpriority:2 type:deb\n"
		       "https://first.example/debian/ "
		       "priority:1\n\nhttps://last.example/debian\n");
	EQUAL(debian(), "https://first.example/debian http://second.example/debian "
			"https://last.example/debian");
	end();
}

static void overrides(void)
{
	begin();
	put("apt/sources.list", "deb http://a.example/debian bookworm main\n");
	put("config/pip/pip.conf", "[global]\nindex-url = https://pip.example/simple/\n");
	put("config/xorch/config.yaml",
		"mirrors:\n  debian: [http://m1.example/debian/, http://m2.example/d]\n"
		"  pypi: https://p.example/simple\n");
	EQUAL(debian(), "http://m1.example/debian http://m2.example/d");
	EQUAL(pypi(), "https://p.example/simple");
	g_setenv("XORCH_MIRROR_DEBIAN", " http://x.example/ http://y.example", TRUE);
	g_setenv("XORCH_MIRROR_PYPI", "http://127.0.0.1:1/simple/", TRUE);
	EQUAL(debian(), "http://x.example http://y.example");
	EQUAL(pypi(), "http://127.0.0.1:1/simple");
	g_unsetenv("XORCH_MIRROR_DEBIAN");
	put("config/xorch/config.yaml", "mirrors:\n  debian: [[x]]\n");
	g_autofree char *broken = debian();
	g_assert_nonnull(strstr(broken, "config.yaml:2"));
	end();
}

/* From the weakest to the strongest, each wins over those before it. */
static void pypi_order(void)
{
	begin();
	g_autofree char *none = pypi();
	/* This machine's /usr may have a pip; an error must say what to set. */
	if (strstr(none, "[X0506]"))
		g_assert_nonnull(strstr(none, "XORCH_MIRROR_PYPI"));
	put("py/bin/python3", "");
	put("py/lib/python3.12/site-packages/pip/_internal/models/index.py",
		"class PackageIndex:\n    pass\n\n"
		"PyPI = PackageIndex(\n    \"https://builtin.example/\", "
		"file_storage_domain=\"x.example\"\n)\n"
		"TestPyPI = PackageIndex(\"https://test.example/\")\n");
	EQUAL(pypi(), "https://builtin.example/simple");
	g_unsetenv("PIP_CONFIG_FILE");
	put("config/pip/pip.conf",
		"[global]\ntimeout = 60\n; old\nIndex_URL: https://user.example/simple/\n"
		"[freeze]\nindex-url = https://wrong.example\n");
	EQUAL(pypi(), "https://user.example/simple");
	put("config/pip/pip.conf",
		"[global]\nindex-url =\n    https://user.example/simple\n"
		"[install]\n--index-url=https://install.example/simple\n");
	EQUAL(pypi(), "https://install.example/simple");
	g_autofree char *venv = g_build_filename(dir, "venv", NULL);
	put("venv/pip.conf", "[global]\nindex-url=https://venv.example/simple\n");
	g_setenv("VIRTUAL_ENV", venv, TRUE);
	EQUAL(pypi(), "https://venv.example/simple");
	put("config/uv/uv.toml",
		"index-url = \"https://uv-old.example/simple\" # comment\n"
		"[pip]\nindex-url = 'https://uv-pip.example'\n");
	EQUAL(pypi(), "https://uv-old.example/simple");
	put("config/uv/uv.toml",
		"[[index]]\nurl = \"https://extra.example\"\n\n"
		"[[index]]\nname = \"corp\"\nurl = \"https://uv.example/simple\"\n"
		"default = true\n");
	EQUAL(pypi(), "https://uv.example/simple");
	g_setenv("PIP_INDEX_URL", "https://pipenv.example/simple", TRUE);
	EQUAL(pypi(), "https://pipenv.example/simple");
	g_setenv("UV_DEFAULT_INDEX", "corp=https://u:p@uvenv.example/simple", TRUE);
	EQUAL(pypi(), "https://u:p@uvenv.example/simple");
	end();
}

/* The pip wheel that Python carries, read as a ZIP file. */
static void bundled_wheel(void)
{
	begin();
	/* One stored member; the test writes the bytes a zip has. */
	static const char text[] = "PyPI = PackageIndex('https://wheel.example/', 1)\n";
	static const char name[] = "pip/_internal/models/index.py";
	guint32 crc = 0xffffffff;
	for (const char *p = text; *p; p++) {
		crc ^= (guint8)*p;
		for (int k = 0; k < 8; k++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	crc = ~crc;
	g_autoptr(GByteArray) zip = g_byte_array_new();
	guint32 size = sizeof text - 1, n = sizeof name - 1;
#define LE2(x) (guint8)(x), (guint8)((x) >> 8)
#define LE4(x) LE2(x), LE2((x) >> 16)
	const guint8 local[] = {'P', 'K', 3, 4, LE2(20), LE2(0), LE2(0), LE2(0), LE2(33),
		LE4(crc), LE4(size), LE4(size), LE2(n), LE2(0)};
	const guint8 central[] = {'P', 'K', 1, 2, LE2(0x314), LE2(20), LE2(0), LE2(0),
		LE2(0), LE2(33), LE4(crc), LE4(size), LE4(size), LE2(n), LE2(0), LE2(0),
		LE2(0), LE2(0), LE4(0100644u << 16), LE4(0)};
	g_byte_array_append(zip, local, sizeof local);
	g_byte_array_append(zip, (const guint8 *)name, n);
	g_byte_array_append(zip, (const guint8 *)text, size);
	guint32 at = zip->len;
	g_byte_array_append(zip, central, sizeof central);
	g_byte_array_append(zip, (const guint8 *)name, n);
	guint32 length = zip->len - at;
	const guint8 tail[] = {'P', 'K', 5, 6, LE2(0), LE2(0), LE2(1), LE2(1),
		LE4(length), LE4(at), LE2(0)};
	g_byte_array_append(zip, tail, sizeof tail);
	put("py/bin/python3", "");
	put("py/lib/python3.11/ensurepip/_bundled/x", "");
	g_autofree char *path = g_build_filename(
		dir, "py/lib/python3.11/ensurepip/_bundled/pip-1-py3-none-any.whl", NULL);
	g_assert_true(g_file_set_contents(path, (char *)zip->data, zip->len, NULL));
	EQUAL(pypi(), "https://wheel.example/simple");
	end();
}

static void urls(void)
{
	static const struct {
		const char *url, *shown;
	} show[] = {
		{"https://a.example/x", "https://a.example/x"},
		{"https://u:secret@a.example/x?token=secret#f",
			"https://***@a.example/x#f?…"},
		{"https://tokensecret@a.example/", "https://***@a.example/"},
		{"u:secret@host", "***@host"},
		{"https://a.example/\x1b[31m", "https://a.example/%1b[31m"},
	};
	static const struct {
		const char *url;
		gboolean allow, fine;
	} rules[] = {
		{"https://a.example/", FALSE, TRUE},
		{"http://a.example/", FALSE, FALSE},
		{"http://a.example/", TRUE, TRUE},
		{"http://127.0.0.1:80/", FALSE, TRUE},
		{"http://127.1/", FALSE, TRUE},
		{"http://2130706433/", FALSE, TRUE},
		{"http://[::1]:80/", FALSE, TRUE},
		{"http://localhost/", FALSE, TRUE},
		{"http://127.0.0.1.example/", FALSE, FALSE},
		{"http://localhost.example/", FALSE, FALSE},
		{"http://127.0.0.1@a.example/", FALSE, FALSE},
		{"ftp://a.example/", TRUE, FALSE},
		{"file:///etc/passwd", TRUE, FALSE},
		{"gopher://127.0.0.1/", TRUE, FALSE},
		{"not a url", TRUE, FALSE},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(show); i++) {
		g_autofree char *got = http_url_show(show[i].url);
		g_test_message("%s -> %s", show[i].shown, got);
		g_assert_null(strstr(got, "secret"));
		g_assert_null(strchr(got, '\x1b'));
	}
	for (gsize i = 0; i < G_N_ELEMENTS(rules); i++) {
		g_autofree char *why = http_url_refusal(rules[i].url, rules[i].allow);
		g_test_message("%s: %s", rules[i].url, why ? why : "fine");
		g_assert_cmpint(why == NULL, ==, rules[i].fine);
	}
	g_autofree char *joined = http_url_join(
		"https://a.example/simple/x/", "../../files/x.whl#sha256=1");
	g_assert_cmpstr(joined, ==, "https://a.example/files/x.whl#sha256=1");
	g_assert_true(
		http_url_same_origin("https://a.example/x", "https://A.example:443/y"));
	g_assert_false(http_url_same_origin("https://a.example/", "https://b.example/"));
	g_assert_false(
		http_url_same_origin("https://a.example/", "https://a.example:8/"));
}

static char *crates(const char *cargo)
{
	GPtrArray *urls = NULL;
	g_autoptr(GError) err = NULL;

	if (registry_crates(cargo, &urls, &err))
		return join(urls);
	g_assert_error(err, XORCH_ERROR, EXIT_INPUT);
	return g_strdup(strstr(err->message, "XORCH_MIRROR_CRATES") ? "none" : "silent");
}

static void check_crates(const char *cargo, const char *want)
{
	g_autofree char *got = crates(cargo);

	g_assert_cmpstr(got, ==, want);
}

/* The variable, the user's configuration, cargo's settings, and what a cargo has
 * built in: the one it is told of before any installed one. */
static void crates_in_order(void)
{
	begin();
	check_crates(NULL, "none");
	put("rustup/toolchains/stable/bin/cargo",
		"\x7f"
		"ELF sparse+https://notaurl nothing sparse+https://index.example/ more");
	check_crates(NULL, "https://index.example");
	put("other-cargo", "xx sparse+https://own.example/xx");
	g_autofree char *own = g_build_filename(dir, "other-cargo", NULL);
	check_crates(own, "https://own.example");
	put("cargo/config.toml", "[source.crates-io]\nreplace-with = \"a\"\n"
				 "[source.a]\nreplace-with = \"b\"\n"
				 "[source.b]\n"
				 "registry = \"sparse+https://mirror.example/i/\"\n");
	check_crates(own, "https://mirror.example/i");
	put("cargo/config.toml",
		"[source.crates-io]\nreplace-with = \"corp\"\n"
		"[registries.corp]\nindex = \"sparse+https://corp.example/i/\"\n");
	check_crates(own, "https://corp.example/i");
	/* git indexes and vendored folders are no place to fetch from */
	put("cargo/config.toml", "[source.crates-io]\nreplace-with = \"v\"\n"
				 "[source.v]\ndirectory = \"/vendor\"\n");
	check_crates(own, "https://own.example");
	put("config/xorch/config.yaml", "mirrors: {crates: https://user.example/c/}\n");
	check_crates(own, "https://user.example/c");
	g_setenv("XORCH_MIRROR_CRATES", "https://one.example/ https://two.example", TRUE);
	check_crates(own, "https://one.example https://two.example");
	end();
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/registry/apt", apt);
	g_test_add_func("/registry/apt-mirror-file", apt_mirror_file);
	g_test_add_func("/registry/overrides", overrides);
	g_test_add_func("/registry/pypi-order", pypi_order);
	g_test_add_func("/registry/bundled-wheel", bundled_wheel);
	g_test_add_func("/url/N15-S03", urls);
	g_test_add_func("/registry/crates", crates_in_order);
	return g_test_run();
}
