#include "build/package_image.h"
#include "base/error.h"
#include "base/event.h"
#include "base/fault.h"
#include "build/fetch.h"
#include "build/oci_session.h"
#include "build/package_files.h"
#include "build/store.h"
#include "format/http_url.h"
#include "format/image_layers.h"
#include "format/oci_manifest.h"
#include "format/purl.h"
#include "plan/image_def.h"
#include <string.h>

#define CONFIG_MAX (4 << 20)
#define LOGINS_MAX 5 /* while layers still come in between */

/* ---- what to say when no registry gave it ---- */

static void help_login(const registry_oci *r, GError **err)
{
	const registry_oci_login *l = &r->login;

	if (l->user || l->identity_token)
		error_note(err, "asked with the credentials %s%s%s",
			l->file ? "of " : "of the mirror's URL", l->file ? l->file : "",
			l->user ? "" : " (an identity token)");
	else if (l->helper)
		error_note(err,
			"asked without credentials: the helper for %s, "
			"docker-credential-%s, %s",
			r->host, l->helper, l->helper_said);
	else
		error_note(
			err, "asked without credentials: none are known for %s", r->host);
	error_help(err,
		"check the name (registries deny what does not exist, too), and log in: "
		"`docker login %s`, `podman login %s` or REGISTRY_AUTH_FILE",
		r->host, r->host);
}

/* One registry's refusal in the words of who wants an image; takes `why` over. */
static void explain(const registry_oci *r, const char *image, GError *why, GError **err)
{
	g_autoptr(GError) e = why;
	g_autofree char *got = error_in_short(e);
	g_autofree char *image_shown = text_escape(image, -1);

	if (fetch_not_found(e)) {
		error_set(err, EXIT_NETWORK, "X0561", "the registry has no image %s",
			image_shown);
		error_line(err, "asked: %s/v2/%s: %s", r->base, r->repository, got);
		error_help(err, "is the name right, and the tag still there?");
	} else if (fetch_denied(e)) {
		error_set(err, EXIT_NETWORK, "X0562",
			"the registry does not let this machine have %s", image_shown);
		error_line(err, "asked: %s/v2/%s: %s", r->base, r->repository, got);
		help_login(r, err);
	} else {
		g_propagate_error(err, g_steal_pointer(&e));
		error_note(err, "wanted for the image %s", image_shown);
		if (strstr(got, "429"))
			error_help(err, "the registry limits how often it is asked: log "
					"in (`docker login`), or use a mirror "
					"(XORCH_MIRROR_OCI)");
	}
}

/* ---- resolving ---- */

typedef struct resolving {
	const oci_reference *image;
	const platform *target;
	const char *name; /* of the image, as the definition says it */
	oci_session *session;
	package_section *section;
	GPtrArray *diff_ids; /* char * */
} resolving;

static gboolean not_for_target(const resolving *r, const char *others, GError **err)
{
	error_set(err, EXIT_INPUT, "X0563", "the image %s is not for %s (%s)", r->name,
		r->target->name, r->target->docker);
	error_line(err, "it is for: %s", *others ? others : "nothing that it says");
	error_help(
		err, "name the image of that target: `oci: {%s: NAME}`", r->target->name);
	return FALSE;
}

/* What a manifest by itself says of its platform stands in its configuration. */
static gboolean check_config(resolving *r, const oci_manifest *m, GError **err)
{
	g_autofree char *path = g_strconcat("blobs/sha256:", m->config->digest, NULL);
	g_autofree char *os = NULL, *architecture = NULL, *variant = NULL;
	g_autofree char *label = g_strdup_printf("the configuration of %s", r->name);
	g_autoptr(GPtrArray) diff_ids = NULL;

	g_autoptr(GBytes) bytes = oci_session_get(
		r->session, path, m->config->digest, CONFIG_MAX, NULL, err);
	if (!bytes || !oci_config_read(
			      bytes, label, &os, &architecture, &variant, &diff_ids, err))
		return FALSE;
	if (diff_ids->len != m->layers->len)
		return error_set(err, EXIT_INTEGRITY, "X0560",
			"%s is refused: it counts %u layers, the manifest %u", label,
			diff_ids->len, m->layers->len);
	for (guint n = 0; n < diff_ids->len; n++)
		g_ptr_array_add(r->diff_ids, g_strdup(diff_ids->pdata[n]));
	if (!strcmp(os, "linux") &&
		oci_platform_is(architecture, variant, r->target->docker_arch,
			r->target->docker_variant))
		return TRUE;
	g_autofree char *is = g_strdup_printf(
		"%s/%s%s%s", os, architecture, *variant ? "/" : "", variant);
	g_autofree char *shown = text_escape(is, -1);
	return not_for_target(r, shown, err);
}

