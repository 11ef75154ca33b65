# SPDX-License-Identifier: GPL-2.0
"""What the tests in python share: python3 FILE CHECK [ARG...] runs its check_CHECK()."""
import contextlib
import os
import subprocess
import sys

VMAINFO = os.environ.get("VMAINFO")
TMP = os.environ.get("TMP")
CAPTURES = os.environ.get("CAPTURES")


def same(got, want, what):
    if got != want:
        raise AssertionError("%s: %r, not %r" % (what, got, want))


def has(text, part):
    if part not in text:
        raise AssertionError("%r is not in %r" % (part, text))


def run(*command, **options):
    """Status and stderr of the program with these arguments"""
    done = subprocess.run([VMAINFO, *command], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          text=True, **options)
    return done.returncode, done.stderr


def output(*command):
    """stdout of the program with these arguments, which succeeds"""
    return subprocess.run([VMAINFO, *command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          check=True).stdout


@contextlib.contextmanager
def watching(pid, stdout):
    """vmainfo watch, which has looked once"""
    with subprocess.Popen([VMAINFO, "watch", "--interval=0.01", str(pid)], stdout=stdout,
                          stderr=subprocess.PIPE, text=True) as running:
        try:
            while "process %d, " % pid not in running.stderr.readline():
                same(running.poll(), None, "it has ended")
            yield running
        finally:
            running.kill()


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def limit():
    return int(read("/proc/sys/vm/max_map_count"))


def main(functions):
    functions["check_" + sys.argv[1]](*sys.argv[2:])
