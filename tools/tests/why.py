# SPDX-License-Identifier: GPL-2.0
"""What why.sh tests: python3 why.py CHECK, with the program in VMAINFO. Captures are made that
look like those of processes in reports of vm.max_map_count."""
import json
import os
import re
import subprocess
import sys

import raw
from common import CAPTURES, TMP, VMAINFO, main, same
from target import running

M = 0x1000
BASE = 0x7f0000000000
FLAGS, SPECIAL, FILE, OFFSET, ANON_VMA, NAME, POLICY, UFFD = (1 << i for i in range(8))
HUGEPAGE, NOHUGEPAGE = 1 << 28, 1 << 29
LUCENE = b"/data/nodes/0/indices/Ci3MyIbNTceUmC67d1Ilw%c/%d/index/_%x_%d_Lucene90_0.dvd (deleted)"


class Space:
    """VMAs next to each other, from BASE on"""

    def __init__(self):
        self.records, self.end = [], BASE

    def add(self, pages, perm="rw-p", nomerge=0, gap=0, **more):
        start = self.end + gap * M
        if not self.records or gap:
            nomerge = 0
        self.end = start + pages * M
        self.records.append(raw.vma(start, self.end, perm, nomerge=nomerge, **more))
        return self


def guards(nr):
    """jemalloc with guard pages: slabs of two sizes"""
    s = Space()
    for i in range(nr):
        s.add(21, nomerge=FLAGS, more_flags=raw.ANON_VMA).add(2, "---p", FLAGS)
    return s


def decommitted(nr):
    """jemalloc with overcommit_memory=2: parts of any size"""
    s = Space()
    for i in range(nr):
        s.add(1 + i * 7 % 61, nomerge=FLAGS, more_flags=raw.ANON_VMA)
        s.add(1 + i * 11 % 67, "---p", FLAGS)
    return s


def advised(nr):
    """The heap of Go 1.21.0"""
    s = Space()
    for i in range(nr):
        s.add(512, nomerge=FLAGS, more_flags=HUGEPAGE).add(16, nomerge=FLAGS, more_flags=NOHUGEPAGE)
    return s


def joined(nr):
    """Touched separately before they became neighbours: one VMA for each 72 kB"""
    s = Space()
    for i in range(nr):
        s.add(18, nomerge=ANON_VMA, more_flags=raw.ANON_VMA)
    return s


def forked(nr):
    s = Space()
    for i in range(nr):
        s.add(4, nomerge=ANON_VMA, more_flags=raw.ANON_VMA).add(4, nomerge=ANON_VMA)
    return s


def deleted(nr):
    """Files of Lucene that were merged away"""
    s = Space()
    for i in range(nr):
        s.add(2 + i % 3, "r--s", FILE, kind=raw.FILE, ino=i + 1, dev_major=8,
              name=LUCENE % (b"wxyz"[i % 4], i % 200, 0x10000 + i * 37, i % 40),
              more_flags=raw.DELETED)
    return s


def three(nr):
    """Stacks of threads: a guard page, the stack, and its alternate signal stack"""
    s = Space()
    for i in range(nr):
        s.add(1, "---p", FLAGS).add(2048, nomerge=FLAGS).add(4, "r--p", FLAGS)
    return s


def scattered(nr):
    s = Space()
    for i in range(nr):
        s.add(1, gap=1)
    return s


def save(records, name="why.raw", **header):
    path = os.path.join(TMP, name)
    with open(path, "wb") as file:
        file.write(raw.build(records, **header))
    return path


def why(*args, command="why"):
    done = subprocess.run([VMAINFO, command, *args], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True)
    same((done.returncode, done.stderr), (0, ""), args)
    return done.stdout


def tables(text):
    """Both tables as lists of lines with single spaces between words"""
    parts = text.split("\n\n")
    lines = [[" ".join(line.split()) for line in part.splitlines()] for part in parts]
    same([part[0].split()[:3] for part in lines[1:]],
         [["what", "they", "are"], ["why", "neighbours", "are"]], "headings")
    same([line for line in text.splitlines() if line.endswith(" ")], [], "lines that end in spaces")
    return lines[1][1:], lines[2][1:]


def report(space, groups, *reasons):
    """These are the first lines of both tables. The sums are right."""
    path = save(space.records)
    got = tables(why("--from=" + path))
    same(got[0][:len(groups)], list(groups), "groups")
    same(got[1][:len(reasons)], list(reasons), "reasons")
    sums(path)


