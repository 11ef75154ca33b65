# SPDX-License-Identifier: GPL-2.0
"""What files.sh tests: python3 files.py CHECK, with the program in VMAINFO. As root, with
two other users."""
import contextlib
import errno
import fcntl
import os
import socket
import stat
import subprocess
import sys

from common import CAPTURES, TMP, VMAINFO, main, read, run, same
from target import targets

COPY = os.environ["COPY"] # that other users can run
CAPTURE = CAPTURES + "/python.raw"
DIR = os.path.join(TMP, sys.argv[1])
os.mkdir(DIR)
F_SETPIPE_SZ = 1031
ROOT, USER, OTHER = 0, 65534, 65533
NULL, FULL = os.makedev(1, 3), os.makedev(1, 7)


def commands(path):
    """Those that write to a file"""
    return ("save", "--quiet", str(os.getppid()), path), ("draw", "--from", CAPTURE, "-o", path)


def save_as_user(path):
    """The same of a process of that user"""
    user = {"user": USER, "group": USER, "extra_groups": []}
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, **user) as process:
        done = subprocess.run([COPY, "save", "--quiet", str(process.pid), path],
                              stderr=subprocess.PIPE, text=True, **user)
        process.stdin.close()
    return done.returncode, done.stderr


def free(what):
    """The path of a file that is not there"""
    path = os.path.join(DIR, what + ".svg")
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    return path


def name(what, uid, device=NULL):
    path = free(what)
    if what.startswith("fifo"):
        os.mkfifo(path)
    elif what.startswith("device"):
        os.mknod(path, stat.S_IFCHR | 0o600, device)
    else:
        with open(path, "w") as file:
            file.write("old")
    os.chown(path, uid, uid)
    os.chmod(path, 0o666)
    return path


def link(to, uid):
    path = free("link")
    os.symlink(to, path)
    os.chown(path, uid, uid, follow_symlinks=False)
    return path


@contextlib.contextmanager
def opened(fifo):
    """Somebody reads it, or waits to."""
    fd = os.open(fifo, os.O_RDWR | os.O_NONBLOCK)
    fcntl.fcntl(fd, F_SETPIPE_SZ, 1 << 20) # a whole picture has room in it
    try:
        yield fd
    finally:
        os.close(fd)


def got(fd):
    try:
        return len(os.read(fd, 1 << 20))
    except BlockingIOError:
        return 0


def refused(path, fifo, why):
    """Nothing is written, and the path is what it was."""
    before = os.lstat(path)
    for command in commands(path):
        with opened(fifo) as fd:
            status, said = run(*command)
            same(got(fd), 0, "%r: bytes that were written" % (command,))
        same(status, 1, "%r: status" % (command,))
        same(why in said, True, "%r: it says %r" % (command, said))
    after = os.lstat(path)
    same((after.st_ino, after.st_mode), (before.st_ino, before.st_mode), path)


def check_fifo():
    for mode in 0o755, 0o1777:
        os.chmod(DIR, mode)
        fifo = name("fifo", USER)
        refused(fifo, fifo, "belongs to another user (%d)" % USER)


def check_device():
    fifo = name("fifo", ROOT)
    refused(name("device", USER), fifo, "belongs to another user (%d)" % USER)


def check_link():
    """Whoever made it, and whosever it leads to"""
    for owner in ROOT, USER:
        for target in ROOT, USER:
            fifo = name("fifo", target)
            refused(link(fifo, owner), fifo, "is a link to what is not a regular file")
        refused(link(name("device", ROOT), owner), fifo, "is a link to what is not a regular file")


def check_replaced():
    """A regular file of whomever, and a link to one: it becomes ours, and what it was is not touched."""
    kept, none = name("kept", USER), os.path.join(DIR, "none.svg")
    for make, what in (name, "file"), (link, kept), (link, none):
        for nr in range(2):
            path = make(what, USER)
            command = commands(path)[nr]
            same(run(*command), (0, ""), command)
            made = os.lstat(path)
            same((stat.S_ISREG(made.st_mode), stat.S_IMODE(made.st_mode), made.st_uid),
                 (True, 0o600, ROOT), command)
        same(read(kept), "old", "what the link leads to")
        same(os.path.lexists(none), False, "what the link leads to is there")


