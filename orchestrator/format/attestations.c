#include "format/attestations.h"
#include "base/error.h"
#include "format/digest.h"
#include "format/intoto.h"
#include "format/json.h"

static void file_free(gpointer data)
{
	attested_file *f = data;

	g_free(f->name);
	g_free(f->sha256);
	g_free(f);
}

static void bundle_free(gpointer data)
{
	attestation_bundle *b = data;

	g_free(b->kind);
	g_free(b->repository);
	g_free(b->workflow);
	g_free(b->email);
	g_ptr_array_unref(b->files);
	g_free(b);
}

static gboolean unsound(const char *what, const char *why, GError **err)
{
	return error_set(err, EXIT_INTEGRITY, "X0604", "%s %s", what, why);
}

static gboolean read_attestation(
	attestation_bundle *b, const json_t *a, const char *what, GError **err)
{
	const char *text = json_get_string(json_get_object(a, "envelope"), "statement");
	gsize size = 0;

	if (!text)
		return unsound(what, "have one without a statement", err);
	g_autofree guchar *bytes = g_base64_decode(text, &size);
	g_autoptr(json_t) statement = json_parse((const char *)bytes, size, what, err);
	if (!statement)
		return FALSE;
	const char *name = intoto_name(statement);
	g_autofree char *sha256 = digest_normalise(intoto_sha256(statement));
	if (g_strcmp0(json_get_string(statement, "_type"), INTOTO_STATEMENT) != 0 ||
		json_array_size(json_get_array(statement, "subject")) != 1 || !name ||
		!sha256)
		return unsound(what,
			"have a statement that is none of in-toto about one file", err);
	attested_file *f = g_new0(attested_file, 1);
	f->name = g_strdup(name);
	f->sha256 = g_steal_pointer(&sha256);
	g_ptr_array_add(b->files, f);
	return TRUE;
}

static gboolean read_bundle(
	GPtrArray *out, const json_t *o, const char *what, GError **err)
{
	const json_t *publisher = json_get_object(o, "publisher");
	const json_t *list = json_get_array(o, "attestations"), *entry;
	const char *kind = json_get_string(publisher, "kind");
	size_t i;

	if (!kind || !json_array_size(list))
		return unsound(
			what, "have a bundle without publisher or attestation", err);
	attestation_bundle *b = g_new0(attestation_bundle, 1);
	b->files = g_ptr_array_new_with_free_func(file_free);
	g_ptr_array_add(out, b);
	const char *workflow = json_get_string(publisher, "workflow");
	if (!workflow)
		workflow = json_get_string(publisher, "workflow_filepath");
	b->kind = g_strdup(kind);
	b->repository = g_strdup(json_get_string(publisher, "repository"));
	b->workflow = g_strdup(workflow);
	b->email = g_strdup(json_get_string(publisher, "email"));
	json_array_foreach(
		list, i, entry) if (!read_attestation(b, entry, what, err)) return FALSE;
	return TRUE;
}

GPtrArray *attestations_parse(
	const char *data, gsize size, const char *what, GError **err)
{
	g_autoptr(json_t) root = json_parse(data, size, what, err);
	g_autoptr(GPtrArray) out = g_ptr_array_new_with_free_func(bundle_free);
	const json_t *list, *entry;
	size_t i;

	if (!root)
		return NULL;
	list = json_get_array(root, "attestation_bundles");
	if (json_get_int(root, "version", 0) != 1 || !list) {
		unsound(what, "are not in the form that xorch knows, version 1", err);
		return NULL;
	}
	json_array_foreach(
		list, i, entry) if (!read_bundle(out, entry, what, err)) return NULL;
	return g_steal_pointer(&out);
}
