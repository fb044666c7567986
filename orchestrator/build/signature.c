#include "build/signature.h"
#include "base/error.h"
#include "base/fs.h"
#include "base/process.h"
#include <string.h>

#define CHECK_SECONDS 60

typedef struct verdict {
	GPtrArray *valid; /* fingerprints of good signatures: key and primary key */
	GPtrArray *seen;  /* what was found otherwise, for people */
	gboolean bad;
} verdict;

static void note_seen(verdict *v, const char *word, const char *what)
{
	g_ptr_array_add(v->seen, g_strdup_printf("%s %s", what, word ? word : ""));
}

/* gpgv's status lines (doc/DETAILS of GnuPG). VALIDSIG also follows on expired and
 * revoked keys, so it counts only after GOODSIG. */
static void read_gpgv(verdict *v, const char *out)
{
	g_auto(GStrv) lines = g_strsplit(out, "\n", -1);
	gboolean good = FALSE;

	for (char **line = lines; *line; line++) {
		if (!g_str_has_prefix(*line, "[GNUPG:] "))
			continue;
		g_auto(GStrv) words = g_strsplit(*line + 9, " ", -1);
		const char *word = words[0];
		guint n = g_strv_length(words);
		if (!strcmp(word, "NEWSIG")) {
			good = FALSE;
		} else if (!strcmp(word, "GOODSIG")) {
			good = TRUE;
		} else if (!strcmp(word, "VALIDSIG") && good && n > 1) {
			g_ptr_array_add(v->valid, g_ascii_strup(words[1], -1));
			if (n > 10)
				g_ptr_array_add(v->valid, g_ascii_strup(words[10], -1));
		} else if (!strcmp(word, "BADSIG")) {
			v->bad = TRUE;
			note_seen(v, words[1], "a bad signature by key");
		} else if (!strcmp(word, "EXPSIG") || !strcmp(word, "EXPKEYSIG")) {
			note_seen(v, words[1], "an expired signature or key:");
		} else if (!strcmp(word, "REVKEYSIG")) {
			note_seen(v, words[1], "a revoked key:");
		} else if (!strcmp(word, "NO_PUBKEY")) {
			note_seen(
				v, words[1], "a signature by a key not in the keyring:");
		}
	}
}

/* sqv prints the fingerprint of each key that made a good signature. */
static void read_sqv(verdict *v, const char *out)
{
	g_auto(GStrv) lines = g_strsplit(out, "\n", -1);

	for (char **line = lines; *line; line++) {
		gsize n = strspn(*line, "0123456789ABCDEFabcdef");
		if (n == 40 && !(*line)[n])
			g_ptr_array_add(v->valid, g_ascii_strup(*line, -1));
	}
}

static gboolean no_program(GError **err)
{
	error_set(err, EXIT_HOST, "X0840", "no program to check signatures with");
	error_help(err, "install gpgv (Debian: `apt-get install gpgv`) or sqv");
	return FALSE;
}

static gboolean run_checker(const char *program, gboolean is_gpgv, const char *folder,
	const char *keyring, process_result *result, GError **err)
{
	g_autofree char *body = g_build_filename(folder, "body", NULL);
	g_autofree char *signature = g_build_filename(folder, "signature.asc", NULL);
	g_autofree char *ring = g_path_is_absolute(keyring)
					? g_strdup(keyring)
					: g_canonicalize_filename(keyring, NULL);
	g_autofree char *home = g_strconcat("HOME=", folder, NULL);
	g_autofree char *gnupg = g_strconcat("GNUPGHOME=", folder, NULL);
	const char *const env[] = {"LC_ALL=C", "PATH=/usr/bin:/bin", home, gnupg, NULL};
	const char *const gpgv[] = {
		program, "--status-fd", "1", "--keyring", ring, signature, body, NULL};
	const char *const sqv[] = {program, "--keyring", ring, signature, body, NULL};
	process_spec spec = {.argv = is_gpgv ? gpgv : sqv,
		.env = env,
		.capture = TRUE,
		.capture_limit = 1 << 20,
		.timeout_s = CHECK_SECONDS};

	return process_run(&spec, result, err);
}

static gboolean is_wanted(const verdict *v, const GPtrArray *fingerprints)
{
	for (guint i = 0; i < v->valid->len; i++)
		for (guint n = 0; n < fingerprints->len; n++)
			if (!strcmp(v->valid->pdata[i], fingerprints->pdata[n]))
				return TRUE;
	return FALSE;
}

static gboolean refused(const verdict *v, const char *label,
	const GPtrArray *fingerprints, const process_result *result, GError **err)
{
	g_autofree char *shown = text_escape(label, -1);

	error_set(err, EXIT_INTEGRITY, "X0631", "%s is refused: %s", shown,
		v->bad ? "its signature is bad"
		       : "it has no good signature by a key that may sign it");
	for (guint i = 0; i < v->seen->len; i++) {
		g_autofree char *text = text_escape(v->seen->pdata[i], -1);
		error_line(err, "found %s", text);
	}
	for (guint i = 0; !v->bad && i < v->valid->len; i++)
		error_line(err, "found a good signature by %s, which may not sign it",
			(char *)v->valid->pdata[i]);
	if (!v->seen->len && !v->valid->len && result->err && *result->err) {
		g_autofree char *text = text_escape(g_strchomp(result->err), -1);
		error_line(err, "%s", text);
	}
	for (guint i = 0; i < fingerprints->len; i++)
		error_line(err, "may sign: %s", (char *)fingerprints->pdata[i]);
	error_note(err, "nothing of it was used");
	return FALSE;
}

gboolean signature_check(store *s, const char *label, const char *body,
	const char *signature, const char *keyring, const GPtrArray *fingerprints,
	GError **err)
{
	g_autofree char *gpgv = process_find_program("gpgv", NULL);
	g_autofree char *sqv = gpgv ? NULL : process_find_program("sqv", NULL);

	if (!gpgv && !sqv)
		return no_program(err);
	g_autofree char *folder = store_temp_dir(s, err);
	if (!folder)
		return FALSE;
	g_autofree char *body_path = g_build_filename(folder, "body", NULL);
	g_autofree char *sig_path = g_build_filename(folder, "signature.asc", NULL);
	g_auto(process_result) result = {0};
	g_autoptr(GPtrArray) valid = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) seen = g_ptr_array_new_with_free_func(g_free);
	verdict v = {.valid = valid, .seen = seen};
	gboolean ok =
		fs_write_atomic(body_path, body, strlen(body), 0600, err) &&
		fs_write_atomic(sig_path, signature, strlen(signature), 0600, err) &&
		run_checker(
			gpgv ? gpgv : sqv, gpgv != NULL, folder, keyring, &result, err);
	if (ok) {
		(gpgv ? read_gpgv : read_sqv)(&v, result.out ? result.out : "");
		/* gpgv ends with 2 when one of several keys is not in the keyring */
		ok = !v.bad && is_wanted(&v, fingerprints) && !result.timed_out &&
		     !result.signal;
		if (!ok)
			refused(&v, label, fingerprints, &result, err);
	}
	fs_remove_tree(folder, NULL);
	return ok;
}
