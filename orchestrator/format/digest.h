#pragma once
#include <glib.h>

/* SHA-256 by OpenSSL, as 64 lower-case hex digits. */
#define DIGEST_HEX 64

typedef struct digest digest;

digest *digest_new(void);
void digest_update(digest *d, const void *data, gsize size);
char *digest_finish(digest *d); /* new string; the digest is spent, free it */
void digest_free(digest *d);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(digest, digest_free)

char *digest_bytes(const void *data, gsize size);
/* The 32 raw bytes; thread-safe, and cheap for many small inputs. */
void digest_raw(const void *data, gsize size, guint8 out[32]);
/* From the descriptor's position to the end. *size may be NULL. */
char *digest_fd(int fd, const char *path, gint64 *size, GError **err);
/* A regular file; a link as the last component is refused. */
char *digest_file(const char *path, gint64 *size, GError **err);

/* 64 hex digits, any case: a new string in lower case; else NULL. */
char *digest_normalise(const char *text);
