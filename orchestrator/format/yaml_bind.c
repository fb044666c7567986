#include "format/yaml_bind.h"
#include <string.h>

static void bind_value(
	const binder *b, const bind_field *f, const yaml_node *value, void *field);

void bind_wrong_type(const binder *b, const yaml_node *value, const char *wants)
{
	diag *d;

	if (value->kind == YAML_SCALAR && !value->quoted && !*value->text) {
		d = yaml_error(b->doc, b->l, value, "X0203", "the value is missing");
		diag_label(d, "wants %s", wants);
		diag_help(d, "remove the key or give it a value");
		return;
	}
	d = yaml_error(b->doc, b->l, value, "X0203", "wrong type");
	diag_label(d, "wants %s, found %s", wants, yaml_kind_name(value->kind));
}

gboolean bind_is_open(const binder *b, const yaml_node *value)
{
	return b->partial && value->kind == YAML_SCALAR && strstr(value->text, "${{");
}

static void wrong_value(const binder *b, const yaml_node *at, const char *why)
{
	diag *d = yaml_error(b->doc, b->l, at, "X0213", "`%s` is not allowed here",
		at->kind == YAML_SCALAR ? at->text : yaml_kind_name(at->kind));

	diag_label(d, "%s", why);
}

static gboolean is_missing(const yaml_node *n)
{
	return n->kind == YAML_SCALAR && !n->quoted && !*n->text;
}

/* NULL after a report. */
static char *read_string(const binder *b, const bind_field *f, const yaml_node *n)
{
	gboolean may_be_empty = f->flags & BIND_EMPTY_OK;

	if (n->kind != YAML_SCALAR || (is_missing(n) && !may_be_empty)) {
		bind_wrong_type(b, n, "a string");
		return NULL;
	}
	const char *why = f->check && !bind_is_open(b, n) ? f->check(n->text) : NULL;
	if (!*n->text && !may_be_empty)
		why = "must not be empty";
	if (!why && (f->flags & BIND_NAMES) && !n->quoted && yaml_is_typed(n->text))
		why = "wants a name, and this is a boolean or a number unless in quotes";
	if (why) {
		g_autofree char *meant = f->fix ? f->fix(n->text) : NULL;
		wrong_value(b, n, why);
		if (meant && (!f->check || !f->check(meant)))
			diag_fix(diag_list_last(b->l), n->text, meant);
		return NULL;
	}
	return g_strdup(n->text);
}

static void read_bool(const binder *b, const yaml_node *n, gboolean *out)
{
	diag *d;

	if (n->kind != YAML_SCALAR || is_missing(n)) {
		bind_wrong_type(b, n, "true or false");
	} else if (g_str_equal(n->text, "true") || g_str_equal(n->text, "false")) {
		*out = n->text[0] == 't';
	} else {
		d = yaml_error(b->doc, b->l, n, "X0203", "`%s` is neither true nor false",
			n->text);
		diag_label(d, "wants true or false");
		if (yaml_boolean(n->text))
			diag_fix(d, n->text, yaml_boolean(n->text));
	}
}

static gboolean is_decimal(const char *text)
{
	const char *p = text + (*text == '-');

	return *p && strspn(p, "0123456789") == strlen(p) && (*p != '0' || !p[1]);
}

static void read_int(
	const binder *b, const bind_field *f, const yaml_node *n, gint64 *out)
{
	gboolean any = f->min == 0 && f->max == 0;
	gint64 value;

	if (n->kind != YAML_SCALAR || is_missing(n)) {
		bind_wrong_type(b, n, "a whole number");
		return;
	}
	if (!is_decimal(n->text)) {
		diag *d = yaml_error(
			b->doc, b->l, n, "X0203", "`%s` is not a whole number", n->text);
		diag_label(d, "wants a whole number");
		return;
	}
	if (!g_ascii_string_to_signed(n->text, 10, any ? G_MININT64 : f->min,
		    any ? G_MAXINT64 : f->max, &value, NULL)) {
		diag *d = yaml_error(
			b->doc, b->l, n, "X0213", "`%s` is out of range", n->text);
		diag_label(d, "wants %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT, f->min,
			any ? G_MAXINT64 : f->max);
		return;
	}
	*out = value;
}

