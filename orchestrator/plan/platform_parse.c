#include "plan/platform.h"
#include "base/error.h"
#include <string.h>

/* Spellings of an architecture. The first block is containerd's own list, the
 * second what it leaves alone or never checks although people write it.
 * `variant` is what the spelling itself says. */
typedef struct arch_alias {
	const char *text, *arch, *variant;
	const char *note;
} arch_alias;

static const arch_alias arch_aliases[] = {
	{"amd64", "amd64", NULL, NULL},
	{"x86_64", "amd64", NULL, NULL},
	{"x86-64", "amd64", NULL, NULL},
	{"386", "386", NULL, NULL},
	{"i386", "386", NULL, NULL},
	{"arm64", "arm64", NULL, NULL},
	{"aarch64", "arm64", NULL, NULL},
	{"arm", "arm", NULL, NULL},
	{"armhf", "arm", "v7",
		"armhf is taken for ARMv7 as Debian and containerd do; on Alpine and "
		"Raspbian the name means ARMv6 (linux/arm/v6)"},
	{"armel", "arm", "v6",
		"armel is taken for ARMv6 as containerd does; Debian's armel is ARMv5 "
		"(linux/arm/v5)"},
	{"riscv64", "riscv64", NULL, NULL},
	{"ppc64le", "ppc64le", NULL, NULL},
	{"s390x", "s390x", NULL, NULL},
	{"loong64", "loong64", NULL, NULL},

	{"i686", "386", NULL, NULL},
	{"x86", "386", NULL, NULL},
	{"arm64v8", "arm64", "v8", NULL},
	{"armv7", "arm", "v7", NULL},
	{"armv7l", "arm", "v7", NULL},
	{"armv7a", "arm", "v7", NULL},
	{"armv7hl", "arm", "v7", NULL},
	{"arm32v7", "arm", "v7", NULL},
	{"armv6", "arm", "v6", NULL},
	{"armv6l", "arm", "v6", NULL},
	{"armv6hl", "arm", "v6", NULL},
	{"arm32v6", "arm", "v6", NULL},
	{"armv5", "arm", "v5", NULL},
	{"armv5te", "arm", "v5", NULL},
	{"armv5tel", "arm", "v5", NULL},
	{"arm32v5", "arm", "v5", NULL},
	{"armv8l", "arm", "v8", NULL},
	{"ppc64el", "ppc64le", NULL, NULL},
	{"powerpc64le", "ppc64le", NULL, NULL},
	{"riscv64gc", "riscv64", NULL, NULL},
	{"loongarch64", "loong64", NULL, NULL},
};

static const char *const other_systems[] = {"darwin", "macos", "windows", "freebsd",
	"netbsd", "openbsd", "dragonfly", "android", "ios", "illumos", "solaris", "aix",
	"plan9", "js", "wasip1", "zos", NULL};

/* A platform taken apart, before the table is asked. */
typedef struct parts {
	const char *arch; /* Docker's, static */
	char variant[16]; /* normalised; "" none */
	gboolean given;	  /* a variant was said, be it by the spelling */
	const char *note;
} parts;

static const char *const supported =
	"wheels: aarch64, armv7, x86_64 (Docker: linux/arm64, linux/arm/v7, "
	"linux/amd64); "
	"Go binaries also armv6, armv5, i686, riscv64, ppc64le, s390x, loong64";

static void show_supported(GError **err)
{
	error_help(err, "%s", supported);
}

static const platform *unknown(const char *text, const char *why, GError **err)
{
	g_autofree char *shown = text_escape(text, -1);

	error_set(err, EXIT_INPUT, "X0107", "unknown target `%s`: %s", shown, why);
	show_supported(err);
	return NULL;
}

static const arch_alias *alias_find(const char *text)
{
	for (guint i = 0; i < G_N_ELEMENTS(arch_aliases); i++)
		if (strcmp(arch_aliases[i].text, text) == 0)
			return &arch_aliases[i];
	return NULL;
}

/* "7" and "v7" are the same; "v8.0" is "v8" and "v9.0" is "v9" (arm64 only); what
 * the architecture has anyway is no variant. */
