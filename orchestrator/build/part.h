#pragma once
#include "build/store.h"
#include "format/http.h"
#include <glib.h>

/* A download in progress on disk: v1/parts/SHA256.part, and beside it
 * SHA256.from with what it takes to go on later, also in another process: which
 * URL it came from (as a digest, since URLs may hold credentials) and the
 * validator for If-Range. The caller holds the blob's lock; where that holds nobody
 * back (a file system without locks, a lock file that was removed) two processes still
 * do not write to one file: who finds it taken, or cannot lock it, writes to one of
 * its own. */
typedef struct part part;

part *part_open(store *s, const char *sha256, GError **err);
void part_free(part *p); /* closes; the files stay */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(part, part_free)

const char *part_path(const part *p);
gint64 part_size(const part *p);

/* "Range: …" and "If-Range: …" to go on with from `url`, NULL-terminated; NULL
 * when there is nothing to go on from: then the part is empty afterwards.
 * A weak ETag is no validator (RFC 9110 13.1.5). */
GStrv part_resume(part *p, const char *url, GError **err);

/* Notes the validator of an answer, so that the download can be gone on with. */
void part_note(part *p, const char *url, const http_response *r);
gboolean part_resumable(const part *p);

gboolean part_write(part *p, const void *bytes, gsize size, guint64 needed, GError **err);
gboolean part_truncate(part *p, GError **err); /* to nothing, forgets the validator */
void part_remove(part *p);
