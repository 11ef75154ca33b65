# SPDX-License-Identifier: GPL-2.0
"""lines.py {sort|group} KEY RAW [KINDS]: compares the lines of "vmainfo show" on stdin with that file."""

import sys

import raw
from common import same

with open(sys.argv[3], "rb") as file:
    header, records = raw.parse(file.read())
vmas = records[:header["vmas"]]
key = sys.argv[2]
output = sys.stdin.buffer.read()


def check_sort():
    """The same VMAs as maps has, in another order"""
    reverse = key.startswith("-")
    keys = {"size": lambda r: (r["start"] - r["end"], r["start"]),
            "name": lambda r: (r["name"] or b"", r["start"]),
            "address": lambda r: r["start"]}
    want = sorted(records, key=keys[key.lstrip("-")], reverse=reverse)
    same(output, raw.maps(want), "lines")
    if key != "address":
        same(want == records, False, "the order of the capture")


def check_group():
    """The number and size of the VMAs of each group, and the largest group first"""
    texts = {"name": lambda r: raw.text(r["name"] or b"").replace(" ", "\\x20") or "-",
             "kind": lambda r: raw.KINDS[r["kind"]], "perm": raw.perm}
    lines = [line.split(" ") for line in output.decode().splitlines()]
    same(lines[0], [key, "vmas", "size_kb"], "headings")
    shown = [r for r in vmas if len(sys.argv) < 5 or raw.KINDS[r["kind"]] in sys.argv[4].split(",")]
    want = {}
    for r in shown:
        nr, kb = want.get(texts[key](r), (0, 0))
        want[texts[key](r)] = nr + 1, kb + (r["end"] - r["start"]) // 1024
    same({line[0]: (int(line[1]), int(line[2])) for line in lines[1:]}, want, "groups")
    same(len(lines) - 1, len(want), "number of lines")
    sizes = [int(line[2]) for line in lines[1:]]
    same(sizes, sorted(sizes, reverse=True), "order of the groups")


{"sort": check_sort, "group": check_group}[sys.argv[1]]()
