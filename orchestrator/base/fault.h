#pragma once

/* Fault injection for the tests; without the variables these do nothing.
 * XORCH_TEST_DIE_AT=STEP[:N] kills this process with SIGKILL when the N-th
 * (default first) fault_point of that name is reached. */
void fault_point(const char *step);
