// SPDX-License-Identifier: GPL-2.0
/*
 * The entries and the parameters pid and max_hold_us get more than 100,000
 * random texts. A model says what each write must return. Then the state must
 * be the written number after a success, and unchanged after an error.
 *
 * A number is one or more decimal digits and at most one newline, without sign,
 * space or prefix, and not above the limit. An entry accepts 15 bytes at most.
 * sysfs passes on what comes before the first NUL, and does not pass on an
 * empty write.
 */
#include <sys/ioctl.h>

#include "stress.h"
#include "vmainfo_test.h"

#define INPUTS 35000	/* for each parser */
#define ROOM 4000
#define MAX_ENTRY 15	/* bytes */

/*
 * Compares digits as text, which cannot overflow. False if it is not a number
 * up to max.
 */
static bool model_number(const char *s, size_t n, const char *max, unsigned int *value)
{
	size_t i;

	if (n && s[n - 1] == '\n')
		n--;
	for (i = 0; i < n; i++)
		if (s[i] < '0' || s[i] > '9')
			return false;
	if (!n)
		return false;
	for (; n > 1 && *s == '0'; n--)
		s++;
	if (n > strlen(max) || (n == strlen(max) && memcmp(s, max, n) > 0))
		return false;
	*value = 0;
	for (i = 0; i < n; i++)
		*value = *value * 10 + (s[i] - '0');
	return true;
}

/* Inputs */

struct input {
	char *s;	/* ends where the memory ends */
	size_t n;
	char room[ROOM + 100];
};

static void add(struct input *in, const char *s)
{
	size_t n = strlen(s);

	memcpy(in->room + in->n, s, n);
	in->n += n;
}

static void add_number(struct input *in, struct rng *r, const pid_t *pids, unsigned int nr_pids)
{
	static const char * const edges[] = {
		"0", "1", "9", "10", "255", "256", "999999", "1000000", "1000001", "32768",
		"65535", "4194303", "4194304", "2147483646", "2147483647", "2147483648",
		"4294967294", "4294967295", "4294967296", "9223372036854775807",
		"9223372036854775808", "18446744073709551615", "18446744073709551616",
		"18446744073709551617", "184467440737095516170",
	};
	unsigned long long n = pids[rnd(r, nr_pids)];
	char s[24];
	unsigned int i;

	switch (rnd(r, 8)) {
	case 0 ... 1:
		add(in, edges[rnd(r, ARRAY_SIZE(edges))]);
		return;
	case 2:		/* the same number in fewer bits */
		n += 1ull << (31 + rnd(r, 33));
		break;
	case 3:
		n = rnd(r, 2000000);
		break;
	case 4:
		for (i = rnd(r, 24); i; i--)
			in->room[in->n++] = '0' + rnd(r, 10);
		return;
	}
	snprintf(s, sizeof(s), "%llu", n);
	add(in, s);
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
		in->room[in->n++] = rnd(r, 256);	/* possibly NUL */
}

static void make_input(struct input *in, struct rng *r, const pid_t *pids, unsigned int nr_pids)
{
	enum {
		BEFORE = 1, NUMBER = 2, CHANGED = 4, NEWLINE = 8, AFTER = 16, BYTES = 32,
		DIGITS = 64,
	};
	static const unsigned char shapes[] = {
		BYTES, DIGITS, NUMBER, NUMBER, NUMBER | NEWLINE, NUMBER | NEWLINE,
		BEFORE | NUMBER, NUMBER | AFTER, BEFORE | NUMBER | AFTER, NUMBER | CHANGED,
		BEFORE, BEFORE | AFTER,
	};
	unsigned int shape = shapes[rnd(r, ARRAY_SIZE(shapes))], i;

	in->n = 0;
	for (i = shape & BYTES ? rnd(r, 24) : 0; i; i--)
		in->room[in->n++] = rnd(r, 256);
	for (i = shape & DIGITS ? rnd(r, ROOM) : 0; i; i--)
		in->room[in->n++] = rnd(r, 16) ? '0' + rnd(r, 10) : rnd(r, 256);
	if (shape & BEFORE)
		add_noise(in, r);
	for (i = shape & NUMBER && rnd(r, 8) == 0 ? rnd(r, 12) : 0; i; i--)
		add(in, "0");
	if (shape & NUMBER)
		add_number(in, r, pids, nr_pids);
	if (shape & CHANGED && in->n)
		in->room[rnd(r, in->n)] ^= 1 << rnd(r, 8);
	if (shape & NEWLINE)
		add(in, "\n");
	if (shape & AFTER)
		add_noise(in, r);
}

static void print_input(const struct input *in)
{
	size_t i;

	fprintf(stderr, "# %zu bytes: \"", in->n);
	for (i = 0; i < in->n && i < 100; i++)
		fprintf(stderr, in->s[i] < ' ' || in->s[i] > '~' || in->s[i] == '"' ||
			in->s[i] == '\\' ? "\\x%02x" : "%c", (unsigned char)in->s[i]);
	fprintf(stderr, "\"\n");
}

FIXTURE(parser)
{
	struct target t[2];
};

FIXTURE_VARIANT(parser)
{
	const char *name, *max;
	bool entry;		/* else a parameter */
	bool is_pid;
	const char *paths[ENTRIES];	/* which parse alike */
};

