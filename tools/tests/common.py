# SPDX-License-Identifier: GPL-2.0
"""What the tests in python share: python3 FILE CHECK [ARG...] runs its check_CHECK()."""
import os
import sys

VMAINFO = os.environ.get("VMAINFO")
TMP = os.environ.get("TMP")
CAPTURES = os.environ.get("CAPTURES")


def same(got, want, what):
    if got != want:
        raise AssertionError("%s: %r, not %r" % (what, got, want))


def limit():
    with open("/proc/sys/vm/max_map_count") as value:
        return int(value.read())


def main(functions):
    functions["check_" + sys.argv[1]](*sys.argv[2:])
