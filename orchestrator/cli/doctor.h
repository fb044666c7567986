#pragma once
#include "cli/options.h"
#include <jansson.h>

/* What `xorch doctor` looks at; cli/cmd_doctor.c prints it. */
typedef enum doctor_state {
	DOCTOR_OK,
	DOCTOR_NOTE,   /* worth knowing, everything works */
	DOCTOR_LESS,   /* something works less well or not at all */
	DOCTOR_MISSING /* builds cannot work */
} doctor_state;

typedef struct doctor_check {
	const char *name; /* "sandbox", static */
	doctor_state state;
	char *text; /* escaped */
	char *help; /* what to do, or NULL */
} doctor_check;

/* Takes text over; help is told by doctor_host_help. */
void doctor_add(GPtrArray *checks, const char *name, doctor_state state, char *text,
	const char *help);

/* `help` in the words of this system's family: "apt-get install gpgv", the first such in
 * it, becomes what gets that package here. New string; NULL of NULL. */
char *doctor_host_help(const char *help);

void doctor_machine(GPtrArray *checks);
/* What is to be known of a system that is not Debian. */
void doctor_host(GPtrArray *checks);
void doctor_programs(GPtrArray *checks);
/* ccache and sccache, which builds go through where they are. */
void doctor_compiler_cache(GPtrArray *checks, const options *o);
/* Of a xorch that pip installed: the tools that its wheel brought along. */
void doctor_tools(GPtrArray *checks);
void doctor_sandbox(GPtrArray *checks);
/* Also appends {tag, version, executable, origin, headers} to `list`. */
void doctor_pythons(GPtrArray *checks, const options *o, json_t *list);
/* Pythons that recipes/ names and are not among `pythons` (host_python *). */
void doctor_recipes(GPtrArray *checks, const GPtrArray *pythons);
void doctor_cache(GPtrArray *checks, const options *o);
void doctor_registries(GPtrArray *checks);
void doctor_environment(GPtrArray *checks);
