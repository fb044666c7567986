#include "base/error.h"
#include "build/registry_helper.h"
#include "build/registry_private.h"
#include "format/json.h"
#include <string.h>

/* The files that `docker login` and `podman login` write (containers-auth.json(5)):
 * {"auths": {"quay.io": {"auth": base64("user:password")}}}, and which programs keep
 * what is not in them (build/registry_helper.h). */

void registry_oci_login_clear(registry_oci_login *login)
{
	g_free(login->user);
	g_free(login->password);
	g_free(login->identity_token);
	g_free(login->file);
	g_free(login->helper);
	g_free(login->helper_said);
	memset(login, 0, sizeof *login);
}

static GPtrArray *files(void)
{
	GPtrArray *all = g_ptr_array_new_with_free_func(g_free);
	const char *named = g_getenv("REGISTRY_AUTH_FILE");
	const char *run = g_getenv("XDG_RUNTIME_DIR");
	const char *docker = g_getenv("DOCKER_CONFIG");

	if (named && *named)
		g_ptr_array_add(all, g_strdup(named));
	if (run && *run)
		g_ptr_array_add(
			all, g_build_filename(run, "containers", "auth.json", NULL));
	g_ptr_array_add(all, registry_config_file("containers", "auth.json"));
	g_ptr_array_add(all, docker && *docker
				     ? g_build_filename(docker, "config.json", NULL)
				     : g_build_filename(g_get_home_dir(), ".docker",
					       "config.json", NULL));
	return all;
}

/* A key of `auths` as HOST or HOST/PATH: older clients wrote URLs. */
static char *plain_key(const char *key)
{
	const char *scheme = strstr(key, "://");
	char *plain = g_strdup(scheme ? scheme + 3 : key);
	gsize n = strlen(plain);

	while (n && plain[n - 1] == '/')
		plain[--n] = '\0';
	if (scheme && (g_str_has_suffix(plain, "/v1") || g_str_has_suffix(plain, "/v2")))
		plain[n - 3] = '\0';
	return plain;
}

/* How much of HOST/REPOSITORY the key names; 0: another one. */
static gsize fit(const char *key, const char *host, const char *repository)
{
	g_autofree char *plain = plain_key(key);
	gsize n = strlen(host);
	gboolean docker = !strcmp(host, "docker.io");

	if (docker && (!strcmp(plain, "index.docker.io") ||
			      !strcmp(plain, "registry-1.docker.io")))
		return n;
	if (g_ascii_strncasecmp(plain, host, n) != 0 || (plain[n] && plain[n] != '/'))
		return 0;
	if (!plain[n])
		return n;
	const char *path = plain + n + 1;
	gsize m = strlen(path);
	return g_str_has_prefix(repository, path) && strchr("/", repository[m]) ? n + m
										: 0;
}

static gboolean broken(const char *path, const char *why, GError **err)
{
	error_set(err, EXIT_INPUT, "X0566", "%s: %s", path, why);
	error_help(err, "log in anew (`docker login HOST`), or take the entry out");
	return FALSE;
}

static gboolean take_entry(
	const json_t *entry, const char *path, registry_oci_login *login, GError **err)
{
	const char *auth = json_get_string(entry, "auth");
	const char *user = json_get_string(entry, "username");
	const char *password = json_get_string(entry, "password");
	const char *identity = json_get_string(entry, "identitytoken");
	gsize n = 0;

	login->file = g_strdup(path);
	if (auth && *auth) {
		g_autofree guchar *bytes = g_base64_decode(auth, &n);
		g_autofree char *text = g_strndup((char *)bytes, n);
		char *colon = strchr(text, ':');
		if (!colon)
			return broken(path,
				"an entry of auths is not user:password in "
				"base64",
				err);
		*colon = '\0';
		login->user = g_strdup(text);
		login->password = g_strdup(colon + 1);
	} else if (user && password) {
		login->user = g_strdup(user);
		login->password = g_strdup(password);
	}
	if (identity && *identity) {
		login->identity_token = g_strdup(identity);
	} else if (g_strcmp0(login->user, "<token>") == 0) {
		login->identity_token = g_steal_pointer(&login->password);
		g_clear_pointer(&login->user, g_free);
	}
	return TRUE;
}

/* What clients call the registry where they keep its credentials. */
static const char *server_of(const char *host)
{
	return strcmp(host, "docker.io") ? host : "https://index.docker.io/v1/";
}

/* The entry of `auths` that fits best; NULL: none that holds anything. */
static const json_t *best_entry(
	const json_t *auths, const char *host, const char *repository)
{
	const json_t *best = NULL;
	gsize best_fit = 0;
	const char *key;
	json_t *entry;

	json_object_foreach((json_t *)auths, key, entry)
	{
		gsize n = json_is_object(entry) ? fit(key, host, repository) : 0;
		if (n > best_fit && json_object_size(entry)) {
			best_fit = n;
			best = entry;
		}
	}
	return best;
}

/* One file, as docker itself goes by it: a helper for this registry, an entry of its own,
 * the helper for all. */
static gboolean look(const char *path, const char *host, const char *repository,
	registry_oci_login *login, GError **err)
{
	g_autofree char *text = registry_read(path);

	if (!text)
		return TRUE;
	g_autoptr(json_t) all = json_parse(text, strlen(text), path, NULL);
	if (!json_is_object(all))
		return broken(path, "this is not a JSON object", err);
	const char *server = server_of(host);
	const json_t *helpers = json_get_object(all, "credHelpers");
	const char *helper = helpers ? json_get_string(helpers, host) : NULL;
	if (!helper && helpers)
		helper = json_get_string(helpers, server);
	const json_t *entry =
		helper ? NULL
		       : best_entry(json_get_object(all, "auths"), host, repository);
	if (entry)
		return take_entry(entry, path, login, err);
	if (!helper)
		helper = json_get_string(all, "credsStore");
	return !helper || !*helper || login->helper ||
	       registry_helper_ask(helper, server, login, err);
}

gboolean registry_oci_login_find(
	const char *host, const char *repository, registry_oci_login *login, GError **err)
{
	g_autoptr(GPtrArray) all = files();

	for (guint i = 0; i < all->len && !login->user && !login->identity_token; i++)
		if (!look(all->pdata[i], host, repository, login, err))
			return FALSE;
	return TRUE;
}
