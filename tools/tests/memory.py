# SPDX-License-Identifier: GPL-2.0
"""memory.py: compares an smaps with what "vmainfo show -X" prints.

json|csv SMAPS: checks that stdin has the values of that file.
sort KEY, group SMAPS: the same for --sort=KEY, and for --group=kind.
make FILE: writes an smaps with all fields that kernels have.
grow SMAPS: prints an smaps with changes; growth SMAPS: prints what diff says of them.
swap|shorten: prints the capture on stdin in the other byte order, or without its last value.
"""
import csv
import io
import json
import re
import struct
import sys

import raw
from common import same

FIELDS = ("MMUPageSize Rss Pss Pss_Dirty Shared_Clean Shared_Dirty Private_Clean Private_Dirty "
          "Referenced Anonymous KSM LazyFree AnonHugePages ShmemPmdMapped FilePmdMapped "
          "Shared_Hugetlb Private_Hugetlb Swap SwapPss Locked THPeligible ProtectionKey").split()
NO_KB = "THPeligible", "ProtectionKey"
SUMS = [field for field in FIELDS if field not in NO_KB + ("MMUPageSize",)]


def parse(text):
    """A list of (start, end, name, fields); fields["Dirty"] is what -x calls so."""
    vmas = []
    for line in text.splitlines():
        words = line.split(None, 5)
        if re.match("[0-9a-f]+-", line):
            start, end = (int(address, 16) for address in words[0].split("-"))
            vmas.append((start, end, words[5] if len(words) > 5 else "", {}))
            continue
        name, rest = line.split(":")
        fields = vmas[-1][3]
        fields[name] = rest.split() if name == "VmFlags" else int(rest.split()[0])
        if name.endswith("_Dirty") and name != "Pss_Dirty":
            fields["Dirty"] = fields.get("Dirty", 0) + fields[name]
    return vmas


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def column(field):
    return field.lower() + ("" if field in NO_KB else "_kb")


def wanted(fields):
    """What a record has of an smaps entry, beside what it has without -X"""
    want = {column(field): fields[field] for field in FIELDS + ["Dirty"] if field in fields}
    want["page_kb"] = fields["KernelPageSize"]
    return want


def letters(fields):
    known = [flag for flag in raw.LETTERS if flag in fields["VmFlags"]]
    return known + ["??"] * any(flag not in raw.LETTERS for flag in fields["VmFlags"])


def check_json():
    data = json.load(sys.stdin)
    vmas = parse(read(sys.argv[2]))
    same(data["source"], "smaps", "source")
    same(len(data["records"]), len(vmas), "number of records")
    for got, (start, end, _, fields) in zip(data["records"], vmas):
        same((got["start"], got["end"]), (hex(start), hex(end)), "addresses")
        want = wanted(fields)
        same({key: got[key] for key in want}, want, hex(start))
        same(got["flags"], letters(fields), hex(start))
        extra = {column(field) for field in FIELDS} - set(want)
        same([key for key in extra if got.get(key) is not None], [], "fields that smaps does not have")
    same(data["total_memory"]["rss_kb"], 1234, "total")
    real = [fields for *_, name, fields in vmas if name != "[vsyscall]"]
    for field in SUMS:
        if any(field in fields for fields in real):
            same(data["shown_memory"][column(field)], sum(fields.get(field, 0) for fields in real), field)


def check_csv():
    rows = list(csv.DictReader(io.StringIO(sys.stdin.read(), newline=""), strict=True))
    for row, (start, _, _, fields) in zip(rows, parse(read(sys.argv[2])), strict=True):
        want = {key: str(value) for key, value in wanted(fields).items()}
        same({key: row[key] for key in want}, want, hex(start))


def check_sort():
    field = {"dirty": "Dirty"}.get(sys.argv[2].lstrip("-"), sys.argv[2].lstrip("-").capitalize())
    reverse = sys.argv[2].startswith("-")
    vmas = sorted(parse(read(sys.argv[3])), reverse=reverse,
                  key=lambda vma: (-vma[3].get(field, -1), vma[0]))
    same(sys.stdin.read().split(), ["%08x" % vma[0] for vma in vmas], "order")


