# SPDX-License-Identifier: GPL-2.0
"""A program on a terminal of ours: what a person would see, and the keys that they press.

The terminal is a VT100 of any size, as far as programs that use ncurses need one. What it does
not know is an error, so that nothing that a program sends goes unseen.
"""
import codecs
import fcntl
import os
import re
import select
import struct
import subprocess
import termios
import time

# A program that hangs is to end the test, but one on a busy machine is not.
LIMIT = 1800

CONTROL = re.compile(r"\x1b\[([?0-9;]*)([A-Za-z])|\x1b[()][0AB]|\x1b[=>DM78]")


class Screen:
    def __init__(self, lines, columns):
        self.resize(lines, columns)
        self.decoder = codecs.getincrementaldecoder("utf-8")("strict")
        self.pending = ""

    def resize(self, lines, columns):
        self.lines, self.columns = lines, columns
        self.cells = [[" "] * columns for _ in range(lines)]
        self.y = self.x = 0
        self.top, self.bottom = 0, lines
        self.saved = 0, 0

    def text(self):
        return ["".join(line).rstrip() for line in self.cells]

    def feed(self, data):
        text = self.pending + self.decoder.decode(data)
        at = 0
        while at < len(text):
            c = text[at]
            if c == "\x1b":
                match = CONTROL.match(text, at)
                if match:
                    self.control(match)
                    at = match.end()
                    continue
                if len(text) - at < 16:
                    break # its end is to come
                raise AssertionError("unknown to a VT100: %r" % text[at:at + 16])
            at += 1
            if c == "\r":
                self.x = 0
            elif c == "\n":
                self.line_feed()
            elif c == "\b":
                self.x = max(self.x - 1, 0)
            elif c in "\x0e\x0f":
                pass # character sets
            elif c == "\t":
                self.x = min(self.x // 8 * 8 + 8, self.columns - 1)
            elif c < " " or "\x7f" <= c < "\xa0":
                raise AssertionError("a control character: %r" % c)
            else:
                self.put(c)
        self.pending = text[at:]

    def line_feed(self):
        """At the end of the scrolling region the lines go up."""
        if self.y == self.bottom - 1:
            del self.cells[self.top]
            self.cells.insert(self.bottom - 1, [" "] * self.columns)
        else:
            self.y = min(self.y + 1, self.lines - 1)

    def reverse_line_feed(self):
        if self.y == self.top:
            del self.cells[self.bottom - 1]
            self.cells.insert(self.top, [" "] * self.columns)
        else:
            self.y = max(self.y - 1, 0)

    def put(self, c):
        # In the last column the cursor stays, until the next character.
        if self.x == self.columns:
            self.x = 0
            self.line_feed()
        self.cells[self.y][self.x] = c
        self.x += 1

    def control(self, match):
        if match.group() == "\x1bD":
            self.line_feed()
        if match.group() == "\x1bM":
            self.reverse_line_feed()
        if match.group() == "\x1b7":
            self.saved = self.y, self.x
        if match.group() == "\x1b8":
            self.y, self.x = self.saved
        if match.group(2) is None or "?" in match.group(1):
            return # character sets, modes
        numbers = [int(n or 0) for n in match.group(1).split(";")]
        n = max(numbers[0], 1)
        what = match.group(2)
        if what == "H":
            self.y = min(n, self.lines) - 1
            self.x = min(max(numbers[1] if len(numbers) > 1 else 1, 1), self.columns) - 1
        elif what == "A":
            self.y = max(self.y - n, 0)
        elif what == "B":
            self.y = min(self.y + n, self.lines - 1)
        elif what == "C":
            self.x = min(self.x + n, self.columns - 1)
        elif what == "D":
            self.x = max(self.x - n, 0)
        elif what == "K":
            first, end = self.part(numbers[0], self.x, self.columns)
            self.cells[self.y][first:end] = [" "] * (end - first)
        elif what == "J":
            first, end = self.part(numbers[0], self.y * self.columns + self.x,
                                   self.lines * self.columns)
            for cell in range(first, end):
                self.cells[cell // self.columns][cell % self.columns] = " "
        elif what == "r":
            self.top = n - 1
            self.bottom = numbers[1] if len(numbers) > 1 else self.lines
            self.y = self.x = 0
        elif what not in "mhl":
            raise AssertionError("unknown to a VT100: %r" % match.group())

    @staticmethod
    def part(which, at, size):
        """What is erased: from here, up to here, or all."""
        return {0: (at, size), 1: (0, at + 1), 2: (0, size)}[which]


class Program:
    """A program on a terminal, as its controlling one."""

    def __init__(self, command, lines=24, columns=100, env=None):
        self.deadline = time.monotonic() + LIMIT
        self.master, self.slave = os.openpty()
        self.screen = Screen(lines, columns)
        self.set_size(lines, columns)
        self.settings = termios.tcgetattr(self.slave)
        env = {**os.environ, **(env or {}), "TERM": "vt100", "LC_ALL": "C.UTF-8"}
        for size in ("LINES", "COLUMNS"):
            env.pop(size, None)
        self.process = subprocess.Popen(command, stdin=self.slave, stdout=self.slave,
                                        stderr=self.slave, env=env,
                                        start_new_session=True,
                                        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        if exception[0]:
            print("the screen:", *self.screen.text(), sep="\n| ")
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)
        os.close(self.slave)

    def set_size(self, lines, columns):
        """The kernel sends SIGWINCH to the terminal's foreground process group."""
        self.screen.resize(lines, columns)
        fcntl.ioctl(self.master, termios.TIOCSWINSZ,
                    struct.pack("HHHH", lines, columns, 0, 0))

    def press(self, keys):
        os.write(self.master, keys.encode())

    def read(self, seconds):
        """What it writes within that time; false if nothing."""
        if time.monotonic() > self.deadline:
            raise AssertionError("it takes more than %d seconds" % LIMIT)
        if not select.select([self.master], [], [], seconds)[0]:
            return False
        self.screen.feed(os.read(self.master, 65536))
        return True

    def wait_for(self, what, condition):
        """Until the condition holds for the lines of the screen."""
        while True:
            # Read all: half a screen does not count.
            while self.read(0):
                pass
            found = condition(self.screen.text())
            if found:
                return found
            if self.process.poll() is not None and not self.read(0):
                raise AssertionError("it ended with %d while %s was waited for" %
                                     (self.process.returncode, what))
            self.read(0.2)

    def wait_for_end(self):
        """Its exit status, as of subprocess."""
        while self.process.poll() is None:
            self.read(0.05)
        while self.read(0):
            pass
        return self.process.returncode

    def is_restored(self):
        return termios.tcgetattr(self.slave) == self.settings
