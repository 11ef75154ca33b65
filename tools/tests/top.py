# SPDX-License-Identifier: GPL-2.0
"""What top.sh tests: python3 top.py CHECK, with the program in VMAINFO."""
import contextlib
import json
import re
import signal

import screen
from common import VMAINFO, has, limit, main, output, same
from target import targets

COLUMNS = ["PID", "VMAS", "%MAX", "GROWTH", "TOTAL", "RES", "SWAP", "DATA", "STACK", "EXEC",
           "LOCKED", "PINNED", "COMMAND"]
RSS = "RssAnon", "RssFile", "RssShmem"
# Nobody waits for it.
NEVER = "100000"


def table(lines):
    """The rows, as dictionaries; None if there is no whole table."""
    for at, line in enumerate(lines):
        titles = line.split()
        if titles[:2] == ["PID", "VMAS"]:
            break
    else:
        return None
    rows = []
    for line in lines[at + 1:]:
        # "1.5 M" is one cell.
        cells = re.sub(r"(?<=\d) (?=[BKMGTPE] )", "", line).split(None, len(titles) - 1)
        if not cells:
            break
        if len(cells) != len(titles):
            return None
        rows.append(dict(zip(titles, cells)))
    return rows


def plain(line):
    return re.sub("\033\\[[0-9;]*m", "", line)


def pids(lines):
    rows = table(lines)
    return rows and [int(row["PID"]) for row in rows]


def growths(lines):
    return [row["GROWTH"] for row in table(lines) or []]


def only(running):
    return "--pid=" + ",".join(str(target.pid) for target in running)


def batch(*options):
    return output("top", "-b", "-n", "1", *options).decode().splitlines()


@contextlib.contextmanager
def interactive(running, *options, **size):
    """On a screen. It is ended by q, unless it has ended, and leaves the terminal as it was."""
    with screen.Program([VMAINFO, "top", "-d", NEVER, only(running), *options], **size) as top:
        yield top
        if top.process.poll() is None:
            top.press("q")
            same(top.wait_for_end(), 0, "status")
            same(top.is_restored(), True, "the terminal is as it was")


# ---- batch ----

def check_batch():
    with targets((3000, b"many of them")) as (target,):
        lines = batch("-k")
        row, = [row for row in table(lines) if int(row["PID"]) == target.pid]
        same(list(row), COLUMNS, "columns")
        same(int(row["VMAS"]), target.vmas(), "VMAs")
        same(row["%MAX"], "%.1f" % (100 * target.vmas() / limit()), "percent")
        same(row["GROWTH"], "-", "growth")
        for column, keys in (("TOTAL", ["VmSize"]), ("RES", RSS), ("SWAP", ["VmSwap"]), ("DATA", ["VmData"]), ("STACK", ["VmStk"]),
                             ("EXEC", ["VmExe", "VmLib"]), ("LOCKED", ["VmLck"]),
                             ("PINNED", ["VmPin"])):
            same(int(row[column]), target.status_kb(*keys), column)
        same(row["COMMAND"], "many of them", "command")
        has(lines[0], "vm.max_map_count %d" % limit())
        rows = table(lines)
        same(int(re.match(r"Processes: (\d+)", lines[1]).group(1)), len(rows), "processes")
        same(int(re.search(r"VMAs: (\d+) in all", lines[1]).group(1)),
             sum(int(row["VMAS"]) for row in rows), "VMAs in all")
        nearest = max(rows, key=lambda row: int(row["VMAS"]))
        has(lines[2], "Nearest: %(COMMAND)s (pid %(PID)s), %(VMAS)s VMAs" % nearest)


def check_order():
    with targets((100, b"c"), (3000, b"a"), (1000, b"b")) as (few, many, some):
        def order(*options):
            return pids(batch(only([few, many, some]), *options))
        by_vmas = [many.pid, some.pid, few.pid]
        same(order(), by_vmas, "by VMAs")
        same(order("-o", "-vmas"), by_vmas[::-1], "the other way round")
        same(order("-o", "%MAX"), by_vmas, "by percent")
        same(order("-o", "command"), [many.pid, some.pid, few.pid], "by command")
        same(order("-o", "-command"), [few.pid, some.pid, many.pid], "by command, reverse")
        same(order("-o", "+pid"), sorted(by_vmas)[::-1], "by pid")
        by_rss = sorted((few, many, some), key=lambda target: (target.status_kb(*RSS), -target.pid))
        same(order("-o", "-res"), [target.pid for target in by_rss], "by memory")
        same(order("-o", "swap"), sorted(by_vmas), "by swap, of which they have none")
        same(order("-l", "2"), by_vmas[:2], "the first two")


