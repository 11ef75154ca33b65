# SPDX-License-Identifier: GPL-2.0
"""terminal.py COMMAND...: what it prints when stdout is a terminal, with its exit status."""

import os
import pty
import sys

pid, fd = pty.fork()
if not pid:
    os.execvp(sys.argv[1], sys.argv[1:])
while True:
    try:
        data = os.read(fd, 65536)
    except OSError:  # EIO: all writers have closed it
        break
    if not data:
        break
    sys.stdout.buffer.write(data)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