def sums(path):
    data = json.loads(why("--json", "--from=" + path))
    with open(path, "rb") as file:
        records = raw.parse(file.read())[1][:data["vmas"]]
    same((data["vmas"], sum(g["vmas"] for g in data["groups"])), (len(records),) * 2, "VMAs")
    kb = sum(r["end"] - r["start"] for r in records) // 1024
    same((data["total_kb"], sum(g["size_kb"] for g in data["groups"])), (kb, kb), "kB")
    pairs = sum(a["end"] == b["start"] for a, b in zip(records, records[1:]))
    same((data["pairs"], sum(r["pairs"] for r in data["reasons"])), (pairs, pairs), "pairs")
    return data


# ---- what looks like the processes of reports ----

def check_guards():
    report(guards(3000), ("anon rw-p 84 K each 3,000 246 M alternating with the next row",
                          "anon ---p 8 K each 3,000 23 M"),
           "permissions differ (rw-p, ---p) 5,999 7f0000015000 guard pages or decommitted memory "
           "(PROT_NONE)")


def check_decommitted():
    report(decommitted(3000), ("anon ---p 3,000 398 M alternating with the next row",
                               "anon rw-p 3,000 363 M"),
           "permissions differ (rw-p, ---p) 5,999 7f0000001000 guard pages or decommitted memory "
           "(PROT_NONE)")


def check_advised():
    report(advised(3000), ("anon rw-p 2 M each 3,000 5.9 G MADV_HUGEPAGE, alternating with the next row",
                           "anon rw-p 64 K each 3,000 188 M MADV_NOHUGEPAGE"),
           "MADV_NOHUGEPAGE and MADV_HUGEPAGE 5,999 7f0000200000 madvise()")


def check_joined():
    report(joined(3000), ("anon rw-p 72 K each 3,000 211 M",),
           "different anon_vma 2,999 7f0000012000 touched separately before they became neighbours",
           "no neighbour: nothing is mapped in front 1")


def check_forked():
    report(forked(3000), ("anon rw-p 16 K each 6,000 94 M",),
           "anon_vma shared by fork() 5,999 7f0000004000 touched before fork(), and mapped after it")


def check_deleted():
    report(deleted(3000), ("file r--s .../indices/*/*/index/_*_Lucene*.dvd (deleted) 3,000 35 M",),
           "different files 2,999 7f0000002000 each file has a VMA of its own")


def check_stacks():
    report(three(3000), ("anon rw-p 8 M each 3,000 23 G alternating with the next two rows",
                         "anon r--p 16 K each 3,000 47 M", "anon ---p 4 K each 3,000 12 M"),
           "permissions differ (rw-p, ---p) 3,000 7f0000001000 guard pages or decommitted memory "
           "(PROT_NONE)")


def check_noise():
    """What alternates mostly"""
    s = Space()
    for _ in range(10):
        for perm in 5 * ["rw-p", "r--p"] + 50 * ["rw-p", "---p"]:
            s.add(1, perm, FLAGS)
    report(s, ("anon rw-p 4 K each 550 2.1 M alternating with the next row",
               "anon ---p 4 K each 500 2 M", "anon r--p 4 K each 50 200 K"))


def check_scattered():
    """The gate page is not counted."""
    space = scattered(3000)
    space.records.append(raw.vma(2**64 - 2**23, 2**64 - 2**23 + M, "--xp", kind=raw.VSYSCALL))
    report(space, ("anon rw-p 4 K each 3,000 12 M",),
           "no neighbour: nothing is mapped in front 3,000")


# ---- rules ----

def reason(nomerge, first=None, second=None, want=""):
    """Of one pair: its text and hint"""
    s = Space().add(1, **first or {}).add(1, nomerge=nomerge, **second or {})
    one, = sums(save(s.records))["reasons"]
    same(one["text"], want or None, "text")
    same(one["example"], hex(BASE + M), "example")
    return one


def check_rules():
    names = "flags special file offset anon_vma name policy uffd".split()
    texts = ("protection keys or other flags differ", "one is special: of the kernel or a driver",
             "different memory objects", "offsets not contiguous", "different anon_vma",
             "different names", "different NUMA policies", "different userfaultfd")
    for bit, (name, want) in enumerate(zip(names, texts)):
        one = reason(1 << bit, want=want)
        same(one["rules"], [name], "rules")
        same(bool(one["hint"]), True, "hint")
    same(reason(0)["rules"], [], "no rule")
    reason(ANON_VMA | OFFSET, want="different anon_vma and offsets not contiguous")
    # One reason that cannot be removed is enough.
    reason(FILE | OFFSET | FLAGS, {"ino": 5}, {"ino": 6}, "different files")
    reason(FILE | OFFSET, {"ino": 5}, {"ino": 5}, "one file, opened more than once")
    reason(FILE, {"ino": 5}, {}, "a file next to other memory")
    reason(SPECIAL | FLAGS | FILE, want="one is special: of the kernel or a driver")


