// SPDX-License-Identifier: GPL-2.0
/*
 * What reads numbers that people write gets more than 100,000 texts: the entries, and
 * the parameters pid and max_hold_us. An oracle of our own says what each must answer;
 * then the state is looked at: changed to that number after a success, as before
 * after an error.
 *
 * A number is one decimal digit or more, and perhaps one newline, no sign, no space,
 * no other base, and not above the limit. An entry takes 15 bytes at most. sysfs
 * hands a parameter what comes before the first NUL byte, and nothing at all
 * for an empty write.
 */
#include "stress.h"
#include "vmainfo_test.h"

#define INPUTS 35000	/* for each parser */
#define ROOM 4000

#define MAX_ENTRY 15

static bool all_digits(const unsigned char *s, size_t n)
{
	while (n && s[n - 1] >= '0' && s[n - 1] <= '9')
		n--;
	return !n;
}

/*
 * Digits as text, compared by length and then by content: nothing here can
 * overflow. False if it is not a number up to max.
 */
static bool oracle_number(const unsigned char *s, size_t n, const char *max, unsigned int *value)
{
	size_t i, max_len = strlen(max);

	if (n && s[n - 1] == '\n')
		n--;
	if (!n || !all_digits(s, n))
		return false;
	while (n > 1 && *s == '0') {
		s++;
		n--;
	}
	if (n > max_len || (n == max_len && memcmp(s, max, n) > 0))
		return false;
	*value = 0;
	for (i = 0; i < n; i++)
		*value = *value * 10 + (s[i] - '0');
	return true;
}

/* Inputs */

struct input {
	unsigned char *s;	/* ends where the memory ends */
	size_t n;
	unsigned char room[ROOM];
};

static void add(struct input *in, const char *s)
{
	size_t n = strlen(s);

	memcpy(in->room + in->n, s, n);
	in->n += n;
}

static void __attribute__((format(printf, 2, 3))) addf(struct input *in, const char *fmt, ...)
{
	char s[100];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(s, sizeof(s), fmt, ap);
	va_end(ap);
	add(in, s);
}

static void add_number(struct input *in, struct rng *r, const pid_t *pids, unsigned int nr_pids)
{
	static const uint64_t edges[] = {
		0, 1, 9, 10, 255, 256, 999999, 1000000, 1000001, 32767, 32768, 65535,
		4194303, 4194304, INT_MAX - 1, INT_MAX, INT_MAX + 1ull, UINT_MAX - 1ull,
		UINT_MAX, UINT_MAX + 1ull, LLONG_MAX - 1ull, LLONG_MAX, LLONG_MAX + 1ull,
		ULLONG_MAX - 1, ULLONG_MAX,
	};
	uint64_t pid = pids[rnd(r, nr_pids)];
	unsigned int i;

	switch (rnd(r, 9)) {
	case 0 ... 1:
		addf(in, "%llu", (unsigned long long)edges[rnd(r, ARRAY_SIZE(edges))]);
		break;
	case 2 ... 4:
		addf(in, "%llu", (unsigned long long)pid);
		break;
	case 5:		/* one that is the same in fewer bits */
		addf(in, "%llu", (unsigned long long)(pid + (1ull << (31 + rnd(r, 33)))));
		break;
	case 6:		/* what 64 bits do not hold: 2^64 is 18446744073709551616 */
		addf(in, "1844674407370955161%u", 6 + rnd(r, 4));
		for (i = rnd(r, 4); i; i--)
			addf(in, "%u", rnd(r, 10));
		break;
	case 7:
		addf(in, "%u", rnd(r, 2000000));
		break;
	case 8:
		for (i = rnd(r, 24); i; i--)
			addf(in, "%u", rnd(r, 10));
		break;
	}
}

static void add_noise(struct input *in, struct rng *r)
{
	static const char * const noise[] = {
		" ", "\n", "\t", "\r", "\v", "\f", "+", "-", "0", "00", "0x", "0X", "0b",
		"x", "a", "e1", ".", ",", "_", "'", "\"", "u", "L", "%d", "\x7f", "\x80",
		"\xff", "\xc2\xa0", "\xef\xbc\x91", "\n\n", "\r\n", "000000000000000000000",
	};

	if (rnd(r, 8))
		add(in, noise[rnd(r, ARRAY_SIZE(noise))]);
	else
		in->room[in->n++] = rnd(r, 256);	/* a NUL, too */
}

