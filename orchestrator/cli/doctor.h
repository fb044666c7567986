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

/* Takes text and help over. */
void doctor_add(GPtrArray *checks, const char *name, doctor_state state, char *text,
	const char *help);

void doctor_machine(GPtrArray *checks);
void doctor_programs(GPtrArray *checks);
void doctor_sandbox(GPtrArray *checks);
/* Also appends {tag, version, executable, origin, headers} to `list`. */
void doctor_pythons(GPtrArray *checks, const options *o, json_t *list);
/* Pythons that recipes/ names and are not among `pythons` (host_python *). */
void doctor_recipes(GPtrArray *checks, const GPtrArray *pythons);
void doctor_cache(GPtrArray *checks, const options *o);
void doctor_registries(GPtrArray *checks);
void doctor_environment(GPtrArray *checks);
