# SPDX-License-Identifier: GPL-2.0
"""What hostile.sh tests: python3 hostile.py CHECK, with the program in VMAINFO. Listings that are
wrong in one way each are refused, with status 1 (diff: 2) and one line that names the file. Free
fields can have any value. Signals and reports of the sanitizers are errors."""

import os
import struct
import subprocess
import sys

import raw
from common import CAPTURES, TMP, VMAINFO, main

with open(CAPTURES + "/python.raw", "rb") as file:
    header, records = raw.parse(file.read())
# Enough for each kind of record, and few enough for each offset
records = records[:4] + [r for r in records if r["kind"] not in (raw.FILE, raw.ANON)][:4] + \
    [raw.vma(2**64 - 2**23, 2**64 - 2**23 + 4096, "--xp", kind=raw.VSYSCALL, name=b"[vsyscall]")]
good = raw.build(records, mm_seq=5, exec_id=6)
good_file = os.path.join(TMP, "good")
bad_file = os.path.join(TMP, "bad")
with open(good_file, "wb") as file:
    file.write(good)


def run(case, refused, *arguments):
    """refused: True, False, or None for either"""
    trouble = 2 if arguments[0] == "diff" else 1
    done = subprocess.run([VMAINFO, *arguments], capture_output=True, check=False)
    message = done.stderr.decode(errors="replace")
    is_refused = done.returncode == trouble and not done.stdout and \
        message.startswith(f"vmainfo: '{bad_file}': ") and message.count("\n") == 1
    is_shown = not message and done.stdout if arguments[0] == "show" else not message
    is_shown = is_shown and done.returncode in range(trouble)
    if not (is_refused if refused else is_shown if refused is False else is_refused or is_shown):
        sys.exit(f"{case}: {arguments}: status {done.returncode}, says '{message}', "
                 f"refused is wanted: {refused}")


def judge(case, data, refused, *formats):
    with open(bad_file, "wb") as file:
        file.write(data)
    for form in formats or ("--json",):
        run(case, refused, "show", form, "--from=" + bad_file)
    run(case, refused, "diff", good_file, bad_file)
    run(case, refused, "why", "--from=" + bad_file)


def extremes(code, value):
    bits = 8 * struct.calcsize(code)
    top = 1 << bits
    values = {0, 1, 7, 8, 63, 64, 4096, top - 1, top - 8, top // 2, top // 2 - 1, value - 8,
              value + 8, value + 1, value - 1, value ^ 1 << bits - 1}
    return sorted({v % top for v in values} - {value})


def fields(form, names):
    at = 0
    for code, name in zip(form[1:], names):
        yield at, "<" + code.upper(), name
        at += struct.calcsize("<" + code)


def check_truncated():
    for size in range(len(good)):
        judge(f"{size} bytes", good[:size], True)
    judge("a byte more", good + b"\0", True)
    judge("twice", good + good, True)


def check_header():
    # What is in these is not a matter of form.
    free = {"taken_ns", "mm_seq", "exec_id", "flags", "pid", "version"}
    for at, code, name in fields(raw.HEADER.format, raw.HEADER_FIELDS):
        (value,) = struct.unpack_from(code, good, at)
        for new in extremes(code, value):
            data = bytearray(good)
            struct.pack_into(code, data, at, new)
            refused = name not in free or name == "version"
            if name == "flags":
                refused = not new & raw.GATE or bool(new & raw.MEMORY)
            if name == "pid":
                refused = new >= 1 << 31
            judge(f"header.{name} = {new}", bytes(data), refused, "--json", "--maps")
    mixed = bytearray(good)
    for at, code, name in fields(raw.HEADER.format, raw.HEADER_FIELDS):
        struct.pack_into(">" + code[1:], mixed, at, *struct.unpack_from(code, good, at))
    judge("a header of another byte order", bytes(mixed), True)


def check_swapped():
    """A listing from a machine of the other byte order is not hostile: it is shown the same."""
    raw.HEADER, raw.RECORD = (struct.Struct(">" + s.format[1:]) for s in (raw.HEADER, raw.RECORD))
    with open(bad_file, "wb") as file:
        file.write(raw.build(records, mm_seq=5, exec_id=6))
    for command in (["show", "--json"], ["show", "--csv"], ["show", "--maps"], ["show", "--long"],
                    ["why"]):
        shown = []
        for name in (good_file, bad_file):
            with open(name, "rb") as file:
                shown.append(subprocess.check_output([VMAINFO, *command, "--from=-"], stdin=file))
        assert shown[0] == shown[1], shown
    subprocess.run([VMAINFO, "diff", good_file, bad_file], check=True)


def check_records():
    free = {"kind", "policy", "ino", "flags", "dev_major", "dev_minor", "nomerge"}
    places = raw.parse(good)[1]
    for place in (places[0], places[len(places) // 2], places[-2], places[-1]):
        for at, code, name in fields(raw.RECORD.format, raw.RECORD_FIELDS):
            for new in extremes(code, place[name]):
                data = bytearray(good)
                struct.pack_into(code, data, place["at"] + at, new)
                refused = False if name in free else True
                if name in ("name_len", "ops_len") and new < 2:
                    refused = None  # what was its text may be padding
                if name == "page_shift":
                    refused = new > 63 or 0 < new < 12
                if name == "offset":
                    refused = new % 4096 != 0
                if name in ("start", "end"):
                    start = new if name == "start" else place["start"]
                    end = new if name == "end" else place["end"]
                    if start < end and new % 4096 == 0:
                        refused = None  # overlaps a neighbour, or not
                case = f"record at {place['at']}.{name} = {new}"
                formats = ("--long", "--json", "--maps") if place is places[0] else ("--json",)
                judge(case, bytes(data), refused, *formats)
        # The last byte of each text, and one in its middle
        for name in ("name", "ops"):
            text = place["at"] + place["size"] + (place["name_len"] if name == "ops" else 0)
            for offset in {0, place[name + "_len"] // 2, place[name + "_len"] - 1}:
                if place[name + "_len"] < 2:
                    continue
                data = bytearray(good)
                data[text + offset] = 0 if offset < place[name + "_len"] - 1 else 65
                judge(f"record at {place['at']}: {name}, byte {offset}", bytes(data), True)


def check_order():
    judge("two VMAs swapped", raw.build([records[1], records[0]] + records[2:]), True)
    judge("a VMA twice", raw.build(records[:1] + records), True)
    judge("VMAs that overlap", raw.build(
        records[:1] + [dict(records[1], start=records[0]["end"] - 1)] + records[2:]), True)
    judge("the gate page not the last one", raw.build(
        records[-1:] + records[:-1], flags=raw.ATOMIC | raw.GATE, vmas=len(records) - 1), True)


def check_grown():
    """Structures of a later module that is still of version 1 are no error."""
    data = bytearray(good[:48] + b"more of a header" + good[48:])
    struct.pack_into("<I", data, 0, 64)
    judge("a larger header", bytes(data), False, "--json", "--maps")
    data = bytearray(good[:48])
    for r in raw.parse(good)[1]:
        body = bytearray(good[r["at"]:r["at"] + r["next"]])
        struct.pack_into("<H", body, 0, r["size"] + 48)
        struct.pack_into("<I", body, 4, r["next"] + 48)
        data += body[:64] + bytes(24) + b"unknown " * 3 + body[64:] # no build ID
    judge("larger records", bytes(data), False, "--json", "--maps")
    judge("no records", raw.build([]), False, "--json", "--long")
    judge("only the gate page", raw.build(records[-1:]), False, "--json", "--maps")


main(globals())
