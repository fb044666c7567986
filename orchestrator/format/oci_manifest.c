#include "format/oci_manifest.h"
#include "base/error.h"
#include "format/json.h"
#include "format/oci_reference.h"
#include <string.h>

static void descriptor_free(gpointer data)
{
	oci_descriptor *d = data;

	if (!d)
		return;
	g_free(d->media_type);
	g_free(d->digest);
	g_free(d->os);
	g_free(d->architecture);
	g_free(d->variant);
	g_free(d);
}

void oci_manifest_free(oci_manifest *m)
{
	if (!m)
		return;
	g_ptr_array_unref(m->manifests);
	g_ptr_array_unref(m->layers);
	descriptor_free(m->config);
	g_free(m);
}

static gboolean refuse(GError **err, const char *label, const char *fmt, ...)
	G_GNUC_PRINTF(3, 4);
static gboolean refuse(GError **err, const char *label, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	g_autofree char *text = g_strdup_vprintf(fmt, ap);
	va_end(ap);
	g_autofree char *shown = text_escape(label, -1);
	g_autofree char *why = text_escape(text, -1);
	return error_set(err, EXIT_INTEGRITY, "X0560", "%s is refused: %s", shown, why);
}

static char *text_of(const json_t *object, const char *key)
{
	const char *text = object ? json_get_string(object, key) : NULL;

	return g_strdup(text ? text : "");
}

static oci_descriptor *read_descriptor(
	const json_t *o, const char *what, const char *label, GError **err)
{
	const char *digest = json_is_object(o) ? json_get_string(o, "digest") : NULL;
	gint64 size = json_is_object(o) ? json_get_int(o, "size", -1) : -1;
	const char *hex = oci_digest_hex(digest);

	if (!hex || size < 0) {
		refuse(err, label, "its %s has no %s", what,
			size < 0 && hex ? "size" : "sha256 digest");
		return NULL;
	}
	const json_t *platform = json_get_object(o, "platform");
	oci_descriptor *d = g_new0(oci_descriptor, 1);
	d->media_type = text_of(o, "mediaType");
	d->digest = g_strdup(hex);
	d->size = size;
	d->os = text_of(platform, "os");
	d->architecture = text_of(platform, "architecture");
	d->variant = text_of(platform, "variant");
	return d;
}

static gboolean read_list(const json_t *list, GPtrArray *out, guint max, const char *what,
	const char *label, GError **err)
{
	if (json_array_size(list) > max)
		return refuse(err, label, "it lists more than %u %ss", max, what);
	for (gsize i = 0; i < json_array_size(list); i++) {
		oci_descriptor *d =
			read_descriptor(json_array_get(list, i), what, label, err);
		if (!d)
			return FALSE;
		g_ptr_array_add(out, d);
	}
	return TRUE;
}

/* Such a layer is fetched from wherever the manifest says: never. */
static gboolean is_foreign(const json_t *layer, const oci_descriptor *d)
{
	return strstr(d->media_type, "nondistributable") ||
	       strstr(d->media_type, ".foreign.") ||
	       json_array_size(json_get_array(layer, "urls"));
}

static gboolean check_layers(
	const json_t *list, const GPtrArray *layers, const char *label, GError **err)
{
	for (guint i = 0; i < layers->len; i++) {
		const oci_descriptor *d = layers->pdata[i];
		if (is_foreign(json_array_get(list, i), d))
			return refuse(err, label,
				"layer %u is a foreign one, to be fetched from "
				"elsewhere",
				i + 1);
		if (*d->media_type && !strstr(d->media_type, ".tar"))
			return refuse(err, label, "layer %u is no tar but %s", i + 1,
				d->media_type);
		if (!d->size)
			return refuse(err, label, "layer %u is empty", i + 1);
	}
	return TRUE;
}

static gboolean is_schema_1(const json_t *o, const char *type)
{
	return json_get_int(o, "schemaVersion", 2) == 1 ||
	       strstr(type, "docker.distribution.manifest.v1+");
}