static void pin_layers(package_section *s, const oci_manifest *m)
{
	for (guint i = 0; i < m->layers->len; i++) {
		const oci_descriptor *d = m->layers->pdata[i];
		/* sorted by name they stay in order */
		g_autofree char *name = g_strdup_printf("layer-%03u", i + 1);
		g_autofree char *path = g_strconcat("blobs/sha256:", d->digest, NULL);
		g_ptr_array_add(s->packages,
			locked_package_new(name, *d->media_type ? d->media_type : "tar",
				path, d->digest, d->size, FALSE));
	}
}

/* The bytes and their size, for what an index or a configuration promised. */
static GBytes *get_promised(
	resolving *r, const oci_descriptor *d, char **content_type, GError **err)
{
	g_autofree char *path = g_strconcat("manifests/sha256:", d->digest, NULL);

	if (d->size > OCI_MANIFEST_MAX) {
		error_set(err, EXIT_INTEGRITY, "X0603", "the manifest of %s is too large",
			r->name);
		return NULL;
	}
	g_autoptr(GBytes) bytes = oci_session_get(
		r->session, path, d->digest, OCI_MANIFEST_MAX, content_type, err);
	if (bytes && (gint64)g_bytes_get_size(bytes) != d->size) {
		error_set(err, EXIT_INTEGRITY, "X0560",
			"the manifest of %s has another size than the index says",
			r->name);
		return NULL;
	}
	return g_steal_pointer(&bytes);
}

static gboolean resolve_at(resolving *r, GError **err)
{
	const oci_reference *i = r->image;
	g_autofree char *path =
		i->digest ? g_strconcat("manifests/sha256:", i->digest, NULL)
			  : g_strconcat("manifests/", i->tag, NULL);
	g_autofree char *type = NULL, *child_type = NULL;
	g_autoptr(oci_manifest) index = NULL;

	g_autoptr(GBytes) bytes = oci_session_get(
		r->session, path, i->digest, OCI_MANIFEST_MAX, &type, err);
	g_autoptr(oci_manifest) m =
		bytes ? oci_manifest_parse(bytes, type, r->name, err) : NULL;
	if (!m)
		return FALSE;
	gsize size;
	const void *data = g_bytes_get_data(bytes, &size);
	g_autofree char *hex = digest_bytes(data, size), *index_hex = NULL;
	if (m->is_index) {
		const oci_descriptor *d = oci_index_find(
			m, r->target->docker_arch, r->target->docker_variant);
		g_autofree char *others = oci_index_platforms(m);
		if (!d)
			return not_for_target(r, others, err);
		g_autoptr(GBytes) child = get_promised(r, d, &child_type, err);
		index = g_steal_pointer(&m);
		m = child ? oci_manifest_parse(child, child_type, r->name, err) : NULL;
		if (!m)
			return FALSE;
		if (m->is_index)
			return error_set(err, EXIT_INTEGRITY, "X0560",
				"%s is refused: an index within an index", r->name);
		index_hex = g_steal_pointer(&hex);
		d = oci_index_find(
			index, r->target->docker_arch, r->target->docker_variant);
		hex = g_strdup(d->digest);
	}
	if (!check_config(r, m, err))
		return FALSE;
	r->section = package_section_new(r->target->name, NULL, r->target->docker, NULL);
	package_section_set_image(r->section, r->name, index_hex, hex);
	pin_layers(r->section, m);
	return TRUE;
}

/* The next mirror may have it where this one is down or does not know it. */
static gboolean worth_another(const GError *e)
{
	return e->code == EXIT_NETWORK;
}

static oci_reference *reference_of(const char *text, GError **err)
{
	const char *why;
	oci_reference *image = oci_reference_parse(text, &why);

	if (!image)
		error_set(err, EXIT_INPUT, "X0565",
			"\"%s\" is not the name of an image: "
			"it %s",
			text, why);
	return image;
}

char *package_image_purl(const package_section *section)
{
	const char *why;
	g_autoptr(oci_reference) image =
		*section->image ? oci_reference_parse(section->image, &why) : NULL;
	/* Docker's words for a platform: linux/arm64, linux/arm/v7 */
	g_auto(GStrv) parts = g_strsplit(section->architecture, "/", -1);
	const char *arch = g_strv_length(parts) > 1 ? parts[1] : parts[0];

	if (!image)
		return NULL;
	g_autofree char *where = g_strdup_printf("%s/%s", image->host, image->repository);
	return purl_oci(where, section->manifest, arch);
}

