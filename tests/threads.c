// SPDX-License-Identifier: GPL-2.0
/*
 * A dynamic program with threads: shared libraries, a heap, arenas, stacks with
 * guard pages. It prints "ready" when all threads run, and waits.
 */
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define THREADS 8

static pthread_barrier_t up;

static void *work(void *arg)
{
	size_t size = 1000 + 1000 * (size_t)arg;
	char *p = malloc(size);		/* an arena of its own */

	if (!p)
		exit(1);
	memset(p, 1, size);
	pthread_barrier_wait(&up);
	for (;;)
		pause();
	return p;
}

int main(int argc, char **argv)
{
	pthread_attr_t attr;
	pthread_t thread;
	char *heap, *large;
	size_t i;

	heap = malloc(100000);
	large = malloc(10 << 20);
	if (!heap || !large || pthread_barrier_init(&up, NULL, THREADS + 1) ||
	    pthread_attr_init(&attr))
		return 1;
	heap[0] = (char)lrint(sin(argc));
	large[0] = heap[0];
	for (i = 0; i < THREADS; i++) {
		size_t stack = i ? 256 << 10 : 64 << 20;

		if (pthread_attr_setstacksize(&attr, stack) ||
		    pthread_attr_setguardsize(&attr, 4096 * (i + 1)) ||
		    pthread_create(&thread, &attr, work, (void *)i)) {
			perror("threads");
			return 1;
		}
	}
	pthread_barrier_wait(&up);
	if (write(1, "ready\n", 6) != 6)
		return 1;
	for (;;)
		pause();
}
