# SPDX-License-Identifier: GPL-2.0
"""A process as one meets them: an interpreter with a heap, threads, files and many
libraries. Says so when all is mapped, then waits."""

import asyncio  # noqa: F401  these are here for what they map
import bz2  # noqa: F401
import ctypes  # noqa: F401
import curses  # noqa: F401
import decimal  # noqa: F401
import lzma  # noqa: F401
import mmap
import multiprocessing.shared_memory  # noqa: F401
import readline  # noqa: F401
import signal
import sqlite3
import ssl  # noqa: F401
import tempfile
import threading
import uuid  # noqa: F401
import xml.etree.ElementTree  # noqa: F401
import zlib  # noqa: F401

THREADS = 8

db = sqlite3.connect(":memory:")
db.execute("create table t (x)")
db.executemany("insert into t values (?)", ((i,) for i in range(10000)))

shared = mmap.mmap(-1, 1 << 20)
shared[0] = 1
private = mmap.mmap(-1, 4 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
log = tempfile.NamedTemporaryFile(prefix="demo log ", suffix=".txt")
log.truncate(1 << 16)
logged = mmap.mmap(log.fileno(), 0)
gone = tempfile.TemporaryFile()
gone.truncate(1 << 16)
deleted = mmap.mmap(gone.fileno(), 0, prot=mmap.PROT_READ)

started = threading.Barrier(THREADS + 1)
for _ in range(THREADS):
    threading.Thread(target=lambda: (started.wait(), signal.pause()), daemon=True).start()
started.wait()

print(f"python3 with {threading.active_count()} threads", flush=True)
signal.pause()
