# SPDX-License-Identifier: GPL-2.0
"""A process with many VMAs: a program, and for other tests in python a way to run it.

        python3 target.py N [NAME-IN-HEX [GROUPS]]

maps N pages that do not merge, and says "ready". It takes the name first, if there is one, and as
many supplementary groups. For each number on stdin it maps as many more, and says "ready" again.
"""
import contextlib
import mmap
import os
import subprocess
import sys

from common import same


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
    held = []

    def add(vmas):
        for _ in range(vmas):
            # One can be read and the next one not, so they do not merge.
            held.append(mmap.mmap(-1, mmap.PAGESIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS,
                                  prot=0 if len(held) % 2 else mmap.PROT_READ))

    if len(sys.argv) > 2:
        with open("/proc/self/comm", "wb") as comm:
            comm.write(bytes.fromhex(sys.argv[2]) + b"\0")
    if len(sys.argv) > 3:
        os.setgroups(range(100000, 100000 + int(sys.argv[3])))
    add(int(sys.argv[1]))
    print("ready", flush=True)
    for line in sys.stdin:
        add(int(line))
        print("ready", flush=True)


if __name__ == "__main__":
    main()