static gboolean number_with_unit(
	const char *text, const char *const *units, const gint64 *factors, gint64 *out)
{
	char *end;
	guint64 n = g_ascii_strtoull(text, &end, 10);

	if (!g_ascii_isdigit(*text) || *text == '0')
		return FALSE;
	for (int i = 0; units[i]; i++) {
		if (!g_str_equal(end, units[i]))
			continue;
		if (n > (guint64)(G_MAXINT64 / factors[i]))
			return FALSE;
		*out = (gint64)n * factors[i];
		return TRUE;
	}
	return FALSE;
}

gboolean text_to_size(const char *text, gint64 *bytes)
{
	static const char *const units[] = {"KiB", "MiB", "GiB", NULL};
	static const gint64 factors[] = {1 << 10, 1 << 20, 1 << 30};

	return number_with_unit(text, units, factors, bytes);
}

gboolean text_to_duration(const char *text, gint64 *seconds)
{
	static const char *const units[] = {"s", "m", "h", NULL};
	static const gint64 factors[] = {1, 60, 3600};

	return number_with_unit(text, units, factors, seconds);
}

static void read_unit(const binder *b, const yaml_node *n,
	gboolean (*convert)(const char *, gint64 *), const char *wants, gint64 *out)
{
	if (n->kind != YAML_SCALAR || is_missing(n))
		bind_wrong_type(b, n, wants);
	else if (!convert(n->text, out))
		wrong_value(b, n, wants);
}

static void read_choice(
	const binder *b, const bind_field *f, const yaml_node *n, int *out)
{
	const char *const *names = f->arg;

	if (n->kind != YAML_SCALAR || is_missing(n)) {
		bind_wrong_type(b, n, "a string");
		return;
	}
	for (int i = 0; names[i]; i++) {
		if (g_str_equal(names[i], n->text)) {
			*out = i;
			return;
		}
	}
	g_autofree char *all = g_strjoinv(", ", (char **)names);
	const char *near = text_nearest(n->text, names);
	diag *d =
		yaml_error(b->doc, b->l, n, "X0213", "`%s` is not allowed here", n->text);
	diag_label(d, "wants one of: %s", all);
	if (near)
		diag_help(d, "did you mean `%s`?", near);
	const char *meant = text_only_near(n->text, names);
	if (meant)
		diag_fix(d, n->text, meant);
}

static void read_strlist(
	const binder *b, const bind_field *f, const yaml_node *n, GPtrArray **out)
{
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
	GPtrArray *list = g_ptr_array_new_with_free_func(g_free);

	g_clear_pointer(out, g_ptr_array_unref);
	*out = list;
	if (n->kind == YAML_SCALAR && !is_missing(n) && (f->flags & BIND_ONE_OK)) {
		char *text = read_string(b, f, n);
		if (text)
			g_ptr_array_add(list, text);
		return;
	}
	if (n->kind != YAML_SEQ) {
		bind_wrong_type(b, n, "a list of strings");
		if (n->kind == YAML_SCALAR && *n->text)
			diag_help(diag_list_last(b->l), "write [%s]", n->text);
		return;
	}
	for (guint i = 0; i < n->items->len; i++) {
		const yaml_node *item = g_ptr_array_index(n->items, i);
		char *text = item->broken ? NULL : read_string(b, f, item);
		if (!text)
			continue;
		if ((f->flags & BIND_UNIQUE) && !item->maybe &&
			!g_hash_table_add(seen, text))
			wrong_value(b, item, "in the list twice");
		g_ptr_array_add(list, text);
	}
	if (!n->items->len && !n->maybe && !(f->flags & BIND_EMPTY_OK))
		wrong_value(b, n, "the list must not be empty");
}

static void pair_free(gpointer data)
{
	bind_pair *p = data;

	g_free(p->name);
	g_free(p->value);
	g_free(p);
}

void bind_pair_set(GPtrArray **list, const char *name, const char *value)
{
	if (!*list)
		*list = g_ptr_array_new_with_free_func(pair_free);
	for (guint i = 0; i < (*list)->len; i++) {
		bind_pair *p = g_ptr_array_index(*list, i);
		if (!g_str_equal(p->name, name))
			continue;
		g_free(p->value);
		p->value = g_strdup(value);
		return;
	}
	bind_pair *p = g_new(bind_pair, 1);
	*p = (bind_pair){g_strdup(name), g_strdup(value)};
	g_ptr_array_add(*list, p);
}

gboolean bind_pair_has(const GPtrArray *list, const char *name)
{
	for (guint n = 0; list && n < list->len; n++)
		if (g_str_equal(((bind_pair *)g_ptr_array_index(list, n))->name, name))
			return TRUE;
	return FALSE;
}

