# SPDX-License-Identifier: GPL-2.0
"""mapped.py DIRECTORY: a process with mappings of strange names; says so, and waits."""

import mmap
import os
import signal
import sys

KEPT = []
for name in ("new\nline", "two  spaces ", "gone", "latin \udce4", "back\\slash"):
    path = os.path.join(sys.argv[1], name)
    with open(path, "wb+") as file:
        file.truncate(8192)
        KEPT.append(mmap.mmap(file.fileno(), 8192))
    if name == "gone":
        os.unlink(path)
KEPT.append(mmap.mmap(-1, 12288))
print("ready", flush=True)
signal.pause()
