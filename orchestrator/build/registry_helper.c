#include "build/registry_helper.h"
#include "base/error.h"
#include "base/event.h"
#include "base/process.h"
#include "format/http.h"
#include "format/json.h"
#include <string.h>

#define PREFIX "docker-credential-"
#define ANSWER_MAX (64 << 10) /* bytes */
#define SAID_MAX 200	      /* bytes of a helper's own words that are repeated */

/* It becomes a part of a program's name, never a path. */
static gboolean is_name(const char *name)
{
	return *name && *name != '.' &&
	       !name[strspn(name, "abcdefghijklmnopqrstuvwxyz"
				  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")];
}

static gboolean bad_name(const char *name, GError **err)
{
	g_autofree char *shown = text_escape(name, -1);

	error_set(
		err, EXIT_INPUT, "X0566", "\"%s\" is no credential helper's name", shown);
	error_help(err, "mend credHelpers or credsStore in Docker's config.json");
	return FALSE;
}

static gboolean bad_answer(const char *program, const char *server, GError **err)
{
	error_set(err, EXIT_INPUT, "X0566", "%s does not answer with credentials for %s",
		program, server);
	error_help(err,
		"see what it says: echo %s | %s get (a helper prints {\"Username\": …, "
		"\"Secret\": …})",
		server, program);
	return FALSE;
}

static gboolean knows_nothing(registry_oci_login *login, const char *name, char *said)
{
	login->helper = g_strdup(name);
	login->helper_said = said;
	return TRUE;
}

/* A helper explains a failure on standard output. New string. */
static char *words_of(const process_spec *spec, const process_result *r)
{
	const char *text = r->out && *r->out ? r->out : r->err;
	g_autofree char *line = g_strndup(text ? text : "", SAID_MAX);

	line[strcspn(line, "\r\n")] = '\0';
	g_autofree char *shown = text_escape(line, -1);
	g_autofree char *how = process_describe(spec, r);
	return *shown ? g_strdup_printf("says: %s", shown) : g_steal_pointer(&how);
}

static gboolean take(const char *program, const char *server, const process_result *r,
	registry_oci_login *login, GError **err)
{
	g_autoptr(json_t) o = json_parse(r->out, r->out_size, program, NULL);
	const char *user = json_is_object(o) ? json_get_string(o, "Username") : NULL;
	const char *secret = json_is_object(o) ? json_get_string(o, "Secret") : NULL;

	if (!user || !secret || !*secret)
		return bad_answer(program, server, err);
	login->file = g_strdup(program);
	if (g_str_equal(user, "<token>")) {
		login->identity_token = g_strdup(secret);
	} else {
		login->user = g_strdup(user);
		login->password = g_strdup(secret);
	}
	return TRUE;
}

gboolean registry_helper_ask(
	const char *name, const char *server, registry_oci_login *login, GError **err)
{
	if (!is_name(name))
		return bad_name(name, err);
	g_autofree char *program = g_strconcat(PREFIX, name, NULL);
	g_autofree char *path = process_find_program(program, NULL);
	if (!path)
		return knows_nothing(login, name, g_strdup("is not in PATH"));
	const char *argv[] = {path, "get", NULL};
	g_autoptr(GBytes) input = g_bytes_new(server, strlen(server));
	process_spec spec = {.argv = argv,
		.name = program,
		.input = input,
		.capture = TRUE,
		.capture_limit = ANSWER_MAX,
		.timeout_s = http_setting("XORCH_HTTP_TIMEOUT", 30)};
	g_auto(process_result) r = {0};

	event_log(EVENT_DEBUG, server, "asking %s", program);
	if (!process_run(&spec, &r, err))
		return FALSE;
	gboolean ok = r.exit_code == 0 && !r.timed_out;
	gboolean done =
		ok ? take(program, server, &r, login, err)
		   : knows_nothing(login, name,
			     r.timed_out ? g_strdup_printf("did not answer within %.0f s "
							   "(XORCH_HTTP_TIMEOUT)",
						   spec.timeout_s)
					 : words_of(&spec, &r));
	if (r.out) /* a password stood there */
		memset(r.out, 0, r.out_size);
	return done;
}