def check_flags():
    """Each flag that a system call sets"""
    for name, want, call in (
            ("hg", "MADV_HUGEPAGE", "madvise()"), ("nh", "MADV_NOHUGEPAGE", "madvise()"),
            ("lo", "locked", "mlock()"), ("lf", "MLOCK_ONFAULT", "mlock2()"),
            ("sr", "MADV_SEQUENTIAL", "madvise()"), ("rr", "MADV_RANDOM", "madvise()"),
            ("dc", "MADV_DONTFORK", "madvise()"), ("wf", "MADV_WIPEONFORK", "madvise()"),
            ("dd", "MADV_DONTDUMP", "madvise()"), ("mg", "MADV_MERGEABLE", "madvise()"),
            ("gd", "MAP_GROWSDOWN", "mmap()"), ("nr", "MAP_NORESERVE", "mmap()"),
            ("sf", "MAP_SYNC", "mmap()"), ("dp", "MAP_DROPPABLE", "mmap()"),
            ("sl", "sealed", "mseal()"), ("mt", "PROT_MTE", "mprotect()"),
            ("bt", "PROT_BTI", "mprotect()"), ("ss", "a shadow stack", "map_shadow_stack()")):
        flag = 1 << raw.LETTERS.index(name)
        one = reason(FLAGS, {"more_flags": flag}, {}, want + " on one of them")
        same(one["hint"], call, name)
    both = FLAGS, {"perm": "r--p"}, {"perm": "rw-p", "more_flags": raw.ACCOUNT}
    same(reason(*both, "permissions differ (rw-p, r--p)")["hint"], "mprotect() of a part", "hint")


# ---- names ----

def check_names():
    """Names that are folded into one, and some that are not"""
    for names, want in (
            ((b"/a/1/x", b"/a/23/x"), "/a/*/x"),
            ((b"/lib/libm.so.6", b"/lib/libm.so.7"), "/lib/libm.so.*"),
            ((b"/u/550e8400-e29b-41d4-a716-446655440000.db",
              b"/u/abcdefab-abcd-abcd-abcd-abcdefabcdef.db"), "/u/*.db"),
            ((b"/t/deadbeef.tmp", b"/t/0badf00d.tmp"), "/t/*.tmp"),
            ((b"/memfd:pool-1 (deleted)", b"/memfd:pool-22 (deleted)"), "/memfd:pool-*"),
            ((b"/i/_abcd_zz_Lucene90_0.dvd", b"/i/_9cu3_1_Lucene90_0.dvd"), "/i/_*_Lucene*.dvd"),
            ((b"/i/_zz.cfs", b"/i/_9cu3.cfs"), "/i/_*.cfs"),
            ((b"/x/cafe", b"/x/cafe"), "/x/cafe"),
            ((b"/x/" + 300 * b"a/" + b"1", b"/x/" + 300 * b"a/" + b"2"), "a/" * 127 + "*"),
            ((b"[anon:pool 1]", b"[anon:pool 2]"), "[anon:pool *]")):
        s = Space()
        for i, name in enumerate(names):
            s.add(1, nomerge=FILE, ino=i + 1, name=name)
        one, = sums(save(s.records))["groups"]
        same((one["name"], one["folded"], one["deleted"]),
             (want, names[0] != names[1], b"(deleted)" in names[0]), names)
    s = Space().add(1, name=b"/a", ino=1).add(1, name=b"/a (deleted)", ino=1).add(1, name=b"/b", ino=2)
    same([g["name"] for g in sums(save(s.records))["groups"]], ["/a", "/a", "/b"], "not folded")


# ---- what else there is ----

def mixed():
    """More groups and reasons than there are lines"""
    s = Space()
    for i in range(40):
        for k in range(i + 1):
            s.add(1 + i, "rwxp"[:i % 3] + "-" * (3 - i % 3) + "p", 1 << i % 8, kind=i % 11,
                  policy=i % 3, name=b"/" + b"%c" % (65 + i) * 3, ino=i,
                  more_flags=1 << 28 + i % 3)
    return s


