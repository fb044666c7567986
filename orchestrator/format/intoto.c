#include "format/intoto.h"
#include "base/error.h"
#include "format/digest.h"
#include <string.h>

char *intoto_line(const char *name, const char *sha256, const json_t *predicate)
{
	g_autoptr(json_t) statement = json_pack("{s:s, s:[{s:s, s:{s:s}}], s:s, s:O}",
		"_type", INTOTO_STATEMENT, "subject", "name", name, "digest", "sha256",
		sha256, "predicateType", SLSA_PROVENANCE, "predicate", predicate);
	char *text =
		statement ? json_dumps(statement, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
	char *line = g_strconcat(text ? text : "{}", "\n", NULL);

	free(text);
	return line;
}

static const json_t *subject(const json_t *statement)
{
	return json_array_get(json_get_array(statement, "subject"), 0);
}

const char *intoto_name(const json_t *statement)
{
	return json_get_string(subject(statement), "name");
}

const char *intoto_sha256(const json_t *statement)
{
	return json_get_string(json_get_object(subject(statement), "digest"), "sha256");
}

json_t *intoto_definition(const json_t *statement)
{
	return json_get_object(
		json_get_object(statement, "predicate"), "buildDefinition");
}

json_t *intoto_details(const json_t *statement)
{
	return json_get_object(json_get_object(statement, "predicate"), "runDetails");
}

static gboolean is_provenance(const json_t *s)
{
	const char *hex = intoto_sha256(s);
	g_autofree char *sound = hex ? digest_normalise(hex) : NULL;
	const char *name = intoto_name(s);

	return g_strcmp0(json_get_string(s, "_type"), INTOTO_STATEMENT) == 0 &&
	       g_strcmp0(json_get_string(s, "predicateType"), SLSA_PROVENANCE) == 0 &&
	       sound && g_str_equal(sound, hex) && name && *name && !strchr(name, '/') &&
	       intoto_definition(s);
}

/* The statement of an envelope; NULL when it is none. */
static json_t *unseal(const json_t *line)
{
	const char *payload = json_get_string(line, "payload");
	/* what actions/attest and cosign write has the envelope one level deeper */
	const json_t *inner = json_get_object(line, "dsseEnvelope");
	gsize size = 0;

	if (inner)
		return unseal(inner);
	if (!payload ||
		g_strcmp0(json_get_string(line, "payloadType"), INTOTO_ENVELOPE) != 0)
		return NULL;
	g_autofree guchar *bytes = g_base64_decode(payload, &size);
	return json_parse((const char *)bytes, size, "an envelope's payload", NULL);
}

json_t *intoto_read(
	const char *text, gsize size, const char *what, gboolean *sealed, GError **err)
{
	const char *end = text + size;

	for (const char *at = text; at < end;) {
		const char *stop = memchr(at, '\n', (gsize)(end - at));
		gsize n = (gsize)((stop ? stop : end) - at);
		g_autoptr(json_t) line = n ? json_parse(at, n, what, NULL) : NULL;
		g_autoptr(json_t) inside = line ? unseal(line) : NULL;
		const json_t *found = inside ? inside : line;
		if (found && is_provenance(found)) {
			if (sealed)
				*sealed = inside != NULL;
			return json_incref((json_t *)found);
		}
		at += n + 1;
	}
	error_set(err, EXIT_INTEGRITY, "X0690", "%s: no provenance statement", what);
	error_note(err,
		"no line of it is an in-toto statement with an SLSA v1 predicate, a "
		"subject and its sha256");
	error_help(err, "the file was changed, or is not one that `xorch build` wrote");
	return NULL;
}
