#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# vmainfo draw: what is in the drawing of the terminal and in the pictures is compared with the
# listing they are made from, and with the process's maps.

. "$(dirname "$0")/lib.sh"
begin

# What fontconfig never frees is no leak of ours; it is there with every use of cairo's texts.
echo 'leak:libfontconfig' >"$TMP/suppressions"
export LSAN_OPTIONS="suppressions=$TMP/suppressions:print_suppressions=0"
export LC_ALL=C.UTF-8
unset COLUMNS NO_COLOR

# helper WHAT ARG...: the part of the tests that is easier said in python
helper() { python3 "$TMP/helper.py" "$@"; }

cat >"$TMP/helper.py" <<'EOF'
"""Makes listings as the module would, and looks at what was drawn of them."""
import re
import struct
import subprocess
import sys
import unicodedata
import xml.etree.ElementTree
import zlib

KINDS = ["anon", "file", "heap", "stack", "shmem", "hugetlb", "vdso", "vvar", "vsyscall"]
# r is 1, w 2, x 4, s 8: the colours of the pictures
COLOURS = [
    0xb4b9c1, 0x7fb3e6, 0x5cc4ad, 0x83c96b, 0xe8d25a, 0xf5b04d, 0xe5405e, 0xe31a1c,
    0x8a919c, 0x3f7fc4, 0x2b957e, 0x4b9634, 0xbda52a, 0xcf7f12, 0xb31f3f, 0xa80f12,
]
KERNEL, BETWEEN, GAP, HOLE = 0x56617a, 0xc4cad6, 0xf7f8fa, 0xe9e6df


def raw(vmas, pid=4711):
    """VMAs as (start, end, perm, kind, name): the bytes."""
    gate = any(v[3] == "vsyscall" for v in vmas)
    out = [struct.pack("=IIIIiIQQQ", 48, 0x616d7621, 1, 1 | 2 * gate, pid, len(vmas) - gate,
                       3723 * 10**9, 0, 0)]
    for start, end, perm, kind, name in vmas:
        flags = sum(bit for c, bit in zip(perm, (1, 2, 4, 128)) if c in "rwxs")
        name = name + b"\0" if name else b""
        ino = 1 if name.startswith(b"/") else 0
        size = 64 + (len(name) + 7) // 8 * 8
        out.append(struct.pack("=HBBIQQQQQIIIHBB", 64, KINDS.index(kind), 0, size, start, end, 0,
                               ino, flags, 0, 0, len(name), 0, 12, 0))
        out.append(name.ljust(size - 64, b"\0"))
    return b"".join(out)


def write(file, vmas):
    with open(file, "wb") as f:
        f.write(raw(vmas))


TOP = 0x7fffffff0000
STACK = (TOP - 0x21000, TOP, "rw-p", "stack", b"[stack]")


def make_strange(file):
    """Names that nobody should trust, and everything at once that can be."""
    base = 0x555555554000
    write(file, [
        (base, base + 0x1000, "r-xp", "file", b"/bin/evil\x1b[31m\nname"),
        (base + 0x1000, base + 0x2000, "rwxp", "anon", b""),
        (base + 0x5000, base + 0x6000, "rwxs", "file", b"/tmp/bad\xff\xfe utf8"),
        (base + 0x6000, base + 0x7000, "-w-p", "anon", b""),
        # Characters of which each takes two columns
        (base + 0x7000, base + 0x8000, "--xs", "file",
         ("/tmp/größer " + "\u65e5\u672c\u8a9e" * 30).encode()),
        (base + 0x8000, base + 0x9000, "rw-p", "file", b"/tmp/c1 \xc2\x9b31m"),
        STACK,
        (0xffffffffff600000, 0xffffffffff601000, "--xp", "vsyscall", b"[vsyscall]"),
    ])


def make_many(file):
    """60,000 VMAs, with a gap behind every tenth, and something remarkable among them."""
    vmas, at = [], 0x7f0000000000
    for i in range(60000):
        vmas.append((at, at + 4096, "rw-p" if i % 2 else "r--p", "anon", b""))
        if i == 30000:
            vmas[-1] = (at, at + 4096, "rwxp", "anon", b"")
        at += 8192 if i % 10 == 9 else 4096
    write(file, vmas + [STACK])


