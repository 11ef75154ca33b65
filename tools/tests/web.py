# SPDX-License-Identifier: GPL-2.0
"""Makes pages of captures for web.sh and browser.sh, and compares their data with the captures."""
import json
import re

import raw
from common import CAPTURES, TMP, has, main, run, same

PYTHON = CAPTURES + "/python.raw"


def page(capture, *more):
    """The path of a page of this capture"""
    file = TMP + "/page.html"
    same(run("draw", "--from", capture, "-o", file, *more), (0, ""), "draw")
    return file


def data_of(file):
    """The data in a page, as an HTML parser finds them"""
    with open(file, encoding="utf-8") as f:
        text = f.read()
    start = text.index('<script type="application/json" id="data">')
    return json.loads(text[text.index(">", start) + 1:text.lower().index("</script", start)])


def capture(file):
    with open(file, "rb") as f:
        return raw.parse(f.read())[1]


def make(name, records):
    file = "%s/%s.raw" % (TMP, name)
    with open(file, "wb") as f:
        f.write(raw.build(records))
    return file


def access(r):
    return r["flags"] & 7 | (8 if r["flags"] & raw.MAYSHARE else 0)


def size_text(size):
    unit = 0
    while size >= 1023.5:
        size, unit = size / 1024, unit + 1
    tenths = int(size * 10 + .5)
    return ("%g" % (tenths / 10) if tenths < 100 and tenths % 10 else "%.0f" % size) + \
        " " + "BKMGTPE"[unit]


def name(r):
    if r["name"]:
        return raw.text(r["name"])
    return "anonymous" if r["kind"] == raw.ANON else raw.KINDS[r["kind"]]


def short_name(r):
    """As in the table: a path's directory comes last."""
    directory, slash, last = name(r).rpartition("/")
    return "%s  %s" % (last, directory) if name(r)[0] == "/" and directory else name(r)


def vma_text(r):
    return "%08x-%08x %s %s %s" % (r["start"], r["end"], size_text(r["end"] - r["start"]), raw.perm(r),
                                   name(r))


def check_live(file, pid):
    data = data_of(file)
    has(data["title"], "(pid %s)" % pid)
    assert data["vmas"] and data["before"]
    same(data["texts"][data["vmas"][-1][3]] in ("[stack]", "[vsyscall]"), True, "the last VMA")


def check_data():
    records, data = capture(PYTHON), data_of(page(PYTHON))
    texts, policies = data["texts"], raw.POLICIES
    same(len(data["vmas"]), len(records), "VMAs")
    for i, (r, v) in enumerate(zip(records, data["vmas"])):
        gate = r["kind"] == raw.VSYSCALL
        nomerge = "" if gate or not i or records[i - 1]["end"] != r["start"] else ",".join(
            rule for bit, rule in enumerate(raw.RULES) if r["nomerge"] >> bit & 1) or "none"
        of_file = [hex(r["offset"]), "%02x:%02x" % (r["dev_major"], r["dev_minor"]), str(r["ino"])]
        same([v[0] << 12, v[0] + v[1] << 12, v[2], texts[v[3]], texts[v[4]],
              v[5], texts[v[6]], v[7]] + [texts[t] for t in v[8:]],
             [r["start"], r["end"], access(r), raw.text(r["name"] or b""), raw.KINDS[r["kind"]]] +
             (of_file if r["ino"] else [0, "", 0]) +
             [size_text(1 << r["page_shift"]) if r["page_shift"] else "",
              "yes" if r["flags"] & raw.ANON_VMA else "no", policies[r["policy"]] or "-",
              ",".join(raw.letters(r)), nomerge, (r["ops"] or b"").decode()], "VMA %d" % i)


HOSTILE = [
    b"/tmp/</script><script>document.title='evil'</script>", b"/tmp/<!--<script>", b"/tmp/]]>&lt;",
    b"/tmp/<img src=x onerror=document.title='evil'>", b"/tmp/\"'`${alert(1)}\\",
    b"/tmp/\x1b[31m\nred\r",
    b"/tmp/bad\xff\xfe\xed\xa0\x80 utf8", b"/tmp/c1 \xc2\x9b31m", b"/tmp/\xe2\x80\xa8\xe2\x80\xa9 lines",
    "/tmp/größer 日本語 \U0001f600".encode(), b"/tmp/@DATA@@NONCE@@SCRIPT@", b"/tmp/\\x41",
    b"/tmp/__proto__",
]


def hostile_page():
    base = 0x555555554000
    records = [raw.vma(base + 0x2000 * i, base + 0x2000 * i + 0x1000, "rwxs" if i % 2 else "r-xp",
                       kind=raw.FILE, ino=i + 1, name=text, ops=text[-200:])
               for i, text in enumerate(HOSTILE)]
    return records, page(make("hostile", records), "--title", "</title></script><b>evil",
                         "--before", make("<b>&lt;", records[1:]))


def check_hostile_data():
    records, file = hostile_page()
    data = data_of(file)
    same([data["texts"][v[3]] for v in data["vmas"]], [raw.text(r["name"]) for r in records], "names")
    same(data["title"], "</title></script><b>evil", "title")
    with open(file, "rb") as f:
        page_bytes = f.read()
    page_bytes.decode()
    # Those of the page itself, of which the data have none
    same(len(re.findall(rb"(?i)</script|<script|<!--", page_bytes)), 5, "elements of scripts")


if __name__ == "__main__":
    main(globals())
