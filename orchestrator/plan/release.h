#pragma once
#include <glib.h>

/* Which release of a project a recipe should be raised to. What there is, is found out by
 * build/release_find.h; here it is only judged. */
typedef struct release {
	char *version;	  /* as a recipe says it: "1.2.3" */
	gint64 published; /* seconds since 1970; RELEASE_UNDATED; RELEASE_NOT_ASKED */
	gboolean prerelease;
	gboolean no_source;    /* published as wheels alone */
	gboolean yanked;       /* by its publisher, or retracted */
	char *yanked_why;      /* or NULL */
	char *requires_python; /* PEP 440 specifiers, or NULL */
	char *tag, *commit;    /* of a repository; or NULL */
	gboolean rust_asked;
	char *rust; /* the Rust that its source asks for, once asked; NULL: none */
} release;
#define RELEASE_UNDATED (-1)
#define RELEASE_NOT_ASKED (-2)

/* `version` is copied. */
release *release_new(const char *version);
void release_free(release *r);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(release, release_free)

typedef struct release_list {
	GPtrArray *releases; /* release *, the newest first */
	/* <0, 0, >0 */
	int (*compare)(const char *a, const char *b);
	/* Finds out r->published (RELEASE_NOT_ASKED becomes something else); NULL: all
	 * that can be known is there. */
	gboolean (*ask_date)(release *r, void *data, GError **err);
	/* Finds out r->rust and sets r->rust_asked; NULL: cannot be known. */
	gboolean (*ask_rust)(release *r, void *data, GError **err);
	void *data;
	/* Its kind has no dates at all: limits of age do not hold for it. */
	gboolean dateless;
} release_list;

release_list *release_list_new(int (*compare)(const char *a, const char *b));
void release_list_free(release_list *l);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(release_list, release_list_free)
/* The newest first; of equal ones the first stays in front. */
void release_list_sort(release_list *l);
/* Borrowed; NULL when there is none. */
release *release_list_get(const release_list *l, const char *version);

typedef struct release_wish {
	const char *current;
	gboolean prerelease; /* these too; they count anyway when the current is one */
	const char *allow;   /* PEP 440 specifiers, or NULL */
	const GPtrArray *pythons; /* char * "3.11", one of which must do; NULL: any */
	gint64 now;		  /* seconds since 1970 */
	gint64 cut;		  /* --exclude-newer, 0: none */
	gint64 min_age;		  /* seconds, 0: none */
	/* The Rust there is, "1.85.0". It is asked for only of a release that nothing
	 * else speaks against, because its source has to be read for it. NULL: what a
	 * release wants is not asked for. */
	const char *rust;
} release_wish;

/* Pointers into the list, or NULL. */
typedef struct release_choice {
	const release
		*take; /* the newest that may be taken and is newer than the current */
	const release *held; /* the newest of all, when something holds it back … */
	char *why;     /* … and what: "published 2 days ago, minimum age is 7 days" */
	char *dropped; /* Pythons of the wish that `take` no longer serves, or NULL */
} release_choice;

void release_choice_clear(release_choice *c);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(release_choice, release_choice_clear)

/* Whether a source that asks for Rust `wanted` ("1.88") is too new for Rust `have`. */
gboolean release_rust_is_newer(const char *wanted, const char *have);

/* What is yanked or, without the wish for it, a pre-release is passed over in silence.
 * FALSE when something could not be asked for, or EXIT_INPUT X0241 for `allow`. */
gboolean release_choose(
	const release_list *l, const release_wish *w, release_choice *out, GError **err);
