# SPDX-License-Identifier: GPL-2.0
"""show.py {json|csv|maps|table|raw} RAW: what "vmainfo show" prints on stdin is what that file has."""

import csv
import io
import json
import re
import sys

import raw
from common import has, same

with open(sys.argv[2], "rb") as file:
    header, records = raw.parse(file.read())
gate = bool(header["flags"] & raw.GATE)
vmas = records[:len(records) - gate]
output = sys.stdin.buffer.read()


def nomerge(i, r):
    """None if no VMA ends where this one starts"""
    if not i or r not in vmas or records[i - 1]["end"] != r["start"]:
        return None
    return [rule for bit, rule in enumerate(raw.RULES) if r["nomerge"] >> bit & 1] or ["none"]


def fields(i, r):
    """What JSON has of a record."""
    return {
        "nr": i + 1 if r in vmas else None,
        "start": hex(r["start"]), "end": hex(r["end"]),
        "size_kb": (r["end"] - r["start"]) // 1024,
        "perm": raw.perm(r), "offset": hex(r["offset"]),
        "dev": "%02x:%02x" % (r["dev_major"], r["dev_minor"]), "inode": str(r["ino"]),
        "kind": raw.KINDS[r["kind"]] if r["kind"] < len(raw.KINDS) else "?",
        "page_kb": 1 << r["page_shift"] - 10 if r["page_shift"] >= 10 else None,
        "anon": bool(r["flags"] & raw.ANON_VMA),
        "policy": raw.POLICIES[r["policy"]] if r["policy"] < len(raw.POLICIES) else "?",
        "flags": raw.letters(r),
        "deleted": bool(r["flags"] & raw.DELETED),
        "nomerge": nomerge(i, r),
        "ops": r["ops"] and raw.text(r["ops"]),
        "name": None if r["name"] is None else raw.text(r["name"]),
    }


def check_json():
    data = json.loads(output.decode("utf-8"))
    got = data.pop("records")
    kb = sum(r["end"] - r["start"] for r in vmas) // 1024
    same(data, {
        "pid": header["pid"] or None,
        "source": "module",
        "atomic": bool(header["flags"] & raw.ATOMIC),
        "taken_ns": str(header["taken_ns"]) if header["taken_ns"] else None,
        "vmas": len(vmas), "total_kb": kb, "shown_vmas": len(vmas), "shown_kb": kb}, "header")
    same(len(got), len(records), "number of records")
    for i, r in enumerate(records):
        same(got[i], fields(i, r), f"record {i}")
    # None of what a terminal obeys, and the line ends of this format alone
    same(re.findall("[\0-\x09\x0b-\x1f\x7f-\x9f]", output.decode()), [], "control characters")


def check_csv():
    text = output.decode("utf-8")
    rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    same(len(rows), len(records), "number of records")
    for i, r in enumerate(records):
        want = {key: "" if value is None else str(value) for key, value in fields(i, r).items()}
        del want["deleted"]
        want["anon"] = "y" if r["flags"] & raw.ANON_VMA else "n"
        want["flags"] = ",".join(raw.letters(r)) or "-"
        want["nomerge"] = ",".join(nomerge(i, r) or [])
        same(rows[i], want, f"record {i}")
    same(text.count("\r\n"), len(records) + 1, "line ends")
    same(text.replace("\r\n", "").count("\n"), 0, "other line ends")


def check_table():
    """One line each, with an address, a mark, and nothing that a terminal obeys."""
    lines = output.split(b"\n")
    same(len(lines), len(records) + 3, "number of lines")
    for line, r in zip(lines[1:], records):
        same(b"%08x" % r["start"] in line and b"%08x" % r["end"] in line, True, "address")
        rights = r["flags"] & (raw.READ | raw.WRITE | raw.EXEC)
        mark = "!" if rights & 6 == 6 else " " if rights else "."
        same((" " + raw.perm(r) + mark).encode() in line, True, "permissions")
    kb = sum(r["end"] - r["start"] for r in vmas) // 1024
    has(lines[-2], b"%d VMA%s, %d kB" % (len(vmas), b"s" * (len(vmas) != 1), kb))
    same([c for c in output if c != 10 and (c < 32 or c == 127)], [], "control characters")


def check_raw():
    """--raw: one space between columns, whatever is in a name."""
    lines = output.decode().splitlines()
    same(len(lines), len(records) + 1, "number of lines")
    for i, (line, r) in enumerate(zip(lines[1:], records)):
        want = fields(i, r)
        for key in ("start", "end", "offset"):
            want[key] = "%08x" % int(want[key], 16)
        for key in ("anon", "deleted"):
            want[key] = "y" if want[key] else "-"
        want["flags"] = ",".join(want["flags"])
        want["nomerge"] = ",".join(want["nomerge"] or [])
        want["name"] = (want["name"] or "").replace(" ", "\\x20")
        want["page_kb"] = want["page_kb"] or "?"
        want = {key: "-" if value in (None, "") else str(value) for key, value in want.items()}
        same(dict(zip(lines[0].split(" "), line.split(" "), strict=True)), want, f"line {i}")


def check_maps():
    same(output, raw.maps(records), "maps")


{"json": check_json, "csv": check_csv, "maps": check_maps, "table": check_table, "raw": check_raw}[sys.argv[1]]()