def make_of(file, what):
    """Address spaces of other machines."""
    ends = {"arm64": 1 << 48, "x86-64": 1 << 47, "32bit": 0xc0000000, "strange": 1 << 38,
            "ia32": 0xffffe000}
    end = ends[what] - 0x3000
    write(file, [(0x10000, 0x11000, "r-xp", "file", b"/bin/true"),
                 (end - 0x21000, end, "rw-p", "stack", b"[stack]")])


def make_elf(file):
    """A library with a hole between its segments and a .bss; what is not its .bss."""
    base = 0x7f0000000000
    write(file, [
        (base, base + 0x4000, "r-xp", "file", b"/lib/libone.so"),
        (base + 0x5000, base + 0x6000, "rw-p", "file", b"/lib/libone.so"),
        (base + 0x6000, base + 0x8000, "rw-p", "anon", b""),
        (base + 0x8000, base + 0x9000, "rw-p", "file", b"/lib/libtwo.so"),
        (base + 0x9000, base + 0x19000, "rw-p", "anon", b""),
        # On a tmpfs
        (base + 0x20000, base + 0x22000, "rw-p", "shmem", b"/tmp/libthree.so"),
        (base + 0x22000, base + 0x23000, "rw-p", "anon", b""),
        STACK,
    ])


def maps_of(file):
    """(start, end, perm, name) of each line."""
    vmas = []
    for line in open(file, encoding="utf-8"):
        fields = line.rstrip("\n").split(None, 5)
        start, end = (int(x, 16) for x in fields[0].split("-"))
        vmas.append((start, end, fields[1], fields[5] if len(fields) > 5 else ""))
    return vmas


def access(perm):
    return sum(bit for c, bit in zip(perm, (1, 2, 4, 8)) if c in "rwxs")


def base_name(name):
    return name.rsplit("/", 1)[-1] if name.startswith("/") else name


def size_text(size):
    units = "BKMGTPE"
    while size >= 1023.5:
        size, units = size / 1024, units[1:]
    tenths = int(size * 10 + 0.5)
    if tenths < 100 and tenths % 10:
        return f"{tenths // 10}.{tenths % 10} {units[0]}"
    return f"{int(size + 0.5)} {units[0]}"


def gaps(vmas):
    """Those that are larger than anything mapped, so that no group goes across them."""
    largest = max(end - start for start, end, _, _ in vmas)
    return [b[0] - a[1] for a, b in zip(vmas, vmas[1:]) if b[0] - a[1] > largest]


def expect(true, what):
    if not true:
        sys.exit(what)


def check_terminal(out, maps):
    """Each VMA is a line in the order of their addresses, each file named, each gap sized."""
    vmas, lines = maps_of(maps), open(out, encoding="utf-8").read().split("\n")
    expect("\033" not in "".join(lines), "an escape sequence")
    drawn = []
    for line in lines:
        found = re.match(r" {16} [│|] ([r-][w-][x-][ps]) +(\d[\d.]* [BKMGTPE]) [│|]", line)
        if found:
            drawn.append(found.groups())
    wanted = [(perm, size_text(end - start)) for start, end, perm, _ in reversed(vmas)]
    expect(drawn == wanted, f"{len(drawn)} VMAs are drawn, {len(wanted)} wanted, or others")
    text = "\n".join(lines)
    for name in {base_name(v[3]) for v in vmas if v[3]}:
        expect(re.search(f"[│|] {re.escape(name)}( |$)", text, re.M), f"no {name}")
    for gap in gaps(vmas):
        expect(re.search(f"[│|≈~] +{size_text(gap)} [│|≈~] unmapped", text), f"no gap of {gap}")
    # From the highest to the lowest, and all of them
    borders = [int(line.split()[0], 16) for line in lines if re.match(" *[0-9a-f]+ [┌├└+]", line)]
    expect(borders == sorted(borders, reverse=True), "the addresses are out of order")
    expect(borders[0] == 2**64 - 1 and borders[-1] == 0, "it is not the whole address space")


def check_width(out, width):
    longest = max(sum(1 + (unicodedata.east_asian_width(c) in "WF") for c in line)
                  for line in open(out, encoding="utf-8").read().split("\n"))
    expect(longest <= int(width), f"a line of {longest} columns")
    expect(longest > int(width) - 25, f"no line of more than {longest} columns")


