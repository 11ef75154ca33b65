# SPDX-License-Identifier: GPL-2.0
"""The raw listings of vmainfo.h, read and made independently of the program under test."""

import re
import struct

HEADER = struct.Struct("<IIIIiIQQQ")
HEADER_FIELDS = ("size magic version flags pid vmas taken_ns mm_seq exec_id").split()
RECORD = struct.Struct("<HBBIQQQQQIIIHBB")
RECORD_FIELDS = ("size kind policy next start end offset ino flags dev_major dev_minor name_len "
                 "ops_len page_shift nomerge").split()

MAGIC = 0x616D7621
ATOMIC, GATE = 1, 2
MEMORY = 1 << 18  # of captures
READ, WRITE, EXEC, SHARED, MAYSHARE = 1, 2, 4, 8, 128
LOCKED, ACCOUNT, DELETED, ANON_VMA = 1 << 11, 1 << 18, 1 << 60, 1 << 62
KINDS = "anon file heap stack shmem hugetlb vdso vvar vsyscall dev special".split()
ANON, FILE, HEAP, STACK, SHMEM, HUGETLB, VDSO, VVAR, VSYSCALL, DEV, SPECIAL = range(11)
POLICIES = [None, "default", "prefer", "bind", "interleave", "local", "prefer-many",
            "weighted-interleave"]
LETTERS = ("rd wr ex sh mr mw me ms gd pf dw lo io sr rr dc de lf ac nr ht sf ar wf dd bt sd mm hg "
           "nh mg um uw ui ur mt ss dp sl gu").split()


def vma(start, end, perm="rw-p", **more):
    """A record as a dict; name and ops are bytes or None."""
    flags = sum(bit for char, bit in zip(perm, (READ, WRITE, EXEC)) if char != "-")
    if perm[3] == "s":
        flags |= MAYSHARE
    r = {"kind": ANON, "policy": 0, "start": start, "end": end, "offset": 0, "ino": 0,
         "flags": flags, "dev_major": 0, "dev_minor": 0, "page_shift": 12, "name": None,
         "ops": None, "nomerge": 0}
    r["flags"] |= more.pop("more_flags", 0)
    r.update(more)
    return r


def build(records, **header):
    gate = bool(records) and records[-1]["kind"] == VSYSCALL
    h = {"size": HEADER.size, "magic": MAGIC, "version": 1, "flags": ATOMIC | GATE * gate,
         "pid": 77, "vmas": len(records) - gate, "taken_ns": 123456789, "mm_seq": 0, "exec_id": 0}
    h.update(header)
    out = bytearray(HEADER.pack(*(h[f] for f in HEADER_FIELDS)))
    for r in records:
        name = b"" if r["name"] is None else r["name"] + b"\0"
        ops = b"" if r["ops"] is None else r["ops"] + b"\0"
        size = RECORD.size + len(name) + len(ops)
        r = dict(r, size=RECORD.size, next=(size + 7) // 8 * 8, name_len=len(name),
                 ops_len=len(ops))
        out += RECORD.pack(*(r[f] for f in RECORD_FIELDS)) + name + ops
        out += bytes(r["next"] - size)
    return bytes(out)


def parse(data):
    header = dict(zip(HEADER_FIELDS, HEADER.unpack_from(data)))
    records, at = [], header["size"]
    while at < len(data):
        r = dict(zip(RECORD_FIELDS, RECORD.unpack_from(data, at)))
        text = at + r["size"]
        r["name"] = data[text:text + r["name_len"] - 1] if r["name_len"] else None
        text += r["name_len"]
        r["ops"] = data[text:text + r["ops_len"] - 1] if r["ops_len"] else None
        r["at"] = at
        records.append(r)
        at += r["next"]
    assert len(records) == header["vmas"] + bool(header["flags"] & GATE)
    return header, records


def perm(r):
    return "".join(char if r["flags"] & bit else "-" for char, bit in
                   zip("rwx", (READ, WRITE, EXEC))) + ("s" if r["flags"] & MAYSHARE else "p")


RULES = "flags special file offset anon_vma name policy uffd".split()


def letters(r):
    return [text for i, text in enumerate(LETTERS) if r["flags"] >> i & 1] + \
        ["??"] * (r["flags"] >> 63)


def text(name):
    """A name as the program shows it in UTF-8: printable() in tools/tool.h."""
    shown = name.replace(b"\\x", b"\\x5cx").decode("utf-8", "backslashreplace")
    return re.sub("[\0-\x1f\x7f-\x9f]",
                  lambda match: "".join("\\x%02x" % byte for byte in match[0].encode()), shown)


def maps(records):
    """As show_map_vma() of a 64-bit kernel prints them."""
    out = b""
    for r in records:
        line = b"%08x-%08x %s %08x %02x:%02x %d " % (
            r["start"], r["end"], perm(r).encode(), r["offset"], r["dev_major"], r["dev_minor"],
            r["ino"])
        if r["name"] is not None:
            line = line.ljust(72) + b" " + r["name"].replace(b"\n", b"\\012")
        out += line + b"\n"
    return out
