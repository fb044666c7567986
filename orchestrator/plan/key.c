#include "plan/key.h"
#include "format/digest.h"
#include <string.h>

struct key {
	digest *sum; /* spent once there is `digest` */
	GPtrArray *inputs;
	char *digest;
};

static void input_free(void *data)
{
	key_input *i = data;

	g_free(i->name);
	g_free(i->value);
	g_free(i);
}

static void frame(key *k, char kind, const void *data, gsize size)
{
	guint64 n = GUINT64_TO_LE((guint64)size);

	g_assert(!k->digest);
	digest_update(k->sum, &kind, 1);
	digest_update(k->sum, &n, sizeof n);
	if (size)
		digest_update(k->sum, data, size);
}

static void remember(key *k, const char *name, char *value)
{
	key_input *i = g_new(key_input, 1);

	i->name = g_strdup(name);
	i->value = value;
	g_ptr_array_add(k->inputs, i);
}

static char *shown(const void *data, gsize size)
{
	if (size <= 120 && g_utf8_validate(data, size, NULL) && !memchr(data, '\n', size))
		return g_strndup(data, size);
	g_autofree char *hex = digest_bytes(data, size);
	return g_strdup_printf("sha256:%.16s", hex);
}

key *key_new(const char *step, unsigned version)
{
	key *k = g_new0(key, 1);

	k->sum = digest_new();
	k->inputs = g_ptr_array_new_with_free_func(input_free);
	frame(k, 'K', step, strlen(step));
	key_add_int(k, "format", version);
	return k;
}

void key_free(key *k)
{
	if (!k)
		return;
	digest_free(k->sum);
	g_ptr_array_unref(k->inputs);
	g_free(k->digest);
	g_free(k);
}

void key_add(key *k, const char *name, const char *value)
{
	if (value) {
		key_add_bytes(k, name, value, strlen(value));
		return;
	}
	frame(k, 'n', name, strlen(name));
	frame(k, '0', NULL, 0);
	remember(k, name, g_strdup("(none)"));
}

void key_add_int(key *k, const char *name, gint64 value)
{
	char text[32];

	g_snprintf(text, sizeof text, "%" G_GINT64_FORMAT, value);
	key_add(k, name, text);
}

void key_add_bytes(key *k, const char *name, const void *data, gsize size)
{
	frame(k, 'n', name, strlen(name));
	frame(k, 's', data, size);
	remember(k, name, shown(data, size));
}

void key_add_list(key *k, const char *name, const char *const *values)
{
	GString *text = g_string_new(NULL);
	guint64 n = values ? g_strv_length((char **)values) : 0;

	frame(k, 'n', name, strlen(name));
	frame(k, 'l', &(guint64){GUINT64_TO_LE(n)}, sizeof n);
	for (guint64 i = 0; i < n; i++) {
		frame(k, 's', values[i], strlen(values[i]));
		g_string_append_printf(text, "%s%s", i ? " " : "", values[i]);
	}
	remember(k, name, shown(text->str, text->len));
	g_string_free(text, TRUE);
}

const char *key_digest(key *k)
{
	if (!k->digest)
		k->digest = digest_finish(k->sum);
	return k->digest;
}

const GPtrArray *key_inputs(const key *k)
{
	return k->inputs;
}
