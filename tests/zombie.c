// SPDX-License-Identifier: GPL-2.0
/* Has a zombie as a child, prints "ready" and its pid, and waits. */
#include <stdio.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
	siginfo_t info;
	pid_t pid = fork();

	if (!pid)
		return 0;
	/* waits for its exit without reaping it */
	if (pid < 0 || waitid(P_PID, pid, &info, WEXITED | WNOWAIT)) {
		perror("zombie");
		return 1;
	}
	printf("ready %d\n", pid);
	fflush(stdout);
	for (;;)
		pause();
}
