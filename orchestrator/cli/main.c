#include "base/error.h"
#include <stdio.h>

int main(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	puts("xorch " XORCH_VERSION);
	return EXIT_DONE;
}
