#include "base/text_diff.h"
#include <string.h>

#define AROUND 3
#define CELLS_MAX (4 * 1024 * 1024) /* of the table; beyond it all lines are replaced */

typedef struct span {
	const char *text;
	gsize len; /* with the line end */
} span;

typedef struct step {
	char sign;	/* ' ', '-' or '+' */
	guint old, new; /* lines of either text before it */
} step;

static GArray *lines_of(const char *text)
{
	GArray *lines = g_array_new(FALSE, FALSE, sizeof(span));

	while (*text) {
		const char *end = strchr(text, '\n');
		span s = {text, end ? (gsize)(end - text) + 1 : strlen(text)};
		g_array_append_val(lines, s);
		text += s.len;
	}
	return lines;
}

static const span *line(const GArray *lines, guint n)
{
	return &g_array_index(lines, span, n);
}

static gboolean same(const span *a, const span *b)
{
	return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
}

static void add(GArray *steps, char sign, guint old, guint new)
{
	step s = {sign, old, new};

	g_array_append_val(steps, s);
}

/* Longest common part of the lines between, by the table of all pairs. */
static void middle(GArray *steps, const GArray *old, const GArray *new, guint from,
	guint old_end, guint new_end)
{
	gsize n = old_end - from, m = new_end - from, width = m + 1;
	gboolean fits = (n + 1) * width <= CELLS_MAX;
	g_autofree guint32 *common = fits ? g_new0(guint32, (n + 1) * width) : NULL;

	for (gsize i = n; fits && i-- > 0;)
		for (gsize j = m; j-- > 0;)
			common[i * width + j] =
				same(line(old, from + (guint)i),
					line(new, from + (guint)j))
					? common[(i + 1) * width + j + 1] + 1
					: MAX(common[(i + 1) * width + j],
						  common[i * width + j + 1]);
	gsize i = 0, j = 0;
	while (i < n || j < m) {
		guint a = from + (guint)i, b = from + (guint)j;
		if (fits && i < n && j < m && same(line(old, a), line(new, b))) {
			add(steps, ' ', a, b);
			i++;
			j++;
		} else if (i < n && (!fits || j == m ||
					    common[(i + 1) * width + j] >=
						    common[i * width + j + 1])) {
			add(steps, '-', a, b);
			i++;
		} else {
			add(steps, '+', a, b);
			j++;
		}
	}
}

static void add_step(GString *out, const step *s, const GArray *old, const GArray *new)
{
	const span *l = s->sign == '+' ? line(new, s->new) : line(old, s->old);

	g_string_append_c(out, s->sign);
	g_string_append_len(out, l->text, (gssize)l->len);
	if (l->text[l->len - 1] != '\n')
		g_string_append(out, "\n\\ No newline at end of file\n");
}

static void add_range(GString *out, char sign, guint from, guint count)
{
	g_string_append_printf(out, " %c%u", sign, count ? from + 1 : from);
	if (count != 1)
		g_string_append_printf(out, ",%u", count);
}

/* Steps from…to with what stands around them. */
static void add_hunk(GString *out, const GArray *steps, guint from, guint to,
	const GArray *old, const GArray *new)
{
	const step *first = &g_array_index(steps, step, from);
	guint olds = 0, news = 0;

	for (guint i = from; i < to; i++) {
		char sign = g_array_index(steps, step, i).sign;
		olds += sign != '+';
		news += sign != '-';
	}
	g_string_append(out, "@@");
	add_range(out, '-', first->old, olds);
	add_range(out, '+', first->new, news);
	g_string_append(out, " @@\n");
	for (guint i = from; i < to; i++)
		add_step(out, &g_array_index(steps, step, i), old, new);
}

static void add_hunks(
	GString *out, const GArray *steps, const GArray *old, const GArray *new)
{
	for (guint i = 0; i < steps->len;) {
		if (g_array_index(steps, step, i).sign == ' ') {
			i++;
			continue;
		}
		guint from = i > AROUND ? i - AROUND : 0, last = i;
		for (; i < steps->len && i <= last + 2 * AROUND; i++)
			if (g_array_index(steps, step, i).sign != ' ')
				last = i;
		guint to = MIN(last + 1 + AROUND, steps->len);
		add_hunk(out, steps, from, to, old, new);
		i = to;
	}
}

char *text_diff(const char *name, const char *before, const char *after)
{
	g_autoptr(GArray) old = lines_of(before), new = lines_of(after);
	g_autoptr(GArray) steps = g_array_new(FALSE, FALSE, sizeof(step));
	GString *out = g_string_new(NULL);
	guint head = 0, old_end = old->len, new_end = new->len;

	if (g_str_equal(before, after))
		return g_string_free(out, FALSE);
	for (; head < old_end && head < new_end && same(line(old, head), line(new, head));
		head++)
		add(steps, ' ', head, head);
	while (old_end > head && new_end > head &&
		same(line(old, old_end - 1), line(new, new_end - 1))) {
		old_end--;
		new_end--;
	}
	middle(steps, old, new, head, old_end, new_end);
	for (guint i = old_end; i < old->len; i++)
		add(steps, ' ', i, i - old_end + new_end);
	g_string_append_printf(out, "--- %s\n+++ %s\n", name, name);
	add_hunks(out, steps, old, new);
	return g_string_free(out, FALSE);
}
