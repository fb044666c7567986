#pragma once
#include <glib.h>

/* Where registries are on this machine. No host stands in any file of xorch: the
 * machine's own clients know, so a company's mirror is used without being told.
 * In this order, the first that says anything wins:
 *
 *   Debian: XORCH_MIRROR_DEBIAN (a list separated by blanks); `mirrors: {debian: […]}`
 *	of the project (registry_project), in $XDG_CONFIG_HOME/xorch/config.yaml, then
 *	/etc/xorch/config.yaml; apt's sources (XORCH_APT_DIR, default /etc/apt).
 *   PyPI: XORCH_MIRROR_PYPI; `index: …` and after it `mirrors: {pypi: […]}` of the first
 *	of those files that has either; UV_DEFAULT_INDEX, UV_INDEX_URL; PIP_INDEX_URL;
 *	uv.toml; pip.conf (site, user, global); what the installed pip, or the pip wheel
 *	that Python carries, has built in.
 *   Rust crates: XORCH_MIRROR_CRATES; `mirrors: {crates: […]}`; what [source] in
 *	CARGO_HOME/config.toml puts in place of the default registry; what the cargo at
 *	hand has built in.
 *
 * URLs may hold credentials: show them by http_url_show only. Without any the
 * functions fail with exit 2, X0506, and say what to set. */

/* Base URLs of the Debian archive, without trailing slash: dists/ and pool/ are
 * below. All candidates (on a host of another distribution those of apt's sources that
 * are called Debian's), the likeliest first; whether one is Debian's is known
 * only from its signed Release. Element type char *. */
gboolean registry_debian(GPtrArray **base_urls, GError **err);
/* Those of the security updates' archive, which lies apart: what apt's sources have for
 * such suites, then what is called debian-security beside a mirror called debian, then
 * the mirrors themselves. */
gboolean registry_debian_security(GPtrArray **base_urls, GError **err);

/* Simple index (PEP 503) URLs without trailing slash; a project is URL/NAME/. */
gboolean registry_pypi_all(GPtrArray **index_urls, GError **err);
gboolean registry_pypi(char **index_url, GError **err); /* the first */

/* Sparse index URLs (cargo's registry protocol), without `sparse+` and trailing slash;
 * config.json is below. `cargo`: a program to ask what it has built in, before any
 * installed one; NULL none. */
gboolean registry_crates(const char *cargo, GPtrArray **index_urls, GError **err);
/* What that cargo would use by itself, in the same form; NULL when it does not say. */
char *registry_crates_builtin(const char *cargo);

/* The file of --config, in place of the user's and the system's; NULL: those. Borrowed
 * for the rest of the run. Before any thread is started. */
void registry_config(const char *path);
/* The project file's mirrors for a registry ("debian", "pypi", "crates", "go", "oci"):
 * after XORCH_MIRROR_…, before the user's configuration. `urls` (char *) is borrowed for
 * the rest of the run; NULL: none. Before any thread is started. */
void registry_project(const char *name, const GPtrArray *urls);
