# SPDX-License-Identifier: GPL-2.0
"""What process.sh tests: python3 process.py CHECK, with the program in VMAINFO."""
import contextlib
import ctypes
import errno
import json
import mmap
import os
import platform
import shutil
import struct
import subprocess
import sys
import threading
import time

import openmetrics
from common import TMP, VMAINFO, output, read, run, same, watching
from target import running as target_of

# Longer than comm, and unique even if this test runs twice
LONG = "a-very-long-name-%d" % os.getpid()
SHORT = "short-%d" % os.getpid()

PR_SET_NAME = 15
SYS_EXIT = {"x86_64": 60, "aarch64": 93}
SYS_PERF_EVENT_OPEN = {"x86_64": 298, "aarch64": 241}
MAP_NORESERVE = 0x4000
MFD_HUGETLB = 4
CLONE_NEWNS = 0x20000

libc = ctypes.CDLL(None)


def maps_by_program(process):
    """What it shows without the module of a process, by PID or name"""
    return output("show", "--quiet", "--maps", str(process)).decode()


@contextlib.contextmanager
def running(*command):
    with target_of(command) as (one,):
        yield one


def target(name, *args):
    """A process of this file's target_NAME()"""
    return running(sys.executable, __file__, "target_" + name, *args)


# ---- a main thread that has exited ----

def target_threads(name):
    """Only another thread is left, which maps a page for each line on stdin."""
    libc.prctl(PR_SET_NAME, name[:15].encode())
    tid = os.getpid()

    def other():
        while "State:\tZ" not in read("/proc/self/task/%d/status" % tid):
            pass
        libc.prctl(PR_SET_NAME, b"a thread")
        print("ready", flush=True)
        kept = []
        for _ in sys.stdin:
            kept.append(mmap.mmap(-1, mmap.PAGESIZE, mmap.MAP_PRIVATE, mmap.PROT_READ))
            print("mapped", flush=True)
    threading.Thread(target=other).start()
    # Not exit_group(), and nothing of the interpreter's goes.
    libc.syscall(SYS_EXIT[platform.machine()], 0)


def thread_of(pid):
    tid, = (tid for tid in os.listdir("/proc/%d/task" % pid) if tid != str(pid))
    return "/proc/%d/task/%s" % (pid, tid)


def nr_of_maps(directory):
    return sum(not line.startswith("ffffffffff600000-")
               for line in read(directory + "/maps").splitlines())


def check_threads_show():
    with target("threads", SHORT) as process:
        same(maps_by_program(process.pid), read(thread_of(process.pid) + "/maps"), "maps")


def check_threads_top():
    with target("threads", SHORT) as process:
        shown = output("top", "--batch", "--iterations=1", "--kilobytes",
                       "--pid=%d" % process.pid).decode().splitlines()[-1].split()
        same(shown[:2], [str(process.pid), str(nr_of_maps(thread_of(process.pid)))], "VMAs")
        size = dict(line.split(":", 1)
                    for line in read(thread_of(process.pid) + "/status").splitlines())["VmSize"]
        same(shown[4] + " kB", size.strip(), "size")
        # That of the process, not that of the thread
        same(shown[-1], SHORT, "name")


def check_threads_export():
    with target("threads", SHORT) as process:
        samples = openmetrics.read(output("export", "--quiet", "--threshold=0", "--count=100000"))
        got = [value for (metric, labels), value in samples.items()
               if metric == "vmainfo_process_vmas" and dict(labels)["pid"] == str(process.pid)]
        same(got, [nr_of_maps(thread_of(process.pid))], "VMAs")


def check_threads_watch():
    with target("threads", SHORT) as process:
        with watching(process.pid, subprocess.PIPE) as watch:
            same(process.ask("map"), "mapped", "it says")
            said = watch.stdout.readline()
            same(said.startswith(("mapped", "grown")), True, "it says %r" % said)


# ---- names ----

def script(name, first_line):
    path = os.path.join(TMP, name)
    with open(path, "w") as file:
        file.write(first_line + "\necho ready\nread _\n")
    os.chmod(path, 0o755)
    return path


def target_named():
    libc.prctl(PR_SET_NAME, b"a\nb\\c\\x\xc3\xa9\xff")
    target_wait()


def check_same_name():
    """Bytes that are not text are escaped once, in any locale."""
    with target("named") as process:
        for locale in "C", "C.UTF-8":
            os.environ["LC_ALL"] = locale
            why = json.loads(output("why", "--quiet", "--json", str(process.pid)))
            same(why["comm"], "a\\x0ab\\c\\x5cx\u00e9\\xff", "why")
            top = json.loads(output("top", "--json", "--iterations=1",
                                    "--pid=%d" % process.pid))["processes"]
            same([row["comm"] for row in top], [why["comm"]], "top")
            shown = output("top", "--batch", "--iterations=1", "--pid=%d" % process.pid)
            same(shown.decode().splitlines()[-1].split()[-1],
                 why["comm"].replace("\u00e9", "\\xc3\\xa9" if locale == "C" else "\u00e9"), "table")