static gboolean variant_normalise(const char *arch, const char *text, char out[16])
{
	char v[16];

	if (strlen(text) > sizeof v - 2)
		return FALSE;
	g_snprintf(v, sizeof v, "%s%s", g_ascii_isdigit(*text) ? "v" : "", text);
	if (strcmp(arch, "arm64") == 0) {
		size_t n = strlen(v);
		if (n > 2 && strcmp(v + n - 2, ".0") == 0)
			v[n - 2] = '\0';
		if (strcmp(v, "v8") == 0)
			*v = '\0';
	}
	if ((strcmp(arch, "amd64") == 0 && strcmp(v, "v1") == 0) ||
		(strcmp(arch, "riscv64") == 0 && strcmp(v, "rva20u64") == 0) ||
		(strcmp(arch, "ppc64le") == 0 && strcmp(v, "power8") == 0))
		*v = '\0';
	g_strlcpy(out, v, 16);
	return TRUE;
}

static gboolean parts_set(
	parts *p, const char *whole, const char *arch, const char *variant, GError **err)
{
	const arch_alias *a = alias_find(arch);
	char said[16];

	memset(p, 0, sizeof *p);
	if (!a) {
		unknown(whole, "no such architecture", err);
		return FALSE;
	}
	p->arch = a->arch;
	p->note = a->note;
	if (a->variant) {
		p->given = TRUE;
		variant_normalise(a->arch, a->variant, p->variant);
	}
	if (!variant || !*variant)
		return TRUE;
	if (!variant_normalise(a->arch, variant, said)) {
		unknown(whole, "no such variant", err);
		return FALSE;
	}
	if (a->variant && strcmp(said, p->variant) != 0) {
		g_autofree char *shown = text_escape(whole, -1);
		g_autofree char *other = text_escape(variant, -1);
		return error_set(err, EXIT_INPUT, "X0108",
			"target `%s` contradicts itself: %s is variant %s, not %s", shown,
			arch, a->variant, other);
	}
	p->given = TRUE;
	g_strlcpy(p->variant, said, sizeof p->variant);
	return TRUE;
}

static const platform *lookup(
	const parts *in, const char *whole, char **note, GError **err)
{
	const char *variant = in->variant;

	if (strcmp(in->arch, "arm") == 0 && !*variant)
		variant = "v7";
	if (strcmp(in->arch, "arm") == 0 && strcmp(variant, "v8") == 0) {
		if (note)
			*note = g_strdup(
				"arm/v8 is built as armv7: 32-bit code on an ARMv8 "
				"processor, and no wheel tag but armv7l exists "
				"for it");
		variant = "v7";
	} else if (note && in->note) {
		*note = g_strdup(in->note);
	}
	for (const platform *p = platforms; p->name; p++)
		if (strcmp(p->docker_arch, in->arch) == 0 &&
			strcmp(p->docker_variant, variant) == 0)
			return p;
	if (note)
		g_clear_pointer(note, g_free);
	g_autofree char *shown = text_escape(variant, -1);
	g_autofree char *why = g_strdup_printf("%s has no variant `%s`", in->arch, shown);
	return unknown(whole, why, err);
}

/* containerd's rule for a component. */
static gboolean component_ok(const char *s)
{
	if (!*s)
		return FALSE;
	for (; *s; s++)
		if (!g_ascii_isalnum(*s) && *s != '_' && *s != '.' && *s != '-')
			return FALSE;
	return TRUE;
}

static gboolean os_other(const char *text)
{
	g_autofree char *name = g_strndup(text, strcspn(text, "("));

	return g_strv_contains(other_systems, name);
}

static gboolean os_check(const char *os, const char *whole, GError **err)
{
	if (strcmp(os, "linux") == 0)
		return TRUE;
	if (os_other(os)) {
		g_autofree char *shown = text_escape(whole, -1);
		error_set(err, EXIT_INPUT, "X0107",
			"target `%s` is not Linux; xorch builds for Linux only", shown);
		show_supported(err);
		return FALSE;
	}
	unknown(whole, "no such operating system", err);
	return FALSE;
}

