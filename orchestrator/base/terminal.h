#pragma once
#include <glib.h>

/* A terminal of its own for a child that may not have this one: what it could do to a
 * terminal (push input, TIOCSTI) it does to a pseudo-terminal that ends with it. Until
 * terminal_end the user's terminal is raw, a thread carries bytes and size across. */
typedef struct terminal terminal;

/* Standard input and output are terminals. */
gboolean terminal_is_there(void);
/* NULL: EXIT_HOST X0802. */
terminal *terminal_begin(GError **err);
/* The child's side, for process_spec.child_setup_data (a pointer to it) and
 * terminal_attach, which makes it the controlling terminal and descriptors 0 to 2. */
const int *terminal_side(const terminal *t);
int terminal_attach(void *side);
/* After the child has ended: shows what is left and restores the user's terminal. */
void terminal_end(terminal *t);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(terminal, terminal_end)
