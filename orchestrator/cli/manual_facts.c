#include "cli/manual.h"
#include <string.h>

const manual_fact manual_exits[] = {{"0", "done; what was skipped counts as done"},
	{"1", "build failed, or a test, or several things of different kinds"},
	{"2", "input: the command line, a recipe, a configuration is wrong"},
	{"3", "nothing selected, or all of it skipped (--allow-empty: no error)"},
	{"4", "lock: one is missing or out of date under --locked; `xorch lock`"},
	{"5", "network: a retry may help"},
	{"6", "integrity: a hash or signature is not what it should be, an archive was "
	      "refused; a retry does not help, look at it"},
	{"7", "audit: the result is not fit to be passed on"},
	{"8", "host: disk, permission, lock timeout, sandbox, a missing tool"},
	{"9", "time: a limit was reached"}, {"70", "bug in xorch; please report it"},
	{"128+n", "signal n: 130 after Ctrl-C, 143 after SIGTERM"}, {0}};

const manual_fact manual_variables[] = {
	{"TARGETPLATFORM, TARGETOS, TARGETARCH, TARGETVARIANT",
		"Docker's: the target where no --target names one. linux/arm/v7, or arm "
		"and v7, is armv7."},
	{"PLAT, AUDITWHEEL_PLAT",
		"floor and target in the words of the manylinux images "
		"(manylinux_2_28_aarch64), after flags and Docker's variables."},
	{"SOURCE_DATE_EPOCH",
		"seconds since 1970 that builds take for their time; else the newest "
		"file of the source, or the commit."},
	{"XORCH_MIRROR_DEBIAN, XORCH_MIRROR_PYPI, XORCH_MIRROR_CRATES",
		"mirrors, in order, separated by blanks; else `mirrors:` (of Python "
		"packages `index:` before them) of the configuration, else what apt, uv, "
		"pip and cargo say on this machine."},
	{"XORCH_MIRROR_GO", "a GOPROXY value, in place of the machine's own."},
	{"XORCH_MIRROR_OCI", "pull-through mirrors of image registries: "
			     "quay.io=https://HOST/PREFIX, or a URL for all of them."},
	{"XORCH_KEYRING_DEBIAN",
		"file of the keys that Debian's archive signs with; only those whose "
		"fingerprints a sysroot names count."},
	{"XORCH_APT_DIR", "read in place of /etc/apt."},
	{"XORCH_CATALOG", "folders, separated by colons, whose sysroots/ and toolchains/ "
			  "are looked "
			  "at before the project's and xorch's own."},
	{"XORCH_BWRAP", "path of bubblewrap, in place of the one in PATH."},
	{"XORCH_HTTP_RETRIES, XORCH_HTTP_BACKOFF",
		"further tries of a mirror (3); seconds before the first of them (1), "
		"doubled each time. Retry-After counts up to 60 s."},
	{"XORCH_HTTP_TIMEOUT, XORCH_HTTP_STALL",
		"seconds to connect, at most 10, and to the first byte (30); seconds "
		"after which less than 1 KiB/s counts as stalled (30)."},
	{"XORCH_HTTP_PARALLEL, XORCH_HTTP_REPORT",
		"transfers at once (8); seconds between two lines about a long download "
		"(30)."},
	{"XORCH_GIT_TIMEOUT", "seconds that a git source may take (1800)."},
	{"XORCH_LOCK_TIMEOUT, XORCH_LOCK_REPORT",
		"seconds to wait for another process that is stopped, on another "
		"machine, "
		"or uses what is to be removed (300); seconds between two lines about "
		"it (60)."},
	{"XORCH_STOP_TIMEOUT",
		"seconds from a signal that ends xorch to its end, at most (10)."},
	{"XDG_CACHE_HOME, XDG_CONFIG_HOME, XDG_STATE_HOME",
		"where cache, configuration and history are; see FILES."},
	{"TMPDIR", "folder for what lives no longer than a run."},
	{"NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE, TERM, COLUMNS",
		"colour and width of the output; NO_COLOR wins over all but --color."},
	{"CI, GITHUB_ACTIONS, GITHUB_STEP_SUMMARY, GITLAB_CI",
		"plain progress; on GitHub groups, annotations, a summary of the step "
		"and "
		"no commands from what builds print; on GitLab sections."},
	{"HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE, SSL_CERT_DIR, CURL_CA_BUNDLE",
		"as curl takes them."},
	{"NETRC", "file with credentials; none is read unless it is set."},
	{"REGISTRY_AUTH_FILE, DOCKER_CONFIG",
		"where podman login and docker login put credentials for image "
		"registries."},
	{0}};

const manual_fact manual_files[] = {
	{"recipes/NAME.yaml, recipes/NAME.lock",
		"a recipe, `xorch-recipe`(5), and what it builds from, by name, "
		"version, size and sha256; both belong into version control."},
	{"xorch.yaml",
		"at the top of the repository: what counts for recipes that say nothing "
		"else, `xorch-project`(5)."},
	{"dist/", "results (--out); beside each its provenance, FILE.intoto.jsonl."},
	{"$XDG_CACHE_HOME/xorch/v1/",
		"the cache (~/.cache/xorch, --cache-dir): downloads by sha256, sysroots, "
		"toolchains, environments. `xorch cache` looks after it."},
	{"$XDG_STATE_HOME/xorch/builds/",
		"the history with its logs (~/.local/state/xorch; where that cannot be "
		"written to, history/ in the cache); `xorch log` reads it."},
	{"$XDG_STATE_HOME/xorch/locks/", "locks of sysroots and toolchains whose "
					 "definitions lie where nothing can "
					 "be written, as those that were installed."},
	{"repair.lock",
		"in the output folder of `xorch repair` (--lock): the packages that it "
		"took libraries from."},
	{"$XDG_STATE_HOME/xorch/kept/",
		"build folders that --keep left; `xorch shell` opens them, `xorch cache "
		"prune` removes them 30 days after the last visit."},
	{"$XDG_CONFIG_HOME/xorch/config.yaml, /etc/xorch/config.yaml",
		"the user's and the machine's configuration: the keys of xorch.yaml and "
		"those that decide whom this machine trusts."},
	{"share/xorch/",
		"beside the program: the sysroots and toolchains that it comes with."},
	{0}};

char *manual_exits_short(void)
{
	GString *out = g_string_new(NULL);

	for (const manual_fact *f = manual_exits; f->name; f++) {
		gsize len = strcspn(f->text, ",:;");
		g_string_append_printf(out, "%s%s %.*s", out->len ? ", " : "", f->name,
			(int)len, f->text);
	}
	return g_string_free(out, FALSE);
}
