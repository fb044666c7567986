#include "format/cargo_lock.h"
#include "base/error.h"
#include "format/digest.h"
#include "format/settings_file.h"
#include <string.h>

void cargo_crate_free(cargo_crate *c)
{
	if (!c)
		return;
	g_free(c->name);
	g_free(c->version);
	g_free(c->sha256);
	g_free(c->git);
	g_free(c->commit);
	g_free(c);
}

/* One [[package]], borrowed from the entries. */
typedef struct package {
	const char *name, *version, *source, *checksum;
} package;

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"

static gboolean is_all_of(const char *text, const char *taken)
{
	return *text && !text[strspn(text, taken)];
}

gboolean cargo_is_name(const char *text)
{
	return is_all_of(text, LETTERS) && text[0] != '-';
}

gboolean cargo_is_version(const char *text)
{
	return is_all_of(text, LETTERS ".+") && g_ascii_isdigit(text[0]);
}

/* The default registry's name in every Cargo.lock, whatever mirror is used, is the
 * index repository of the Rust project. */
static gboolean is_default_registry(const char *source)
{
	return g_str_has_prefix(source, "registry+https:") &&
	       strstr(source, "/rust-lang/") && g_str_has_suffix(source, "-index");
}

static gboolean bad(const char *label, const package *p, const char *what, GError **err)
{
	g_autofree char *name = text_escape(p->name ? p->name : "?", -1);
	g_autofree char *version = text_escape(p->version ? p->version : "?", -1);

	error_set(err, EXIT_INPUT, "X0951", "%s: crate %s %s %s", label, name, version,
		what);
	if (p->source) {
		g_autofree char *source = text_escape(p->source, -1);
		error_line(err, "source: %s", source);
	}
	return FALSE;
}

/* "git+https://host/team/thing?tag=v1#COMMIT"; FALSE: no such. */
static gboolean read_git(const char *source, cargo_crate *c)
{
	const char *hash = strrchr(source, '#');

	if (!g_str_has_prefix(source, "git+") || !hash || strlen(hash + 1) != 40 ||
		strspn(hash + 1, "0123456789abcdef") != 40)
		return FALSE;
	source += strlen("git+");
	c->git = g_strndup(source, strcspn(source, "?#"));
	c->commit = g_strdup(hash + 1);
	return TRUE;
}

static gboolean take(GPtrArray *all, const char *label, const package *p, GError **err)
{
	if (!p->name || !cargo_is_name(p->name) || !p->version ||
		!cargo_is_version(p->version))
		return bad(label, p, "has no proper name and version", err);
	if (!p->source) /* of the project itself */
		return TRUE;
	gboolean git = g_str_has_prefix(p->source, "git+");
	g_autofree char *sha256 = p->checksum ? digest_normalise(p->checksum) : NULL;
	if (!git && !is_default_registry(p->source)) {
		bad(label, p, "comes from another registry", err);
		error_help(err, "only crates of the default registry and of git are "
				"fetched before a build; a patch in the recipe may name "
				"a released version");
		return FALSE;
	}
	if (!git && !sha256)
		return bad(label, p, "has no sha256", err);
	cargo_crate *c = g_new0(cargo_crate, 1);
	g_ptr_array_add(all, c);
	c->name = g_strdup(p->name);
	c->version = g_strdup(p->version);
	if (git)
		return read_git(p->source, c) || bad(label, p, "names no commit", err);
	c->sha256 = g_steal_pointer(&sha256);
	return TRUE;
}

GPtrArray *cargo_lock_parse(const char *text, const char *label, GError **err)
{
	g_autoptr(GPtrArray) entries = settings_parse_toml(text);
	g_autoptr(GPtrArray) all =
		g_ptr_array_new_with_free_func((GDestroyNotify)cargo_crate_free);
	const settings_entry *first = entries->len ? g_ptr_array_index(entries, 0) : NULL;
	package p = {0};

	if (!first || (!g_str_equal(first->key, "version") &&
			      !g_str_equal(first->section, "package"))) {
		error_set(err, EXIT_INPUT, "X0951", "%s is no Cargo.lock", label);
		return NULL;
	}
	for (guint i = 0; i < entries->len; i++) {
		const settings_entry *e = g_ptr_array_index(entries, i);
		const settings_entry *next =
			i + 1 < entries->len ? g_ptr_array_index(entries, i + 1) : NULL;
		if (!g_str_equal(e->section, "package"))
			continue;
		if (g_str_equal(e->key, "name"))
			p.name = e->value;
		else if (g_str_equal(e->key, "version"))
			p.version = e->value;
		else if (g_str_equal(e->key, "source"))
			p.source = e->value;
		else if (g_str_equal(e->key, "checksum"))
			p.checksum = e->value;
		if (next && next->block == e->block)
			continue;
		if (!take(all, label, &p, err))
			return NULL;
		p = (package){0};
	}
	return g_steal_pointer(&all);
}
