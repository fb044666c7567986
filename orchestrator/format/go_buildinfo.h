#pragma once
#include "format/elf.h"

/* What the go command writes into every program it links: its own version, the
 * modules, and the settings of the build (GOARCH, GOARM, CGO_ENABLED, -trimpath,
 * vcs.revision …), as `go version -m` shows. The form with the strings inline, of
 * Go 1.18 and newer. Sources: Go's debug/buildinfo, runtime/debug.ParseBuildInfo. */
typedef struct go_setting {
	char *name, *value;
} go_setting;

typedef struct go_buildinfo {
	char *go;		/* "go1.26.8", maybe with " X:…" */
	char *path;		/* of the main package; NULL when not said */
	char *module, *version; /* of the main module; "(devel)"; NULL when not said */
	GPtrArray *settings;	/* go_setting *, in order */
} go_buildinfo;

/* NULL when the file holds none (no Go program); *damaged (may be NULL) tells whether
 * there is one that cannot be read. Input is hostile. */
go_buildinfo *go_buildinfo_read(const elf_file *file, gboolean *damaged);
void go_buildinfo_free(go_buildinfo *info);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(go_buildinfo, go_buildinfo_free)

/* "GOARM" -> "7"; NULL when it is not there. Borrowed. */
const char *go_buildinfo_get(const go_buildinfo *info, const char *name);
