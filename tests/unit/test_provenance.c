/* The formats of provenance: package URLs, public addresses, in-toto's lines. */
#include "base/error.h"
#include "build/package_image.h"
#include "build/provenance_list.h"
#include "cli/provenance_compare.h"
#include "format/intoto.h"
#include "format/public_url.h"
#include "format/purl.h"
#include <string.h>

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* Those of ECMA-427's own kind: colons stay, plus signs do not. */
static void purls(void)
{
	g_autofree char *pypi = purl_pypi("cython", "3.3.1", "cython-3.3.1-py3.whl");
	g_autofree char *deb =
		purl_debian("libstdc++6", "1:10.2.1-6~a+b", "arm64", "bullseye");
	g_autofree char *cargo = purl_cargo("heck", "0.5.0");
	g_autofree char *go = purl_golang("github.com/a/b-c", "v0.0.20", NULL);
	g_autofree char *mod = purl_golang("golang.org/x/sys", "v0.30.0", "go.mod");
	g_autofree char *oci = purl_oci("quay.io/pypa/manylinux2014_aarch64", HEX, NULL);
	g_autofree char *generic = purl_generic("cpython", "3.11.7");
	g_autofree char *odd = purl_pypi("a b", "1/2", NULL);
	g_autofree char *rpm =
		purl_rpm("opensuse-leap-15.6", "glibc-devel", "1:2.38-1+a", "aarch64");
	g_autofree char *anybodys = purl_rpm(NULL, "x", "1-1.el8", NULL);

	g_assert_cmpstr(pypi, ==, "pkg:pypi/cython@3.3.1?file_name=cython-3.3.1-py3.whl");
	g_assert_cmpstr(deb, ==,
		"pkg:deb/debian/"
		"libstdc%2B%2B6@1:10.2.1-6~a%2Bb?arch=arm64&distro=bullseye");
	g_assert_cmpstr(cargo, ==, "pkg:cargo/heck@0.5.0");
	g_assert_cmpstr(go, ==, "pkg:golang/github.com/a/b-c@v0.0.20");
	g_assert_cmpstr(mod, ==, "pkg:golang/golang.org/x/sys@v0.30.0#go.mod");
	g_assert_cmpstr(oci, ==,
		"pkg:oci/manylinux2014_aarch64@sha256:" HEX
		"?repository_url=quay.io/pypa/manylinux2014_aarch64");
	g_assert_cmpstr(generic, ==, "pkg:generic/cpython@3.11.7");
	g_assert_cmpstr(odd, ==, "pkg:pypi/a%20b@1%2F2");
	g_assert_cmpstr(rpm, ==,
		"pkg:rpm/opensuse/glibc-devel@2.38-1%2Ba?arch=aarch64&"
		"distro=opensuse-leap-15.6&epoch=1");
	g_assert_cmpstr(anybodys, ==, "pkg:rpm/x@1-1.el8");
}

static void addresses(void)
{
	static const struct {
		const char *url, *shown; /* NULL: none for others */
	} table[] = {
		{"https://git.example.org/a.git", "https://git.example.org/a.git"},
		{"https://me:secret@git.example.org/a", "https://git.example.org/a"},
		{"https://me@x:y@git.example.org/a", "https://git.example.org/a"},
		{"https://git.example.org/a@1", "https://git.example.org/a@1"},
		{"https://git.example.org/a?token=s#f", "https://git.example.org/a"},
		{"https://tok@git.example.org?x", "https://git.example.org"},
		{"HTTPS://git.example.org/a", "https://git.example.org/a"},
		{"ssh://git@git.example.org/a", "ssh://git.example.org/a"},
		{"git@git.example.org:team/a.git", "ssh://git.example.org/team/a.git"},
		{"git.example.org:/team/a.git", "ssh://git.example.org/team/a.git"},
		{"/home/me/a", NULL},
		{"../a", NULL},
		{"./x:y", NULL},
		{"file:///home/me/a", NULL},
		{"https://", NULL},
		{"", NULL},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
		g_autofree char *shown = public_url(table[i].url);
		g_assert_cmpstr(shown, ==, table[i].shown);
	}
}

static char *line_of(const char *name)
{
	g_autoptr(json_t) predicate =
		json_pack("{s:{s:s}, s:{s:{s:s}}}", "buildDefinition", "buildType",
			"urn:x:1", "runDetails", "builder", "id", "urn:b:1");

	return intoto_line(name, HEX, predicate);
}

static json_t *read_back(const char *text, gboolean *sealed, GError **err)
{
	return intoto_read(text, strlen(text), "a.whl.intoto.jsonl", sealed, err);
}

