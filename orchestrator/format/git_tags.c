#include "format/git_tags.h"
#include "base/error.h"
#include "format/http_url.h"
#include <lazy/git2.h>
#include <string.h>

#define TAGS_MAX 20000
#define PREFIX "refs/tags/"

static void tag_free(gpointer data)
{
	git_tag *t = data;

	g_free(t->name);
	g_free(t->commit);
	g_free(t);
}

/* "v1" and, for an annotated one, "v1^{}" after it, which is the commit. */
static void add(GPtrArray *tags, const git_remote_head *head)
{
	char hex[GIT_OID_HEXSZ + 1];

	if (!g_str_has_prefix(head->name, PREFIX) || tags->len >= TAGS_MAX)
		return;
	g_autofree char *name = g_strdup(head->name + strlen(PREFIX));
	git_oid_tostr(hex, sizeof hex, &head->oid);
	git_tag *last = tags->len ? g_ptr_array_index(tags, tags->len - 1) : NULL;
	if (g_str_has_suffix(name, "^{}")) {
		name[strlen(name) - 3] = '\0';
		if (last && g_str_equal(last->name, name)) {
			g_free(last->commit);
			last->commit = g_strdup(hex);
		}
		return;
	}
	git_tag *t = g_new0(git_tag, 1);
	t->name = g_steal_pointer(&name);
	t->commit = g_strdup(hex);
	g_ptr_array_add(tags, t);
}

static gboolean list(git_remote *r, GPtrArray *tags)
{
	const git_remote_head **heads = NULL;
	size_t n = 0;

	if (git_remote_connect(r, GIT_DIRECTION_FETCH, NULL, NULL, NULL) != 0 ||
		git_remote_ls(&heads, &n, r) != 0)
		return FALSE;
	for (size_t i = 0; i < n; i++)
		add(tags, heads[i]);
	return TRUE;
}

GPtrArray *git_tags_list(const char *url, GError **err)
{
	g_autoptr(GPtrArray) tags = g_ptr_array_new_with_free_func(tag_free);
	g_autofree char *why = url[0] == '-' ? g_strdup("it begins like an option")
					     : http_url_refusal(url, FALSE);
	g_autofree char *shown = http_url_show(url);
	git_remote *r = NULL;

	if (why) {
		error_set(
			err, EXIT_INPUT, "X0553", "no repository is fetched from there");
		error_line(err, "%s: %s", shown, why);
		return NULL;
	}
	git_libgit2_init();
	gboolean ok = git_remote_create_detached(&r, url) == 0 && list(r, tags);
	if (!ok) {
		const git_error *e = git_error_last();
		g_autofree char *text =
			text_escape(e && e->message ? e->message : "unknown", -1);
		error_set(err, EXIT_NETWORK, "X0550", "cannot list the tags");
		error_line(err, "from: %s", shown);
		error_line(err, "git:  %s", text);
	}
	git_remote_free(r);
	git_libgit2_shutdown();
	return ok ? g_steal_pointer(&tags) : NULL;
}
