# SPDX-License-Identifier: GPL-2.0
"""Compares what pages show and do in a browser with the captures they were made of, for browser.sh."""
import json
import re
import subprocess

import raw
import webdriver
from common import CAPTURES, TMP, VMAINFO, has, main, same
from draw import COLOURS
from web import PYTHON, access, capture, hostile_page, make, name, page, short_name, size_text, vma_text

# Of the map, in pixels: where the first column of boxes begins, and where in it no text is
GUTTER = 120
LEFT = GUTTER + 4


def colour(r):
    return tuple(COLOURS[access(r)].to_bytes(3, "big"))


def at(records, address):
    return next((r for r in records if r["start"] <= address < r["end"]), None)


def changes_between(before, after):
    """The changes that the command diff prints"""
    done = subprocess.run([VMAINFO, "diff", "--json", before, after], stdout=subprocess.PIPE, check=False)
    return json.loads(done.stdout)["changes"]


class Page:
    """A page in a browser"""

    def __init__(self, browser, file):
        self.browser = browser
        browser.open(file)
        self.no_errors()

    def no_errors(self):
        same(self.browser.log(), [], "messages of the browser")

    def range(self):
        return [int(text, 16) for text in self.browser.text("#range").split("-")]

    def scale(self, value):
        self.browser.script("const s = document.getElementById('scale'); s.value = arguments[0];"
                            "s.dispatchEvent(new Event('change'))", value)
        self.browser.settle()

    def search(self, text, enter=True):
        self.browser.type("#search", text + (webdriver.KEYS["Enter"] if enter else ""), clear=True)

    def zoom_to(self, low, high):
        self.search("%x-%x" % (low, high))
        same(self.range(), [low, high], "the range that is shown")

    def hover(self, y, x=LEFT):
        self.browser.point("#map", x, y)
        return self.browser.text("#at")

    def details(self):
        texts = self.browser.script("return [...document.querySelectorAll('#details > *')]"
                                    ".map(e => e.textContent)")
        return dict(zip(texts[::2], texts[1::2]))

    def rows(self):
        """What the table shows, by the indices of rows in it, from 0"""
        return {int(row[0]) - 2: row[1:] for row in self.browser.script("""
            const box = document.getElementById("scroll").getBoundingClientRect();
            return [...document.querySelectorAll("#rows > *")].filter(row => {
                const r = row.getBoundingClientRect();
                return r.top >= box.top - 1 && r.bottom <= box.bottom + 1;
            }).map(row => [row.getAttribute("aria-rowindex"),
                           ...[...row.children].map(cell => cell.textContent)])""")}


def compare_column(pixels, records, low, high, x):
    """Compares a column of pixels of the map to scale, where each row has known addresses."""
    height, seen = len(pixels), set()
    for y, row in enumerate(pixels):
        top, bottom = high - (high - low) * y / height, high - (high - low) * (y + 1) / height
        # A bound of a VMA in a row, or beside it, where a line can be
        near = (high - low) / height
        if any(bottom - near <= bound <= top + near for r in records for bound in (r["start"], r["end"])):
            continue
        r = at(records, (top + bottom) / 2)
        if r:
            same(row[x], colour(r), "row %d, %s" % (y, vma_text(r)))
            seen.add(r["start"])
        else:
            assert row[x] not in [tuple(c.to_bytes(3, "big")) for c in COLOURS], "row %d is unmapped" % y
            seen.add(None)
    return seen


