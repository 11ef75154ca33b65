# SPDX-License-Identifier: GPL-2.0
"""A process as one meets them: an interpreter with a heap, threads, files and many
libraries. Says so when all is mapped, then waits."""

import importlib
import mmap
import signal
import sqlite3
import tempfile
import threading

# They are here for what they map.
for module in ("asyncio bz2 ctypes curses decimal lzma multiprocessing.shared_memory readline "
               "ssl uuid xml.etree.ElementTree zlib").split():
    importlib.import_module(module)

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
