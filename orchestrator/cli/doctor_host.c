#include "base/error.h"
#include "base/process.h"
#include "cli/doctor.h"
#include "cli/output.h"
#include <string.h>

/* Families of systems by the ID and ID_LIKE of os-release(5), in the order in which they
 * are asked; the first is the one whose words the other checks use. */
typedef enum host_family {
	HOST_DEBIAN,
	HOST_FEDORA,
	HOST_ALPINE,
	HOST_SUSE,
	HOST_ARCH,
	HOST_FAMILIES
} host_family;

static const struct {
	const char *ids, *manager, *install;
} families[HOST_FAMILIES] = {
	[HOST_DEBIAN] = {"debian ubuntu", "apt-get", "apt-get install"},
	[HOST_FEDORA] = {"fedora rhel centos", "dnf", "dnf install"},
	[HOST_ALPINE] = {"alpine", "apk", "apk add"},
	[HOST_SUSE] = {"suse opensuse", "zypper", "zypper install"},
	[HOST_ARCH] = {"arch", "pacman", "pacman -S"},
};

/* Those that have another name somewhere. */
static const char *const packages[][HOST_FAMILIES] = {
	{"gpgv", "gnupg2", "gpgv", "gpg2", "gnupg"},
	{"qemu-user-static", "qemu-user-static", "qemu-aarch64 qemu-arm",
		"qemu-linux-user", "qemu-user-static"},
	{"python3", "python3", "python3", "python3", "python"},
	{"python3-dev", "python3-devel", "python3-dev", "python3-devel", "python"},
};

static gboolean has_word(const char *words, const char *word)
{
	g_auto(GStrv) list = g_strsplit(words, " ", -1);

	return g_strv_contains((const char *const *)list, word);
}

/* HOST_FAMILIES: none that is known. */
static host_family family_of(void)
{
	g_autofree char *id = g_get_os_info(G_OS_INFO_KEY_ID);
	g_autofree char *like = g_get_os_info("ID_LIKE");
	g_autofree char *all = g_strdup_printf("%s %s", id ? id : "", like ? like : "");
	g_auto(GStrv) words = g_strsplit(all, " ", -1);

	for (char **word = words; *word; word++)
		for (int f = 0; f < HOST_FAMILIES; f++)
			if (**word && has_word(families[f].ids, *word))
				return (host_family)f;
	return HOST_FAMILIES;
}

static const char *name_in(host_family family, const char *package)
{
	for (gsize n = 0; n < G_N_ELEMENTS(packages); n++)
		if (g_str_equal(packages[n][HOST_DEBIAN], package))
			return packages[n][family];
	return package;
}

/* How one gets the package here. New string. */
static char *install(host_family family, const char *package)
{
	if (family == HOST_FAMILIES)
		return g_strdup_printf(
			"install %s (as Debian calls it) by this system's own means",
			package);
	const char *name = name_in(family, package);
	g_autofree char *manager = process_find_program(families[family].manager, NULL);
	return manager ? g_strdup_printf("%s %s", families[family].install, name)
		       : g_strdup_printf("%s %s (%s is not here)",
				 families[family].install, name,
				 families[family].manager);
}

char *doctor_host_help(const char *help)
{
	static const char words[] = "apt-get install ";
	const char *at = help ? strstr(help, words) : NULL;

	if (!at || (at > help && at[-1] == '`'))
		return g_strdup(help);
	const char *name = at + strlen(words);
	gsize n = strcspn(name, " ,;");
	g_autofree char *package = g_strndup(name, n);
	g_autofree char *how = install(family_of(), package);
	return g_strdup_printf("%.*s%s%s", (int)(at - help), help, how, name + n);
}

void doctor_host(GPtrArray *checks)
{
	host_family family = family_of();
	g_autofree char *raw = g_get_os_info(G_OS_INFO_KEY_PRETTY_NAME);
	g_autofree char *name = text_escape(raw ? raw : "an unknown system", -1);
	g_autofree char *id = g_get_os_info(G_OS_INFO_KEY_ID);

	if (g_strcmp0(id, "debian") == 0)
		return;
	if (family == HOST_ALPINE)
		doctor_add(checks, "host", DOCTOR_NOTE,
			g_strdup_printf("%s has musl: xorch was not tried with its "
					"CPythons, whose modules are of another kind",
				name),
			"build in a container or root of Debian 12 (debian:12)");
	else
		doctor_add(checks, "host", DOCTOR_NOTE,
			g_strdup_printf("%s is not Debian: compilers and sysroots are "
					"Debian's all the same, unpacked beside it",
				name),
			"what this machine brings itself: a CPython of each version that "
			"wheels are for, gpgv, bubblewrap, and the address of a Debian "
			"mirror (XORCH_MIRROR_DEBIAN)");
}
