# SPDX-License-Identifier: GPL-2.0
"""What output.sh tests: python3 output.py CHECK, with the program in VMAINFO.

Every command that is started here ends by itself sooner or later, also if it does not notice that
its output is lost. How it ends tells whether it did.
"""
import contextlib
import errno
import os
import pty
import signal
import socket
import subprocess
import tempfile
import time

from common import CAPTURES, VMAINFO, main, run, same, watching
from target import targets

CAPTURE = CAPTURES + "/python.raw"
PID = str(os.getpid())

# Those that end after one look: each prints something.
COMMANDS = (
    ("show", "--from", CAPTURE),
    ("show", "--quiet", PID),
    ("draw", "--from", CAPTURE),
    ("save", "--quiet", PID, "-"),
    ("diff", "--quiet", CAPTURE, PID),
    ("top", "--batch", "--iterations=1"),
    ("export", "--quiet"),
    ("--help",),
)


def sigpipe(action):
    """For preexec_fn: what the shell's trap and systemd do, or the opposite."""
    return lambda: signal.signal(signal.SIGPIPE, action)


def ends(command, stdout, status, said, action=signal.SIG_DFL):
    same(run(*command, stdout=stdout, preexec_fn=sigpipe(action)), (status, said), command)


def fails(command, stdout, error, action=signal.SIG_DFL):
    """It says that this error has lost its output."""
    ends(command, stdout, 2 if command[0] == "diff" else 1,
         "vmainfo: write error: %s\n" % os.strerror(error), action)


@contextlib.contextmanager
def closed(ours, theirs):
    """An end of which the other one is closed"""
    os.close(ours)
    try:
        yield theirs
    finally:
        os.close(theirs)


def closed_socket():
    return closed(*(end.detach() for end in socket.socketpair()))


def check_socket():
    for command in COMMANDS:
        for action in signal.SIG_DFL, signal.SIG_IGN:
            with closed_socket() as stdout:
                fails(command, stdout, errno.EPIPE, action)


def check_pipe():
    for command in COMMANDS:
        with closed(*os.pipe()) as stdout:
            ends(command, stdout, -signal.SIGPIPE, "")
            fails(command, stdout, errno.EPIPE, signal.SIG_IGN)


def check_terminal():
    for command in COMMANDS:
        if command[0] == "save":
            continue # refuses terminals
        with closed(*pty.openpty()) as stdout:
            fails(command, stdout, errno.EIO)


def check_full():
    for command in COMMANDS:
        with open("/dev/full", "w") as stdout:
            fails(command, stdout, errno.ENOSPC)


def check_watch_closed():
    """Nothing changes, so nothing is written. Without the check, all looks are made: status 0."""
    watch = "watch", "--quiet", "--count=3", "--interval=3", PID
    with closed_socket() as stdout:
        fails(watch, stdout, errno.EPIPE)
    with closed(*os.pipe()) as stdout:
        ends(watch, stdout, -signal.SIGPIPE, "")
        fails(watch, stdout, errno.EPIPE, signal.SIG_IGN)
    with closed(*pty.openpty()) as stdout:
        fails(watch, stdout, errno.EIO)
    with open("/dev/null") as stdout:
        fails(watch, stdout, errno.EBADF)


def check_top_closed():
    """The reader goes between two looks."""
    top = VMAINFO, "top", "--batch", "--iterations=2", "--delay=3"
    ours, theirs = socket.socketpair()
    with subprocess.Popen(top, stdout=theirs, stderr=subprocess.PIPE, text=True) as running:
        theirs.close()
        ours.recv(1)
        ours.close()
        said = running.stderr.read()
    same((running.returncode, said), (1, "vmainfo: write error: Broken pipe\n"), "a socket")


def looks(pid):
    """How often it has waited."""
    with open("/proc/%d/status" % pid) as status:
        return int(dict(line.split(":", 1) for line in status)["voluntary_ctxt_switches"])


def ends_at_first_change(stdout, why):
    """watch: it ends when it has printed something, and not when it has looked again and again."""
    with targets((10, b"changes")) as (target,), watching(target.pid, stdout) as running:
        target.grow(10)
        enough = looks(running.pid) + 100
        while running.poll() is None and looks(running.pid) < enough:
            time.sleep(0.01)
        same(running.poll(), 1, "status")
        same(running.stderr.read(), "vmainfo: write error: %s\n" % why, "it says")


def check_watch_full():
    with open("/dev/full", "w") as stdout:
        ends_at_first_change(stdout, "No space left on device")


def check_watch_full_disk(directory):
    """In the directory is a file system without a free page."""
    with open(os.path.join(directory, "full"), "wb", buffering=0) as full:
        try:
            while full.write(bytes(4096)):
                pass
        except OSError:
            pass
    with tempfile.TemporaryFile(dir=directory) as stdout:
        ends_at_first_change(stdout, "No space left on device")


def check_top_terminal():
    """The keys come from another terminal than that of the table, which goes."""
    keys, stdin = pty.openpty()
    screen, stdout = pty.openpty()
    command = VMAINFO, "top", "--delay=3", "--iterations=2"
    with subprocess.Popen(command, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE, text=True,
                          env=dict(os.environ, TERM="vt100"), start_new_session=True) as running:
        os.close(stdout)
        os.read(screen, 1)
        os.close(screen)
        said = running.stderr.read()
    os.close(stdin)
    os.close(keys)
    same((running.returncode, said), (1, "vmainfo: the terminal is gone\n"), "top")


main(globals())