FIXTURE_VARIANT_ADD(parser, entry) {
	"entry", "2147483647", true, true, { PROC "vmas", PROC "maps", PROC "raw", PROC "summary" }
};
FIXTURE_VARIANT_ADD(parser, pid) { "pid", "2147483647", false, true, { PARAM "pid" } };
FIXTURE_VARIANT_ADD(parser, max_hold_us) {
	"max_hold_us", "1000000", false, false, { PARAM "max_hold_us" }
};

FIXTURE_SETUP(parser)
{
	FATAL_IS_ASSERT();
	target_start(&self->t[0], NULL, NULL);
	target_start(&self->t[1], NULL, NULL);
}

FIXTURE_TEARDOWN(parser)
{
	target_end(&self->t[0]);
	target_end(&self->t[1]);
	EXPECT_EQ(0, set_param("pid", "0"));
	EXPECT_EQ(0, set_param("max_hold_us", "250"));
}

/*
 * 0, or a negative errno; *value only if 0. kill() says whether a process or
 * thread exists.
 */
static int model(const FIXTURE_VARIANT(parser) *p, const struct input *in, unsigned int *value)
{
	size_t n = p->entry ? in->n : strnlen(in->s, in->n);

	if ((p->entry && n > MAX_ENTRY) || !model_number(in->s, n, p->max, value))
		return -EINVAL;
	return !p->is_pid || !*value || !kill(*value, 0) ? 0 : -ESRCH;
}

/* The state now: a parameter, or the target of an entry */
static long state(const FIXTURE_VARIANT(parser) *p, int fd)
{
	struct vmainfo_header h = { .size = sizeof(h) };
	char s[64] = "";

	if (p->entry)
		return ioctl(fd, VMAINFO_GET_HEADER, &h) ? -1 : h.pid;
	return pread(fd, s, sizeof(s) - 1, 0) > 0 ? strtol(s, NULL, 10) : -1;
}

/* 0, or the error of writing it */
static int written(int fd, const struct input *in)
{
	const int got = result_of(write(fd, in->s, in->n));

	return got == (int)in->n ? 0 : got < 0 ? got : -EIO;
}

TEST_F(parser, random_inputs_match_model)
{
	const pid_t pids[] = { self->t[0].pid, self->t[1].pid, getpid(), 1, 0 };
	struct rng r = stress_begin(variant->name);
	unsigned long tried = 0, accepted = 0, refused = 0, absent = 0;
	unsigned int value = 0, nr_paths, i;
	int fd[ARRAY_SIZE(variant->paths)], got;
	long now[ARRAY_SIZE(variant->paths)];
	struct input in;
	char *end;

	/* The bytes after a text cannot be read. */
	end = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)end);
	ASSERT_EQ(0, mprotect(end + 2 * PAGE, PAGE, PROT_NONE));
	end += 2 * PAGE;

	for (i = 0; i < ARRAY_SIZE(fd) && variant->paths[i]; i++) {
		fd[i] = open_or_die(variant->paths[i], O_RDWR);
		now[i] = state(variant, fd[i]);
		ASSERT_LE(0, now[i]);
	}
	nr_paths = i;
	while (tried < INPUTS || soaking()) {
		make_input(&in, &r, pids, ARRAY_SIZE(pids));
		i = rnd(&r, nr_paths);
		in.s = memcpy(end - in.n, in.room, in.n);
		if (!variant->entry && !in.n)
			continue;
		got = written(fd[i], &in);
		/* A kernel thread may just have exited or begun. */
		if (got != model(variant, &in, &value)) {
			got = written(fd[i], &in);
			ASSERT_EQ(model(variant, &in, &value), got) {
				print_input(&in);
			}
		}
		tried++;
		accepted += !got;
		absent += got == -ESRCH;
		refused += got == -EINVAL;
		if (!got)
			now[i] = variant->entry && !value ? getpid() : (long)value;
		/* Another process may not exist any more. */
		if (variant->is_pid && now[i] != pids[0] && now[i] != pids[1] &&
		    now[i] != pids[2] && now[i] > 1) {
			ASSERT_EQ(0, set_target(fd[i], pids[0]));
			now[i] = pids[0];
			continue;
		}
		ASSERT_EQ(now[i], state(variant, fd[i])) {
			TH_LOG("%s", variant->paths[i]);
			print_input(&in);
		}
	}
	printf("# %s: %lu inputs: %lu accepted, %lu invalid, %lu without process\n",
	       variant->name, tried, accepted, refused, absent);
	figure(tried, "inputs tried");
	EXPECT_LT(tried / 10, accepted);
	EXPECT_LT(tried / 10, refused);
	if (variant->is_pid)
		EXPECT_LT(tried / 100, absent);
}

/* Unreadable memory at any distance from the beginning of the text */
TEST(write_from_unreadable_memory_efault)
{
	char *end;
	int fd = open_or_die(PROC "vmas", O_RDWR), i;

	end = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)end);
	ASSERT_EQ(0, mprotect(end + PAGE, PAGE, PROT_NONE));
	memset(end, '1', PAGE);
	end += PAGE;
	for (i = 0; i <= MAX_ENTRY; i++) {
		EXPECT_EQ(i < MAX_ENTRY ? -EFAULT : -EINVAL, result_of(write(fd, end - i, i + 1))) {
			TH_LOG("%d bytes, all but the last are readable", i + 1);
		}
	}
	EXPECT_EQ(-EFAULT, result_of(write(fd, end, 1)));
}

VMAINFO_TEST_MAIN(stress_init(3, 5))
