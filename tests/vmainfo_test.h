/* SPDX-License-Identifier: GPL-2.0 */
/* What each file of tests includes: the harness, and util.h for the rest. */
#ifndef VMAINFO_TEST_H
#define VMAINFO_TEST_H

#include "kselftest_harness.h"
#include "util.h"

/* Unlike this limit, that in "settings" can be overridden. */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 0

static struct __test_metadata *test_that_runs;
static pid_t pid_of_test;

static inline void fail_assertion(void)
{
	if (getpid() != pid_of_test)
		return;
	test_that_runs->exit_code = KSFT_FAIL;
	__bail(1, test_that_runs);
}

/*
 * First in a FIXTURE_SETUP whose FIXTURE_TEARDOWN restores something. From then
 * on fatal() in the process of the test is a failed assertion, which does not
 * skip FIXTURE_TEARDOWN as exit() would.
 */
#define FATAL_IS_ASSERT() do {			\
	test_that_runs = _metadata;		\
	pid_of_test = getpid();			\
	on_fatal = fail_assertion;		\
} while (0)

/* A fixture with a variant for each entry that shows one process */
#define ENTRY_VARIANTS(fixture)					\
	FIXTURE_VARIANT(fixture)				\
	{							\
		const char *entry;				\
	};							\
	FIXTURE_VARIANT_ADD(fixture, maps) { PROC "maps" };	\
	FIXTURE_VARIANT_ADD(fixture, raw) { PROC "raw" };	\
	FIXTURE_VARIANT_ADD(fixture, vmas) { PROC "vmas" };	\
	FIXTURE_VARIANT_ADD(fixture, summary) { PROC "summary" }

/* The argument is what the program does before it loads the module. */
#define VMAINFO_TEST_MAIN(...)					\
	int main(int argc, char **argv)				\
	{							\
		target_executed(argc, argv);			\
		__VA_ARGS__;					\
		module_for_all_tests();				\
		return test_harness_run(argc, argv);		\
	}

#endif
