/* Names, manifests and challenges of registries, and what layers come to. */
#include "base/error.h"
#include "format/http_challenge.h"
#include "format/image_layers.h"
#include "format/oci_manifest.h"
#include "format/oci_reference.h"
#include "plan/image_def.h"
#include <string.h>

#define D "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void test_references(void)
{
	static const struct {
		const char *text, *whole; /* NULL: refused */
	} table[] = {
		{"quay.io/pypa/manylinux2014_aarch64",
			"quay.io/pypa/manylinux2014_aarch64:latest"},
		{"127.0.0.1:5000/a:b", "127.0.0.1:5000/a:b"},
		{"localhost/a", "localhost/a:latest"},
		{"debian", "docker.io/library/debian:latest"},
		{"debian:11", "docker.io/library/debian:11"},
		{"arm32v7/debian", "docker.io/arm32v7/debian:latest"},
		{"q.io/a@sha256:" D, "q.io/a@sha256:" D},
		{"q.io/a:t@sha256:" D, "q.io/a:t@sha256:" D},
		{"q.io/a__b/c-d.e--f", "q.io/a__b/c-d.e--f:latest"},
		{"q.io/A", NULL},
		{"q.io/a@sha256:abc", NULL},
		{"q.io/a@sha512:" D D, NULL},
		{"q.io/../a", NULL},
		{"q.io//a", NULL},
		{"q.io/a:", NULL},
		{"q.io/a:-x", NULL},
		{"q.io/a b", NULL},
		{"q.io/a?b=c", NULL},
		{"https://example.org/a", NULL},
		{"q.io/a___b", NULL},
		{"user@q.io/a", NULL},
		{"", NULL},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
		const char *why = NULL;
		g_autoptr(oci_reference) r = oci_reference_parse(table[i].text, &why);
		g_autofree char *whole = r ? oci_reference_text(r) : NULL;
		g_assert_cmpstr(whole, ==, table[i].whole);
		g_assert_true(r || why);
	}
}

#define LAYER(type, more)                                                                \
	"{\"mediaType\":\"" type "\",\"digest\":\"sha256:" D "\",\"size\":9" more "}"
#define CONFIG LAYER("application/vnd.oci.image.config.v1+json", "")
#define TAR "application/vnd.oci.image.layer.v1.tar+gzip"
#define MANIFEST(layers)                                                                 \
	"{\"schemaVersion\":2,\"config\":" CONFIG ",\"layers\":[" layers "]}"
#define CHILD(platform)                                                                  \
	"{\"digest\":\"sha256:" D "\",\"size\":1,\"platform\":{" platform "}}"

static oci_manifest *parse(const char *text, const char *type, GError **err)
{
	g_autoptr(GBytes) bytes = g_bytes_new_static(text, strlen(text));

	return oci_manifest_parse(bytes, type, "x", err);
}

static void test_manifests(void)
{
	static const struct {
		const char *text, *type, *why; /* why NULL: fine */
	} table[] = {
		{MANIFEST(LAYER(TAR, "")), "", NULL},
		{MANIFEST(LAYER(TAR, "")), "application/vnd.oci.image.manifest.v1+json",
			NULL},
		{MANIFEST(LAYER(TAR, "")), "text/plain", NULL},
		{MANIFEST(LAYER(TAR, "")), "application/vnd.oci.image.index.v1+json",
			"and is not"},
		{MANIFEST(""), "", "no layers"},
		{MANIFEST("{}"), "", "no sha256 digest"},
		{MANIFEST("{\"digest\":\"sha256:" D "\"}"), "", "no size"},
		{MANIFEST("{\"digest\":\"sha256:" D "\",\"size\":-1}"), "", "no size"},
		{MANIFEST("{\"digest\":\"sha512:" D D "\",\"size\":1}"), "",
			"no sha256 digest"},
		{MANIFEST(LAYER(TAR, ",\"urls\":[\"https://example.com/x\"]")), "",
			"foreign"},
		{MANIFEST(LAYER("application/vnd.docker.image.rootfs.foreign.diff.tar."
				"gzip",
			 "")),
			"", "foreign"},
		{MANIFEST(LAYER(
			 "application/vnd.oci.image.layer.nondistributable.v1.tar", "")),
			"", "foreign"},
		{MANIFEST(LAYER("application/vnd.wasm", "")), "", "no tar"},
		{"{\"schemaVersion\":1,\"fsLayers\":[]}", "", "schema 1"},
		{"{\"schemaVersion\":2}", "", "neither"},
		{"{\"schemaVersion\":3,\"manifests\":[]}", "", "schemaVersion"},
		{"[]", "", "no JSON object"},
		/* two readers, two images */
		{"{\"schemaVersion\":2,\"manifests\":[],\"config\":" CONFIG
		 ",\"layers\":[" LAYER(TAR, "") "]}",
			"", "at once"},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(oci_manifest) m = parse(table[i].text, table[i].type, &error);
		if (!table[i].why) {
			g_assert_no_error(error);
			g_assert_cmpuint(m->layers->len, ==, 1);
			continue;
		}
		g_assert_error(error, XORCH_ERROR, EXIT_INTEGRITY);
		g_assert_nonnull(strstr(error->message, table[i].why));
	}
}