def check_lines():
    path = save(mixed().records)
    text = why("--from=" + path)
    same(len(text.splitlines()) <= 25, True, "%d lines" % len(text.splitlines()))
    same("other groups" in text and "other reasons" in text, True, text)
    groups, reasons = tables(text)
    shown = tables(why("--all", "--from=" + path))
    same(len(shown[0]), len(sums(path)["groups"]), "groups")
    same(len(shown[1]), len(sums(path)["reasons"]) + 1, "reasons")
    nr = [int(re.search(r" (\d+) [\d.]+ [KMGT]\b", line)[1]) for line in groups]
    same(sum(nr), 820, "VMAs")
    nr = [int(next(w for w in line.split() if w.isdigit())) for line in reasons]
    same(sum(nr), 820, "pairs, and the first VMA")


def check_capture():
    capture = CAPTURES + "/python.raw"
    sums(capture)
    text = why("--from=" + capture)
    same(len(text.splitlines()) <= 25, True, "lines")
    same(bool(re.search(r"^file +r-xp \*\.so, \d+ names  ", text, re.M)), True, text)
    same("*.*" in text, False, text)


def check_maps():
    """A copy of maps: what it shows, and that it is not all"""
    s = decommitted(10).add(1, nomerge=FILE, ino=7, kind=raw.FILE, name=b"/a")
    s.add(1, nomerge=OFFSET, ino=7, kind=raw.FILE, name=b"/a").add(1, nomerge=FILE)
    s.add(1, nomerge=ANON_VMA)
    with open(os.path.join(TMP, "why.maps"), "wb") as file:
        file.write(raw.maps(s.records))
    text = why("--from=" + file.name)
    same("These are the reasons that /proc/PID/maps shows." in text, True, text)
    reasons = tables(text)[1]
    same([line.split(" 7f")[0] for line in reasons[:-1]],
         ["permissions differ (rw-p, ---p) 19", "a file next to other memory 2",
          "offsets not contiguous 1", "maps does not show why 1",
          "no neighbour: nothing is mapped in front 1"], "reasons")
    same(json.loads(why("--json", "--from=" + file.name))["reasons_recorded"], False, "JSON")
    # A module that does not record them leaves 0.
    for r in s.records:
        r["nomerge"] = 0
    text = why("--from=" + save(s.records))
    same("These are the reasons that an old capture shows." in text, True, text)
    same(tables(text)[1][:-1], reasons[:-1], "the same reasons")
    same("These are" in why("--from=" + save(guards(9).records)), False, "said of a new capture")


def same_groups(*args):
    """Read line by line, and as a listing: the groups are the same."""
    shown = why("-q", "--group", *args, command="show").splitlines()[:-1]
    same(why("-q", "--all", *args).split("\n\n")[1].splitlines(), shown, args)


def check_forms():
    """Forms that a copy of maps can have, and the same errors as of show"""
    path = os.path.join(TMP, "why.maps")
    with open(CAPTURES + "/python.maps", "rb") as file:
        maps = file.read()
    crlf = maps.replace(b"\n", b"\r\n")
    for text in maps, maps[:-1], crlf, crlf[:-1], \
            b"1000-3000 r--p 0 0:0 0\n2000-4000 r--p 0 0:0 0 /x\n":
        with open(path, "wb") as file:
            file.write(text)
        same_groups("--from=" + path)
    for text in b"", b"x", b"x" * 100, maps + b"x\n", maps + maps, maps.replace(b"r-xp", b"r-x\0"), \
            maps[:1000] + b"\n", b"1000-2000 r--p 0 0:0 0 " + b"a" * 3000000:
        with open(path, "wb") as file:
            file.write(text)
        said = [subprocess.run([VMAINFO, command, "--from=" + path], capture_output=True, text=True)
                for command in ("show", "why")]
        same((said[0].returncode, bool(said[0].stderr)), (1, True), "it is an error")
        same((said[1].returncode, said[1].stderr), (1, said[0].stderr), text[-50:])
    code = ("import mmap, os; fd = os.memfd_create('x'); os.ftruncate(fd, 4096); "
            "m = mmap.mmap(fd, 4096); print('ready', flush=True); input()")
    with running([sys.executable, "-c", code]) as (target,):
        same_groups(str(target.pid))
        same("shmem   rw-s /memfd:x (deleted)" in why("-q", "--all", str(target.pid)), True, "memfd")


