/* OpenSSL 3 marks the plain functions as old. They use the same SHA instructions,
 * but read no configuration file at the first call and look up no provider at
 * each one: of an audit of a small wheel, or a build with nothing to do, those were a
 * good part. */
#define OPENSSL_API_COMPAT 10100
#include "format/digest.h"
#include "base/error.h"
#include "base/fs.h"
#include <errno.h>
#include <fcntl.h>
#include <openssl/sha.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct digest {
	SHA256_CTX ctx;
};

digest *digest_new(void)
{
	digest *d = g_new(digest, 1);

	SHA256_Init(&d->ctx);
	return d;
}

void digest_update(digest *d, const void *data, gsize size)
{
	SHA256_Update(&d->ctx, data, size);
}

char *digest_finish(digest *d)
{
	guint8 raw[SHA256_DIGEST_LENGTH];
	char *hex = g_malloc(DIGEST_HEX + 1);

	SHA256_Final(raw, &d->ctx);
	for (gsize i = 0; i < sizeof raw; i++) {
		hex[2 * i] = "0123456789abcdef"[raw[i] >> 4];
		hex[2 * i + 1] = "0123456789abcdef"[raw[i] & 15];
	}
	hex[DIGEST_HEX] = '\0';
	return hex;
}

void digest_free(digest *d)
{
	g_free(d);
}

char *digest_bytes(const void *data, gsize size)
{
	g_autoptr(digest) d = digest_new();

	digest_update(d, data, size);
	return digest_finish(d);
}

void digest_raw(const void *data, gsize size, guint8 out[32])
{
	SHA256_CTX c;

	SHA256_Init(&c);
	SHA256_Update(&c, data, size);
	SHA256_Final(out, &c);
}

char *digest_fd(int fd, const char *path, gint64 *size, GError **err)
{
	g_autoptr(digest) d = digest_new();
	g_autofree char *buffer = g_malloc(1 << 17);
	gint64 total = 0;

	for (;;) {
		ssize_t n = read(fd, buffer, 1 << 17);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			fs_fail(err, errno, "read", path, 0);
			return NULL;
		}
		if (n == 0)
			break;
		digest_update(d, buffer, (gsize)n);
		total += n;
	}
	if (size)
		*size = total;
	return digest_finish(d);
}

char *digest_file(const char *path, gint64 *size, GError **err)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0) {
		fs_fail(err, errno, "read", path, 0);
		return NULL;
	}
	char *hex = NULL;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		fs_fail(err, EINVAL, "read", path, 0);
	else
		hex = digest_fd(fd, path, size, err);
	close(fd);
	return hex;
}

char *digest_normalise(const char *text)
{
	if (!text || strlen(text) != DIGEST_HEX ||
		strspn(text, "0123456789abcdefABCDEF") != DIGEST_HEX)
		return NULL;
	return g_ascii_strdown(text, -1);
}
