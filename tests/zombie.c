// SPDX-License-Identifier: GPL-2.0
/* Has a child that is a zombie for good, says "ready" and its pid, and waits. */
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
	/* waits for its end, and leaves it as it is */
	if (pid < 0 || waitid(P_PID, pid, &info, WEXITED | WNOWAIT)) {
		perror("zombie");
		return 1;
	}
	printf("ready %d\n", pid);
	fflush(stdout);
	for (;;)
		pause();
}