package_section *package_image_resolve(
	const build_context *ctx, const package_set *set, GError **err)
{
	const char *name = image_def_reference(set->def, set->target->name);
	g_autoptr(oci_reference) image = reference_of(name, err);
	g_autoptr(GPtrArray) diff_ids = g_ptr_array_new_with_free_func(g_free);

	if (ctx->offline) {
		error_set(err, EXIT_NETWORK, "X0501",
			"offline, and the registry must be asked for %s", name);
		return NULL;
	}
	g_autoptr(GPtrArray) places = image ? registry_oci_find(image, err) : NULL;
	for (guint i = 0; places && i < places->len; i++) {
		g_autoptr(oci_session) session = oci_session_new(places->pdata[i]);
		resolving r = {.image = image,
			.target = set->target,
			.name = name,
			.session = session,
			.diff_ids = diff_ids};
		GError *why = NULL;
		g_ptr_array_set_size(diff_ids, 0);
		if (resolve_at(&r, &why)) {
			for (guint n = 0; n < diff_ids->len; n++)
				g_ptr_array_add(r.section->diff_ids,
					g_strdup(diff_ids->pdata[n]));
			return r.section;
		}
		if (worth_another(why) && i + 1 < places->len) {
			g_autofree char *text = error_in_short(why);
			event_log(EVENT_NOTE, name, "%s; trying the next mirror", text);
			g_error_free(why);
			continue;
		}
		explain(places->pdata[i], name, why, err);
		return NULL;
	}
	return NULL;
}

/* ---- fetching ---- */

/* Lets each registry be asked once for the pinned manifest: so it is known whether it
 * has the image, and what to say when asking for layers. Those that fail leave; *why
 * gets the last reason. Element oci_session. */
static GPtrArray *open_sessions(const GPtrArray *places, const package_section *section,
	guint *last, GError **why)
{
	GPtrArray *open =
		g_ptr_array_new_with_free_func((GDestroyNotify)oci_session_free);
	g_autofree char *path = g_strconcat("manifests/sha256:", section->manifest, NULL);

	for (guint i = 0; i < places->len; i++) {
		g_autoptr(oci_session) s = oci_session_new(places->pdata[i]);
		g_autoptr(GError) error = NULL;
		g_autoptr(GBytes) bytes = oci_session_get(
			s, path, section->manifest, OCI_MANIFEST_MAX, NULL, &error);
		if (bytes) {
			g_ptr_array_add(open, g_steal_pointer(&s));
			continue;
		}
		*last = i;
		g_clear_error(why);
		*why = g_steal_pointer(&error);
	}
	return open;
}

static GPtrArray *missing_layers(const build_context *ctx, const package_section *section,
	const GPtrArray *sessions, GError **err)
{
	g_autoptr(GPtrArray) items =
		g_ptr_array_new_with_free_func((GDestroyNotify)fetch_item_free);

	for (guint i = 0; i < section->packages->len; i++) {
		const locked_package *p = section->packages->pdata[i];
		g_autofree char *label =
			g_strdup_printf("%s %s", section->image, p->name);
		g_autofree char *there = store_blob_find(ctx->store, p->sha256, p->size);
		if (there)
			continue;
		fetch_item *item = fetch_item_new(label, p->sha256, p->size, err);
		if (!item)
			return NULL;
		g_ptr_array_add(items, item);
		for (guint k = 0; sessions && k < sessions->len; k++) {
			g_autofree char *url =
				oci_session_url(sessions->pdata[k], p->path);
			fetch_item_add_url_as(
				item, url, oci_session_authorization(sessions->pdata[k]));
		}
	}
	return g_steal_pointer(&items);
}

/* Of what failed nothing but a token that ran out. */
static gboolean only_denied(const GPtrArray *items, guint *left)
{
	*left = 0;
	for (guint i = 0; i < items->len; i++) {
		const fetch_item *item = items->pdata[i];
		*left += item->path == NULL;
		if (!item->path && !fetch_denied(item->error))
			return FALSE;
	}
	return TRUE;
}

