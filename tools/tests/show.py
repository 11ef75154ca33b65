# SPDX-License-Identifier: GPL-2.0
"""show.py {json|csv|maps|table|raw} RAW: what "vmainfo show" prints on stdin is what that file has."""

import csv
import io
import json
import sys

import raw

with open(sys.argv[2], "rb") as file:
    header, records = raw.parse(file.read())
gate = bool(header["flags"] & raw.GATE)
vmas = records[:len(records) - gate]
output = sys.stdin.buffer.read()


def fields(i, r):
    """What JSON has of a record."""
    from_maps = header["flags"] & raw.FROM_MAPS
    return {
        "nr": i + 1 if r in vmas else None,
        "start": hex(r["start"]), "end": hex(r["end"]),
        "size_kb": (r["end"] - r["start"]) // 1024,
        "perm": raw.perm(r), "offset": hex(r["offset"]),
        "dev": "%02x:%02x" % (r["dev_major"], r["dev_minor"]), "inode": str(r["ino"]),
        "kind": raw.KINDS[r["kind"]] if r["kind"] < len(raw.KINDS) else "?",
        "page_kb": 1 << r["page_shift"] - 10 if r["page_shift"] >= 10 else None,
        "anon": None if from_maps else bool(r["flags"] & raw.ANON_VMA),
        "policy": raw.POLICIES[r["policy"]] if r["policy"] < len(raw.POLICIES) else "?",
        "flags": None if from_maps else raw.letters(r),
        "deleted": None if from_maps else bool(r["flags"] & raw.DELETED),
        "ops": r["ops"] and raw.text(r["ops"]),
        "name": None if r["name"] is None else raw.text(r["name"]),
    }


def check(what, got, want):
    if got != want:
        sys.exit(f"{what}:\n got {got!r}\nwant {want!r}")


def check_json():
    data = json.loads(output.decode("utf-8"))
    got = data.pop("records")
    kb = sum(r["end"] - r["start"] for r in vmas) // 1024
    check("header", data, {
        "pid": header["pid"] or None,
        "source": "maps" if header["flags"] & raw.FROM_MAPS else "module",
        "atomic": bool(header["flags"] & raw.ATOMIC),
        "taken_ns": str(header["taken_ns"]) if header["taken_ns"] else None,
        "vmas": len(vmas), "total_kb": kb, "shown_vmas": len(vmas), "shown_kb": kb})
    check("number of records", len(got), len(records))
    for i, r in enumerate(records):
        check(f"record {i}", got[i], fields(i, r))
    # None of what a terminal obeys, and the line ends of this format alone
    check("control characters", [c for c in output.decode() if c != "\n" and
                                 (ord(c) < 32 or 0x7F <= ord(c) < 0xA0)], [])


def check_csv():
    text = output.decode("utf-8")
    rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    check("number of records", len(rows), len(records))
    for i, r in enumerate(records):
        want = {key: "" if value is None else str(value) for key, value in fields(i, r).items()}
        f = fields(i, r)
        del want["deleted"]
        want["anon"] = {None: "", True: "y", False: "n"}[f["anon"]]
        want["flags"] = ",".join(f["flags"] or []) or ("" if f["flags"] is None else "-")
        check(f"record {i}", rows[i], want)
    check("line ends", text.count("\r\n"), len(records) + 1)
    check("other line ends", text.replace("\r\n", "").count("\n"), 0)


def check_table():
    """One line each, with an address, a mark, and nothing that a terminal obeys."""
    lines = output.split(b"\n")
    check("number of lines", len(lines), len(records) + 3)
    for line, r in zip(lines[1:], records):
        check("address", b"%08x" % r["start"] in line and b"%08x" % r["end"] in line, True)
        rights = r["flags"] & (raw.READ | raw.WRITE | raw.EXEC)
        mark = "!" if rights & 6 == 6 else " " if rights else "."
        check("permissions", (" " + raw.perm(r) + mark).encode() in line, True)
    kb = sum(r["end"] - r["start"] for r in vmas) // 1024
    check("sum", lines[-2].startswith(b"%d VMA%s, %d kB" % (len(vmas), b"s" * (len(vmas) != 1),
                                                          kb)), True)
    check("control characters", [c for c in output if c != 10 and (c < 32 or c == 127)], [])


def check_raw():
    """--raw: one space between columns, whatever is in a name."""
    lines = output.decode().splitlines()
    check("number of lines", len(lines), len(records) + 1)
    for i, (line, r) in enumerate(zip(lines[1:], records)):
        want = fields(i, r)
        for key in ("start", "end", "offset"):
            want[key] = "%08x" % int(want[key], 16)
        for key in ("anon", "deleted"):
            want[key] = {None: "?", True: "y", False: "-"}[want[key]]
        want["flags"] = ",".join(want["flags"] or []) or ("-" if want["flags"] == [] else "?")
        want["name"] = (want["name"] or "").replace(" ", "\\x20")
        want = {key: "-" if value in (None, "") else str(value) for key, value in want.items()}
        check(f"line {i}", dict(zip(lines[0].split(" "), line.split(" "), strict=True)), want)


def check_maps():
    check("maps", output, raw.maps(records))


{"json": check_json, "csv": check_csv, "maps": check_maps, "table": check_table, "raw": check_raw}[sys.argv[1]]()
