/* SPDX-License-Identifier: GPL-2.0 */
/* What each file of tests includes: the harness, and util.h for the rest. */
#ifndef VMAINFO_TEST_H
#define VMAINFO_TEST_H

#include "kselftest_harness.h"
#include "util.h"

/* No test here has a time limit: what runs them may set one for the lot. */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 0

#define VMAINFO_TEST_MAIN					\
	int main(int argc, char **argv)				\
	{							\
		module_for_all_tests();				\
		return test_harness_run(argc, argv);		\
	}

#endif