static gboolean read_document(const json_t *o, const char *content_type, oci_manifest *m,
	const char *label, GError **err)
{
	const char *said = json_get_string(o, "mediaType");
	const char *type = said ? said : content_type;
	const json_t *manifests = json_get_array(o, "manifests");
	const json_t *layers = json_get_array(o, "layers");
	const json_t *config = json_get_object(o, "config");

	if (is_schema_1(o, type)) {
		refuse(err, label,
			"it is in Docker's schema 1, whose layers have no "
			"sizes and no image format of today");
		error_help(err, "push the image anew with a client of today");
		return FALSE;
	}
	if (json_get_int(o, "schemaVersion", -1) != 2)
		return refuse(err, label, "its schemaVersion is not 2");
	if (manifests && (layers || config))
		return refuse(err, label, "it is an index and a manifest at once");
	if (!manifests && !(layers && config))
		return refuse(err, label, "it is neither an index nor a manifest");
	m->is_index = manifests != NULL;
	if (*type && (strstr(type, "index") || strstr(type, "manifest")) &&
		m->is_index != (strstr(type, ".index.") || strstr(type, ".list.")))
		return refuse(err, label, "it calls itself %s and is not", type);
	if (manifests)
		return read_list(
			manifests, m->manifests, OCI_INDEX_MAX, "manifest", label, err);
	m->config = read_descriptor(config, "configuration", label, err);
	if (!m->config ||
		!read_list(layers, m->layers, OCI_LAYERS_MAX, "layer", label, err))
		return FALSE;
	if (!m->layers->len)
		return refuse(err, label, "it has no layers");
	return check_layers(layers, m->layers, label, err);
}

oci_manifest *oci_manifest_parse(
	GBytes *bytes, const char *content_type, const char *label, GError **err)
{
	gsize size;
	const char *data = g_bytes_get_data(bytes, &size);
	g_autoptr(json_t) o = json_parse(data, size, label, err);
	g_autoptr(oci_manifest) m = g_new0(oci_manifest, 1);

	m->manifests = g_ptr_array_new_with_free_func(descriptor_free);
	m->layers = g_ptr_array_new_with_free_func(descriptor_free);
	if (!o)
		return NULL;
	if (!json_is_object(o)) {
		refuse(err, label, "it is no JSON object");
		return NULL;
	}
	return read_document(o, content_type, m, label, err) ? g_steal_pointer(&m) : NULL;
}

static const char *canonical_variant(const char *architecture, const char *variant)
{
	if (!variant)
		variant = "";
	if (!strcmp(architecture, "arm64") && !strcmp(variant, "v8"))
		return "";
	if (!strcmp(architecture, "amd64") && !strcmp(variant, "v1"))
		return "";
	if (!strcmp(architecture, "arm") && !*variant)
		return "v7";
	return variant;
}

gboolean oci_platform_is(const char *architecture, const char *variant,
	const char *wanted_architecture, const char *wanted_variant)
{
	return !strcmp(architecture, wanted_architecture) &&
	       !strcmp(canonical_variant(architecture, variant),
		       canonical_variant(wanted_architecture, wanted_variant));
}

const oci_descriptor *oci_index_find(
	const oci_manifest *index, const char *architecture, const char *variant)
{
	for (guint i = 0; i < index->manifests->len; i++) {
		const oci_descriptor *d = index->manifests->pdata[i];
		if (!strcmp(d->os, "linux") && oci_platform_is(d->architecture,
						       d->variant, architecture, variant))
			return d;
	}
	return NULL;
}

char *oci_index_platforms(const oci_manifest *index)
{
	GString *out = g_string_new(NULL);

	for (guint i = 0; i < index->manifests->len; i++) {
		const oci_descriptor *d = index->manifests->pdata[i];
		/* attestations stand in the index as an unknown platform */
		if (!*d->os || !strcmp(d->os, "unknown"))
			continue;
		g_autofree char *one = g_strdup_printf("%s/%s%s%s", d->os,
			d->architecture, *d->variant ? "/" : "", d->variant);
		g_autofree char *shown = text_escape(one, -1);
		g_string_append_printf(out, "%s%s", out->len ? ", " : "", shown);
	}
	return g_string_free(out, FALSE);
}

gboolean oci_config_read(GBytes *bytes, const char *label, char **os, char **architecture,
	char **variant, GPtrArray **diff_ids, GError **err)
{
	gsize size;
	const char *data = g_bytes_get_data(bytes, &size);
	g_autoptr(json_t) o = json_parse(data, size, label, err);

	if (!o)
		return FALSE;
	const json_t *rootfs = json_is_object(o) ? json_get_object(o, "rootfs") : NULL;
	const json_t *ids = rootfs ? json_get_array(rootfs, "diff_ids") : NULL;
	if (!ids || !json_get_string(o, "os") || !json_get_string(o, "architecture"))
		return refuse(err, label, "it is not the configuration of an image");
	*diff_ids = g_ptr_array_new_with_free_func(g_free);
	for (gsize n = 0; n < json_array_size(ids); n++) {
		const char *text = json_string_value(json_array_get(ids, n));
		const char *hex = text ? oci_digest_hex(text) : NULL;
		if (!hex) {
			g_clear_pointer(diff_ids, g_ptr_array_unref);
			return refuse(err, label, "one of its diff_ids is no sha256");
		}
		g_ptr_array_add(*diff_ids, g_strdup(hex));
	}
	*os = text_of(o, "os");
	*architecture = text_of(o, "architecture");
	*variant = text_of(o, "variant");
	return TRUE;
}