def check_group():
    want = {}
    kinds = {"": "anon", "[heap]": "heap", "[stack]": "stack", "/bin/program": "file"}
    for start, end, name, fields in parse(read(sys.argv[2])):
        sums = want.setdefault(kinds.get(name, "hugetlb"), [0, 0, 0, 0, 0])
        values = [(end - start) // 1024] + [fields[key] for key in ("Rss", "Pss", "Dirty", "Swap")]
        want[kinds.get(name, "hugetlb")] = [a + b for a, b in zip(sums, values)]
    lines = [line.split() for line in sys.stdin.read().splitlines()]
    same({line[0]: [int(word) for word in line[1:]] for line in lines}, want, "groups")


def entry(head, number, flags, **values):
    """An entry whose fields are all different: number, number + 1, ..."""
    text = head + "\nSize:  4 kB\nKernelPageSize: %d kB\n" % values.pop("page", 4)
    for i, field in enumerate(FIELDS):
        text += "%-20s%8d%s\n" % (field + ":", values.get(field, number + i),
                                  "" if field in NO_KB else " kB")
    return text + "VmFlags: " + flags + " \n"


HEADS = ("00400000-00500000 r-xp 00000000 08:01 77                                 /bin/program",
         "00800000-00900000 rw-p 00000000 00:00 0                                  [heap]",
         "7f0000000000-7f0000400000 rw-p 00000000 00:00 0 ",
         "7f0000400000-7f0000600000 rw-s 00000000 00:0f 99                         /dev/hugepages/a\\012b",
         "7ffffff00000-7fffffff0000 rw-p 00000000 00:00 0                          [stack]")


def made():
    return [entry(HEADS[0], 100, "rd ex mr mw me"),
            entry(HEADS[1], 7, "rd wr mr mw me ac sd", Rss=44, Pss=13, Shared_Dirty=4, Private_Dirty=5,
                  Swap=2) + "Frobnicated:          4 kB\n",
            entry(HEADS[2], 1 << 40, "rd wr mr mw me nh zz"),
            entry(HEADS[3], 300, "rd wr sh mr mw me ms de ht", page=2048),
            entry(HEADS[4], 0, "rd wr mr mw me gd ac")]


def check_make():
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        file.write("".join(made()))


def check_grow():
    """The heap has more, hugetlb has less, the stack only another Pss, and another file is mapped."""
    old = made()
    old[1] = entry(HEADS[1], 7, "rd wr mr mw me ac sd", Rss=54, Pss=23, Shared_Dirty=4, Private_Dirty=15)
    old[3] = entry(HEADS[3], 300, "rd wr sh mr mw me ms de ht", page=2048, Rss=200)
    old[4] = entry(HEADS[4], 0, "rd wr mr mw me gd ac", Pss=9)
    old.insert(1, entry("00600000-00601000 r--p 00000000 08:01 78                                 /new",
                        0, "rd mr", Rss=4, Pss=1, Shared_Dirty=0, Private_Dirty=0, Swap=0))
    print("".join(old), end="")


def check_growth():
    swap = FIELDS.index("Swap") + 7
    print("mapped    00600000-00601000             4 K r--p file (Rss +4 kB, Pss +1 kB) /new\n"
          "memory    00800000-00900000             1 M rw-p heap (Rss +10 kB, Pss +10 kB, "
          "Dirty +10 kB, Swap +%d kB) [heap]\n"
          "memory    7f0000400000-7f0000600000     2 M rw-s hugetlb (Rss -101 kB) "
          "/dev/hugepages/a\\x0ab" % (swap - 2))


def blocks(data):
    """Where each record begins, its texts end, and it ends"""
    header, = struct.unpack_from("<I", data)
    at = header
    while at < len(data):
        r = dict(zip(raw.RECORD_FIELDS, raw.RECORD.unpack_from(data, at)))
        yield at, at + (r["size"] + r["name_len"] + r["ops_len"] + 7) // 8 * 8, at + r["next"]
        at += r["next"]


def check_swap():
    data = bytearray(sys.stdin.buffer.read())
    for at, texts, end in list(blocks(data)):
        numbers = struct.unpack_from("<%dQ" % ((end - texts) // 8), data, texts)
        struct.pack_into(">%dQ" % len(numbers), data, texts, *numbers)
        struct.pack_into(">" + raw.RECORD.format[1:], data, at, *raw.RECORD.unpack_from(data, at))
    struct.pack_into(">" + raw.HEADER.format[1:], data, 0, *raw.HEADER.unpack_from(data))
    sys.stdout.buffer.write(data)


def check_shorten():
    data = bytearray(sys.stdin.buffer.read())
    at, _, end = list(blocks(data))[-1]
    struct.pack_into("<I", data, at + 4, end - at - 8)
    sys.stdout.buffer.write(data[:-8])


globals()["check_" + sys.argv[1]]()
