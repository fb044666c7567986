#include "base/process_secret.h"
#include <string.h>

#define SHOWN "***"

static void list_free(gpointer list)
{
	g_ptr_array_unref(list);
}

/* char *, longest first: of two that begin alike the longer one is meant. */
static GPrivate secrets = G_PRIVATE_INIT(list_free);

static int longest_first(gconstpointer a, gconstpointer b)
{
	size_t x = strlen(*(char *const *)a), y = strlen(*(char *const *)b);

	return x < y ? 1 : x > y ? -1 : 0;
}

void process_secrets_set(const char *const *values)
{
	GPtrArray *list = g_ptr_array_new_with_free_func(g_free);

	for (; values && *values; values++)
		if (strlen(*values) >= PROCESS_SECRET_MIN)
			g_ptr_array_add(list, g_strdup(*values));
	g_ptr_array_sort(list, longest_first);
	g_private_replace(&secrets, list);
}

struct process_mask {
	GPtrArray *list; /* shared with the thread */
	GString *held;
};

process_mask *process_mask_new(void)
{
	GPtrArray *list = g_private_get(&secrets);

	if (!list || !list->len)
		return NULL;
	process_mask *m = g_new(process_mask, 1);
	*m = (process_mask){g_ptr_array_ref(list), g_string_new(NULL)};
	return m;
}

void process_mask_free(process_mask *m)
{
	if (!m)
		return;
	g_ptr_array_unref(m->list);
	g_string_free(m->held, TRUE);
	g_free(m);
}

/* The length of the secret that stands at `at`; 0 none; *maybe: a longer one could, if
 * more bytes came. */
static size_t secret_at(
	const GPtrArray *list, const char *at, size_t left, gboolean *maybe)
{
	*maybe = FALSE;
	for (guint i = 0; i < list->len; i++) {
		const char *secret = g_ptr_array_index(list, i);
		size_t n = strlen(secret);
		if (*at != *secret)
			continue;
		if (n <= left && memcmp(at, secret, n) == 0)
			return n;
		if (n > left && memcmp(at, secret, left) == 0)
			*maybe = TRUE;
	}
	return 0;
}

void process_mask_add(
	process_mask *m, const char *bytes, gsize size, gboolean last, GString *out)
{
	g_string_append_len(m->held, bytes, (gssize)size);
	const char *at = m->held->str, *end = at + m->held->len;
	while (at < end) {
		gboolean maybe;
		size_t n = secret_at(m->list, at, (size_t)(end - at), &maybe);
		if (maybe && !last)
			break;
		if (n)
			g_string_append(out, SHOWN);
		else
			g_string_append_c(out, *at);
		at += n ? n : 1;
	}
	g_string_erase(m->held, 0, at - m->held->str);
}

char *process_secrets_mask(const char *text)
{
	process_mask *m = process_mask_new();
	GString *out = g_string_new(NULL);

	if (m)
		process_mask_add(m, text, strlen(text), TRUE, out);
	else
		g_string_append(out, text);
	process_mask_free(m);
	return g_string_free(out, FALSE);
}
