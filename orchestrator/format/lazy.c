#include "format/lazy.h"
#include "base/error.h"
#include <dlfcn.h>
#include <string.h>
#include <unistd.h>

static G_GNUC_NORETURN void give_up(const char *soname, const char *why)
{
	g_autofree char *text = g_strdup_printf(
		"error[X0843]: %s cannot be loaded: %s\n"
		"  = help: install the package that holds it (`apt-get install` "
		"names it), or build xorch again on this machine\n",
		soname, why ? why : "no reason given");

	for (gsize done = 0, len = strlen(text); done < len;) {
		ssize_t n = write(STDERR_FILENO, text + done, len - done);
		if (n <= 0)
			break;
		done += n;
	}
	_exit(EXIT_HOST);
}

void lazy_load(
	gsize *once, const char *soname, const char *const *names, void **table, gsize n)
{
	if (!g_once_init_enter(once))
		return;
	void *library = dlopen(soname, RTLD_LAZY | RTLD_LOCAL);
	if (!library)
		give_up(soname, dlerror());
	for (gsize i = 0; i < n; i++) {
		table[i] = dlsym(library, names[i]);
		if (!table[i])
			give_up(soname, dlerror());
	}
	g_once_init_leave(once, 1);
}