def check_counts(out):
    """No size and no count is cut: those of a merged box are as many as it has VMAs."""
    boxes, parts, label, merged = [], 0, [], 0
    for line in open(out, encoding="utf-8").read().split("\n"):
        found = re.match(r" {16} [│≈] (.*) [│≈](.*)", line)
        if found:
            parts += bool(found[1].strip())
            label.append(found[2].strip())
        elif label:
            boxes.append((parts, " ".join(label)))
            parts, label = 0, []
    for parts, text in boxes:
        if parts > 1:
            expect(re.search(r"\d [BKMGTPE]\b", text), f"no size in: {text}")
        whole = re.match(r"(\d+) VMAs", text)
        if whole:
            merged += 1
            counts = [int(n) for n in re.findall(r"[r-][w-][x-][sp] (\d+)", text)]
            expect(sum(counts) == int(whole[1]), f"{counts} in: {text}")
    expect(merged, "nothing is merged")


def check_text(out, maps, title):
    """Of a PDF: the title, the files, the gaps, the size of each."""
    vmas, text = maps_of(maps), " ".join(open(out, encoding="utf-8").read().split())
    expect(title in text, f"no title {title}")
    expect(f"{len(vmas)} VMAs" in text, "no number of VMAs")
    for name in {base_name(v[3]) for v in vmas if v[3]}:
        expect(name in text, f"no {name}")
    for gap in gaps(vmas):
        expect(size_text(gap) in text, f"no gap of {gap}")
    for start, _, _, _ in vmas:
        if all(v[1] != start for v in vmas):
            expect(f"{start:x}" in text, f"no address {start:x}")


def channel(text):
    return round(float(text[:-1]) * 2.55) if text.endswith("%") else int(text)


def check_svg(out, maps):
    """One filled path for each VMA and each swatch of the legend, in its colour."""
    found = {}
    for path in xml.etree.ElementTree.parse(out).iter("{http://www.w3.org/2000/svg}path"):
        # cairo has put colours into style="" first, and into fill="" later.
        fill = re.search(r"rgb\(([\d.%, ]+)\)",
                         path.get("fill") or re.sub(".*fill:", "", path.get("style") or ""))
        if fill and (path.get("stroke") or "none") == "none":
            r, g, b = (channel(c.strip()) for c in fill.group(1).split(","))
            found[r << 16 | g << 8 | b] = found.get(r << 16 | g << 8 | b, 0) + 1
    vmas = maps_of(maps)
    for i in (0, 1, 3, 5, 7, 8, 9, 11, 13, 15):
        wanted = 1 + sum(access(v[2]) == i for v in vmas)
        expect(found.get(COLOURS[i]) == wanted, f"{i}: {found.get(COLOURS[i])}, not {wanted}")


def decode_png(file):
    data, at, idat = open(file, "rb").read(), 8, b""
    expect(data[:8] == b"\x89PNG\r\n\x1a\n", "it is no PNG")
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at:at + 8])
        if kind == b"IHDR":
            width, height, depth, colour = struct.unpack(">IIBB", data[at + 8:at + 18])
            expect(depth == 8 and colour == 2, "not 8 bits RGB")
        elif kind == b"IDAT":
            idat += data[at + 8:at + 8 + size]
        at += 12 + size
    data, rows, n = zlib.decompress(idat), [], width * 3
    above = bytearray(n)
    for y in range(height):
        kind, row = data[y * (n + 1)], bytearray(data[y * (n + 1) + 1:(y + 1) * (n + 1)])
        for i in range(n):
            a, b = row[i - 3] if i >= 3 else 0, above[i]
            c = above[i - 3] if i >= 3 else 0
            p = a + b - c
            best = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
            row[i] = row[i] + (0, a, b, a + b >> 1, best)[kind] & 255
        rows.append(row)
        above = row
    return width, height, rows


