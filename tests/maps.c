// SPDX-License-Identifier: GPL-2.0
/* See maps.h. */
#include "maps.h"

struct parser {
	const char *s;
	const char *error;
};

static const char *parse_word(struct parser *p)
{
	const char *word;

	p->s += strspn(p->s, " ");
	word = p->s;
	p->s += strcspn(p->s, " \n");
	if (p->s == word)
		p->error = "a field is missing";
	return word;
}

static unsigned long long parse_number(struct parser *p, int base, char end)
{
	unsigned long long value = 0;
	unsigned int digit, n;

	p->s += strspn(p->s, " ");
	for (n = 0;; n++, p->s++) {
		digit = (unsigned char)*p->s - '0';
		if (digit > 9 && base == 16 && *p->s >= 'a' && *p->s <= 'f')
			digit = *p->s - 'a' + 10;
		if (digit >= (unsigned int)base)
			break;
		value = value * base + digit;
	}
	if (!n || *p->s != end)
		p->error = "no number where there should be one";
	else
		p->s++;
	return value;
}

static void parse_vmas_line(struct parser *p, struct region *r, unsigned int nr)
{
	const char *word;

	if (parse_number(p, 10, ' ') != nr)
		p->error = "the numbers are out of order";
	r->start = parse_number(p, 16, ' ');
	r->end = parse_number(p, 16, ' ');
	if (parse_number(p, 10, ' ') != (r->end - r->start) >> 10)
		p->error = "the size is not the difference of the addresses";
	memcpy(r->perm, parse_word(p), 4);
	r->offset = parse_number(p, 16, ' ');
	parse_word(p);	/* dev */
	r->inode = parse_number(p, 10, ' ');
	parse_word(p);	/* kind */
	parse_word(p);	/* page */
	parse_word(p);	/* anon */
	r->policy = parse_word(p);
	word = parse_word(p);
	for (; word < p->s; word += 3)
		if (!strncmp(word, "dd", 2))
			r->dontdump = true;
	parse_word(p);	/* ops */
	r->name = parse_word(p);
}

static void parse_maps_line(struct parser *p, struct region *r)
{
	r->start = parse_number(p, 16, '-');
	r->end = parse_number(p, 16, ' ');
	memcpy(r->perm, parse_word(p), 4);
	r->offset = parse_number(p, 16, ' ');
	parse_word(p);
	r->inode = parse_number(p, 10, ' ');
	p->s += strspn(p->s, " ");
	r->name = p->s;
}

const char *parse_listing(struct listing *l, struct text t, bool vmas)
{
	struct parser p = { .s = t.s };
	unsigned long last_start = 0, last_end = 0;
	struct region *r;
	const char *line;

	l->nr = 0;
	l->walk = WALK_UNKNOWN;
	l->pid = 0;
	if (vmas) {
		const char *walk = t.len ? strstr(t.s, " walk=") : NULL;
		unsigned int nr;

		if (!walk || sscanf(t.s, "# pid=%d vmas=%u walk=", &l->pid, &nr) != 2)
			return "the header is missing";
		l->walk = !strncmp(walk, " walk=split\n", 12) ? WALK_SPLIT :
			  !strncmp(walk, " walk=atomic\n", 13) ? WALK_ATOMIC : WALK_UNKNOWN;
		if (l->walk == WALK_UNKNOWN)
			return "the header does not say how the walk was";
		p.s = strchr(p.s, '\n') + 1;
		if (*p.s != '#' || !strchr(p.s, '\n'))
			return "there is no second line of the header";
		p.s = strchr(p.s, '\n') + 1;
		l->room = l->room > nr ? l->room : nr;
		l->regions = realloc(l->regions, (l->room + 1) * sizeof(*r));
		if (!l->regions)
			fatal("memory for %u regions", l->room);
	}
	while (*p.s) {
		line = p.s;
		if (!strchr(line, '\n'))
			return "the last line is not whole";
		/* the gate page, which comes last */
		if (!strncmp(line, "ffffffff", 8) || line[strspn(line, " ")] == '-') {
			p.s = strchr(line, '\n') + 1;
			return *p.s ? "a line behind that of the gate page" : NULL;
		}
		if (l->nr == l->room) {
			if (vmas)
				return "more lines than the header says";
			l->room = 2 * l->room + 100;
			l->regions = realloc(l->regions, (l->room + 1) * sizeof(*r));
			if (!l->regions)
				fatal("memory for %u regions", l->room);
		}
		r = &l->regions[l->nr++];
		memset(r, 0, sizeof(*r));
		if (vmas)
			parse_vmas_line(&p, r, l->nr);
		else
			parse_maps_line(&p, r);
		if (p.error)
			return p.error;
		p.s = strchr(p.s, '\n') + 1;
		if (r->start >= r->end || r->start % PAGE || r->end % PAGE)
			return "a region has no proper addresses";
		if (r->start < last_end)
			return r->start < last_start ? "regions are out of order" :
							"regions overlap";
		last_start = r->start;
		last_end = r->end;
	}
	if (vmas && l->nr != (unsigned int)strtoul(strstr(t.s, "vmas=") + 5, NULL, 10))
		return "fewer lines than the header says";
	return NULL;
}

const char *parse_raw(struct listing *l, struct text t)
{
	const struct vmainfo_header *h;
	const struct vmainfo_record *v;
	unsigned long last_end = 0;
	struct region *r;
	struct cursor c;

	l->nr = 0;
	if (!raw_first(&c, t))
		return c.error;
	h = c.header;
	if (h->size != sizeof(*h))
		return "the header has another size";
	l->walk = h->flags & VMAINFO_ATOMIC ? WALK_ATOMIC : WALK_SPLIT;
	l->pid = h->pid;
	l->room = l->room > h->vmas ? l->room : h->vmas;
	l->regions = realloc(l->regions, (l->room + 1) * sizeof(*r));
	if (!l->regions)
		fatal("memory for %u regions", l->room);
	while ((v = raw_next(&c))) {
		if (v->size != sizeof(*v))
			return "a record has another size";
		if (v->kind == VMAINFO_KIND_VSYSCALL)
			return h->flags & VMAINFO_GATE && c.at == t.len ? NULL :
			       "a gate page where there should be none";
		if (l->nr == h->vmas)
			return "more records than the header says";
		r = &l->regions[l->nr++];
		r->start = v->start;
		r->end = v->end;
		r->offset = v->offset;
		r->inode = v->ino;
		r->perm[0] = v->flags & VMAINFO_READ ? 'r' : '-';
		r->perm[1] = v->flags & VMAINFO_WRITE ? 'w' : '-';
		r->perm[2] = v->flags & VMAINFO_EXEC ? 'x' : '-';
		r->perm[3] = v->flags & VMAINFO_MAYSHARE ? 's' : 'p';
		r->dontdump = v->flags & VMAINFO_DONTDUMP;
		r->policy = NULL;
		r->name = c.name ?: "-";
		if (r->start >= r->end || r->start % PAGE || r->end % PAGE)
			return "a region has no proper addresses";
		if (r->start < last_end)
			return "regions overlap or are out of order";
		last_end = r->end;
	}
	if (c.error)
		return c.error;
	return l->nr == h->vmas ? NULL : "fewer records than the header says";
}

struct region *region_of(struct listing *l, unsigned long address)
{
	unsigned int low = 0, high = l->nr, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (l->regions[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low < l->nr && l->regions[low].start <= address ? &l->regions[low] : NULL;
}
