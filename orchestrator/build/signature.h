#pragma once
#include "build/store.h"

/* OpenPGP signatures, checked by gpgv or sqv as a program: xorch has no cryptography
 * of its own for this. A keyring only brings keys; which of them count is said by
 * fingerprint, so it needs no trust of its own. */

/* Is `signature` (armored) one over `body` by a key whose fingerprint (of the key or
 * of its primary key; 40 upper-case hex digits) is in `fingerprints`? Signatures by
 * other keys do not matter, but a bad one refuses all. `label` is for messages; the
 * store gives a folder for the program's files.
 * EXIT_INTEGRITY X0631 if not; EXIT_HOST X0840 without gpgv and sqv. */
gboolean signature_check(store *s, const char *label, const char *body,
	const char *signature, const char *keyring, const GPtrArray *fingerprints,
	GError **err);
