# SPDX-License-Identifier: GPL-2.0
"""What export.sh tests: python3 export.py CHECK, with the program in VMAINFO."""
import os
import subprocess

import openmetrics
from common import TMP, VMAINFO, limit, main, output, same
from target import targets

FILE = os.path.join(TMP, "metrics", "vmainfo.prom")


ALL = "--threshold=0", "--count=100000"


def export(*options):
    return openmetrics.read(output("export", "--quiet", *options))


def checked(*options):
    """The same, checked by Prometheus' own reader, too"""
    data = output("export", "--quiet", *options)
    subprocess.run(["promtool", "check", "metrics"], input=data, check=True)
    return openmetrics.read(data)


def by_pid(samples, name="vmainfo_process_vmas"):
    """{pid: (comm, value)} of a metric that each process has."""
    return {int(dict(labels)["pid"]): (dict(labels)["comm"], value)
            for (metric, labels), value in samples.items() if metric == name}


def check_format():
    with targets((3000, b"many")):
        checked(*ALL)
        checked("--threshold=100", "--count=0")


def check_values():
    with targets((3000, b"many"), (500, b"some")) as (many, some):
        samples = export(*ALL)
        vmas = by_pid(samples)
        for target, name in ((many, "many"), (some, "some")):
            same(vmas[target.pid], (name, target.vmas()), "VMAs")
            for metric, keys in (("virtual_memory", ["VmSize"]), ("data", ["VmData"]),
                                 ("stack", ["VmStk"]), ("executable", ["VmExe", "VmLib"]),
                                 ("locked", ["VmLck"]), ("pinned", ["VmPin"]),
                                 ("resident_anon", ["RssAnon"]), ("resident_file", ["RssFile"]),
                                 ("resident_shmem", ["RssShmem"]), ("swap", ["VmSwap"])):
                metric = "vmainfo_process_%s_bytes" % metric
                same(by_pid(samples, metric)[target.pid],
                     (name, 1024 * target.status_kb(*keys)), metric)
        same(samples["vmainfo_vmas_limit", ()], limit(), "the limit")
        same(samples["vmainfo_vmas", ()], sum(value for _, value in vmas.values()), "all VMAs")
        same(samples["vmainfo_processes", ()], len(vmas), "processes")
        same(samples["vmainfo_largest_process_vmas", ()],
             max(value for _, value in vmas.values()), "the largest")
        same(samples["vmainfo_module_used", ()], 0, "from the module")


def check_groups():
    """The sizes of a process with many groups, which are before them in its status."""
    with targets((100, b"groups", 2000)) as (target,):
        samples = export(*ALL)
        for metric, keys in (("virtual_memory", ["VmSize"]), ("executable", ["VmExe", "VmLib"])):
            metric = "vmainfo_process_%s_bytes" % metric
            same(by_pid(samples, metric)[target.pid],
                 ("groups", 1024 * target.status_kb(*keys)), metric)


def check_columns():
    """The columns of the module's procs have any order, and a newer module has more."""
    names = ["swap_kB", "vmas", "total_kB", "new_kB", "rss_shmem_kB", "data_kB", "stack_kB",
             "exec_kB", "locked_kB", "pinned_kB", "rss_file_kB", "rss_anon_kB"]
    with open(os.path.join(TMP, "procs"), "w") as procs:
        procs.write("#    pid %s comm\n" % " ".join(names))
        procs.write("      2 %s kthread\n" % " ".join("0" for _ in names))
        procs.write("   4711 %s  7 8\n" % "  ".join(str(100 + i) for i in range(len(names))))
    samples = export(*ALL)
    same(samples["vmainfo_module_used", ()], 1, "from the module")
    same(samples["vmainfo_processes", ()], 1, "processes with VMAs")
    for metric, column in (("swap", "swap_kB"), ("virtual_memory", "total_kB"),
                           ("resident_shmem", "rss_shmem_kB"), ("data", "data_kB"),
                           ("stack", "stack_kB"), ("executable", "exec_kB"),
                           ("locked", "locked_kB"), ("pinned", "pinned_kB"),
                           ("resident_file", "rss_file_kB"), ("resident_anon", "rss_anon_kB")):
        same(by_pid(samples, "vmainfo_process_%s_bytes" % metric),
             {4711: (" 7 8", 1024 * (100 + names.index(column)))}, metric)
    same(by_pid(samples), {4711: (" 7 8", 101)}, "VMAs")


