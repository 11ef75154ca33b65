# SPDX-License-Identifier: GPL-2.0
"""A process with many VMAs: a program, and for other tests in python a way to run it.

        python3 target.py N [NAME-IN-HEX [GROUPS]]

maps N pages of which every second one has other rights, and says "ready". It takes the name
first, if there is one, and as many supplementary groups. For each number on stdin it maps as many
more, and says "ready" again.
"""
import contextlib
import ctypes
import mmap
import os
import subprocess
import sys

from common import same

PR_SET_NAME = 15


class Target:
    """A process of a command that says "ready", with its pid."""

    def __init__(self, *command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.pid = self.process.pid
        same(self.process.stdout.readline(), "ready\n", "the target says")

    def ask(self, question):
        self.process.stdin.write(question + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().rstrip("\n")

    def grow(self, vmas):
        same(self.ask(str(vmas)), "ready", "the target says")

    def stop(self):
        self.process.kill()
        self.process.communicate()

    def vmas(self):
        """As the kernel counts them, without the gate page"""
        with open("/proc/%d/maps" % self.pid, "rb") as maps:
            return sum(not line.startswith(b"ffffffffff600000-") for line in maps)

    def status_kb(self, *keys):
        with open("/proc/%d/status" % self.pid, "rb") as status:
            lines = dict(line.split(b":", 1) for line in status if b":" in line)
        return sum(int(lines[key.encode()].split()[0]) for key in keys)


@contextlib.contextmanager
def running(*commands):
    """Runs a target for each command."""
    started = []
    try:
        for command in commands:
            started.append(Target(*command))
        yield started
    finally:
        for target in started:
            target.stop()


def targets(*wanted):
    """Runs this file for each (VMAs, name[, groups]) that is wanted."""
    return running(*([sys.executable, __file__, str(vmas), name.hex(), *map(str, groups)]
                     for vmas, name, *groups in wanted))


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int,
                          ctypes.c_int, ctypes.c_long]
    libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]

    def add(vmas):
        start = libc.mmap(None, vmas * mmap.PAGESIZE, mmap.PROT_READ,
                          mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, -1, 0)
        if start == ctypes.c_void_p(-1).value:
            raise OSError(ctypes.get_errno(), "mmap")
        for i in range(1, vmas, 2):
            if libc.mprotect(start + i * mmap.PAGESIZE, mmap.PAGESIZE, 0):
                raise OSError(ctypes.get_errno(), "mprotect")

    if len(sys.argv) > 2:
        libc.prctl(PR_SET_NAME, bytes.fromhex(sys.argv[2]))
    if len(sys.argv) > 3 and int(sys.argv[3]):
        os.setgroups(range(100000, 100000 + int(sys.argv[3])))
    add(int(sys.argv[1]))
    print("ready", flush=True)
    for line in sys.stdin:
        add(int(line))
        print("ready", flush=True)


if __name__ == "__main__":
    main()
