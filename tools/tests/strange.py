# SPDX-License-Identifier: GPL-2.0
"""strange.py FILE: a raw listing of what is rare: names, numbers, kinds."""

import sys

import raw

NAMES = [
    b"", b"/plain", b"/new\nline\n", b'/a "quoted", name', b"/carriage\rreturn", b"/back\\slash\\012",
    b"/umlaut \xc3\xa4", b"/latin 1 \xe4", b"/cut off \xe2\x82", b"/overlong \xc0\xaf",
    b"/surrogate \xed\xa0\x80", b"/too high \xf4\x90\x80\x80", b"/highest \xf4\x8f\xbf\xbf",
    b"/escape \x1b[31m", b"/delete \x7f", b"/c1 \xc2\x9b31m", b"/alone \x9b31m", b"/tab\t",
    b"/" + b"long" * 2000, b"[anon: {name} ]", b"/only\xff",
    b"/like an escape \\x1b", b"/behind \xff\x9b2J", b"/overlong \xe0\x82\x9b2J", b"/in others \xc4\x9b2J",
]

at = 0x10000
records = []
for i, name in enumerate(NAMES):
    records.append(raw.vma(at, at + 4096 * (i + 1), ("rwxp", "---p", "r--s")[i % 3], name=name,
                           ops=(None, b"?", b"some_vm_ops")[i % 3], kind=raw.FILE, ino=i,
                           policy=i % 10, offset=i << 12, more_flags=raw.DELETED * (i % 2)))
    at += 0x1000000
records += [
    raw.vma(0x7F0000000000, 0x7F0000001000, page_shift=0),
    raw.vma(0x7F0000200000, 0x7F0040200000, page_shift=30, kind=raw.HUGETLB, name=b"/huge"),
    raw.vma(0x7F0050000000, 0x7F0050001000, page_shift=63, kind=99),
    raw.vma(0x7F0060000000, 0x7F0070000000, ino=2**64 - 1, offset=2**64 - 4096,
            dev_major=2**32 - 1, dev_minor=2**32 - 1, flags=2**64 - 1, kind=255, policy=255),
    raw.vma(2**64 - 2**40, 2**64 - 2**39, "---p", flags=0),
    raw.vma(2**64 - 2**20, 2**64 - 4096, "--xp", kind=raw.VSYSCALL, name=b"[vsyscall]"),
]
with open(sys.argv[1], "wb") as file:
    file.write(raw.build(records, pid=2**31 - 1, taken_ns=2**64 - 1, flags=raw.GATE))
