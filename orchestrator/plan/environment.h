#pragma once
#include "plan/platform.h"

/* The variables by which build systems learn that they build for a target: what
 * `xorch env` prints, `xorch exec` sets and a build step gets. A pure function of
 * its spec, in a fixed order. Which variable is read by whom stands in
 * plan/environment.c, one row each. A variable whose value would need something
 * the spec does not have (a toolchain, a sysroot, a GOARM) is left out. */
typedef struct environment_python {
	const char *lib_dir;	   /* folder with the target's sysconfig data */
	const char *version;	   /* "3.13", "3.13t" */
	const char *ext_suffix;	   /* ".cpython-313-aarch64-linux-gnu.so" */
	const char *sysconfigdata; /* "_sysconfigdata__linux_aarch64-linux-gnu" */
	const char *pyo3_config;   /* file; NULL none */
} environment_python;

typedef struct environment_spec {
	const platform *platform;
	const char *floor;     /* "2_17"; NULL: no PLAT */
	const char *cross_bin; /* folder of the wrappers (build/cross.h); NULL none */
	gboolean fortran;      /* gfortran is among them */
	const char *sysroot;   /* NULL none */
	const char *cmake_toolchain; /* file; NULL none */
	const environment_python *python;
	gboolean strip;			   /* wheel.strip */
	const char *const *prefix_maps;	   /* "FROM=TO", for paths inside object files */
	const GPtrArray *cflags, *ldflags; /* char *: after ours, for the target; NULL */
	/* For a build step: */
	gboolean step;		  /* locale, time zone, hash seed and the like as well */
	int jobs;		  /* 0: not said */
	gint64 source_date_epoch; /* seconds; 0: not said */
} environment_spec;

typedef struct environment_variable {
	char *name, *value;
	const char *reader; /* who reads it and what for; static */
} environment_variable;

/* Element type environment_variable *, freed with the array. Names are unique. */
GPtrArray *environment_make(const environment_spec *spec);
/* NULL when not there. */
const char *environment_get(const GPtrArray *env, const char *name);
/* Sets or replaces (at its place); reader of an added one is NULL. */
void environment_set(GPtrArray *env, const char *name, const char *value);
/* "NAME=value", NULL-terminated, as exec wants it. */
char **environment_strv(const GPtrArray *env);

/* Forms of text. Every value comes out of the reader as it went in. */
typedef enum environment_format {
	ENVIRONMENT_SH,	    /* export A='b': eval "$(xorch env …)" */
	ENVIRONMENT_JSON,   /* one object */
	ENVIRONMENT_GITHUB, /* for >> "$GITHUB_ENV" */
	ENVIRONMENT_DOTENV, /* A=b; quoted only where it must be, because docker run
			     * --env-file reads quotes as part of the value */
	ENVIRONMENT_DOCKER  /* ENV lines of a Dockerfile */
} environment_format;

/* sh, json, github, dotenv, docker; EXIT_INPUT X0111. */
gboolean environment_format_parse(
	const char *text, environment_format *format, GError **err);
char *environment_text(const GPtrArray *env, environment_format format);