def check_looks():
    """Two looks; that a process was there already, and has not grown."""
    with targets((100, b"still")) as (target,):
        lines = output("top", "-b", "-n", "2", "-d", "0.1", only([target])).decode()
        looks = lines.split("\n\nvmainfo top - ")
        same(len(looks), 2, "looks")
        same([table(look.splitlines())[0]["GROWTH"] for look in looks], ["-", "0"], "growth")


def check_warn():
    with targets((3000, b"near"), (10, b"far")) as (near, far):
        share = 100 * near.vmas() / limit()
        for warn, marked in (("%.4f" % (share - 0.01), True), ("%.4f" % (share + 0.01), False)):
            lines = batch("--color=always", "--warn=" + warn, only([near, far]))
            colours = {re.search(r"(near|far)$", plain(line)).group(): "\033[1;31m" in line
                       for line in lines if re.search(r" (near|far)$", plain(line)) and "pid" not in line}
            same(colours, {"near": marked, "far": False}, "what is red with " + warn)
        lines = batch("--warn=%.4f" % (share - 0.01))
        over = sum(100 * int(row["VMAS"]) / limit() > share - 0.01 for row in table(lines))
        same(re.search(r"over [0-9.]+ %: (\d+)", lines[1]).group(1), str(over), "how many")
        same("\033" in "".join(lines), False, "colours without a terminal")