def shows(name, process):
    same(maps_by_program(name), read("/proc/%d/maps" % process.pid), name)


def not_found(name):
    status, said = run("show", "--quiet", name)
    same((status, "there is no process '%s'" % name in said), (1, True), "it says %r" % said)


def check_script():
    for line in "#!/bin/sh", "#!/bin/sh -e":
        with running(script(LONG, line)) as process:
            shows(LONG, process)


def check_program():
    """Not the interpreter of a script: a program with that name."""
    path = os.path.join(TMP, LONG)
    shutil.copy(os.path.realpath(sys.executable), path)
    with running(path, __file__, "target_wait") as process:
        shows(LONG, process)


def target_wait():
    print("ready", flush=True)
    sys.stdin.read()


def check_prefix():
    """Two names with the same comm"""
    with running(script(LONG, "#!/bin/sh")), running(script(LONG + "-b", "#!/bin/sh")) as other:
        shows(LONG + "-b", other)
        for name in LONG[:-1], LONG + "-", LONG + "-a":
            not_found(name)
        # As with pgrep, this is the name of both.
        status, said = run("save", "--quiet", LONG[:15], os.path.join(TMP, "both"))
        same((status, str(other.pid) in said), (1, True), "it says %r" % said)


def check_argument():
    """An argument is no name, not even one of a script with the same beginning."""
    path = script(LONG + "-b", "#!/bin/sh -e")
    with running(path, LONG):
        not_found(LONG)


def check_name_of_threads():
    """A main thread that has exited has no cmdline any more."""
    path = script(LONG, "#!" + sys.executable)
    with open(path, "w") as file:
        file.write("#!%s\nimport sys\nsys.argv[1:] = ['target_threads', %r]\nimport process\n"
                   % (sys.executable, LONG))
    with running(path) as process:
        same(maps_by_program(LONG), read(thread_of(process.pid) + "/maps"), LONG)


def add_process(pid, comm, cmdline, gate=""):
    """In a private /proc. Without cmdline, its reader waits."""
    directory = "/proc/%d" % pid
    os.mkdir(directory)
    for name, content in (("comm", comm + "\n"), ("cmdline", cmdline), ("statm", "1 1 1\n"),
                          ("maps", "1000-2000 r--p 00000000 00:00 0 \n" + gate),
                          ("status", "Name:\t%s\n" % comm)):
        if content is None:
            os.mkfifo(directory + "/" + name)
            continue
        with open(directory + "/" + name, "w") as file:
            file.write(content)


def check_gate():
    gates = ("ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0 [vsyscall]\n",
             "ffff0000-ffff1000 r-xp 00000000 00:00 0 [vectors]\n",
             "ffffe000-fffff000 r-xp 00000000 00:00 0 [vdso]\n")
    for pid, gate in enumerate(gates, 2000000001):
        add_process(pid, "gate", "", gate)
    # A process can move its vDSO there.
    add_process(2000000009, "moved", "", gates[-1] + "100000000-100001000 rw-p 00000000 00:00 0\n")
    shown = output("top", "--batch", "--iterations=1").decode().splitlines()[-len(gates) - 1:]
    same([line.split()[1] for line in shown], ["3"] + ["1"] * len(gates), "VMAs")


def reads_cmdline(pids, *args, status=0):
    """Whose cmdline of these the program reads: it would wait for it, but we let it go on."""
    readers = []
    with subprocess.Popen([VMAINFO, *args], stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True) as program:
        while program.poll() is None:
            time.sleep(0.01)
            for pid in pids:
                try:
                    os.close(os.open("/proc/%d/cmdline" % pid, os.O_WRONLY | os.O_NONBLOCK))
                    readers.append(pid)
                except OSError as error:
                    same(error.errno, errno.ENXIO, "errno")
        said = program.stderr.read()
    same(program.returncode, status, "%r: status, it says %r" % (args, said))
    return readers


def check_stuck():
    """cmdline is read only if comm is the beginning of a long name."""
    # Nobody has such numbers.
    stuck = dict(enumerate(("short", LONG[:14], LONG[1:16], LONG + "-b"), 2000000001))
    for pid, comm in stuck.items():
        add_process(pid, comm, None)
    add_process(2000000009, LONG[:15], "/bin/sh\0./%s\0" % LONG)
    for name, status in (("short", 0), (LONG[:14], 0), (LONG[:15], 0), (LONG, 0), (LONG + "-b", 0),
                         (LONG + "-c", 1), ("none", 1)):
        same(reads_cmdline(stuck, "show", "--quiet", name, status=status), [], name)


# ---- a long line of maps ----

def target_long_line():
    os.chdir(TMP)
    for _ in range(8400):
        os.mkdir("d" * 255)
        os.chdir("d" * 255)
    mapped = Mapped()
    mapped.add("file", new_file("file"))
    mapped.tell()


