// SPDX-License-Identifier: GPL-2.0
#include <error.h>
#include <stdlib.h>

#include "tool.h"

int draw_command(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	error(EXIT_FAILURE, 0, "draw: not here yet");
	return EXIT_FAILURE;
}