/* Lower case, "os/arch/variant", "os/arch", "arch/variant" or "arch". */
static gboolean parts_parse(parts *p, const char *text, const char *whole, GError **err)
{
	g_auto(GStrv) part = g_strsplit(text, "/", -1);
	guint n = g_strv_length(part);

	if (strchr(text, '*'))
		return unknown(whole, "a wildcard names no single platform", err) != NULL;
	if (n == 0 || n > 3)
		return unknown(whole, "a platform is os/architecture/variant", err) !=
		       NULL;
	for (guint i = 0; i < n; i++)
		if (!component_ok(part[i]) && !(i == 0 && os_other(part[0])))
			return unknown(whole,
				       *part[i] ? "it contains a character that no "
						  "platform has"
						: "a part of it is empty",
				       err) != NULL;
	if (n == 1 && strcmp(part[0], "linux") == 0)
		return unknown(whole, "it names no architecture", err) != NULL;
	if (n == 1 || (n == 2 && alias_find(part[0]))) {
		if (os_other(part[0]))
			return os_check(part[0], whole, err);
		return parts_set(p, whole, part[0], part[1], err);
	}
	return os_check(part[0], whole, err) &&
	       parts_set(p, whole, part[1], n > 2 ? part[2] : NULL, err);
}

/* GNU and Rust triples, and Python's linux-armv7l. Rust's arm-unknown-… is ARMv6
 * while Debian's arm-linux-gnueabihf is ARMv7, so exact names come first. */
static const platform *parse_triple(const char *text, GError **err)
{
	for (const platform *p = platforms; p->name; p++)
		if (strcmp(text, p->triple) == 0 || strcmp(text, p->rust_triple) == 0 ||
			strcmp(text, p->clang_target) == 0 ||
			strcmp(text, p->python_platform) == 0)
			return p;
	g_auto(GStrv) part = g_strsplit(text, "-", -1);
	guint n = g_strv_length(part);
	if (n < 2)
		return NULL;
	const char *system = part[n - 1];
	if (strstr(system, "musl"))
		return unknown(
			text, "musl is not supported, wheels are built for glibc", err);
	const arch_alias *a = alias_find(part[0]);
	gboolean linux_named = FALSE;
	for (guint i = 1; i < n; i++)
		linux_named = linux_named || strcmp(part[i], "linux") == 0;
	if (!a || !linux_named)
		return NULL;
	static const char *const systems[] = {
		"linux", "gnu", "gnueabi", "gnueabihf", NULL};
	if (!g_strv_contains(systems, system))
		return unknown(text, "not a glibc system that wheels exist for", err);
	if (strcmp(system, "gnueabi") == 0 && a->variant && strcmp(a->variant, "v5") != 0)
		return unknown(text, "soft-float ARM is known as v5 only", err);
	const char *variant = a->variant;
	/* "arm-linux-gnueabi" is soft float: what Debian's armel runs. */
	if (strcmp(a->arch, "arm") == 0 && !variant)
		variant = g_str_has_suffix(system, "eabi") ? "v5" : "v7";
	parts p;
	return parts_set(&p, text, a->arch, variant, err) ? lookup(&p, text, NULL, err)
							  : NULL;
}

const platform *platform_parse(const char *text, char **note, GError **err)
{
	g_autofree char *lower = g_ascii_strdown(text, -1);
	GError *inner = NULL;
	parts p;

	if (note)
		*note = NULL;
	const platform *named = platform_by_name(lower);
	if (named)
		return named;
	if (strchr(lower, '-') && !strchr(lower, '/') && !alias_find(lower)) {
		named = parse_triple(lower, &inner);
		if (inner)
			g_propagate_error(err, inner);
		if (named || inner)
			return named;
	}
	return parts_parse(&p, lower, text, err) ? lookup(&p, text, note, err) : NULL;
}

static const char *set_or_null(const char *s)
{
	return s && *s ? s : NULL;
}

static const platform *contradiction(const char *whole, const char *name,
	const char *value, const char *want, GError **err)
{
	g_autofree char *a = text_escape(whole, -1);
	g_autofree char *b = text_escape(value, -1);

	error_set(err, EXIT_INPUT, "X0108",
		"TARGETPLATFORM=%s and %s=%s contradict each other", a, name, b);
	error_note(err, "TARGETPLATFORM means %s", want);
	error_help(err,
		"in a Dockerfile declare `ARG TARGETPLATFORM` alone, or `ARG TARGETARCH "
		"TARGETVARIANT`, without values of their own");
	return NULL;
}

