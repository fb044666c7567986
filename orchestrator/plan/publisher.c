#include "plan/publisher.h"
#include <string.h>

#define GITHUB "github:"
#define GITLAB "gitlab:"

/* The slash before the workflow's file, or the end of the text; NULL: not sound. */
static const char *repository_end(const char *text)
{
	gboolean gitlab = g_str_has_prefix(text, GITLAB);
	const char *start = text + strlen(GITHUB);

	if (!gitlab && !g_str_has_prefix(text, GITHUB))
		return NULL;
	const char *slash = strchr(start, '/');
	if (!slash)
		return NULL;
	const char *end = gitlab ? strstr(slash + 1, "//") : strchr(slash + 1, '/');
	return end ? end : text + strlen(text);
}

/* Names with one slash between. */
static gboolean are_parts(const char *text, gsize len, guint least, guint most)
{
	guint parts = 1;

	for (gsize i = 0; i < len; i++) {
		gboolean slash = text[i] == '/';
		if (slash ? !i || text[i - 1] == '/'
			  : !g_ascii_isalnum(text[i]) && !strchr("._-", text[i]))
			return FALSE;
		parts += slash;
	}
	return len && text[len - 1] != '/' && parts >= least && parts <= most;
}

gboolean publisher_is_sound(const char *text)
{
	const char *end = repository_end(text);
	const char *start = text + strlen(GITHUB);
	gboolean gitlab = g_str_has_prefix(text, GITLAB);

	if (!end || !are_parts(start, (gsize)(end - start), 2, gitlab ? 30 : 2))
		return FALSE;
	if (!*end)
		return TRUE;
	const char *file = end + (gitlab ? 2 : 1);
	return are_parts(file, strlen(file), 1, gitlab ? 30 : 1);
}

char *publisher_text(gboolean gitlab, const char *repository, const char *workflow)
{
	g_autofree char *plain = g_strconcat(gitlab ? GITLAB : GITHUB, repository, NULL);
	g_autofree char *full =
		workflow ? g_strconcat(plain, gitlab ? "//" : "/", workflow, NULL) : NULL;

	if (!publisher_is_sound(plain) || *repository_end(plain))
		return NULL;
	if (full && publisher_is_sound(full))
		return g_steal_pointer(&full);
	return g_steal_pointer(&plain);
}

gboolean publisher_matches(const char *wanted, const char *found)
{
	const char *a = repository_end(wanted), *b = repository_end(found);

	if (!a || !b || a - wanted != b - found)
		return FALSE;
	return !g_ascii_strncasecmp(wanted, found, (gsize)(a - wanted)) &&
	       (!*a || g_str_equal(a, b));
}

gboolean publisher_is_listed(const GPtrArray *wanted, const char *found)
{
	for (guint i = 0; found && i < wanted->len; i++)
		if (publisher_matches(g_ptr_array_index(wanted, i), found))
			return TRUE;
	return FALSE;
}