def check_json():
    with targets((3000, b"many"), (10, b"a\n\"b\\")) as (many, odd):
        lines = output("top", "--json", "-n", "2", "-d", "0.1", only([many, odd])).decode().splitlines()
        same(len(lines), 2, "lines")
        for line, growth in zip(lines, (None, 0)):
            look = json.loads(line)
            same((look["source"], look["max_map_count"]), ("maps", limit()), "source, limit")
            same(bool(re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d", look["time"])),
                 True, look["time"])
            same([row["pid"] for row in look["processes"]], [many.pid, odd.pid], "processes")
            same(look["vmas"] >= many.vmas() + odd.vmas(), True, "VMAs of all")
            for target, row, name in zip((many, odd), look["processes"], ("many", 'a\\x0a"b\\')):
                same(row, {"pid": target.pid, "comm": name, "vmas": target.vmas(), "growth": growth,
                           "total_kb": target.status_kb("VmSize"), "res_kb": target.status_kb(*RSS),
                           "swap_kb": target.status_kb("VmSwap"), "data_kb": target.status_kb("VmData"),
                           "stack_kb": target.status_kb("VmStk"),
                           "exec_kb": target.status_kb("VmExe", "VmLib"),
                           "locked_kb": target.status_kb("VmLck"),
                           "pinned_kb": target.status_kb("VmPin")}, "row")
        look, = output("top", "--json", "-n", "1", "-l", "1", "--warn=0").splitlines()
        look = json.loads(look)
        same((len(look["processes"]), look["over"] > 2), (1, True), "--lines, --warn")


def check_names():
    """What a terminal would obey does not come out, nor does what would break a line."""
    names = {b"a\x1b[31mb": r"a\x1b[31mb", b" x\ny\\": "x\\x0ay\\", b"\xc2\x9bz": r"\xc2\x9bz"}
    with targets(*((10, name) for name in names)) as running:
        rows = table(batch(only(running)))
        for target, shown in zip(running, names.values()):
            row, = [row for row in rows if int(row["PID"]) == target.pid]
            same(row["COMMAND"].strip(), shown, "name")


# ---- interactive ----

def check_screen():
    with targets((1000, b"one"), (2000, b"two")) as (one, two), interactive([one, two]) as top:
        top.wait_for("table", lambda lines: pids(lines) == [two.pid, one.pid])
        rows = table(top.screen.text())
        same(top.is_restored(), False, "the terminal is as it was")
        same([int(row["VMAS"]) for row in rows], [two.vmas(), one.vmas()], "VMAs")
        same([row["COMMAND"] for row in rows], ["two", "one"], "names")
        lines = top.screen.text()
        for line, text in enumerate(("vmainfo top - ", "Processes: ", "Nearest: ")):
            has(lines[line], text)


def check_keys():
    with targets((100, b"c"), (3000, b"a"), (1000, b"b")) as (few, many, some), \
         interactive([few, many, some]) as top:
        by_vmas = [many.pid, some.pid, few.pid]
        by_pid = sorted(by_vmas)
        by_name = [many.pid, some.pid, few.pid]

        def order(key, want):
            top.press(key)
            top.wait_for("order after %r" % key, lambda lines: pids(lines) == want)
        top.wait_for("table", lambda lines: pids(lines) == by_vmas)
        order("N", by_pid[::-1])
        order("R", by_pid)
        order("V", by_vmas[::-1])
        order("R", by_vmas)
        order("<", by_pid[::-1])
        order(">", by_vmas)
        order("N", by_pid[::-1])
        order("M", by_vmas)     # each page is also memory
        order("N", by_pid[::-1])
        order("P", by_vmas)
        order("W", by_pid)      # none has any
        order("P", by_vmas)
        order("R", by_vmas[::-1])
        order("C", by_name[::-1])
        order("R", by_name)


def check_growth():
    with targets((100, b"grows"), (3000, b"stays")) as (grows, stays), \
         interactive([grows, stays]) as top:
        top.wait_for("first look", lambda lines: pids(lines) == [stays.pid, grows.pid])
        before = grows.vmas()
        grows.grow(500)
        top.press(" ")
        want = ["0", "%+d" % (grows.vmas() - before)]
        rows = top.wait_for("second look", lambda lines: growths(lines) == want and table(lines))
        same(int(rows[1]["VMAS"]), grows.vmas(), "VMAs")
        top.press("G")
        top.wait_for("order", lambda lines: pids(lines) == [grows.pid, stays.pid])


def check_prompts():
    with targets((10, b"a"), (10, b"b"), (10, b"c")) as running, interactive(running) as top:
        top.wait_for("table", lambda lines: len(pids(lines) or []) == 3)
        top.press("n2")
        top.wait_for("question", lambda lines: any("0 for all: 2" in line for line in lines))
        top.press("\r")
        top.wait_for("two lines", lambda lines: len(pids(lines) or []) == 2)
        top.press("n0\r")
        top.wait_for("all lines", lambda lines: len(pids(lines) or []) == 3)
        top.press("d1x\x7f.5\r")
        top.wait_for("the delay", lambda lines: "every 1.5 s" in lines[0])
        top.press("d1e3\r")
        top.wait_for("complaint", lambda lines: any("Invalid delay" in line
                                                     for line in lines))
        same("every 1.5 s" in top.screen.text()[0], True, "the delay stays")
        top.press("s7\x1b")
        top.wait_for("table", lambda lines: not any("Seconds" in line for line in lines))
        same("every 1.5 s" in top.screen.text()[0], True, "the delay stays")
        top.press("h")
        top.wait_for("help", lambda lines: any("keys" in line for line in lines))
        top.press("q")
        top.wait_for("table", table)


def check_why():
    """Of the first process on the screen, or of a pid"""
    with targets((100, b"few"), (3000, b"many")) as (few, many), \
         interactive([few, many], lines=25) as top:
        def shows(target):
            top.wait_for("why", lambda lines: lines[0].startswith(
                "%s (pid %d): " % (name[target.pid], target.pid)) and
                any(line.startswith("permissions differ (r--p, ---p)") for line in lines))
            top.press("x")
            top.wait_for("table", table)
        name = {few.pid: "few", many.pid: "many"}
        top.wait_for("table", lambda lines: pids(lines) == [many.pid, few.pid])
        top.press("w\r")
        shows(many)
        top.press("w%d\r" % few.pid)
        shows(few)
        for text, message in (("w0\r", "Invalid PID"), ("wx\r", "Invalid PID"),
                              ("w2147483647\r", "No such process")):
            top.press(text)
            top.wait_for("message", lambda lines: any(message in line for line in lines))
        top.press("w\x1b")
        top.wait_for("table", lambda lines: not any("Why:" in line for line in lines))


def check_delay():
    with targets((10, b"a")) as (target,), interactive([target], "-d", "0.2") as top:
        top.wait_for("first look", lambda lines: growths(lines) == ["-"])
        top.wait_for("second look", lambda lines: growths(lines) == ["0"])
    with screen.Program([VMAINFO, "top", "-d", "0.1", "-n", "3"]) as top:
        same(top.wait_for_end(), 0, "status")
        same(top.is_restored(), True, "the terminal is as it was")


def check_scroll():
    with targets(*((10 + 50 * i, b"%d" % i) for i in range(8))) as running, \
         interactive(running, lines=10) as top:
        want = [target.pid for target in running][::-1]
        # VT100 knows its arrows as in application mode.
        up, down = "\x1bOA", "\x1bOB"
        room = 4 # rows of the table on this screen
        top.wait_for("the first", lambda lines: pids(lines) == want[:room])
        for key, at in ((down, 1), (down, 2), (up, 1)):
            top.press(key)
            top.wait_for("rows from %d" % at, lambda lines: pids(lines) == want[at:at + room])
        for _ in range(20):
            top.press(down)
        top.wait_for("the last", lambda lines: pids(lines) == want[-room:])
        for _ in range(20):
            top.press(up)
        top.wait_for("the first", lambda lines: pids(lines) == want[:room])


def check_resize():
    with targets((1000, b"one"), (2000, b"two")) as running, interactive(running) as top:
        want = [running[1].pid, running[0].pid]
        top.wait_for("table", lambda lines: pids(lines) == want)
        top.set_size(12, 68)
        shown = [title for title in COLUMNS if title not in ("DATA", "STACK", "EXEC", "LOCKED",
                                                                 "PINNED")]
        top.wait_for("narrow table", lambda lines: pids(lines) == want and
                     list(table(lines)[0]) == shown)
        for lines, columns in ((3, 20), (1, 1), (2, 300), (24, 8)):
            top.set_size(lines, columns)
            # One of a single character shows nothing of use.
            top.wait_for("something", lambda text: any(text) or lines == 1)
        top.set_size(50, 160)
        top.wait_for("wide table", lambda lines: sorted(pids(lines) or []) == sorted(want) and
                     list(table(lines)[0]) == COLUMNS)


def check_signals():
    with targets((10, b"a")) as (target,):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
            with interactive([target]) as top:
                top.wait_for("table", table)
                top.process.send_signal(number)
                same(top.wait_for_end(), -number, "status")
                same(top.is_restored(), True, "the terminal is as it was")


def check_stop():
    """Ctrl-Z and fg, in a shell: it takes one with job control to stop a program."""
    with targets((10, b"a")) as (target,), \
         screen.Program(["sh", "-im"], columns=120, env={"PS1": "prompt> ", "ENV": ""}) as shell:
        def prompt(lines):
            return [line for line in lines if line][-1:] == ["prompt>"]
        shell.wait_for("prompt", prompt)
        shell.press("%s top -d %s %s\r" % (VMAINFO, NEVER, only([target])))
        shell.wait_for("table", lambda lines: pids(lines) == [target.pid])
        same(shell.is_restored(), False, "the terminal is as it was")
        shell.press("\x1a")
        shell.wait_for("prompt", prompt)
        same(shell.is_restored(), True, "the terminal is as it was")
        shell.press("printf '\\33[H\\33[J'\r")
        shell.wait_for("cleared screen", lambda lines: lines[0] == "prompt>")
        shell.press("fg\r")
        shell.wait_for("table", lambda lines: pids(lines) == [target.pid])
        same(shell.is_restored(), False, "the terminal is as it was")
        shell.press("q")
        shell.wait_for("prompt", prompt)
        same(shell.is_restored(), True, "the terminal is as it was")
        shell.press("echo status $?; exit\r")
        shell.wait_for_end()
        same("status 0" in shell.screen.text(), True, "status 0")


def check_bad_names():
    """No name of a process reaches the terminal as it is; see Screen.feed()."""
    names = [b"a\x1b[31mb", b"\xffz\xc3", "\u65e5\u672c".encode()]
    with targets(*((10, name) for name in names)) as running, \
         interactive(running, "-o", "-pid") as top:
        top.wait_for("table", lambda lines: len(pids(lines) or []) == 3)
        rows = table(top.screen.text())
        names = {int(row["PID"]): row["COMMAND"] for row in rows}
        same(names[running[0].pid], r"a\x1b[31mb", "name")
        same(names[running[1].pid], r"\xffz\xc3", "name")
        has(names[running[2].pid], "\u65e5")


main(globals())
