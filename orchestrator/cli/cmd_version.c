#include "base/error.h"
#include "cli/output.h"
#include "cli/verbs.h"
#include <lazy/archive.h>
#include <lazy/curl.h>
#include <lazy/solvext.h>
#include <libelf.h>
#include <openssl/crypto.h>
#include <sys/utsname.h>
#include <yaml.h>

/* A bug report that says which libraries ran is half understood. */
int cmd_version(const options *o, char **args, GError **err)
{
	(void)args;
	(void)err;
	struct utsname u = {0};
	g_autofree char *glib = g_strdup_printf(
		"%u.%u.%u", glib_major_version, glib_minor_version, glib_micro_version);

	if (!o->json)
		output_line("xorch %s", XORCH_VERSION);
	if (!o->json && !o->verbose)
		return EXIT_DONE;
	/* Asking them loads those that are not linked (format/lazy.h). */
	const char *const libraries[][2] = {{"glib", glib},
		{"libarchive", archive_version_details()}, {"libcurl", curl_version()},
		{"libyaml", yaml_get_version_string()}, {"libsolv", solv_version},
		{"jansson", jansson_version_str()},
		{"openssl", OpenSSL_version(OPENSSL_VERSION)}};
	json_t *list = json_object();
	for (guint i = 0; i < G_N_ELEMENTS(libraries); i++) {
		json_object_set_new(list, libraries[i][0], json_string(libraries[i][1]));
		if (!o->json)
			output_line("%s: %s", libraries[i][0], libraries[i][1]);
	}
	uname(&u);
	if (o->json)
		output_json(json_pack("{s:i, s:s, s:o, s:s, s:s}", "v", 1, "version",
			XORCH_VERSION, "libraries", list, "machine", u.machine, "kernel",
			u.release));
	else
		json_decref(list);
	return EXIT_DONE;
}