def percent(vmas):
    return "--threshold=%.6f" % (100 * vmas / limit())


def check_threshold():
    """With --count=0, exactly the processes above the threshold have series."""
    with targets((3000, b"a"), (2000, b"b"), (1000, b"c")) as (a, b, c):
        def pids(vmas):
            shown = by_pid(export(percent(vmas), "--count=0"))
            same([pid for pid, (_, value) in shown.items() if value < vmas], [], "below it")
            return [target.pid in shown for target in (a, b, c)]
        same(pids(b.vmas() - 0.5), [True, True, False], "just over it")
        same(pids(b.vmas() + 0.5), [True, False, False], "just below it")


def check_nearest():
    """The nearest ones have series, however far they are from the limit."""
    samples = export("--threshold=100", "--count=1")
    same(max(value for _, value in by_pid(samples).values()),
         samples["vmainfo_largest_process_vmas", ()], "the nearest")
    samples = export("--threshold=100", "--count=100000")
    same(len(by_pid(samples)), samples["vmainfo_processes", ()], "all")
    samples = export()
    same(len(by_pid(samples)) >= min(10, samples["vmainfo_processes", ()]), True, "by default")


def check_many():
    """An alert needs a series without gaps: all that are over the threshold have it."""
    with targets(*((3000, b"one of many") for _ in range(30))) as running:
        shown = by_pid(export(percent(2900), "--count=1"))
        same([target.pid for target in running if target.pid not in shown], [], "without series")


def check_names():
    """comm is up to 15 bytes of any kind; a label is UTF-8, without what a terminal obeys."""
    names = {
        b'q"\\back\\n': 'q"\\back\\n',
        b"new\nline\\": r"new\x0aline" + "\\",
        b" x ": " x ",
        b"": "",
        b"\xff\xfe\xc3": r"\xff\xfe\xc3",
        b"\xed\xa0\x80|\xc0\x80": r"\xed\xa0\x80|\xc0\x80",
        b"\xe0\x80\x80|\xf0\x80\x80\x80": r"\xe0\x80\x80|\xf0\x80\x80\x80",
        b"\xf4\x90\x80\x80.": r"\xf4\x90\x80\x80.",
        "\u65e5\u672c\U0001f40d".encode(): "\u65e5\u672c\U0001f40d",
        b"a\x1b[31m\t\x7f\xc2\x9b": r"a\x1b[31m\x09\x7f\xc2\x9b",
        b"{pid=\"1\"} 1": "{pid=\"1\"} 1",
        b"\\012\\x41\\t": r"\012\x5cx41\t",
    }
    with targets(*((10, name) for name in names)) as running:
        shown = by_pid(checked(*ALL))
        for target, (name, want) in zip(running, names.items()):
            same(shown[target.pid][0], want, "%r" % name)


def check_file():
    """Mode 0644 whatever the umask, the same as to stdout, and nothing is left beside it."""
    os.makedirs(os.path.dirname(FILE))
    os.umask(0o077)
    same(output("export", "--quiet", "-o", FILE), b"", "stdout")
    same(os.stat(FILE).st_mode & 0o7777, 0o644, "mode")
    with open(FILE, "rb") as metrics:
        openmetrics.read(metrics.read())
    same(os.listdir(os.path.dirname(FILE)), ["vmainfo.prom"], "in the directory")
    os.chdir(os.path.dirname(FILE))
    output("export", "--quiet", "-o", "other.prom")
    same(sorted(os.listdir(".")), ["other.prom", "vmainfo.prom"], "in the directory")
    # Whoever has the old file open keeps its text.
    with open("vmainfo.prom", "rb") as kept:
        before = kept.read()
        output("export", "--quiet", "-o", "vmainfo.prom", "--count=0")
        kept.seek(0)
        same(kept.read(), before, "what was open")
    # A link is replaced, not what it points to.
    os.symlink("other.prom", "link.prom")
    before = os.stat("other.prom").st_ino
    output("export", "--quiet", "-o", "link.prom")
    same(os.path.islink("link.prom"), False, "a link")
    same(os.stat("other.prom").st_ino, before, "what it points to")


