#include "build/failure.h"
#include "plan/known_library.h"
#include <string.h>

/* What builds say that they miss, by other names than plan/known_library.def has, which
 * comes first: a name there is also what `xorch new` takes a library to be meant by. */
static const struct {
	const char *name, *package;
} rows[] = {
	{"GL/", "libgl-dev"},
	{"X11/", "libx11-dev"},
	{"ZeroMQ", "libzmq3-dev"},
	{"acl/", "libacl1-dev"},
	{"Boost", "libboost-dev"},
	{"event.h", "libevent-dev"},
	{"glib-2.0/", "libglib2.0-dev"},
	{"LAPACK", "liblapack-dev"},
	{"lapack", "liblapack-dev"},
	{"lapacke.h", "liblapack-dev"},
	{"sys/xattr.h", "libattr1-dev"},
	{"tiff.h", "libtiff-dev"},
	{"uuid/", "uuid-dev"},
	{"zconf.h", "zlib1g-dev"},
};

const char *failure_package_of(const char *subject)
{
	const known_library *k = subject ? known_library_by_header(subject) : NULL;

	if (subject && !k)
		k = known_library_by_name(subject);
	if (k)
		return k->deb;
	for (guint i = 0; subject && i < G_N_ELEMENTS(rows); i++) {
		const char *name = rows[i].name;
		if (g_str_has_suffix(name, "/") ? g_str_has_prefix(subject, name)
						: g_str_equal(subject, name))
			return rows[i].package;
	}
	return NULL;
}
