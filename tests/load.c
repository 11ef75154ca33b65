// SPDX-License-Identifier: GPL-2.0
/* Loading and unloading: valid parameters, and what open files do later */
#include <dirent.h>

#include "stress.h"
#include "vmainfo_test.h"

#define ROW_AT ((void *)FAR(0x20))

static bool loaded(void)
{
	bool module = !access("/sys/module/vmainfo", F_OK);

	if (module != !access("/proc/vmainfo", F_OK))
		fatal("/sys/module/vmainfo and /proc/vmainfo disagree");
	return module;
}

FIXTURE(load)
{
	struct target target;
};

FIXTURE_SETUP(load)
{
	FATAL_IS_ASSERT();
	ASSERT_EQ(0, module_unload());
	target_start_row(&self->target, ROW_AT, 200);
}

FIXTURE_TEARDOWN(load)
{
	target_end(&self->target);
	if (!loaded())
		EXPECT_EQ(0, module_load(""));
}

/* Loads the module with a parameter pid in addition to others. */
static int load_with(const char *params, pid_t pid)
{
	char all[64];

	snprintf(all, sizeof(all), "%s pid=%d", params, pid);
	return module_load(all);
}

TEST_F(load, parameters_take_effect)
{
	static const struct {
		const char *params, *max_hold_us;
		bool pid;
	} cases[] = {
		{ "", "250\n", false },
		{ "", "250\n", true },
		{ "max_hold_us=1000000", "1000000\n", true },
	};
	unsigned int i, j;
	char pid[16];

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		ASSERT_EQ(0, cases[i].pid ? load_with(cases[i].params, self->target.pid) :
					    module_load(cases[i].params));
		ASSERT_TRUE(loaded());
		for (j = VMAS; j <= RAW; j++)
			EXPECT_EQ(cases[i].pid, shows(slurp_path(entries[j]), ROW_AT));
		snprintf(pid, sizeof(pid), "%d\n", cases[i].pid ? self->target.pid : 0);
		EXPECT_STREQ(pid, slurp_path(PARAM "pid").s);
		EXPECT_STREQ(cases[i].max_hold_us, slurp_path(PARAM "max_hold_us").s);
		ASSERT_EQ(0, module_unload());
		EXPECT_FALSE(loaded());
	}
}

TEST_F(load, invalid_parameters_rejected)
{
	static const char * const bad[] = {
		"pid=abc", "pid=", "pid=-1", "pid=1x", "pid=0x10", "pid=2147483648",
		"pid=18446744073709551617", "pid=\"1 2\"", "pid", "max_hold_us=-1",
		"max_hold_us=1000001", "max_hold_us=abc", "max_hold_us=", "max_hold_us",
	};
	struct target gone;
	size_t i;

	if (!module_file())
		SKIP(return, "modprobe does not tell the error: set VMAINFO_KO");
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EINVAL, module_load(bad[i])) {
			TH_LOG("%s", bad[i]);
		}
		ASSERT_FALSE(loaded());
	}
	target_start(&gone, NULL, NULL);
	target_end(&gone);
	EXPECT_EQ(-ESRCH, load_with("", gone.pid));
	ASSERT_FALSE(loaded());
	EXPECT_EQ(-ESRCH, module_load("pid=2147483647"));
	ASSERT_FALSE(loaded());
	EXPECT_EQ(0, module_load(""));
}

/* The call on a file of an unloaded module that does not fail, or NULL */
static const char *is_dead(int fd)
{
	char buffer[4096];

	if (read(fd, buffer, sizeof(buffer)) != -1 || errno != EIO)
		return "read";
	if (pread(fd, buffer, 100, 5000) != -1 || errno != EIO)
		return "pread";
	if (lseek(fd, 0, SEEK_SET) != -1)
		return "lseek";
	if (write(fd, "0", 1) != -1 || errno != EIO)
		return "write";
	return NULL;
}

/* Those for one process, and procs, where a pid cannot be written */
#define FILES (ENTRIES + 1)

TEST_F(load, open_files_fail_after_unload)
{
	static const char * const state[] = { "unread", "half read", "completely read" };
	int fd[ARRAY_SIZE(state)][FILES];
	char buffer[4096];
	unsigned int i, j;
	DIR *dir;

	ASSERT_EQ(0, module_load(""));
	for (i = 0; i < FILES; i++) {
		for (j = 0; j < ARRAY_SIZE(state); j++)
			fd[j][i] = i < ENTRIES ? open_target(entries[i], self->target.pid) :
				   open_or_die(PROC "procs", O_RDWR);
		ASSERT_LT(0, read(fd[1][i], buffer, sizeof(buffer)));
		ASSERT_LT(500u, slurp(fd[2][i], 4096).len);
	}
	dir = opendir("/proc/vmainfo");
	ASSERT_NE(NULL, dir);
	ASSERT_EQ(0, chdir("/proc/vmainfo"));

	ASSERT_EQ(0, module_unload());
	ASSERT_FALSE(loaded());
	for (i = 0; i < FILES; i++) {
		for (j = 0; j < ARRAY_SIZE(state); j++) {
			EXPECT_EQ(NULL, is_dead(fd[j][i])) {
				TH_LOG("%s of %s, %s", is_dead(fd[j][i]),
				       i < ENTRIES ? entries[i] : "procs", state[j]);
			}
		}
	}
	EXPECT_EQ(-1, open("vmas", O_RDONLY));

	/* Loading it again does not revive them. */
	ASSERT_EQ(0, module_load(""));
	EXPECT_LT(0u, slurp_path(PROC "vmas").len);
	for (i = 0; i < FILES; i++)
		EXPECT_EQ(NULL, is_dead(fd[1][i]));
	EXPECT_EQ(0, chdir("/"));
	closedir(dir);
	ASSERT_EQ(0, module_unload());
	for (i = 0; i < FILES; i++)
		for (j = 0; j < ARRAY_SIZE(state); j++)
			EXPECT_EQ(0, close(fd[j][i]));
}

VMAINFO_TEST_MAIN()
