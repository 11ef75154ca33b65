# SPDX-License-Identifier: GPL-2.0
"""diffs.py DIRECTORY: pairs of listings, with what differs between them: N.a, N.b, N.diff, and the
name of each pair on stdout."""

import os
import sys

import raw
from raw import vma

M = 0x1000
A, F, H, S = raw.ANON, raw.FILE, raw.HEAP, raw.STACK
LIB = {"kind": F, "ino": 7, "dev_major": 8, "name": b"/lib"}
OTHER = {"kind": F, "ino": 8, "dev_major": 8, "name": b"/other"}
GATE = vma(2**64 - 2**20, 2**64 - 2**20 + M, "--xp", kind=raw.VSYSCALL, name=b"[vsyscall]")


def lib(start, end, perm="r--p", offset=None, **more):
    return vma(start, end, perm, **dict(LIB, offset=start if offset is None else offset, **more))


PAIRS = {
    "nothing at all": ([], [], ""),
    "the same": ([vma(M, 2 * M), lib(4 * M, 5 * M)], [vma(M, 2 * M), lib(4 * M, 5 * M)], ""),
    "the gate page is ignored": ([vma(M, 2 * M)], [vma(M, 2 * M), GATE], ""),
    "pages were touched": ([vma(M, 2 * M)],
                           [vma(M, 2 * M, more_flags=raw.ANON_VMA | 1 << 26)], ""),
    "mapped": ([], [vma(M, 3 * M)], "mapped 00001000-00003000 8 K rw-p anon"),
    "unmapped": ([lib(M, 3 * M)], [], "unmapped 00001000-00003000 8 K r--p file /lib"),
    "heap grows": ([vma(M, 3 * M, kind=H, name=b"[heap]")], [vma(M, 4 * M, kind=H, name=b"[heap]")],
                   "grown 00001000-00004000 12 K rw-p heap (by 4 K at its end) [heap]"),
    "heap shrinks": ([vma(M, 4 * M, kind=H, name=b"[heap]")], [vma(M, 3 * M, kind=H, name=b"[heap]")],
                     "shrunk 00001000-00004000 12 K rw-p heap (by 4 K at its end) [heap]"),
    "stack grows": ([vma(5 * M, 9 * M, kind=S, name=b"[stack]")],
                    [vma(3 * M, 9 * M, kind=S, name=b"[stack]")],
                    "grown 00003000-00009000 24 K rw-p stack (by 8 K at its start) [stack]"),
    "a hole": ([vma(M, 9 * M)], [vma(M, 3 * M), vma(5 * M, 9 * M)],
               "unmapped 00003000-00005000 8 K rw-p anon"),
    "a hole is filled": ([vma(M, 3 * M), vma(5 * M, 9 * M)], [vma(M, 9 * M)],
                         "grown 00001000-00009000 32 K rw-p anon (by 8 K inside)"),
    "both ends": ([vma(3 * M, 4 * M)], [vma(M, 9 * M)],
                  "grown 00001000-00009000 32 K rw-p anon (by 8 K at its start)\n"
                  "grown 00001000-00009000 32 K rw-p anon (by 20 K at its end)"),
    "mprotect of a part": ([lib(M, 9 * M, "rw-p")],
                           [lib(M, 3 * M, "rw-p"), lib(3 * M, 5 * M), lib(5 * M, 9 * M, "rw-p")],
                           "protected 00003000-00005000 8 K r--p file (was rw-p) /lib"),
    "mprotect that merges": ([lib(M, 3 * M), lib(3 * M, 5 * M, "rw-p")], [lib(M, 5 * M)],
                             "protected 00003000-00005000 8 K r--p file (was rw-p) /lib"),
    "what becomes writable is accounted": (
        [vma(M, 3 * M, "r--p")], [vma(M, 3 * M, "rw-p", more_flags=raw.ACCOUNT)],
        "protected 00001000-00003000 8 K rw-p anon (was r--p)"),
    "mprotect and mlock": (
        [vma(M, 3 * M, "r--p")], [vma(M, 3 * M, "r-xp", more_flags=raw.LOCKED)],
        "protected 00001000-00003000 8 K r-xp anon (was r--p, +lo)"),
    "mlock of a part": (
        [vma(M, 5 * M)], [vma(M, 3 * M), vma(3 * M, 5 * M, more_flags=raw.LOCKED)],
        "flags 00003000-00005000 8 K rw-p anon (+lo)"),
    "madvise": ([vma(M, 5 * M, more_flags=1 << 28)], [vma(M, 5 * M, more_flags=1 << 29)],
                "flags 00001000-00005000 16 K rw-p anon (+nh,-hg)"),
    "flags of later kernels": ([vma(M, 5 * M, more_flags=1 << 50)], [vma(M, 5 * M)], ""),
    "mbind": ([vma(M, 5 * M)], [vma(M, 5 * M, policy=3)],
              "flags 00001000-00005000 16 K rw-p anon (policy bind, was -)"),
    "a file is deleted": ([lib(M, 3 * M)], [lib(M, 3 * M, name=b"/lib (deleted)")],
                          "renamed 00001000-00003000 8 K r--p file (was /lib) /lib (deleted)"),
    "a name for memory": ([vma(M, 3 * M)], [vma(M, 3 * M, name=b"[anon:a\x1b]")],
                          "renamed 00001000-00003000 8 K rw-p anon (was without a name) [anon:a\\x1b]"),
    "the heap is elsewhere": ([vma(M, 3 * M, kind=H, name=b"[heap]")], [vma(M, 3 * M)], ""),
    "split": ([vma(M, 5 * M)], [vma(M, 3 * M), vma(3 * M, 5 * M)],
              "split 00001000-00005000 16 K rw-p anon (at 00003000)"),
    "merged": ([vma(M, 3 * M), vma(3 * M, 5 * M)], [vma(M, 5 * M)],
               "merged 00001000-00005000 16 K rw-p anon (at 00003000)"),
    "moved": ([lib(M, 3 * M)], [lib(7 * M, 9 * M, offset=M)],
              "moved 00007000-00009000 8 K r--p file (from 00001000) /lib"),
    "two moved, in order": ([lib(M, 2 * M, offset=0), lib(3 * M, 4 * M, offset=0)],
                            [lib(7 * M, 8 * M, offset=0), lib(9 * M, 10 * M, offset=0)],
                            "moved 00007000-00008000 4 K r--p file (from 00001000) /lib\n"
                            "moved 00009000-0000a000 4 K r--p file (from 00003000) /lib"),
    "anonymous memory is not known again": (
        [vma(M, 3 * M)], [vma(7 * M, 9 * M)],
        "unmapped 00001000-00003000 8 K rw-p anon\nmapped 00007000-00009000 8 K rw-p anon"),
    "moved by less than its size": (
        [lib(M, 4 * M, offset=0)], [lib(2 * M, 5 * M, offset=0)],
        "moved 00002000-00005000 12 K r--p file (from 00001000) /lib"),
    "another file in its place": (
        [lib(M, 4 * M)], [vma(M, 4 * M, "r--p", offset=M, **OTHER)],
        "unmapped 00001000-00004000 12 K r--p file /lib\n"
        "mapped 00001000-00004000 12 K r--p file /other"),
    "a file over a part of memory": (
        [vma(M, 9 * M)], [vma(M, 3 * M), vma(3 * M, 5 * M, "r--p", **OTHER), vma(5 * M, 9 * M)],
        "unmapped 00003000-00005000 8 K rw-p anon\n"
        "mapped 00003000-00005000 8 K r--p file /other"),
    "shared is not private": (
        [lib(M, 3 * M)], [lib(M, 3 * M, "r--s")],
        "unmapped 00001000-00003000 8 K r--p file /lib\n"
        "mapped 00001000-00003000 8 K r--s file /lib"),
    "at the highest addresses": (
        [vma(2**64 - 3 * M, 2**64 - 2 * M)], [vma(2**64 - 3 * M, 2**64 - M)],
        "grown ffffffffffffd000-fffffffffffff000 8 K rw-p anon (by 4 K at its end)"),
}

for nr, (name, (a, b, want)) in enumerate(PAIRS.items()):
    for side, records in (("a", a), ("b", b)):
        with open(os.path.join(sys.argv[1], f"{nr}.{side}"), "wb") as file:
            file.write(raw.build(records))
    with open(os.path.join(sys.argv[1], f"{nr}.diff"), "w", encoding="ascii") as file:
        file.write(want + "\n" if want else "")
    print(nr, name)
