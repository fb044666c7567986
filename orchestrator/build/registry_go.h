#pragma once
#include "format/go_module.h"

/* Where Go modules come from on this machine, by the first of
 *
 *	XORCH_MIRROR_GO, in the form of GOPROXY (blanks count as commas)
 *	`mirrors: {go: […]}` of xorch's configuration
 *	`go env GOPROXY` in the caller's own environment
 *
 * What is private or has no public checksum is Go's own setting in any case. */
typedef struct registry_go {
	GPtrArray *proxies; /* go_proxy *: http or https, at least one */
	gboolean direct;    /* "direct" was at the end: meant for version control */
	char *no_proxy;	    /* GONOPROXY: patterns of modules no proxy is asked for */
	char *no_sum;	    /* GONOSUMDB */
	char *sum_db;	    /* GOSUMDB; "off" */
} registry_go;

/* `go` is the program to ask. EXIT_INPUT X0506 when no proxy is known ("direct" and
 * "off" alone are none: module sources are fetched from proxies only), X0530 for an
 * entry that is neither https nor this machine. */
gboolean registry_go_find(const char *go, registry_go *out, GError **err);
void registry_go_clear(registry_go *r);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(registry_go, registry_go_clear)

/* Their URLs as the machine's own Go has them, for doctor; EXIT_HOST X0940 without a
 * Go. Element type char *. */
gboolean registry_go_here(GPtrArray **urls, GError **err);

/* The proxies as a GOPROXY value for the go command, without direct. New string. */
char *registry_go_value(const registry_go *r);
