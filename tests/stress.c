// SPDX-License-Identifier: GPL-2.0
/* See stress.h. */
#include "kselftest.h"
#include "stress.h"

/* Random numbers */

uint64_t rnd64(struct rng *r)
{
	uint64_t z = r->state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

unsigned int rnd(struct rng *r, unsigned int n)
{
	return rnd64(r) % n;
}

uint64_t stress_seed;
static uint64_t stress_ends;	/* 0: no soak */
static uint64_t stress_begun;
#define SHORT_RUN 4000000000ull	/* ns for a test, unless it is a soak */

void stress_init(unsigned int tests, unsigned int percent)
{
	const char *seed = getenv("VMAINFO_SEED");
	const char *minutes = getenv("VMAINFO_SOAK_MINUTES");

	if (seed && *seed)
		stress_seed = strtoull(seed, NULL, 0);
	else
		stress_seed = now_ns() ^ (uint64_t)getpid() << 40;
	printf("# VMAINFO_SEED=%llu\n", (unsigned long long)stress_seed);
	if (minutes && *minutes)
		stress_ends = strtod(minutes, NULL) * 60e9 * percent / 100 / tests;
	fflush(stdout);
}

struct rng stress_begin(const char *test)
{
	struct rng r = { .state = stress_seed };

	for (; *test; test++)
		r.state = rnd64(&r) ^ *test;
	stress_begun = now_ns();
	if (stress_ends)
		stress_ends += stress_begun;
	return r;
}

bool soaking(void)
{
	return stress_ends && now_ns() < stress_ends;
}

bool more(unsigned int done, unsigned int goal)
{
	if (stress_ends)
		return soaking() || !done;
	return done <= goal / 10 || (done < goal && now_ns() - stress_begun < SHORT_RUN);
}

struct rng rng_fork(struct rng *r)
{
	return (struct rng) { .state = rnd64(r) };
}

void __attribute__((format(printf, 1, 2), noreturn))
violation(const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	/* in one system call, because several processes may print */
	dprintf(STDERR_FILENO, "# process %d: %s\n", getpid(), text);
	_exit(2);
}

/* Listings */

const char * const entries[ENTRIES] = {
	PROC "vmas", PROC "maps", PROC "raw", PROC "summary",
};

const char *parse_entry(struct listing *l, struct text t, enum entry entry)
{
	static const char * (* const parsers[ENTRIES])(struct listing *l, struct text t) = {
		parse_vmas, parse_maps, parse_raw, parse_summary,
	};

	return parsers[entry](l, t);
}

/* Reading */

size_t rnd_chunk(struct rng *r)
{
	static const size_t chunks[] = { 100, 4096, 4096, 20000, 65536, 1 << 20 };

	return chunks[rnd(r, ARRAY_SIZE(chunks))];
}

void reader_open(struct reader *r, struct rng rng)
{
	unsigned int i;

	memset(r, 0, sizeof(*r));
	r->rng = rng;
	for (i = 0; i < ENTRIES; i++)
		r->fd[i] = open_or_die(entries[i], O_RDWR);
}

bool read_entry(struct reader *r, pid_t pid, enum entry entry)
{
	int fd = r->fd[entry], ret;
	const char *error;

	r->text.len = 0;
	ret = set_target(fd, pid);
	if (!ret)
		ret = read_all(fd, &r->text, rnd_chunk(&r->rng));
	if (ret == -ESRCH && !r->text.len) {
		r->gone++;
		return false;
	}
	if (ret)
		violation("reading process %d after %zu bytes: %s", pid,
			  r->text.len, strerror(-ret));
	error = parse_entry(&r->l, r->text, entry);
	if (error && entry == SUMMARY)
		violation("process %d: %s:\n%s", pid, error, r->text.s);
	if (error)
		violation("process %d, %s: %s in line %u", pid, entries[entry], error, r->l.nr);
	if (entry != MAPS && r->l.pid != pid)
		violation("%s says pid %d for process %d", entries[entry], r->l.pid, pid);
	if (r->l.nr)
		r->walks[r->l.walk]++;
	return true;
}

bool reader_read(struct reader *r, pid_t pid)
{
	static const enum entry listings[] = { VMAS, VMAS, RAW, MAPS };

	return read_entry(r, pid, listings[rnd(&r->rng, ARRAY_SIZE(listings))]);
}

bool has_row(struct listing *l, unsigned long at, unsigned int n)
{
	struct region *r = region_of(l, at);
	unsigned int i;

	for (i = 0; i < n; i++, r++)
		if (!r || r >= l->regions + l->nr || r->start != at + i * PAGE ||
		    r->end != r->start + PAGE || memcmp(r->perm, i % 2 ? "---p" : "r--p", 4))
			return false;
	return true;
}

const char *rnd_hold(struct rng *r)
{
	static const char * const values[] = { "0", "1", "1", "20", "250", "1000000" };

	return values[rnd(r, ARRAY_SIZE(values))];
}