/* TARGETPLATFORM decides; the others may repeat it. */
static const platform *from_whole(const char *whole, const char *os, const char *arch,
	const char *variant, char **note, GError **err)
{
	g_autofree char *lower = g_ascii_strdown(whole, -1);
	g_autofree char *arch_lower = arch ? g_ascii_strdown(arch, -1) : NULL;
	g_autofree char *variant_lower = variant ? g_ascii_strdown(variant, -1) : NULL;
	parts p, q;

	if (!parts_parse(&p, lower, whole, err))
		return NULL;
	if (strcmp(p.arch, "arm") == 0 && !*p.variant)
		g_strlcpy(p.variant, "v7", sizeof p.variant);
	g_autofree char *means =
		g_strdup_printf("linux/%s%s%s", p.arch, *p.variant ? "/" : "", p.variant);
	if (os && g_ascii_strcasecmp(os, "linux") != 0)
		return contradiction(whole, "TARGETOS", os, means, err);
	if (arch_lower) {
		if (!parts_set(&q, arch, arch_lower, NULL, err))
			return NULL;
		if (strcmp(p.arch, q.arch) != 0 ||
			(q.given && strcmp(p.variant, q.variant) != 0))
			return contradiction(whole, "TARGETARCH", arch, means, err);
	}
	if (variant_lower) {
		char said[16];
		if (!variant_normalise(p.arch, variant_lower, said) ||
			strcmp(said, p.variant) != 0)
			return contradiction(whole, "TARGETVARIANT", variant, means, err);
	}
	return lookup(&p, whole, note, err);
}

const platform *platform_from_docker(const char *target_platform, const char *target_os,
	const char *target_arch, const char *target_variant, gboolean *found, char **note,
	GError **err)
{
	const char *whole = set_or_null(target_platform), *os = set_or_null(target_os);
	const char *arch = set_or_null(target_arch),
		   *variant = set_or_null(target_variant);
	parts p;

	if (note)
		*note = NULL;
	/* TARGETOS=linux alone says nothing. */
	*found = whole || arch || variant || (os && g_ascii_strcasecmp(os, "linux") != 0);
	if (!*found)
		return NULL;
	if (whole)
		return from_whole(whole, os, arch, variant, note, err);
	g_autofree char *shown =
		g_strdup_printf("%s%s%s%s%s", os ? os : "", os ? "/" : "",
			arch ? arch : "", variant ? "/" : "", variant ? variant : "");
	g_autofree char *os_lower = os ? g_ascii_strdown(os, -1) : NULL;
	if (os_lower && !os_check(os_lower, shown, err))
		return NULL;
	if (!arch) {
		g_autofree char *v = text_escape(variant, -1);
		error_set(err, EXIT_INPUT, "X0109",
			"TARGETVARIANT=%s is set but TARGETARCH is not", v);
		error_help(err, "in a Dockerfile: `ARG TARGETARCH TARGETVARIANT`");
		return NULL;
	}
	g_autofree char *arch_lower = g_ascii_strdown(arch, -1);
	g_autofree char *variant_lower = variant ? g_ascii_strdown(variant, -1) : NULL;
	if (!parts_set(&p, shown, arch_lower, variant_lower, err))
		return NULL;
	if (strcmp(p.arch, "arm") == 0 && !p.given) {
		error_set(err, EXIT_INPUT, "X0109",
			"TARGETARCH=arm needs a variant: TARGETVARIANT is not set");
		error_note(err, "arm alone may be v5, v6 or v7, three kinds of code");
		error_help(err,
			"TARGETVARIANT=v7 for armv7; in a Dockerfile `ARG "
			"TARGETVARIANT` must be declared in the stage that uses it");
		return NULL;
	}
	return lookup(&p, shown, note, err);
}

static gboolean check(const platform *p, gboolean ok, const char *what, GError **err)
{
	if (ok)
		return TRUE;
	error_set(err, EXIT_INPUT, "X0107", "target %s (%s) is not supported for %s",
		p->name, p->docker, what);
	if (!p->wheel_arch)
		error_note(err, "no manylinux tag exists for it");
	show_supported(err);
	return FALSE;
}

gboolean platform_check_wheels(const platform *p, GError **err)
{
	return check(p, p->builds_wheels, "wheels", err);
}

gboolean platform_check_go(const platform *p, GError **err)
{
	return check(p, p->builds_go, "Go binaries", err);
}
