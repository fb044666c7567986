#pragma once
#include "base/event.h"
#include "cli/output.h"

/* Shared by the files of the output module only. */
typedef struct output_state {
	GMutex lock;
	gboolean ready;
	gboolean color, ascii, json, quiet;
	gboolean github; /* the runner of GitHub Actions reads along */
	gboolean gitlab; /* GitLab's does */
	gboolean lines;	 /* what is told goes out as lines of JSON */
	int fd;		 /* where it goes: standard error, or --log-file */
	int verbose;
	progress_mode progress; /* settled: never AUTO */
	gboolean json_written, result_lost;
	gboolean taken; /* standard output is for one document */
	int result_errno;
} output_state;

extern output_state output;

/* With the lock held: text to output.fd as it is; nothing is done about failure,
 * there is nobody left to tell. */
void output_write(const char *text, gsize len);
/* With the lock held: text for people, coloured and folded, live lines kept. */
void output_people_locked(const char *text);

/* The text between ::stop-commands:: and its end when the runner would find a command in
 * it; else the text itself, taken over. */
char *output_fence(char *text);

/* What a text looks like in this terminal: colour by form, ASCII if need be. */
char *output_dress(const char *text, gboolean color, gboolean ascii);

/* Lines of JSON (cli/output_lines.c), all with the lock held. line_write consumes. */
json_t *line_new(const char *kind, const char *level, const char *message);
void line_write(json_t *o);
void line_people(const char *text);
void line_error(const GError *err, const char *code, const char *text);
void line_diags(diag_list *l);
void line_event(const event *e);
/* Each line of what a build printed. */
void line_output(const char *subject, const char *level, const char *text);
/* Of a download that ended: one that was large or took long. */
gboolean event_is_worth_a_line(const event *e);

/* The sink for plain, JSON and live progress. */
void output_event(const event *e, void *data);
/* A line for one event in plain form, or NULL when it says nothing. */
char *output_event_line(const event *e, int verbose, gboolean begin_too);

/* Live lines, with the lock held. Without live_start only live_print does something. */
void live_start(void);
/* Takes note of an event; TRUE when the lines are to be drawn anew. */
gboolean live_event(const event *e);
void live_erase(void);
/* Prints above the live lines; "" only draws them anew. */
void live_print(const char *text);