def check_long_line():
    """Of two megabytes, with lines behind it"""
    with target("long_line") as process:
        size, number = "[name too long]", str(process.pid)
        with open("/proc/%d/maps" % process.pid, encoding="utf-8") as maps:
            lines = [line.split(None, 5) for line in maps]
        names = [line[5].strip() if len(line) > 5 else None for line in lines]
        same(sum(len(name or "") > 2 << 20 for name in names), 1, "long names")
        names = [size if len(name or "") > 2 << 20 else name for name in names]
        shown = json.loads(output("show", "--quiet", "--json", number))["records"]
        same([record["start"] for record in shown], ["0x" + line[0].split("-")[0].lstrip("0")
                                                     for line in lines], "starts")
        same([record["name"] for record in shown], names, "names")
        why = json.loads(output("why", "--quiet", "--json", number))
        same(why["vmas"], nr_of_maps("/proc/%d" % process.pid), "why")
        same([group["vmas"] for group in why["groups"] if group["name"] == size], [1], "why")


# ---- kinds ----

class Mapped:
    """Start and kind of what this process maps."""

    def __init__(self):
        self.kept, self.kinds = [], {}

    def add(self, kind, fd, size=mmap.PAGESIZE, flags=mmap.MAP_SHARED):
        self.kept.append(mmap.mmap(fd, size, flags))
        start = ctypes.addressof(ctypes.c_char.from_buffer(self.kept[-1]))
        self.kinds["0x%x" % start] = kind
        os.close(fd)

    def tell(self):
        print("ready", flush=True)
        sys.stdin.readline()
        print(json.dumps(self.kinds), flush=True)
        sys.stdin.read()


def sized(fd, size=mmap.PAGESIZE):
    os.ftruncate(fd, size)
    return fd


def new_file(path, size=mmap.PAGESIZE):
    return sized(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), size)


def target_mounted(directory):
    """Files of file systems that only this process has mounted"""
    mapped = Mapped()
    libc.unshare(CLONE_NEWNS)
    # A build root is private already, and there is no mount at its /.
    subprocess.run(["mount", "--make-rprivate", "/"], stderr=subprocess.DEVNULL, check=False)
    for kind, fs in (("shmem", "tmpfs"), ("file", "ramfs"), ("hugetlb", "hugetlbfs")):
        where = os.path.join(directory, fs)
        os.makedirs(where)
        if subprocess.run(["mount", "-t", fs, "none", where], check=fs != "hugetlbfs").returncode:
            continue
        size = os.statvfs(where).f_bsize
        for name in "a file", "gone":
            mapped.add(kind, new_file(where + "/" + name, size), size,
                       mmap.MAP_SHARED | MAP_NORESERVE)
        os.unlink(where + "/gone")
    mapped.tell()


def target_memory():
    """Devices, and memory that has no path"""
    mapped = Mapped()
    mapped.add("dev", os.open("/dev/zero", os.O_RDWR), flags=mmap.MAP_PRIVATE)
    mapped.add("shmem", os.open("/dev/zero", os.O_RDWR))
    mapped.add("shmem", sized(os.memfd_create("memfd")))
    try:
        fd = os.memfd_create("memfd", MFD_HUGETLB)
        size = os.fstat(fd).st_blksize
        mapped.add("hugetlb", sized(fd, size), size, mmap.MAP_SHARED | MAP_NORESERVE)
    except OSError as error:
        print("# memfd of huge pages: %s" % error, file=sys.stderr)
    attr = struct.pack("IIQ", 1, 112, 1) + bytes(96)
    fd = libc.syscall(SYS_PERF_EVENT_OPEN[platform.machine()], attr, 0, -1, -1, 0)
    if fd >= 0:
        mapped.add("file", fd)
    mapped.tell()


def compare_kinds(process):
    want = json.loads(process.ask("which?"))
    records = json.loads(output("show", "--quiet", "--json", str(process.pid)))["records"]
    for record in records:
        kind = want.pop(record["start"], None)
        same(record["kind"], kind or record["kind"], record["name"])
    same(want, {}, "these are not there")
    groups = json.loads(output("why", "--quiet", "--json", str(process.pid)))["groups"]
    for kind in {record["kind"] for record in records if record["nr"]}:
        same(sum(group["vmas"] for group in groups if group["kind"] == kind),
             sum(record["kind"] == kind for record in records), "why: " + kind)
    # What is saved says the same.
    saved = os.path.join(TMP, "saved")
    same(run("save", "--quiet", str(process.pid), saved), (0, ""), "save")
    again = json.loads(output("show", "--json", "--from", saved))["records"]
    same([record["kind"] for record in again], [record["kind"] for record in records],
         "kinds that were saved")


def check_mounted():
    with target("mounted", os.path.join(TMP, "mounts")) as process:
        compare_kinds(process)
        same(os.listdir(os.path.join(TMP, "mounts", "ramfs")), [], "files that others see")


def check_memory():
    with target("memory") as process:
        compare_kinds(process)


globals()[("" if sys.argv[1].startswith("target_") else "check_") + sys.argv[1]](*sys.argv[2:])
