// SPDX-License-Identifier: GPL-2.0
/* Has a zombie as a child, prints "ready" and its pid, and waits. */
#include "util.h"

int main(void)
{
	siginfo_t info;
	pid_t pid = fork_child();

	if (!pid)
		return 0;
	/* waits for its exit without reaping it */
	if (waitid(P_PID, pid, &info, WEXITED | WNOWAIT))
		fatal("waiting for process %d", pid);
	printf("ready %d\n", pid);
	wait_for_ever();
}
