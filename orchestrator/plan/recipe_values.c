/* Checks of single values. Each says what is wanted, as the label of a caret;
 * how a text that fits is used later is not their business, but none of these
 * can hold what would be read as an option, a path out, or a second line. */
#include "plan/arm_feature.h"
#include "plan/platform.h"
#include "plan/publisher.h"
#include "plan/recipe_fields.h"
#include "format/pep440.h"
#include "format/pep508.h"
#include <string.h>

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"
#define ALNUM LOWER UPPER DIGITS

static gboolean only(const char *text, const char *set)
{
	return *text && text[strspn(text, set)] == '\0';
}

const char *check_line(const char *text)
{
	return strpbrk(text, "\n\t") ? "wants one line" : NULL;
}

/* What make, meson and shells' word splitting all take for one word. */
const char *check_flag(const char *text)
{
	return strpbrk(text, " \t\n'\"\\`$") ? "wants one word, without quotes and $"
					     : NULL;
}

/* PEP 508's names; Go and library names fit as well. */
const char *check_name(const char *text)
{
	size_t len = strlen(text);

	if (!only(text, ALNUM "._-") || !g_ascii_isalnum(*text) ||
		!g_ascii_isalnum(text[len - 1]))
		return "wants letters, digits and ._- with a letter or digit at both "
		       "ends";
	return len > 200 ? "wants at most 200 characters" : NULL;
}

const char *check_version(const char *text)
{
	if (!only(text, ALNUM ".+!_-") || !g_ascii_isalnum(*text))
		return "wants a version: letters, digits and .+!_-";
	return strlen(text) > 100 ? "wants at most 100 characters" : NULL;
}

const char *check_path(const char *text)
{
	g_auto(GStrv) parts = g_strsplit(text, "/", -1);

	if (*text == '/')
		return "wants a relative path";
	if (strchr(text, '\\'))
		return "wants / between folders, not a backslash";
	if (strlen(text) > 1024 || check_line(text))
		return "wants a path of one line, at most 1024 characters";
	for (char **p = parts; *p; p++)
		if (g_str_equal(*p, ".."))
			return "wants a path without `..`";
	return NULL;
}

/* Upper case is accepted and normalised after the binding. */
const char *check_sha256(const char *text)
{
	size_t len = strlen(text);

	if (only(text, DIGITS "abcdefABCDEF") && len == 64)
		return NULL;
	if (only(text, DIGITS "abcdefABCDEF") && len == 32)
		return "this is an MD5; wants SHA-256, 64 hex digits";
	if (only(text, DIGITS "abcdefABCDEF") && len == 40)
		return "this is a SHA-1; wants SHA-256, 64 hex digits";
	return "wants 64 hex digits";
}

const char *check_h1(const char *text)
{
	if (g_str_has_prefix(text, "h1:") && strlen(text) == 47 && text[46] == '=' &&
		strspn(text + 3, ALNUM "+/") == 43)
		return NULL;
	return "wants Go's hash, h1: and 44 characters of base64, as in go.sum";
}

const char *check_commit(const char *text)
{
	size_t len = strlen(text);

	if (only(text, DIGITS "abcdef") && (len == 40 || len == 64))
		return NULL;
	return "wants a whole commit id, 40 hex digits in lower case";
}

/* git-check-ref-format, and nothing that could be an option. */
const char *check_tag(const char *text)
{
	if (*text == '-' || *text == '/' || strpbrk(text, " ~^:?*[\\\n\t") ||
		strstr(text, "..") || strstr(text, "@{"))
		return "wants the name of a tag";
	return strlen(text) > 200 ? "wants at most 200 characters" : NULL;
}

static gboolean is_loopback(const char *rest)
{
	static const char *const hosts[] = {"127.0.0.1", "localhost", "[::1]", NULL};

	for (int i = 0; hosts[i]; i++) {
		size_t len = strlen(hosts[i]);
		if (strncmp(rest, hosts[i], len) == 0 && strchr(":/", rest[len]))
			return TRUE;
	}
	return FALSE;
}

const char *check_url(const char *text)
{
	const char *rest = strstr(text, "://");
	gboolean https = g_str_has_prefix(text, "https://");
	g_autofree char *authority =
		rest ? g_strndup(rest + 3, strcspn(rest + 3, "/?#")) : g_strdup("");

	if (strchr(authority, '@'))
		return "wants a URL without user and password; ~/.netrc is the place for "
		       "them";
	if (!https && !(g_str_has_prefix(text, "http://") && is_loopback(text + 7)))
		return "wants an https:// URL";
	if (!*authority || *authority == '-')
		return "wants a URL with a host";
	for (const char *p = text; *p; p++)
		if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7f ||
			strchr("\"'<>\\^`{|}", *p))
			return "wants a URL without blanks, quotes and special "
			       "characters "
			       "(write them as %20 and so on)";
	return strlen(text) > 2048 ? "wants at most 2048 characters" : NULL;
}

const char *check_gomod(const char *text)
{
	if (only(text, ALNUM "._~/-") && g_ascii_isalnum(*text) && !strstr(text, "//") &&
		!strstr(text, "..") && strlen(text) <= 500)
		return NULL;
	return "wants the path of a Go module";
}

const char *check_debian_name(const char *text)
{
	if (only(text, LOWER DIGITS "+.-") && g_ascii_isalnum(*text) &&
		strlen(text) > 1 && strlen(text) <= 200)
		return NULL;
	return "wants the name of a Debian package";
}