static gboolean gone(const package_set *set, const package_section *section,
	const registry_oci *r, GError **err)
{
	error_set(err, EXIT_LOCK, "X0431",
		"the registry has the locked image of %s no more", set->name);
	error_line(err, "%s, manifest sha256:%s", section->image, section->manifest);
	error_line(err, "asked: %s/v2/%s", r->base, r->repository);
	error_help(err, "take what the tag names now: `xorch lock --%s %s --upgrade`",
		set->kind, set->name);
	error_help(err, "or name a mirror that keeps old images: XORCH_MIRROR_OCI");
	return FALSE;
}

static gboolean fetch_from(const build_context *ctx, const package_set *set,
	const package_section *section, const GPtrArray *places, GError **err)
{
	guint before = G_MAXUINT;

	for (int logins = 0;; logins++) {
		g_autoptr(GError) why = NULL, error = NULL;
		guint last = 0, left;
		g_autoptr(GPtrArray) sessions =
			open_sessions(places, section, &last, &why);
		if (!sessions->len && fetch_not_found(why))
			return gone(set, section, places->pdata[last], err);
		if (!sessions->len) {
			explain(places->pdata[last], section->image,
				g_steal_pointer(&why), err);
			return FALSE;
		}
		g_autoptr(GPtrArray) items = missing_layers(ctx, section, sessions, err);
		fetch_options options = {.offline = FALSE};
		if (!items)
			return FALSE;
		if (fetch_blobs(ctx->store, items, &options, &error))
			return TRUE;
		/* Tokens live for minutes, large layers take longer. */
		gboolean again =
			only_denied(items, &left) && left < before && logins < LOGINS_MAX;
		before = left;
		if (again)
			continue;
		explain(places->pdata[0], section->image, g_steal_pointer(&error), err);
		return FALSE;
	}
}

gboolean package_image_fetch(const build_context *ctx, const package_set *set,
	const package_section *section, GError **err)
{
	g_autoptr(GPtrArray) missing = missing_layers(ctx, section, NULL, err);
	fetch_options options = {.offline = TRUE};

	if (!missing)
		return FALSE;
	if (!missing->len)
		return TRUE;
	if (ctx->offline)
		return fetch_blobs(ctx->store, missing, &options, err);
	g_autoptr(oci_reference) image = reference_of(section->image, err);
	g_autoptr(GPtrArray) places = image ? registry_oci_find(image, err) : NULL;
	return places && fetch_from(ctx, set, section, places, err);
}

/* ---- unpacking ---- */

static char *place(const char *path, G_GNUC_UNUSED guint layer, void *data)
{
	const package_set *set = data;

	return image_def_place(set->def, set->target, path);
}

static gboolean unpack_layers(const build_context *ctx, const package_set *set,
	const package_section *section, image_layer *layers, const char *dir,
	image_place where, void *data, GError **err)
{
	image_stats stats;

	for (guint i = 0; i < section->packages->len; i++) {
		const locked_package *p = section->packages->pdata[i];
		layers[i].label = p->name;
		/* a lock of before has none */
		if (section->diff_ids->len == section->packages->len)
			layers[i].diff_id = section->diff_ids->pdata[i];
		layers[i].path = store_blob_find(ctx->store, p->sha256, p->size);
		if (!layers[i].path)
			return error_set(err, EXIT_INTEGRITY, "X0601",
				"%s of %s was damaged or removed in the store just now",
				p->name, set->name);
	}
	if (!image_layers_unpack(layers, section->packages->len,
		    *section->image ? section->image : set->name, dir, where, data,
		    &stats, err))
		return FALSE;
	event_log(EVENT_DEBUG, set->name,
		"%u members in %u layers: %u files, %u links, %u links that lead to what "
		"is left out",
		stats.members, stats.layers, stats.files, stats.links,
		stats.links_dropped);
	return TRUE;
}

gboolean package_image_unpack_as(const build_context *ctx, const package_set *set,
	const package_section *section, const char *dir, image_place where, void *data,
	GError **err)
{
	guint n = section->packages->len;
	image_layer *layers = g_new0(image_layer, n + 1);
	gboolean ok = unpack_layers(ctx, set, section, layers, dir, where, data, err);

	for (guint i = 0; i < n; i++)
		g_free((char *)layers[i].path);
	g_free(layers);
	return ok;
}

gboolean package_image_unpack(const build_context *ctx, const package_set *set,
	const package_section *section, const char *dir, GError **err)
{
	if (!package_image_unpack_as(ctx, set, section, dir, place, (void *)set, err))
		return FALSE;
	fault_point("extract");
	return package_files_merge_usr(dir, err);
}
