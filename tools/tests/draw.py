# SPDX-License-Identifier: GPL-2.0
"""Makes listings, and checks drawings of them, for draw.sh."""
import re
import struct
import sys
import unicodedata
import xml.etree.ElementTree

import raw

# r is 1, w 2, x 4, s 8: the colours of the pictures
COLOURS = [
    0xb4b9c1, 0x7fb3e6, 0x5cc4ad, 0x83c96b, 0xe8d25a, 0xf5b04d, 0xe5405e, 0xe31a1c,
    0x8a919c, 0x3f7fc4, 0x2b957e, 0x4b9634, 0xbda52a, 0xcf7f12, 0xb31f3f, 0xa80f12,
]


def write(file, vmas):
    """VMAs as (start, end, perm, kind, name)"""
    with open(file, "wb") as f:
        f.write(raw.build([
            raw.vma(start, end, perm, kind=raw.KINDS.index(kind), name=name or None,
                    ino=int(name.startswith(b"/"))) for start, end, perm, kind, name in vmas],
            pid=4711, taken_ns=3723 * 10**9))


TOP = 0x7fffffff0000
STACK = (TOP - 0x21000, TOP, "rw-p", "stack", b"[stack]")


def make_strange(file):
    """Hostile names, and unusual VMAs"""
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
    """60,000 VMAs, with a gap after every tenth, and a W+X one among them."""
    vmas, at = [], 0x7f0000000000
    for i in range(60000):
        vmas.append((at, at + 4096, "rw-p" if i % 2 else "r--p", "anon", b""))
        if i == 30000:
            vmas[-1] = (at, at + 4096, "rwxp", "anon", b"")
        at += 8192 if i % 10 == 9 else 4096
    write(file, vmas + [STACK])


def make_empty(file):
    write(file, [])


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
    """Filled paths in the colours of the legend, and then of each VMA, in their order."""
    found = []
    for path in xml.etree.ElementTree.parse(out).iter("{http://www.w3.org/2000/svg}path"):
        # cairo has put colours into style="" first, and into fill="" later.
        fill = re.search(r"rgb\(([\d.%, ]+)\)",
                         path.get("fill") or re.sub(".*fill:", "", path.get("style") or ""))
        if fill and (path.get("stroke") or "none") == "none":
            r, g, b = (channel(c.strip()) for c in fill.group(1).split(","))
            if r << 16 | g << 8 | b in COLOURS:
                found.append(COLOURS.index(r << 16 | g << 8 | b))
    wanted = [1, 9, 5, 13, 3, 11, 0, 8, 7, 15] + [access(v[2]) for v in reversed(maps_of(maps))]
    expect(found == wanted, f"{found}\nnot\n{wanted}")


def check_png(out):
    with open(out, "rb") as f:
        data = f.read()
    expect(data[:8] == b"\x89PNG\r\n\x1a\n", "it is no PNG")
    width, height = struct.unpack(">II", data[16:24])
    expect(width == 760 and height > 2 * width, f"{width} x {height}")


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


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
