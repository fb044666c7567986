#include "build/sandbox_tools.h"
#include "base/fs.h"
#include "base/process.h"
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static const char *const usual[] = {
	/* shells */
	"sh", "bash", "dash",
	/* coreutils */
	"[", "arch", "b2sum", "base32", "base64", "basename", "cat", "chmod", "chown",
	"cksum", "comm", "cp", "csplit", "cut", "date", "dd", "df", "dir", "dirname",
	"du", "echo", "env", "expand", "expr", "factor", "false", "fmt", "fold", "groups",
	"head", "id", "install", "join", "link", "ln", "logname", "ls", "md5sum", "mkdir",
	"mkfifo", "mktemp", "mv", "nice", "nl", "nohup", "nproc", "numfmt", "od", "paste",
	"pathchk", "pr", "printenv", "printf", "ptx", "pwd", "readlink", "realpath", "rm",
	"rmdir", "seq", "sha1sum", "sha224sum", "sha256sum", "sha384sum", "sha512sum",
	"shred", "shuf", "sleep", "sort", "split", "stat", "stdbuf", "stty", "sum",
	"sync", "tac", "tail", "tee", "test", "timeout", "touch", "tr", "true",
	"truncate", "tsort", "tty", "uname", "unexpand", "uniq", "unlink", "vdir", "wc",
	"which", "whoami", "xargs", "yes",
	/* text */
	"awk", "gawk", "mawk", "sed", "grep", "egrep", "fgrep", "diff", "diff3", "sdiff",
	"cmp", "patch", "ed", "file", "column", "hexdump", "xxd",
	/* files and archives */
	"find", "tar", "gzip", "gunzip", "zcat", "bzip2", "bunzip2", "bzcat", "xz",
	"unxz", "xzcat", "zstd", "unzstd", "zip", "unzip", "cpio", "flock", "getopt",
	"hostname",
	/* generators and build tools */
	"make", "gmake", "m4", "perl", "bison", "yacc", "flex", "lex", "gperf", "swig",
	"autoconf", "autoheader", "autom4te", "automake", "aclocal", "autoreconf",
	"libtoolize", "gettext", "msgfmt", "pkg-config", "pkgconf", "ps", "getconf",
	"tput", "git", NULL};

static gboolean link_tool(const char *folder, const char *name, GError **err)
{
	g_autofree char *found =
		process_find_program(name, "/usr/bin:/bin:/usr/sbin:/sbin");

	if (!found)
		return TRUE; /* not on this machine: the build says so itself */
	char *real = realpath(found, NULL);
	g_autofree char *link = g_build_filename(folder, name, NULL);
	gboolean ok = symlink(real ? real : found, link) == 0 || errno == EEXIST;
	int e = errno;
	free(real);
	return ok || fs_fail(err, e, "make the link", link, 0);
}

gboolean sandbox_tools_link(const char *folder, const char *const *more, GError **err)
{
	if (!fs_mkdir_p(folder, 0755, err))
		return FALSE;
	for (guint i = 0; usual[i]; i++)
		if (!link_tool(folder, usual[i], err))
			return FALSE;
	for (; more && *more; more++)
		if (!link_tool(folder, *more, err))
			return FALSE;
	return TRUE;
}
