// SPDX-License-Identifier: GPL-2.0
/* Loading and unloading the module: see util.h. */
#include "kselftest.h"
#include "util.h"

const char *module_file(void)
{
	const char *ko = getenv("VMAINFO_KO");

	if (ko && *ko)
		return ko;
	return access("/vmainfo.ko", R_OK) ? NULL : "/vmainfo.ko";
}

int module_load(const char *params)
{
	const char *ko = module_file();
	pid_t pid;
	int fd, ret;

	if (ko) {
		fd = open(ko, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return -errno;
		ret = result_of(syscall(SYS_finit_module, fd, params, 0));
		close(fd);
		return ret;
	}

	pid = fork_child();
	if (!pid) {
		execlp("modprobe", "modprobe", "vmainfo",
		       *params ? params : (char *)NULL, (char *)NULL);
		_exit(127);
	}
	return reap(pid) ? -ENOENT : 0;
}

int module_unload(void)
{
	return result_of(syscall(SYS_delete_module, "vmainfo", O_NONBLOCK));
}

static pid_t main_pid;

static void vmainfo_at_exit(void)
{
	int ret;

	if (getpid() != main_pid)
		return;
	ret = module_unload();
	if (ret) {
		printf("# the module does not unload: %s\n", strerror(-ret));
		fflush(stdout);
		_exit(KSFT_FAIL);
	}
}

void module_for_all_tests(void)
{
	bool loaded = !access("/sys/module/vmainfo", F_OK);
	int ret = geteuid() ? -EPERM : loaded ? -EEXIST : module_load("");

	if (ret)
		ksft_print_header();
	if (ret == -EPERM && geteuid())
		ksft_exit_skip("these tests need root\n");
	if (ret == -ENOENT)
		ksft_exit_skip("no vmainfo.ko: name one in VMAINFO_KO, or install it for modprobe\n");
	if (loaded)
		ksft_exit_fail_msg("vmainfo is loaded already, and these tests load it themselves: rmmod vmainfo\n");
	if (ret)
		ksft_exit_fail_msg("vmainfo does not load: %s\n", strerror(-ret));
	main_pid = getpid();
	atexit(vmainfo_at_exit);
}