static void test_platforms(void)
{
	const char *text = "{\"schemaVersion\":2,\"manifests\":[" CHILD(
		"\"os\":"
		"\"unknown\","
		"\"architecture\""
		":\"unknown\"") "," CHILD("\"os\":"
					  "\"windows\","
					  "\"architecture\":"
					  "\"arm64\"") "," CHILD("\"os\":"
								 "\"linux\","
								 "\"architecture"
								 "\":\"arm\","
								 "\"variant\":"
								 "\"v6\"") "," CHILD("\"o"
										     "s\""
										     ":\""
										     "lin"
										     "ux"
										     "\","
										     "\"a"
										     "rch"
										     "ite"
										     "ctu"
										     "re"
										     "\":"
										     "\"a"
										     "rm"
										     "\","
										     "\"v"
										     "ari"
										     "ant"
										     "\":"
										     "\"v"
										     "7"
										     "\"") "," CHILD("\"os\":\"linux\",\"architecture\":\"arm64\",\"variant\":"
												     "\"v8\"") "]}";
	g_autoptr(GError) error = NULL;
	g_autoptr(oci_manifest) m = parse(text, "", &error);

	g_assert_no_error(error);
	g_assert_true(oci_index_find(m, "arm64", "") == m->manifests->pdata[4]);
	g_assert_true(oci_index_find(m, "arm", "v7") == m->manifests->pdata[3]);
	g_assert_null(oci_index_find(m, "amd64", ""));
	g_autofree char *all = oci_index_platforms(m);
	g_assert_cmpstr(
		all, ==, "windows/arm64, linux/arm/v6, linux/arm/v7, linux/arm64/v8");
	g_assert_true(oci_platform_is("arm", NULL, "arm", "v7"));
	g_assert_true(oci_platform_is("amd64", "v1", "amd64", ""));
	g_assert_false(oci_platform_is("amd64", "v2", "amd64", ""));
	g_assert_false(oci_platform_is("arm64", "v9", "arm64", ""));
}

static void test_challenges(void)
{
	g_autoptr(GPtrArray) all = http_challenges_parse(
		"Basic realm=\"a, b\", Bearer realm=\"https://t.example/token?x=1\","
		"service=s.example , scope=\"repository:a/b:pull,push\", "
		"error=\"x\\\"y\"");
	const http_challenge *c = http_challenge_find(all, "bearer");

	g_assert_cmpuint(all->len, ==, 2);
	g_assert_cmpstr(http_challenge_find(all, "basic")->realm, ==, "a, b");
	g_assert_cmpstr(c->realm, ==, "https://t.example/token?x=1");
	g_assert_cmpstr(c->service, ==, "s.example");
	g_assert_cmpstr(c->scope, ==, "repository:a/b:pull,push");
	g_assert_cmpstr(c->error, ==, "x\"y");
	static const char *const odd[] = {"", ",", "=", "Bearer",
		"Bearer realm=", "Bearer realm=\"open", "realm=x", "\"\"",
		"Negotiate abc==, Basic x"};
	for (gsize i = 0; i < G_N_ELEMENTS(odd); i++)
		g_ptr_array_unref(http_challenges_parse(odd[i]));
}

/* ---- layers ---- */

typedef struct member {
	guint layer;
	image_kind kind;
	const char *name, *target;
} member;

static void show(const char *path, const image_node *n, void *data)
{
	GString *out = data;

	g_string_append_printf(out, "%s", path);
	if (n->kind == IMAGE_FOLDER)
		g_string_append(out, "/ ");
	else if (n->kind == IMAGE_LINK)
		g_string_append_printf(out, "->%s ", n->target);
	else
		g_string_append_printf(out, "=%u ", n->layer);
}

#define F IMAGE_FILE
#define L IMAGE_LINK
#define H IMAGE_HARDLINK
#define DIR IMAGE_FOLDER

