// SPDX-License-Identifier: GPL-2.0
/*
 * Runs a command with a small bounding set, like CapabilityBoundingSet= of a
 * service:
 *
 *	onlycap sys_ptrace|none COMMAND [ARG...]
 *
 * as root, with that capability and no other. busybox has no such command.
 */
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int cap, keep = -1;

	if (argc > 1 && !strcmp(argv[1], "sys_ptrace"))
		keep = CAP_SYS_PTRACE;
	if (argc < 3 || (keep < 0 && strcmp(argv[1], "none"))) {
		fprintf(stderr, "usage: onlycap sys_ptrace|none COMMAND [ARG...]\n");
		return 1;
	}
	/* The kernel can have more capabilities than the headers. */
	for (cap = 0; prctl(PR_CAPBSET_READ, cap) >= 0; cap++) {
		if (cap != keep && prctl(PR_CAPBSET_DROP, cap)) {
			perror("PR_CAPBSET_DROP");
			return 1;
		}
	}
	execvp(argv[2], argv + 2);
	perror(argv[2]);
	return 1;
}