def check_png(out, maps):
    """Down the left edge of the boxes: each VMA's colour, kernel, hole, gaps, in order."""
    width, height, rows = decode_png(out)

    def column(x):
        return [int.from_bytes(row[3 * x:3 * x + 3], "big") for row in rows]

    names = {c: i for i, c in enumerate(COLOURS)}
    names.update({KERNEL: "kernel", GAP: "gap"})
    # The edge: where most of it is one of the colours
    x = next(x for x in range(width)
             if sum(c in names for c in column(x)[200:]) > (height - 200) / 2)
    # Behind the hatching of the swatches in the legend, and beside the texts
    seen = [names[c] for c in column(x + 2)[150:] if c in names]
    seen = [a for a, b in zip(seen, [None] + seen) if a != b]
    vmas = maps_of(maps)
    wanted, above = ["kernel"], 0x7ffffffff000
    for start, end, perm, _ in reversed(vmas):
        wanted += ["gap"] * (end < above) + [access(perm)]
        above = start
    wanted.append("gap")
    wanted = [a for a, b in zip(wanted, [None] + wanted) if a != b]
    expect(seen == wanted, f"{seen}\nnot\n{wanted}")


def check_many(out):
    """All of the VMAs are in it, by themselves or in a number."""
    lines = open(out, encoding="utf-8").read().split("\n")
    text = "\n".join(lines)
    merged = sum(int(n) for n in re.findall(r"^ {16} │ (\d+) VMAs +\d", text, re.M))
    single = len(re.findall(r"^ {16} │ [r-][w-][x-]p +\d", text, re.M))
    expect(merged + single == 60001, f"{merged} + {single} VMAs")
    expect(f"{merged} of the VMAs are merged" in text.replace("\n", " "), "does not say how many")
    expect(re.search(r"│ rwxp +4 K │", text), "hides what is writable and executable")
    expect(len(re.findall(r"│ anonymous  40 K  W\+X$", text, re.M)) == 1, "does not mark it")
    expect(len(lines) < 2500, f"{len(lines)} lines")