static void test_tree(void)
{
	static const struct {
		member members[9];
		const char *want; /* NULL: refused */
	} table[] = {
		/* a whiteout takes what is below, whichever comes first */
		{{{0, F, "a/x"}, {0, F, "a/y"}, {1, F, "a/.wh.x"}}, "a/ a/y=0 "},
		{{{0, F, "a/x"}, {1, F, "a/x"}, {1, F, "a/.wh.x"}}, "a/ a/x=1 "},
		{{{0, F, "a/x"}, {1, F, "a/.wh.x"}, {1, F, "a/x"}}, "a/ a/x=1 "},
		{{{0, F, "a/x/y"}, {1, DIR, "a/x"}, {1, F, "a/x/z"}, {1, F, "a/.wh.x"}},
			"a/ a/x/ a/x/z=1 "},
		{{{0, F, "a/x/y"}, {1, F, ".wh.a"}}, ""},
		{{{0, F, "a"}, {1, F, ".wh.b"}}, "a=0 "},
		/* an opaque folder */
		{{{0, F, "a/x"}, {0, F, "a/b/y"}, {1, F, "a/z"},
			 {1, F, "a/.wh..wh..opq"}},
			"a/ a/z=1 "},
		{{{0, F, "a/x"}, {1, F, "a/.wh..wh..opq"}, {1, F, "a/b/z"}},
			"a/ a/b/ a/b/z=1 "},
		{{{0, F, "a/x"}, {1, F, ".wh..wh..opq"}}, ""},
		/* aufs's own */
		{{{0, F, "a"}, {1, F, ".wh..wh.aufs"}, {1, DIR, ".wh..wh.plnk"},
			 {1, F, ".wh..wh.plnk/1.2"}},
			"a=0 "},
		/* one thing over another */
		{{{0, F, "a"}, {1, F, "a/b"}}, "a/ a/b=1 "},
		{{{0, F, "a/b"}, {1, F, "a"}}, "a=1 "},
		{{{0, F, "a/b"}, {1, DIR, "a"}}, "a/ a/b=0 "},
		{{{0, L, "a", "b"}, {0, F, "b/x"}, {1, DIR, "a"}, {1, F, "a/y"}},
			"a/ a/y=1 b/ b/x=0 "},
		/* through links, which stay inside */
		{{{0, L, "lib", "usr/lib"}, {1, F, "lib/x"}},
			"lib->usr/lib usr/ usr/lib/ usr/lib/x=1 "},
		{{{0, L, "a", "/etc"}, {1, F, "a/passwd"}}, "a->/etc etc/ etc/passwd=1 "},
		{{{0, L, "x/a", "../../etc"}, {1, F, "x/a/passwd"}}, NULL},
		{{{0, L, "a", "b"}, {0, L, "b", "a"}, {1, F, "a/x"}}, NULL},
		{{{0, L, "a", "/b"}, {0, F, "b/x"}, {1, F, "a/.wh.x"}}, "a->/b b/ "},
		/* hard links, also to layers below */
		{{{0, F, "a"}, {1, H, "b", "a"}, {2, F, "a"}}, "a=2 b=0 "},
		{{{0, F, "a"}, {0, H, "b", "a"}, {1, F, ".wh.a"}}, "b=0 "},
		{{{0, F, "a"}, {1, F, "a"}, {1, H, "b", "./a"}}, "a=1 b=1 "},
		{{{0, L, "a", "z"}, {1, H, "b", "a"}}, "a->z b->z "},
		{{{0, H, "b", "a"}, {0, F, "a"}}, NULL},
		{{{0, F, "a"}, {1, F, ".wh.a"}, {1, H, "b", "a"}}, NULL},
		{{{0, DIR, "a"}, {0, H, "b", "a"}}, NULL},
		{{{0, F, "a"}, {0, H, "b", "../a"}}, NULL},
		{{{0, F, "a"}, {0, H, "b", "/a"}}, NULL},
		/* no names */
		{{{0, F, "../a"}}, NULL},
		{{{0, F, "/a"}}, NULL},
		{{{0, F, "a"}, {0, F, "a"}}, NULL},
		{{{0, F, "a/.wh."}}, NULL},
		{{{0, F, "a/.wh..."}}, NULL},
		{{{0, F, ".wh.a/b"}}, NULL},
		{{{0, F, "../.wh.a"}}, NULL},
		{{{0, F, "."}}, NULL},
		{{{0, F, "a"}, {0, F, "a/b"}}, NULL},
		{{{0, L, "a", ""}}, NULL},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
		g_autoptr(image_tree) t = image_tree_new();
		g_autoptr(GString) out = g_string_new(NULL);
		g_autoptr(GError) error = NULL;
		guint layer = G_MAXUINT;
		gboolean ok = TRUE;
		for (const member *m = table[i].members; ok && m->name; m++) {
			for (; layer != m->layer; layer++)
				image_tree_next_layer(t, "layer");
			ok = image_tree_add(t, m->kind, m->name, m->target, 0, &error);
		}
		if (!table[i].want) {
			g_assert_error(error, XORCH_ERROR, EXIT_INTEGRITY);
			g_assert_true(g_str_has_prefix(error->message, "[X0620]"));
			continue;
		}
		g_assert_no_error(error);
		image_tree_walk(t, show, out);
		g_assert_cmpstr(out->str, ==, table[i].want);
	}
}