static void make_input(struct input *in, struct rng *r, const pid_t *pids, unsigned int nr_pids)
{
	unsigned int i;

	in->n = 0;
	switch (rnd(r, 10)) {
	case 0:		/* anything */
		for (i = rnd(r, 24); i; i--)
			in->room[in->n++] = rnd(r, 256);
		break;
	case 1:		/* anything long */
		for (i = rnd(r, ROOM); i; i--)
			in->room[in->n++] = rnd(r, 16) ? '0' + rnd(r, 10) : rnd(r, 256);
		break;
	case 2 ... 5:	/* a number, and no more, or a newline */
		for (i = rnd(r, 8) ? 0 : rnd(r, 12); i; i--)
			add(in, "0");
		add_number(in, r, pids, nr_pids);
		if (rnd(r, 3) == 0)
			add(in, "\n");
		break;
	case 6 ... 7:	/* a number, with something around it */
		if (rnd(r, 2))
			add_noise(in, r);
		add_number(in, r, pids, nr_pids);
		if (rnd(r, 2))
			add_noise(in, r);
		break;
	case 8:		/* a number with a byte changed, gone or doubled */
		add_number(in, r, pids, nr_pids);
		if (!in->n)
			break;
		i = rnd(r, in->n);
		switch (rnd(r, 3)) {
		case 0:
			in->room[i] ^= 1 << rnd(r, 8);
			break;
		case 1:
			memmove(in->room + i, in->room + i + 1, in->n-- - i - 1);
			break;
		case 2:
			memmove(in->room + i + 1, in->room + i, in->n++ - i);
			break;
		}
		break;
	case 9:
		for (i = rnd(r, 6); i; i--)
			add_noise(in, r);
		break;
	}
}

static void print_input(const struct input *in)
{
	size_t i;

	fprintf(stderr, "# %zu bytes: \"", in->n);
	for (i = 0; i < in->n && i < 100; i++)
		fprintf(stderr, in->s[i] < ' ' || in->s[i] > '~' || in->s[i] == '"' ||
			in->s[i] == '\\' ? "\\x%02x" : "%c", in->s[i]);
	fprintf(stderr, "\"\n");
}

/* Is there such a process or thread? kill() knows without being asked by the module. */
static bool exists(unsigned int pid)
{
	return !pid || !kill(pid, 0);
}

struct parser_test {
	const char *name;
	const char *max;
	bool entry;		/* else a parameter */
	bool is_pid;
};

/* What the oracle says: 0, or a negative errno; *value only if 0 */
static int oracle(const struct parser_test *p, const struct input *in, unsigned int *value)
{
	size_t n = in->n;

	if (!p->entry)
		n = strnlen((const char *)in->s, n);
	else if (n > (size_t)MAX_ENTRY)
		return -EINVAL;
	if (!oracle_number(in->s, n, p->max, value))
		return -EINVAL;
	return !p->is_pid || exists(*value) ? 0 : -ESRCH;
}

/* The state now: a parameter, or the pid at the beginning of an entry */
static long state(const struct parser_test *p, int fd)
{
	union {
		char s[64];
		struct vmainfo_header header;
	} u = { "" };
	char *s = u.s;
	int pid;

	if (!p->entry) {
		if (pread(fd, s, sizeof(u.s) - 1, 0) <= 0)
			return -1;
		return strtol(s, NULL, 10);
	}
	if (lseek(fd, 0, SEEK_SET) || read(fd, s, 48) <= 0)
		return -1;
	if (u.header.magic == VMAINFO_MAGIC)
		return u.header.pid;
	if (sscanf(s, "# pid=%d ", &pid) != 1 && sscanf(s, "Pid:\t%d\n", &pid) != 1)
		return -1;
	return pid;
}

static void idle(void)
{
}