static void round_trip(void)
{
	g_autofree char *line = line_of("a.whl"), *again = line_of("a.whl");
	gboolean sealed = TRUE;
	GError *err = NULL;

	g_assert_cmpstr(line, ==, again);
	g_assert_true(g_str_has_suffix(line, "}\n"));
	g_assert_null(strchr(line, '\n')[1] ? line : NULL);
	g_autoptr(json_t) s = read_back(line, &sealed, &err);
	g_assert_no_error(err);
	g_assert_false(sealed);
	g_assert_cmpstr(intoto_name(s), ==, "a.whl");
	g_assert_cmpstr(intoto_sha256(s), ==, HEX);
	g_assert_cmpstr(
		json_get_string(intoto_definition(s), "buildType"), ==, "urn:x:1");
	g_assert_nonnull(intoto_details(s));

	/* after lines that are none, and without the last line break */
	g_autofree char *later = g_strconcat("\nnot json\n{\"a\": 1}\n[]\n", line, NULL);
	later[strlen(later) - 1] = '\0';
	g_autoptr(json_t) second = read_back(later, NULL, &err);
	g_assert_no_error(err);
	g_assert_cmpstr(intoto_name(second), ==, "a.whl");
}

static void envelopes(void)
{
	g_autofree char *line = line_of("a.whl");
	g_autofree char *payload =
		g_base64_encode((const guchar *)line, strlen(line) - 1);
	g_autofree char *envelope =
		g_strdup_printf("{\"payloadType\":\"" INTOTO_ENVELOPE
				"\",\"payload\":\"%s\",\"signatures\":[{\"sig\":\"\"}]}",
			payload);
	g_autofree char *bundle = g_strdup_printf("{\"dsseEnvelope\":%s}", envelope);
	g_autofree char *other = g_strdup_printf(
		"{\"payloadType\":\"text/plain\",\"payload\":\"%s\"}\n", payload);
	const char *good[] = {envelope, bundle};
	GError *err = NULL;

	for (gsize i = 0; i < G_N_ELEMENTS(good); i++) {
		gboolean sealed = FALSE;
		g_autoptr(json_t) s = read_back(good[i], &sealed, &err);
		g_assert_no_error(err);
		g_assert_true(sealed);
		g_assert_cmpstr(intoto_sha256(s), ==, HEX);
	}
	g_autoptr(json_t) none = read_back(other, NULL, &err);
	g_assert_null(none);
	g_assert_error(err, XORCH_ERROR, EXIT_INTEGRITY);
	g_clear_error(&err);
}

/* What was cut off or changed is no statement. */
static void damaged(void)
{
	g_autofree char *line = line_of("a.whl");
	static const char *const changes[][2] = {
		{"in-toto.io/Statement/v1", "in-toto.io/Statement/v0.1"},
		{"slsa.dev/provenance/v1", "slsa.dev/provenance/v2"},
		{"\"" HEX "\"", "\"" HEX "00\""},
		{"\"" HEX "\"", "\"0123\""},
		{"\"" HEX "\"", "7"},
		{"sha256", "sha512"},
		{"\"a.whl\"", "\"../a.whl\""},
		{"\"a.whl\"", "\"\""},
		{"\"a.whl\"", "{}"},
		{"\"subject\"", "\"subjects\""},
		{"buildDefinition", "build"},
	};

	for (gsize n = 1; n < strlen(line) - 2; n += 7) {
		g_autofree char *cut = g_strndup(line, n);
		g_autoptr(GError) err = NULL;
		g_autoptr(json_t) s = read_back(cut, NULL, &err);
		g_assert_null(s);
		g_assert_error(err, XORCH_ERROR, EXIT_INTEGRITY);
	}
	for (gsize i = 0; i < G_N_ELEMENTS(changes); i++) {
		g_autoptr(GString) text = g_string_new(line);
		g_autoptr(GError) err = NULL;
		g_assert_cmpuint(
			g_string_replace(text, changes[i][0], changes[i][1], 0), ==, 1);
		g_autoptr(json_t) s = read_back(text->str, NULL, &err);
		g_assert_null(s);
		g_assert_nonnull(strstr(err->message, "X0690"));
	}
}