def check_ours():
    fifo = name("fifo", ROOT)
    for command in commands(fifo):
        with opened(fifo) as fd:
            same(run(*command), (0, ""), command)
            same(got(fd) > 0, True, "%r: it was written" % (command,))
    same(stat.S_ISFIFO(os.lstat(fifo).st_mode), True, "a pipe")
    device = name("device", ROOT)
    for command in commands(device):
        same(run(*command), (0, ""), command)
    same(stat.S_ISCHR(os.lstat(device).st_mode), True, "a device")
    # Not that of the machine: it would be replaced by a file if this went wrong.
    full = name("device", ROOT, FULL)
    for command in commands(full):
        status, said = run(*command)
        same((status, "cannot write '%s': No space left on device" % full in said), (1, True), said)
    same(stat.S_ISCHR(os.lstat(full).st_mode), True, "a full device")


def check_user():
    """Without root's rights, it is the same."""
    for owner in USER, ROOT:
        fifo = name("fifo", owner)
        with opened(fifo) as fd:
            same(save_as_user(fifo), (0, ""), "of %d" % owner)
            same(got(fd) > 0, True, "it was written")
    fifo = name("fifo", OTHER)
    with opened(fifo) as fd:
        status, said = save_as_user(fifo)
        same((status, "belongs to another user (%d)" % OTHER in said, got(fd)), (1, True, 0),
             "it says %r" % said)


def check_open_files():
    """Names of open files: whosever they are, we were given them."""
    stdout = link("/proc/self/fd/1", ROOT)
    os.seteuid(USER)
    reads, write = os.pipe()
    os.seteuid(ROOT)
    same(os.fstat(write).st_uid, USER, "owner of the pipe")
    os.set_blocking(reads, False)
    for path, options in ((stdout, {"stdout": write}),
                          ("/proc/self/fd/%d" % write, {"pass_fds": [write]})):
        same(run("save", "--quiet", str(os.getppid()), path, **options), (0, ""), path)
        same(got(reads) > 0, True, "it was written")
    null = os.open("/dev/null", os.O_WRONLY)
    path = "/dev/fd/%d" % null
    same(run("save", "--quiet", str(os.getppid()), path, pass_fds=[null]), (0, ""), path)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        same(run("save", "--quiet", str(os.getppid()), stdout, stdout=theirs), (0, ""), "a socket")
        same(len(ours.recv(1 << 20)) > 0, True, "it was written")
    # Not by the link of another user
    refused_link = link("/proc/self/fd/1", USER)
    status, said = run("save", "--quiet", str(os.getppid()), refused_link, stdout=write)
    same((status, "is a link to what is not" in said, got(reads)), (1, True, 0), "it says %r" % said)
    same(run("save", "--quiet", str(os.getppid()), "/proc/self/fd/999"),
         (1, "vmainfo: cannot create a file beside '/proc/self/fd/999': %s\n"
          % os.strerror(errno.ENOENT)), "one that is not open")


def check_reader_goes():
    """That the output is lost is said, and not told by SIGPIPE alone."""
    fifo = name("fifo", ROOT)
    # More than there is room for in a pipe
    with targets((3000, b"many")) as (target,):
        with subprocess.Popen([VMAINFO, "save", "--quiet", str(target.pid), fifo],
                              stderr=subprocess.PIPE, text=True) as running:
            fd = os.open(fifo, os.O_RDONLY)
            os.read(fd, 1)
            os.close(fd)
            said = running.stderr.read()
    same((running.returncode, said), (1, "vmainfo: cannot write '%s': Broken pipe\n" % fifo), "save")


main(globals())