static gboolean name_fits(const binder *b, const bind_field *f, const yaml_node *key)
{
	const char *why = f->name_check ? f->name_check(key->text) : NULL;

	if (why)
		wrong_value(b, key, why);
	return !why;
}

static void read_strmap(
	const binder *b, const bind_field *f, const yaml_node *n, GPtrArray **out)
{
	bind_field value = *f;

	value.flags |= BIND_EMPTY_OK;
	g_clear_pointer(out, g_ptr_array_unref);
	*out = g_ptr_array_new_with_free_func(pair_free);
	if (n->kind != YAML_MAP) {
		bind_wrong_type(b, n, "a map");
		return;
	}
	for (guint i = 0; i < n->keys->len; i++) {
		const yaml_node *key = g_ptr_array_index(n->keys, i);
		const yaml_node *v = g_ptr_array_index(n->values, i);
		if (!name_fits(b, f, key))
			continue;
		char *text = v->broken ? NULL : read_string(b, &value, v);
		if (!text)
			continue;
		bind_pair *p = g_new(bind_pair, 1);
		*p = (bind_pair){g_strdup(key->text), text};
		g_ptr_array_add(*out, p);
	}
}

/* Structs in a list are freed by their table, which g_ptr_array cannot know:
 * yaml_bind_clear walks the list. */
static void add_struct(
	const binder *b, const bind_struct *s, const yaml_node *n, GPtrArray *list)
{
	void *one = g_malloc0(s->size);

	yaml_bind(b, n, s, one);
	g_ptr_array_add(list, one);
}

static void read_structs(
	const binder *b, const bind_field *f, const yaml_node *n, GPtrArray **out)
{
	*out = g_ptr_array_new();
	if (n->kind == YAML_MAP && (f->flags & BIND_ONE_OK)) {
		add_struct(b, f->arg, n, *out);
		return;
	}
	if (n->kind != YAML_SEQ) {
		bind_wrong_type(b, n,
			f->flags & BIND_ONE_OK ? "a map or a list of maps"
					       : "a list of maps");
		return;
	}
	for (guint i = 0; i < n->items->len; i++)
		add_struct(b, f->arg, g_ptr_array_index(n->items, i), *out);
	if (!n->items->len && (f->flags & BIND_REQUIRED))
		wrong_value(b, n, "the list must not be empty");
}

static void read_named(
	const binder *b, const bind_field *f, const yaml_node *n, GPtrArray **out)
{
	*out = g_ptr_array_new();
	if (n->kind != YAML_MAP) {
		bind_wrong_type(b, n, "a map");
		return;
	}
	for (guint i = 0; i < n->keys->len; i++) {
		const yaml_node *key = g_ptr_array_index(n->keys, i);
		if (!name_fits(b, f, key))
			continue;
		add_struct(b, f->arg, g_ptr_array_index(n->values, i), *out);
		*(char **)g_ptr_array_index(*out, (*out)->len - 1) = g_strdup(key->text);
	}
}

static void bind_value(
	const binder *b, const bind_field *f, const yaml_node *n, void *field)
{
	gboolean open = bind_is_open(b, n);

	if (n->broken)
		return;
	switch (f->type) {
	case BIND_STRING:
		g_free(*(char **)field);
		*(char **)field = read_string(b, f, n);
		break;
	case BIND_BOOL:
		if (!open)
			read_bool(b, n, field);
		break;
	case BIND_INT:
		if (!open)
			read_int(b, f, n, field);
		break;
	case BIND_SIZE:
		if (!open)
			read_unit(b, n, text_to_size,
				"wants a size such as 512MiB (KiB, MiB, GiB)", field);
		break;
	case BIND_DURATION:
		if (!open)
			read_unit(b, n, text_to_duration,
				"wants a duration such as 90s, 45m or 1h", field);
		break;
	case BIND_CHOICE:
		if (!open)
			read_choice(b, f, n, field);
		break;
	case BIND_STRLIST:
		read_strlist(b, f, n, field);
		break;
	case BIND_STRMAP:
		read_strmap(b, f, n, field);
		break;
	case BIND_STRUCT:
		yaml_bind(b, n, f->arg, field);
		break;
	case BIND_STRUCTS:
		read_structs(b, f, n, field);
		break;
	case BIND_NAMED:
		read_named(b, f, n, field);
		break;
	case BIND_CUSTOM:
		((const bind_custom *)f->arg)->read(b, n, field);
		break;
	case BIND_IGNORE:
	case BIND_NODE:
		break;
	}
}

