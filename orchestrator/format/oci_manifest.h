#pragma once
#include <glib.h>

/* Indexes and manifests of images: OCI image specification 1.1 and Docker's schema 2,
 * which differ in media types only. What comes has passed its digest already, or is
 * the answer to a tag over TLS; it is still judged as foreign: a document that two
 * readers could take for two things is refused (both `manifests` and `layers`), and so
 * are schema 1, layers to be fetched elsewhere, digests other than sha256. */

/* For the Accept header of a manifest request. */
#define OCI_ACCEPT                                                                       \
	"application/vnd.oci.image.index.v1+json, "                                      \
	"application/vnd.docker.distribution.manifest.list.v2+json, "                    \
	"application/vnd.oci.image.manifest.v1+json, "                                   \
	"application/vnd.docker.distribution.manifest.v2+json"

#define OCI_MANIFEST_MAX (4 << 20) /* bytes; registries take no larger ones */
#define OCI_LAYERS_MAX 512
#define OCI_INDEX_MAX 1024 /* manifests in an index */

typedef struct oci_descriptor {
	char *media_type; /* "" when not said */
	char *digest;	  /* 64 hex digits */
	gint64 size;	  /* bytes, not negative */
	/* In an index; "" when not said. */
	char *os, *architecture, *variant;
} oci_descriptor;

typedef struct oci_manifest {
	gboolean is_index;
	GPtrArray *manifests;	/* oci_descriptor *, of an index */
	oci_descriptor *config; /* of a manifest */
	GPtrArray *layers;	/* the lowest first */
} oci_manifest;

/* `content_type` as the registry said it, "" if it did not; `label` for messages.
 * NULL with X0560 (exit 6). */
oci_manifest *oci_manifest_parse(
	GBytes *bytes, const char *content_type, const char *label, GError **err);
void oci_manifest_free(oci_manifest *m);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(oci_manifest, oci_manifest_free)

/* Is what somebody calls `architecture` and `variant` (NULL and "" are the same) the
 * platform with these? arm64 and arm64/v8 are one, arm without a variant is v7, amd64
 * and amd64/v1 are one. */
gboolean oci_platform_is(const char *architecture, const char *variant,
	const char *wanted_architecture, const char *wanted_variant);

/* The first image of the index for linux and this platform; NULL if there is none. */
const oci_descriptor *oci_index_find(
	const oci_manifest *index, const char *architecture, const char *variant);
/* "linux/amd64, linux/arm64", for messages. New string. */
char *oci_index_platforms(const oci_manifest *index);

/* os, architecture and variant of an image's configuration, and its diff_ids: the sha256
 * (char *, 64 hex digits) of each layer, uncompressed, the lowest first. X0560. */
gboolean oci_config_read(GBytes *bytes, const char *label, char **os, char **architecture,
	char **variant, GPtrArray **diff_ids, GError **err);
