#include "base/process_output.h"
#include "base/error.h"
#include "base/process_secret.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define LOG_LIMIT (64ULL << 20)
#define TAIL_LIMIT (1U << 20)
#define CAPTURE_LIMIT (16U << 20)

struct process_output {
	const process_spec *spec;
	int fd; /* the log, -1 none */
	int write_error;
	guint64 seen, head_limit;
	char *tail; /* ring of the last tail_limit bytes, made when needed */
	gsize tail_limit, tail_next;
	guint64 tail_seen;
	gsize capture_limit;
	GString *out, *err;
	gboolean out_cut, err_cut;
	process_mask *masks[2]; /* of stdout and stderr; NULL: no secrets */
};

process_output *process_output_new(const process_spec *spec, GError **err)
{
	guint64 limit = spec->log_limit ? spec->log_limit : LOG_LIMIT;
	int fd = -1;

	if (spec->log_path) {
		fd = open(
			spec->log_path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
		if (fd < 0) {
			error_set_errno(err, EXIT_HOST, "X0812", errno,
				"cannot write the log `%s`", spec->log_path);
			return NULL;
		}
	}
	process_output *o = g_new0(process_output, 1);
	o->spec = spec;
	o->masks[0] = process_mask_new();
	o->masks[1] = process_mask_new();
	o->fd = fd;
	o->tail_limit = (gsize)MIN(TAIL_LIMIT, limit / 2 + 1);
	o->head_limit = limit - MIN(limit, o->tail_limit);
	o->capture_limit = spec->capture_limit ? spec->capture_limit : CAPTURE_LIMIT;
	if (spec->capture) {
		o->out = g_string_new(NULL);
		o->err = g_string_new(NULL);
	}
	return o;
}

static void log_write(process_output *o, const char *bytes, gsize size)
{
	while (size && !o->write_error) {
		ssize_t n = write(o->fd, bytes, size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			o->write_error = n < 0 ? errno : ENOSPC;
			return;
		}
		bytes += n;
		size -= (gsize)n;
	}
}

static void tail_add(process_output *o, const char *bytes, gsize size)
{
	o->tail_seen += size;
	if (!o->tail)
		o->tail = g_malloc(o->tail_limit);
	if (size > o->tail_limit) {
		bytes += size - o->tail_limit;
		size = o->tail_limit;
	}
	while (size) {
		gsize n = MIN(size, o->tail_limit - o->tail_next);
		memcpy(o->tail + o->tail_next, bytes, n);
		o->tail_next = (o->tail_next + n) % o->tail_limit;
		bytes += n;
		size -= n;
	}
}

static void log_add(process_output *o, const char *bytes, gsize size)
{
	guint64 before = o->seen - size;

	if (before < o->head_limit) {
		gsize head = (gsize)MIN(size, o->head_limit - before);
		log_write(o, bytes, head);
		bytes += head;
		size -= head;
	}
	if (size)
		tail_add(o, bytes, size);
}

static void log_finish(process_output *o)
{
	if (!o->tail)
		return;
	if (o->tail_seen <= o->tail_limit) {
		log_write(o, o->tail, (gsize)o->tail_seen);
		return;
	}
	g_autofree char *gap = g_strdup_printf("\n[xorch: %" G_GUINT64_FORMAT
					       " bytes of output left out here]\n",
		o->tail_seen - o->tail_limit);
	log_write(o, gap, strlen(gap));
	log_write(o, o->tail + o->tail_next, o->tail_limit - o->tail_next);
	log_write(o, o->tail, o->tail_next);
}

static void capture_add(
	GString *to, gboolean *cut, gsize limit, const char *bytes, gsize size)
{
	gsize room = limit - MIN(limit, to->len);

	if (size > room)
		*cut = TRUE;
	g_string_append_len(to, bytes, (gssize)MIN(size, room));
}

static void add_masked(
	process_output *o, const char *bytes, gsize size, gboolean is_stderr)
{
	o->seen += size;
	if (o->fd >= 0)
		log_add(o, bytes, size);
	if (o->out && is_stderr)
		capture_add(o->err, &o->err_cut, o->capture_limit, bytes, size);
	else if (o->out)
		capture_add(o->out, &o->out_cut, o->capture_limit, bytes, size);
	if (o->spec->on_output)
		o->spec->on_output(bytes, size, is_stderr, o->spec->on_output_data);
}

static void add(process_output *o, const char *bytes, gsize size, gboolean is_stderr,
	gboolean last)
{
	process_mask *m = o->masks[is_stderr ? 1 : 0];

	if (!m) {
		if (size)
			add_masked(o, bytes, size, is_stderr);
		return;
	}
	g_autoptr(GString) out = g_string_new(NULL);
	process_mask_add(m, bytes, size, last, out);
	if (out->len)
		add_masked(o, out->str, out->len, is_stderr);
}

void process_output_add(
	process_output *o, const char *bytes, gsize size, gboolean is_stderr)
{
	add(o, bytes, size, is_stderr, FALSE);
}

gboolean process_output_finish(process_output *o, process_result *r, GError **err)
{
	gboolean ok = TRUE;

	for (int n = 0; n < 2; n++) {
		add(o, "", 0, n == 1, TRUE);
		process_mask_free(o->masks[n]);
	}
	if (o->fd >= 0) {
		log_finish(o);
		if (close(o->fd) != 0 && !o->write_error)
			o->write_error = errno;
		if (o->write_error)
			ok = error_set_errno(err, EXIT_HOST, "X0812", o->write_error,
				"cannot write the log `%s`", o->spec->log_path);
	}
	r->log_bytes = o->seen;
	if (o->out) {
		r->out_size = o->out->len;
		r->err_size = o->err->len;
		r->out = g_string_free(o->out, FALSE);
		r->err = g_string_free(o->err, FALSE);
		r->out_cut = o->out_cut;
		r->err_cut = o->err_cut;
	}
	g_free(o->tail);
	g_free(o);
	return ok;
}
