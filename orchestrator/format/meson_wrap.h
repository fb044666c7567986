#pragma once
#include <glib.h>

/* A .wrap file of Meson: where a subproject comes from that a source does not hold. */

/* A file that Meson would download, by the name it has in subprojects/packagecache. */
typedef struct wrap_file {
	char *name;
	GPtrArray *urls; /* char *: the one that is said, then its fallback */
	char *sha256;	 /* lower case */
	gboolean patch;	 /* laid over the other one */
} wrap_file;

typedef struct meson_wrap {
	char *name;	      /* the file's, without .wrap */
	char *directory;      /* below subprojects/: where it lies once it is there */
	GPtrArray *files;     /* wrap_file *: archive and patch, of [wrap-file] */
	char *git, *revision; /* of [wrap-git]; NULL of others */
	gboolean submodules;
	/* char *, as wrap_word: its name and the dependencies and programs it is for. */
	GPtrArray *provides;
	/* Why it cannot be had beforehand, for people: "names no sha256"; NULL: it can,
	 * or nothing is to be had (files inside the source, a redirect). */
	char *unusable;
} meson_wrap;

/* Nothing is rejected: what is not understood is as if it was not there. Names that
 * would lead out of their folder are not usable. */
meson_wrap *meson_wrap_parse(const char *name, const char *text);
void meson_wrap_free(meson_wrap *w);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(meson_wrap, meson_wrap_free)

/* A name as it is compared: lower case, `_` as `-`. New string. */
char *wrap_word(const char *text);

/* What the text of a meson.build may name: the strings in it, those of `f'…@x@…'` and
 * `'…@0@…'.format(…)` with `*` for what is put in later. */
typedef struct wrap_words {
	GHashTable *plain;   /* set of wrap_word */
	GPtrArray *patterns; /* GPatternSpec * */
	GHashTable *called;  /* set: those in `subproject(` itself */
	GPtrArray *called_patterns;
} wrap_words;
void wrap_words_init(wrap_words *w);
void wrap_words_clear(wrap_words *w);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(wrap_words, wrap_words_clear)
void wrap_words_add(wrap_words *w, const char *text);
/* `subproject_dir:` of the project's own meson.build, else "subprojects". New string. */
char *wrap_folder(const char *text);

/* Does what was read speak of it at all? Does it call subproject() with its name, so
 * that no library of the system takes its place? */
gboolean wrap_words_name(const wrap_words *w, const meson_wrap *wrap);
gboolean wrap_words_call(const wrap_words *w, const meson_wrap *wrap);