def check_hostile():
    """Names that are no text"""
    s = Space().add(1, name=b"\x1b[31m\xff/\n\\x", ino=1).add(1, nomerge=FILE, ino=2)
    for args in (), ("--all",), ("--json",):
        text = why("--from=" + save(s.records), *args)
        same([c for c in text if c != "\n" and not " " <= c <= "~"], [], args)


def check_group():
    """show --group: the first table alone, of what is selected"""
    path = save(mixed().records)
    shown = why("--group", "--from=" + path, command="show").splitlines()
    want = why("--all", "--from=" + path).split("\n\n")[1].splitlines()
    same(shown[:-1], want, "the table")
    same(shown[-1], "820 VMAs, 88560 kB", "sum")
    lines = why("--group", "--kind=heap", "--from=" + path, command="show").splitlines()
    same([line.split()[0] for line in lines[1:-1]], ["heap"] * (len(lines) - 2), "kinds")


def check_added():
    """diff --group: the VMAs that begin where none did, and why they are not merged"""
    before, after = guards(10), guards(10)
    after.add(21, gap=5)
    for r in after.records[:4]:
        r["nomerge"] |= ANON_VMA # not counted
    for i in range(300):
        after.add(1, nomerge=NAME, name=b"[anon:pool %d]" % i)
    done = subprocess.run([VMAINFO, "diff", "--group", save(before.records, "a"), save(after.records, "b")],
                          capture_output=True, text=True)
    same((done.returncode, done.stderr), (1, ""), "status")
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    same(lines[0], "321 VMAs, before 20; new are 301:", "numbers")
    same(lines[2:5], ["what they are VMAs size notes", "anon rw-p [anon:pool *], 4 K each 300 1.2 M",
                      "anon rw-p 1 84 K"], "groups")
    same(lines[7], "different names 300 %x prctl(PR_SET_VMA_ANON_NAME)"
         % after.records[21]["start"], "reasons")
    same(lines[8], "no neighbour: nothing is mapped in front 1", "reasons")


# ---- a million VMAs ----

def big(what, nr):
    """A capture of @nr VMAs, of which many differ"""
    path = os.path.join(TMP, "big.raw")
    start = BASE
    with open(path, "wb") as file:
        file.write(raw.build([], vmas=nr) if what != "maps" else b"")
        for i in range(nr):
            pages = i + 1 if what == "sizes" else 1 + i % 2
            # Of 49,932 names, each second one alternates with the next.
            word = i // 42 * 2 + i % 2 if what == "pairs" else i
            name = b"/data/%d/index/_%d.dvd\0" % (i % 200, i) if what == "names" else b""
            if what == "extensions":
                name = b"/data/x.a" + bytes(103 + (word >> 4 * k) % 16 for k in range(5)) + b"\0"
            if what in ("words", "pairs"):
                name = b"/data/" + bytes(103 + (word >> 4 * k) % 16 for k in range(5)) + b".dvd\0"
            size = (raw.RECORD.size + len(name) + 7) // 8 * 8
            end = start + pages * M
            if what == "maps":
                file.write(b"%x-%x r%cxp 0 0:0 0\n" % (start, end, b"w-"[i % 2]))
                start = end
                continue
            file.write(raw.RECORD.pack(raw.RECORD.size, 1 if name else 0, 0, size, start, end, 0,
                                       i + 1 if name else 0, 3 if i % 2 or name else 0, 8, 0, len(name), 0,
                                       12, (FILE if name else FLAGS) if i else 0) + name)
            file.write(bytes(size - raw.RECORD.size - len(name)))
            start = end
    return path


def cost(*args):
    """(CPU seconds, kB of memory)"""
    pid = os.posix_spawn(VMAINFO, [VMAINFO, *args], os.environ,
                         file_actions=[(os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0)])
    _, status, used = os.wait4(pid, 0)
    same(status, 0, args)
    return used.ru_utime + used.ru_stime, used.ru_maxrss


def check_many(what):
    """They take less time than to show them, and memory only where groups differ."""
    base = cost("why", "--from=" + big(what, 16))[1]
    path = big(what, 1 << 20)
    time, memory = cost("why", *["--all"] * (what == "pairs"), "--from=" + path)
    show_time, show_memory = cost("show", "--from=" + path)
    print("# %s: %.2f s, %d kB; show: %.2f s, %d kB" % (what, time, memory - base, show_time,
                                                      show_memory - base))
    same(time < show_time, True, "less time")
    limit = show_memory - base if what not in ("alternating", "names", "maps") else 1 << 13
    same(memory - base < limit, True, "memory of less than %d kB" % limit)


if __name__ == "__main__":
    main(globals())
