#pragma once
#include "format/yaml.h"

/* From YAML maps to C structs by table: one row a key. Unknown keys, missing
 * ones, wrong types and values that fail a check are all reported, with place
 * and a suggestion, and binding goes on; the struct is to be used only when
 * the list holds no error afterwards.
 *
 *	static const bind_field fields[] = {
 *		{"name", BIND_STRING, offsetof(thing, name), BIND_REQUIRED,
 *			.check = check_name, .doc = "what it is called"},
 *		{"jobs", BIND_INT, offsetof(thing, jobs), .min = 1, .max = 64},
 *		{0}};
 *	static const bind_struct thing_binding = {"a thing", sizeof(thing), fields};
 *
 * Fields not in the file keep what `init` gave them (zero without init).
 * yaml_bind_clear frees everything a table's rows point to. */
typedef enum bind_type {
	BIND_STRING,   /* char * */
	BIND_BOOL,     /* gboolean: true or false */
	BIND_INT,      /* gint64 within min…max (both 0: any) */
	BIND_SIZE,     /* gint64, bytes: 512MiB, KiB, GiB */
	BIND_DURATION, /* gint64, seconds: 90s, 45m, 1h */
	BIND_CHOICE,   /* int: index in the NULL-terminated list of names, arg */
	BIND_STRLIST,  /* GPtrArray of char * */
	BIND_STRMAP,   /* GPtrArray of bind_pair, in the file's order */
	BIND_STRUCT,   /* the struct itself, in place; arg: its bind_struct */
	BIND_STRUCTS,  /* GPtrArray of pointers to structs; arg: bind_struct */
	BIND_NAMED,    /* map name -> struct: GPtrArray of pointers to structs whose
			* first member is char *name; arg: bind_struct */
	BIND_CUSTOM,   /* arg: bind_custom */
	BIND_IGNORE,   /* accepted and not read */
	BIND_NODE,     /* const yaml_node *: the map being bound; key is "" */
} bind_type;

enum bind_flags {
	BIND_REQUIRED = 1 << 0,
	BIND_ONE_OK = 1 << 1,	/* STRLIST, STRUCTS: a single one instead of a list */
	BIND_UNIQUE = 1 << 2,	/* STRLIST: no item twice */
	BIND_EMPTY_OK = 1 << 3, /* STRING, STRLIST, STRMAP: "" and empty lists too */
	BIND_NAMES = 1 << 4,	/* STRING, STRLIST: a boolean or a number is a mistake,
				 * unless in quotes */
};

typedef struct bind_pair {
	char *name, *value;
} bind_pair;
/* Sets the value of a name in a list of pairs (*list NULL: made), both copied. */
void bind_pair_set(GPtrArray **list, const char *name, const char *value);
/* FALSE too for a list that is NULL. */
gboolean bind_pair_has(const GPtrArray *list, const char *name);

/* NULL when text is fine, else why not, said as a caret's label ("wants 64 hex
 * digits"). Applied to strings, list items and map values. */
typedef const char *(*bind_check)(const char *text);

/* Another spelling of a value, written as it should be (new string); NULL when it is not
 * beyond doubt what was meant. */
typedef char *(*bind_fix)(const char *text);

typedef struct bind_field {
	const char *key;
	bind_type type;
	size_t offset;
	unsigned flags;
	const void *arg;
	bind_check check;
	bind_check name_check; /* STRMAP, NAMED: for the names */
	bind_fix fix; /* STRING, STRLIST: what a text that fails the check must mean */
	gint64 min, max;
	const char *doc; /* one line, for the schema and for help */
} bind_field;

typedef struct bind_struct {
	const char *what; /* "a recipe", "a source": for messages */
	size_t size; /* 0: its fields lie in the enclosing struct (BIND_STRUCT, offset 0)
		      */
	const bind_field *fields; /* ends with key NULL */
	void (*init)(void *out);
} bind_struct;

typedef struct binder {
	const yaml_doc *doc;
	diag_list *l;
	/* Values may still hold `${{ … }}`: checks skip them, numbers and choices
	 * keep their default. */
	gboolean partial;
} binder;

typedef struct bind_custom {
	const char *wants; /* "a string or a map by target" */
	/* Reports by yaml_error(b->doc, b->l, …). */
	void (*read)(const binder *b, const yaml_node *value, void *field);
	void (*clear)(void *field);
	const char *schema; /* what it takes as a JSON schema, ' for " (plan/schema.h) */
} bind_custom;

/* Binds a map. out is `size` bytes that need not be initialised. TRUE when it
 * added no error. The map's nodes must outlive BIND_NODE fields. */
gboolean yaml_bind(
	const binder *b, const yaml_node *map, const bind_struct *s, void *out);
void yaml_bind_clear(const bind_struct *s, void *out);

/* For custom readers: reports "`key` wants WANTS, found a list". */
void bind_wrong_type(const binder *b, const yaml_node *value, const char *wants);
/* Does this value still hold an expression? */
gboolean bind_is_open(const binder *b, const yaml_node *value);

/* "512MiB" -> bytes, "45m" -> seconds; FALSE when not of that form. */
gboolean text_to_size(const char *text, gint64 *bytes);
gboolean text_to_duration(const char *text, gint64 *seconds);