static const bind_field *field_of(const bind_struct *s, const char *key)
{
	for (const bind_field *f = s->fields; f->key; f++)
		if (*f->key && g_str_equal(f->key, key))
			return f;
	return NULL;
}

/* The key of those here that is a map with this key in it, or NULL. Of a single letter
 * nobody knows what it was meant to be. */
static const char *one_level_down(const bind_struct *s, const char *key)
{
	for (const bind_field *f = s->fields; f->key && strlen(key) > 1; f++)
		if (*f->key && f->type == BIND_STRUCT && field_of(f->arg, key))
			return f->key;
	return NULL;
}

static void unknown_key(const binder *b, const bind_struct *s, const yaml_node *key)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();

	for (const bind_field *f = s->fields; f->key; f++)
		if (*f->key)
			g_ptr_array_add(names, (gpointer)f->key);
	g_ptr_array_add(names, NULL);
	const char *near = text_nearest(key->text, (const char *const *)names->pdata);
	g_autofree char *all = g_strjoinv(", ", (char **)names->pdata);
	diag *d = yaml_error(b->doc, b->l, key, "X0201", "unknown key `%s`", key->text);
	diag_label(d, "not a key of %s", s->what);
	const char *map = one_level_down(s, key->text);
	if (map)
		diag_help(d, "it belongs into `%s`: {%s: …}", map, key->text);
	else if (near)
		diag_help(d, "did you mean `%s`?", near);
	const char *meant = text_only_near(key->text, (const char *const *)names->pdata);
	if (meant && !map)
		diag_fix(d, key->text, meant);
	diag_note(d, "keys here: %s", all);
}

static void missing_key(
	const binder *b, const bind_struct *s, const bind_field *f, const yaml_node *map)
{
	diag *d = diag_add(b->l, DIAG_ERROR, "X0212", b->doc->source, map->line, map->col,
		1, "key `%s` is missing", f->key);

	diag_label(d, "%s needs it", s->what);
	if (f->doc)
		diag_help(d, "%s: %s", f->key, f->doc);
}

gboolean yaml_bind(const binder *b, const yaml_node *map, const bind_struct *s, void *out)
{
	unsigned before = diag_list_errors(b->l);

	memset(out, 0, s->size);
	if (s->init)
		s->init(out);
	if (map->kind != YAML_MAP) {
		g_autofree char *wants = g_strdup_printf("a map (%s)", s->what);
		bind_wrong_type(b, map, wants);
		return FALSE;
	}
	for (guint i = 0; i < map->keys->len; i++) {
		const yaml_node *key = g_ptr_array_index(map->keys, i);
		const bind_field *f = field_of(s, key->text);
		if (f)
			bind_value(b, f, g_ptr_array_index(map->values, i),
				(char *)out + f->offset);
		else
			unknown_key(b, s, key);
	}
	for (const bind_field *f = s->fields; f->key; f++) {
		if (f->type == BIND_NODE)
			*(const yaml_node **)((char *)out + f->offset) = map;
		else if ((f->flags & BIND_REQUIRED) && !yaml_map_get(map, f->key))
			missing_key(b, s, f, map);
	}
	return diag_list_errors(b->l) == before;
}

static void clear_structs(const bind_struct *s, GPtrArray **list, gboolean named)
{
	for (guint i = 0; *list && i < (*list)->len; i++) {
		void *one = g_ptr_array_index(*list, i);
		if (named)
			g_free(*(char **)one);
		yaml_bind_clear(s, one);
		g_free(one);
	}
	g_clear_pointer(list, g_ptr_array_unref);
}

void yaml_bind_clear(const bind_struct *s, void *out)
{
	for (const bind_field *f = s->fields; f->key; f++) {
		void *field = (char *)out + f->offset;
		if (f->type == BIND_STRING)
			g_clear_pointer((char **)field, g_free);
		else if (f->type == BIND_STRLIST || f->type == BIND_STRMAP)
			g_clear_pointer((GPtrArray **)field, g_ptr_array_unref);
		else if (f->type == BIND_STRUCT)
			yaml_bind_clear(f->arg, field);
		else if (f->type == BIND_STRUCTS || f->type == BIND_NAMED)
			clear_structs(f->arg, field, f->type == BIND_NAMED);
		else if (f->type == BIND_CUSTOM && ((const bind_custom *)f->arg)->clear)
			((const bind_custom *)f->arg)->clear(field);
	}
}
