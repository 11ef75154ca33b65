// SPDX-License-Identifier: GPL-2.0
/* Which VMAs a command wants; see wanted.h. */
#include <fcntl.h>
#include <sys/ioctl.h>

#include "process.h"
#include "wanted.h"

static bool in_ranges(const struct vma *vma, const struct wanted *w)
{
	size_t from = 0, to = w->nr_ranges, i;

	/* Finds the first range that ends above the start of the VMA. */
	while (from < to) {
		i = (from + to) / 2;
		if (w->ranges[i].end <= vma->start)
			from = i + 1;
		else
			to = i;
	}
	return from < w->nr_ranges && w->ranges[from].start < vma->end;
}

bool is_wanted(const struct wanted *w, const struct vma *vma)
{
	if (w->kinds && (vma->kind >= 32 || !(w->kinds & 1u << vma->kind)))
		return false;
	if ((vma->flags & w->flags) != w->flags || vma->flags & w->flags_clear)
		return false;
	return !w->nr_ranges || in_ranges(vma, w);
}

bool wanted_perm(struct wanted *w, const char *pattern)
{
	static const struct {
		char set;
		const char *clear;
		uint64_t flag;
	} letters[] = {
		{ 'r', "-", VMAINFO_READ }, { 'w', "-", VMAINFO_WRITE }, { 'x', "-", VMAINFO_EXEC },
		{ 's', "-p", VMAINFO_MAYSHARE },
	};
	size_t i;

	w->flags = 0;
	w->flags_clear = 0;
	for (i = 0; pattern[i]; i++) {
		if (i == ARRAY_SIZE(letters))
			return false;
		if (pattern[i] == letters[i].set)
			w->flags |= letters[i].flag;
		else if (strchr(letters[i].clear, pattern[i]))
			w->flags_clear |= letters[i].flag;
		else if (pattern[i] != '?')
			return false;
	}
	return i;
}

void wanted_range(struct wanted *w, struct vmainfo_range range)
{
	w->ranges = array_grow(w->ranges, w->nr_ranges, sizeof(*w->ranges));
	w->ranges[w->nr_ranges++] = range;
}

static int compare_ranges(const void *a, const void *b)
{
	const struct vmainfo_range *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

void wanted_merge(struct wanted *w)
{
	size_t i, nr = 0;

	if (!w->nr_ranges)
		return;
	qsort(w->ranges, w->nr_ranges, sizeof(*w->ranges), compare_ranges);
	for (i = 1; i < w->nr_ranges; i++)
		if (w->ranges[i].start > w->ranges[nr].end)
			w->ranges[++nr] = w->ranges[i];
		else if (w->ranges[i].end > w->ranges[nr].end)
			w->ranges[nr].end = w->ranges[i].end;
	w->nr_ranges = nr + 1;
}

/* If the ioctl fails, for example in an older module, the program filters. */
int wanted_listing(struct listing *l, pid_t pid, const struct wanted *w, bool build_ids)
{
	struct vmainfo_filter filter = {
		.size = sizeof(filter), .kinds = w->kinds, .flags = w->flags,
		.flags_clear = w->flags_clear, .ranges = (uintptr_t)w->ranges,
		.nr_ranges = w->nr_ranges,
		.options = build_ids ? VMAINFO_WANT_BUILD_ID : 0,
	};
	int err, fd = listing_open(pid, &err, LISTING_MAPS);
	bool filtered = false;

	if (fd >= 0 && !err && (build_ids || !wants_all(w)) && w->nr_ranges <= VMAINFO_RANGES_MAX)
		filtered = !ioctl(fd, VMAINFO_SET_FILTER, &filter);
	err = err ?: listing_read(l, fd, pid);
	if (fd >= 0)
		close(fd);
	if (!err)
		l->has_build_ids = filtered && build_ids;
	return err;
}

/* ---- build IDs ---- */

/* Opens maps of the module, or of procfs, which has the ioctl from Linux 6.11 on. */
static int open_maps(pid_t pid)
{
	char dir[PROCESS_DIR], *path;
	int fd = module_open(VMAINFO_MAPS, O_RDWR);

	if (fd >= 0 && dprintf(fd, "%d", pid) > 0)
		return fd;
	if (fd >= 0)
		close(fd);
	process_dir(dir, pid);
	path = xasprintf("%s/maps", dir);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	free(path);
	return fd;
}

/* Queries a build ID. Returns false if the kernel cannot tell it. */
static bool query(struct vma *vma, unsigned char id[BUILD_ID], int fd)
{
	struct procmap_query q = {
		.size = sizeof(q), .query_addr = vma->start, .build_id_size = BUILD_ID,
		.build_id_addr = (uintptr_t)id,
	};

	if (ioctl(fd, PROCMAP_QUERY, &q))
		return false;
	/* Meanwhile, something else can be mapped there. */
	if (q.vma_start == vma->start && q.vma_end == vma->end && q.inode == vma->ino &&
	    q.vma_offset == vma->offset) {
		vma->build_id = id;
		vma->build_id_size = q.build_id_size;
	}
	return true;
}

void wanted_build_ids(struct listing *l, const struct wanted *w)
{
	struct vma *vma;
	int fd;

	if (l->has_build_ids || !l->header.pid)
		return;
	fd = open_maps(l->header.pid);
	if (fd < 0)
		return;
	l->build_ids = xreallocarray(NULL, l->nr, BUILD_ID);
	for (vma = l->vmas; vma < l->vmas + listing_vmas(l); vma++)
		if (vma->ino && is_wanted(w, vma) &&
		    query(vma, l->build_ids + (vma - l->vmas) * BUILD_ID, fd))
			l->has_build_ids = true;
	close(fd);
}
