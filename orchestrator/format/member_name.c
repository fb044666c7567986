#include "format/member_name.h"
#include <string.h>

#define NAME_MAX_BYTES 4096
#define COMPONENT_MAX_BYTES 255

const char *const usr_merged_folders[] = {
	"bin", "sbin", "lib", "lib32", "lib64", "libx32", "libo32", NULL};

static char *refused(const char **reason, const char *why)
{
	*reason = why;
	return NULL;
}

static const char *bad_bytes(const char *text, unsigned flags)
{
	gsize n = strlen(text);

	if (n > NAME_MAX_BYTES)
		return "is longer than 4,096 bytes";
	for (gsize i = 0; i < n; i++) {
		unsigned char c = text[i];
		if (c < 0x20 || c == 0x7f)
			return "holds a control character";
		if (c == '\\' && (flags & MEMBER_NAME_PORTABLE))
			return "holds a backslash";
	}
	if ((flags & MEMBER_NAME_PORTABLE) && g_ascii_isalpha(text[0]) && text[1] == ':')
		return "begins with a drive letter";
	if (!g_utf8_validate(text, n, NULL))
		return "is not valid UTF-8";
	return NULL;
}

char *member_name_clean(const char *name, unsigned flags, const char **reason)
{
	if (!name || !*name)
		return refused(reason, "is empty");
	const char *why = bad_bytes(name, flags);
	if (why)
		return refused(reason, why);
	if (*name == '/')
		return refused(reason, "is absolute");
	GString *out = g_string_sized_new(strlen(name));
	for (const char *p = name; *p;) {
		gsize n = strcspn(p, "/");
		if (n == 2 && p[0] == '.' && p[1] == '.')
			why = "has a \"..\" component";
		if (n > COMPONENT_MAX_BYTES)
			why = "has a component longer than 255 bytes";
		if (n && !(n == 1 && *p == '.')) {
			if (out->len)
				g_string_append_c(out, '/');
			g_string_append_len(out, p, n);
		}
		p += n;
		p += *p == '/';
	}
	if (why) {
		g_string_free(out, TRUE);
		return refused(reason, why);
	}
	return g_string_free(out, FALSE);
}

/* Takes the last component off; FALSE when there is none. */
static gboolean up(GString *path)
{
	if (!path->len)
		return FALSE;
	const char *slash = strrchr(path->str, '/');
	g_string_truncate(path, slash ? slash - path->str : 0);
	return TRUE;
}

char *member_link_resolve(const char *name, const char *target, gboolean rooted,
	gboolean *plain, const char **reason)
{
	gboolean named = FALSE, simple = TRUE;

	if (!target || !*target)
		return refused(reason, "has an empty target");
	const char *why = bad_bytes(target, 0);
	if (why)
		return refused(reason, why);
	if (*target == '/' && !rooted)
		return refused(reason, "points to an absolute path");
	g_autoptr(GString) path = g_string_new(*target == '/' ? "" : name);
	if (*target != '/')
		up(path);
	for (const char *p = target; *p;) {
		gsize n = strcspn(p, "/");
		if (n == 2 && p[0] == '.' && p[1] == '.') {
			simple = simple && !named;
			if (!up(path))
				return refused(reason, "points out of the archive");
		} else if (n && !(n == 1 && *p == '.')) {
			if (n > COMPONENT_MAX_BYTES)
				return refused(
					reason, "has a component longer than 255 bytes");
			named = TRUE;
			if (path->len)
				g_string_append_c(path, '/');
			g_string_append_len(path, p, n);
		}
		p += n;
		p += *p == '/';
	}
	if (plain)
		*plain = simple && *target != '/';
	return g_string_free(g_steal_pointer(&path), FALSE);
}

char *member_link_relative(const char *name, const char *to)
{
	gsize same = 0;
	GString *out = g_string_new(NULL);

	for (gsize i = 0; name[i] && name[i] == to[i]; i++)
		if (name[i] == '/')
			same = i + 1;
	for (const char *p = strchr(name + same, '/'); p; p = strchr(p + 1, '/'))
		g_string_append(out, "../");
	g_string_append(out, to + same);
	if (out->len > 1 && out->str[out->len - 1] == '/')
		g_string_truncate(out, out->len - 1);
	if (!out->len)
		g_string_append_c(out, '.');
	return g_string_free(out, FALSE);
}

char *member_name_usr_merge(const char *name)
{
	gsize n = strcspn(name, "/");

	for (int i = 0; usr_merged_folders[i]; i++)
		if (strlen(usr_merged_folders[i]) == n &&
			!memcmp(usr_merged_folders[i], name, n))
			return g_strconcat("usr/", name, NULL);
	return g_strdup(name);
}