/* Deep folders through chains of links must not end in deep recursion. */
static void test_depth(void)
{
	g_autoptr(image_tree) t = image_tree_new();
	g_autoptr(GString) deep = g_string_new(NULL);
	g_autoptr(GError) error = NULL;
	gboolean ok = TRUE;

	for (int i = 0; i < 1000; i++)
		g_string_append(deep, "d/");
	image_tree_next_layer(t, "layer");
	for (int i = 0; ok && i < 30; i++) {
		g_autofree char *name = g_strdup_printf("l%d", i);
		g_autofree char *target =
			g_strdup_printf("%s%s", i ? "" : "/", deep->str);
		g_autofree char *far = g_strdup_printf("l%d/%sx", i, deep->str);
		ok = image_tree_add(t, IMAGE_LINK, name, target, 0, &error) &&
		     image_tree_add(t, IMAGE_FILE, far, NULL, 0, &error);
	}
	g_assert_error(error, XORCH_ERROR, EXIT_INTEGRITY);
}

static void test_place(void)
{
	static const struct {
		const char *path, *place;
	} table[] = {
		{"lib64/libc.so.6", "usr/lib/aarch64-linux-gnu/libc.so.6"},
		{"usr/lib64/libc.so", "usr/lib/aarch64-linux-gnu/libc.so"},
		{"usr/lib64", "usr/lib/aarch64-linux-gnu"},
		{"lib/ld.so", "usr/lib/ld.so"},
		{"opt/rh/gcc-toolset-14/root/usr/lib/gcc/aarch64-redhat-linux/14/crt.o",
			"usr/lib/gcc/aarch64-linux-gnu/14/crt.o"},
		{"opt/rh/gcc-toolset-14/root/usr/lib/other", NULL},
		{"opt/rh/gcc-toolset-14/root/usr/include/c++/14/aarch64-redhat-linux/"
		 "bits/x.h",
			"usr/include/aarch64-linux-gnu/c++/14/bits/x.h"},
		{"opt/rh/gcc-toolset-14/root/usr/include/c++/14/map",
			"usr/include/c++/14/map"},
		{"usr/lib64/static.a", NULL},
		{"etc/passwd", NULL},
	};
	g_autoptr(GPtrArray) keep = g_ptr_array_new(), prune = g_ptr_array_new();
	g_autoptr(GPtrArray) moves = g_ptr_array_new();
	bind_pair pairs[] = {{(char *)"opt/rh/*/root/usr/include/c++/*/*-redhat-linux",
				     (char *)"usr/include/{triple}/c++/{2}"},
		{(char *)"opt/rh/*/root/usr/include", (char *)"usr/include"},
		{(char *)"opt/rh/*/root/usr/lib/gcc/*-redhat-linux",
			(char *)"usr/lib/gcc/{triple}"},
		{(char *)"usr/lib64", (char *)"usr/lib/{triple}"}};
	package_def def = {.keep = keep, .prune = prune, .place = moves};
	const platform *p = platform_by_name("aarch64");

	g_ptr_array_add(keep, (char *)"usr/lib64");
	g_ptr_array_add(keep, (char *)"usr/lib/ld*");
	g_ptr_array_add(keep, (char *)"opt/rh/*/root/usr/include");
	g_ptr_array_add(keep, (char *)"opt/rh/*/root/usr/lib/gcc");
	g_ptr_array_add(prune, (char *)"usr/lib64/*.a");
	for (gsize i = 0; i < G_N_ELEMENTS(pairs); i++)
		g_ptr_array_add(moves, &pairs[i]);
	for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
		g_autofree char *got = image_def_place(&def, p, table[i].path);
		g_assert_cmpstr(got, ==, table[i].place);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/oci/references", test_references);
	g_test_add_func("/oci/manifests", test_manifests);
	g_test_add_func("/oci/platforms", test_platforms);
	g_test_add_func("/oci/challenges", test_challenges);
	g_test_add_func("/oci/tree", test_tree);
	g_test_add_func("/oci/depth", test_depth);
	g_test_add_func("/oci/place", test_place);
	return g_test_run();
}