def check_truncated(program, file, to):
    """Whatever is cut off: an error, and nothing drawn."""
    data = open(file, "rb").read()
    for size in [0, 1, 15, 16, 47, 48, 49, 100, 111, 112, 200, len(data) // 2, len(data) - 1]:
        with open(to, "wb") as f:
            f.write(data[:size])
        done = subprocess.run([program, "draw", "--from", to], capture_output=True)
        expect(done.returncode == 1 and not done.stdout and b"\n" in done.stderr
               and to.encode() in done.stderr, f"{size} bytes: {done}")


globals()[sys.argv[1]](*sys.argv[2:])
EOF

draw() { "$VMAINFO" draw "$@"; }
says() { draw "$@" >"$TMP/out" && { tr '\n' ' ' <"$TMP/out"; echo; } | tee "$TMP/line"; }
# text FILE.pdf
text() { pdftotext -layout "$1" "$TMP/pdf.txt"; }

raw=$CAPTURES/python.raw
maps=$CAPTURES/python.maps

terminal()
{
	COLUMNS=200 draw --from "$raw" --boxes=0 >"$TMP/out" && helper check_terminal "$TMP/out" "$maps"
}

from_stdin()
{
	draw --from - <"$raw" >"$TMP/out2" && draw --from "$raw" | cmp "$TMP/out2" -
}

width()
{
	COLUMNS=$1 draw --from "$raw" >"$TMP/out" && helper check_width "$TMP/out" "$1" || return
	COLUMNS=$1 draw --from "$TMP/strange.raw" >"$TMP/out" && helper check_width "$TMP/out" "$1" ||
		return
	COLUMNS=$1 LC_ALL=C draw --from "$raw" >"$TMP/out" && helper check_width "$TMP/out" "$1"
}

counts()
{
	for columns in 48 80 120; do
		COLUMNS=$columns draw --from "$raw" --boxes=20 >"$TMP/out" && cat "$TMP/out" &&
			helper check_counts "$TMP/out" && helper check_width "$TMP/out" $columns ||
			return
	done
}

# The gate page of a 32-bit kernel is in its part, and user space ends below.
gate_page()
{
	for one in "ffff0000-ffff1000 r-xp [vectors] bf000000" "ffffe000-fffff000 r-xp [vdso] c0000000"; do
		# shellcheck disable=SC2086 # four words
		set -- $one
		printf '%s %s 0 0:0 0 %s\n' 8000-9000 r-xp /bin/init be8a0000-be8c1000 rw-p '[stack]' \
			"$1" "$2" "$3" >"$TMP/gate.maps"
		COLUMNS=120 says --from "$TMP/gate.maps" >/dev/null && cat "$TMP/out" &&
			grep -qF "init 2 VMAs, 136 K mapped" "$TMP/line" &&
			grep -qF "User space ends at $4, the kernel's part begins at $4: inferred" "$TMP/line" &&
			grep -qF "$3  the gate page, which is no VMA of the process" "$TMP/out" &&
			grep -q "^ *ffffffff ┌" "$TMP/out" || return
	done
	# The same without a stack that tells where it ends
	printf '8000-9000 r-xp 0 0:0 0 /bin/init\nffff0000-ffff1000 r-xp 0 0:0 0 [vectors]\n' >"$TMP/gate.maps"
	COLUMNS=120 says --from "$TMP/gate.maps" >/dev/null && cat "$TMP/out" &&
		grep -qF "Where user space ends is not known: inferred from the gate page" "$TMP/line" &&
		grep -qF "[vectors]  the gate page" "$TMP/out"
}

# bad_summary LINE TEXT: line LINE of a summary that is otherwise good, if it is this
bad_summary()
{
	sed "$1s/.*/$2/" "$CAPTURES/python.summary" >"$TMP/summary"
	fails 1 "'$TMP/summary' is not a copy of /proc/vmainfo/summary: line $1 is not" \
		draw --from "$raw" --summary "$TMP/summary"
}

strict_summary()
{
	task_size=$(grep -n '^TaskSize:' "$CAPTURES/python.summary" | cut -d: -f1)
	for value in -1 0x7ffffffff000 1000000007ffffffff000 '' 'x' '7ffffffff000x'; do
		bad_summary "$task_size" "TaskSize:	$value" || return
	done
	bad_summary "$task_size" "KernelVmalloc:	ffff800000000000-x	1 kB" &&
		bad_summary "$task_size" "KernelVmalloc:	ffff800000000000--1	1 kB" &&
		bad_summary 1 "" && bad_summary 2 "nothing" || return
	draw --from "$raw" --summary "$CAPTURES/python.summary" >"$TMP/out" &&
		sed "s/\$/$(printf '\r')/" "$CAPTURES/python.summary" | head -c -2 >"$TMP/summary" &&
		draw --from "$raw" --summary "$TMP/summary" | diff "$TMP/out" -
}

ascii()
{
	for file in "$raw" "$TMP/strange.raw"; do
		LC_ALL=C draw --from "$file" --boxes=0 >"$TMP/out" || return
		! LC_ALL=C grep -n '[^ -~]' "$TMP/out" || return
	done
	COLUMNS=200 LC_ALL=C draw --from "$raw" --boxes=0 >"$TMP/out" &&
		helper check_terminal "$TMP/out" "$maps"
}

colours()
{
	esc=$(printf '\033')
	# black on yellow, and what is dangerous
	draw --from "$TMP/strange.raw" --color >"$TMP/out" &&
		grep -q "$esc\\[43;30m r-xp" "$TMP/out" &&
		grep -q "$esc\\[1;101;97m rwxp" "$TMP/out" && grep -q "$esc\\[1;91mW+X" "$TMP/out" &&
		draw --from "$TMP/strange.raw" --color=auto >"$TMP/out" && ! grep -q "$esc" "$TMP/out" &&
		fails 1 "for --color" draw --color=pink
}

# Names come out, but nothing that a terminal obeys, or that is no UTF-8.
strange()
{
	draw --from "$TMP/strange.raw" >"$TMP/out" && ! grep -q "$(printf '\033')" "$TMP/out" &&
		! grep -q "$(printf '\302\233')" "$TMP/out" &&
		iconv -f UTF-8 -t UTF-8 "$TMP/out" >/dev/null && cat "$TMP/out" &&
		grep -q 'evil\\x1b\[31m\\x0aname' "$TMP/out" && grep -q 'größer 日本語日本語' "$TMP/out" &&
		grep -q 'bad\\xff\\xfe utf8  W+X  /tmp' "$TMP/out" && grep -q -- '-w-p' "$TMP/out" &&
		grep -q '│ \[vsyscall\]  the gate page' "$TMP/out" || return
	for type in svg pdf png; do
		draw --from "$TMP/strange.raw" -o "$TMP/strange.$type" || return
	done
	text "$TMP/strange.pdf" && cat "$TMP/pdf.txt" && grep -q 'evil\\x1b\[31m\\x0aname' "$TMP/pdf.txt" &&
		[ "$(grep -c 'W+X' "$TMP/pdf.txt")" = 2 ]
}

groups()
{
	COLUMNS=120 draw --from "$TMP/elf.raw" >"$TMP/out" && cat "$TMP/out" &&
		grep -q '│ libone.so  28 K  with 8 K anonymous, 4 K unmapped in it' "$TMP/out" &&
		[ "$(grep -c 'libone.so' "$TMP/out")" = 1 ] &&
		grep -q '│ *unmapped  *4 K │' "$TMP/out" &&
		grep -q '│ rw-p  *4 K │ libtwo.so  /lib' "$TMP/out" &&
		grep -q '│ rw-p  *64 K │ anonymous' "$TMP/out" &&
		grep -q '│ libthree.so  12 K  with 4 K anonymous  /tmp' "$TMP/out"
}

# --from takes nothing from this machine: what it infers, it says.
elsewhere()
{
	for pair in "arm64:ffff000000000000: inferred from the stack's address: arm64" \
		"x86-64:ffff800000000000: inferred from the stack's address: as on x86-64"; do
		helper make_of "$TMP/of.raw" "${pair%%:*}" &&
			says --from "$TMP/of.raw" && grep -qF "begins at ${pair#*:}" "$TMP/line" &&
			grep -q 'hole: non-canonical' "$TMP/line" || return
	done
	for pair in "32bit:inferred from the addresses: a 32-bit process" \
		"strange:the addresses are like those of no machine known"; do
		helper make_of "$TMP/of.raw" "${pair%%:*}" && says --from "$TMP/of.raw" &&
			grep -qF "Where user space ends is not known: ${pair#*:}" "$TMP/line" &&
			grep -q 'unknown: the rest of user space' "$TMP/line" || return
	done
	helper make_of "$TMP/of.raw" ia32 && says --from "$TMP/of.raw" &&
		grep -qF "User space ends at 100000000: inferred" "$TMP/line" &&
		! says --from "$raw" | grep -q "$(uname -r)"
}

summary()
{
	# As on arm64, where the image is inside of the vmalloc area; and what is not known yet
	printf '%s\n' 'Pid:	4711' 'Code:	-' 'TaskSize:	800000000000' 'KernelVmas:	0' \
		'KernelStart:	ffff000000000000' \
		'KernelDirectMap:	ffff000000000000-ffff000040000000	1048576 kB' \
		'KernelVmalloc:	ffff800080000000-fffffdffc0000000	1 kB' \
		'KernelImage:	ffff800080010000-ffff800082000000	1 kB' \
		'KernelNewThing:	fffffffffff00000-0000000000000000	1 kB' >"$TMP/summary"
	says --from "$TMP/elf.raw" --summary "$TMP/summary" >/dev/null && cat "$TMP/out" &&
		grep -qF 'ends at 800000000000, the kernel' "$TMP/line" &&
		grep -qF 'begins at ffff000000000000: from the module' "$TMP/line" &&
		[ "$(grep -o 'kernel: [a-zN].*' "$TMP/out" | paste -sd, | tr -s ' ')" = \
			'kernel: NewThing,kernel: no known region,kernel: vmalloc, ioremap,kernel: its image,kernel: vmalloc, ioremap,kernel: no known region,kernel: direct map of all memory' ] &&
		grep -q '^ffff800080010000 ├' "$TMP/out" || return
	# Of the guest that the captures are from; the gate page is not a VMA.
	vmas=$(grep -vc '^ffffffffff600000-' "$maps")
	says --from "$raw" --summary "$CAPTURES/python.summary" >/dev/null &&
		grep -q '^python3 (pid [0-9]*) '"$vmas VMAs" "$TMP/line" &&
		grep -q "User space ends at $(sed -n 's/^TaskSize:.//p' "$CAPTURES/python.summary")" \
			"$TMP/line" &&
		fails 1 'it does not say where user space ends' draw --from "$raw" --summary "$maps" &&
		fails 1 'is not a copy of /proc/vmainfo/summary: it is too long' \
			limited 60 "$VMAINFO" draw --from "$raw" --summary /dev/zero &&
		fails 1 'cannot open' draw --from "$raw" --summary "$TMP/none" &&
		fails 1 '--summary is for --from' draw --summary "$TMP/summary"
}

pdf()
{
	draw --from "$raw" --title 'A title of "mine"' -o "$TMP/x.pdf" && text "$TMP/x.pdf" &&
		helper check_text "$TMP/pdf.txt" "$maps" 'A title of "mine"' &&
		pdfinfo "$TMP/x.pdf" >"$TMP/info" && grep -q '^Pages: *1$' "$TMP/info" &&
		grep -q '^Title: *A title of "mine"$' "$TMP/info"
}

svg()
{
	draw --from "$raw" -o "$TMP/x.svg" && helper check_svg "$TMP/x.svg" "$maps"
}

png()
{
	draw --from "$raw" --columns=1 --scale=1 --boxes=0 -o "$TMP/x.PNG" &&
		helper check_png "$TMP/x.PNG" "$maps"
}

many()
{
	limited 120 "$VMAINFO" draw --from "$TMP/many.raw" >"$TMP/out" &&
		helper check_many "$TMP/out" || return
	for type in svg png pdf; do
		limited 120 "$VMAINFO" draw --from "$TMP/many.raw" -o "$TMP/many.$type" || return
		[ "$(wc -c <"$TMP/many.$type")" -lt 4000000 ] || return
	done
	text "$TMP/many.pdf" && grep -q 'of the VMAs are merged with small neighbours' "$TMP/pdf.txt"
}

# Without merging it is drawn as well, or said that it cannot be.
all_of_many()
{
	draw --from "$TMP/many.raw" --boxes=0 >"$TMP/out" &&
		[ "$(grep -cE '│ (r--|rw-|rwx)p' "$TMP/out")" = 60001 ] &&
		fails 1 'too high for .png' draw --from "$TMP/many.raw" --boxes=0 -o "$TMP/huge.png" &&
		[ ! -e "$TMP/huge.png" ]
}

bad_arguments()
{
	fails 1 'does not end in .svg, .png or .pdf' draw --from "$raw" -o "$TMP/x.jpg" &&
		fails 1 'does not end in .svg, .png or .pdf' draw --from "$raw" -o "$TMP/png" &&
		[ ! -e "$TMP/x.jpg" ] && [ ! -e "$TMP/png" ] &&
		fails 1 'not both' draw --from "$raw" 1 &&
		fails 1 'one process at a time' draw 1 2 &&
		fails 1 'invalid number of boxes' draw --boxes=-1 &&
		fails 1 'invalid number of columns' draw --columns=13 &&
		fails 1 'invalid scale' draw --scale=0 &&
		fails 1 'cannot open' draw --from "$TMP/none"
}

# A picture is there as a whole, or what was there before is.
all_or_nothing()
{
	mkdir -p "$TMP/dir"
	echo old >"$TMP/dir/x.svg"
	fails 1 "cannot create a file beside '$TMP/no/x.svg'" draw --from "$raw" -o "$TMP/no/x.svg" || return
	(
		# Then a write that would make it larger fails.
		trap '' XFSZ
		ulimit -f 8
		fails 1 "cannot write '$TMP/dir/x.svg'" draw --from "$raw" -o "$TMP/dir/x.svg"
	) && [ "$(cat "$TMP/dir/x.svg")" = old ] && [ "$(ls -A "$TMP/dir")" = x.svg ] || return
	# A link is replaced, not what it points to, and a pipe is written to. Addresses are secrets.
	ln -s x.svg "$TMP/dir/link.svg" && (umask 022; draw --from "$raw" -o "$TMP/dir/link.svg") &&
		[ ! -L "$TMP/dir/link.svg" ] && [ "$(cat "$TMP/dir/x.svg")" = old ] &&
		[ "$(stat -c %a "$TMP/dir/link.svg")" = 600 ] && chmod 644 "$TMP/dir/x.svg" &&
		draw --from "$raw" -o "$TMP/dir/x.svg" &&
		[ "$(stat -c %a "$TMP/dir/x.svg")" = 600 ] && grep -q '<svg' "$TMP/dir/x.svg" || return
	mkfifo "$TMP/pipe.svg" || return
	cmp "$TMP/dir/x.svg" "$TMP/pipe.svg" &
	reader=$!
	if ! draw --from "$raw" -o "$TMP/pipe.svg"; then
		kill "$reader"
		return 1
	fi
	if [ ! -p "$TMP/pipe.svg" ]; then
		# Nobody will write to it any more.
		kill "$reader"
		return 1
	fi
	wait "$reader"
}

# Without vmainfo-draw a picture is an error before anything is read, and PATH is not searched.
no_helper()
{
	mkdir -p "$TMP/alone" "$TMP/path" && cp "$VMAINFO" "$TMP/alone/" || return
	printf '#!/bin/sh\ntouch "%s"\n' "$TMP/found" >"$TMP/path/vmainfo-draw"
	chmod +x "$TMP/path/vmainfo-draw"
	(
		cd "$TMP/path" && PATH=$TMP/path:$PATH &&
			fails 1 'install the package vmainfo-draw' \
				"$TMP/alone/vmainfo" draw --from "$TMP/none" -o "$TMP/alone.svg"
	) && [ ! -e "$TMP/found" ] && [ ! -e "$TMP/alone.svg" ] &&
		"$TMP/alone/vmainfo" draw --from "$raw" >"$TMP/out" && grep -q '\[stack\]' "$TMP/out"
}

# It is found where "make install" puts it, below any prefix, and gets all arguments and stdin.
installed_helper()
{
	mkdir -p "$TMP/usr/bin" "$TMP/usr/libexec/vmainfo" && cp "$VMAINFO" "$TMP/usr/bin/" &&
		cp "$VMAINFO-draw" "$TMP/usr/libexec/vmainfo/" && ln -s usr/bin/vmainfo "$TMP/link" &&
		draw --from "$raw" --title 'a  "b"' --columns 2 -o "$TMP/built.svg" &&
		"$TMP/link" draw --from - --title 'a  "b"' --columns 2 -o "$TMP/installed.svg" <"$raw" &&
		cmp "$TMP/built.svg" "$TMP/installed.svg" && grep -q '<svg' "$TMP/built.svg"
}

full()
{
	fails 1 'write error' sh -c '"$1" draw --from "$2" >/dev/full' sh "$VMAINFO" "$raw"
}

live()
{
	sleep 1000 &
	PIDS="$PIDS $!"
	pid=$!
	# Until the exec, it has the shell's VMAs.
	sleeps "$pid"
	says --quiet "$pid" && grep -q "^sleep (pid $pid) " "$TMP/line" &&
		grep -q "$(uname -r) on $(uname -m)" "$TMP/line" && grep -q '\[stack\]' "$TMP/line" &&
		says --quiet && grep -q "^vmainfo (pid [0-9]*) .*│ vmainfo " "$TMP/line"
}

helper make_strange "$TMP/strange.raw"
helper make_many "$TMP/many.raw"
helper make_elf "$TMP/elf.raw"

ktap_set_plan 26
result "terminal: every VMA, file, gap and address in order" terminal
result "--from=-: same picture from stdin" from_stdin
for columns in 60 80 200; do
	result "terminal: fits COLUMNS=$columns" width "$columns"
done
result "terminal: sizes and counts are not cut" counts
result "the gate page of a 32-bit kernel" gate_page
result "--summary: what is not one" strict_summary
result "terminal: ASCII in the locale C" ascii
result "terminal: --color" colours
result "hostile names escaped" strange
result "groups: segments, gaps between them and .bss" groups
result "listing of another architecture" elsewhere
result "--summary: kernel regions drawn" summary
result "pdf: title, files, gaps, addresses" pdf
result "svg: well-formed, a rectangle of the right colour for each VMA" svg
result "png: the colours from top to bottom" png
result "60,000 VMAs: merged without loss" many
result "60,000 VMAs: --all draws each" all_of_many
result "truncated files rejected" helper check_truncated "$VMAINFO" "$raw" "$TMP/cut.raw"
result "bad arguments rejected" bad_arguments
result "failure leaves no partial file" all_or_nothing
result "pictures need vmainfo-draw" no_helper
result "pictures with vmainfo-draw installed" installed_helper
result "full disk: ENOSPC message" full
result "live processes drawn" live
ktap_finished
