/* Placeholder until the wrapper lands: refuses to do anything. */
#include <stdio.h>

int main(void)
{
	fputs("xorch-cc: not configured\n", stderr);
	return 127;
}
