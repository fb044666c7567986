#include "base/error.h"
#include "base/process.h"
#include "build/registry.h"
#include "build/registry_go.h"
#include "cli/doctor.h"
#include "format/http_certificates.h"
#include <string.h>

static void check_certificates(GPtrArray *checks)
{
	const char *file = http_certificates(), *dir = g_getenv("SSL_CERT_DIR");
	gboolean there = file && g_file_test(file, G_FILE_TEST_IS_REGULAR);
	g_autofree char *shown = file ? text_escape(file, -1) : NULL;

	if (there || (dir && *dir))
		doctor_add(checks, "certificates", DOCTOR_OK,
			g_strdup_printf("of authorities: %s",
				there ? shown : "those of SSL_CERT_DIR"),
			NULL);
	else
		doctor_add(checks, "certificates", DOCTOR_LESS,
			shown ? g_strdup_printf("%s is no file", shown)
			      : g_strdup("of authorities are not there: nothing can be "
					 "fetched by https"),
			HTTP_CERTIFICATES_HELP);
}

/* How many addresses are known, never which: they may carry credentials. */
static void check(GPtrArray *checks, const char *what,
	gboolean (*find)(GPtrArray **urls, GError **err))
{
	g_autoptr(GPtrArray) urls = NULL;
	g_autoptr(GError) err = NULL;

	if (find(&urls, &err)) {
		doctor_add(checks, "registry", DOCTOR_OK,
			g_strdup_printf("%s: %u address%s known", what, urls->len,
				urls->len == 1 ? "" : "es"),
			NULL);
		return;
	}
	g_auto(GStrv) lines = g_strsplit(err->message, "\n", -1);
	const char *help = NULL;
	for (guint i = 1; lines[i]; i++) {
		const char *at = strstr(lines[i], "= help: ");
		if (at && !help)
			help = at + strlen("= help: ");
	}
	doctor_add(checks, "registry", DOCTOR_LESS,
		g_strdup_printf("%s: %s", what, lines[0]), help);
}

/* As cargo is asked that is installed here. Without one that of a recipe's Rust says. */
static gboolean crates(GPtrArray **urls, GError **err)
{
	return registry_crates(NULL, urls, err);
}

static void check_crates(GPtrArray *checks)
{
	g_autofree char *cargo = process_find_program("cargo", NULL);
	g_autoptr(GPtrArray) urls = NULL;

	if (cargo || crates(&urls, NULL))
		check(checks, "Rust crates", crates);
	else
		doctor_add(checks, "registry", DOCTOR_NOTE,
			g_strdup("Rust crates: what the cargo of a recipe's Rust has "
				 "built "
				 "in; none is installed here"),
			NULL);
}

void doctor_registries(GPtrArray *checks)
{
	check_certificates(checks);
	check(checks, "Debian", registry_debian);
	check(checks, "PyPI", registry_pypi_all);
	check_crates(checks);
	check(checks, "Go modules", registry_go_here);
}
