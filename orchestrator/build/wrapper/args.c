#include "args.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

void die(const char *fmt, ...)
{
	va_list ap;

	fputs("xorch-cc: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(127);
}

static void *grow(void *old, size_t size)
{
	void *p = realloc(old, size);

	if (!p)
		die("out of memory");
	return p;
}

void args_add(args *a, const char *text)
{
	if (a->n == a->cap) {
		a->cap = a->cap ? a->cap * 2 : 64;
		a->v = grow(a->v, a->cap * sizeof *a->v);
	}
	a->v[a->n++] = (char *)text;
}

void args_end(args *a)
{
	args_add(a, NULL);
	a->n--;
}

char *text_format(const char *fmt, ...)
{
	va_list ap;
	char *out;

	va_start(ap, fmt);
	if (vasprintf(&out, fmt, ap) < 0)
		die("out of memory");
	va_end(ap);
	return out;
}

char *file_read(const char *path, size_t *size)
{
	size_t n = 0, cap = 16384;
	char *data;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return NULL;
	data = grow(NULL, cap);
	for (;;) {
		ssize_t got = read(fd, data + n, cap - n - 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			int saved = errno;
			close(fd);
			free(data);
			errno = saved;
			return NULL;
		}
		if (!got)
			break;
		n += (size_t)got;
		if (n + 1 == cap)
			data = grow(data, cap *= 2);
	}
	close(fd);
	data[n] = 0;
	if (size)
		*size = n;
	return data;
}

static int is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

int args_add_response(args *out, const char *path, int depth)
{
	size_t size;
	char *text, *end, *r, *w;

	if (depth > 32)
		die("response files nest too deeply: @%s", path);
	text = file_read(path, &size);
	if (!text)
		return 0;
	end = text + size;
	/* Words are unquoted in place: they only get shorter. */
	for (r = text; r < end;) {
		char quote = 0, *word;
		while (r < end && is_blank(*r))
			r++;
		if (r == end)
			break;
		for (w = word = r; r < end && (quote || !is_blank(*r)); r++) {
			if (*r == '\\' && r + 1 < end && quote != '\'')
				*w++ = *++r;
			else if (quote && *r == quote)
				quote = 0;
			else if (!quote && (*r == '"' || *r == '\''))
				quote = *r;
			else
				*w++ = *r;
		}
		if (r < end)
			r++;
		*w = 0;
		if (word[0] != '@' || !args_add_response(out, word + 1, depth + 1))
			args_add(out, word);
	}
	return 1;
}

char *args_to_response(const args *a)
{
	int fd = memfd_create("xorch-cc", 0);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");

	if (!f)
		die("cannot make a response file: %s", strerror(errno));
	for (size_t i = 0; i < a->n; i++) {
		fputc('"', f);
		for (const char *p = a->v[i]; *p; p++) {
			if (*p == '"' || *p == '\\')
				fputc('\\', f);
			fputc(*p, f);
		}
		fputs("\"\n", f);
	}
	if (fflush(f))
		die("cannot write a response file: %s", strerror(errno));
	/* Kept open over exec: the tool and its children open it by this name. */
	return text_format("@/proc/self/fd/%d", fd);
}
