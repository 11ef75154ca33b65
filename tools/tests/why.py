# SPDX-License-Identifier: GPL-2.0
"""What why.sh tests: python3 why.py CHECK, with the program in VMAINFO. Captures are made that
look like those of processes in reports of vm.max_map_count."""
import json
import os
import subprocess

import raw
from common import CAPTURES, TMP, VMAINFO, main, same

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


def why(*args):
    done = subprocess.run([VMAINFO, "why", *args], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True)
    same((done.returncode, done.stderr), (0, ""), args)
    return done.stdout


def first(space, *args):
    """(the first group, the first reason), with single spaces"""
    lines = why("--from=" + save(space.records), *args).splitlines()
    return tuple(" ".join(lines[lines.index(next(line for line in lines if line.startswith(head)))
                                + 1].split()) for head in ("what they are", "why neighbours"))
if __name__ == "__main__":
    main(globals())
