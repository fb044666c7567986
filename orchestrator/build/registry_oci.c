#include "build/registry_oci.h"
#include "base/error.h"
#include "build/registry_private.h"
#include "format/http_url.h"
#include <string.h>

/* docker.io is a name; its registry answers elsewhere. */
#define DOCKER_HOST "docker.io"
#define DOCKER_REGISTRY "registry-1.docker.io"

void registry_oci_free(registry_oci *r)
{
	if (!r)
		return;
	g_free(r->base);
	g_free(r->repository);
	g_free(r->host);
	registry_oci_login_clear(&r->login);
	g_free(r);
}

static gboolean is_this_machine(const char *host)
{
	return g_str_has_prefix(host, "127.") || g_str_has_prefix(host, "[::1]") ||
	       !strcmp(host, "localhost") || g_str_has_prefix(host, "localhost:");
}

/* User and password out of a URL, which loses them. New strings or NULL. */
static char *take_credentials(const char *url, char **user, char **password)
{
	const char *begin = strstr(url, "://");
	begin = begin ? begin + 3 : url;
	gsize n = strcspn(begin, "/?#");
	const char *at = g_strrstr_len(begin, (gssize)n, "@");

	if (!at)
		return g_strdup(url);
	g_autofree char *both = g_strndup(begin, (gsize)(at - begin));
	char *colon = strchr(both, ':');
	if (colon)
		*colon = '\0';
	*user = g_uri_unescape_string(both, NULL);
	*password = g_uri_unescape_string(colon ? colon + 1 : "", NULL);
	return g_strdup_printf("%.*s%s", (int)(begin - url), url, at + 1);
}

static gboolean mirror_error(const char *entry, const char *why, GError **err)
{
	g_autofree char *shown = http_url_show(entry);

	error_set(err, EXIT_INPUT, "X0506", "not a mirror of a registry: %s (%s)", shown,
		why);
	error_help(err, "XORCH_MIRROR_OCI and `mirrors: {oci: […]}` hold entries such as "
			"quay.io=https://HOST/PREFIX");
	return FALSE;
}

/* `entry` as in the header file; not for this image: TRUE and nothing added. */
static gboolean add_mirror(
	GPtrArray *all, const oci_reference *image, const char *entry, GError **err)
{
	const char *scheme = strstr(entry, "://"), *equals = strchr(entry, '=');
	const char *url = entry;

	if (equals && (!scheme || equals < scheme)) {
		g_autofree char *host = g_strndup(entry, (gsize)(equals - entry));
		if (g_ascii_strcasecmp(host, image->host) != 0)
			return TRUE;
		url = equals + 1;
	}
	g_autofree char *why = http_url_refusal(url, FALSE);
	if (why)
		return mirror_error(url, why, err);
	registry_oci *r = g_new0(registry_oci, 1);
	g_ptr_array_add(all, r);
	g_autofree char *plain =
		take_credentials(url, &r->login.user, &r->login.password);
	char *path = strchr(strstr(plain, "://") + 3, '/');
	const char *prefix = path ? path + 1 : "";
	r->repository = *prefix ? g_strconcat(prefix, "/", image->repository, NULL)
				: g_strdup(image->repository);
	r->base = path ? g_strndup(plain, (gsize)(path - plain)) : g_strdup(plain);
	r->host = g_strdup(strstr(r->base, "://") + 3);
	return r->login.user ||
	       registry_oci_login_find(r->host, r->repository, &r->login, err);
}

static gboolean add_origin(GPtrArray *all, const oci_reference *image, GError **err)
{
	registry_oci *r = g_new0(registry_oci, 1);
	const char *host =
		!strcmp(image->host, DOCKER_HOST) ? DOCKER_REGISTRY : image->host;

	g_ptr_array_add(all, r);
	r->host = g_strdup(image->host);
	r->repository = g_strdup(image->repository);
	r->base = g_strconcat(is_this_machine(host) ? "http://" : "https://", host, NULL);
	return registry_oci_login_find(image->host, r->repository, &r->login, err);
}

GPtrArray *registry_oci_find(const oci_reference *image, GError **err)
{
	g_autoptr(GPtrArray) entries = registry_variable("XORCH_MIRROR_OCI");
	g_autoptr(GPtrArray) all =
		g_ptr_array_new_with_free_func((GDestroyNotify)registry_oci_free);

	if (!entries && !registry_configured("oci", &entries, err))
		return NULL;
	for (guint i = 0; entries && i < entries->len; i++)
		if (!add_mirror(all, image, entries->pdata[i], err))
			return NULL;
	if (!all->len && !add_origin(all, image, err))
		return NULL;
	return g_steal_pointer(&all);
}