def check_captures():
    """Each process above the level has one capture, which only its owner can read."""
    path = os.path.join(TMP, "captures")
    os.mkdir(path, 0o700)

    def save(vmas):
        export("--save-above=%.6f" % (100 * vmas / limit()), "--save-to=" + path)
        return sorted(os.listdir(path))
    with targets((3000, b"a/b c"), (2000, b"b"), (100, b"c")) as (a, b, c):
        def name(target, comm):
            with open("/proc/%d/stat" % target.pid) as stat:
                start = stat.read().rsplit(")", 1)[1].split()[19]
            return "%s-%d-%s.vmas" % (comm, target.pid, start)
        same(save(b.vmas() + 0.5), [name(a, "a_b_c")], "just below the second")
        first = os.stat(os.path.join(path, name(a, "a_b_c")))
        same((first.st_mode & 0o7777, first.st_uid), (0o600, os.geteuid()), "mode and owner")
        same(save(b.vmas() - 0.5), sorted([name(a, "a_b_c"), name(b, "b")]), "just above it")
        same(os.stat(os.path.join(path, name(a, "a_b_c"))).st_ino, first.st_ino, "saved once")
        vmas = a.vmas()
        why = subprocess.run([VMAINFO, "why", "--from=" + os.path.join(path, name(a, "a_b_c"))],
                             check=True, capture_output=True, text=True).stdout
        same("%s (pid %d): {:,} VMAs".format(vmas) % (os.path.join(path, name(a, "a_b_c")), a.pid)
             in why, True, why)
    # The oldest ones go, and nothing else does.
    for i in range(20):
        with open(os.path.join(path, "old-%d-1.vmas" % i), "w") as file:
            pass
        os.utime(file.name, (i, i))
    for other in "other", "mine.vmas", "4-1.vmas":
        with open(os.path.join(path, other), "w"):
            pass
        os.utime(os.path.join(path, other), (0, 0))
    with targets((3000, b"new")) as (new,):
        names = save(new.vmas() - 0.5)
        same(len(names), 19, "captures, and other files")
        same({"other", "mine.vmas", "4-1.vmas"} < set(names) and any("-%d-" % new.pid in n for n in names), True, names)
        same("old-0-1.vmas" in names or "old-19-1.vmas" not in names, False, names)
    # 512 MB in all
    for i in range(3):
        with open(os.path.join(path, "big-%d-1.vmas" % i), "w") as file:
            file.truncate(256 << 20)
        os.utime(file.name, (2**31 + i, 2**31 + i))
    with targets((3000, b"new")) as (new,):
        names = [n for n in save(new.vmas() - 0.5) if n.count("-") > 1]
        same(names, ["big-2-1.vmas", *(n for n in names if "-%d-" % new.pid in n)], "the newest")

    def refused(why):
        done = subprocess.run([VMAINFO, "export", "-q", "--save-above=0", "--save-to=" + path],
                              capture_output=True, text=True)
        same((done.returncode, why in done.stderr, done.stdout.endswith("# EOF\n")),
             (1, True, True), done.stderr)
    os.chown(path, 1, -1)
    refused("'%s' belongs to another user (1)" % path)
    os.chown(path, 0, -1)
    os.chmod(path, 0o770)
    refused("other users can write to '%s'" % path)


main(globals())