const char *check_publisher(const char *text)
{
	return publisher_is_sound(text)
		       ? NULL
		       : "wants github:OWNER/NAME or gitlab:GROUP/NAME; of one workflow "
			 "alone github:OWNER/NAME/FILE.yml, gitlab:GROUP/NAME//FILE.yml";
}

const char *check_target(const char *text)
{
	const platform *p = platform_by_name(text);

	return p && (p->builds_wheels || p->builds_go)
		       ? NULL
		       : "wants aarch64, armv7 or x86_64; for Go also armv6, armv5, "
			 "riscv64 …";
}

const char *check_python(const char *text)
{
	static const char wants[] =
		"wants a Python version such as \"3.11\" or \"3.13t\"";
	size_t digits;

	if (!g_str_has_prefix(text, "3."))
		return wants;
	digits = strspn(text + 2, DIGITS);
	const char *end = text + 2 + digits;
	if (digits < 1 || digits > 2 || text[2] == '0' ||
		(*end && !g_str_equal(end, "t")) || (digits == 1 && text[2] < '7'))
		return wants;
	return NULL;
}

const char *check_floor(const char *text)
{
	size_t digits = g_str_has_prefix(text, "2_") ? strspn(text + 2, DIGITS) : 0;

	if (digits >= 1 && digits <= 2 && !text[2 + digits] && text[2] != '0')
		return NULL;
	return "wants a glibc version such as \"2_17\" (which is manylinux2014)";
}

const char *check_env_name(const char *text)
{
	if (only(text, ALNUM "_") && !g_ascii_isdigit(*text))
		return NULL;
	return "wants the name of an environment variable";
}

const char *check_context_name(const char *text)
{
	static const char *const taken[] = {"name", "version", "target", "triple",
		"python", "host", "and", "or", "not", "true", "false", NULL};

	if (g_strv_contains(taken, text))
		return "this name has a meaning of its own";
	if (only(text, LOWER DIGITS "_") && !g_ascii_isdigit(*text))
		return NULL;
	return "wants lower case letters, digits and _";
}

/* The shape only: the resolver reads the rest. A leading dash would be an
 * option of it, a line break a second requirement. */
const char *check_requirement(const char *text)
{
	if (check_line(text))
		return "wants one requirement a line of the list";
	if (!g_ascii_isalnum(*text))
		return "wants a requirement such as \"cython>=3\"";
	if (strstr(text, "://"))
		return "wants a project and versions; a URL cannot be locked";
	return strlen(text) > 1000 ? "wants at most 1000 characters" : NULL;
}

const char *check_host_requirement(const char *text)
{
	static const char wants[] =
		"wants deb:NAME, deb:NAME=VERSION or recipe:NAME (a library)";

	if (g_str_has_prefix(text, "recipe:"))
		return check_name(text + 7) ? wants : NULL;
	if (!g_str_has_prefix(text, "deb:"))
		return wants;
	g_auto(GStrv) parts = g_strsplit(text + 4, "=", 2);
	if (!parts[0] || check_debian_name(parts[0]))
		return wants;
	if (parts[1] && (!only(parts[1], ALNUM ".+~:-") || !g_ascii_isdigit(*parts[1])))
		return wants;
	return NULL;
}

const char *check_program(const char *text)
{
	if (only(text, ALNUM "._+-") && *text != '-' && *text != '.')
		return NULL;
	return "wants the name of a program, without folders";
}

const char *check_library(const char *text)
{
	if (only(text, ALNUM "._+-*") && *text != '-')
		return NULL;
	return "wants the name of a library";
}

const char *check_module_path(const char *text)
{
	if (g_str_has_suffix(text, ".so") || strstr(text, ".cpython-") ||
		strstr(text, ".abi3"))
		return "wants the module without its suffix: pkg/mod for "
		       "pkg/mod.cpython-311-….so";
	if (strchr(text, '.'))
		return "wants a path in the wheel: pkg/mod, not pkg.mod";
	if (only(text, ALNUM "_/-") && *text != '/' && !strstr(text, "//") &&
		!g_str_has_suffix(text, "/"))
		return NULL;
	return "wants the path of a module in the wheel: pkg/mod";
}

const char *check_import(const char *text)
{
	if (only(text, ALNUM "_.") && !g_ascii_isdigit(*text) && *text != '.' &&
		!strstr(text, "..") && !g_str_has_suffix(text, "."))
		return NULL;
	return "wants a module name";
}

const char *check_cpu(const char *text)
{
	return arm_feature_by_name(text) ? NULL : "wants neon, vfpv4 or armv8";
}

const char *check_go_package(const char *text)
{
	if (g_str_equal(text, ".") ||
		(g_str_has_prefix(text, "./") && !check_path(text) && !strchr(text, ' ')))
		return NULL;
	return "wants . or ./FOLDER";
}

const char *check_days(const char *text)
{
	size_t n = strspn(text, DIGITS);

	return n && n < 6 && g_str_equal(text + n, "d") ? NULL : "wants days: 7d";
}

/* Of xorch.yaml's pins (plan/pins.h). */
const char *check_pin(const char *text)
{
	g_autoptr(pep440_version) version = pep440_version_parse(text);
	g_autoptr(pep440_specifiers) s =
		version ? NULL : pep440_specifiers_parse(text, NULL);

	return version || (s && pep440_specifiers_count(s))
		       ? NULL
		       : "wants a version, or a specifier: <81";
}

const char *check_pin_name(const char *text)
{
	g_autoptr(pep508_requirement) r = pep508_parse(text, NULL);

	return r && g_str_equal(r->name, text) ? NULL : "wants the name of a package";
}
