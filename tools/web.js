// SPDX-License-Identifier: GPL-2.0
/*
 * The script of the page that "vmainfo draw -o FILE.html" writes. web.c writes the
 * data. All addresses are multiples of a page, so they are exact in numbers.
 */
"use strict";
(() => {
const PAGE = 4096;
const data = JSON.parse(document.getElementById("data").textContent);
const texts = data.texts;
const $ = id => document.getElementById(id);

/* The fields of a VMA, a box, and a change */
const START = 0, PAGES = 1, ACCESS = 2, NAME = 3, KIND = 4;
const FIELDS = [, , , , "kind", "offset", "device", "inode", "page size", "anon_vma", "policy",
	"flags", "nomerge", "ops"];
const TYPE = 2, NOTE = 4;
const WHAT = 2, OLD = 3, NEW = 4, FLAGS = 5;
const BOX_VMAS = 0, BOX_GAP = 1, BOX_COLOURS = [, , "--hole", "--kernel", "--between", "--hole"];
const CHANGE_COLOURS = { mapped: "--came", grown: "--came", unmapped: "--gone", shrunk: "--gone",
	moved: "--moved" };

/* ---- texts ---- */

const hex = address => address.toString(16).padStart(8, "0");
const perm = access => (access & 1 ? "r" : "-") + (access & 2 ? "w" : "-") +
	(access & 4 ? "x" : "-") + (access & 8 ? "s" : "p");
const isWX = access => (access & 6) == 6;
const lowOf = e => e[START] * PAGE;
const highOf = e => (e[START] + e[PAGES]) * PAGE;

function nameOf(vma) {
	const kind = texts[vma[KIND]];

	return texts[vma[NAME]] || (kind == "anon" ? "anonymous" : kind);
}

/* The last part of a path first: a table is not wide. */
function shortName(vma) {
	const name = nameOf(vma), slash = name[0] == "/" ? name.lastIndexOf("/") : 0;

	return slash ? `${name.slice(slash + 1)}  ${name.slice(0, slash)}` : name;
}

/* As size_text() of the program */
function sizeText(bytes) {
	let unit = 0;

	for (; bytes >= 1023.5; unit++)
		bytes /= 1024;
	const tenths = Math.floor(bytes * 10 + 0.5);
	const number = tenths < 100 && tenths % 10 ? tenths / 10 : Math.round(bytes);

	return number + " " + "BKMGTPE"[unit];
}

/* ---- the address space ---- */

/* The ranges of a list: they are sorted and do not overlap, but can be empty. */
function ranges(list) {
	return {
		list,
		start: Float64Array.from(list, lowOf),
		end: Float64Array.from(list, highOf),
	};
}

const boxes = ranges(data.boxes.filter(box => box[PAGES]));
const after = ranges(data.vmas);
const before = data.before ? ranges(data.before) : null;
const changes = data.changes || [];
/* What was removed, at its old addresses, and what is new or has changed */
const gone = ranges(changes.filter(c => c[NEW] === null || texts[c[WHAT]] == "moved")
	.map(c => c[NEW] === null ? c : [...data.before[c[OLD]].slice(0, 2), ...c.slice(2)])
	.sort((a, b) => a[START] - b[START]));
const came = ranges(changes.filter(c => c[NEW] !== null && c[PAGES]));

/* Spans are between two bounds, from the lowest address. Nothing changes within one. */
const bounds = (() => {
	const all = [boxes, after, before, gone, came].filter(Boolean);
	const sorted = new Float64Array(all.reduce((n, r) => n + 2 * r.list.length, 0));
	let n = 0, unique = 0;

	for (const r of all) {
		sorted.set(r.start, n);
		sorted.set(r.end, n += r.list.length);
		n += r.list.length;
	}
	sorted.sort();
	for (let i = 0; i < n; i++)
		if (!i || sorted[i] != sorted[i - 1])
			sorted[unique++] = sorted[i];
	return sorted.slice(0, unique);
})();
const nrSpans = bounds.length - 1;

/* For each span the index in a list, or -1 */
function cover(r) {
	const found = new Int32Array(nrSpans).fill(-1);

	for (let i = 0, k = 0; i < nrSpans; i++) {
		while (k < r.list.length && r.end[k] <= bounds[i])
			k++;
		if (k < r.list.length && r.start[k] <= bounds[i])
			found[i] = k;
	}
	return found;
}

const spanBox = cover(boxes), spanAfter = cover(after);
const spanGone = cover(gone), spanCame = cover(came);
const spanBefore = before && cover(before);
/* "before" can be of a machine with more addresses. */
const typeOf = i => spanBox[i] < 0 ? BOX_GAP : boxes.list[spanBox[i]][TYPE];

/* The index of the last value that is not above @value, or 0. @sign: -1 if values descend */
function find(values, value, sign = 1) {
	let low = 0, high = values.length;

	while (high - low > 1) {
		const middle = (low + high) >> 1;

		if (values[middle] * sign <= value * sign)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* Where each bound is, from the top. Logarithmic heights are those of the pictures. */
function positions(height) {
	const pos = new Float64Array(nrSpans + 1);

	for (let i = nrSpans; i--; )
		pos[i] = pos[i + 1] + height(bounds[i + 1] - bounds[i], i);
	return pos;
}

const scales = {
	log: positions((size, i) => {
		const height = 3 + 1.25 * Math.log2(size / PAGE);

		const mapped = spanAfter[i] >= 0 || (before && spanBefore[i] >= 0);

		return mapped ? height : Math.min(height, 18);
	}),
	linear: positions(size => size),
};
let pos = scales.log;

const spanOfAddress = address => Math.min(find(bounds, address), nrSpans - 1);

function posOf(address) {
	const i = spanOfAddress(address), size = bounds[i + 1] - bounds[i];

	return pos[i + 1] + (bounds[i + 1] - address) / size * (pos[i] - pos[i + 1]);
}

/* The span below a position: its upper end is at or above it. */
function spanAt(p) {
	let i = find(pos, p, -1);

	/* The last of those at or below it is the lower end, unless the position is a bound. */
	if (pos[i] > p)
		return Math.min(i, nrSpans - 1);
	return Math.max(0, i - 1);
}

function addressOf(p) {
	const i = spanAt(p), part = (p - pos[i + 1]) / (pos[i] - pos[i + 1]);

	return bounds[i + 1] - part * (bounds[i + 1] - bounds[i]);
}

/* ---- what is selected, and what is said about it ---- */

const lists = { vmas: after, before, changes: { list: changes } };
let shown = before ? "changes" : "vmas";	/* the list in the table */
let items;		/* indices of its elements in the table, in their order */
let matches = null;	/* for each VMA of "after" whether the search finds it; null: no search */
let selected = null;	/* an element of a list */

/* The VMA that an element is about */
const vmaOf = (list, e) => list != "changes" ? e :
	e[NEW] !== null ? data.vmas[e[NEW]] : data.before[e[OLD]];

/* The addresses to show for an element. A split or merge is about a VMA. */
function rangeOf(list, e) {
	const r = list == "changes" && !e[PAGES] ? vmaOf(list, e) : e;

	return [lowOf(r), highOf(r)];
}

function permText(list, e) {
	const now = perm(vmaOf(list, e)[ACCESS]);
	const old = list == "changes" && e[OLD] !== null ? perm(data.before[e[OLD]][ACCESS]) : now;

	return old == now ? now : `${old}>${now}`;
}

const rangeText = (low, high) => `${hex(low)}-${hex(high)}`;

function vmaText(vma) {
	return `${rangeText(lowOf(vma), highOf(vma))} ${sizeText(vma[PAGES] * PAGE)} ` +
		`${perm(vma[ACCESS])} ${nameOf(vma)}`;
}

function spanText(i) {
	const size = sizeText(bounds[i + 1] - bounds[i]);
	const what = typeOf(i) > BOX_GAP ? texts[boxes.list[spanBox[i]][NAME]] : "unmapped";
	const text = (covered, list) => covered[i] >= 0 ? vmaText(list[covered[i]]) :
		`${rangeText(bounds[i], bounds[i + 1])} ${size} ${what}`;
	const now = text(spanAfter, data.vmas);

	return before ? `before: ${text(spanBefore, data.before)}\nafter:  ${now}` : now;
}

function showDetails() {
	const dl = $("details"), vma = selected && vmaOf(selected.list, selected.e);
	const add = (key, value) => {
		const dt = document.createElement("dt"), dd = document.createElement("dd");

		dt.textContent = key;
		dd.textContent = value;
		dl.append(dt, dd);
	};

	dl.replaceChildren();
	if (!vma)
		return;
	add("name", nameOf(vma));
	add("range", rangeText(lowOf(vma), highOf(vma)));
	add("size", sizeText(vma[PAGES] * PAGE));
	add("permissions", perm(vma[ACCESS]));
	FIELDS.forEach((key, i) => {
		const value = key == "offset" || key == "inode" ? vma[i] : texts[vma[i]];

		if (value)
			add(key, value);
	});
	if (selected.list != "changes")
		return;
	add("change", `${texts[selected.e[WHAT]]} ${texts[selected.e[FLAGS]]}`);
	if (selected.e[OLD] !== null && selected.e[NEW] !== null)
		add("before", vmaText(data.before[selected.e[OLD]]));
}

function select(list, index, zoom) {
	const e = lists[list].list[index];
	const [low, high] = rangeOf(list, e), from = posOf(high), to = posOf(low);
	const half = (view.to - view.from) / 2;

	selected = { list, index, e };
	if (list == shown)
		reveal(items.indexOf(index));
	if (zoom)
		zoomTo(low, high);
	else if (to < view.from || from > view.to)
		setView((from + to) / 2 - half, (from + to) / 2 + half);
	showDetails();
	update();
}

/* ---- the map ---- */

const canvas = $("map");
/*
 * The device pixels that the map is drawn on, and how many a CSS pixel has. The
 * map's box can begin and end inside pixels.
 */
const canvasPixels = () => {
	const box = canvas.getBoundingClientRect(), ratio = devicePixelRatio || 1;
	const px = n => Math.round(n * ratio);

	return {
		ratio,
		left: px(box.left), width: Math.max(1, px(box.right) - px(box.left)),
		top: px(box.top), height: Math.max(1, px(box.bottom) - px(box.top)),
	};
};
let view = { from: 0, to: pos[0] };	/* positions */
let colours;		/* by their names in the style */
let rows = [];		/* of the map in device pixels: the spans of each column */

/* Shows these positions, or those that are possible. */
function setView(from, to) {
	const total = pos[0], least = pos == scales.linear ? PAGE : 3;
	const extent = Math.min(total, Math.max(least, to - from));

	from = (from + to - extent) / 2;
	from = Math.max(0, Math.min(from, total - extent));
	view = { from, to: from + extent };
	update();
}

/* Shows these addresses, with some of what is around them if there is @margin. */
function zoomTo(low, high, margin = 0.5) {
	const from = posOf(high), to = posOf(low), more = (to - from) * margin;

	setView(from - more, to + more);
}

function zoom(factor, at = (view.from + view.to) / 2) {
	setView(at - (at - view.from) * factor, at + (view.to - at) * factor);
}

function move(part) {
	const by = (view.to - view.from) * part;

	setView(Math.max(0, view.from + by), Math.max(0, view.from + by) + view.to - view.from);
}

/* All of it; to scale, this is user space, beside which the rest is too large. */
function showAll() {
	const last = boxes.list.findIndex((box, i) => i && box[TYPE] > BOX_GAP);

	if (pos == scales.linear && last > 0)
		zoomTo(0, boxes.start[last], 0);
	else
		setView(0, pos[0]);
}

function setScale(name) {
	const all = view.to - view.from >= pos[0];
	const low = addressOf(view.to), high = addressOf(view.from);

	pos = scales[name];
	if (all)
		showAll();
	else
		zoomTo(low, high, 0);
}

/*
 * The span to show in each row of pixels: that with the largest @rank, and of
 * these, that with the largest part of the row. So nothing mapped disappears.
 */
function rowsOf(height, rank) {
	const best = new Int32Array(height).fill(-1), score = new Float64Array(height);
	const scale = height / (view.to - view.from);
	const last = spanAt(view.from);

	for (let i = last; i >= 0 && pos[i + 1] < view.to; i--) {
		const top = (pos[i + 1] - view.from) * scale, bottom = (pos[i] - view.from) * scale;
		const r = rank(i) * 2 + 1;

		for (let y = Math.max(0, Math.floor(top)); y < bottom && y < height; y++) {
			const s = r + Math.min(bottom, y + 1) - Math.max(top, y);

			if (s > score[y]) {
				score[y] = s;
				best[y] = i;
			}
		}
	}
	return best;
}

const vmaRank = (covered, r) => i => covered[i] < 0 ? +(typeOf(i) > BOX_GAP) :
	isWX(r.list[covered[i]][ACCESS]) ? 3 : 2;

/* Calls @each with the first row, the number of rows, and the value of each run of equal rows. */
function runs(best, value, each) {
	for (let y = 0, end; y < best.length; y = end) {
		const v = value(best[y]);

		for (end = y + 1; end < best.length && value(best[end]) == v; end++)
			;
		each(y, end - y, v);
	}
}

function readColours() {
	const style = getComputedStyle(document.documentElement);

	colours = {};
	for (const name of ["ink", "grey", "line", "accent", "gap", "hole", "kernel", "between",
			    "came", "gone", "changed", "moved"])
		colours["--" + name] = style.getPropertyValue("--" + name).trim();
}

const accessColour = access => "#" + data.colours[access].toString(16).padStart(6, "0");
/* Texts on the colours of shared, and of writable and executable memory are white. */
const isDark = access => access >= 8 || isWX(access);

/* A column of VMAs at @x, in device pixels */
function drawColumn(c, x, width, best, covered, r, ratio) {
	/* A VMA, a box without any, or a gap: the spans of each are one run. */
	const gap = ~boxes.list.length, key = i => covered[i] >= 0 ? covered[i] :
		typeOf(i) > BOX_GAP ? ~spanBox[i] : gap;

	runs(best, key, (y, height, i) => {
		const vma = i < 0 ? null : r.list[i];

		c.fillStyle = vma ? accessColour(vma[ACCESS]) :
			colours[i == gap ? "--gap" : BOX_COLOURS[boxes.list[~i][TYPE]]];
		c.fillRect(x, y, width, height);
		if (height < 6)
			return;
		c.fillStyle = "rgba(0, 0, 0, .35)";
		c.fillRect(x, y, width, y ? 1 : 0);
		if (height < 13 * ratio || !vma)
			return;
		c.fillStyle = isDark(vma[ACCESS]) ? "#fff" : "#22272e";
		c.textAlign = "center";
		c.fillText(`${perm(vma[ACCESS])} ${sizeText(vma[PAGES] * PAGE)}`, x + width / 2,
			   y + height / 2, width);
	});
	c.strokeStyle = colours["--grey"];
	c.strokeRect(x - 0.5, -1, width + 1, best.length + 2);
}

/* A text on one line, cut to @width */
function drawText(c, string, x, y, width) {
	let low = 0, high = string.length;

	if (width <= 0)
		return 0;
	if (c.measureText(string).width > width) {
		while (high - low > 1) {
			const middle = (low + high) >> 1;

			if (c.measureText(string.slice(0, middle) + "…").width <= width)
				low = middle;
			else
				high = middle;
		}
		string = string.slice(0, low) + "…";
	}
	c.fillText(string, x, y);
	return c.measureText(string).width;
}

function draw() {
	const { ratio, width, height } = canvasPixels();
	const c = canvas.getContext("2d"), px = n => Math.round(n * ratio);
	const scale = height / (view.to - view.from);
	const gutter = px(120), bar = px(10), free = width - gutter - bar;
	const one = Math.round(Math.min(px(160), free * (before ? 0.25 : 0.4)));
	const now = before ? gutter + one + px(16) : gutter, right = now + one + px(16);
	const taken = new Uint8Array(height + px(20));

	if (canvas.width != width || canvas.height != height) {
		canvas.width = width;
		canvas.height = height;
	}
	c.clearRect(0, 0, width, height);
	c.textBaseline = "middle";
	c.lineWidth = 1;
	c.font = `${px(11)}px ui-monospace, monospace`;
	rows = [];
	if (before) {
		rows.push({ x: gutter, list: "before", covered: spanBefore });
		for (const [covered, r, x] of [[spanGone, gone, gutter + one + px(2)],
					       [spanCame, came, now - px(8)]])
			runs(rowsOf(height, i => +(covered[i] >= 0)), i => r.list[covered[i]],
			     (y, h, change) => {
				if (!change)
					return;
				c.fillStyle = colours[CHANGE_COLOURS[texts[change[WHAT]]] ||
						      "--changed"];
				c.fillRect(x, y, px(6), h);
			});
	}
	rows.push({ x: now, list: "vmas", covered: spanAfter });
	for (const row of rows)
		row.best = rowsOf(height, vmaRank(row.covered, lists[row.list]));
	for (const { x, best, list, covered } of rows)
		drawColumn(c, x, one, best, covered, lists[list], ratio);

	/* Marks of what the search has found */
	if (matches) {
		c.fillStyle = colours["--accent"];
		runs(rowsOf(height, i => spanAfter[i] >= 0 && matches[spanAfter[i]]),
		     i => spanAfter[i] >= 0 && matches[spanAfter[i]],
		     (y, h, found) => found && c.fillRect(now + one + px(3), y, px(6), h));
	}
	if (selected) {
		const [low, high] = rangeOf(selected.list, selected.e);
		const top = (posOf(high) - view.from) * scale;
		const bottom = (posOf(low) - view.from) * scale;

		c.strokeStyle = colours["--accent"];
		c.lineWidth = px(3);
		c.strokeRect(gutter - px(3), top - px(2), now + one - gutter + px(6),
			     bottom - top + px(4));
		c.lineWidth = 1;
	}

	/* The names of boxes, the largest first, where they have space */
	const place = (y, space) => {
		const middle = Math.round(y);

		if (middle < 0 || middle >= height)
			return false;
		for (let i = Math.max(0, middle - space); i < middle + space; i++)
			if (taken[i])
				return false;
		return taken.fill(1, Math.max(0, middle - space), middle + space);
	};
	const first = Math.max(0, spanBox[spanAt(view.to)]), visible = [];
	for (let b = first; b < boxes.list.length; b++) {
		const low = Math.min(height, (posOf(boxes.start[b]) - view.from) * scale);
		const top = Math.max(0, (posOf(boxes.end[b]) - view.from) * scale);

		if (low <= 0)
			break;
		if (low - top >= ratio)
			visible.push({ b, top, low });
	}
	visible.sort((x, y) => (y.low - y.top) - (x.low - x.top));
	c.textAlign = "left";
	for (const { b, top, low } of visible) {
		const box = boxes.list[b];
		const y = Math.max(px(7), Math.min(height - px(7), (top + low) / 2));
		let x = right;

		if (!place(y, px(7)))
			continue;
		c.fillStyle = colours[box[TYPE] == BOX_VMAS ? "--ink" : "--grey"];
		c.font = `${box[TYPE] == BOX_VMAS ? "bold " : ""}${px(12)}px system-ui, sans-serif`;
		x += drawText(c, texts[box[NAME]], x, y, width - bar - x) + px(8);
		c.font = `${px(11)}px system-ui, sans-serif`;
		c.fillStyle = colours["--grey"];
		x += drawText(c, sizeText(box[PAGES] * PAGE), x, y, width - bar - x) + px(8);
		if (texts[box[NOTE]])
			drawText(c, texts[box[NOTE]], x, y, width - bar - x);
	}
	/* Where no box has space, there are many. */
	c.fillStyle = colours["--grey"];
	for (let y = px(30); y < height; y += px(60)) {
		const lowest = spanAt(view.from + (y + px(30)) / scale);
		const highest = spanAt(view.from + (y - px(30)) / scale);
		const nr = new Set(spanAfter.subarray(lowest, highest + 1)).size;

		if (nr > 2 && place(y, px(28)))
			drawText(c, `about ${nr} VMAs`, right, y, width - bar - right);
	}
	/* Addresses: those of boxes and spans that are high enough, and others between them */
	taken.fill(0);
	c.font = `${px(11)}px ui-monospace, monospace`;
	c.textAlign = "right";
	const address = (a, y, space = px(6)) => {
		y = Math.max(px(6), Math.min(height - px(6), y));
		if (place(y, space))
			c.fillText(hex(a), gutter - px(6), y);
	};
	for (const { b, low } of visible)
		if (low < height)
			address(boxes.start[b], low);
	for (let i = spanAt(view.from), end; i >= 0 && pos[i + 1] < view.to; i--) {
		end = (pos[i] - view.from) * scale;
		if ((pos[i] - pos[i + 1]) * scale >= px(14) && end < height)
			address(bounds[i], end);
	}
	for (let y = 0; y < height; y += px(40))
		address(Math.round(addressOf(view.from + y / scale)), y, px(30));
	/* What part of all this is */
	c.fillStyle = colours["--line"];
	c.fillRect(width - bar + px(3), 0, px(6), height);
	c.fillStyle = colours["--grey"];
	c.fillRect(width - bar + px(3), view.from / pos[0] * height, px(6),
		   Math.max(px(4), (view.to - view.from) / pos[0] * height));
	/* Positions are not exact. */
	$("range").textContent = rangeText(...[view.to, view.from].map(
		p => Math.round(addressOf(p) / PAGE) * PAGE));
}

/* What is at a point of the map: the column, and the span */
function at(event) {
	const { ratio, left, top } = canvasPixels();
	const x = event.clientX * ratio - left, y = Math.round(event.clientY * ratio) - top;
	const row = Math.max(0, Math.min(canvas.height - 1, y));
	const column = before && x < rows[1].x ? rows[0] : rows[rows.length - 1];

	return {
		column, span: column.best[row], bar: x > canvas.width - 14 * ratio,
		pos: view.from + (row + 0.5) / canvas.height * (view.to - view.from),
	};
}

let drag = null;

canvas.addEventListener("pointerdown", event => {
	drag = { y: event.clientY, from: view.from, to: view.to, moved: false, bar: at(event).bar };
	canvas.setPointerCapture(event.pointerId);
});
canvas.addEventListener("pointermove", event => {
	const height = canvas.clientHeight;

	if (drag && (drag.moved || Math.abs(event.clientY - drag.y) > 3)) {
		const extent = drag.to - drag.from;
		const by = (event.clientY - drag.y) / height * (drag.bar ? pos[0] : -extent);
		const from = Math.max(0, Math.min(drag.from + by, pos[0] - extent));

		drag.moved = true;
		setView(from, from + extent);
	}
	$("at").textContent = spanText(at(event).span);
});
canvas.addEventListener("pointerup", event => {
	const { column, span, bar } = at(event);

	if (drag && !drag.moved && !bar && column.covered[span] >= 0)
		select(column.list, column.covered[span], false);
	drag = null;
});
canvas.addEventListener("pointercancel", () => drag = null);
canvas.addEventListener("dblclick", event => {
	const { span } = at(event);

	zoomTo(bounds[span], bounds[span + 1]);
});
canvas.addEventListener("wheel", event => {
	const lines = [1, 16, canvas.clientHeight][event.deltaMode];

	event.preventDefault();
	if (event.shiftKey)
		move((event.deltaY || event.deltaX) * lines / canvas.clientHeight);
	else
		zoom(Math.exp(event.deltaY * lines * 0.002), at(event).pos);
}, { passive: false });
canvas.addEventListener("keydown", event => {
	const keys = {
		"+": () => zoom(0.7), "=": () => zoom(0.7), "-": () => zoom(1 / 0.7), "0": showAll,
		ArrowUp: () => move(-0.1), ArrowDown: () => move(0.1), PageUp: () => move(-0.9),
		PageDown: () => move(0.9), Home: () => setView(0, view.to - view.from),
		End: () => setView(pos[0] - view.to + view.from, pos[0]), Enter: zoomToSelected,
	};

	handle(event, keys);
});

function handle(event, keys) {
	if (!keys[event.key] || event.ctrlKey || event.altKey || event.metaKey)
		return;
	event.preventDefault();
	keys[event.key]();
}

function zoomToSelected() {
	if (selected)
		zoomTo(...rangeOf(selected.list, selected.e));
}

/* ---- the table ---- */

const ROW = 22, MOST = 8e6;	/* pixels; browsers limit the height of an element */
const scroll = $("scroll"), grid = $("grid");
let sorting = { key: "address", down: true };

const sortKeys = {
	address: e => e[START],
	size: e => e[PAGES],
	name: e => shortName(vmaOf(shown, e)),
};

/* How far to scroll for each row: less than its height if there are too many. */
function rowHeight() {
	const height = scroll.clientHeight;

	return items.length * ROW <= MOST ? ROW :
		(MOST - height) / (items.length - height / ROW);
}

/* The first row to show, which can be a fraction */
const firstRow = () => scroll.scrollTop / rowHeight();

function reveal(row) {
	const first = firstRow(), fit = scroll.clientHeight / ROW - 1;
	let to = row < first ? row : row > first + fit ? row - fit : first;

	if (row < 0)
		return;
	/* A match far away is shown in the middle. */
	if (Math.abs(to - first) > fit)
		to = Math.max(0, row - fit / 2);
	scroll.scrollTop = to * rowHeight();
}

function drawTable() {
	const height = scroll.clientHeight, parent = $("rows"), list = lists[shown].list;
	const nr = Math.min(items.length, Math.ceil(height / ROW) + 1);

	$("spacer").style.height = Math.min(items.length * ROW, MOST) + "px";
	const at = Math.max(0, firstRow());
	const first = Math.max(0, Math.min(Math.floor(at), items.length - nr));

	grid.setAttribute("aria-rowcount", items.length + 1);
	grid.removeAttribute("aria-activedescendant");
	while (parent.children.length > nr)
		parent.lastChild.remove();
	while (parent.children.length < nr) {
		const row = document.createElement("div");

		row.setAttribute("role", "row");
		row.id = "row" + parent.children.length;
		for (let i = 0; i < 5; i++)
			row.append(document.createElement("span"));
		for (const cell of row.children)
			cell.setAttribute("role", "gridcell");
		parent.append(row);
	}
	parent.style.transform = `translateY(${scroll.scrollTop - (at - first) * ROW}px)`;
	for (let i = 0; i < nr; i++) {
		const row = parent.children[i], index = items[first + i], e = list[index];
		const vma = vmaOf(shown, e), [low, high] = rangeOf(shown, e);
		const swatch = document.createElement("i");
		const is = selected && selected.list == shown && selected.index == index;

		swatch.style.background = accessColour(vma[ACCESS]);
		row.dataset.index = index;
		row.setAttribute("aria-rowindex", first + i + 2);
		row.setAttribute("aria-selected", is);
		if (is)
			grid.setAttribute("aria-activedescendant", row.id);
		const cells = [hex(low), sizeText(high - low), permText(shown, e),
			       texts[shown == "changes" ? e[WHAT] : vma[KIND]], shortName(vma)];

		cells.forEach((cell, k) => row.children[k].textContent = cell);
		row.children[0].prepend(swatch);
		row.children[4].title = nameOf(vma);
	}
}

function drawHead() {
	const names = ["address", "size", "perm", shown == "changes" ? "change" : "kind", "name"];

	$("head").replaceChildren(...names.map(name => {
		const cell = document.createElement("span");
		const button = document.createElement("button");
		const is = sorting.key == name;

		cell.setAttribute("role", "columnheader");
		if (!sortKeys[name]) {
			cell.textContent = name;
			return cell;
		}
		cell.setAttribute("aria-sort",
				  !is ? "none" : sorting.down ? "descending" : "ascending");
		cell.append(button);
		button.type = "button";
		button.textContent = name + (!is ? "" : sorting.down ? " ▾" : " ▴");
		button.addEventListener("click", () => {
			sorting = { key: name, down: is ? !sorting.down : name != "name" };
			fill();
			$("head").children[names.indexOf(name)].firstChild.focus();
		});
		return cell;
	}));
}

/* Fills the table with what the search has found in its list. */
function fill() {
	const list = lists[shown].list, fits = filter(), key = sortKeys[sorting.key];
	const keys = list.map(key), sign = sorting.down ? -1 : 1;

	matches = fits && Uint8Array.from(after.list, fits);
	items = [...list.keys()];
	if (fits)
		items = items.filter(i => fits(vmaOf(shown, list[i])));
	items.sort((a, b) => sign * (keys[a] < keys[b] ? -1 : keys[a] > keys[b] ? 1 : a - b));
	$("count").textContent = fits ? `${items.length} of ${list.length}` :
		`${list.length} ${shown == "changes" ? "changes" : "VMAs"}`;
	drawHead();
	scroll.scrollTop = 0;
	if (selected && selected.list == shown)
		reveal(items.indexOf(selected.index));
	update();
}

function step(by, absolute) {
	const now = selected && selected.list == shown ? items.indexOf(selected.index) : -1;
	const row = absolute !== undefined ? absolute : now < 0 ? 0 : now + by;

	if (items.length)
		select(shown, items[Math.max(0, Math.min(row, items.length - 1))], false);
}

scroll.addEventListener("scroll", update);
$("rows").addEventListener("click", event => {
	const row = event.target.closest("[role=row]");

	if (row)
		select(shown, +row.dataset.index, false);
});
$("rows").addEventListener("dblclick", zoomToSelected);
grid.addEventListener("keydown", event => {
	const page = Math.max(1, Math.floor(scroll.clientHeight / ROW) - 1);

	if (event.target == grid)
		handle(event, {
			ArrowUp: () => step(-1), ArrowDown: () => step(1),
			PageUp: () => step(-page), PageDown: () => step(page),
			Home: () => step(0, 0), End: () => step(0, items.length - 1),
			Enter: zoomToSelected,
		});
});

/* ---- the search ---- */

const lower = texts.map(text => text.toLowerCase());
/* The digits of an address, or null */
const parsed = word => /^(0x)?[0-9a-f]{1,16}$/.test(word) ? word.replace("0x", "") : null;
/* The number of the page with an address: more digits would not be exact. */
const pageOf = digits => digits.length > 3 ? parseInt(digits.slice(0, -3), 16) : 0;

/* The text that is searched, and the address, or the two of a range, in hexadecimal digits */
function wanted() {
	const word = $("search").value.trim().toLowerCase(), parts = word.split("-").map(parsed);

	return {
		word, from: parts.length == 1 ? parts[0] : null,
		range: parts.length == 2 && parts[0] && parts[1] ? parts.map(pageOf) : null,
	};
}

/* Whether a VMA has the name, the kind or the address, or the beginning of it; null for all */
function filter() {
	const { word, from, range } = wanted(), page = from && pageOf(from);
	const found = lower.map(text => text.includes(word));

	if (!word)
		return null;
	if (range)
		return vma => vma[START] < Math.max(range[1], range[0] + 1) &&
			vma[START] + vma[PAGES] > range[0];
	return vma => found[vma[NAME]] || lower[vma[KIND]] == word || (from &&
		((vma[START] <= page && vma[START] + vma[PAGES] > page) ||
		 hex(lowOf(vma)).startsWith(from)));
}

$("search").addEventListener("input", fill);
$("bar").addEventListener("submit", event => {
	const { word, from, range } = wanted();

	event.preventDefault();
	if (range) {
		zoomTo(range[0] * PAGE, Math.max(range[1], range[0] + 1) * PAGE, 0);
	} else if (items.length && word) {
		const now = selected && selected.list == shown ? items.indexOf(selected.index) : -1;

		select(shown, items[(now + 1) % items.length], true);
	} else if (from) {
		const span = spanOfAddress(pageOf(from) * PAGE);

		zoomTo(bounds[span], bounds[span + 1]);
		$("at").textContent = spanText(span);
	}
});

/* ---- all of it ---- */

let pending = false;

/* Draws once, however much has changed. */
function update() {
	if (pending)
		return;
	pending = true;
	requestAnimationFrame(() => {
		pending = false;
		draw();
		drawTable();
	});
}

function legend() {
	const used = new Set(data.vmas.map(vma => vma[ACCESS]));
	const add = (colour, name) => {
		const item = document.createElement("li"), swatch = document.createElement("i");

		swatch.style.background = colour;
		item.append(swatch, name);
		$("legend").append(item);
	};

	for (let access = 0; access < 16; access++)
		if (used.has(access))
			add(accessColour(access), perm(access) +
			    (isWX(access) ? " writable and executable" : ""));
	add("var(--gap)", "unmapped");
	if (before)
		for (const [name, what] of [["--came", "mapped, grown"],
					    ["--gone", "unmapped, shrunk"],
					    ["--changed", "changed"], ["--moved", "moved"]])
			add(`var(${name})`, what);
}

document.title = $("title").textContent = data.title;
$("subtitle").textContent = data.subtitle;
$("limits").textContent = data.limits;
if (before) {
	$("before").textContent = "Left: before, " + data.before_title + ". Right: after.";
	$("before").hidden = $("lists").hidden = false;
}
$("in").addEventListener("click", () => zoom(0.7));
$("out").addEventListener("click", () => zoom(1 / 0.7));
$("all").addEventListener("click", showAll);
/* A browser can keep what was chosen before it read the page again. */
$("bar").reset();
$("scale").addEventListener("change", () => setScale($("scale").value));
$("list").addEventListener("change", () => {
	shown = $("list").value;
	fill();
});
document.addEventListener("keydown", event => {
	if (event.key == "/" && !/INPUT|SELECT/.test(event.target.tagName))
		handle(event, { "/": () => $("search").focus() });
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
	readColours();
	update();
});
new ResizeObserver(update).observe(canvas);
readColours();
legend();
fill();
})();
