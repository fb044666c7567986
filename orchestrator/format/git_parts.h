#pragma once
#include "format/git.h"
#include <lazy/git2.h>

/* Inside format/git*.c only. */
struct repo_tree {
	git_repository *repository;
	char *top;
};