/* Each input goes to one of the files, which parse it alike. */
static void run_parser(struct __test_metadata *_metadata, const struct parser_test *p,
		       const char * const *paths, unsigned int nr_paths)
{
	struct rng r = stress_begin(p->name);
	unsigned long tried = 0, accepted = 0, refused = 0, absent = 0, looked = 0;
	struct target t[2];
	pid_t pids[5];
	struct input in;
	unsigned char *end;
	unsigned int value = 0, i;
	long now[ENTRIES];
	int fd[ENTRIES], got, expected, expected_after;

	/* the bytes after a text cannot be read */
	end = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)end);
	ASSERT_EQ(0, mprotect(end + 2 * PAGE, PAGE, PROT_NONE));
	end += 2 * PAGE;

	target_start(&t[0], idle, NULL);
	target_start(&t[1], idle, NULL);
	pids[0] = t[0].pid;
	pids[1] = t[1].pid;
	pids[2] = getpid();
	pids[3] = 1;
	pids[4] = 0;

	for (i = 0; i < nr_paths; i++) {
		fd[i] = open_or_die(paths[i], O_RDWR);
		now[i] = state(p, fd[i]);
		ASSERT_LE(0, now[i]);
	}
	while (tried < INPUTS || soaking()) {
		make_input(&in, &r, pids, ARRAY_SIZE(pids));
		i = rnd(&r, nr_paths);
		in.s = memcpy(end - in.n, in.room, in.n);
		/* sysfs does not pass on what is empty */
		if (!p->entry && !in.n)
			continue;
		expected = oracle(p, &in, &value);
		got = write(fd[i], in.s, in.n);
		got = got < 0 ? -errno : got == (int)in.n ? 0 : -EIO;
		if (got != expected) {
			/* threads of the kernel come and go */
			expected_after = oracle(p, &in, &value);
			ASSERT_EQ(expected_after, got) {
				print_input(&in);
			}
		}
		tried++;
		accepted += !got;
		absent += got == -ESRCH;
		refused += got == -EINVAL;
		if (!got)
			now[i] = p->entry && !value ? getpid() : (long)value;
		/* an entry's state is dear: look at it less when it should be as before */
		if (got && p->entry && rnd(&r, 32))
			continue;
		/* what else has a number may not live so long */
		if (p->is_pid && now[i] != pids[0] && now[i] != pids[1] && now[i] != pids[2] &&
		    now[i] > 1) {
			ASSERT_EQ(0, set_target(fd[i], pids[0]));
			now[i] = pids[0];
			continue;
		}
		looked++;
		ASSERT_EQ(now[i], state(p, fd[i])) {
			TH_LOG("%s", paths[i]);
			print_input(&in);
		}
	}
	printf("# %s: %lu inputs tried: %lu accepted, %lu refused, %lu no such process; state looked at %lu times\n",
	       p->name, tried, accepted, refused, absent, looked);
	figure(tried, "inputs tried");
	EXPECT_LT(tried / 10, accepted);
	EXPECT_LT(tried / 10, refused);
	if (p->is_pid)
		EXPECT_LT(tried / 100, absent);
	for (i = 0; i < nr_paths; i++)
		close(fd[i]);
	target_end(&t[0]);
	target_end(&t[1]);
}

TEST(entry_writes)
{
	/* maps does not tell whose it is */
	static const char * const paths[] = { PROC "vmas", PROC "raw", PROC "summary" };
	static const struct parser_test p = {
		.name = "entry", .max = "2147483647", .entry = true, .is_pid = true,
	};

	run_parser(_metadata, &p, paths, ARRAY_SIZE(paths));
}

TEST(pid_parameter)
{
	static const char * const path = PARAM "pid";
	static const struct parser_test p = {
		.name = "pid", .max = "2147483647", .is_pid = true,
	};

	run_parser(_metadata, &p, &path, 1);
	EXPECT_EQ(0, set_param("pid", "0"));
}

TEST(max_hold_us_parameter)
{
	static const char * const path = PARAM "max_hold_us";
	static const struct parser_test p = { .name = "max_hold_us", .max = "1000000" };

	run_parser(_metadata, &p, &path, 1);
	EXPECT_EQ(0, set_param("max_hold_us", "250"));
}

/* Memory that cannot be read, at any distance from the start of the text */
TEST(unreadable_user_memory)
{
	unsigned char *end;
	int fd = open_or_die(PROC "vmas", O_RDWR), i;

	end = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)end);
	ASSERT_EQ(0, mprotect(end + PAGE, PAGE, PROT_NONE));
	memset(end, '1', PAGE);
	end += PAGE;
	for (i = 0; i <= MAX_ENTRY; i++) {
		errno = 0;
		EXPECT_EQ(-1, write(fd, end - i, i + 1));
		EXPECT_EQ(i < MAX_ENTRY ? EFAULT : EINVAL, errno) {
			TH_LOG("%d bytes, all but the last can be read", i + 1);
		}
	}
	EXPECT_EQ(-1, write(fd, end, 1));
	EXPECT_EQ(EFAULT, errno);
}

int main(int argc, char **argv)
{
	stress_init(3, 5);
	module_for_all_tests();
	return test_harness_run(argc, argv);
}
