#pragma once

/* For a container that starts xorch as its first process, without an init. Process 1
 * has duties: what others leave behind becomes its children and must be waited for, and
 * signals without a handler do not reach it. So process 1 forks at once, before there is
 * any thread; the child is xorch, the parent only waits for everybody, passes signals on
 * and ends with the child's status (128 + n for signal n). What a terminal sends went to
 * the child as well and is not passed on. Elsewhere this does nothing. Called once, first
 * in main. */
void first_process(void);
