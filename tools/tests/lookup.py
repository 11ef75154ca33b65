# SPDX-License-Identifier: GPL-2.0
"""lookup.py: what "vmainfo show --addr" has of an address, by a copy of maps.

addresses MAPS: prints addresses in VMAs and between them, in no order.
check MAPS ADDRESSES: stdin is the JSON of these.
build_ids MAPS PID: the build IDs of that process are those that its files have.
"""
import json
import random
import struct
import sys

from common import output, same


def vmas():
    """(start, end, offset, inode, name) of each line"""
    with open(sys.argv[2], encoding="utf-8") as file:
        for line in file:
            words = line.split(None, 5)
            start, end = (int(address, 16) for address in words[0].split("-"))
            yield (start, end, int(words[2], 16), int(words[4]),
                   words[5].rstrip("\n") if len(words) > 5 else None)


def check_addresses():
    addresses = {0, 0x1000, (1 << 64) - 1}
    for start, end, *_ in vmas():
        addresses |= {start - 1, start, (start + end) // 2 + 1, end - 1, end}
    addresses = sorted(addresses)
    random.Random(1).shuffle(addresses)
    print("\n".join("%x" % address for address in addresses))


def check_check():
    with open(sys.argv[3], encoding="utf-8") as file:
        addresses = [int(line, 16) for line in file]
    records = json.load(sys.stdin)["records"]
    same(len(records), len(addresses), "number of lines")
    mapped = 0
    for address, got in zip(addresses, records):
        vma = next((vma for vma in vmas() if vma[0] <= address < vma[1]), None)
        want = dict.fromkeys(("start", "vma_offset", "file_offset", "name"))
        want["lookup"] = hex(address)
        if vma:
            start, _, offset, inode, name = vma
            want.update(start=hex(start), vma_offset=hex(address - start), name=name,
                        file_offset=hex(address - start + offset) if inode else None)
            mapped += 1
        same({key: got[key] for key in want}, want, hex(address))
    same(0 < mapped < len(addresses), True, "some are mapped")


def build_id(path):
    """The GNU build ID of an ELF file of this byte order and 64 bits, or None"""
    with open(path, "rb") as file:
        data = file.read()
    if data[:5] != b"\x7fELF\x02":
        return None
    phoff, = struct.unpack_from("=Q", data, 32)
    phentsize, phnum = struct.unpack_from("=HH", data, 54)
    for i in range(phnum):
        kind, _, offset, _, _, size = struct.unpack_from("=IIQQQQ", data, phoff + i * phentsize)
        at = offset
        while kind == 4 and at < offset + size:
            name, desc, note = struct.unpack_from("=III", data, at)
            begin = at + 12 + (name + 3) // 4 * 4
            if note == 3 and data[at + 12:at + 16] == b"GNU\0":
                return data[begin:begin + desc].hex()
            at = begin + (desc + 3) // 4 * 4
    return None


def check_build_ids():
    found = list(vmas())
    shown = output("show", "-q", "--raw", "--noheadings", "-o", "build_id",
                   "--addr=" + ",".join("%x" % start for start, *_ in found), sys.argv[3])
    want = [inode and build_id(name) or "-" for *_, inode, name in found]
    same(shown.decode().split(), want, "build IDs")
    same(any(len(text) == 40 for text in want), True, "there are some")


globals()["check_" + sys.argv[1]]()