static void rows(void)
{
	g_auto(provenance_list) l = {0};
	g_autoptr(package_section) deb =
		package_section_new("any", "bookworm", "amd64", "");
	g_autoptr(package_section) image =
		package_section_new("aarch64", "", "linux/arm64", "");

	package_def def = {0}, alma = {.rpm.distribution = (char *)"almalinux-8"};

	provenance_list_init(&l);
	g_ptr_array_add(deb->packages,
		locked_package_new("libstd-rust-web-dev:arm64", "1:1.85+x-1",
			"pool/main/r/libstd-rust-web-dev_1.85+x-1_arm64.deb", HEX, 1,
			FALSE));
	provenance_add_section(&l, "toolchain rust", deb, &def);
	provenance_add_section(&l, "toolchain rust", deb, &def); /* once is enough */
	g_assert_cmpuint(json_array_size(l.rows), ==, 1);
	const json_t *row = json_array_get(l.rows, 0);
	g_assert_cmpstr(json_get_string(row, "uri"), ==,
		"pkg:deb/debian/"
		"libstd-rust-web-dev@1:1.85%2Bx-1?arch=arm64&distro=bookworm");
	g_assert_cmpstr(json_get_string(row, "name"), ==,
		"libstd-rust-web-dev_1.85+x-1_arm64.deb");

	g_autoptr(package_section) rpm =
		package_section_new("aarch64", "rpm", "aarch64", "");
	g_ptr_array_add(rpm->packages,
		locked_package_new("glibc-devel", "2:2.28-251.el8",
			"baseos/Packages/glibc-devel-2.28-251.el8.aarch64.rpm", HEX, 1,
			FALSE));
	provenance_add_section(&l, "sysroot r", rpm, &alma);
	row = json_array_get(l.rows, 1);
	g_assert_cmpstr(json_get_string(row, "uri"), ==,
		"pkg:rpm/almalinux/"
		"glibc-devel@2.28-251.el8?arch=aarch64&distro=almalinux-8&"
		"epoch=2");
	g_assert_cmpstr(
		json_get_string(row, "name"), ==, "glibc-devel-2.28-251.el8.aarch64.rpm");

	package_section_set_image(image, "quay.io/pypa/x:latest", "", HEX);
	g_ptr_array_add(image->packages,
		locked_package_new("0", "t", "blobs/sha256:" HEX, HEX, 1, FALSE));
	provenance_add_section(&l, "sysroot x", image, &def);
	g_assert_cmpuint(json_array_size(l.rows), ==, 4);
	row = json_array_get(l.rows, 2);
	g_assert_cmpstr(json_get_string(row, "uri"), ==,
		"pkg:oci/x@sha256:" HEX "?arch=arm64&repository_url=quay.io/pypa/x");
	/* both sides write the same, and nothing for what is no image */
	g_autofree char *armv7 = NULL, *none = package_image_purl(rpm);
	g_autoptr(package_section) arm =
		package_section_new("armv7", "", "linux/arm/v7", "");
	package_section_set_image(arm, "Team/Y@sha256:" HEX, "", HEX);
	armv7 = package_image_purl(arm);
	g_assert_null(armv7);
	package_section_set_image(arm, "quay.io/pypa/x", "", HEX);
	armv7 = package_image_purl(arm);
	g_assert_cmpstr(armv7, ==,
		"pkg:oci/x@sha256:" HEX "?arch=arm&repository_url=quay.io/pypa/x");
	g_assert_null(none);
	row = json_array_get(l.rows, 3);
	g_assert_cmpstr(json_get_string(row, "uri"), ==,
		"https://quay.io/v2/pypa/x/blobs/sha256:" HEX);
	g_assert_cmpstr(
		json_get_string(json_get_object(row, "digest"), "sha256"), ==, HEX);
}

static json_t *repair_of(const char *xorch, const char *version, const char *hex,
	const char *purpose, const char *more)
{
	json_t *s = json_pack("{s:{s:{s:[{s:s, s:{s:s}, s:{s:s, s:s, s:s}},"
			      " {s:s, s:{s:s}, s:{s:s}}]}, s:{s:{s:{s:s}}}}}",
		"predicate", "buildDefinition", "resolvedDependencies", "name",
		"libq_1.deb", "digest", "sha256", hex, "annotations", "for", purpose,
		"package", "libq", "version", version, "name", more, "digest", "sha256",
		HEX, "annotations", "for", "lib-dir", "runDetails", "builder", "version",
		"xorch", xorch);

	g_assert_nonnull(s);
	return s;
}

/* By package and contents, not by where a package was found. */
static void differences(void)
{
	g_autofree char *hex = g_strnfill(64, '1');
	g_autoptr(json_t) then = repair_of("1", "1.0", HEX, "sysroot debian-11", "a.so");
	g_autoptr(json_t) same = repair_of("1", "1.0", HEX, "suite bullseye", "a.so");
	g_autoptr(json_t) now = repair_of("2", "1.1", hex, "suite bullseye", "b.so");
	g_autoptr(GPtrArray) none = provenance_differences(then, same);
	g_autoptr(GPtrArray) some = provenance_differences(then, now);
	static const char *const wanted[] = {"xorch: 1 -> 2", "package libq: 1.0 -> 1.1",
		"lib-dir a.so: only then", "lib-dir b.so: only now"};

	g_assert_cmpuint(none->len, ==, 0);
	g_assert_cmpuint(some->len, ==, G_N_ELEMENTS(wanted));
	for (guint n = 0; n < some->len; n++)
		g_assert_cmpstr(some->pdata[n], ==, wanted[n]);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/provenance/purls", purls);
	g_test_add_func("/provenance/addresses", addresses);
	g_test_add_func("/provenance/round-trip", round_trip);
	g_test_add_func("/provenance/envelopes", envelopes);
	g_test_add_func("/provenance/damaged", damaged);
	g_test_add_func("/provenance/rows", rows);
	g_test_add_func("/provenance/differences", differences);
	return g_test_run();
}