def check_pixels():
    """To scale, each pixel has the colour of what is at its address, at several places."""
    records = capture(PYTHON)
    with webdriver.browser() as b:
        p = Page(b, page(PYTHON))
        p.scale("linear")
        seen = set()
        files = [r for r in records if r["ino"] and r["flags"] & raw.EXEC]
        for r in files[0], files[len(files) // 2], files[-1]:
            low, high = r["start"] - 0x40000, r["end"] + 0x40000
            p.zoom_to(low, high)
            seen |= compare_column(b.pixels("#map"), records, low, high, LEFT)
        assert len(seen) > 8 and None in seen, seen


def check_hover():
    """With logarithmic heights, a pixel has the colour of what its text names, and all VMAs are there."""
    records = capture(PYTHON)
    by_text = {vma_text(r): r for r in records}
    with webdriver.browser() as b:
        p = Page(b, page(PYTHON, "--summary", CAPTURES + "/python.summary"))
        low = next(i for i, r in enumerate(records) if r["start"] > 1 << 40)
        some = records[low:low + 40]
        p.zoom_to(some[0]["start"], some[-1]["end"])
        pixels, seen = b.pixels("#map"), []
        for y in range(1, len(pixels), 3):
            text = p.hover(y)
            if text not in by_text:
                has(text, " unmapped")
                continue
            # A VMA can begin with a line, which is darker.
            seen_here, fill = pixels[y][LEFT], colour(by_text[text])
            assert seen_here == fill or all(abs(a - b * 0.65) <= 1 for a, b in zip(seen_here, fill)), \
                "row %d: %s" % (y, text)
            if text not in seen:
                seen.append(text)
        same(seen, [vma_text(r) for r in reversed(some)], "VMAs from the top")
        p.search("")
        b.click("#all")
        same(p.range(), [0, 1 << 64], "all of it")
        has(p.hover(len(pixels) - 1), "unmapped")
        has(p.hover(0), "kernel")


def check_search():
    records = capture(PYTHON)
    with webdriver.browser() as b:
        p = Page(b, page(PYTHON))
        libc = [r for r in records if b"libc.so" in (r["name"] or b"")]
        p.search("LIBC.so", enter=False)
        same(b.text("#count"), "%d of %d" % (len(libc), len(records)), "count")
        same([row[4] for row in p.rows().values()], [short_name(r) for r in reversed(libc)], "rows")
        for r in list(reversed(libc)) + libc[-1:]:
            b.type("#search", webdriver.KEYS["Enter"])
            same(p.details()["range"], "%08x-%08x" % (r["start"], r["end"]), "the next match")
            low, high = p.range()
            assert low <= r["start"] and high >= r["end"], "it is not in the map"
        # An address in a VMA, with its last digit; with and without 0x
        for prefix in "", "0x":
            r = libc[0]
            p.search("%s%x" % (prefix, r["end"] - 1))
            same(p.details()["range"], "%08x-%08x" % (r["start"], r["end"]), "the VMA of an address")
        assert at(records, 0x1234) is None
        p.search("0x1234")
        same(b.text("#count"), "0 of %d" % len(records), "count")
        has(b.text("#at"), "00000000-%08x" % records[0]["start"])
        heap = [r for r in records if r["kind"] == raw.HEAP or b"heap" in (r["name"] or b"")]
        p.search("heap", enter=False)
        same(b.text("#count"), "%d of %d" % (len(heap), len(records)), "count")
        p.search("[stack]")
        has(p.details()["name"], "[stack]")


def check_zoom():
    with webdriver.browser() as b:
        p = Page(b, page(PYTHON))
        everything = p.range()
        height = b.script("return document.getElementById('map').clientHeight")
        y = height // 3
        text = p.hover(y)
        ranges = [everything]
        for _ in range(6):
            b.point("#map", LEFT, y, "wheel", -240)
            ranges.append(p.range())
            assert ranges[-2][0] <= ranges[-1][0] < ranges[-1][1] <= ranges[-2][1] and \
                ranges[-1] != ranges[-2], ranges
            same(p.hover(y), text, "what is below the pointer")
        for _ in range(8):
            b.point("#map", LEFT, y, "wheel", 240)
        same(p.range(), everything, "all of it, by the wheel")
        # The smallest range is no smaller than a page to scale.
        p.scale("linear")
        p.zoom_to(0x400000, 0x800000)
        for _ in range(40):
            b.type("#map", "+")
        low, high = p.range()
        assert 0x400000 <= low and high <= 0x800000 and 4096 <= high - low <= 4097, (low, high)
        b.type("#map", "0")
        low, high = p.range()
        same(low, 0, "all of user space")
        p.scale("log")
        b.type("#map", "0")
        same(p.range(), everything, "all of it, by a key")
        b.click("#in")
        inside = p.range()
        assert inside != everything
        b.type("#map", webdriver.KEYS["Home"])
        same(p.range()[1], 1 << 64, "the top")
        b.type("#map", webdriver.KEYS["End"])
        same(p.range()[0], 0, "the bottom")
        b.click("#out")
        b.click("#out")
        same(p.range(), everything, "all of it, by buttons")


def check_table():
    records = list(reversed(capture(PYTHON)))
    with webdriver.browser() as b:
        p = Page(b, page(PYTHON))

        def same_rows(order):
            rows = p.rows()
            assert len(rows) > 5, rows
            for i, row in rows.items():
                r = order[i]
                same(row, ["%08x" % r["start"], size_text(r["end"] - r["start"]), raw.perm(r),
                           raw.KINDS[r["kind"]], short_name(r)], "row %d" % i)
            return rows
        same(0 in same_rows(records), True, "the first row is shown")
        b.type("#grid", webdriver.KEYS["End"])
        same(len(records) - 1 in same_rows(records), True, "the last row is shown")
        same(p.details()["range"], "%08x-%08x" % (records[-1]["start"], records[-1]["end"]), "selected")
        b.type("#grid", webdriver.KEYS["ArrowUp"])
        same(p.details()["range"], "%08x-%08x" % (records[-2]["start"], records[-2]["end"]), "selected")
        same(b.script("const g = document.getElementById('grid');"
                      "return document.getElementById(g.getAttribute('aria-activedescendant'))"
                      ".getAttribute('aria-rowindex')"), str(len(records)), "active row")
        b.type("#grid", webdriver.KEYS["Enter"])
        low, high = p.range()
        assert low <= records[-2]["start"] and high >= records[-2]["end"] and high - low < 1 << 40
        b.click("#head > :nth-child(2)")
        b.type("#grid", webdriver.KEYS["Home"])
        sizes = sorted(records, key=lambda r: (r["start"] - r["end"], -r["start"]))
        same_rows(sizes)
        b.click("#head > :nth-child(5)")
        names = sorted(short_name(r) for r in records)
        for i, row in p.rows().items():
            same(row[4], names[i], "row %d by name" % i)


def check_diff():
    base = 0x7f0000000000

    def vma(start, pages, perm="rw-p", **more):
        return raw.vma(base + start * 4096, base + (start + pages) * 4096, perm, **more)
    stack = raw.vma(0x7ffffffde000, 0x7ffffffff000, "rw-p", kind=raw.STACK, name=b"[stack]")
    old = [vma(0, 8, "r--p", kind=raw.FILE, ino=7, name=b"/lib/gone.so"), vma(16, 8), vma(40, 8), stack]
    new = [vma(16, 8, "r--p"), vma(24, 8, "rwxp"), vma(40, 16),
           vma(64, 8, kind=raw.FILE, ino=9, name=b"/lib/new.so"), stack]
    before, after = make("old", old), make("new", new)
    with webdriver.browser() as b:
        p = Page(b, page(after, "--before", before))
        want = [(c["change"], int(c["start"], 16)) for c in changes_between(before, after)]
        # The address and what has happened: the program says that, too.
        same([(row[3], int(row[0], 16)) for row in p.rows().values()], list(reversed(want)), "changes")
        same(sorted(what for what, _ in want), ["grown", "mapped", "mapped", "protected", "unmapped"],
             "changes")
        has(b.text("#before"), before)
        p.scale("linear")
        low, high = base, base + 128 * 4096
        p.zoom_to(low, high)
        b.script("document.activeElement.blur()")
        width = b.script("return document.getElementById('map').clientWidth")
        one = int(min(160, (width - GUTTER - 10) / 4) + .5)
        pixels, right = b.pixels("#map"), GUTTER + one + 16 + 4
        assert len(compare_column(pixels, old, low, high, LEFT)) == 4
        assert len(compare_column(pixels, new, low, high, right)) == 5
        # Between them is what has gone, and what has come: each with a colour of its own.
        height = len(pixels)
        strips = {}
        for x in GUTTER + one + 4, right - 4 - 5:
            for page_nr in range(128):
                y = int((128 - page_nr - .5) / 128 * height)
                strips.setdefault(pixels[y][x], []).append(page_nr)
        strips.pop(pixels[height // 8][GUTTER + one + 4])
        same(sorted(strips.values()),
             sorted([list(range(8)), list(range(16, 24)),
                     [*range(24, 32), *range(48, 56), *range(64, 72)]]), "changed pages")
        y = int((128 - 18.5) / 128 * height)
        same(p.hover(y).split("\n"), ["before: " + vma_text(old[1]), "after:  " + vma_text(new[0])], "both")
        for value, records in ("before", old), ("vmas", new):
            b.script("const s = document.getElementById('list'); s.value = arguments[0];"
                     "s.dispatchEvent(new Event('change'))", value)
            b.settle()
            p.search("", enter=False)
            same([row[4] for row in p.rows().values()], [short_name(r) for r in reversed(records)], value)
        p.no_errors()


def check_hostile():
    records, file = hostile_page()
    with webdriver.browser() as b:
        p = Page(b, file)
        same(b.script("return document.title"), "</title></script><b>evil", "title")
        same(b.text("#title"), "</title></script><b>evil", "heading")
        same(b.script("return [document.scripts.length, document.querySelectorAll('img, b').length]"), [2, 0],
             "elements")
        b.script("const s = document.getElementById('list'); s.value = 'vmas';"
                 "s.dispatchEvent(new Event('change'))")
        b.settle()
        same([row[4] for row in p.rows().values()], [short_name(r) for r in reversed(records)], "names")
        for r in reversed(records):
            b.type("#grid", webdriver.KEYS["ArrowDown"])
            details = p.details()
            same([details["name"], details["ops"]], [raw.text(r["name"]), raw.text(r["ops"])], "details")
        p.no_errors()


def check_unusual():
    """No VMAs, a copy of maps, 32-bit machines, and two captures that have nothing in common"""
    maps, empty = TMP + "/arm.maps", make("empty", [])
    with open(maps, "w", encoding="ascii") as f:
        f.write("00008000-00009000 r-xp 00000000 b3:02 17 /bin/init\n"
                "be8a0000-be8c1000 rw-p 00000000 00:00 0 [stack]\n"
                "ffff0000-ffff1000 r-xp 00000000 00:00 0 [vectors]\n")
    with webdriver.browser() as b:
        p = Page(b, page(empty))
        same([b.text("#count"), p.rows()], ["0 VMAs", {}], "table")
        for selector in "#grid", "#map":
            b.type(selector, webdriver.KEYS["ArrowDown"] + webdriver.KEYS["Enter"])
        p.search("1000")
        same(p.details(), {}, "selected")
        p.no_errors()

        p = Page(b, page(maps))
        same([row[4] for row in p.rows().values()], ["[vectors]", "[stack]", "init  /bin"], "names")
        same(p.range(), [0, 1 << 32], "all of it")
        p.search("vectors")
        details = p.details()
        same([details[key] for key in ("range", "permissions", "kind")] + ["flags" in details],
             ["ffff0000-ffff1000", "r-xp", "vsyscall", False], "details")
        p.search("init")
        same([p.details()[key] for key in ("offset", "device", "inode")], ["0x0", "b3:02", "17"], "file")
        p.scale("linear")
        b.type("#map", "0")
        same(p.range()[0], 0, "all of user space")

        nr = len(capture(PYTHON))
        for after, before, count in (maps, PYTHON, 3), (PYTHON, maps, nr), (PYTHON, empty, nr):
            p = Page(b, page(after, "--before", before))
            b.script("const s = document.getElementById('list'); s.value = 'vmas';"
                     "s.dispatchEvent(new Event('change'))")
            b.settle()
            same(b.text("#count"), "%d VMAs" % count, "count")
            for y in 1, 100, 200, 300, 400:
                has(p.hover(y), "before: ")
            p.scale("linear")
            b.type("#map", "0+")
            p.no_errors()


def many_records():
    records, start = [], 0x7f0000000000
    for i in range(65529):
        of_file = {"kind": raw.FILE, "ino": i % 977 + 1, "name": b"/usr/lib/lib%d.so" % (i % 977),
                   "offset": i * 4096} if i % 7 == 3 else {}
        records.append(raw.vma(start, start + (1 + i % 5) * 4096, "rw-p" if i % 2 else "r--p", **of_file))
        start = records[-1]["end"] + (4096 if i % 10 == 9 else 0)
    records[30000]["flags"] |= raw.WRITE | raw.EXEC
    return records + [raw.vma(0x7ffffffde000, 0x7ffffffff000, kind=raw.STACK, name=b"[stack]")]


def check_many():
    """A page of 65,530 VMAs has few elements, and each VMA can be found."""
    records = many_records()
    file = page(make("many", records))
    with webdriver.browser() as b:
        p = Page(b, file)
        same(b.text("#count"), "65530 VMAs", "count")
        assert b.script("return document.querySelectorAll('*').length") < 500
        # The one that is writable and executable is visible, among those of hundreds in each row.
        assert any(row[LEFT] == colour(records[30000]) for row in b.pixels("#map"))
        for i in 0, 12345, 30000, 65528:
            p.search("%x" % records[i]["start"])
            same(p.details()["range"], "%08x-%08x" % (records[i]["start"], records[i]["end"]), "VMA")
            same(b.script("return document.querySelectorAll('#rows > *').length"), 1, "matches")
        p.search("/lib976.so", enter=False)
        found = sum(r["name"] == b"/usr/lib/lib976.so" for r in records)
        same(b.text("#count"), "%d of 65530" % found, "count")
        p.search("", enter=False)
        b.type("#grid", webdriver.KEYS["End"])
        rows = p.rows()
        same(rows[65529][0], "%08x" % records[0]["start"], "the last row")
        for i, row in rows.items():
            same(row[4], short_name(records[65529 - i]), "row %d" % i)
        p.scale("linear")
        low = records[40000]["start"]
        p.zoom_to(low, low + (1 << 18))
        near = [r for r in records if low <= r["start"] < low + (1 << 18)]
        assert len(compare_column(b.pixels("#map"), near, low, low + (1 << 18), LEFT)) > 10
        p.no_errors()


def check_offline():
    """The page loads nothing, and its policy refuses all requests."""
    with webdriver.browser() as b:
        file = page(PYTHON)
        p = Page(b, file)
        p.search("libc")
        urls = [json.loads(entry["message"])["message"]["params"].get("request", {}).get("url")
                for entry in b.log("performance")
                if '"Network.requestWillBeSent"' in entry["message"]]
        same([url for url in urls if url and not url.startswith("data:")], ["file://" + file], "requests")
        refused = b.call("execute/async", {"args": [], "script": """
            const done = arguments[0], seen = [];
            document.addEventListener("securitypolicyviolation", event => {
                seen.push(event.effectiveDirective);
                if (seen.length == 6)
                    done(seen.sort());
            });
            const add = (name, more) =>
                document.body.append(Object.assign(document.createElement(name), more));
            add("img", { src: "http://127.0.0.1:1/" });
            add("script", { src: "http://127.0.0.1:1/" });
            add("script", { textContent: "document.title = 'evil'" });
            add("iframe", { src: "http://127.0.0.1:1/" });
            add("link", { rel: "stylesheet", href: "http://127.0.0.1:1/" });
            fetch("http://127.0.0.1:1/").catch(() => 0);"""})
        same(refused, ["connect-src", "frame-src", "img-src", "script-src-elem", "script-src-elem",
                       "style-src-elem"], "what the policy refuses")
        assert b.script("return document.title") != "evil"


def check_dark():
    with webdriver.browser() as b:
        p = Page(b, page(PYTHON))
        p.scale("linear")
        p.zoom_to(0, 0x10000)
        colours = {}
        for scheme in "light", "dark":
            b.devtools("Emulation.setEmulatedMedia",
                       features=[{"name": "prefers-color-scheme", "value": scheme}])
            back, ink = b.script("const s = getComputedStyle(document.body);"
                                 "return [s.backgroundColor, s.color]")
            colours[scheme] = [sum(int(n) for n in re.findall(r"\d+", text)[:3]) for text in (back, ink)] + \
                [sum(b.pixels("#map")[50][LEFT])]
        assert colours["light"][0] > 600 > 200 > colours["light"][1], colours
        assert colours["dark"][0] < 200 < 600 < colours["dark"][1], colours
        # What is unmapped, in the map
        assert colours["light"][2] > 600 > 200 > colours["dark"][2], colours


def check_narrow():
    """On a telephone nothing is cut off, and both map and table have space; pixels stay sharp."""
    records = capture(PYTHON)
    with webdriver.browser() as b:
        b.devtools("Emulation.setDeviceMetricsOverride", width=360, height=700,
                   deviceScaleFactor=2, mobile=True)
        p = Page(b, page(PYTHON))
        same(b.script("return document.documentElement.scrollWidth"), 360, "width")
        for selector in "#map", "#grid":
            width, height = b.script("const b = document.querySelector(arguments[0]).getBoundingClientRect();"
                                     "return [b.width, b.height]", selector)
            assert width > 300 and height > 250, (selector, width, height)
        same(b.script("const m = document.getElementById('map'); return m.width / m.clientWidth"), 2, "scale")
        p.scale("linear")
        r = next(r for r in records if r["ino"] and r["flags"] & raw.EXEC)
        low, high = r["start"] - 0x40000, r["end"] + 0x40000
        p.zoom_to(low, high)
        b.script("document.getElementById('map').scrollIntoView()")
        assert compare_column(b.pixels("#map"), records, low, high, 2 * LEFT)


def check_keyboard():
    """Each control can be reached with Tab and has a name, and / begins a search."""
    with webdriver.browser() as b:
        p = Page(b, page(PYTHON))
        order = []
        while "limits" not in order:
            b.call("actions", {"actions": [{"type": "key", "id": "keys", "actions": [
                {"type": "keyDown", "value": "\ue004"}, {"type": "keyUp", "value": "\ue004"}]}]})
            order.append(b.script("const e = document.activeElement;"
                                  "return e.localName == 'summary' ? 'limits' : e.id || e.localName"))
            assert len(order) < 30, order
        for control in "search next in out all scale map grid details".split():
            has(order, control)
        for selector in "#search", "#in", "#out", "#scale", "#map", "#grid":
            label = b.call("element/%s/computedlabel" % b.find(selector))
            assert label, "%s has no name" % selector
        b.type("#map", "/")
        same(b.script("return document.activeElement.id"), "search", "focus")
        same(b.script("return document.activeElement.value"), "", "what was typed")
        p.no_errors()


if __name__ == "__main__":
    main(globals())
