#include "build/step_autotools.h"
#include "build/step_files.h"
#include <string.h>

/* Raise when the file says something else for the same item; LIBRARY_VERSION too. */
#define VERSION "1"
#define SITE "config.site"

/* cross_compiling also where target and build machine are of one kind: what is built
 * runs nowhere here. The answers hold for every glibc. */
static const char site_text[] =
	"# Made by xorch: configure scripts build for @TRIPLE@.\n"
	"case \"$CC\" in\n"
	"*build-cc*) ;;\n"
	"*)\n"
	"	if test -z \"$host_alias\"; then\n"
	"		build_alias=x86_64-pc-linux-gnu\n"
	"		host_alias=@TRIPLE@\n"
	"		build=$build_alias host=$host_alias\n"
	"		ac_tool_prefix=$host_alias-\n"
	"		cross_compiling=yes\n"
	"	fi\n"
	"	if test \"$host_alias\" = @TRIPLE@; then\n"
	"		: \"${ac_cv_build=x86_64-pc-linux-gnu}\"\n"
	"		: \"${ac_cv_host=@CANONICAL@}\"\n"
	"		while read -r answer; do\n"
	"			eval \": \\\"\\${$answer}\\\"\"\n"
	"		done <<'ANSWERS'\n"
	"ac_cv_c_stack_direction=-1\n"
	"ac_cv_file__dev_ptmx=yes\n"
	"ac_cv_file__dev_ptc=no\n"
	"ac_cv_file__dev_random=yes\n"
	"ac_cv_file__dev_urandom=yes\n"
	"ac_cv_file__dev_zero=yes\n"
	"ac_cv_func_calloc_0_nonnull=yes\n"
	"ac_cv_func_chown_works=yes\n"
	"ac_cv_func_fork_works=yes\n"
	"ac_cv_func_getgroups_works=yes\n"
	"ac_cv_func_lstat_dereferences_slashed_symlink=yes\n"
	"ac_cv_func_lstat_empty_string_bug=no\n"
	"ac_cv_func_malloc_0_nonnull=yes\n"
	"ac_cv_func_memcmp_working=yes\n"
	"ac_cv_func_mmap_fixed_mapped=yes\n"
	"ac_cv_func_realloc_0_nonnull=yes\n"
	"ac_cv_func_stat_empty_string_bug=no\n"
	"ac_cv_func_strcoll_works=yes\n"
	"ac_cv_func_strerror_r_char_p=yes\n"
	"ac_cv_func_strnlen_working=yes\n"
	"ac_cv_func_strtod=yes\n"
	"ac_cv_func_utime_null=yes\n"
	"ac_cv_func_vfork_works=yes\n"
	"ac_cv_func_working_mktime=yes\n"
	"ac_cv_va_copy=yes\n"
	"ANSWERS\n"
	"	fi\n"
	"	;;\n"
	"esac\n";

/* What a config.sub of today makes of the triple: with a vendor. */
static char *canonical(const char *triple)
{
	const char *dash = strchr(triple, '-');

	return g_strdup_printf("%.*s-unknown%s", (int)(dash - triple), triple, dash);
}

static gboolean add_to_key(pipeline *p, item *i, key *k, GError **err)
{
	(void)p;
	(void)i;
	(void)err;
	key_add(k, "autoconf site file", VERSION);
	return TRUE;
}

char *autotools_site(const platform *target)
{
	g_autofree char *full = canonical(target->triple);
	GString *text = g_string_new(site_text);

	g_string_replace(text, "@TRIPLE@", target->triple, 0);
	g_string_replace(text, "@CANONICAL@", full, 0);
	return g_string_free(text, FALSE);
}

static gboolean prepare(pipeline *p, step_site *site, step_extras *x, GError **err)
{
	g_autofree char *text = autotools_site(site->item->platform);

	(void)p;
	if (!step_file_add(site, x, SITE, text, FALSE, err))
		return FALSE;
	step_extras_env(x, "CONFIG_SITE", "{" STEP_FILES "/" SITE "}");
	return TRUE;
}

const step_part step_autotools = {
	.name = "autotools", .add_to_key = add_to_key, .prepare = prepare};
