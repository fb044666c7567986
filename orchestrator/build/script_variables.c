#include "build/script_variables.h"
#include "base/error.h"
#include "base/fs.h"
#include "build/build_log.h"
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define SCRIPT_MAX (512 << 10)
#define NAMED_MAX 8

#define NAME "['\"]([A-Za-z_][A-Za-z0-9_]{0,79})['\"]"

/* os.environ.get("X"), getenv('X'), environ["X"], "X" in os.environ. */
static const char *const patterns[] = {
	"(?:\\benviron\\s*\\.\\s*(?:get|pop|setdefault)|\\bgetenv)\\s*\\(\\s*" NAME,
	"\\benviron\\s*\\[\\s*" NAME, NAME "\\s+(?:not\\s+)?in\\s+(?:os\\.)?environ\\b"};

static gboolean is_ordinary(const char *name)
{
	static const char *const names[] = {"CC", "CXX", "CPP", "AR", "LD", "CFLAGS",
		"CXXFLAGS", "CPPFLAGS", "LDFLAGS", "LDSHARED", "PATH", "HOME", "TMPDIR",
		"PKG_CONFIG", "PKG_CONFIG_PATH", "CPATH", "LD_LIBRARY_PATH", "PYTHONPATH",
		"SOURCE_DATE_EPOCH", "ARCHFLAGS", "USER", "PLAT", NULL};

	return g_strv_contains(names, name);
}

static gboolean is_script(const char *file)
{
	return g_str_has_suffix(file, ".py") &&
	       (strstr(file, "setup") || strstr(file, "build"));
}

/* Up to SCRIPT_MAX bytes of a file that is no link. NULL: there is none. */
static char *text_of(int dir, const char *file)
{
	int fd = fs_open_beneath(dir, file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0, NULL);
	g_autoptr(GString) out = g_string_new(NULL);
	char part[16384];

	if (fd < 0)
		return NULL;
	for (;;) {
		gssize n = read(fd, part, sizeof part);
		if (n <= 0 || out->len > SCRIPT_MAX)
			break;
		g_string_append_len(out, part, n);
	}
	close(fd);
	return g_utf8_make_valid(out->str, (gssize)strlen(out->str));
}

static void collect(const char *text, GTree *names)
{
	for (guint i = 0; i < G_N_ELEMENTS(patterns); i++) {
		g_autoptr(GRegex) regex = g_regex_new(patterns[i], 0, 0, NULL);
		g_autoptr(GMatchInfo) m = NULL;
		for (g_regex_match(regex, text, 0, &m); g_match_info_matches(m);
			g_match_info_next(m, NULL)) {
			g_autofree char *name = g_match_info_fetch(m, 1);
			if (!is_ordinary(name))
				g_tree_replace(names, g_strdup(name), NULL);
		}
	}
}

static int by_name(gconstpointer a, gconstpointer b, gpointer data)
{
	(void)data;
	return strcmp(a, b);
}

static gboolean take(gpointer name, gpointer value, gpointer list)
{
	(void)value;
	g_ptr_array_add(list, g_strdup(name));
	return FALSE;
}

GPtrArray *script_variables(const char *source)
{
	GPtrArray *out = g_ptr_array_new_with_free_func(g_free);
	GTree *names = g_tree_new_full(by_name, NULL, g_free, NULL);
	g_autoptr(GDir) dir = g_dir_open(source, 0, NULL);
	int fd = open(source, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (const char *file; dir && fd >= 0 && (file = g_dir_read_name(dir));) {
		g_autofree char *text = is_script(file) ? text_of(fd, file) : NULL;
		if (text)
			collect(text, names);
	}
	if (fd >= 0)
		close(fd);
	g_tree_foreach(names, take, out);
	g_tree_destroy(names);
	return out;
}

void script_variables_tell(const char *source, GError **err)
{
	if (!err || !*err || !build_log_is_lost(*err))
		return;
	g_autoptr(GPtrArray) names = script_variables(source);
	g_autoptr(GString) text = g_string_new(NULL);
	if (!names->len)
		return;
	for (guint i = 0; i < names->len && i < NAMED_MAX; i++)
		g_string_append_printf(
			text, "%s%s", i ? ", " : "", (char *)names->pdata[i]);
	if (names->len > NAMED_MAX)
		g_string_append_printf(text, " and %u more", names->len - NAMED_MAX);
	error_note(err, "the setup script reads %s", text->str);
	error_help(err, "one of them may decide what is compiled: build.env sets it");
}
