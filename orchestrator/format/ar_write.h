#pragma once
#include <glib.h>

/* A static library in the making: GNU `ar` form with the symbol table linkers
 * look names up in. Times, owners and modes are constants, so equal members
 * give equal bytes. */
typedef struct ar_writer ar_writer;

ar_writer *ar_writer_new(void);
void ar_writer_free(ar_writer *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ar_writer, ar_writer_free)

/* Adds a member. `symbols` are the names it defines (NULL-terminated); name
 * and symbols are copied, `content` is referenced. */
void ar_writer_add(
	ar_writer *writer, const char *name, GBytes *content, const char *const *symbols);
/* The archive; NULL with EXIT_INTEGRITY/X0650 when it passes 4 GiB, which the
 * symbol table's offsets cannot express. */
GBytes *ar_writer_finish(ar_writer *writer, GError **err);
